"""Times and durations as the API writes them.

Server time is in milliseconds; what a simulated server has no time for is written as the epoch.
"""

from __future__ import annotations

from datetime import UTC, datetime

LAST_MS = 253_402_300_799_000
"""The last moment that has a date: the end of the year 9999."""


def minute(milliseconds: int) -> str:
    """Write a time to the minute.

    >>> minute(0), minute(1_700_000_000_000)
    ('1970-01-01 00:00', '2023-11-14 22:13')
    """
    return _moment(milliseconds).strftime("%Y-%m-%d %H:%M")


def stamp(milliseconds: int) -> str:
    """Write a time as RFC 3339 does.

    >>> stamp(1_700_000_000_000)
    '2023-11-14T22:13:20Z'
    """
    return _moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(milliseconds, 0), LAST_MS) / 1000, UTC)


def uptime(milliseconds: int) -> str:
    """Write how long something has been there.

    Source: WuKongIM `internal/api/varz.go:myUptime`.

    >>> uptime(59_999), uptime(3_600_000), uptime(90_061_000), uptime(366 * 86_400_000)
    ('59s', '1h0m0s', '1d1h1m1s', '1y1d0h0m0s')
    """
    seconds = max(milliseconds, 0) // 1000
    parts = (
        ("y", seconds // 31_536_000),
        ("d", seconds // 86_400 % 365),
        ("h", seconds // 3_600 % 24),
        ("m", seconds // 60 % 60),
        ("s", seconds % 60),
    )
    first = next((place for place, (_, count) in enumerate(parts) if count), len(parts) - 1)
    return "".join(f"{count}{unit}" for unit, count in parts[first:])
