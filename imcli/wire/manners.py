"""How servers of each version treat what a client should not do on a connection.

Nobody documents this and clients run into it: a message sent too early is lost on one version and
costs the connection on another. One table; `greeting` and `server` act on it.

Source: WuKongIM `internal/server/proto.go`, `internal/options/options.go` at the versions named.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Manner(NamedTuple):
    """What servers from one version on do."""

    since: tuple[int, ...]
    behind_connect: Literal["discarded", "closes"]
    """Whole frames that came in the same read as CONNECT, behind it."""
    oversized: Literal["closes", "hangs"]
    """A frame of more than 1 MiB: close at once, or only when all that it announced has come."""
    can_be_plain: bool
    """Whether encryption can be switched off."""


MANNERS: tuple[Manner, ...] = (
    Manner((2, 2, 0), "closes", "hangs", can_be_plain=True),
    Manner((2, 1, 4), "discarded", "closes", can_be_plain=True),
    Manner((), "discarded", "hangs", can_be_plain=False),
)
"""Newest first. Measured on 2.1.3, 2.1.4, 2.1.5, 2.2.0 and 2.2.5."""


def manner_of(server: tuple[int, ...]) -> Manner:
    """Tell how a server treats its clients.

    >>> manner_of((2, 1, 3)).behind_connect, manner_of((2, 2, 5)).behind_connect
    ('discarded', 'closes')
    """
    return next(manner for manner in MANNERS if server >= manner.since)
