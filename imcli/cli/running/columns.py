"""Several targets side by side: one row per case, one column per target.

A fold in front of the console's: per-case lines are replaced by rows of this table, everything else
(tables after a case, failures in full, the last line) is the console's own.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.report.console import EXPLAINED, ConsoleReport, Show
from imcli.report.text import cut_start, pad, safe, width
from imcli.scenario.events import CaseFinished, CaseResult, RunEvent, RunStarted

WORD_COLUMNS = 15
RED, RESET = "\x1b[31m", "\x1b[0m"


class ColumnsReport:
    """Writes a row when a case has ended on every target."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        columns: int,
        color: bool,
        show: Show,
        whole: bool = False,
    ) -> None:
        self._write = write
        self._columns = columns
        self._whole = whole
        self._color = color
        self._muted = False
        self._show = show
        self._names: tuple[str, ...] = ()
        self._row: list[CaseResult] = []
        self._console = ConsoleReport(self._pass_on, columns=columns, color=color, show=show)

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, RunStarted):
            self._names = tuple(target.name for target in event.targets)
            self._write("  ".join(pad(safe(n), column(n)) for n in self._names) + "  case")
        self._muted = isinstance(event, CaseFinished) and self._show == "failures"
        self._console.handle(event)
        self._muted = False
        if isinstance(event, CaseFinished):
            self._add(event.case)

    def _pass_on(self, line: str) -> None:
        if not self._muted:
            self._write(line)

    def _add(self, case: CaseResult) -> None:
        self._row.append(case)
        if len(self._row) < len(self._names):
            return
        cells = [self._cell(result) for result in self._row]
        used = sum(column(name) + 2 for name in self._names)
        name = safe(case.case_id)
        if not self._whole:
            name = cut_start(name, max(20, self._columns - used))
        self._write("  ".join(cells) + "  " + name)
        self._row = []

    def _cell(self, case: CaseResult) -> str:
        text = pad(case.result, column(safe(case.target.name)))
        return f"{RED}{text}{RESET}" if self._color and case.result in EXPLAINED else text


def column(name: str) -> int:
    """The width of a target's column."""
    return max(WORD_COLUMNS, width(name))
