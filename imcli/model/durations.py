"""Durations as people write them, `5s` or `250ms`, and as they are told. Milliseconds inside."""

from __future__ import annotations

import re

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SECOND_MS, DAY_MS = UNIT_MS["s"], UNIT_MS["d"]
DURATION_MAX_MS = 36_500 * DAY_MS
"""A hundred years: nothing that is written is longer."""
DURATION = re.compile(r"([0-9]{1,15})(ms|s|m|h|d)")
_LARGEST_FIRST = tuple(reversed(UNIT_MS.items()))


def duration_ms(text: str) -> int | None:
    """Read a duration such as `2s`; None where it is none or longer than a hundred years.

    >>> duration_ms("2s"), duration_ms("500ms"), duration_ms("2")
    (2000, 500, None)
    """
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    value = int(match[1]) * UNIT_MS[match[2]]
    return value if value <= DURATION_MAX_MS else None


def format_duration(duration: int) -> str:
    """Write milliseconds as `duration_ms` reads them, in the largest unit that divides them.

    >>> format_duration(5000), format_duration(2592000000), format_duration(0)
    ('5s', '30d', '0s')
    """
    if duration == 0:
        return "0s"
    unit, size = next(pair for pair in _LARGEST_FIRST if duration % pair[1] == 0)
    return f"{duration // size}{unit}"


def spell_duration(duration: int) -> str:
    """Say milliseconds in a sentence.

    >>> spell_duration(300), spell_duration(2000), spell_duration(90_000), spell_duration(1500)
    ('300 ms', '2 s', '90 s', '1.5 s')
    >>> spell_duration(8_640_000_000)
    '100 d'
    """
    for unit, size in _LARGEST_FIRST[:3]:
        if duration >= size and duration % size == 0:
            return f"{duration // size} {unit}"
    return f"{duration / 1000:.10g} s" if duration >= 1000 else f"{duration} ms"
