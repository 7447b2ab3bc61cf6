"""What a person reads while and after a run: a line per case, failures in full, a last line.

A fold over run events that writes lines to whatever it is given. Colour only where it is asked for
(a terminal); then it is the sixteen colours that every terminal has. The progress line is a fold
of its own, because it goes elsewhere (stderr) and is overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

import msgspec

from imcli.report.layout import Line, Style, failure_lines, message_of, table_lines
from imcli.report.text import counted, cut, cut_start, safe, width, wrap
from imcli.scenario.events import (
    NOT_REMOVED,
    RESULTS,
    CaseFinished,
    CaseResult,
    CaseStarted,
    Result,
    RunEvent,
    RunFinished,
    RunStarted,
    StepDone,
)

Show = Literal["failures", "final", "each"]

PAINT: dict[Style, str] = {
    "": "",
    "bad": "31",
    "good": "32",
    "warn": "33",
    "dim": "2",
    "bold": "1",
}
STYLE_OF: dict[Result, Style] = {
    "passed": "good",
    "failed": "bad",
    "unexpected pass": "bad",
    "error": "bad",
    "unknown": "warn",
    "skipped": "dim",
    "known failure": "dim",
}
WORD_COLUMNS = max(map(len, RESULTS))
LEFT_NAMED = 3
"""So many of the things that could not be removed are named; reports in files name all."""
EXPLAINED: frozenset[Result] = frozenset({"failed", "error", "unknown", "unexpected pass"})
"""The results that are shown in full at the end."""


def paint(line: Line, color: bool) -> str:
    """Write a line, with its style where colour is wanted."""
    style, text = line
    return f"\x1b[{PAINT[style]}m{text}\x1b[0m" if color and style and text else text


class ConsoleReport:
    """Writes lines as cases end and the failures when all have.

    Args:
        write: takes one line, without its end.
        columns: width to keep to.
        color: whether to paint.
        show: also the state table after each case (`final`) or each step (`each`).
        whole: whether the line of a case is written in full, however long it is: nobody scrolls
            a file sideways, and what was cut would be nowhere.
        brief: whether to leave out what runs could not remove.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        columns: int = 100,
        color: bool = False,
        show: Show = "failures",
        whole: bool = False,
        brief: bool = False,
    ) -> None:
        self._write = write
        self._columns = columns
        self._whole = whole
        self._brief = brief
        self._color = color
        self._show = show
        self._targets = 1
        self._explained: list[CaseResult] = []
        self._left = Left()

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        match event:
            case RunStarted(targets=targets):
                self._targets = len(targets)
            case CaseStarted():
                pass
            case StepDone():
                if self._show == "each":
                    self._step(event)
            case CaseFinished(case=case):
                self._case(case)
            case RunFinished():
                self._end(event)

    def _line(self, style: Style, text: str) -> None:
        self._write(paint((style, text), self._color))

    def _lines(self, lines: list[Line]) -> None:
        for style, text in lines:
            self._line(style, text)

    def _step(self, event: StepDone) -> None:
        self._line("", cut(safe(f"{event.step}: {event.text}"), self._columns))
        if event.answer:
            self._line("bad", cut(f"  {safe(event.answer)}", self._columns))
        if event.table is not None:
            self._lines(table_lines(event.table, self._columns, "  "))

    def _case(self, case: CaseResult) -> None:
        columns = 0 if self._whole else self._columns
        self._line(STYLE_OF[case.result], case_line(case, columns, self._targets > 1))
        if self._show != "failures" and case.table is not None:
            self._lines(table_lines(case.table, self._columns, "  "))
            for negative in case.negatives:
                text = f"  {negative.step}: {negative.text}: {negative}"
                self._line("dim", cut(safe(text), self._columns))
        case = self._left.taken_from(case)
        if case.result in EXPLAINED:
            self._explained.append(case)
        elif (
            case.result != "known failure"
        ):  # what is known is one line; the other reports have it all
            for note in case.notes:
                self._line("dim", cut(f"  {safe(note)}", self._columns))

    def _end(self, event: RunFinished) -> None:
        for case in self._explained:
            self._line("", "")
            self._lines(failure_lines(case, self._columns, with_steps=True))
        if self._explained:
            self._line("", "")
        for text in () if self._brief else self._left.lines():
            self._lines([("dim", line) for line in wrap(safe(text), self._columns, "", "  ")])
        bad = event.exit_status != 0
        self._line("bad" if bad else "good", cut(summary(event), self._columns))


class Left:
    """What runs could not remove: the same after every case, so it is said once, at the end."""

    def __init__(self) -> None:
        self._cases: Counter[str] = Counter()
        self._whats: dict[str, dict[str, None]] = {}

    def taken_from(self, case: CaseResult) -> CaseResult:
        """Remember what a case left behind, and give the case without the notes that say so."""
        left = [note for note in case.notes if note.startswith(NOT_REMOVED)]
        if not left:
            return case
        parts = [_what_and_why(note.removeprefix(NOT_REMOVED)) for note in left]
        self._cases.update({why for _, why in parts})
        for what, why in parts:
            self._whats.setdefault(why, {})[what] = None
        notes = tuple(note for note in case.notes if note not in left)
        return msgspec.structs.replace(case, notes=notes)

    def lines(self) -> list[str]:
        """A line for each reason, with the first of what it kept."""
        return [
            f"{NOT_REMOVED}{_first(list(whats))}{why} ({counted(self._cases[why], 'case')})"
            for why, whats in self._whats.items()
        ]


def _what_and_why(text: str) -> tuple[str, str]:
    what, colon, why = text.partition(": ")
    return what, colon + why


def _first(whats: list[str]) -> str:
    """Name the first few; what they all begin with is said once."""
    more = len(whats) - LEFT_NAMED
    head = whats[0].rpartition(" ")[0] + " "
    others = [what.removeprefix(head) for what in whats[1:LEFT_NAMED]]
    return ", ".join([whats[0], *others]) + (f" and {more:,} more" if more > 0 else "")


def case_line(case: CaseResult, columns: int, with_target: bool = False) -> str:
    """One line for a case that has ended; `columns` 0 is as long as it is.

    Where there is no room, a path loses its beginning first: it is known by its end.
    """
    head = f"{case.result:<{WORD_COLUMNS}}  "
    name, tail = safe(case.case_id), _behind(case, with_target)
    if not columns:
        return f"{head}{name}{tail}"
    room = columns - width(head)
    least = min(room, width(name.rpartition("/")[2]) + len("…/"))
    return cut(f"{head}{cut_start(name, max(room - width(tail), least))}{tail}", columns)


def _behind(case: CaseResult, with_target: bool) -> str:
    """What stands behind a case's name: its target, its orders, and why it did not pass."""
    text = f"  on {safe(case.target.name)}" if with_target else ""
    if case.orders > 1:
        text += f"  ({case.orders:,} orders)"
    if case.result in ("error", "unknown"):
        text += f"  {safe(message_of(case))}"
    elif case.result != "passed" and case.reason:
        text += f"  {safe(case.reason)}"
    elif case.result == "failed" and case.failures:
        failure = case.failures[0]
        text += f"  line {failure.span.line}: {safe(failure.text)}"
    return text


def summary(event: RunFinished) -> str:
    """The last line: what it all came to, the worst first.

    >>> summary(RunFinished((("failed", 1), ("passed", 2)), 1, 1500))
    '1 failed, 2 passed in 1.5 s'
    """
    parts = [_count(count, word) for word, count in event.counts]
    text = ", ".join(parts) if parts else "nothing was run"
    if event.duration_ms:
        text += f" in {event.duration_ms / 1000:.1f} s"
    return f"interrupted: {text}" if event.interrupted else text


WORDS: dict[Result, tuple[str, str]] = {
    "known failure": ("known failure", "known failures"),
    "unexpected pass": ("unexpected pass", "unexpected passes"),
    "error": ("in error", "in error"),
}
"""How one and how several of a result are told, where that is not the result's own word."""


def _count(count: int, word: Result) -> str:
    one, several = WORDS.get(word, (word, word))
    return f"{count} {one if count == 1 else several}"


class Progress:
    """The progress line of a long run: a fold that is asked for its text whenever it is wanted."""

    def __init__(self) -> None:
        self._total = 0
        self._done = 0
        self._bad = 0
        self._current = ""

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, RunStarted):
            self._total = event.cases * len(event.targets)
        elif isinstance(event, CaseStarted):
            self._current = event.case_id
        elif isinstance(event, CaseFinished):
            self._done += 1
            self._bad += event.case.result in EXPLAINED

    def line(self, columns: int = 60) -> str:
        """Where the run is now, at most so wide."""
        bad = f", {self._bad} not passed" if self._bad else ""
        head = f"{self._done}/{self._total}{bad}"
        return f"{head}  {cut(safe(self._current), max(1, columns - width(head) - 2))}"
