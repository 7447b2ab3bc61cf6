"""The simulator's tables over a database for a server that stays: what a turn changed is written.

A command's state (`sqlite_state.py`) lives once and compares everything that it read. A server
that stays would compare more and more, so its tables know what was changed instead: a table notes
each key that is set, and since whatever changes a value in place asks for it first (`user_w` and
its like, which set a copy), forgetting at each commit who owns what makes every change set a key.
Logs keep what was appended until the commit, or until somebody reads, and remember the counts that
the next message stands on. What was read stays in memory, and is let go once it is much: whatever
is committed can be read again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, TypeVar

from imcli.model.entities import Message
from imcli.simulator.log import Log, Unkept, is_countable
from imcli.simulator.profiles import Profile
from imcli.simulator.record import Record
from imcli.targets.sqlite_log import INSERT, REACH, SqliteLog
from imcli.targets.sqlite_state import DurableState, LogsTable, OwnersTable
from imcli.targets.sqlite_tables import LazyTable

K = TypeVar("K", bound=str | int)
V = TypeVar("V")

REMEMBERED_MAX = 200_000
"""Values (users, channels, records, logs) that stay in memory; with more, all are let go."""


class Changes:
    """What was changed since the last commit: tables with changed keys, and logs that grew."""

    def __init__(self) -> None:
        self.tables: dict[int, TurnTable[Any, Any]] = {}
        self.logs: dict[str, TurnLog] = {}

    def __bool__(self) -> bool:
        return bool(self.tables or self.logs)

    def save(self, db: sqlite3.Connection) -> None:
        """Write it: each statement once for all that it writes, in the order of the changes."""
        statements: dict[str, list[tuple[Any, ...]]] = {}
        for table in self.tables.values():
            table.collect(statements)
        statements[INSERT] = [row for log in self.logs.values() for row in log.take_appended()]
        statements[REACH] = [log.reach() for log in self.logs.values()]
        for statement, rows in statements.items():
            db.executemany(statement, rows)
        self.tables.clear()
        self.logs.clear()


class TurnTable(LazyTable[K, V]):
    """A table that notes what is set or removed, and writes just that."""

    def __init__(self, lazy: LazyTable[K, V], changes: Changes) -> None:
        super().__init__(lazy.shelf, lazy.decode, lazy.encode)
        self._changes = changes
        self._changed: dict[K, None] = {}

    def _note(self) -> None:
        self._changes.tables[id(self)] = self

    def _keep(self, key: K, body: bytes) -> V:
        value = self.decode(key, body)
        dict.__setitem__(self, key, value)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._changed[key] = None
        self._note()
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        self._changed.pop(key, None)
        self._note()

    def refill(self, values: dict[K, V]) -> None:
        """Hold what a table that was put in this one's place holds."""
        for key in list(self):
            if key not in values:
                del self[key]
        for key, value in values.items():
            if self.get(key) != value:
                self[key] = value

    def collect(self, statements: dict[str, list[tuple[Any, ...]]]) -> None:
        """Say what writes the changes: removals, then new keys in the order in which they came."""
        shelf = self.shelf
        removed = statements.setdefault(shelf.removing, [])
        written = statements.setdefault(shelf.writing, [])
        removed += [(*shelf.place, key) for key in self._removed]
        for key in self._changed:
            written.append((*shelf.place, key, self.encode(dict.__getitem__(self, key))))
        self._removed.clear()
        self._changed.clear()

    def let_go(self) -> None:
        """Forget what was read; everything is committed."""
        dict.clear(self)
        self._whole = False


class TurnOwners(OwnersTable):
    """Every user's records."""

    def __init__(self, db: sqlite3.Connection, changes: Changes) -> None:
        super().__init__(db)
        self._changes = changes

    @property
    def changed(self) -> bool:
        """Whether somebody got a first record."""
        return bool(self._new)

    def _table(self, owner: str) -> TurnTable[str, Record]:
        return TurnTable(super()._table(owner), self._changes)

    def save(self) -> None:
        """Write who has records now; the tables have themselves among the changes."""
        self._save_new()


class TurnLogs(LogsTable):
    """The logs of all channels."""

    def __init__(self, db: sqlite3.Connection, changes: Changes) -> None:
        super().__init__(db)
        self._changes = changes

    def _log(self, key: str, row: tuple[int, int, int]) -> Log:
        return TurnLog(self._db, key, row, self._changes)


class TurnLog(SqliteLog):
    """A log that writes what was appended with the commit, or before somebody reads."""

    __slots__ = ("_appended", "_changes", "_expiring", "_numbers", "_own", "_remembers", "_tail")

    def __init__(
        self, db: sqlite3.Connection, key: str, row: tuple[int, int, int], changes: Changes
    ) -> None:
        super().__init__(db, key, *row)
        self._changes = changes
        self._appended: list[tuple[object, ...]] = []
        self._numbers: dict[tuple[str, str], Message] = {}
        self._tail: tuple[int, int] | None = None
        self._own: dict[str, int] = {}
        self._expiring: bool | None = None
        self._remembers: bool | None = None

    def extend(self, messages: Iterable[Message]) -> None:
        """Add the next messages, one after the other."""
        self._changes.logs[self.key] = self
        content, countable = self._tail or self._counts(self.last)
        for message in messages:
            sender, counts = message.sender, is_countable(message)
            own = self._own.get(sender)
            if own is None:  # then nothing of the sender's waits to be written
                own = super()._own_count(sender, self.last)
            self.last += 1
            assert message.seq == self.last, "a log has no holes"
            content += message.kind == "content"
            countable += counts
            self._own[sender] = own = own + counts
            self._appended.append(self._row(message, content, countable, own))
            self._numbers[sender, message.client_msg_no] = message
            if message.expires_ms:
                self._expiring = True
        self._tail = (content, countable)

    def take_appended(self) -> list[tuple[object, ...]]:
        """Give the rows that are not written yet; whoever takes them writes them."""
        rows, self._appended = self._appended, []
        self._numbers.clear()
        return rows

    def _write(self) -> None:
        if self._appended:
            self._db.executemany(INSERT, self.take_appended())

    def erase(self, upto: int) -> None:
        """Drop every message up to a seq but commands; numbers are never used again."""
        self._changes.logs[self.key] = self
        self._expiring = None
        super().erase(upto)

    def remember(self, unkept: Unkept, forget_before_ms: int) -> None:
        """Remember a message that is not kept, and forget those accepted before a time."""
        self._changes.logs[self.key] = self
        self._remembers = True
        super().remember(unkept, forget_before_ms)

    # Reading: what was appended is known here, or written first

    @property
    def has_expiring(self) -> bool:
        """Whether any message of the log expires."""
        if self._expiring is None:
            self._expiring = super().has_expiring
        return self._expiring

    def find(self, sender: str, client_msg_no: str) -> Message | None:
        """Give the newest message of a sender with this client number, or None."""
        found = self._numbers.get((sender, client_msg_no))
        return found if found is not None else super().find(sender, client_msg_no)

    def remembered(self, sender: str, client_msg_no: str) -> Unkept | None:
        """Give what is remembered of a sender with this client number, or None."""
        if self._remembers is None:
            some = "SELECT 1 FROM unkept WHERE channel = ? LIMIT 1"
            self._remembers = self._db.execute(some, (self._channel,)).fetchone() is not None
        return super().remembered(sender, client_msg_no) if self._remembers else None

    def last_by(self, sender: str) -> int:
        """Give the seq of the newest message of a sender, whatever its kind; 0: none."""
        self._write()
        return super().last_by(sender)

    def _select(self, rest: str, above: int, upto: int, *more: int) -> list[Message]:
        self._write()
        return super()._select(rest, above, upto, *more)

    def _counts(self, seq: int) -> tuple[int, int]:
        if seq == self.last and self._tail is not None:
            return self._tail
        self._write()
        return super()._counts(seq)

    def _own_count(self, sender: str, seq: int) -> int:
        self._write()
        return super()._own_count(sender, seq)


class TurnState(DurableState):
    """What a server that stays knows, in a database."""

    __slots__ = ("_changes", "_turn_logs", "_turn_owners", "_turn_tables")

    def __init__(self, db: sqlite3.Connection, profile: Profile) -> None:
        super().__init__(db, profile)
        self._changes = changes = Changes()
        self._turn_logs = self.logs = TurnLogs(db, changes)
        self._turn_owners = self.records = TurnOwners(db, changes)
        self._turn_tables: dict[str, TurnTable[Any, Any]] = {}
        for name in ("users", "channels", *self._lazy):
            table: TurnTable[Any, Any] = TurnTable(getattr(self, name), changes)
            self._turn_tables[name] = table
            setattr(self, name, table)
        self._lazy = {name: self._turn_tables[name] for name in self._lazy}

    def changed(self, *, time_matters: bool) -> bool:
        """Tell whether there is anything to write; that time has passed may be nothing."""
        replaced = any(getattr(self, name) is not table for name, table in self._lazy.items())
        return bool(
            self._changes
            or replaced
            or self._turn_owners.changed
            or self._meta_changed(without_time=not time_matters)
        )

    def save(self) -> None:
        """Write what was changed since the last time."""
        for name, lazy in self._lazy.items():
            now = getattr(self, name)
            if now is not lazy:
                lazy.refill(now)
                setattr(self, name, lazy)
        self._turn_owners.save()
        self._changes.save(self._db)
        self._save_meta()
        # Whoever changes a value from now on asks for it again, and so it is noted again.
        self._own_users = set()
        self._own_channels = set()
        self._own_logs = set()
        self._own_records = set()

    @property
    def remembered(self) -> int:
        """How many values stay in memory."""
        tables = (*self._turn_tables.values(), self._turn_owners, self._turn_logs)
        return sum(map(dict.__len__, tables))

    def let_go(self) -> None:
        """Forget what can be read again; only right after a commit."""
        for table in self._turn_tables.values():
            table.let_go()
        dict.clear(self._turn_owners)
        dict.clear(self._turn_logs)
        self.fanouts.clear()

    def people(self) -> Iterable[tuple[str, Any]]:
        """Give every user one by one; what was not in memory before is not kept there."""
        users = self._turn_tables["users"]
        for name, body in users.shelf.rows():
            yield name, dict.get(users, name) or users.decode(name, body)
