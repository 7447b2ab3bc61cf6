"""The JSON objects of WuKongIM's JSON-RPC, member by member.

Members stand in the order in which the server writes them, and are left out when they are empty as
its `omitempty` does; so what is written equals what the server writes, byte for byte. What clients
write has no such form: servers read members in any order, and `null` as absent.

Source: WuKongIM `pkg/jsonrpc/types.go`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw

from imcli.wire import codes

U8: TypeAlias = Annotated[int, Meta(ge=0, le=0xFF)]
U32: TypeAlias = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
I64: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises about bytes."""
NOTHING = Raw()
"""Left out when it is written, which only this very value is."""


class Form(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """Any object of the protocol."""


class Header(Form, frozen=True, kw_only=True):
    """The flags of a frame."""

    no_persist: bool = False
    red_dot: bool = False
    sync_once: bool = False
    dup: bool = False


class Setting(Form, frozen=True, kw_only=True):
    """The setting bits of a message, as far as this protocol has them."""

    receipt: bool = False
    signal: bool = False
    stream: bool = False
    topic: bool = False


def header_of(flags: int) -> Header | None:
    """Write flags; nothing if none is on."""
    if not flags & 0x0F:
        return None
    return Header(
        no_persist=bool(flags & codes.NO_PERSIST),
        red_dot=bool(flags & codes.RED_DOT),
        sync_once=bool(flags & codes.SYNC_ONCE),
        dup=bool(flags & codes.DUP),
    )


def flags_of(header: Header | None) -> int:
    """Read flags."""
    if header is None:
        return 0
    return (
        header.no_persist * codes.NO_PERSIST
        | header.red_dot * codes.RED_DOT
        | header.sync_once * codes.SYNC_ONCE
        | header.dup * codes.DUP
    )


def setting_of(bits: int) -> Setting | None:
    """Write setting bits; nothing if none is on."""
    if not bits & (codes.RECEIPT | codes.SIGNAL | codes.STREAM | codes.TOPIC):
        return None
    return Setting(
        receipt=bool(bits & codes.RECEIPT),
        signal=bool(bits & codes.SIGNAL),
        stream=bool(bits & codes.STREAM),
        topic=bool(bits & codes.TOPIC),
    )


def bits_of(setting: Setting | None) -> int:
    """Read setting bits."""
    if setting is None:
        return 0
    return (
        setting.receipt * codes.RECEIPT
        | setting.signal * codes.SIGNAL
        | setting.stream * codes.STREAM
        | setting.topic * codes.TOPIC
    )


# Of a client


class ConnectParams(Form, frozen=True, kw_only=True):
    """`connect`."""

    uid: str | None = None
    token: str | None = None
    device_id: str | None = None
    device_flag: U8 | None = None
    client_timestamp: I64 | None = None
    version: U8 | None = None
    client_key: str | None = None
    header: Header | None = None


class SendParams(Form, frozen=True, kw_only=True):
    """`send`."""

    client_msg_no: str | None = None
    channel_id: str | None = None
    channel_type: U8 | None = None
    payload: Raw = NOTHING
    header: Header | None = None
    setting: Setting | None = None
    expire: U32 | None = None
    topic: str | None = None
    stream_no: str | None = None


class RecvAckParams(Form, frozen=True, kw_only=True):
    """`recvack`."""

    header: Header | None = None
    message_id: str | None = None
    message_seq: U32 | None = None


class DisconnectParams(Form, frozen=True, kw_only=True):
    """`disconnect`, in both directions."""

    header: Header | None = None
    reason_code: U8
    reason: str = ""


# Of a server


class RecvParams(Form, frozen=True, kw_only=True):
    """`recv`."""

    header: Header | None = None
    setting: Setting | None = None
    expire: U32 = 0
    message_id: str
    message_seq: U32
    client_msg_no: str = ""
    stream_no: str = ""
    stream_id: str = ""
    """A copy of `streamNo`, by an oversight of the server."""
    stream_flag: U8 = 0
    timestamp: I64
    channel_id: str
    channel_type: U8
    topic: str = ""
    from_uid: str
    payload: Raw


class EventParams(Form, frozen=True, kw_only=True):
    """`event`."""

    header: Header | None = None
    id: str
    type: str
    timestamp: I64
    data: str


class ConnectResult(Form, frozen=True, kw_only=True):
    """The answer to `connect`."""

    server_version: U8 | None = None
    server_key: str = ""
    salt: str = ""
    time_diff: I64 = 0
    reason_code: U8
    node_id: Annotated[int, Meta(ge=0, le=2**63 - 1)]


class SendResult(Form, frozen=True, kw_only=True):
    """The answer to `send`."""

    header: Header | None = None
    message_id: str
    message_seq: U32
    reason_code: U8


class ErrorForm(msgspec.Struct, frozen=True):
    """Why something could not be read."""

    code: int
    message: str


# Around them


class Outer(Form, frozen=True, kw_only=True):
    """Any object of the protocol, before its members are understood."""

    jsonrpc: Raw = Raw()
    method: Raw = Raw()
    id: Raw = Raw()
    params: Raw = Raw()
    result: Raw = Raw()
    error: Raw = Raw()


class Call(Form, frozen=True, kw_only=True):
    """A request, or a notification if it has no id."""

    jsonrpc: str
    method: str
    id: str = ""
    params: Form | None = None


class Response(Form, frozen=True, kw_only=True):
    """The answer to a request; with neither result nor error it is a pong."""

    jsonrpc: str
    id: str = ""
    result: Form | None = None
    error: ErrorForm | None = None
