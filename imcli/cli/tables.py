"""One model of a listing, four ways to print it.

A row has cells for people and a record for programs. `table` is for people: drawn by Rich on a
terminal (loaded only then), aligned by hand in a pipe. `json` is one array, `jsonl` one object a
line, `plain` is tab-separated without a header. The shapes of the records are `docs/output.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from imcli.cli.text import columns_of, one_cell, visible

Record = Mapping[str, object]

BETWEEN = 3
"""Columns of a terminal between two columns of a drawing."""
NARROWEST = 10
"""What is left to each column that may be broken, at least."""

PADDED_MAX = 120
"""So wide is a column of a pipe at most that all lines are filled up to."""


class Row(NamedTuple):
    """One line: cells as people read them, and the same as a JSON object."""

    cells: tuple[str, ...]
    record: Record


class Table(NamedTuple):
    """A listing. `numbers` names the columns that are aligned to the right.

    `empty` is said on stderr when there is no row.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str = ""
    numbers: tuple[str, ...] = ()
    title: str = ""


def aligned(table: Table) -> str:
    """Print for a pipe: two spaces between columns, no rules, no colour.

    A cell of more than `PADDED_MAX` columns moves what is behind it in its own line alone: one long
    message does not make all lines as long.

    >>> print(aligned(Table(("user", "unread"), (Row(("A", "12"), {}),), numbers=("unread",))))
    user  unread
    A         12
    """
    lines = [table.columns, *(tuple(visible(cell) for cell in row.cells) for row in table.rows)]
    widths = [
        max((width for line in lines if (width := columns_of(line[i])) <= PADDED_MAX), default=0)
        for i in range(len(table.columns))
    ]
    right = [column in table.numbers for column in table.columns]
    return "\n".join(aligned_line(line, widths, right) for line in lines)


def aligned_line(cells: tuple[str, ...], widths: list[int], right: list[bool]) -> str:
    """Pad the cells of one line."""
    padded = []
    for cell, width, to_the_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - columns_of(cell))
        padded.append(gap + cell if to_the_right else cell + gap)
    return "  ".join(padded).rstrip()


def tabbed(table: Table) -> str:
    """Print one row a line, cells separated by tabs, no header."""
    return "\n".join("\t".join(one_cell(cell) for cell in row.cells) for row in table.rows)


def fits(table: Table, columns: int) -> bool:
    """Tell whether a drawing has room: the first column whole, something for each of the others.

    A name that is broken can be neither read nor copied; sentences can be broken.

    >>> wide = Table(("switch", "meaning"), (Row(("delete_kind", "what a delete keeps"), {}),))
    >>> fits(wide, 40), fits(wide, 20)
    (True, False)
    """
    first, *others = widths_of(table)
    needed = first + sum(BETWEEN + min(width, NARROWEST) for width in others)
    return needed <= columns


def widths_of(table: Table) -> list[int]:
    """Give the width of each column, heading included."""
    lines = [table.columns, *(tuple(visible(cell) for cell in row.cells) for row in table.rows)]
    return [max(columns_of(line[i]) for line in lines) for i in range(len(table.columns))]


def stacked(table: Table, columns: int) -> str:
    """Print for a terminal that is too narrow for columns: a line a cell, rows apart.

    >>> print(stacked(Table(("user", "unread"), (Row(("A", "12"), {}), Row(("B", "0"), {}))), 40))
    user    A
    unread  12
    <BLANKLINE>
    user    B
    unread  0
    """
    room = max(map(columns_of, table.columns)) + 2
    return "\n\n".join(
        "\n".join(
            line
            for name, cell in zip(table.columns, row.cells, strict=True)
            for line in stacked_cell(name, visible(cell), room, columns)
        )
        for row in table.rows
    )


def stacked_cell(name: str, cell: str, room: int, columns: int) -> list[str]:
    """Print a cell behind the name of its column, and the rest of it below itself."""
    from imcli.report.text import wrap

    first, *others = wrap(cell, columns, " " * room)
    return [line.rstrip() for line in (name + first[columns_of(name) :], *others)]


def drawn(table: Table, *, columns: int, color: bool) -> str:
    """Draw for a terminal of so many columns, with Rich; as a stack where there is no room."""
    if not fits(table, columns):
        return stacked(table, columns)
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    picture = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for index, column in enumerate(table.columns):
        picture.add_column(
            Text(column),
            justify="right" if column in table.numbers else "left",
            overflow="fold",
            no_wrap=index == 0 or column in table.numbers,
        )
    for row in table.rows:
        picture.add_row(*(Text(visible(cell)) for cell in row.cells))
    stream = StringIO()
    console = Console(
        file=stream,
        width=columns,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    console.print(picture)
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip("\n").split("\n"))
