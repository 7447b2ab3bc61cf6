"""The state table as a claim: exact for every device that it names, rows in any order.

Cells are as written in the file: `-` is none, `*` anything, texts are quoted, several names are
joined by commas. A device that must have nothing has one row with `-` in every other cell.
"""

from __future__ import annotations

import msgspec

from imcli.model.entities import DeviceKey, Entry, channel_key
from imcli.model.questions import ListView
from imcli.scenario.checking.check_facts import same_messages
from imcli.scenario.checking.mismatch import Answers, Mismatch, mismatch, spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import entry_cell
from imcli.scenario.checking.texts import called_with, told_apart
from imcli.scenario.events import Disagreement
from imcli.scenario.syntax import TABLE_FLAGS, Span, TableIs

Row = dict[str, str]


def table_devices(claim: TableIs, names: Names) -> tuple[DeviceKey, ...]:
    """The devices that a table names, each once, in its order."""
    found: dict[DeviceKey, None] = {}
    for row in claim.rows:
        for key in _row_devices(dict(zip(claim.columns, row, strict=True)), names):
            found[key] = None
    return tuple(found)


def _row_devices(row: Row, names: Names) -> tuple[DeviceKey, ...]:
    named = row.get("device", "*")
    if named == "*":
        return tuple(key for keys in names.devices.values() for key in keys)
    user, _, device = named.partition(".")
    return names.keys(user, device)


def row_span(claim: TableIs, disagreement: Disagreement, names: Names) -> Span | None:
    """The place of the row that a device disagrees with; nothing where no row is about it."""
    for cells, span in zip(claim.rows, claim.spans, strict=True):
        row = dict(zip(claim.columns, cells, strict=True))
        devices = [str(key) for key in _row_devices(row, names)]
        about = row.get("conversation") in (disagreement.conversation, "-")
        if disagreement.subject in devices and about:
            return span
    return None


def check_table(claim: TableIs, answers: Answers, names: Names) -> Mismatch | None:
    """Compare each named device's list with its rows."""
    rows = [dict(zip(claim.columns, row, strict=True)) for row in claim.rows]
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ListView)
        mine = [row for row in rows if key in _row_devices(row, names)]
        wrong.extend(_device(key, view.entries, mine, names))
    return mismatch(wrong) if wrong else None


def _device(
    key: DeviceKey, entries: tuple[Entry, ...], rows: list[Row], names: Names
) -> list[Disagreement]:
    """Pair rows with entries, the pickiest row first, and tell what is left over."""
    wrong: list[Disagreement] = []
    left = list(entries)
    wanted = [row for row in rows if not _says_nothing(row)]
    unmatched: list[Row] = []
    for row in sorted(wanted, key=lambda row: sum(cell == "*" for cell in row.values())):
        match = next((e for e in left if not _cell_differences(row, e, key.user, names)), None)
        if match is None:
            unmatched.append(row)
        else:
            left.remove(match)
    for row in unmatched:
        close = next((e for e in left if e.chat == row.get("conversation")), None)
        if close is None:
            wrong.append(_missing(key, row))
        else:
            left.remove(close)
            wrong.append(_different(key, row, close, names))
    wrong.extend(
        Disagreement(str(key), f"sees {e.chat}, which the table does not have", e.chat, NOT_LISTED)
        for e in left
    )
    return wrong


NOT_LISTED = (("", "not listed"),)


def _says_nothing(row: Row) -> bool:
    return all(cell == "-" for column, cell in row.items() if column != "device")


def _missing(key: DeviceKey, row: Row) -> Disagreement:
    chat = row.get("conversation", "*")
    cells = tuple(
        (c, v) for c, v in row.items() if c not in ("device", "conversation") and v != "*"
    )
    words = f"does not see {chat} after synchronising"
    if chat == "*":
        words = f"has no conversation with {spoken(f'{c} {v}' for c, v in cells)}"
    return Disagreement(str(key), words, chat, cells or (("", "listed"),))


def _different(key: DeviceKey, row: Row, entry: Entry, names: Names) -> Disagreement:
    columns = _cell_differences(row, entry, key.user, names)
    cells = [(column, *_wanted_and_seen(column, row, entry, key, names)) for column in columns]
    parts = (f"{column} {seen} instead of {wanted}" for column, wanted, seen in cells)
    words = f"sees {entry.chat} with {spoken(parts)}"
    expected = tuple((column, wanted) for column, wanted, _ in cells)
    return Disagreement(str(key), words, entry.chat, expected)


def _wanted_and_seen(
    column: str, row: Row, entry: Entry, key: DeviceKey, names: Names
) -> tuple[str, str]:
    """Give what a cell should have and what it has; of texts, so that they are told apart."""
    if column == "last" and row[column][:1] == '"' and entry.last is not None:
        wanted, seen = told_apart(_text(row[column]), entry.last.text)
        return wanted, called_with(entry.last, seen, names)
    return row[column], entry_cell(column, entry, key.user, names)


def _text(cell: str) -> str:
    return msgspec.json.decode(cell, type=str)


def _cell_differences(row: Row, entry: Entry, user: str, names: Names) -> list[str]:
    return [
        column
        for column, cell in row.items()
        if cell != "*" and column != "device" and not _cell_holds(column, cell, entry, user, names)
    ]


def _cell_holds(column: str, cell: str, entry: Entry, user: str, names: Names) -> bool:
    if column == "conversation":
        return cell == entry.chat
    if column == "unread":
        return cell == str(entry.unread)
    if column == "last":
        return _last_holds(cell, entry, names)
    if column == "messages":
        labels = () if cell == "-" else tuple(part.strip() for part in cell.split(","))
        return same_messages(labels, entry.messages, names)
    if column in ("read", "deleted"):
        mark = entry.read_to if column == "read" else entry.deleted_to
        return mark == (0 if cell == "-" else _mark(cell, user, entry.chat, names))
    return _flags_hold(cell, entry)


def _last_holds(cell: str, entry: Entry, names: Names) -> bool:
    if cell == "-" or entry.last is None:
        return cell == "-" and entry.last is None
    if cell[:1] == '"':
        return entry.last.text == _text(cell)
    return names.is_message(cell, entry.last)


def _mark(cell: str, user: str, chat: str, names: Names) -> int:
    sent = names.sent.get(cell)
    if sent is not None and channel_key(sent.action.user, sent.action.chat) != channel_key(
        user, chat
    ):
        return -1
    return names.seq(cell, user, chat)


def _flags_hold(cell: str, entry: Entry) -> bool:
    wanted = frozenset() if cell == "-" else frozenset(part.strip() for part in cell.split(","))
    return all((flag in wanted) == getattr(entry, field) for flag, field in TABLE_FLAGS.items())
