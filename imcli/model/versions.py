"""The versions of WuKongIM: which were measured, and from which on something is otherwise.

Only what several rooms must know stands here, so that no two of them can disagree;
what a single file needs to know of a version stands in that file. Versions are tuples of numbers,
`()` where one is unknown, so that they compare as they follow each other.

Source: WuKongIM at its tags; measured on each version of `MEASURED`.
"""

from __future__ import annotations

MEASURED = ((2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 2, 0), (2, 2, 5))
"""The versions whose behaviour was measured; what others do follows from the changes between."""
FIRST, NEWEST = MEASURED[0], MEASURED[-1]

MARKED_SINCE = (2, 1, 4)
"""From then on a deletion is a mark of the row; before, it removes the row. Also since then rows
are made by a channel's first message only."""
NO_PERSON_ROWS = (2, 1, 4)
"""This version makes no rows of messages between two people."""
PERSONS_SINCE = (2, 1, 5)
"""From then on (as before 2.1.4) messages between two people make rows."""
CACHED_SINCE = (2, 2, 0)
"""From then on lists are cached, ten minutes."""
MUTES_SINCE = (2, 2, 0)
"""From then on a whole group can be muted (`send_ban`) ..."""
MUTES_BEFORE = (2, 2, 1)
"""... and from here on the flag is stored and not looked at any more (A29)."""
CACHE_MENDED = (2, 2, 2)
"""From then on the flush puts its rows into cached lists."""
BY_CHANNEL_SINCE = (2, 2, 5)
"""From then on single conversations can be asked for, by channel."""
DEAF_SINCE = (2, 2, 5)
"""From then on the socket of a kicked device stays open, and deaf."""


def version_text(version: tuple[int, ...]) -> str:
    """Write a version; an unknown one is empty.

    >>> version_text((2, 1, 3)), version_text(())
    ('2.1.3', '')
    """
    return ".".join(map(str, version))
