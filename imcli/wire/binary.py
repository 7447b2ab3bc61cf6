"""WuKongIM's binary protocol: a stream of bytes to packets and back.

A connection is a stream of frames on TCP *and* on WebSocket: one message may hold several frames
and a frame may span messages, so whatever arrives goes into `Decoder.receive`. Nothing is read or
sent here.

The layout of each packet is a table: field, form, and when it is there. The version of a connection
is the lower of what both sides speak; CONNECT and CONNACK tell it, and a `Decoder` takes notice.
The stream fields as they were before GoProto 1.0.9 (bit 0x04, 32-bit number) are not spoken.

A frame is *canonical* if its length is written in as few bytes as it needs, nothing follows the
last field, and PING, PONG and CONNACK carry no flags that they do not have. Decoding and encoding a
canonical frame, in the same version, gives the same bytes. Others are read as servers read them.
Strings must be UTF-8, though servers do not look.

Sources: WuKongIMGoProto `protocol.go`, `common.go`, `encoder.go`, `decoder.go` and the file of each
packet's name, versions 1.0.9 to 1.2.3.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

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
    Unencodable,
    Unknown,
    WireError,
)


class Malformed(WireError):
    """Bytes that are no frame. `packets` are the good ones that came before, in the same call."""

    def __init__(self, message: str, packets: tuple[Packet, ...] = ()) -> None:
        super().__init__(message)
        self.packets = packets


class NoPacket(Malformed):
    """Packet type 0, which real servers take for a frame that is not all there yet."""


class TooLong(Malformed):
    """A frame of more than 1 MiB, of which `missing` bytes have not come yet."""

    def __init__(self, message: str, packets: tuple[Packet, ...] = (), missing: int = 0) -> None:
        super().__init__(message, packets)
        self.missing = missing


# Forms of a field

Reader: TypeAlias = Callable[[bytes, int], "tuple[int | str | bytes, int]"]
Writer: TypeAlias = Callable[[object], bytes]


class Form(NamedTuple):
    """How one field stands in a frame."""

    read: Reader
    write: Writer


def _number(code: str) -> Form:
    packing = struct.Struct(">" + code)
    size = packing.size
    unpack, pack = packing.unpack_from, packing.pack

    def read(body: bytes, at: int) -> tuple[int, int]:
        return unpack(body, at)[0], at + size

    return Form(read, pack)


_LENGTH = struct.Struct(">h")


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    start = at + 2
    end = start + _LENGTH.unpack_from(body, at)[0]
    if not start <= end <= len(body):
        raise Malformed("a string runs over the end of its frame")
    return body[start:end].decode(), end


def _write_text(value: object) -> bytes:
    assert isinstance(value, str)
    raw = value.encode()
    if len(raw) > codes.MAX_STRING_BYTES:
        raise Unencodable(f"a string of {len(raw)} bytes; {codes.MAX_STRING_BYTES} are the most")
    return _LENGTH.pack(len(raw)) + raw


def _read_rest(body: bytes, at: int) -> tuple[bytes, int]:
    return body[at:], len(body)


def _write_rest(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


U8, U32, I32, I64, U64 = (_number(code) for code in "BIiqQ")
TEXT = Form(_read_text, _write_text)
REST = Form(_read_rest, _write_rest)

# Layouts


class Shape(NamedTuple):
    """What the layout of a frame depends on."""

    version: int
    setting: int = 0
    flags: int = 0


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
    return 2 <= shape.version < 5 and bool(shape.setting & codes.STREAM)


def _with_topic(shape: Shape) -> bool:
    return bool(shape.setting & codes.TOPIC)


def _with_server_version(shape: Shape) -> bool:
    return bool(shape.flags & codes.HAS_SERVER_VERSION)


class Layout(NamedTuple):
    """The fields of a packet, in order."""

    kind: int
    build: Callable[..., Packet]
    fields: tuple[Field, ...]


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
_LAYOUT_BY_KIND = {layout.kind: layout for layout in LAYOUTS}
_KIND_BY_TYPE: dict[object, int] = {layout.build: layout.kind for layout in LAYOUTS}
_BARE = (codes.PING, codes.PONG)
"""Of a single byte, without a length."""
_FLAGLESS = (codes.CONNACK, *_BARE)
_WITH_SETTING = (codes.SEND, codes.RECV)


@functools.lru_cache(maxsize=4096)
def _reading(kind: int, shape: Shape) -> tuple[tuple[str, Reader], ...]:
    fields = _LAYOUT_BY_KIND[kind].fields
    return tuple((f.name, f.form.read) for f in fields if f.present(shape))


@functools.lru_cache(maxsize=4096)
def _writing(kind: int, shape: Shape) -> tuple[tuple[str, Writer], ...]:
    fields = _LAYOUT_BY_KIND[kind].fields
    return tuple((f.name, f.form.write) for f in fields if f.present(shape))


# Decoding


class Decoder:
    """Bytes of one direction of one connection go in, packets come out.

    `version` is the highest version that this side speaks. A client's decoder lowers it when
    CONNACK tells the negotiated one, a server's at CONNECT. It may also be set.
    """

    def __init__(self, version: int = codes.NEWEST_VERSION) -> None:
        self.version = version
        self._highest = version
        self._buffer = bytearray()
        self._broken = ""

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame wait."""
        return len(self._buffer)

    def receive(self, data: bytes) -> list[Packet]:
        """Take bytes, however they were cut, and give the packets that are now complete.

        Raises:
            Malformed: they are no frames. Packets before the bad one are in its `packets`. The
                stream is out of step for good: each later call raises the same again.
        """
        if self._broken:
            raise Malformed(self._broken)
        self._buffer += data
        packets: list[Packet] = []
        at = 0
        try:
            while (bounds := _frame_bounds(self._buffer, at)) is not None:
                start, end = bounds
                packets.append(self._decode(self._buffer[at], bytes(self._buffer[start:end])))
                at = end
        except Malformed as error:
            self._broken = str(error)
            self._buffer.clear()
            error.packets = tuple(packets)
            raise
        del self._buffer[:at]
        return packets

    def _decode(self, first: int, body: bytes) -> Packet:
        kind, flags = first >> 4, first & 0x0F
        if kind not in _LAYOUT_BY_KIND:
            return Unknown(kind, body, flags)
        packet = _decode_body(kind, flags, body, self.version)
        match packet:
            case Connect():
                self.version = min(self._highest, packet.version)
            case Connack():
                self.version = _negotiated(self._highest, packet.server_version)
            case _:
                pass
        return packet


def _negotiated(highest: int, told: int | None) -> int:
    """Only a client of version 3 or lower is not told."""
    return min(highest, 3 if told is None else told)


def _frame_bounds(buffer: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Find where the body of the frame at `at` begins and ends; None if it is not all there."""
    if at >= len(buffer):
        return None
    kind = buffer[at] >> 4
    if kind == 0:
        raise NoPacket("packet type 0, which is none")
    if kind in _BARE:
        return at + 1, at + 1
    length = 0
    for place, byte in enumerate(buffer[at + 1 : at + 5]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            start = at + 2 + place
            break
    else:
        if len(buffer) >= at + 5:
            raise Malformed("a length of more than four bytes")
        return None
    if length > codes.MAX_FRAME_BYTES:
        message = f"a frame of {length} bytes; {codes.MAX_FRAME_BYTES} are the most"
        raise TooLong(message, missing=start + length - len(buffer))
    return (start, start + length) if len(buffer) >= start + length else None


class Survey(NamedTuple):
    """Which frames stand in a buffer; ends count from its beginning and are 0 if there are none."""

    first_end: int = 0
    whole_end: int = 0
    last_kind: int = 0
    """The packet type of the last frame, which may be half."""


def survey(buffer: bytes) -> Survey:
    """Look at the frames of a buffer without reading them, as servers do before CONNECT.

    Raises:
        Malformed: they are no frames.
    """
    found = Survey()
    while found.whole_end < len(buffer):
        kind = buffer[found.whole_end] >> 4
        bounds = _frame_bounds(buffer, found.whole_end)
        if bounds is None:
            return found._replace(last_kind=kind)
        found = Survey(found.first_end or bounds[1], bounds[1], kind)
    return found


def _decode_body(kind: int, flags: int, body: bytes, version: int) -> Packet:
    setting = body[0] if kind in _WITH_SETTING and body else 0
    told = flags & codes.HAS_SERVER_VERSION if kind == codes.CONNACK else 0
    if kind == codes.CONNACK:
        version = _negotiated(version, body[0] if told and body else None)
    plan = _reading(kind, Shape(version, setting, told))
    values: dict[str, object] = {} if kind in _FLAGLESS else {"flags": flags}
    at = 0
    try:
        for name, read in plan:
            values[name], at = read(body, at)
    except struct.error as error:
        raise Malformed("a frame ends before its last field") from error
    except UnicodeDecodeError as error:
        raise Malformed("a string is not UTF-8") from error
    return _LAYOUT_BY_KIND[kind].build(**values)


# Encoding


def encode(packet: Packet, version: int = 4) -> bytes:
    """Write one packet as a frame of a connection of that (negotiated) version.

    >>> encode(Recvack(1888888888888888888, 12, codes.RED_DOT)).hex()
    '620c1a36ae6fca678e380000000c'

    Raises:
        Unencodable: a number or string does not fit, or the frame is over 1 MiB.
    """
    if isinstance(packet, Unknown):
        return _frame(packet.kind, packet.flags, packet.body)
    kind = _KIND_BY_TYPE[type(packet)]
    if kind in _BARE:
        return bytes([kind << 4])
    flags = _flags(packet)
    setting = packet.setting if isinstance(packet, Send | Recv) else 0
    plan = _writing(kind, Shape(version, setting, flags if kind == codes.CONNACK else 0))
    try:
        body = b"".join([write(getattr(packet, name)) for name, write in plan])
    except (struct.error, UnicodeEncodeError) as error:
        raise Unencodable(f"{type(packet).__name__}: {error}") from error
    return _frame(kind, flags, body)


def _flags(packet: Packet) -> int:
    if isinstance(packet, Connack):
        return 0 if packet.server_version is None else codes.HAS_SERVER_VERSION
    assert not isinstance(packet, Ping | Pong)
    return packet.flags


def _frame(kind: int, flags: int, body: bytes) -> bytes:
    if not (0 < kind < 16 and 0 <= flags < 16):
        raise Unencodable(f"packet type {kind} with flags {flags}: each has four bits")
    if len(body) > codes.MAX_FRAME_BYTES:
        raise Unencodable(f"a frame of {len(body)} bytes; {codes.MAX_FRAME_BYTES} are the most")
    head = bytearray([kind << 4 | flags])
    length = len(body)
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + body
