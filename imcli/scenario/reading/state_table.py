"""`assert table:`, the state table as an assertion: its header, its rows, its cells.

Cells are split at white space; several names in one cell are joined by commas. Here it is checked
that they can be read and that their names exist; whether they are true is decided in `check.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imcli.scenario.reading.belongs import stranger
from imcli.scenario.reading.matrix import Values, fill_tokens
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.rows_together import ANYTHING, NOTHING, Row, note_contradictions
from imcli.scenario.reading.scope import RIGHT, Scope
from imcli.scenario.reading.suggest import nearest_word
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import TABLE_COLUMNS, TABLE_FLAGS, Span, TableIs
from imcli.scenario.table.tokens import Token, read_text, write_text
from imcli.scenario.table.values import NUMBER_MAX

TABLE = "table:"
"""How a table is written as a claim."""

Cell = tuple[Token, ...]


def split_cells(tokens: tuple[Token, ...]) -> list[Cell]:
    """Put tokens that touch each other into one cell."""
    cells: list[list[Token]] = []
    end = -1
    for token in tokens:
        if token.start == end:
            cells[-1].append(token)
        else:
            cells.append([token])
        end = token.end
    return [tuple(cell) for cell in cells]


def cell_text(cell: Cell) -> str:
    """Write a cell; texts in their canonical form."""
    return "".join(
        write_text(read_text(token.text)) if token.kind == "string" else token.text
        for token in cell
    )


def read_table(
    node: Node, span: Span, scope: Scope, values: Values, problems: Problems
) -> TableIs | None:
    """Read the deeper lines of a table; None where they are wrong (noted)."""
    if not node.children:
        problems.add(span, "this table is empty", "a header line: device conversation unread last")
        return None
    header, *rows = node.children
    before = len(problems.found) + problems.more
    columns = _columns(header, problems)
    found = [_row(row, columns, scope, values, problems) for row in rows]
    spans = tuple(row.place.span(row.tokens[0].start, row.tokens[-1].end) for row in rows)
    if not rows:
        message = "this table has no row"
        span = header.place.span(header.tokens[0].start, header.tokens[-1].end)
        problems.add(span, message, "a row for each device and conversation")
    note_contradictions(columns, list(zip(found, spans, strict=True)), scope, problems)
    if len(problems.found) + problems.more > before:
        return None
    return TableIs(span, TABLE, "table", columns, tuple(found), spans)


def _columns(header: Node, problems: Problems) -> tuple[str, ...]:
    """Read the header; a column that is wrong (noted) stays, so that the others can be read."""
    columns: list[str] = []
    right = True
    for cell in split_cells(header.tokens):
        text = cell_text(cell)
        span = header.place.span(cell[0].start, cell[-1].end)
        if text not in TABLE_COLUMNS:
            near = nearest_word(text, TABLE_COLUMNS)
            problems.add(span, f"unknown column `{text}`", " ".join(TABLE_COLUMNS), near)
            right = False
        elif text in columns:
            problems.add(span, f"the column `{text}` stands twice")
            right = False
        columns.append(text)
    span = header.place.span(header.tokens[0].start, header.tokens[-1].end)
    for needed in ("device", "conversation"):
        if right and needed not in columns:
            near = " ".join(c for c in TABLE_COLUMNS if c == needed or c in columns)
            problems.add(span, f"the column `{needed}` is missing", "device conversation …", near)
    return tuple(columns)


def _row(
    row: Node, columns: tuple[str, ...], scope: Scope, values: Values, problems: Problems
) -> Row:
    """Read the texts of a row's cells; none where they are too many or too few."""
    tokens = fill_tokens(row.tokens, values) if row.varies else row.tokens
    cells = split_cells(tokens)
    if len(cells) != len(columns):
        span = row.place.span(tokens[0].start, tokens[-1].end)
        message = f"{len(cells)} cells below {len(columns)} columns"
        near = " ".join([*map(cell_text, cells), *"*" * len(columns)][: len(columns)])
        expected = "one cell per column, `-` for none and `*` for anything"
        problems.add(span, message, expected, near)
        return ()
    texts = tuple(map(cell_text, cells))
    about = dict(zip(columns, texts, strict=True))
    for column, cell, text in zip(columns, cells, texts, strict=True):
        complaint, nearest = _check(column, text, cell, scope, about)
        if complaint:
            span = row.place.span(cell[0].start, cell[-1].end)
            problems.add(span, complaint, nearest=nearest)
    return texts


def _check(
    column: str, text: str, cell: Cell, scope: Scope, about: Mapping[str, str]
) -> tuple[str, str]:
    if text == "-" and column != "device":
        return RIGHT
    if about.get("conversation") == "-" and column not in ("device", "conversation"):
        return "a row that says that a device has nothing has `-` in every other cell", "-"
    if text == "*":
        return RIGHT
    match column:
        case "device" if text == NOTHING:
            return "a row begins with a device; `*` is any", ANYTHING
        case "device":
            return scope.actor(text)
        case "conversation" if f"#{text}" in scope.known:
            return f"a group is written #{text}", f"#{text}"
        case "conversation":
            return scope.check("group" if text[:1] == "#" else "user", text)
        case "unread":
            right = text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= NUMBER_MAX
            return RIGHT if right else ("an unread count is a number, `-` or `*`", "*")
        case "last" if cell[0].kind == "string" and len(cell) == 1:
            return RIGHT
        case "last" | "read" | "deleted":
            return _message(text, scope, about)
        case "messages":
            return _first(text, lambda name: _message(name, scope, about))
        case "flags":
            return _first(text, _flag)
        case _:
            return RIGHT


def _message(name: str, scope: Scope, about: Mapping[str, str]) -> tuple[str, str]:
    """Check a label in a row: it exists, and is a message of the row's conversation."""
    complaint, nearest = scope.label(name, "message")
    chat = about.get("conversation", ANYTHING)
    if complaint or chat == ANYTHING:
        return complaint, nearest
    user = about.get("device", ANYTHING).partition(".")[0]
    return stranger(scope.labels, name, user, chat), ""


def _flag(text: str) -> tuple[str, str]:
    if text in TABLE_FLAGS:
        return RIGHT
    return f"unknown flag `{text}` ({', '.join(TABLE_FLAGS)})", nearest_word(text, TABLE_FLAGS)


def _first(text: str, check: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """Check the names of one cell; gives the first complaint."""
    for name in text.split(","):
        complaint = check(name)
        if complaint != RIGHT:
            return complaint
    return RIGHT
