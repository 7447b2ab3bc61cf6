"""What clients over TCP and over WebSocket share: a socket, its buffer, its end.

One buffer serves all reads: a client gets as much of a turn as fits into it, and whoever floods
the server waits for the others. What is to be written in a turn is written at once, by the
protocol of asyncio rather than by its streams, which cost a task and a future for each message.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from imcli.serve.connection import Connection
from imcli.serve.world import World

READ_BYTES = 32 * 1024
"""As much as a real server reads at once (WuKongIM `pkg/wknet`)."""


class SocketClient(asyncio.BufferedProtocol, ABC):
    """The socket of one client; what its bytes mean is said by whoever inherits.

    Args:
        world: what clients are clients of.
        buffer: for reads, shared by all.
    """

    kind = ""

    def __init__(self, world: World, buffer: memoryview) -> None:
        self.world = world
        self.connection: Connection | None = None
        self.transport: asyncio.Transport
        self._buffer = buffer

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connection = self.world.open(self, self.kind, address_of(transport))
        if self.connection is None:
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the one buffer."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what was read."""
        if self.connection is not None and not self.connection.gone:
            self.take(self.connection, bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        """The client has said its last: the socket is closed."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        if self.connection is not None:
            self.connection.lost("its socket broke" if exc else "it closed its socket")

    @abstractmethod
    def take(self, connection: Connection, data: bytes) -> None:
        """Take the bytes of one read."""

    @abstractmethod
    def write(self, frames: Sequence[bytes], *, text: bool) -> None:
        """Write frames; `text` says that they are JSON."""

    # What a connection needs (`Link`)

    @property
    def unread_bytes(self) -> int:
        """How much was written that the peer has not taken."""
        return self.transport.get_write_buffer_size()

    def put(self, data: bytes) -> None:
        """Write bytes, unless the socket is about to be gone."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """End the socket once what was written is gone."""
        self.transport.close()

    def abort(self) -> None:
        """End the socket at once."""
        self.transport.abort()


def factory_of(kind: Callable[[World, memoryview], SocketClient], world: World) -> Factory:
    """Give what makes a protocol for each socket."""
    buffer = memoryview(bytearray(READ_BYTES))
    return lambda: kind(world, buffer)


Factory = Callable[[], SocketClient]


def address_of(transport: asyncio.BaseTransport) -> str:
    """Name the other end of a socket."""
    peer = transport.get_extra_info("peername")
    return f"{peer[0]}:{peer[1]}" if peer else "somewhere"
