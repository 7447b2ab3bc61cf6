"""The time of a served server: the machine's, or one that only moves when it is told to.

Both give milliseconds since 1970, as the server puts them into messages. Limits of sockets (how
long a client may take for its first frame) do not go by these clocks but by the machine's: a
client that is there should not be lost because a test let a day pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Elapsed = Callable[[], float]
"""Seconds since some moment; never goes back."""


class Clock(Protocol):
    """Tells the server's time."""

    virtual: bool

    def now_ms(self) -> int:
        """Give milliseconds since 1970."""


class RealClock:
    """The machine's time; steady, whatever becomes of the machine's own clock meanwhile.

    Args:
        wall_ms: where it begins.
        elapsed: a monotonic clock, in seconds.
        not_before_ms: time that a restored server has already seen.
    """

    virtual = False

    def __init__(self, wall_ms: int, elapsed: Elapsed, not_before_ms: int = 0) -> None:
        self._elapsed = elapsed
        self._start_ms = max(wall_ms, not_before_ms) - int(elapsed() * 1000)

    def now_ms(self) -> int:
        """Give milliseconds since 1970."""
        return self._start_ms + int(self._elapsed() * 1000)


class VirtualClock:
    """Stands still until somebody moves it."""

    virtual = True

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Give milliseconds since 1970."""
        return self._now_ms

    def advance(self, duration_ms: int) -> None:
        """Let time pass."""
        self._now_ms += duration_ms
