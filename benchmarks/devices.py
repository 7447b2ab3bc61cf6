"""Many devices on one event loop that send round in a ring and check whatever reaches them.

Device `i` sends to device `i + 1` and keeps so many messages under way. Each message must be
acknowledged once, arrive once, in order, with the numbers that its acknowledgement had, from the
right sender and unchanged; anything else is an error, not a smaller figure.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from imcli.wire.client import ClientSession, Connected, Identity
from imcli.wire.packets import Recv, Sendack

WINDOW = 4
"""Messages of one device that are under way."""
STALLED_S = 300


class Lost(Exception):
    """Something did not arrive, or not as it was sent."""


class Device(asyncio.Protocol):
    """One device in the ring."""

    def __init__(self, ring: Ring, place: int) -> None:
        self.ring = ring
        self.place = place
        secret = place.to_bytes(4, "big") * 8
        self.session = ClientSession(Identity(name(place), "bench"), secret, 5)
        self.peer = name((place + 1) % ring.size)
        self.sender = name((place - 1) % ring.size)
        self.sent = self.acked = self.received = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.begin()

    def begin(self) -> None:
        """Introduce the device."""
        self.put([self.session.connect(time.time_ns() // 1_000_000)])

    def data_received(self, data: bytes) -> None:
        """Hear what came in one read."""
        self.hear(data)

    def put(self, frames: list[bytes]) -> None:
        """Say frames."""
        self.transport.write(b"".join(frames))

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends before the ring does is a loss."""
        self.ring.lost(self, "the server closed its connection")

    def hear(self, data: bytes) -> None:
        """Answer what came in one read, all at once."""
        out: list[bytes] = []
        for heard in self.session.receive(data):
            if isinstance(heard, Recv):
                self.check(heard)
                out.append(self.session.ack(heard))
            elif isinstance(heard, Sendack):
                self.acked += 1
                if heard.reason_code != 1 or heard.message_seq != self.acked:
                    self.ring.lost(self, f"an answer out of order: {heard}")
                out += self.next()
            elif isinstance(heard, Connected):
                self.ring.connected += 1
                self.ring.changed.set()
            else:
                self.ring.lost(self, f"it heard {heard}")
        if out:
            self.put(out)
        self.ring.look()

    def check(self, recv: Recv) -> None:
        """Hold a message against what must come next."""
        self.received += 1
        wanted = (self.received, self.sender, text(self.place - 1, self.received, self.ring.size))
        if (recv.message_seq, recv.from_uid, recv.payload) != wanted:
            self.ring.lost(self, f"it received {recv} instead of {wanted}")

    def next(self) -> list[bytes]:
        """Say the next message, unless the time is over."""
        if self.ring.over:
            return []
        self.sent += 1
        payload = text(self.place, self.sent, self.ring.size)
        return [self.session.send(self.peer, 1, payload, f"{self.place}-{self.sent}", flags=2)[1]]


class WsDevice(Device):
    """The same over WebSocket: every frame is a message."""

    def begin(self) -> None:
        """Ask for WebSocket; the device is introduced when it is there."""
        self.protocol = ClientProtocol(parse_uri("ws://bench/"), max_size=None)
        self.protocol.send_request(self.protocol.connect())
        self.transport.write(b"".join(self.protocol.data_to_send()))

    def data_received(self, data: bytes) -> None:
        """Hear the messages that came in one read."""
        self.protocol.receive_data(data)
        said: list[bytes] = []
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                said.append(bytes(event.data))
            else:
                super().begin()
        if said:
            self.hear(b"".join(said))

    def put(self, frames: list[bytes]) -> None:
        """Say frames in one message."""
        # One message for all: real servers lose what stands behind a message in one read.
        self.transport.write(Frame(Opcode.BINARY, b"".join(frames)).serialize(mask=True))


def name(place: int) -> str:
    """Name the user of a device."""
    return f"bench{place}"


def text(place: int, number: int, size: int) -> bytes:
    """Give the payload of a device's n-th message."""
    return b'{"type":1,"content":"message %d of %d"}' % (number, place % size)


class Ring:
    """All devices."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.devices: list[Device] = []
        self.connected = 0
        self.over = False
        self.error = ""
        self.changed = asyncio.Event()

    def lost(self, device: Device, what: str) -> None:
        """Note the first thing that went wrong."""
        if not (self.over and self.quiet()):
            self.error = self.error or f"{name(device.place)}: {what}"
        self.changed.set()

    def look(self) -> None:
        """Wake whoever waits, where there may be a reason."""
        if self.over or self.error:
            self.changed.set()

    def quiet(self) -> bool:
        """Tell whether every message was acknowledged and received."""
        return all(
            each.sent == each.acked == self.devices[(each.place + 1) % self.size].received
            for each in self.devices
        )


async def run(host: str, port: int, kind: type[Device], size: int, seconds: float) -> int:
    """Let so many devices send for so long; give how many messages went round.

    Raises:
        Lost: a message did not arrive as it was sent, or not at all.
    """
    loop = asyncio.get_running_loop()
    ring = Ring(size)
    for place in range(size):
        _, device = await loop.create_connection(lambda place=place: kind(ring, place), host, port)  # type: ignore[misc]
        ring.devices.append(device)
    await _until(ring, lambda: ring.connected == size)
    for device in ring.devices:
        device.put([frame for _ in range(WINDOW) for frame in device.next()])
    loop.call_later(seconds, _end, ring)
    await _until(ring, lambda: ring.over and ring.quiet())
    for device in ring.devices:
        device.transport.close()
    return sum(device.sent for device in ring.devices)


def _end(ring: Ring) -> None:
    ring.over = True
    ring.changed.set()


async def _until(ring: Ring, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(STALLED_S):
        while not holds():
            if ring.error:
                raise Lost(ring.error)
            ring.changed.clear()
            await ring.changed.wait()
