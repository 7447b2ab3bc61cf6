"""Everything that a run can report: a closed union of frozen values, the one report there is.

The runner yields these; the console, JSON lines, JUnit and the issue text are folds of them, also
later, from a file (`docs/events.md` describes the written form). They hold values and plain
sentences, never layout, markup or colour. A failure carries all that its texts need: the state
table, the sentences, the trace, the line that reproduces it.

The written form has a version. A field may be added with a default; nothing is renamed or removed
without a new number.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.scenario.syntax import Span
from imcli.targets.base import Identity
from imcli.targets.exchange import Exchange

VERSION = 1

Result = Literal[
    "passed", "failed", "error", "unknown", "skipped", "known failure", "unexpected pass"
]
RESULTS: tuple[Result, ...] = (
    "failed",
    "unexpected pass",
    "error",
    "unknown",
    "passed",
    "known failure",
    "skipped",
)
"""All results, the one that asks most for attention first."""
NOT_REMOVED = "could not be removed: "
"""So begins the note of each thing that a run left on its target; behind it stand what and why."""

Phase = Literal["given", "steps", "cleanup"]


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cell of a state table: what is there, what was expected, and whether it has changed."""

    value: str
    expected: str | None = None
    changed: bool = False


class TableRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One conversation on one device; `note` replaces the cells where there is no such row."""

    device: str
    conversation: str
    cells: tuple[Cell, ...] = ()
    note: str = ""
    wrong: bool = False


class StateTable(msgspec.Struct, frozen=True, omit_defaults=True):
    """What each device sees; `columns` name the cells behind device and conversation.

    `legend` explains the marks of changed cells. `left_out` counts the rows that are not shown.
    `caption` says whose view it is where that could be doubted.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    legend: str = ""
    left_out: int = 0
    caption: str = ""


class Disagreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """One device, or whoever it is, and how it differs from the claim: "A.phone" + "does not …".

    `expected` are (column, value) for the state table's row of `conversation`.
    """

    subject: str
    said: str
    conversation: str = ""
    expected: tuple[tuple[str, str], ...] = ()


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the trace: what was asked, when (target's milliseconds) and what came back."""

    step: str
    text: str
    at_ms: int
    answer: str = ""
    seen: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that went wrong, and all that is known about it.

    `kind`: a claim does not hold; an action did not end as it must; an invariant is broken; the
    target could not be used; the real-time limit has passed. `text` is the claim or sentence,
    `headline` one line that says what is wrong. `judged` says how the answer was obtained. `verb`
    is the sentence of the file's own verb in which the claim stands, where it stands in one.
    """

    kind: Literal["claim", "action", "invariant", "target", "limit"]
    span: Span
    source: str
    phase: Phase
    step: str
    text: str
    headline: str
    disagreements: tuple[Disagreement, ...] = ()
    judged: str = ""
    table: StateTable | None = None
    because: tuple[str, ...] = ()
    at_ms: int = 0
    verb: str = ""


class Negative(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a negative claim that held was judged.

    `proved`: every delivery and answer under way was done; `timers` were still running.
    `observed`: it held for `window_ms`.
    """

    step: str
    text: str
    how: Literal["proved", "observed"]
    window_ms: int = 0
    timers: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.how == "observed":
            return f"observed for {self.window_ms} ms"
        if self.timers:
            return f"proved at this instant; still running: {', '.join(self.timers)}"
        return "proved at this instant"


class CaseResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one case ended on one target.

    `runs` is how many times it ran (orders × repeats); `order` and `repeat` name the run that
    failed. `reason` says why it was skipped, is known to fail or could not be told. `delete` is
    the line of an unexpected pass that is to be deleted. `table` is the state at the end of the
    steps, where `Options.show` asks for it. `exchanges` are what went over the wire to a real
    server in the run that is reported; of very many the middle is left out.
    """

    case_id: str
    path: str
    title: str
    target: Identity
    result: Result
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    negatives: tuple[Negative, ...] = ()
    trace: tuple[StepRecord, ...] = ()
    reproduce: str = ""
    order: tuple[str, ...] = ()
    orders: int = 1
    repeat: int = 0
    runs: int = 1
    steps: int = 0
    seed: int = 0
    duration_ms: int = 0
    covers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    delete: Span | None = None
    table: StateTable | None = None
    exchanges: tuple[Exchange, ...] = ()
    exchanges_left_out: int = 0


def _tag(name: str) -> str:
    """Name an event in its written form: `CaseFinished` is `case-finished`.

    >>> _tag("CaseFinished")
    'case-finished'
    """
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class Base(msgspec.Struct, frozen=True, tag=_tag, tag_field="type", omit_defaults=True):
    """What every run event is."""


class RunStarted(Base, frozen=True):
    """A run begins: so many cases on each of these targets."""

    program: str
    targets: tuple[Identity, ...]
    cases: int
    seed: int = 0


class CaseStarted(Base, frozen=True):
    """A case begins on a target."""

    case_id: str
    title: str
    target: str


class StepDone(Base, frozen=True):
    """A step was done (with `--show each`; from Python also where `Options.step_events` is set)."""

    case_id: str
    target: str
    phase: Phase
    step: str
    text: str
    at_ms: int
    answer: str = ""
    table: StateTable | None = None


class CaseFinished(Base, frozen=True):
    """A case has ended."""

    case: CaseResult


class RunFinished(Base, frozen=True):
    """A run has ended, with what the program says to the shell.

    `counts` are (result, how many), in the order of `RESULTS`, zeros left out. `reason` says what
    kept the run from beginning, or from its end.
    """

    counts: tuple[tuple[Result, int], ...]
    exit_status: int
    duration_ms: int = 0
    interrupted: bool = False
    reason: str = ""


RunEvent = RunStarted | CaseStarted | StepDone | CaseFinished | RunFinished
