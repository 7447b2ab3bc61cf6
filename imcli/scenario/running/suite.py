"""Many cases: which of them, on which targets, in which order, and what it all comes to.

For the command line:

- `select(cases, tag=..., only=..., covers=...)` picks cases; it raises `NothingToRun`.
- `run_suite(cases, targets, options, max_failures=0)` yields `RunStarted`, the events of every
  case on every target, and `RunFinished`; case by case, and target by target within a case.
- `run_suite_parallel(cases, targets, answers, options, ...)` yields the same events in the same
  order from what others did, whatever they finished first: `answers` gives what `run` yields for
  each case on each target, or why that is lost, or nothing where the run was broken off. A run of
  which anything is missing has no `RunFinished`.
- `exit_status(results)` and `finished(results, ...)` say what the program tells the shell; the
  latter also makes the `RunFinished` of an interrupted run.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from imcli.model.errors import NothingToRun
from imcli.model.exit_status import ExitStatus, worst
from imcli.scenario.events import (
    RESULTS,
    CaseFinished,
    CaseResult,
    Result,
    RunEvent,
    RunFinished,
    RunStarted,
)
from imcli.scenario.reading.tags import tag_predicate
from imcli.scenario.running.run import DEFAULT, Options, lost, run
from imcli.scenario.syntax import Case
from imcli.targets.base import Identity, OpenTarget

STATUS_OF: dict[Result, ExitStatus] = {
    "passed": ExitStatus.HELD,
    "known failure": ExitStatus.HELD,
    "failed": ExitStatus.FAILED,
    "unexpected pass": ExitStatus.FAILED,
    "error": ExitStatus.UNKNOWN,
    "unknown": ExitStatus.UNKNOWN,
    "skipped": ExitStatus.NOTHING,
}
"""What each result means to the shell; a skipped case only counts where there is no other."""

BAD: frozenset[Result] = frozenset({"failed", "unexpected pass", "error", "unknown"})
"""The results that `--max-failures` counts."""

# Which cases


def select(
    cases: Iterable[Case], *, tag: str = "", only: Sequence[str] = (), covers: Sequence[str] = ()
) -> list[Case]:
    """Pick the cases that are wanted; what is left empty excludes nothing.

    Args:
        cases: all there are.
        tag: an expression over tags, `"delete and not slow"`.
        only: names, of which one must fit: a case id, path, file name, title, or a pattern of one
            with `*`.
        covers: issues, of which one must be covered.

    Raises:
        NothingToRun: none is left.
        UsageError: the tag expression cannot be read.
    """
    all_cases = list(cases)
    wanted = tag_predicate(tag) if tag else None
    chosen = [
        case
        for case in all_cases
        if (wanted is None or wanted(frozenset(case.tags)))
        and (not only or any(_is_called(case, name) for name in only))
        and (not covers or any(issue in case.covers for issue in covers))
    ]
    if not chosen:
        raise NothingToRun(_nothing(len(all_cases)), hint=_nearest(all_cases, tag, only, covers))
    return chosen


def _is_called(case: Case, name: str) -> bool:
    names = _names(case)
    return name in names or ("*" in name and any(fnmatchcase(have, name) for have in names))


def _names(case: Case) -> tuple[str, ...]:
    file = case.path.rpartition("/")[2]
    return (case.case_id, case.path, file, file.removesuffix(".toml"), case.title)


def _nothing(count: int) -> str:
    if count == 0:
        return "there is no case to run"
    return f"none of the {count} cases was selected" if count > 1 else "the case was not selected"


def _nearest(cases: list[Case], tag: str, only: Sequence[str], covers: Sequence[str]) -> str:
    """Name what might have been meant."""
    known: dict[str, None] = {}
    for case in cases:
        known.update(dict.fromkeys(_names(case) if only else case.covers if covers else case.tags))
    for word in (*only, *covers, *(() if only or covers else tag.split())):
        near = difflib.get_close_matches(word, known, n=1)
        if near and near[0] != word:
            return f"the nearest to {word!r} is {near[0]!r}"
    return ""


# Running them


def run_suite(
    cases: Sequence[Case],
    targets: Sequence[OpenTarget],
    options: Options = DEFAULT,
    *,
    max_failures: int = 0,
    program: str = "imcli",
) -> Iterator[RunEvent]:
    """Run every case on every target; stop after `max_failures` that did not pass (0: never)."""
    yield _started([target.identity for target in targets], cases, options, program)
    tally = Tally(max_failures, options)
    for case in cases:
        for target in targets:
            for event in run(case, target, options):
                yield event
                tally.add(event)
            if tally.enough:
                yield tally.finished()
                return
    yield tally.finished()


def run_suite_parallel(
    cases: Sequence[Case],
    targets: Sequence[OpenTarget],
    answers: Iterable[Iterable[RunEvent] | Exception | None],
    options: Options = DEFAULT,
    *,
    max_failures: int = 0,
    program: str = "imcli",
) -> Iterator[RunEvent]:
    """Yield the events of a run that others do, as `run_suite` does for its own.

    Args:
        cases: what they run.
        targets: only their identities and capabilities are used here.
        answers: the events of each case on each target, in the order of `run_suite`; an exception
            says how they were lost, and makes the case *unknown*; nothing: it was broken off.
        options: as they were given to the others.
        max_failures: stop after so many that did not pass; 0: never.
        program: name and version.
    """
    yield _started([target.identity for target in targets], cases, options, program)
    tally = Tally(max_failures, options)
    # Whatever `answers` has to say at its end is raised here: it is asked once more (`strict`).
    pairs = [(case, target) for case in cases for target in targets]
    for (case, target), answer in zip(pairs, answers, strict=True):
        if isinstance(answer, Exception):
            answer = lost(case, target, options, str(answer))
        for event in answer or ():
            yield event
            tally.add(event)
            if tally.enough and isinstance(event, CaseFinished):
                yield tally.finished()
                return
    if len(tally.results) == len(pairs):
        yield tally.finished()


def _started(
    identities: Sequence[Identity], cases: Sequence[Case], options: Options, program: str
) -> RunStarted:
    return RunStarted(program, tuple(identities), len(cases), options.seed)


class Tally:
    """Counts results as they come, and knows when there are enough failures."""

    def __init__(self, max_failures: int, options: Options) -> None:
        self.results: list[Result] = []
        self._max_failures = max_failures
        self._bad = 0
        self._clock = options.clock
        self._began = options.clock() if options.clock is not None else 0.0

    @property
    def enough(self) -> bool:
        """Whether the run is to stop here."""
        return 0 < self._max_failures <= self._bad

    def add(self, event: RunEvent) -> None:
        """Take notice of an event; only ends of cases count."""
        if isinstance(event, CaseFinished):
            self.results.append(event.case.result)
            self._bad += event.case.result in BAD

    def finished(self, *, interrupted: bool = False) -> RunFinished:
        """The last event of the run."""
        spent = self._clock() - self._began if self._clock is not None else 0.0
        return finished(self.results, round(spent * 1000), interrupted=interrupted)


# What it comes to


def exit_status(results: Iterable[CaseResult | Result]) -> int:
    """Say how a run ends.

    >>> exit_status(["passed", "skipped"]), exit_status(["skipped"]), exit_status([])
    (0, 5, 5)
    >>> exit_status(["error", "failed"]), exit_status(["known failure", "unknown"])
    (1, 4)
    """
    words = [r.result if isinstance(r, CaseResult) else r for r in results]
    ran = [word for word in words if word != "skipped"]
    if not ran:
        return int(ExitStatus.NOTHING)
    return int(worst(STATUS_OF[word] for word in ran))


def finished(
    results: Sequence[Result], duration_ms: int = 0, *, interrupted: bool = False
) -> RunFinished:
    """Make the last event of a run from the results of its cases."""
    counts = tuple((word, results.count(word)) for word in RESULTS if word in results)
    status = exit_status(results)
    if interrupted:
        status = int(worst((status, ExitStatus.INTERRUPTED)))
    return RunFinished(counts, status, duration_ms, interrupted)
