"""Results to fold: real ones from the simulator, and hostile ones made by hand."""

from __future__ import annotations

from imcli.model.actions import Delete
from imcli.scenario.events import (
    CaseFinished,
    CaseResult,
    CaseStarted,
    Cell,
    Disagreement,
    Failure,
    Result,
    RunEvent,
    StateTable,
    StepDone,
    StepRecord,
    TableRow,
)
from imcli.scenario.running.run import Options
from imcli.scenario.running.suite import finished, run_suite
from imcli.scenario.syntax import Case, Facts, KnownFailing, Span
from imcli.targets.base import Identity
from imcli.targets.simulated import open_simulated
from tests.scenario.builder import at, case, claim, do, sees, send

HOSTILE = '\x1b[31m[/oops] <b>&"]]>\u202e\u200b\x00\x9b 会话 `x` | *y* @all'
"""Escape sequences, markup of every report, direction and zero-width characters, CJK."""

SIM = Identity("sim", "sim", "reference", (), "reference")
DELETES = do(Delete("A", "phone", "B"), "A.phone deletes B", line=2)
LOST = case(
    send("B", "A", "m1"),
    DELETES,
    claim(sees("A", "B", Facts(last=("label", "m1")), line=3), line=3),
    case_id="scenarios/delete/lost.toml",
    title="It is lost",
    covers=("WuKongIM#343",),
    tags=("delete",),
)
FOUND = case(send("B", "A"), claim(sees("A", "B")), case_id="scenarios/delete/found.toml")
NEEDY = case(send("B", "A"), needs=("raw-requests",), case_id="scenarios/needy.toml")
EXPECTED = case(
    claim(sees("A", "B")),
    known_failing=(KnownFailing(at(9), "sim", "WuKongIM#1"),),
    case_id="scenarios/expected.toml",
)
SURPRISE = case(
    claim(sees("A", "B", negated=True)),
    known_failing=(KnownFailing(at(9), "sim", "WuKongIM#1"),),
    case_id="scenarios/surprise.toml",
)
BROKEN = case(
    do(Delete("A", "phone", "#nobody"), "A deletes #nobody"),
    given=(claim(sees("A", "B")),),
    case_id="scenarios/broken.toml",
)


def events(*cases: Case, options: Options | None = None) -> list[RunEvent]:
    """A run on the simulated server."""
    targets = [open_simulated("reference")]
    return list(run_suite(cases, targets, options or Options(), program="imcli 0.1.0"))


def every() -> list[RunEvent]:
    """A run in which most kinds of result occur."""
    return events(LOST, FOUND, NEEDY, EXPECTED, SURPRISE, BROKEN)


def hostile(result: Result = "failed") -> CaseResult:
    """A result in which every text is hostile."""
    span = Span(HOSTILE, 3, 4, 5)
    cells = (Cell(HOSTILE, HOSTILE, True), Cell("1"))
    rows = (TableRow(HOSTILE, HOSTILE, cells), TableRow(HOSTILE, HOSTILE, (), HOSTILE, True))
    failure = Failure(
        "claim",
        span,
        HOSTILE,
        "steps",
        "step 1",
        HOSTILE,
        HOSTILE,
        (Disagreement(HOSTILE, HOSTILE, HOSTILE), Disagreement("B", HOSTILE)),
        HOSTILE,
        StateTable((HOSTILE, "unread"), rows, HOSTILE, 3),
        (HOSTILE,),
    )
    return CaseResult(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        Identity(HOSTILE, "live", HOSTILE),
        result,
        reason=HOSTILE,
        failures=(failure,),
        notes=(HOSTILE,),
        trace=(StepRecord("step 1", HOSTILE, 5, HOSTILE, (HOSTILE,)),),
        reproduce=HOSTILE,
        order=(HOSTILE,),
        covers=(HOSTILE,),
        tags=(HOSTILE,),
        table=StateTable(("unread",), (TableRow("A", "B", (Cell(HOSTILE),)),)),
        orders=2,
        repeat=1,
    )


def hostile_events(result: Result = "failed") -> list[RunEvent]:
    case_ = hostile(result)
    step = StepDone(HOSTILE, HOSTILE, "steps", HOSTILE, HOSTILE, 1, HOSTILE, case_.table)
    return [CaseStarted(HOSTILE, HOSTILE, HOSTILE), step, CaseFinished(case_), finished([result])]
