"""The layouts of WuKongIM's binary packets: which field stands where, in which version.

One table, and nothing that reads or writes: `binary` makes its readers and writers out of it, and
`frames` knows what stands around a packet. A layout depends on the version of the connection, and
on a few bits of the packet itself: setting bits in SEND and RECV, a flag in CONNACK.

The stream fields as they were before GoProto 1.0.9 (bit 0x04, 32-bit number) are not spoken.

Sources: WuKongIMGoProto `common.go` and the file of each packet's name, versions 1.0.9 to 1.2.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from imcli.wire import codes
from imcli.wire.packets import (
    Connack,
    Connect,
    Disconnect,
    Event,
    Packet,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
    Sub,
    Suback,
)

Form: TypeAlias = Literal["B", "I", "i", "q", "Q", "text", "rest"]
"""How a field stands in a frame: a number as `struct` names it, big-endian; a string with its
16-bit length before it; or whatever is left of the frame."""
U8: Form = "B"
U32: Form = "I"
I32: Form = "i"
I64: Form = "q"
U64: Form = "Q"
TEXT: Form = "text"
REST: Form = "rest"


class Shape(NamedTuple):
    """What the layout of a packet depends on.

    Attributes:
        version: of the connection.
        bits: those of `VARYING` that are on in this packet.
    """

    version: int
    bits: int = 0


VARYING: dict[int, int] = {
    codes.CONNACK: codes.HAS_SERVER_VERSION,
    codes.SEND: codes.STREAM | codes.TOPIC,
    codes.RECV: codes.STREAM | codes.TOPIC,
}
"""By packet type: bits that change its layout. CONNACK's are flags, the others' are settings."""


class Field(NamedTuple):
    """A field of a packet, and when it is there."""

    name: str
    form: Form
    present: Callable[[Shape], bool] = lambda shape: True


def _since_3(shape: Shape) -> bool:
    return shape.version >= 3


def _since_4(shape: Shape) -> bool:
    return shape.version >= 4


def _in_stream(shape: Shape) -> bool:
    return 2 <= shape.version < 5 and bool(shape.bits & codes.STREAM)


def _with_topic(shape: Shape) -> bool:
    return bool(shape.bits & codes.TOPIC)


def _with_server_version(shape: Shape) -> bool:
    return bool(shape.bits & codes.HAS_SERVER_VERSION)


class Layout(NamedTuple):
    """The fields of a packet, in order."""

    kind: int
    build: type[Packet]
    fields: tuple[Field, ...]

    def fields_in(self, shape: Shape) -> tuple[Field, ...]:
        """Give the fields that are there in a packet of this shape."""
        return tuple(field for field in self.fields if field.present(shape))


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        codes.CONNECT,
        Connect,
        (
            Field("version", U8),
            Field("device_flag", U8),
            Field("device_id", TEXT),
            Field("uid", TEXT),
            Field("token", TEXT),
            Field("client_timestamp", I64),
            Field("client_key", TEXT),
        ),
    ),
    Layout(
        codes.CONNACK,
        Connack,
        (
            Field("server_version", U8, _with_server_version),
            Field("time_diff", I64),
            Field("reason_code", U8),
            Field("server_key", TEXT),
            Field("salt", TEXT),
            Field("node_id", U64, _since_4),
        ),
    ),
    Layout(
        codes.SEND,
        Send,
        (
            Field("setting", U8),
            Field("client_seq", U32),
            Field("client_msg_no", TEXT),
            Field("stream_no", TEXT, _in_stream),
            Field("channel_id", TEXT),
            Field("channel_type", U8),
            Field("expire", U32, _since_3),
            Field("msg_key", TEXT),
            Field("topic", TEXT, _with_topic),
            Field("payload", REST),
        ),
    ),
    Layout(
        codes.SENDACK,
        Sendack,
        (
            Field("message_id", I64),
            Field("client_seq", U32),
            Field("message_seq", U32),
            Field("reason_code", U8),
        ),
    ),
    Layout(
        codes.RECV,
        Recv,
        (
            Field("setting", U8),
            Field("msg_key", TEXT),
            Field("from_uid", TEXT),
            Field("channel_id", TEXT),
            Field("channel_type", U8),
            Field("expire", U32, _since_3),
            Field("client_msg_no", TEXT),
            Field("stream_flag", U8, _in_stream),
            Field("stream_no", TEXT, _in_stream),
            Field("stream_id", U64, _in_stream),
            Field("message_id", I64),
            Field("message_seq", U32),
            Field("timestamp", I32),
            Field("topic", TEXT, _with_topic),
            Field("payload", REST),
        ),
    ),
    Layout(codes.RECVACK, Recvack, (Field("message_id", I64), Field("message_seq", U32))),
    Layout(codes.PING, Ping, ()),
    Layout(codes.PONG, Pong, ()),
    Layout(codes.DISCONNECT, Disconnect, (Field("reason_code", U8), Field("reason", TEXT))),
    Layout(
        codes.SUB,
        Sub,
        (
            Field("setting", U8),
            Field("sub_no", TEXT),
            Field("channel_id", TEXT),
            Field("channel_type", U8),
            Field("action", U8),
            Field("param", TEXT),
        ),
    ),
    Layout(
        codes.SUBACK,
        Suback,
        (
            Field("sub_no", TEXT),
            Field("channel_id", TEXT),
            Field("channel_type", U8),
            Field("action", U8),
            Field("reason_code", U8),
        ),
    ),
    Layout(
        codes.EVENT,
        Event,
        (
            Field("id", TEXT),
            Field("type", TEXT),
            Field("timestamp", I64),
            Field("data", REST),
        ),
    ),
)
LAYOUT_BY_KIND: dict[int, Layout] = {layout.kind: layout for layout in LAYOUTS}
LAYOUT_BY_TYPE: dict[type, Layout] = {layout.build: layout for layout in LAYOUTS}
