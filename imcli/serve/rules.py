"""What a served server allows: limits of sockets, and the choices that its operator made.

The times are those of real servers; sizes are ours, so that no client can cost more than itself.
Socket times go by the machine's clock, also where the server's own time is virtual.

Sources: WuKongIM `internal/options/options.go`, `internal/server/server.go:onConnect`,
`internal/server/proto.go:handleUnauthenticatedConn`, `pkg/wknet/conn.go:SetMaxIdle`; measured.
"""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds and sizes."""

    connect_s: float = 2.0
    """From the first byte of a connection, or none, to its CONNECT."""
    auth_s: float = 4.0
    """From a CONNECT that was refused, without a word, to the end of the socket."""
    idle_s: float = 180.0
    """Without a byte from a client that was let in."""
    kick_s: float = 2.0
    """From the moment at which a client must go to the end of its session."""
    token_kick_s: float = 10.0
    """The same where a new token of a master device is the cause."""
    sweep_s: float = 0.5
    """How often clients are looked at that have said nothing."""
    unread_bytes: int = 4 << 20
    """Written to a client and not taken by it; more, and the connection ends."""
    unacknowledged: int = 10_000
    """Messages that wait for one client's acknowledgement; what comes then is not sent again."""
    connections: int = 10_000
    """Sockets at the same time; more are closed at once."""
    body_bytes: int = 8 << 20
    """Of one HTTP request."""
    request_s: float = 10.0
    """From the first byte of an HTTP request to its last."""


class Rules(NamedTuple):
    """What the operator chose."""

    token_auth: bool = False
    """Whether a client needs the token that was registered for it (`tokenAuthOn`)."""
    manager_token: str = ""
    """What every HTTP request must have in its header `token`; empty: nothing."""
    encrypts: bool = True
    """Whether binary connections are encrypted (`disableEncryption`)."""
    limits: Limits = Limits()
