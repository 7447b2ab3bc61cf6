"""What a simulated server knows, in a database: its schema, its tables, and the state they make.

`DurableState` is a `State` whose tables are dicts over the database (`sqlite_tables.py`); each
channel's log is a table of its own kind (`sqlite_log.py`). A state lives for one command and is
never shared. `fork` gives an ordinary state in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from imcli.model.entities import Message
from imcli.model.events import ConversationPushed
from imcli.simulator.log import ListLog, Log
from imcli.simulator.profiles import Profile
from imcli.simulator.record import Record
from imcli.simulator.state import Channel, State, User
from imcli.simulator.waiting import CachedList, Waiting
from imcli.targets import sqlite_log
from imcli.targets.sqlite_log import SqliteLog
from imcli.targets.sqlite_tables import ENCODER, FoundTable, LazyTable, Shelf, V

if TYPE_CHECKING:
    from _collections_abc import dict_items

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL)",
    "CREATE TABLE channels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL)",
    """CREATE TABLE logs (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        last INTEGER NOT NULL DEFAULT 0, erased INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE records (
        id INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
        UNIQUE (owner, name))""",
    *(
        f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name NOT NULL UNIQUE, body BLOB NOT NULL)"
        for table in ("waiting", "cached_lists", "tags", "frames")
    ),
    *sqlite_log.SCHEMA,
    *sqlite_log.UNKEPT_SCHEMA,
)

_Timer = tuple[int, int, str, str, str, int, int]


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Make a decoder when it is first needed: each costs a good part of a millisecond."""
    return msgspec.msgpack.Decoder(kind)


def _decoding(kind: type[V]) -> Callable[[Any, bytes], V]:
    def decode(_: object, body: bytes) -> V:
        value: V = _decoder(kind).decode(body)  # type: ignore[arg-type]  # a class can be hashed
        return value

    return decode


_USER = _decoding(User)
_CHANNEL = _decoding(Channel)
_RECORD = _decoding(Record)
_WAITING = _decoding(Waiting)
_CACHED_LIST = _decoding(CachedList)
_TAG = _decoding(int)


def _frame(_: int, body: bytes) -> object:
    kind = Message if body[:1] == b"m" else ConversationPushed
    return _decoder(kind).decode(body[1:])


def _encode_frame(frame: object) -> bytes:
    return (b"m" if isinstance(frame, Message) else b"c") + ENCODER.encode(frame)


class OwnersTable(FoundTable[str, dict[str, Record]]):
    """Every user's records: a table for each user who ever had one."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self._db = db
        self._new: list[str] = []

    def _table(self, owner: str) -> LazyTable[str, Record]:
        shelf: Shelf[str] = Shelf(self._db, "records", owner)
        return LazyTable(shelf, _RECORD)

    def __missing__(self, owner: str) -> dict[str, Record]:
        found = self._db.execute("SELECT 1 FROM owners WHERE name = ?", (owner,)).fetchone()
        if found is None:
            raise KeyError(owner)
        self[owner] = table = self._table(owner)
        return table

    def made(self, owner: str) -> dict[str, Record]:
        """Give a user's records, made where there are none."""
        table: dict[str, Record] | None = self.get(owner)
        if table is None:
            self._new.append(owner)
            table = self[owner] = self._table(owner)
        return table

    def items(self) -> dict_items[str, dict[str, Record]]:
        """Give all pairs, in the order in which users got their first record."""
        names = [row[0] for row in self._db.execute("SELECT name FROM owners ORDER BY id")]
        whole = {name: self[name] for name in (*names, *self._new)}
        return whole.items()

    def _save_new(self) -> None:
        for name in self._new:
            self._db.execute("INSERT INTO owners (name) VALUES (?)", (name,))
        self._new.clear()

    def save(self) -> None:
        """Write what changed."""
        self._save_new()
        for table in self.values():
            assert isinstance(table, LazyTable), "nobody else makes a table here"
            table.save()


class LogsTable(FoundTable[str, Log]):
    """The logs of all channels; one is found when it is first asked for."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__()
        self._db = db

    def __missing__(self, key: str) -> Log:
        row = self._db.execute(
            "SELECT id, last, erased FROM logs WHERE name = ?", (key,)
        ).fetchone()
        if row is None:
            raise KeyError(key)
        self[key] = log = self._log(key, row)
        return log

    def _log(self, key: str, row: tuple[int, int, int]) -> Log:
        return SqliteLog(self._db, key, *row)

    def items(self) -> dict_items[str, Log]:
        """Give all pairs, in the order in which the logs were made."""
        names = [row[0] for row in self._db.execute("SELECT name FROM logs ORDER BY id")]
        whole = {name: self[name] for name in names}
        return whole.items()

    def made(self, key: str) -> Log:
        """Make a new log."""
        self._db.execute("INSERT INTO logs (name) VALUES (?)", (key,))
        return self[key]

    def save(self) -> None:
        """Write how far each log reaches."""
        for log in self.values():
            assert isinstance(log, SqliteLog), "nobody else makes a log here"
            log.save()


_REPLACEABLE = ("waiting", "cached_lists", "tags", "frames")
"""Tables that the law books also replace as a whole."""


class DurableState(State):
    """What a server knows, in a database: for one command, within its transaction."""

    __slots__ = ("_db", "_lazy", "_saved_meta")

    def __init__(self, db: sqlite3.Connection, profile: Profile) -> None:
        super().__init__(profile)
        self._db = db
        self.users = LazyTable(Shelf(db, "users"), _USER)
        self.channels = LazyTable(Shelf(db, "channels"), _CHANNEL)
        self.logs = LogsTable(db)
        self.records = OwnersTable(db)
        self.waiting = LazyTable(Shelf(db, "waiting"), _WAITING)
        self.cached_lists = LazyTable(Shelf(db, "cached_lists"), _CACHED_LIST)
        self.tags = LazyTable(Shelf(db, "tags"), _TAG)
        self.frames = LazyTable(Shelf(db, "frames"), _frame, _encode_frame)
        self._lazy: dict[str, LazyTable[Any, Any]] = {
            name: getattr(self, name) for name in _REPLACEABLE
        }
        self._saved_meta = {
            name: bytes(body)
            for name, body in db.execute("SELECT name, body FROM meta WHERE name != 'profile'")
        }
        if "scalars" in self._saved_meta:
            self.restore_scalars(_decoder(tuple[int, ...]).decode(self._saved_meta["scalars"]))
            self.timers = _decoder(list[_Timer]).decode(self._saved_meta["timers"])

    def new_log(self, key: str) -> Log:
        """Make an empty log in the database."""
        assert isinstance(self.logs, LogsTable), "the logs of a durable state stay where they are"
        return self.logs.made(key)

    def _own_table(self, user: str) -> dict[str, Record]:
        assert isinstance(self.records, OwnersTable), "so do the records"
        return self.records.made(user)

    def fork(self) -> State:
        """Give a state in memory that goes its own way; reads everything."""
        twin = State(self.profile)
        twin.users = dict(self.users.items())
        twin.channels = dict(self.channels.items())
        twin.logs = {key: _in_memory(key, log) for key, log in self.logs.items()}
        twin.records = {user: dict(table.items()) for user, table in self.records.items()}
        twin.waiting = dict(self.waiting.items())
        twin.cached_lists = dict(self.cached_lists.items())
        twin.tags = dict(self.tags.items())
        twin.timers = list(self.timers)
        twin.frames = dict(self.frames.items())
        twin.restore_scalars(self.scalars())
        return twin

    def aside(self) -> State:
        """Give a state to try something in: what a fork is."""
        return self.fork()

    def save(self) -> None:
        """Write what changed; nothing else."""
        for name, lazy in self._lazy.items():
            lazy.refill(getattr(self, name))
        for table in (self.users, self.channels, self.logs, self.records, *self._lazy.values()):
            assert isinstance(table, LazyTable | LogsTable | OwnersTable), "tables are not replaced"
            table.save()
        self._save_meta()

    def _save_meta(self) -> None:
        for name, value in {"scalars": self.scalars(), "timers": self.timers}.items():
            body = ENCODER.encode(value)
            if self._saved_meta.get(name) != body:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, body))
                self._saved_meta[name] = body

    def _meta_changed(self, *, without_time: bool) -> bool:
        """Tell whether the numbers or timers differ from what was saved."""
        saved = self._saved_meta.get("scalars")
        if saved is None or self._saved_meta["timers"] != ENCODER.encode(self.timers):
            return True
        before = _decoder(tuple[int, ...]).decode(saved)
        now = self.scalars()
        return bool(before[1:] != now[1:] if without_time else before != now)


def _in_memory(key: str, log: Log) -> ListLog:
    assert isinstance(log, SqliteLog), "nobody else makes a log here"
    twin = ListLog(key)
    whole = SqliteLog(log._db, key, log._channel, log.last, 0)
    for message in whole.page(0, log.last, 0):
        twin.append(message)
    if log.erased:
        twin.erase(log.erased)
    for unkept in log.all_remembered():
        twin.remember(unkept, 0)
    return twin
