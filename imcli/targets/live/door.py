"""Where and how the devices of a run connect: found out once, from what the server tells of itself.

A server tells the addresses of its client ports (`/varz`, and `/route`), as its owner configured
them: they need not be reachable from here. So each is tried, as it was told and at the host that
the HTTP API was reached at. TCP comes first, because WebSocket loses bytes under load (`lines.py`).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from imcli.model.errors import TargetUnavailable, UsageError
from imcli.targets.examined import Transport
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.lines import Address, Line, TcpLine, WebSocketLine
from imcli.targets.live.loop import Loop
from imcli.targets.live.session import Listener, Session
from imcli.wire.client import ClientSession, Identity
from imcli.wire.dialects import Dialect, dialect_of

TRY_SECONDS = 1.5
"""How long one address may take to answer before the next is tried."""

BINARY_VERSION = 4
"""All servers from 2.1.3 on speak it; 5 needs a way back (`wire` facts, GoProto)."""


class Manner(msgspec.Struct, frozen=True):
    """How the devices of a run are to speak.

    Args:
        transport: "" takes what the server offers, TCP first; "none" makes no connections at all.
        protocol: the binary protocol, or JSON-RPC in the server's own dialect.
    """

    transport: Literal["", "tcp", "ws", "none"] = ""
    protocol: Literal["binary", "jsonrpc"] = "binary"


MANNERS: dict[str, Manner] = {
    "": Manner(),
    "tcp": Manner("tcp"),
    "ws": Manner("ws"),
    "jsonrpc": Manner("", "jsonrpc"),
    "tcp-jsonrpc": Manner("tcp", "jsonrpc"),
    "ws-jsonrpc": Manner("ws", "jsonrpc"),
    "none": Manner("none"),
}
"""How a user writes it, behind the address: `http://host:5001?devices=ws`."""
_HINT = f"write ?devices=WORD behind it; the words are {', '.join(filter(None, MANNERS))}"


def split_manner(url: str, word: str = "") -> tuple[str, Manner]:
    """Take what is said about devices off an address; what stands there wins over `word`.

    >>> split_manner("http://h:1?devices=ws", "tcp")[1].transport, split_manner("http://h:1")[0]
    ('ws', 'http://h:1')

    Raises:
        UsageError: it is none of the words, or something else stands behind the address.
    """
    address, asked, query = url.partition("?")
    key, _, said = query.partition("=")
    if asked and key != "devices":
        raise UsageError(f"{query!r} behind the address of a server means nothing", hint=_HINT)
    word = said if asked else word
    if word not in MANNERS:
        raise UsageError(f"devices cannot connect by {word!r}", hint=_HINT)
    return address, MANNERS[word]


class Door(msgspec.Struct, frozen=True):
    """The one way in of a run."""

    transport: Transport
    address: Address
    uri: str = ""
    dialect: Dialect | None = None

    def __str__(self) -> str:
        host, port = self.address[1][:2]
        words = "JSON-RPC" if self.dialect else "binary protocol"
        return f"{words} over {'TCP' if self.transport == 'tcp' else 'WebSocket'} {host}:{port}"

    def session(
        self,
        loop: Loop,
        who: Identity,
        listener: Listener,
        faults: LinkFaults,
        *,
        secret: bytes,
        now_ms: int,
        connack_ms_max: int,
    ) -> Session:
        """Make a connection for a device, not yet opened."""
        wire = ClientSession(who, secret, BINARY_VERSION, self.dialect)
        session = Session(loop, wire, listener, faults, now_ms, connack_ms_max=connack_ms_max)
        session.line = self._line(loop, session)
        return session

    def _line(self, loop: Loop, session: Session) -> Line:
        if self.transport == "tcp":
            return TcpLine(loop, self.address, session)
        text = self.dialect is not None
        return WebSocketLine(loop, self.address, session, self.uri, text=text)


def find_door(
    told: tuple[str, str], host: str, version: tuple[int, ...], manner: Manner
) -> Door | None:
    """Find a way in, or none: then nothing that needs a connection can be done.

    Args:
        told: the addresses of TCP and WebSocket, as the server states them; empty: not offered.
        host: of the HTTP API.
        version: of the server, `()` where unknown.
        manner: what is wanted.

    Raises:
        TargetUnavailable: what was asked for by name cannot be had.
    """
    if manner.transport == "none":
        return None
    dialect = None
    if manner.protocol == "jsonrpc":
        dialect = dialect_of(version)
        if dialect is None:
            said = "its version is unknown" if not version else "WuKongIM has it since 2.1.4"
            raise TargetUnavailable(f"the server speaks no JSON-RPC: {said}")
    for transport, address, uri in _candidates(told, host, manner):
        resolved = _reach(*address)
        if resolved is not None:
            return Door(transport, resolved, uri, dialect)
    if manner.transport:
        tried = ", ".join(f"{h}:{p}" for _, (h, p), _ in _candidates(told, host, manner))
        raise TargetUnavailable(
            f"the server cannot be reached over {manner.transport}: tried {tried or 'nothing'}",
            hint="what `/route` of the server answers must be reachable from here",
        )
    return None


def _candidates(
    told: tuple[str, str], host: str, manner: Manner
) -> Iterator[tuple[Transport, tuple[str, int], str]]:
    kinds: tuple[Transport, ...] = ("tcp", "ws")
    for transport, text in zip(kinds, told, strict=True):
        place = place_of(text)
        if place is None or manner.transport not in ("", transport):
            continue
        for name in dict.fromkeys((place[0], host)):
            shown = f"[{name}]" if ":" in name else name
            uri = f"ws://{shown}:{place[1]}/" if transport == "ws" else ""
            if name:
                yield transport, (name, place[1]), uri


def place_of(text: str) -> tuple[str, int] | None:
    """Take an address apart, as servers tell it; the host may be left out, the port may not.

    >>> place_of("ws://10.0.0.5:5200"), place_of("127.0.0.1:5100"), place_of("nonsense")
    (('10.0.0.5', 5200), ('127.0.0.1', 5100), None)
    """
    try:
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        return (parts.hostname or "", parts.port) if parts.port else None
    except ValueError:
        return None


def _reach(host: str, port: int) -> Address | None:
    """Connect once; gives where, or None."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return None
    for family, kind, _, _, address in found:
        try:
            with closing(socket.socket(family, kind)) as tried:
                tried.settimeout(TRY_SECONDS)
                tried.connect(address)
        except OSError:
            continue
        return family, (str(address[0]), int(address[1]))
    return None
