"""Several targets side by side: one row per case, one column per target.

A fold in front of the console's: per-case lines are replaced by rows of this table, everything else
(tables after a case, failures in full, the last line) is the console's own. A word in a column does
not say why a case was skipped or is known to fail, so the reasons stand below the rows: targets
with the same one share a line, and so do many cases. A target that cannot be used is shown in full
with the first case that it kept from running; the others are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from imcli.report.console import EXPLAINED, ConsoleReport, Show, case_line, paint
from imcli.report.text import cut_start, pad, safe, width, wrap
from imcli.scenario.events import CaseFinished, CaseResult, RunEvent, RunFinished, RunStarted
from imcli.scenario.running.skip import shared_reason, without_target

WORD_COLUMNS = 15
Alike = tuple[str, str, tuple[str, ...]]
"""What cases with one reason share: the result, the reason, and the targets."""
NAMED = 3
"""So many cases with one reason are named; of more of them the first, and how many more."""


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
        self._reasons: dict[Alike, list[CaseResult]] = {}
        self._unusable: Counter[tuple[str, str]] = Counter()
        self._console = ConsoleReport(self._pass_on, columns=columns, color=color, show=show)

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, RunStarted):
            self._names = tuple(target.name for target in event.targets)
            self._write("  ".join(pad(safe(n), column(n)) for n in self._names) + "  case")
        if isinstance(event, RunFinished):
            self._write_reasons()
        self._muted = isinstance(event, CaseFinished) and self._show == "failures"
        if not (isinstance(event, CaseFinished) and self._is_known(event.case)):
            self._console.handle(event)
        self._muted = False
        if isinstance(event, CaseFinished):
            self._add(event.case)

    def _is_known(self, case: CaseResult) -> bool:
        """Whether a case did not run for what was said of one before it: its target is no use."""
        if case.result != "error" or [each.kind for each in case.failures] != ["target"]:
            return False
        why = (case.target.name, case.failures[0].headline)
        self._unusable[why] += 1
        return self._unusable[why] > 1

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
        for alike, case in reasons_of(self._row):
            self._reasons.setdefault(alike, []).append(case)
        self._row = []

    def _write_reasons(self) -> None:
        texts = [
            case_line(together(cases, reason), 0, with_target=True)
            for (_, reason, _), cases in self._reasons.items()
        ]
        texts += [
            safe(f"{count - 1:,} more in error on {name}: {why}")
            for (name, why), count in self._unusable.items()
            if count > 1
        ]
        lines: list[str] = []
        for text in texts:
            lines += [text] if self._whole else wrap(text, self._columns, "", "  ")
        for line in ["", *lines, ""] if lines else []:
            self._write(line)

    def _cell(self, case: CaseResult) -> str:
        text = pad(case.result, column(safe(case.target.name)))
        return paint(("bad" if case.result in EXPLAINED else "", text), self._color)


def reasons_of(row: list[CaseResult]) -> list[tuple[Alike, CaseResult]]:
    """Give each reason of one case once, on all its targets that have it."""
    found: dict[tuple[str, str], list[CaseResult]] = {}
    for case in row:
        if case.reason and case.result not in EXPLAINED:
            reason = shared_reason(case.reason, case.target.name)
            found.setdefault((case.result, reason), []).append(case)
    return [
        ((result, reason, tuple(case.target.name for case in cases)), joined(cases))
        for (result, reason), cases in found.items()
    ]


def joined(cases: list[CaseResult]) -> CaseResult:
    """Join the results of one case that differ in nothing but their target."""
    first = cases[0]
    if len(cases) == 1:
        return first
    names = ", ".join(case.target.name for case in cases)
    reason = without_target(first.reason, first.target.name)
    return replace(first, target=replace(first.target, name=names), reason=reason)


def together(cases: list[CaseResult], reason: str) -> CaseResult:
    """Give the one that stands for all cases with a reason; only a single one has it whole."""
    if len(cases) == 1:
        return cases[0]
    named = ", ".join(case.case_id for case in cases[:NAMED])
    if len(cases) > NAMED:
        named = f"{cases[0].case_id} and {len(cases) - 1:,} more cases"
    return replace(cases[0], case_id=named, reason=reason, orders=1)


def column(name: str) -> int:
    """The width of a target's column."""
    return max(WORD_COLUMNS, width(name))
