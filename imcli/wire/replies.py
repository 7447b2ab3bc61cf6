"""What a client reads on a JSON-RPC connection: answers to its requests, and notifications.

An answer does not say which method it answers, but each kind has members of its own. Whatever a
server says that is neither of these is an error of its own, except methods that later versions may
bring: those are `UnknownMethod`, to be skipped.

Source: WuKongIM `pkg/jsonrpc/types.go`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import msgspec
from msgspec import Raw

from imcli.wire import forms
from imcli.wire.dialects import BadObject, Dialect, Envelope, Failure, UnknownMethod
from imcli.wire.packets import Connack, Disconnect, Event, Packet, Pong, Recv, Sendack


class _Incoming(msgspec.Struct, frozen=True):
    id: str = ""
    method: str = ""
    params: Raw = Raw()
    result: Raw = Raw()
    error: forms.ErrorForm | None = None


class _Result(msgspec.Struct, frozen=True, rename="camel"):
    """Just enough to tell the results apart."""

    message_id: Raw = Raw()


_INCOMING = msgspec.json.Decoder(_Incoming)
_RESULT = msgspec.json.Decoder(_Result)
_SENT = msgspec.json.Decoder(forms.SendResult)
_CONNECTED = msgspec.json.Decoder(forms.ConnectResult)
_RECV = msgspec.json.Decoder(forms.RecvParams)
_EVENT = msgspec.json.Decoder(forms.EventParams)
_DISCONNECT = msgspec.json.Decoder(forms.DisconnectParams)
_ANY_TEXT = msgspec.json.Decoder(str)


def read_reply(text: bytes, dialect: Dialect) -> Envelope:
    """Read one whole object from a server.

    Raises:
        BadObject: no server of any version says this.
    """
    try:
        return _read(_INCOMING.decode(text), dialect)
    except (*forms.BAD_JSON, _NotSaid) as error:
        raise BadObject(f"not an object of the protocol: {error}") from error


class _NotSaid(Exception):
    """Well-formed, but not what a server says."""


def _read(incoming: _Incoming, dialect: Dialect) -> Envelope:
    if incoming.method:
        read = _READERS.get(incoming.method)
        packet = read(bytes(incoming.params), dialect) if read else UnknownMethod(incoming.method)
        return Envelope(packet, incoming.id)
    if incoming.error is not None:
        return Envelope(Failure(incoming.error.message, incoming.error.code), incoming.id)
    if bytes(incoming.result):
        return Envelope(_read_result(bytes(incoming.result)), incoming.id)
    if not incoming.id:
        raise _NotSaid("neither method, result, error nor id")
    return Envelope(Pong(), incoming.id)


def _read_result(raw: bytes) -> Packet:
    if bytes(_RESULT.decode(raw).message_id):
        return _read_sent(raw)
    result = _CONNECTED.decode(raw)
    return Connack(
        time_diff=result.time_diff,
        reason_code=result.reason_code,
        server_key=result.server_key,
        salt=result.salt,
        server_version=result.server_version,
        node_id=result.node_id,
    )


def _read_sent(raw: bytes) -> Packet:
    result = _SENT.decode(raw)
    return Sendack(
        message_id=_message_id(result.message_id),
        message_seq=result.message_seq,
        reason_code=result.reason_code,
        flags=forms.flags_of(result.header),
    )


_MESSAGE_ID = re.compile(r"-?[0-9]{1,19}")


def _message_id(text: str) -> int:
    value = int(text) if _MESSAGE_ID.fullmatch(text) else None
    if value is None or not -(2**63) <= value < 2**63:
        raise _NotSaid(f"{text[:40]!r} is no message id")
    return value


# Notifications


def _read_recv(raw: bytes, dialect: Dialect) -> Packet:
    params = _RECV.decode(raw)
    return Recv(
        message_id=_message_id(params.message_id),
        message_seq=params.message_seq,
        channel_id=params.channel_id,
        channel_type=params.channel_type,
        from_uid=params.from_uid,
        payload=_read_payload(bytes(params.payload), dialect),
        timestamp=params.timestamp,
        client_msg_no=params.client_msg_no,
        setting=forms.bits_of(params.setting),
        expire=params.expire,
        topic=params.topic,
        stream_flag=params.stream_flag,
        stream_no=params.stream_no,
        flags=forms.flags_of(params.header),
    )


def _read_payload(raw: bytes, dialect: Dialect) -> bytes:
    """A message without any bytes is `null` in every dialect."""
    if raw == b"null":
        return b""
    if dialect.payload == "raw":
        return raw
    try:
        return base64.b64decode(_ANY_TEXT.decode(raw), validate=True)
    except ValueError as error:  # of msgspec, too
        raise _NotSaid(f"the payload is not base64 ({error})") from error


def _read_event(raw: bytes, dialect: Dialect) -> Packet:
    params = _EVENT.decode(raw)
    flags = forms.flags_of(params.header)
    return Event(params.id, params.type, params.timestamp, params.data.encode(), flags)


def _read_disconnect(raw: bytes, dialect: Dialect) -> Packet:
    params = _DISCONNECT.decode(raw)
    return Disconnect(params.reason_code, params.reason, forms.flags_of(params.header))


_READERS: dict[str, Callable[[bytes, Dialect], Packet]] = {
    "recv": _read_recv,
    "event": _read_event,
    "disconnect": _read_disconnect,
    "pong": lambda raw, dialect: Pong(),
}
