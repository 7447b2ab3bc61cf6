"""WuKongIM's binary protocol: a stream of bytes to packets and back.

Whatever arrives goes into `Decoder.receive`, however it was cut; nothing is read or sent here. The
version of a connection is the lower of what both sides speak; CONNECT and CONNACK tell it, and a
`Decoder` takes notice.

Every message of a connection passes here twice, so a layout is made once into a reader and a
writer: fields of a fixed size that stand together, with the length of the string behind them, are
one `struct`. That is a third of the time of going field by field.

A frame is *canonical* if its length is written in as few bytes as it needs, nothing follows the
last field, and PING, PONG and CONNACK carry no flags that they do not have. Decoding and encoding a
canonical frame, in the same version, gives the same bytes. Others are read as servers read them.
Strings must be UTF-8, though servers do not look.

Source: WuKongIMGoProto `protocol.go`, `encoder.go`, `decoder.go`, versions 1.0.9 to 1.2.3.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeAlias

from imcli.wire import codes
from imcli.wire.frames import BARE, Malformed, find_body, frame
from imcli.wire.layouts import (
    LAYOUT_BY_KIND,
    LAYOUT_BY_TYPE,
    REST,
    TEXT,
    VARYING,
    Field,
    Shape,
)
from imcli.wire.packets import (
    Connack,
    Connect,
    Packet,
    Ping,
    Pong,
    Unencodable,
    Unknown,
)

Reader: TypeAlias = Callable[[bytes, int], Packet]
"""A body and the flags to a packet."""
Writer: TypeAlias = Callable[[Any], bytes]
"""A packet to a body."""

_PING, _PONG = Ping(), Pong()

# Decoding


class Decoder:
    """Bytes of one direction of one connection go in, packets come out.

    `version` is the highest version that this side speaks. A client's decoder lowers it when
    CONNACK tells the negotiated one, a server's at CONNECT. It may also be set. If it is `settled`
    from the start, those two tell nothing new: real servers ignore a second CONNECT.
    """

    def __init__(self, version: int = codes.NEWEST_VERSION, *, settled: bool = False) -> None:
        self.version = version
        self._highest = version
        self._settled = settled
        self._unfinished = bytearray()
        self._wanted = 0
        self._broken: Malformed | None = None

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame wait."""
        return len(self._unfinished)

    def receive(self, data: bytes) -> list[Packet]:
        """Take bytes, however they were cut, and give the packets that are now complete.

        Raises:
            Malformed: they are no frames. Packets before the bad one are in its `packets`. The
                stream is out of step for good: each later call raises the same again.
        """
        if self._broken is not None:
            raise type(self._broken)(str(self._broken))
        if self._unfinished:
            self._unfinished += data
            if len(self._unfinished) < self._wanted:
                return []
            data = bytes(self._unfinished)
            self._unfinished.clear()
        packets: list[Packet] = []
        try:
            self._read_all(data, packets)
        except Malformed as error:
            error.packets = tuple(packets)
            self._broken = error
            raise
        return packets

    def _read_all(self, data: bytes, packets: list[Packet]) -> None:
        at, size = 0, len(data)
        while at < size:
            bounds = find_body(data, at)
            start, end = bounds or (0, size + 1)
            if end > size:
                # A frame of 1 MiB in many pieces is put together once, not at each of them.
                self._unfinished += data[at:]
                self._wanted = end - at
                return
            packets.append(self._read(data[at], data[start:end]))
            at = end

    def _read(self, first: int, body: bytes) -> Packet:
        kind, flags = first >> 4, first & 0x0F
        if kind in _WITH_SETTING:
            setting = body[0] if body else 0
            return _reader(kind, self.version, setting & VARYING[kind])(body, flags)
        if kind in _SETTLED:
            return _reader(kind, self.version, 0)(body, flags)
        return self._read_other(kind, flags, body)

    def _read_other(self, kind: int, flags: int, body: bytes) -> Packet:
        match kind:
            case codes.PING:
                return _PING
            case codes.PONG:
                return _PONG
            case codes.CONNECT:
                connect = _reader(kind, self.version, 0)(body, flags)
                assert isinstance(connect, Connect)
                self._settle(connect.version)
                return connect
            case codes.CONNACK:
                return self._read_connack(flags & VARYING[kind], body)
            case _:
                return Unknown(kind, body, flags)

    def _read_connack(self, told: int, body: bytes) -> Packet:
        """Only a client of version 3 or lower is not told; CONNACK is of the version it tells."""
        version = body[0] if told and body else 3
        connack = _reader(codes.CONNACK, min(self.version, version), told)(body, 0)
        assert isinstance(connack, Connack)
        self._settle(version)
        return connack

    def _settle(self, version: int) -> None:
        if not self._settled:
            self.version = min(self._highest, version)


_WITH_SETTING = (codes.SEND, codes.RECV)
_SETTLED = frozenset(LAYOUT_BY_KIND) - {codes.CONNECT, codes.CONNACK, *_WITH_SETTING, *BARE}
"""Their layout depends on nothing, and nothing on them."""


# Encoding


def encode(packet: Packet, version: int = 4) -> bytes:
    """Write one packet as a frame of a connection of that (negotiated) version.

    >>> from imcli.wire.packets import Recvack
    >>> encode(Recvack(1888888888888888888, 12, codes.RED_DOT)).hex()
    '620c1a36ae6fca678e380000000c'

    Raises:
        Unencodable: a number or string does not fit, or the frame is over 1 MiB.
    """
    if isinstance(packet, Unknown):
        return frame(packet.kind, packet.flags, packet.body)
    kind = LAYOUT_BY_TYPE[type(packet)].kind
    if kind in BARE:
        return bytes([kind << 4])
    bits, flags = _bits_and_flags(kind, packet)
    try:
        body = _writer(kind, version, bits)(packet)
    except (struct.error, UnicodeEncodeError) as error:
        raise Unencodable(f"{type(packet).__name__}: {error}") from error
    return frame(kind, flags, body)


def _bits_and_flags(kind: int, packet: Any) -> tuple[int, int]:
    """Give the bits that the layout depends on, and the flags."""
    if kind in _WITH_SETTING:
        return packet.setting & VARYING[kind], packet.flags
    if kind == codes.CONNACK:
        told = 0 if packet.server_version is None else codes.HAS_SERVER_VERSION
        return told, told
    return 0, packet.flags


# Layouts as readers and writers


class Run(NamedTuple):
    """Fields of a fixed size that stand together, perhaps with the length of a string after them.

    `start` and `stop` tell which of the packet's fields these are; the string's is number `stop`.
    """

    packing: struct.Struct
    start: int
    stop: int
    before_text: bool


def _runs(fields: Sequence[Field]) -> Iterator[Run]:
    codes_, start = ">", 0
    for place, field in enumerate(fields):
        if field.form == TEXT:
            yield Run(struct.Struct(codes_ + "h"), start, place, before_text=True)
            codes_, start = ">", place + 1
        elif field.form != REST:
            codes_ += field.form
    if codes_ != ">":
        end = len(fields) - (fields[-1].form == REST)
        yield Run(struct.Struct(codes_), start, end, before_text=False)


@functools.lru_cache(maxsize=1024)
def _reader(kind: int, version: int, bits: int) -> Reader:
    layout = LAYOUT_BY_KIND[kind]
    fields = layout.fields_in(Shape(version, bits))
    steps = [(run.packing.unpack_from, run.packing.size, run.before_text) for run in _runs(fields)]
    rest = fields[-1].form == REST
    order, absent = _order(layout.build, [*(field.name for field in fields), "flags"])
    build: Callable[..., Packet] = layout.build

    def read(body: bytes, flags: int) -> Packet:
        values: list[Any] = []
        at, size = 0, len(body)
        try:
            for unpack, width, before_text in steps:
                values += unpack(body, at)
                at += width
                if before_text:
                    end = at + values[-1]
                    if not at <= end <= size:
                        raise Malformed("a string runs over the end of its frame")
                    values[-1] = body[at:end].decode()
                    at = end
        except struct.error as error:
            raise Malformed("a frame ends before its last field") from error
        except UnicodeDecodeError as error:
            raise Malformed("a string is not UTF-8") from error
        if rest:
            values.append(body[at:])
        values.append(flags)
        values += absent
        return build(*order(values))

    return read


def _order(build: type[Packet], names: list[str]) -> tuple[Callable[[list[Any]], Any], list[Any]]:
    """Tell how values in the order of the wire become arguments, and what stands for the others."""
    arguments = build.__struct_fields__
    defaults = build.__struct_defaults__
    by_name = dict(zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True))
    absent = [name for name in arguments if name not in names]
    places = {name: place for place, name in enumerate([*names, *absent])}
    return itemgetter(*(places[name] for name in arguments)), [by_name[name] for name in absent]


@functools.lru_cache(maxsize=1024)
def _writer(kind: int, version: int, bits: int) -> Writer:
    fields = LAYOUT_BY_KIND[kind].fields_in(Shape(version, bits))
    steps = [(run.packing.pack, *run[1:]) for run in _runs(fields)]
    rest = fields[-1].form == REST
    values_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*(field.name for field in fields))

    def write(packet: Any) -> bytes:
        values = values_of(packet)
        parts: list[bytes] = []
        for pack, start, stop, before_text in steps:
            if before_text:
                text = _bytes_of(values[stop])
                parts.append(pack(*values[start:stop], len(text)))
                parts.append(text)
            else:
                parts.append(pack(*values[start:stop]))
        if rest:
            parts.append(values[-1])
        return b"".join(parts)

    return write


def _bytes_of(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > codes.MAX_STRING_BYTES:
        raise Unencodable(f"a string of {len(raw)} bytes; {codes.MAX_STRING_BYTES} are the most")
    return raw
