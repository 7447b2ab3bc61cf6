"""Running a case: `run(case, open_target, options) -> Iterator[RunEvent]`.

The public face of the runner, for the command line and for whoever embeds it:

- `run(case, open_target, options)` yields `CaseStarted`, `StepDone`s if they are asked for, and one
  `CaseFinished` whose `case` (a `CaseResult`) holds everything that the reports need. It prints
  nothing and knows no particular target.
- `Options` (in `runner.py`) are the flags of `run-scenario` that concern one case. `clock`
  (seconds, monotonic) is needed for `timing.limit` and durations; without it neither is known.
  `observer` makes the invariant checker for a case: `observer(case, target) -> Observer`.
- `Observer` (in `play.py`) is the protocol of that checker: `after(action, outcome)` and `finish()`
  return sentences of broken invariants.
- `suite.py` runs many cases and knows the exit status.

What happens here: may the case run at all (skips), and what the outcome is called (known failures).
The runs themselves are those of `runner.py`. `KeyboardInterrupt` and `Defect` pass through; the
world is closed in any case.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import msgspec

from imcli.scenario.events import (
    CaseFinished,
    CaseResult,
    CaseStarted,
    RunEvent,
)
from imcli.scenario.running.known import apply_known
from imcli.scenario.running.play import Observer
from imcli.scenario.running.runner import DEFAULT, Options, Runner
from imcli.scenario.running.skip import skip_reason
from imcli.scenario.syntax import Case
from imcli.targets.base import Identity, OpenTarget

__all__ = ["DEFAULT", "Observer", "Options", "lost", "run"]

BIG_CASE = 10_000
"""From so many steps on the world of a case, a reference cycle, is freed at once: several that wait
for the garbage collector would need memory several times over."""


def run(case: Case, open_target: OpenTarget, options: Options = DEFAULT) -> Iterator[RunEvent]:
    """Run one case and yield what happens; the last event is its `CaseFinished`."""
    yield CaseStarted(case.case_id, case.title, open_target.identity.name)
    started = options.clock() if options.clock is not None else 0.0
    reason = skip_reason(case, open_target, options.profile)
    if reason:
        yield CaseFinished(_skipped(case, open_target.identity, reason))
        return
    runner = Runner(case, open_target, options)
    yield from runner.play_all()
    result = apply_known(runner.result(), case)
    del runner
    if len(case.steps) > BIG_CASE:
        gc.collect()
    if options.clock is not None:
        spent = round((options.clock() - started) * 1000)
        result = msgspec.structs.replace(result, duration_ms=spent)
    yield CaseFinished(result)


def lost(case: Case, open_target: OpenTarget, options: Options, message: str) -> Iterator[RunEvent]:
    """Say of a case that nobody knows how it ended, because whoever ran it is gone."""
    yield CaseStarted(case.case_id, case.title, open_target.identity.name)
    runner = Runner(case, open_target, options)
    runner.lose(message)
    yield CaseFinished(runner.result())


def _skipped(case: Case, target: Identity, reason: str) -> CaseResult:
    return CaseResult(
        case.case_id,
        case.path,
        case.title,
        target,
        "skipped",
        reason=reason,
        covers=case.covers,
        tags=case.tags,
    )
