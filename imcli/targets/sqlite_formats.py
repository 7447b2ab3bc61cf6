"""The formats of a state file, and how a file of an older one becomes one of the newest.

Each step takes a file from one format to the next. All steps a file needs are one transaction: it
has the newest format afterwards, or is as it was. There is no way back, since a program that knows
only the older format would lose what the newer one has.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from imcli.targets.sqlite_log import REMEMBER, UNKEPT_SCHEMA

FORMAT = 2
"""What this program writes. 2 keeps the numbers of messages that no log has in a table."""


@contextlib.contextmanager
def ended(db: sqlite3.Connection, end: str = "COMMIT") -> Iterator[None]:
    """End the transaction under way with the block; an exception undoes all of it."""
    try:
        yield
        db.execute(end)
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def upgrade(db: sqlite3.Connection) -> None:
    """Bring a file of an older format to the newest.

    Raises:
        sqlite3.Error: it cannot be read or written; it is as it was.
        msgspec.MsgspecError: what is in it is damaged; it is as it was.
    """
    if _format(db) == FORMAT:
        return
    db.execute("BEGIN EXCLUSIVE")
    with ended(db):
        for form in range(_format(db), FORMAT):  # asked again: another command may have been first
            _STEPS[form](db)
        db.execute(f"PRAGMA user_version = {FORMAT}")
    # An older program reads the number in the file itself, not in the log beside it.
    db.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _format(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _to_2(db: sqlite3.Connection) -> None:
    """Give numbers a table; they stood with the channel: sender, NUL, number: (id, time)."""
    for statement in UNKEPT_SCHEMA:
        db.execute(statement)
    channels = db.execute(
        "SELECT channels.id, logs.id, body FROM channels JOIN logs ON logs.name = channels.name"
    )
    for channel, log, body in channels.fetchall():
        fields = msgspec.msgpack.decode(body, type=dict[str, object])
        known = msgspec.convert(fields.pop("volatile", {}), dict[str, tuple[int, int]])
        for name, (message_id, accepted_ms) in known.items():
            sender, _, number = name.partition("\x00")
            db.execute(REMEMBER, (log, sender, number, message_id, accepted_ms))
        if known:
            body = msgspec.msgpack.encode(fields)
            db.execute("UPDATE channels SET body = ? WHERE id = ?", (body, channel))


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _to_2}
"""What takes a file from a format to the next."""
