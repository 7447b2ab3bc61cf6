"""The two ways in which a device's bytes reach a server: TCP, and WebSocket over it.

Both are a `Line`: bytes out by `write`, from any thread; bytes in, on the loop's thread, to the
line's owner. Nobody waits here. What a line cannot send at once waits in its buffer; when it ends
it says why, once, in words.

On WebSocket each `write` is one message that is never cut into fragments, because a real server
never puts fragments together again. It also loses the beginning of a message that arrives behind a
whole one in the same read; so what is to be said at one moment goes into one message, and nobody
here pours many of them into a socket (WuKongIM `pkg/wknet/websocket.go`). A server writes no close
frames: it closes the socket.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from contextlib import suppress
from typing import Literal, Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from imcli.targets.live.loop import READ, WRITE, Loop

CHUNK = 64 * 1024
UNSENT_BYTES_MAX = 8 << 20
"""A server that reads nothing for so long is as good as gone."""
FIRST_WORD_MS = 10
"""What is said sooner may be read before a server has taken in the connection, and is lost for good
(WuKongIM `pkg/wknet/acceptor.go:acceptConn`; measured: 1 of 200, with 5 ms 8 of 45,000)."""
MESSAGE_BYTES_MAX = 4 << 20
"""A frame of the protocol is at most 1 MiB; JSON-RPC may escape much of it."""

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]
"""Where to connect to, resolved."""
EndKind = Literal["unreachable", "closed", "reset", "garbled"]


class Owner(Protocol):
    """Whoever speaks over a line; called on the loop's thread."""

    def line_opened(self) -> None:
        """Bytes may be sent now."""

    def line_heard(self, data: bytes) -> None:
        """Bytes came in."""

    def line_ended(self, kind: EndKind, why: str) -> None:
        """Nothing comes or goes any more, because of the other side; told once."""


class Line(Protocol):
    """A way for bytes."""

    def open(self) -> None:
        """Begin to connect; from any thread."""

    def write(self, data: bytes) -> None:
        """Send bytes, as soon as may be; from any thread."""

    def close(self) -> None:
        """Hang up; the owner is not told. From any thread."""


class TcpLine:
    """A TCP connection."""

    __slots__ = ("_address", "_closed", "_lock", "_loop", "_opened", "_owner", "_socket", "_unsent")

    def __init__(self, loop: Loop, address: Address, owner: Owner) -> None:
        self._loop = loop
        self._address = address
        self._owner = owner
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._unsent = bytearray()
        self._opened = False
        self._closed = False

    def open(self) -> None:
        """Begin to connect."""
        self._loop.call(self._connect)

    def _connect(self) -> None:
        family, address = self._address
        if self._closed:
            return
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._socket.connect_ex(address)
        except OSError as error:
            self._end("unreachable", _words(error))
            return
        if code not in (0, errno.EINPROGRESS):
            self._end("unreachable", os.strerror(code).lower())
            return
        self._loop.watch(self._socket, WRITE, self)

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until they can be sent."""
        with self._lock:
            if self._closed or self._socket is None:
                return
            if self._opened and not self._unsent:
                data = data[self._send(data) :]
            if not data:
                return
            self._unsent += data
        if self._opened:
            self._loop.call(self._watch)

    def _send(self, data: bytes | bytearray) -> int:
        """Hand over what the system takes; an error shows at the next read, too, in its order."""
        assert self._socket is not None
        try:
            return self._socket.send(data)
        except OSError:
            return 0

    def ready(self, events: int) -> None:
        """Go on with what the socket can do now."""
        if self._socket is None:
            return
        if not self._opened:
            self._finish_connecting()
            return
        if events & READ:
            self._read()
        if events & WRITE and self._socket is not None:
            with self._lock:
                del self._unsent[: self._send(self._unsent)]
            self._watch()

    def _finish_connecting(self) -> None:
        assert self._socket is not None
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._end("unreachable", os.strerror(code).lower())
            return
        self._opened = True
        self._watch()
        self._loop.later(FIRST_WORD_MS, self._tell_opened)

    def _tell_opened(self) -> None:
        if self._socket is not None:
            self._owner.line_opened()

    def _watch(self) -> None:
        if self._socket is None:
            return
        if len(self._unsent) > UNSENT_BYTES_MAX:
            self._end("closed", "it reads nothing any more")
            return
        self._loop.watch(self._socket, READ | WRITE if self._unsent else READ, self)

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._end("reset", _words(error))
            return
        if data:
            self._owner.line_heard(data)
        else:
            self._end("closed", "it closed the connection")

    def _end(self, kind: EndKind, why: str) -> None:
        if self._hang_up():
            self._owner.line_ended(kind, why)

    def close(self) -> None:
        """Hang up."""
        self._loop.call(self._hang_up)

    def _hang_up(self) -> bool:
        """Let go of the socket; False if that was done before."""
        with self._lock:
            if self._closed:
                return False
            self._closed = True
            sock, self._socket = self._socket, None
        if sock is not None:
            self._loop.forget(sock)
            sock.close()
            self._loop.closed_ms = self._loop.clock()
        return True


class WebSocketLine:
    """A WebSocket: messages of one frame each, opcode binary, or text for JSON."""

    __slots__ = ("_lock", "_owner", "_protocol", "_tcp", "_text")

    def __init__(self, loop: Loop, address: Address, owner: Owner, uri: str, *, text: bool) -> None:
        self._owner = owner
        self._text = text
        self._lock = threading.Lock()
        self._tcp = TcpLine(loop, address, self)
        self._protocol = ClientProtocol(parse_uri(uri), max_size=MESSAGE_BYTES_MAX)

    def open(self) -> None:
        """Begin to connect."""
        self._tcp.open()

    def write(self, data: bytes) -> None:
        """Send one message."""
        with self._lock:
            if self._protocol.state is not OPEN:
                return
            if self._text:
                self._protocol.send_text(data)
            else:
                self._protocol.send_binary(data)
            self._flush()

    def close(self) -> None:
        """Hang up."""
        self._tcp.close()

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            self._tcp.write(data)

    # As the owner of the TCP connection

    def line_opened(self) -> None:
        """Ask for the upgrade."""
        with self._lock:
            self._protocol.send_request(self._protocol.connect())
            self._flush()

    def line_heard(self, data: bytes) -> None:
        """Take bytes and pass on what they say."""
        with self._lock:
            self._protocol.receive_data(data)
            events = self._protocol.events_received()
            self._flush()
        for event in events:
            if isinstance(event, Response):
                if self._protocol.handshake_exc is None:
                    self._owner.line_opened()
            elif isinstance(event, Frame) and event.opcode in (Opcode.BINARY, Opcode.TEXT):
                self._owner.line_heard(bytes(event.data))
        if self._protocol.handshake_exc is not None or self._protocol.parser_exc is not None:
            self._garbled()

    def _garbled(self) -> None:
        why = self._protocol.handshake_exc or self._protocol.parser_exc
        self._tcp.close()
        self._owner.line_ended("garbled", f"it does not speak WebSocket: {_brief(why)}")

    def line_ended(self, kind: EndKind, why: str) -> None:
        """Pass it on."""
        with suppress(InvalidHandshake, ProtocolError, EOFError):
            self._protocol.receive_eof()
        self._owner.line_ended(kind, why)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _brief(error: BaseException | None) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else text[:120] + "…"
