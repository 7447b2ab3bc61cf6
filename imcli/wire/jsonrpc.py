"""WuKongIM's JSON-RPC protocol: a stream of objects to envelopes and back.

The door to this half of the room: `Decoder` for either side, `encode`, and nothing that reads or
sends. Objects may be cut anywhere and may stand back to back. Nothing is encrypted here.

What a server writes is canonical: decoding and encoding it, in the same dialect, gives the same
bytes (except that a raw payload `null` is a message without bytes). What a client writes is not,
since members may stand in any order; here they stand as the server's own documents have them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Raw

from imcli.wire import forms
from imcli.wire.dialects import MAX_OBJECT_BYTES, BadObject, Dialect, Envelope, Failure
from imcli.wire.objects import Splitter, mend_halves
from imcli.wire.packets import (
    Connack,
    Connect,
    Disconnect,
    Event,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
    Unencodable,
)
from imcli.wire.replies import read_reply
from imcli.wire.requests import read_request


class Decoder:
    """Bytes of one direction of one connection go in, envelopes come out.

    `side` is who reads: a server reads requests, a client answers and notifications.
    """

    def __init__(
        self,
        dialect: Dialect,
        side: Literal["client", "server"],
        limit_bytes: int = MAX_OBJECT_BYTES,
    ) -> None:
        self._read: Callable[[bytes, Dialect], Envelope] = (
            read_reply if side == "client" else read_request
        )
        self._dialect = dialect
        self._splitter = Splitter(limit_bytes)
        self._broken: BadObject | None = None

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished object wait.

        A real server answers "unexpected EOF" to these, and reads the object all the same once it
        is complete.
        """
        return self._splitter.pending

    def receive(self, data: bytes) -> list[Envelope]:
        """Take bytes, however they were cut, and give what is now complete.

        Raises:
            BadObject: something unreadable. What came before it is in its `envelopes`. As in the
                real server nothing after it is ever read: each later call raises the same again.
        """
        if self._broken is not None:
            raise BadObject(str(self._broken), self._broken.id)
        self._splitter.feed(data)
        envelopes: list[Envelope] = []
        try:
            while (text := self._splitter.next_object()) is not None:
                envelopes.append(self._read(mend_halves(text), self._dialect))
        except BadObject as error:
            self._broken = BadObject(str(error), error.id)
            self._splitter = Splitter()
            raise BadObject(str(error), error.id, tuple(envelopes)) from error.__cause__
        return envelopes


def encode(envelope: Envelope, dialect: Dialect) -> bytes:
    """Write one packet as a JSON object.

    >>> from imcli.wire.dialects import DIALECTS
    >>> encode(Envelope(Pong(), "p1"), DIALECTS[0])
    b'{"jsonrpc":"2.0","id":"p1"}'

    Raises:
        Unencodable: the packet has no form in this dialect; a server then writes nothing at all.
    """
    try:
        return _escape(envelope, _ENCODER.encode(_form(envelope, dialect)))
    except UnicodeEncodeError as error:
        raise Unencodable(f"{type(envelope.packet).__name__}: {error}") from error


_ENCODER = msgspec.json.Encoder()
_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


def _escape(envelope: Envelope, text: bytes) -> bytes:
    """A server escapes what could be mistaken for HTML; these stand only in strings."""
    if isinstance(envelope.packet, Connect | Send | Recvack | Ping):
        return text
    for character, escaped in _ESCAPES:
        text = text.replace(character, escaped)
    return text


def _form(envelope: Envelope, dialect: Dialect) -> msgspec.Struct:
    packet, id = envelope.packet, envelope.id
    match packet:
        case Connect():
            return _call("connect", _connect(packet, dialect), id)
        case Send():
            return _call("send", _send(packet, dialect), id)
        case Recvack():
            params = forms.RecvAckParams(
                header=forms.header_of(packet.flags),
                message_id=str(packet.message_id),
                message_seq=packet.message_seq,
            )
            return _call("recvack", params, id if dialect.recvack == "request" else "")
        case Ping():
            return _call("ping", None, id)
        case Connack() | Sendack() | Failure():
            return _answer(packet, id)
        case Pong() if dialect.pong == "response":
            return forms.Response(jsonrpc="2.0", id=id)
        case Pong():
            return _call("pong", None)
        case Recv():
            return _call("recv", _recv(packet, dialect))
        case Event() if dialect.events:
            return _call("event", _event(packet))
        case Disconnect():
            return _call("disconnect", _disconnect(packet))
        case _:
            raise Unencodable(f"{type(packet).__name__} does not exist in this dialect")


def _call(method: str, params: forms.Form | None, id: str = "") -> forms.Call:
    return forms.Call(jsonrpc="2.0", method=method, id=id, params=params)


def _answer(packet: Connack | Sendack | Failure, id: str) -> forms.Response:
    match packet:
        case Connack():
            return forms.Response(jsonrpc="2.0", id=id, result=_connack(packet))
        case Sendack():
            return forms.Response(jsonrpc="2.0", id=id, result=_sendack(packet))
        case Failure():
            error = forms.ErrorForm(packet.code, packet.message)
            return forms.Response(jsonrpc="2.0", id=id, error=error)


def _connect(packet: Connect, dialect: Dialect) -> forms.ConnectParams:
    return forms.ConnectParams(
        uid=packet.uid,
        token=packet.token,
        device_id=packet.device_id,
        device_flag=packet.device_flag,
        client_timestamp=packet.client_timestamp,
        version=None if packet.version == dialect.version else packet.version,
        client_key=packet.client_key or None,
        header=forms.header_of(packet.flags),
    )


def _send(packet: Send, dialect: Dialect) -> forms.SendParams:
    return forms.SendParams(
        client_msg_no=packet.client_msg_no or None,
        channel_id=packet.channel_id,
        channel_type=packet.channel_type,
        payload=_sent_payload(packet.payload, dialect),
        header=forms.header_of(packet.flags),
        setting=forms.setting_of(packet.setting),
        expire=packet.expire or None,
        topic=packet.topic or None,
        stream_no=packet.stream_no or None,
    )


def _connack(packet: Connack) -> forms.ConnectResult:
    return forms.ConnectResult(
        server_version=packet.server_version,
        server_key=packet.server_key,
        salt=packet.salt,
        time_diff=packet.time_diff,
        reason_code=packet.reason_code,
        node_id=packet.node_id,
    )


def _sendack(packet: Sendack) -> forms.SendResult:
    return forms.SendResult(
        header=forms.header_of(packet.flags),
        message_id=str(packet.message_id),
        message_seq=packet.message_seq,
        reason_code=packet.reason_code,
    )


def _recv(packet: Recv, dialect: Dialect) -> forms.RecvParams:
    return forms.RecvParams(
        header=forms.header_of(packet.flags),
        setting=forms.setting_of(packet.setting),
        expire=packet.expire,
        message_id=str(packet.message_id),
        message_seq=packet.message_seq,
        client_msg_no=packet.client_msg_no,
        stream_no=packet.stream_no,
        stream_id=packet.stream_no,
        stream_flag=packet.stream_flag,
        timestamp=packet.timestamp,
        channel_id=packet.channel_id,
        channel_type=packet.channel_type,
        topic=packet.topic,
        from_uid=packet.from_uid,
        payload=_pushed_payload(packet.payload, dialect),
    )


def _event(packet: Event) -> forms.EventParams:
    return forms.EventParams(
        header=forms.header_of(packet.flags),
        id=packet.id,
        type=packet.type,
        timestamp=packet.timestamp,
        data=packet.data.decode(errors="replace"),
    )


def _disconnect(packet: Disconnect) -> forms.DisconnectParams:
    return forms.DisconnectParams(
        header=forms.header_of(packet.flags),
        reason_code=packet.reason_code,
        reason=packet.reason,
    )


# Payloads


def _sent_payload(payload: bytes, dialect: Dialect) -> Raw:
    """A server keeps the text of a raw payload as it was written, with its spaces."""
    if not payload:
        return forms.NOTHING
    if dialect.payload == "base64":
        return _in_base64(payload)
    _compact(payload)
    return Raw(payload)


def _pushed_payload(payload: bytes, dialect: Dialect) -> Raw:
    if not payload:
        return Raw(b"null")
    if dialect.payload == "base64":
        return _in_base64(payload)
    return Raw(_compact(payload.decode(errors="replace").encode()))


def _in_base64(payload: bytes) -> Raw:
    return Raw(b'"' + base64.b64encode(payload) + b'"')


def _compact(payload: bytes) -> bytes:
    try:
        payload.decode()
        return msgspec.json.format(payload, indent=-1)
    except forms.BAD_JSON as error:
        raise Unencodable(
            f"the payload is not JSON, and this dialect has no other: {error}"
        ) from error
