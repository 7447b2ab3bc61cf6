"""Tables over a database: read when first touched, written where they changed.

A `LazyTable` is a dict that reads one value when it is first asked for and remembers how it was
encoded; `save` encodes what was read or set once more and writes what differs. So a command reads
and writes what it touches, and its cost does not grow with the file. Asked for everything (a
digest, a restart), a table reads everything, in the order in which its keys came to be, exactly as
a dict in memory would have it.

What the tables of a server hold is said in `sqlite_state.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values

K = TypeVar("K", bound=str | int)
V = TypeVar("V")

ENCODER = msgspec.msgpack.Encoder()


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


class FoundTable(dict[K, V]):
    """A dict that finds a value when it is first asked for: whoever inherits has `__missing__`."""

    def get(self, key: K, default: Any = None) -> Any:
        """Give a value, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]  # keys are of one type


class LazyTable(FoundTable[K, V]):
    """A dict that reads from a shelf what it is asked for, and can write back what changed."""

    def __init__(
        self,
        shelf: Shelf[K],
        decode: Callable[[K, bytes], V],
        encode: Callable[[V], bytes] = ENCODER.encode,
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
