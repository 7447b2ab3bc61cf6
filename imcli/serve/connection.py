"""One client: what its bytes ask of the world, and what the world has to say to it.

A connection belongs to a socket (`Link`), has the wire's half of a session, and, once it was let
in, a seat: the device of the simulated server that it is. What it is told waits in `_out` until
the turn is committed. What its client has not acknowledged waits in `unacknowledged`
(`resending.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from imcli.model.entities import DeviceKey
from imcli.wire import codes
from imcli.wire.packets import Connect, Disconnect, Event, Ping, Recv, Recvack, Send
from imcli.wire.server import (
    Asked,
    BadSend,
    Closed,
    Request,
    ServerSession,
    Stalled,
    Unreadable,
)

if TYPE_CHECKING:
    from imcli.serve.resending import Unacknowledged
    from imcli.serve.world import World


class Link(Protocol):
    """The socket below a connection."""

    @property
    def unread_bytes(self) -> int:
        """How much was written that the peer has not taken."""

    def write(self, frames: Sequence[bytes], *, text: bool) -> None:
        """Write frames; `text` says that they are JSON."""

    def close(self) -> None:
        """End the socket once what was written is gone."""

    def abort(self) -> None:
        """End the socket at once."""


class Figures(msgspec.Struct):
    """What has passed over one connection, as `/connz` counts it."""

    in_msgs: int = 0
    out_msgs: int = 0
    in_msg_bytes: int = 0
    out_msg_bytes: int = 0
    in_packets: int = 0
    out_packets: int = 0
    in_packet_bytes: int = 0
    out_packet_bytes: int = 0


class Seat(msgspec.Struct, frozen=True):
    """Who a connection is, since it was let in.

    `name` is the device of the simulated server, `conn` a number that no other connection has.
    """

    key: DeviceKey
    conn: int
    device_id: str
    flag: int
    master: bool
    since_ms: int


class Connection:
    """One client of the world."""

    __slots__ = (
        "_out",
        "_world",
        "address",
        "began",
        "deaf",
        "figures",
        "gone",
        "heard",
        "leaving",
        "link",
        "refused",
        "scheduled",
        "seat",
        "transport",
        "unacknowledged",
        "wire",
    )

    def __init__(
        self, world: World, link: Link, wire: ServerSession, transport: str, address: str
    ) -> None:
        self._world = world
        self._out: list[bytes] = []
        self.link = link
        self.wire = wire
        self.transport = transport
        self.address = address
        self.seat: Seat | None = None
        self.began = self.heard = world.elapsed()
        self.refused = 0.0
        """When its CONNECT was refused; 0: never."""
        self.leaving = False
        """It was told, or not, that it must go, and its time runs."""
        self.deaf = False
        """The server has forgotten it and left its socket open: nothing more is said to it."""
        self.gone = False
        self.figures = Figures()
        self.unacknowledged: dict[int, Unacknowledged] = {}
        self.scheduled = False
        """Whether the world looks after its resends."""

    @property
    def name(self) -> DeviceKey:
        """Who it is; empty names before it was let in."""
        return self.seat.key if self.seat is not None else DeviceKey("", "")

    # Hearing

    def receive(self, data: bytes) -> None:
        """Take the bytes of one read."""
        if self.gone:
            return
        world = self._world
        world.begin()
        self.heard = world.elapsed()
        self.figures.in_packet_bytes += len(data)
        requests = self.wire.receive(data)
        while requests:
            self.figures.in_packets += len(requests)
            for request in requests:
                self._hear(request)
            outside = self.refused and self.seat is None and not self.gone
            requests = self.wire.refuse() if outside else []

    def _hear(self, request: Request) -> None:
        if self.gone:  # by what stood before this in the same read
            return
        if isinstance(request, Asked):
            packet = request.packet
            if isinstance(packet, Send):
                self._world.post.send(self, request, packet)
            elif isinstance(packet, Recvack):
                self._acknowledged(packet)
            elif isinstance(packet, Ping):
                self.say(self.wire.pong(request))
            elif isinstance(packet, Connect):
                self._world.connect(self, request, packet)
            return
        match request:
            case BadSend():
                self._world.post.reject_unreadable(self, request)
            case Unreadable(reply=reply):
                self.say(reply)
            case Stalled(why=why):
                self._world.note_about(self, f"nothing more is read: {why}")
            case Closed(why=why):
                self.close(why)
            case _:
                pass

    def _acknowledged(self, ack: Recvack) -> None:
        """Take a message off the list; with the mark "do not persist" it means nothing."""
        if not ack.flags & codes.NO_PERSIST:
            waiting = self.unacknowledged.pop(ack.message_id, None)
            if waiting is not None and self.seat is not None:
                self._world.post.acknowledged(self.seat, waiting.message)

    # Saying

    def say(self, data: bytes) -> None:
        """Say something when the turn is committed; nothing to a client that was forgotten."""
        if self.deaf or self.gone or not data:
            return
        if not self._out:
            self._world.turns.after(self.flush)
        self._out.append(data)

    def push(self, recv: Recv) -> bool:
        """Give a message to the client; False: its protocol has no form for it."""
        data = self.wire.push(recv)
        self.figures.out_msgs += 1
        self.figures.out_msg_bytes += len(data)
        self.say(data)
        return bool(data)

    def tell(self, packet: Disconnect | Event) -> None:
        """Tell the client something that it did not ask for."""
        self.say(self.wire.write(packet))

    def flush(self) -> None:
        """Write what waited. A client that does not read is let go, for it costs memory."""
        frames, self._out = self._out, []
        if not frames:
            return
        self.figures.out_packets += len(frames)
        self.figures.out_packet_bytes += sum(map(len, frames))
        self.link.write(frames, text=self.wire.protocol == "json")
        unread = self.link.unread_bytes
        if unread > self._world.rules.limits.unread_bytes and not self.gone:
            self.drop(f"it does not read: {unread:,} bytes wait for it")

    # Ending

    def close(self, why: str) -> None:
        """End the socket after what was said."""
        if not self.gone:
            self._world.turns.after(self.link.close)
            self._world.leave(self, why)

    def drop(self, why: str) -> None:
        """End the socket at once."""
        if not self.gone:
            self.link.abort()
            self.lost(why)

    def lost(self, why: str) -> None:
        """The socket is gone."""
        if not self.gone:
            self._out.clear()
            self._world.leave(self, why)
