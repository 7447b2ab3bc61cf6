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

    >>> print(aligned(Table(("user", "unread"), (Row(("A", "12"), {}),), numbers=("unread",))))
    user  unread
    A         12
    """
    lines = [table.columns, *(tuple(visible(cell) for cell in row.cells) for row in table.rows)]
    widths = [max(columns_of(line[i]) for line in lines) for i in range(len(table.columns))]
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


def drawn(table: Table, *, columns: int, color: bool) -> str:
    """Draw for a terminal of so many columns, with Rich."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    picture = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in table.columns:
        picture.add_column(
            Text(column),
            justify="right" if column in table.numbers else "left",
            overflow="fold",
            no_wrap=column in table.numbers,
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
