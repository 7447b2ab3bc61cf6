"""What is done about a case that did not pass: it is watched, and explained.

A virtual world is played again in a fresh copy, with eyes on every step. A real one is looked at as
it is. Nothing of this is loaded while all cases pass.
"""

from __future__ import annotations

from imcli.scenario.events import Failure, StepRecord
from imcli.scenario.running.explain import explain, trace_of
from imcli.scenario.running.play import Play, Problem
from imcli.scenario.running.program import Program
from imcli.scenario.running.rerun import watch_again, watch_now
from imcli.scenario.syntax import Case

Explained = tuple[tuple[Failure, ...], tuple[StepRecord, ...]]


def explain_now(case: Case, play: Play, problems: list[Problem]) -> Explained:
    """Explain by one look at the world in which a case has just failed."""
    watched = None if problems[0].verdict == "unknown" else watch_now(play, problems)
    return explain(case, problems, watched), trace_of(play.log or (), play.names)


def explain_again(
    case: Case, program: Program, again: Play | None, problems: list[Problem]
) -> tuple[tuple[Failure, ...], tuple[StepRecord, ...], bool]:
    """Explain by playing a case again, and close that world.

    Args:
        case: what failed.
        program: the same, made ready.
        again: a fresh play with a log; None where no second world could be opened.
        problems: what went wrong the first time.

    Returns:
        The failures, the trace, and whether it failed again in the same place.
    """
    if again is None:
        return explain(case, problems, None), (), False
    try:
        watched = watch_again(program, again, problems)
        failures = explain(case, problems, watched)
        return failures, trace_of(again.log or (), again.names), watched is not None
    finally:
        again.target.close()
