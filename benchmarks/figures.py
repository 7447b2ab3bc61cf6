"""One measured figure, how it is compared with its bar, and how all of them are printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """What was measured, and the bar it is held against (None: measured for information).

    `value` is in `unit`; `at_most` says that smaller is better. `against` names what else was
    measured in the same run, where the value is a ratio or is shown beside one.
    """

    what: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = False
    against: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None where there is no bar."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def cells(self) -> tuple[str, str, str, str]:
        """What, measured, bar, and whether it is met, as text."""
        measured = f"{number(self.value)} {self.unit}".strip()
        if self.against:
            measured += f" ({self.against})"
        if self.bar is None:
            return self.what, measured, "", ""
        sign = "≤" if self.at_most else "≥"
        bar = f"{sign} {number(self.bar)} {self.unit}".strip()
        return self.what, measured, bar, "met" if self.met else "missed"


HEADER = ("what", "measured", "bar", "")


def number(value: float) -> str:
    """Write a number with as many digits as mean something.

    >>> number(123456.7), number(12.34), number(0.01234)
    ('123,457', '12.3', '0.012')
    """
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.2g}"


def plain_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Print rows in columns.

    >>> print(plain_table([("what", "measured"), ("start", "1.2 ×")]))
    what   measured
    start  1.2 ×
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(figures: Iterable[Figure]) -> str:
    """Write figures as a Markdown table."""
    rows = [HEADER, ("---",) * len(HEADER), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
