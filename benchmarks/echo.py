"""The yardstick of a served world: a server that sends back the bytes it gets, and its devices.

Program and protocol are those of the real thing without what they mean: one event loop, one buffer,
a write for each read. A device sends as many bytes as a SEND has, and when they are back as many as
a RECVACK has; both back is one message.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque

from benchmarks.devices import Device

SEND_BYTES, ACK_BYTES = 160, 14
READ_BYTES = 32 * 1024


class Echo(asyncio.BufferedProtocol):
    """One connection of the server."""

    def __init__(self, buffer: memoryview) -> None:
        self.buffer = buffer
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give the one buffer."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Send it back."""
        self.transport.write(bytes(self.buffer[:nbytes]))


async def serve() -> None:
    """Echo until the program is ended; says its port first."""
    buffer = memoryview(bytearray(READ_BYTES))
    bound = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(bound.getsockname()[1], flush=True)
    server = await asyncio.get_running_loop().create_server(lambda: Echo(buffer), sock=bound)
    await server.serve_forever()


class EchoDevice(Device):
    """A device of the echo: the same exchange without what it means."""

    def begin(self) -> None:
        """There is nobody to be introduced to."""
        self.out: deque[int] = deque()
        self.back = 0
        self.ring.connected += 1
        self.ring.changed.set()

    def next(self) -> list[bytes]:
        """Say as much as a message has, unless the time is over."""
        if self.ring.over:
            return []
        self.sent += 1
        return self.said(SEND_BYTES)

    def said(self, size: int) -> list[bytes]:
        """Say so many bytes, which will be back."""
        self.out.append(size)
        return [b"x" * size]

    def hear(self, data: bytes) -> None:
        """Answer what is back, all at once."""
        self.back += len(data)
        out: list[bytes] = []
        while self.out and self.back >= self.out[0]:
            self.back -= self.out[0]
            if self.out.popleft() == SEND_BYTES:
                out += self.said(ACK_BYTES)
            else:
                self.acked += 1
                self.ring.devices[(self.place + 1) % self.ring.size].received += 1
                out += self.next()
        if out:
            self.put(out)
        self.ring.look()


if __name__ == "__main__":
    asyncio.run(serve())
