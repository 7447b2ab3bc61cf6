"""What a server reads on a JSON-RPC connection, and in which words it refuses.

The sentences are those of the real server, since clients show them and people search for them; for
texts that depend on Go's own JSON reader the sentence begins alike and ends in other words.

Source: WuKongIM `pkg/jsonrpc/codec.go`, `internal/server/proto.go`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw

from imcli.wire import forms
from imcli.wire.dialects import BadObject, Dialect, Envelope
from imcli.wire.packets import Connect, Disconnect, Packet, Ping, Recvack, Send

Params = TypeVar("Params", bound=msgspec.Struct)

_OUTER = msgspec.json.Decoder(forms.Outer)
_CONNECT = msgspec.json.Decoder(forms.ConnectParams)
_SEND = msgspec.json.Decoder(forms.SendParams)
_RECVACK = msgspec.json.Decoder(forms.RecvAckParams)
_ANY_TEXT = msgspec.json.Decoder(str)


def read_request(text: bytes, dialect: Dialect) -> Envelope:
    """Read one whole object from a client.

    Raises:
        BadObject: a server of this dialect would not read it either.
    """
    outer = _decode_outer(text)
    id = _request_id(outer)
    version = _text(outer.jsonrpc, "version", id)
    if version not in ("", "2.0"):
        raise BadObject(f"jsonrpc: invalid version: expected '2.0', got '{version}'", id)
    method = _text(outer.method, "method", id)
    if method:
        return _read_call(method, id, outer, dialect)
    if bytes(outer.result) or bytes(outer.error):
        raise BadObject("unknown packet type: jsonrpc.GenericResponse", id)
    raise BadObject(
        "jsonrpc decode: unable to determine message type (invalid field combination) "
        f"method: , id: {bytes(outer.id).decode(errors='replace')}, result: , error: ",
        id,
    )


def _decode_outer(text: bytes) -> forms.Outer:
    try:
        return _OUTER.decode(text)
    except forms.BAD_JSON as error:
        message = f"jsonrpc: invalid message structure or field combination: {error}"
        raise BadObject(message) from error


def _request_id(outer: forms.Outer) -> str:
    """Give the id; empty for a notification or response."""
    if not bytes(outer.id):
        return ""
    id = _text(outer.id, "request ID", "")
    if not id:
        raise BadObject("jsonrpc: invalid request format (missing id or method)")
    return id


def _text(raw: Raw, what: str, id: str) -> str:
    value = bytes(raw)
    if value in (b"", b"null"):
        return ""
    kind = _kind(value)
    if kind != "string":
        raise BadObject(
            f"jsonrpc: failed to unmarshal field: {what}: "
            f"json: cannot unmarshal {kind} into Go value of type string",
            id,
        )
    try:
        return _ANY_TEXT.decode(value)
    except forms.BAD_JSON as error:
        raise BadObject(f"jsonrpc: failed to unmarshal field: {what}: {error}", id) from error


_KINDS = {'"': "string", "{": "object", "[": "array", "t": "bool", "f": "bool", "n": "null"}


def _kind(raw: bytes) -> str:
    return _KINDS.get(chr(raw[0]), "number")


# Methods


def _read_call(method: str, id: str, outer: forms.Outer, dialect: Dialect) -> Envelope:
    if bytes(outer.id):
        return _read_with_id(method, id, outer, dialect)
    if method == "recvack" and dialect.recvack == "notification":
        return Envelope(_read_recvack(_params(outer, method, ""), "", dialect))
    known = _NOTIFICATIONS.get(method)
    if known is None or not known(dialect):
        raise BadObject(f"jsonrpc decode: unknown notification method '{method}'")
    name = method.capitalize()
    raise BadObject(f"unknown packet type: jsonrpc.{name}Notification")


_NOTIFICATIONS: dict[str, Callable[[Dialect], bool]] = {
    "recv": lambda dialect: True,
    "disconnect": lambda dialect: True,
    "pong": lambda dialect: dialect.pong == "notification",
    "event": lambda dialect: dialect.events,
}
"""What a server can read but has no use for, and in which dialects."""


def _read_with_id(method: str, id: str, outer: forms.Outer, dialect: Dialect) -> Envelope:
    match method:
        case "ping":
            return Envelope(Ping(), id)
        case "subscribe" | "unsubscribe":
            _params(outer, method, id)
            raise BadObject(f"unknown packet type: jsonrpc.{method.capitalize()}Request", id)
        case "recvack" if dialect.recvack == "notification":
            raise BadObject("jsonrpc: unknown method: recvack", id)
        case _:
            read = _READERS.get(method)
            if read is None:
                raise BadObject(f"jsonrpc: unknown method: {method}", id)
            return Envelope(read(_params(outer, method, id), id, dialect), id)


def _params(outer: forms.Outer, method: str, id: str) -> bytes:
    raw = bytes(outer.params)
    if not raw:
        raise BadObject(f"jsonrpc: missing params field: method {method}", id)
    return b"{}" if raw == b"null" else raw


def _decode(decoder: msgspec.json.Decoder[Params], raw: bytes, method: str, id: str) -> Params:
    try:
        return decoder.decode(raw)
    except forms.BAD_JSON as error:
        name = decoder.type.__name__
        message = f"jsonrpc: failed to unmarshal field: {method} params: {_as_go_says(error, name)}"
        raise BadObject(message, id) from error


_MISMATCH = re.compile(r"Expected `(\w+).*`, got `(\w+)`(?: - at `\$\.(\w+)`)?")
_GO_KINDS = {"int": "number", "float": "number", "str": "string"}
_GO_TYPES = {"str": "string"}


def _as_go_says(error: Exception, struct_name: str) -> str:
    """Say in Go's words that a member has the wrong type; other troubles in our own words."""
    found = _MISMATCH.fullmatch(str(error))
    if found is None:
        return f"json: {error}"
    wanted, got, member = found.groups()
    kind = _GO_KINDS.get(got, got)
    if member is None:
        return f"json: cannot unmarshal {kind} into Go value of type jsonrpc.{struct_name}"
    type_name = _GO_TYPES.get(wanted, wanted)
    return (
        f"json: cannot unmarshal {kind} into Go struct field "
        f"{struct_name}.{member} of type {type_name}"
    )


def _read_connect(raw: bytes, id: str, dialect: Dialect) -> Packet:
    params = _decode(_CONNECT, raw, "connect", id)
    return Connect(
        uid=params.uid or "",
        version=params.version or dialect.version,
        device_flag=params.device_flag or 0,
        device_id=params.device_id or "",
        token=params.token or "",
        client_timestamp=params.client_timestamp or 0,
        client_key=params.client_key or "",
        flags=forms.flags_of(params.header),
    )


def _read_send(raw: bytes, id: str, dialect: Dialect) -> Packet:
    params = _decode(_SEND, raw, "send", id)
    payload = bytes(params.payload)
    if dialect.payload == "base64":
        payload = _from_base64(payload, id)
    return Send(
        channel_id=params.channel_id or "",
        channel_type=params.channel_type or 0,
        payload=payload,
        client_msg_no=params.client_msg_no or "",
        setting=forms.bits_of(params.setting),
        expire=params.expire or 0,
        topic=params.topic or "",
        stream_no=params.stream_no or "",
        flags=forms.flags_of(params.header),
    )


def _from_base64(raw: bytes, id: str) -> bytes:
    if raw in (b"", b"null"):
        return b""
    prefix = "jsonrpc: failed to unmarshal field: send params: "
    kind = _kind(raw)
    if kind != "string":
        field = "Go struct field SendParams.payload of type []uint8"
        raise BadObject(f"{prefix}json: cannot unmarshal {kind} into {field}", id)
    text = _text(Raw(raw), "send params", id).replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # non-ASCII text, too
        message = f"{prefix}illegal base64 data at input byte {_first_illegal(text)}"
        raise BadObject(message, id) from error


_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def _first_illegal(text: str) -> int:
    found = _NOT_BASE64.search(text)
    return len(text[: found.start()].encode()) if found else len(text)


_MESSAGE_ID = re.compile(r"[+-]?[0-9]{1,19}")


def _read_recvack(raw: bytes, id: str, dialect: Dialect) -> Packet:
    params = _decode(_RECVACK, raw, "recvack", id)
    flags = forms.flags_of(params.header)
    return Recvack(_message_id(params.message_id or ""), params.message_seq or 0, flags)


def _message_id(text: str) -> int:
    """What is not a number is 0, and nobody says so."""
    value = int(text) if _MESSAGE_ID.fullmatch(text) else 0
    return value if -(2**63) <= value < 2**63 else 0


def _read_disconnect(raw: bytes, id: str, dialect: Dialect) -> Packet:
    """A server reads it and does nothing."""
    try:
        params = msgspec.json.decode(raw, type=forms.DisconnectParams)
    except forms.BAD_JSON:
        return Disconnect(0)
    return Disconnect(params.reason_code, params.reason, forms.flags_of(params.header))


_READERS: dict[str, Callable[[bytes, str, Dialect], Packet]] = {
    "connect": _read_connect,
    "send": _read_send,
    "recvack": _read_recvack,
    "disconnect": _read_disconnect,
}
