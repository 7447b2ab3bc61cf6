"""What the HTTP face cannot know from the server's tables: its process and its connections.

Whoever runs the server behind sockets supplies one `Surroundings` value: the addresses that it
listens on, its figures, and every connection with its facts. In process there is nothing of that:
the default value names the documentation's addresses, and the sessions of the tables stand for
connections. All values are facts of one moment; nothing here is asked twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from imcli.model.entities import DEVICE_FLAGS, DeviceKind, DeviceLevel, Message
from imcli.simulator.state import State

NODE = 1001
"""The number of the one node that there is."""


def is_elsewhere(node: int) -> bool:
    """Tell whether a request names a node that there is not; 0 names none, which is this one."""
    return node not in (0, NODE)


class Connection(msgspec.Struct, frozen=True):
    """One connection, with the figures that `/connz` shows.

    Attributes:
        id: its number, never used twice.
        uid: whose it is.
        device: the device's name within its user, as in `state.User.devices`.
        kind: what the client said it is.
        level: master or slave.
        device_id: what the client calls the device.
        version: of the protocol that it speaks.
        ip: from where.
        port: from where.
        since_ms: server time at which it was opened.
        active_ms: server time at which the client last said something.
        pending_bytes: written and not yet taken by the peer.
        in_msgs: SENDs that came.
        out_msgs: RECVs that went.
        in_msg_bytes: the bytes of those that came.
        out_msg_bytes: the bytes of those that went.
        in_packets: frames of every kind that came.
        out_packets: frames of every kind that went.
        in_packet_bytes: the bytes of those that came.
        out_packet_bytes: the bytes of those that went.
        flag: what the client gave for its kind of device, any number below 256.
    """

    id: int
    uid: str
    device: str
    kind: DeviceKind = "app"
    level: DeviceLevel = "master"
    device_id: str = ""
    version: int = 0
    ip: str = ""
    port: int = 0
    since_ms: int = 0
    active_ms: int = 0
    pending_bytes: int = 0
    in_msgs: int = 0
    out_msgs: int = 0
    in_msg_bytes: int = 0
    out_msg_bytes: int = 0
    in_packets: int = 0
    out_packets: int = 0
    in_packet_bytes: int = 0
    out_packet_bytes: int = 0
    flag: int = 0


EVERYWHERE = ("0.0.0.0", "[::]")
"""Addresses to listen on that no client can connect to."""

Ending = Literal["token", "quit", "kick", "remove"]
"""Why a session ends: a new token of a master device, `device_quit`, `/conn/kick`, `/conn/remove`.

Each says goodbye in other words, or in none, and waits for another time.
"""


class Piece(msgspec.Struct, frozen=True):
    """A piece of a stream, which no log has; `flag` 0 opens it, 1 goes on."""

    message: Message
    stream_no: str
    flag: int


class Notice(msgspec.Struct, frozen=True):
    """Something about a message, for every connection of its readers; `data` is JSON text."""

    id: str
    type: str
    timestamp: int
    data: str


Teller = Callable[[Sequence[str], Piece | Notice], None]


class Surroundings(msgspec.Struct, frozen=True):
    """The process around one server.

    Attributes:
        connections: gives every connection, in the order in which they were opened; None: take the
            sessions of the tables.
        end: ends the session of a user's device; None: it ends at once.
        teller: brings something to every connection of some users; None: there is none.
        progress: how far the events of messages are (`streams.py`), for the life of the process;
            None: forgotten at once.
        tcp_addr: what clients are told to connect to over TCP.
        ws_addr: over WebSocket.
        wss_addr: over WebSocket with TLS.
        api_url: where this API is.
        started_ms: server time at which the process started.
        manager_token: whether the API wants a token.
        virtual_time: whether time is moved by whoever asks.
        figures: numbers of `/varz` that only the process knows (`mem`, `cpu`, `in_msgs`, ...).
    """

    connections: Callable[[], Sequence[Connection]] | None = None
    end: Callable[[str, str, Ending], None] | None = None
    teller: Teller | None = None
    progress: dict[tuple[str, str, str], Any] | None = None
    tcp_addr: str = "127.0.0.1:5100"
    ws_addr: str = "ws://127.0.0.1:5200"
    wss_addr: str = ""
    api_url: str = ""
    started_ms: int = 0
    manager_token: bool = False
    virtual_time: bool = False
    figures: dict[str, float] = {}

    def seen_from(self, host: str) -> Surroundings:
        """Name the host by which a client came, where the process listens on every address.

        >>> Surroundings(tcp_addr="0.0.0.0:5100").seen_from("im.example").tcp_addr
        'im.example:5100'
        """
        if not any(mark in self.tcp_addr + self.ws_addr for mark in EVERYWHERE):
            return self
        host = f"[{host}]" if ":" in host else host
        named = [self.tcp_addr, self.ws_addr]
        for mark in EVERYWHERE:
            named = [address.replace(mark, host) for address in named]
        return msgspec.structs.replace(self, tcp_addr=named[0], ws_addr=named[1])

    def addresses(self) -> dict[str, str]:
        """Give what `/route` answers."""
        return {"tcp_addr": self.tcp_addr, "ws_addr": self.ws_addr, "wss_addr": self.wss_addr}

    def tell(self, users: Sequence[str], what: Piece | Notice) -> None:
        """Bring something to every connection of some users."""
        if self.teller is not None:
            self.teller(users, what)

    def connected(self, state: State) -> Sequence[Connection]:
        """Give every connection."""
        return sessions(state) if self.connections is None else self.connections()


IN_PROCESS = Surroundings()


def sessions(state: State) -> list[Connection]:
    """Give the sessions of the tables as connections."""
    found = [
        Connection(
            device.session,
            uid,
            name,
            device.kind,
            device.level,
            name,
            flag=DEVICE_FLAGS[device.kind],
        )
        for uid, owner in state.users.items()
        for name, device in owner.devices.items()
        if device.session
    ]
    return sorted(found, key=lambda each: each.id)
