"""What stands around a packet of the binary protocol: a first byte, a length, and an end.

A connection is a stream of frames on TCP *and* on WebSocket: one message may hold several frames
and a frame may span messages. Here is found where a frame ends, and its head is written. What is in
it is the business of `binary`.

Source: WuKongIMGoProto `protocol.go`, `encoder.go`, versions 1.0.9 to 1.2.3.
"""

from __future__ import annotations

from typing import NamedTuple

from imcli.wire import codes
from imcli.wire.packets import Packet, Unencodable, WireError

BARE = (codes.PING, codes.PONG)
"""Of a single byte, without a length."""
LENGTH_BYTES_MAX = 4


class Malformed(WireError):
    """Bytes that are no frame. `packets` are the good ones that came before, in the same call."""

    def __init__(self, message: str, packets: tuple[Packet, ...] = ()) -> None:
        super().__init__(message)
        self.packets = packets


class NoPacket(Malformed):
    """Packet type 0, which real servers take for a frame that is not all there yet."""


class TooLong(Malformed):
    """A frame of more than 1 MiB, of which `missing` bytes have not come yet."""

    missing = 0


def find_body(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Find where the body of the frame at `at` begins and ends; None if that cannot be told yet.

    The end may lie beyond the end of the buffer.

    >>> find_body(bytes.fromhex("80620c1a36"), 1), find_body(bytes.fromhex("6280"), 0)
    ((3, 15), None)

    Raises:
        Malformed: no frame begins here, or one that is too long.
    """
    kind = buffer[at] >> 4
    if kind in BARE:
        return at + 1, at + 1
    if kind == 0:
        raise NoPacket("packet type 0, which is none")
    length = shift = 0
    start = at + 1
    for byte in buffer[start : start + LENGTH_BYTES_MAX]:
        start += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    else:
        if shift == 7 * LENGTH_BYTES_MAX:
            raise Malformed("a length of more than four bytes")
        return None
    if length > codes.MAX_FRAME_BYTES:
        error = TooLong(f"a frame of {length} bytes; {codes.MAX_FRAME_BYTES} are the most")
        error.missing = start + length - len(buffer)
        raise error
    return start, start + length


class Survey(NamedTuple):
    """Which frames stand in a buffer; ends count from its beginning and are 0 if there are none."""

    first_end: int = 0
    whole_end: int = 0
    last_kind: int = 0
    """The packet type of the last frame, which may be half."""


def survey(buffer: bytes) -> Survey:
    """Look at the frames of a buffer without reading them, as servers do before CONNECT.

    >>> survey(bytes.fromhex("900370"))
    Survey(first_end=0, whole_end=0, last_kind=9)
    >>> survey(bytes.fromhex("9001007031"))
    Survey(first_end=3, whole_end=4, last_kind=3)

    Raises:
        Malformed: it begins with what is no frame. Behind a frame this counts as half of one.
    """
    first_end = at = kind = 0
    while at < len(buffer):
        kind = buffer[at] >> 4
        try:
            bounds = find_body(buffer, at)
        except Malformed:
            if at == 0:
                raise
            break
        if bounds is None or bounds[1] > len(buffer):
            break
        at = bounds[1]
        first_end = first_end or at
    return Survey(first_end, at, kind)


def frame(kind: int, flags: int, body: bytes) -> bytes:
    """Put a head before a body.

    Raises:
        Unencodable: type or flags do not fit into four bits, or the frame is over 1 MiB.
    """
    if not (0 < kind < 16 and 0 <= flags < 16):
        raise Unencodable(f"packet type {kind} with flags {flags}: each has four bits")
    length = len(body)
    if length > codes.MAX_FRAME_BYTES:
        raise Unencodable(f"a frame of {length} bytes; {codes.MAX_FRAME_BYTES} are the most")
    if length < 0x80:
        return bytes((kind << 4 | flags, length)) + body
    head = [kind << 4 | flags]
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((*head, length)) + body
