"""The simulator's tables over a database: read when first touched, written where they changed.

`DurableState` is a `State` whose tables are `LazyTable`s: dicts that read one value when it is
first asked for and remember how it was encoded. `save` encodes what was read or set once more and
writes what differs. So a command reads and writes what it touches, and its cost does not grow with
the file. Asked for everything (a digest, a restart), a table reads everything, in the order in
which its keys came to be, exactly as a dict in memory would have it.

A state lives for one command and is never shared. `fork` gives an ordinary state in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

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

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values

K = TypeVar("K", bound=str | int)
V = TypeVar("V")

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

_ENCODER = msgspec.msgpack.Encoder()
_Timer = tuple[int, int, str, str, str, int, int]


class Shelf(Generic[K]):
    """One table of the database, as names and bodies; `owner` picks one owner's part of it.

    Attributes:
        place: what comes before name and body in the parameters of each statement.
        writing: the statement that writes one body.
        removing: the statement that removes one.
    """

    def __init__(self, db: sqlite3.Connection, table: str, owner: str | None = None) -> None:
        self._db = db
        self.place = () if owner is None else (owner,)
        mine = "" if owner is None else "owner = ? AND "
        columns, marks = (
            ("name, body", "?, ?") if owner is None else ("owner, name, body", "?, ?, ?")
        )
        unique = "name" if owner is None else "owner, name"
        self._read_one = f"SELECT body FROM {table} WHERE {mine}name = ?"
        self._read_all = f"SELECT name, body FROM {table} WHERE {mine}1 ORDER BY id"
        self.removing = f"DELETE FROM {table} WHERE {mine}name = ?"
        self.writing = (
            f"INSERT INTO {table} ({columns}) VALUES ({marks})"
            f" ON CONFLICT ({unique}) DO UPDATE SET body = excluded.body"
        )

    def read(self, name: K) -> bytes | None:
        """Read one body, or None."""
        row = self._db.execute(self._read_one, (*self.place, name)).fetchone()
        return None if row is None else row[0]

    def read_all(self) -> list[tuple[K, bytes]]:
        """Read everything, in the order in which it came."""
        return self._db.execute(self._read_all, self.place).fetchall()

    def rows(self) -> Iterator[tuple[K, bytes]]:
        """Read everything one by one, in the order in which it came."""
        return iter(self._db.execute(self._read_all, self.place))

    def write(self, name: K, body: bytes) -> None:
        """Write one body; one that is there keeps its place."""
        self._db.execute(self.writing, (*self.place, name, body))

    def remove(self, name: K) -> None:
        """Remove one body."""
        self._db.execute(self.removing, (*self.place, name))


class LazyTable(dict[K, V]):
    """A dict that reads from a shelf what it is asked for, and can write back what changed."""

    def __init__(
        self,
        shelf: Shelf[K],
        decode: Callable[[K, bytes], V],
        encode: Callable[[V], bytes] = _ENCODER.encode,
    ) -> None:
        super().__init__()
        self.shelf = shelf
        self.decode = decode
        self.encode = encode
        self._bodies: dict[K, bytes] = {}
        self._removed: set[K] = set()
        self._whole = False

    def __missing__(self, key: K) -> V:
        body = None if self._whole or key in self._removed else self.shelf.read(key)
        if body is None:
            raise KeyError(key)
        return self._keep(key, body)

    def _keep(self, key: K, body: bytes) -> V:
        value = self.decode(key, body)
        self._bodies[key] = body
        super().__setitem__(key, value)
        return value

    def get(self, key: K, default: Any = None) -> Any:
        """Give a value, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]  # keys are of one type

    def __delitem__(self, key: K) -> None:
        self[key]  # raises where there is none
        super().__delitem__(key)
        self._bodies.pop(key, None)
        self._removed.add(key)

    def pop(self, key: K, default: Any = None) -> Any:
        """Remove a value and give it, or the default."""
        value = self.get(key, default)
        if key in self:
            del self[key]
        return value

    def _read_all(self) -> None:
        """Read everything, so that the order is that of a dict in memory."""
        if self._whole:
            return
        known = dict(super().items())
        super().clear()
        for key, body in self.shelf.read_all():
            if key in self._removed:
                continue
            if key in known:
                super().__setitem__(key, known.pop(key))
            else:
                self._keep(key, body)
        for key, value in known.items():
            super().__setitem__(key, value)
        self._whole = True

    def __iter__(self) -> Iterator[K]:
        self._read_all()
        return super().__iter__()

    def __len__(self) -> int:
        self._read_all()
        return super().__len__()

    def keys(self) -> dict_keys[K, V]:
        """Give all keys."""
        self._read_all()
        return super().keys()

    def values(self) -> dict_values[K, V]:
        """Give all values."""
        self._read_all()
        return super().values()

    def items(self) -> dict_items[K, V]:
        """Give all pairs."""
        self._read_all()
        return super().items()

    def refill(self, values: dict[K, V]) -> None:
        """Hold what a table that was put in this one's place holds."""
        if values is self:
            return
        for key in list(self):
            del self[key]
        for key, value in values.items():
            self[key] = value

    def save(self) -> None:
        """Write what differs from what was read."""
        for key in self._removed:
            self.shelf.remove(key)
        for key, value in super().items():
            body = self.encode(value)
            if self._bodies.get(key) != body:
                self.shelf.write(key, body)
                self._bodies[key] = body
        self._removed.clear()


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
    return (b"m" if isinstance(frame, Message) else b"c") + _ENCODER.encode(frame)


class OwnersTable(dict[str, dict[str, Record]]):
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

    def get(self, owner: str, default: Any = None) -> Any:
        """Give a user's records, or the default."""
        try:
            return self[owner]
        except KeyError:
            return default

    def __contains__(self, owner: object) -> bool:
        return self.get(owner) is not None  # type: ignore[arg-type]  # owners are named by text

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


class LogsTable(dict[str, Log]):
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

    def get(self, key: str, default: Any = None) -> Any:
        """Give a log, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def items(self) -> dict_items[str, Log]:
        """Give all pairs, in the order in which the logs were made."""
        names = [row[0] for row in self._db.execute("SELECT name FROM logs ORDER BY id")]
        whole = {name: self[name] for name in names}
        return whole.items()

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]  # channels are named by text

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
            body = _ENCODER.encode(value)
            if self._saved_meta.get(name) != body:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, body))
                self._saved_meta[name] = body

    def _meta_changed(self, *, without_time: bool) -> bool:
        """Tell whether the numbers or timers differ from what was saved."""
        saved = self._saved_meta.get("scalars")
        if saved is None or self._saved_meta["timers"] != _ENCODER.encode(self.timers):
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
