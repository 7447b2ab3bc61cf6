"""Cases for the benchmarks, parsed from text, and how they are run and counted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from imcli.cli.running.pool import watch
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import Options, run
from imcli.scenario.syntax import Case
from imcli.targets.base import OpenTarget
from imcli.targets.simulated import open_simulated

WATCHED = Options(observer=watch)
"""As `run-scenario` runs a case: judged by the invariants."""


@cache
def reference() -> OpenTarget:
    """The opener of reference worlds, made once as `run-scenario` makes it."""
    return open_simulated()


def parsed(text: str) -> Case:
    """Parse a scenario that has one case."""
    (case,) = cases(parse_scenario(text, "benchmark.toml"))
    return case


def play(case: Case, options: Options = WATCHED) -> CaseResult:
    """Run a case to its end, which must be good.

    Raises:
        RuntimeError: it did not pass, so its time means nothing.
    """
    opener = reference()
    for event in run(case, opener, options):
        if isinstance(event, CaseFinished):
            if event.case.result != "passed":
                raise RuntimeError(f"{case.title}: {event.case.result}: {event.case.failures}")
            return event.case
    raise RuntimeError("a run ends with its result")


def play_all(several: Iterable[Case]) -> None:
    """Run cases one after the other."""
    for case in several:
        play(case)
