"""When a message was stored: its id says it in milliseconds, all else rounds to seconds.

The ids of a real server are snowflakes with the epoch of the library that makes them
(`github.com/bwmarrin/snowflake`; measured, 2.1.3 to 2.2.5). Who orders messages of several
conversations by time needs one kind of time for all of them, whichever way they came.
"""

from __future__ import annotations

from imcli.model.durations import SECOND_MS

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
SNOWFLAKE_BITS = 22
NEAR_MS = 600_000
"""Message ids tell the time in these servers; one that is further off tells something else."""


def id_time_ms(message_id: int, near_ms: int) -> int:
    """Give the time that a message id holds, or the second of `near_ms` where it holds none.

    >>> id_time_ms(1888888888888888888, 1739181180000), id_time_ms(17, 1739181180123)
    (1739181179626, 1739181180000)
    """
    told_ms = (message_id >> SNOWFLAKE_BITS) + SNOWFLAKE_EPOCH_MS
    return told_ms if abs(told_ms - near_ms) < NEAR_MS else near_ms // SECOND_MS * SECOND_MS
