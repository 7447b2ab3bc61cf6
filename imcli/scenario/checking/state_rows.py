"""The state table: what each device has, one row per conversation, as rows of values.

Failures show it, `table:` claims are compared with it, the admin verbs print it. It knows how a
fact becomes the text of a cell, and nothing of layout.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from imcli.model.entities import DeviceKey, Entry, Message, channel_key
from imcli.model.questions import ListView
from imcli.scenario.events import Cell, StateTable, TableRow
from imcli.scenario.syntax import TABLE_COLUMNS, TABLE_FLAGS

COLUMNS = TABLE_COLUMNS[2:]
"""The columns behind device and conversation."""

NOTHING = "-"


class Caller(Protocol):
    """Whoever gives messages and places in a log their names (`Names` in a scenario)."""

    def call(self, message: Message) -> str:
        """Name a message."""

    def call_seq(self, channel: str, seq: int, messages: Iterable[Message] = ()) -> str:
        """Name a place in a channel's log; `messages` are those that are at hand."""


class PlainCaller:
    """Names where nobody gave any: sequence numbers, and texts of messages without one."""

    def call(self, message: Message) -> str:
        """Name a message by its number in the log."""
        return str(message.seq) if message.seq else message.text

    def call_seq(self, channel: str, seq: int, messages: Iterable[Message] = ()) -> str:
        """Name a place in a log by its number."""
        return str(seq) if seq else NOTHING


def state_table(
    lists: Iterable[tuple[DeviceKey, ListView]],
    names: Caller,
    columns: tuple[str, ...] = COLUMNS,
) -> StateTable:
    """Make the table of what these devices have, in their order; lists keep theirs."""
    rows: list[TableRow] = []
    for key, view in lists:
        device = str(key)
        for entry in view.entries:
            cells = tuple(Cell(entry_cell(c, entry, key.user, names)) for c in columns)
            rows.append(TableRow(device, entry.chat, cells))
        if not view.entries:
            rows.append(TableRow(device, NOTHING, tuple(Cell(NOTHING) for _ in columns)))
    return StateTable(columns, tuple(rows))


def entry_cell(column: str, entry: Entry, user: str, names: Caller) -> str:
    """Write one fact of an entry as a cell of the table.

    >>> entry_cell("unread", Entry("B", unread=2), "A", PlainCaller())
    '2'
    >>> entry_cell("flags", Entry("B", pinned=True, muted=True), "A", PlainCaller())
    'pinned,muted'
    """
    match column:
        case "unread":
            return str(entry.unread)
        case "last":
            return names.call(entry.last) if entry.last else NOTHING
        case "messages":
            return ",".join(names.call(m) for m in entry.messages) or NOTHING
        case "read":
            return names.call_seq(channel_key(user, entry.chat), entry.read_to, entry.messages)
        case "deleted":
            return names.call_seq(channel_key(user, entry.chat), entry.deleted_to, entry.messages)
        case _:
            return ",".join(entry_flags(entry)) or NOTHING


def entry_flags(entry: Entry) -> tuple[str, ...]:
    """The flags that are set, as words of the table."""
    return tuple(word for word, field in TABLE_FLAGS.items() if getattr(entry, field))
