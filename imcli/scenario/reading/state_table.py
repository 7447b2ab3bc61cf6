"""`assert table:`, the state table as an assertion: its header, its rows, its cells.

Cells are split at white space; several names in one cell are joined by commas. Here it is checked
that they can be read and that their names exist; whether they are true is decided in `check.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.scenario.reading.matrix import Values, fill_tokens
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.scope import RIGHT, Scope
from imcli.scenario.reading.suggest import nearest_word
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import Span, TableIs
from imcli.scenario.table.sentences import TABLE_COLUMNS, TABLE_FLAGS
from imcli.scenario.table.tokens import Token, read_text, write_text
from imcli.scenario.table.values import NUMBER_MAX

Cell = tuple[Token, ...]
Check = Callable[[str, Scope], tuple[str, str]]


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
    columns = _columns(header, problems)
    if columns is None:
        return None
    before = len(problems.found) + problems.more
    found = [_row(row, columns, scope, values, problems) for row in rows]
    if not rows:
        message = "this table has no row"
        problems.add(header.place.span(header.tokens[0].start, header.tokens[-1].end), message)
    if len(problems.found) + problems.more > before:
        return None
    spans = tuple(row.place.span(row.tokens[0].start, row.tokens[-1].end) for row in rows)
    return TableIs(span, "table:", "table", columns, tuple(found), spans)


def _columns(header: Node, problems: Problems) -> tuple[str, ...] | None:
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
    for needed in ("device", "conversation"):
        if right and needed not in columns:
            span = header.place.span(header.tokens[0].start, header.tokens[-1].end)
            problems.add(span, f"the column `{needed}` is missing", "device conversation …")
            right = False
    return tuple(columns) if right else None


def _row(
    row: Node, columns: tuple[str, ...], scope: Scope, values: Values, problems: Problems
) -> tuple[str, ...]:
    tokens = fill_tokens(row.tokens, values) if row.varies else row.tokens
    cells = split_cells(tokens)
    if len(cells) != len(columns):
        span = row.place.span(tokens[0].start, tokens[-1].end)
        message = f"{len(cells)} cells below {len(columns)} columns"
        problems.add(span, message, "one cell per column, `-` for none and `*` for anything")
        return ()
    texts: list[str] = []
    for column, cell in zip(columns, cells, strict=True):
        text = cell_text(cell)
        complaint, nearest = _check(column, text, cell, scope)
        if complaint:
            span = row.place.span(cell[0].start, cell[-1].end)
            problems.add(span, complaint, nearest=nearest)
        texts.append(text)
    return tuple(texts)


def _check(column: str, text: str, cell: Cell, scope: Scope) -> tuple[str, str]:
    if text == "*" or (text == "-" and column != "device"):
        return RIGHT
    match column:
        case "device":
            return scope.actor(text)
        case "conversation":
            return scope.check("group" if text[:1] == "#" else "user", text)
        case "unread":
            right = text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= NUMBER_MAX
            return RIGHT if right else ("an unread count is a number, `-` or `*`", "")
        case "last" if cell[0].kind == "string" and len(cell) == 1:
            return RIGHT
        case "last" | "read" | "deleted":
            return scope.label(text, "message")
        case "messages":
            return _first(text, lambda name: scope.label(name, "message"))
        case _:
            return _first(text, _flag)


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
