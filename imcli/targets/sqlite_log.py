"""A channel's log in a database: the interface `Log` of the simulator, at a cost without growth.

Every question is answered by a bounded number of look-ups in B-trees. Ranges are counted by
subtraction: each message's row carries how many content messages and how many countable ones there
are up to it in its channel, and how many countable ones of its own sender. So the count over a
million messages costs what the count over ten does.

Which index a question takes is written into it: left to itself, SQLite prefers walking along the
channel wherever an order by seq is asked for.

Erasing keeps the rows, without their text: numbers stay recognisable and the counts stay right.
`erased` is the seq up to which a reader gets nothing but commands.

Numbers of messages that were answered and not kept have a table of their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from imcli.model.entities import Message
from imcli.simulator.log import Log, Unkept, is_countable

SCHEMA = (
    """CREATE TABLE messages (
        channel INTEGER NOT NULL, seq INTEGER NOT NULL, sender TEXT NOT NULL,
        number TEXT NOT NULL, command INTEGER NOT NULL, expires INTEGER NOT NULL,
        content_count INTEGER NOT NULL, countable_count INTEGER NOT NULL,
        own_count INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (channel, seq)) WITHOUT ROWID""",
    "CREATE INDEX messages_by_number ON messages (channel, sender, number)",
    "CREATE INDEX messages_by_sender ON messages (channel, sender, seq, own_count)",
    "CREATE INDEX messages_visible ON messages (channel, seq) WHERE command = 0",
    "CREATE INDEX messages_expiring ON messages (channel, seq) WHERE expires > 0",
)
UNKEPT_SCHEMA = (
    """CREATE TABLE unkept (
        channel INTEGER NOT NULL, sender TEXT NOT NULL, number TEXT NOT NULL,
        id INTEGER NOT NULL, accepted INTEGER NOT NULL,
        PRIMARY KEY (channel, sender, number)) WITHOUT ROWID""",
    "CREATE INDEX unkept_by_time ON unkept (channel, accepted)",
)

INSERT = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
REMEMBER = "INSERT OR REPLACE INTO unkept VALUES (?, ?, ?, ?, ?)"
REACH = "UPDATE logs SET last = ?, erased = ? WHERE id = ?"
_COLUMNS = "SELECT seq, sender, number, body FROM messages"

_OWN_COLUMNS = ("channel", "seq", "sender", "client_msg_no")
_REQUIRED = len(Message.__struct_fields__) - len(Message.__struct_defaults__)
_DEFAULTS: dict[str, object] = {
    name: Message.__struct_defaults__[place - _REQUIRED] if place >= _REQUIRED else None
    for place, name in enumerate(Message.__struct_fields__)
    if name not in _OWN_COLUMNS
}
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[str, object])


def _encoded(message: Message) -> bytes:
    """Encode what stands in no column of its own, by name, without what is as it always is."""
    body = {name: getattr(message, name) for name in _DEFAULTS}
    return _ENCODER.encode({n: value for n, value in body.items() if value != _DEFAULTS[n]})


class SqliteLog:
    """One channel's log. `last` and `erased` are written by `save`, messages at once."""

    __slots__ = ("_channel", "_db", "_saved", "erased", "key", "last")

    def __init__(
        self, db: sqlite3.Connection, key: str, channel: int, last: int, erased: int
    ) -> None:
        self.key = key
        self.last = last
        self.erased = erased
        self._db = db
        self._channel = channel
        self._saved = (last, erased)

    def fork(self) -> Log:
        """Give the log itself: a command works on one state, which nothing shares."""
        return self

    def save(self) -> None:
        """Write down how far the log reaches."""
        if self._saved != (self.last, self.erased):
            self._db.execute(REACH, self.reach())

    def reach(self) -> tuple[int, int, int]:
        """Give the parameters that write down how far the log reaches."""
        self._saved = (self.last, self.erased)
        return self.last, self.erased, self._channel

    # Writing

    def append(self, message: Message) -> None:
        """Add the next message; its `seq` is `last + 1`."""
        self.extend((message,))

    def extend(self, messages: Iterable[Message]) -> None:
        """Add the next messages, one after the other, in one sweep."""
        content, countable = self._counts(self.last)
        own: dict[str, int] = {}
        rows: list[tuple[object, ...]] = []
        for message in messages:
            sender, counts = message.sender, is_countable(message)
            self.last += 1
            assert message.seq == self.last, "a log has no holes"
            if sender not in own:
                own[sender] = self._own_count(sender, self.last - 1)
            content += message.kind == "content"
            countable += counts
            own[sender] += counts
            rows.append(self._row(message, content, countable, own[sender]))
        self._db.executemany(INSERT, rows)

    def _row(self, message: Message, content: int, countable: int, own: int) -> tuple[object, ...]:
        return (
            self._channel,
            message.seq,
            message.sender,
            message.client_msg_no,
            int(message.kind == "command"),
            message.expires_ms,
            content,
            countable,
            own,
            _encoded(message),
        )

    def erase(self, upto: int) -> None:
        """Drop every message up to a seq but commands; numbers are never used again."""
        upto = min(upto, self.last)
        for message in self.visible(self.erased, upto, upto):
            bare = msgspec.structs.replace(message, text="", payload="")
            self._db.execute(
                "UPDATE messages SET body = ? WHERE channel = ? AND seq = ?",
                (_encoded(bare), self._channel, message.seq),
            )
        self.erased = max(self.erased, upto)

    def remember(self, unkept: Unkept, forget_before_ms: int) -> None:
        """Remember a message that is not kept, and forget those accepted before a time."""
        self._db.execute(
            "DELETE FROM unkept WHERE channel = ? AND accepted < ?",
            (self._channel, forget_before_ms),
        )
        self._db.execute(REMEMBER, (self._channel, *unkept))

    # Reading

    def remembered(self, sender: str, client_msg_no: str) -> Unkept | None:
        """Give what is remembered of a sender with this client number, or None."""
        row = self._db.execute(
            "SELECT sender, number, id, accepted FROM unkept"
            " WHERE channel = ? AND sender = ? AND number = ?",
            (self._channel, sender, client_msg_no),
        ).fetchone()
        return None if row is None else Unkept(*row)

    def all_remembered(self) -> list[Unkept]:
        """Give all that is remembered, the oldest first."""
        rows = self._db.execute(
            "SELECT sender, number, id, accepted FROM unkept WHERE channel = ? ORDER BY id",
            (self._channel,),
        )
        return [Unkept(*row) for row in rows]

    @property
    def memo(self) -> None:
        """A command asks once, so nothing is remembered."""

    @property
    def calm_until(self) -> int:
        """Nothing is remembered, so it need not be known until when that would be right."""
        return 0

    @property
    def newest(self) -> Message | None:
        """The message at `last`, or None."""
        return self.get(self.last)

    @property
    def has_expiring(self) -> bool:
        """Whether any message of the log expires."""
        return bool(self._select("AND expires > 0 ORDER BY seq LIMIT 1", 0, self.last))

    def get(self, seq: int) -> Message | None:
        """Give the message at a seq, or None."""
        found = self.page(seq - 1, seq, 0) if seq > 0 else []
        return found[0] if found else None

    def find(self, sender: str, client_msg_no: str) -> Message | None:
        """Give the newest message of a sender with this client number, or None."""
        row = self._db.execute(
            f"{_COLUMNS} INDEXED BY messages_by_number"
            " WHERE channel = ? AND sender = ? AND number = ? ORDER BY seq DESC LIMIT 1",
            (self._channel, sender, client_msg_no),
        ).fetchone()
        return None if row is None else self._message(row)

    def page(self, above: int, upto: int, limit: int, *, newest: bool = False) -> list[Message]:
        """Give the messages of a range, commands included, oldest first."""
        if newest and limit:
            return self._select("ORDER BY seq DESC LIMIT ?", above, upto, limit)[::-1]
        return self._select("ORDER BY seq LIMIT ?", above, upto, limit or -1)

    def visible(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the newest `limit` messages of a range that are no commands, oldest first."""
        return self._select("AND command = 0 ORDER BY seq DESC LIMIT ?", above, upto, limit)[::-1]

    def visible_after(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the oldest `limit` messages of a range that are no commands, oldest first."""
        return self._select("AND command = 0 ORDER BY seq LIMIT ?", above, upto, limit)

    def last_by(self, sender: str) -> int:
        """Give the seq of the newest message of a sender, whatever its kind; 0: none."""
        row = self._db.execute(
            "SELECT max(seq) FROM messages INDEXED BY messages_by_sender"
            " WHERE channel = ? AND sender = ?",
            (self._channel, sender),
        ).fetchone()
        return row[0] or 0

    def expiring(self, above: int, upto: int) -> list[Message]:
        """Give the messages of a range that expire at some time."""
        return self._select("AND expires > 0 ORDER BY seq", above, upto)

    def _select(self, rest: str, above: int, upto: int, *more: int) -> list[Message]:
        """Read messages of a range (above, upto]; nothing erased is ever among them."""
        index, kept = "", ""
        upto = min(upto, self.last)
        if "command = 0" in rest:
            index, above = " INDEXED BY messages_visible", max(above, self.erased)
        elif "expires > 0" in rest:
            index = " INDEXED BY messages_expiring"
        if above < self.erased:
            kept = f" AND (seq > {self.erased} OR command = 1)"
        if above >= upto:  # also where a number is asked for that SQLite could not hold
            return []
        rows = self._db.execute(
            f"{_COLUMNS}{index} WHERE channel = ? AND seq > ? AND seq <= ?{kept} {rest}",
            (self._channel, above, upto, *more),
        )
        return [self._message(row) for row in rows]

    def _message(self, row: tuple[int, str, str, bytes]) -> Message:
        seq, sender, number, body = row
        fields = _DECODER.decode(body)
        fields |= {"channel": self.key, "seq": seq, "sender": sender, "client_msg_no": number}
        return msgspec.convert(fields, Message)

    # Counting

    def count_content(self, above: int, upto: int) -> int:
        """Count content messages in a range, expired ones included."""
        above, upto = max(above, self.erased), min(upto, self.last)
        return self._counts(upto)[0] - self._counts(above)[0] if upto > above else 0

    def count_countable(self, above: int, upto: int, without: str) -> int:
        """Count messages in a range that make unread for everybody but `without`."""
        above, upto = max(above, self.erased), min(upto, self.last)
        if upto <= above:
            return 0
        return self._others_count(without, upto) - self._others_count(without, above)

    def countable_from_end(self, upto: int, without: str, above: int, n: int) -> int:
        """Give the seq of the n-th newest countable message not of `without` in a range."""
        low, high = max(above, self.erased), min(upto, self.last)
        total = self.count_countable(low, high, without)
        if total == 0:
            return 0
        # The count of others' messages never falls, so the place where it reaches what is wanted
        # is found by halving.
        wanted = self._others_count(without, high) - (min(n, total) if n > 0 else total) + 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._others_count(without, middle) >= wanted:
                high = middle
            else:
                low = middle
        return high

    def _others_count(self, without: str, seq: int) -> int:
        return self._counts(seq)[1] - self._own_count(without, seq)

    def _counts(self, seq: int) -> tuple[int, int]:
        """Give how many content and how many countable messages there are up to a seq."""
        row = self._db.execute(
            "SELECT content_count, countable_count FROM messages WHERE channel = ? AND seq = ?",
            (self._channel, seq),
        ).fetchone()
        return (0, 0) if row is None else (row[0], row[1])

    def _own_count(self, sender: str, seq: int) -> int:
        """Give how many countable messages a sender has up to a seq."""
        row = self._db.execute(
            "SELECT own_count FROM messages INDEXED BY messages_by_sender"
            " WHERE channel = ? AND sender = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
            (self._channel, sender, seq),
        ).fetchone()
        return 0 if row is None else int(row[0])
