"""What the end of a case is called, and the line that does it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from imcli.scenario.events import Result
from imcli.scenario.running.endings import Verdict
from imcli.scenario.running.orders import Plan
from imcli.scenario.running.play import Problem
from imcli.scenario.running.program import Parallel, Program
from imcli.scenario.syntax import (
    Case,
    Claim,
    DevicesAgree,
    HistoryIs,
    ReceivedBefore,
    ReceivedMessage,
    ReceivedNothingElse,
    SeesList,
    TotalUnread,
)


def verdict(problems: Sequence[Problem]) -> Result:
    """Name the result; what failed for certain comes before what could not be told."""
    verdicts = {_verdict(problem) for problem in problems}
    for word in ("failed", "error", "unknown"):
        if word in verdicts:
            return word
    return "passed"


def _verdict(problem: Problem) -> Verdict:
    """A scene that cannot be set is an error; a broken invariant is a failure wherever it is."""
    if problem.phase == "given" and problem.verdict == "failed" and problem.kind != "invariant":
        return "error"
    return problem.verdict


CLAIMS: dict[type[Claim], str] = {
    SeesList: "order",
    HistoryIs: "messages",
    ReceivedMessage: "received",
    ReceivedBefore: "received",
    ReceivedNothingElse: "received",
    DevicesAgree: "shown",
    TotalUnread: "unread",
}
"""What a claim of these kinds is about; the others say it by their columns."""


def topics(problems: Sequence[Problem]) -> frozenset[str]:
    """Say what failed: `listed`, a column of a state table, `order`, `received`, `shown`, `done`.

    `done` stands for an action that ended in a way that it may not.
    """
    found: set[str] = set()
    for problem in problems:
        if problem.kind == "action":
            found.add("done")
        found.update(CLAIMS[type(claim)] for claim in problem.claims if type(claim) in CLAIMS)
        for disagreement in problem.disagreements:
            found.update(column or "listed" for column, _ in disagreement.expected)
        if any(getattr(claim, "source", "") == "shows" for claim in problem.claims):
            found.add("shown")
    return frozenset(found)


def order_texts(program: Program, plan: Plan) -> tuple[str, ...]:
    """The sentences of all `together` blocks in the order of a plan."""
    texts: list[str] = []
    for unit in (*program.main, *program.cleanup):
        if isinstance(unit, Parallel) and unit.block < len(plan):
            done = [0] * len(unit.together.branches)
            for branch in plan[unit.block]:
                texts.append(unit.together.branches[branch][done[branch]].text)
                done[branch] += 1
    return tuple(texts)


def reproduce(case: Case, target: str, options: Sequence[str]) -> str:
    """One line for a shell that runs this case again, and no other."""
    path = f"./{case.path}" if case.path[:1] == "-" else case.path  # else it were an option
    words = ["imcli", "run-scenario", path]
    if not ("--profile" in options and target.startswith("sim:") and target[4:] in options):
        words += ["--target", target]
    if case.case_id != case.path:
        words += ["--only", case.case_id]
    return shlex.join([*words, *options])
