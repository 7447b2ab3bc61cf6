"""Real time, for those who are given no other; milliseconds throughout."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Tells a time in milliseconds: since 1970, or, where it is to be monotonic, since some moment."""
Sleep = Callable[[int], None]
"""Waits so many milliseconds."""


def monotonic_ms() -> int:
    """Tell the monotonic time in milliseconds."""
    return time.monotonic_ns() // 1_000_000


def wall_ms() -> int:
    """Tell the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def sleep_ms(duration_ms: int) -> None:
    """Wait so many milliseconds."""
    time.sleep(duration_ms / 1000)
