"""A proxy between a device and a served world that spoils one frame of one device's connection.

It passes bytes on frame by frame. `Spoil` says at which frame of which direction it does what:

- `cut`: hang up on both sides before the frame;
- `half`: pass half of the frame on and then nothing any more;
- `stall`: pass nothing on any more in this direction, and leave everything open;
- `delay`: pass the frame on `delay_s` later than it came;
- `garbage`: pass bytes on that are no frame, instead of the frame;
- `flip`: turn over one bit in the middle of the frame.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple

from imcli.wire import codes

Kind = Literal["cut", "half", "stall", "delay", "garbage", "flip"]
KINDS: tuple[Kind, ...] = ("cut", "half", "stall", "delay", "garbage", "flip")
Way = Literal["up", "down"]
GARBAGE = b"\xf0\x03abc"
"""A frame of a type that no version has."""


class Spoil(NamedTuple):
    """What is done to which frame; frames are counted from 0 in each direction."""

    kind: Kind
    way: Way
    frame: int
    uid_ends_with: str = "-A"
    delay_s: float = 1.0
    times: int = 1_000
    """On so many connections of the device, the first ones."""
    transport: Literal["tcp", "ws"] = "tcp"
    """On WebSocket the request and answer of the handshake are frames, too."""


class BadLink:
    """Listens, and passes each connection on to `upstream`; only one device's is spoilt."""

    def __init__(self, upstream: tuple[str, int], spoil: Spoil) -> None:
        self.spoil = spoil
        self.spoilt = threading.Event()
        self._left = spoil.times
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._over = threading.Event()
        self._threads[0].start()

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        self._over.set()
        # A blocked accept does not notice that its socket is closed.
        with suppress(OSError), socket.create_connection(self._listener.getsockname()):
            pass
        for each in self._sockets:
            _hang_up(each)
        for thread in self._threads:
            thread.join(30)
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            down, _ = self._listener.accept()
            self._sockets.append(down)
            if self._over.is_set():
                return
            up = socket.create_connection(self._upstream)
            self._sockets.append(up)
            mine = threading.Event()
            for source, sink, way in ((down, up, "up"), (up, down, "down")):
                thread = threading.Thread(target=self._pass_on, args=(source, sink, way, mine))
                self._threads.append(thread)
                thread.start()

    def _pass_on(
        self, source: socket.socket, sink: socket.socket, way: Way, mine: threading.Event
    ) -> None:
        with suppress(OSError):
            for number, frame in enumerate(self._cut(source)):
                if way == "up" and self._is_mine(number, frame):
                    mine.set()
                wanted = (self.spoil.way, self.spoil.frame) == (way, number)
                if not (mine.is_set() and wanted and self._left):
                    sink.sendall(frame)
                elif not self._spoil(frame, sink, source):
                    return
        _hang_up(sink)

    def _cut(self, source: socket.socket) -> Iterator[bytes]:
        return _frames(source) if self.spoil.transport == "tcp" else _messages(source)

    def _is_mine(self, number: int, frame: bytes) -> bool:
        """CONNECT names the user; on WebSocket it is masked behind the handshake."""
        if self.spoil.transport == "ws":
            return number == 1 and self.spoil.uid_ends_with.encode() in _unmasked(frame)
        return number == 0 and self.spoil.uid_ends_with.encode() in frame

    def _spoil(self, frame: bytes, sink: socket.socket, source: socket.socket) -> bool:
        """Do it; False: nothing is passed on after that."""
        self.spoilt.set()
        self._left -= 1
        match self.spoil.kind:
            case "cut":
                _hang_up(sink)
                _hang_up(source)
                return False
            case "half" | "stall":
                sink.sendall(frame[: len(frame) // 2] if self.spoil.kind == "half" else b"")
                self._over.wait()
                return False
            case "delay":
                self._over.wait(self.spoil.delay_s)
                sink.sendall(frame)
            case "garbage":
                sink.sendall(GARBAGE)
            case "flip":
                at = len(frame) // 2
                sink.sendall(frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :])
        return True


def _frames(source: socket.socket) -> Iterator[bytes]:
    """Cut what comes into frames of the binary protocol."""
    buffer = b""
    while data := source.recv(65_536):
        buffer += data
        while (end := _end(buffer)) and end <= len(buffer):
            yield buffer[:end]
            buffer = buffer[end:]


def _end(buffer: bytes) -> int:
    """Give where the first frame ends; 0 where that is not to be seen yet."""
    if not buffer:
        return 0
    if buffer[0] >> 4 in (codes.PING, codes.PONG):
        return 1
    length = 0
    for place, byte in enumerate(buffer[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return 2 + place + length
    return 0


def _messages(source: socket.socket) -> Iterator[bytes]:
    """Cut what comes into the handshake and then messages of WebSocket."""
    buffer, shaken = b"", False
    while data := source.recv(65_536):
        buffer += data
        while end := _message_end(buffer) if shaken else buffer.find(b"\r\n\r\n") + 4:
            if end > len(buffer) or (not shaken and end < 5):
                break
            yield buffer[:end]
            buffer, shaken = buffer[end:], True


def _message_end(buffer: bytes) -> int:
    """Give where the first message ends; 0 where that is not to be seen yet."""
    if len(buffer) < 2:
        return 0
    length, start = buffer[1] & 0x7F, 2
    if length > 125:
        start = 4 if length == 126 else 10
        length = int.from_bytes(buffer[2:start], "big")
    return start + (4 if buffer[1] & 0x80 else 0) + length


def _unmasked(message: bytes) -> bytes:
    start = {126: 4, 127: 10}.get(message[1] & 0x7F, 2)
    mask, text = message[start : start + 4], message[start + 4 :]
    return bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))


def _hang_up(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)


@contextmanager
def bad_link(upstream: tuple[str, int], spoil: Spoil) -> Iterator[BadLink]:
    link = BadLink(upstream, spoil)
    try:
        yield link
    finally:
        link.close()
