"""A run from its first event to its exit status: played here, in processes, or in threads.

Cases, targets and reports come in, understood; `run-scenario` and `try` say which. Real servers are
waited for by threads, simulated ones work in processes of their own. Whatever ends a run early, its
reports have what had finished, and an end.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from imcli.cli.running.interrupts import Interrupts
from imcli.cli.running.pool import Cases, maker_of
from imcli.cli.running.report_files import broken_off, or_told
from imcli.cli.running.reports import Reports
from imcli.scenario.events import RunFinished
from imcli.scenario.running.suite import Tally, run_suite, run_suite_parallel

if TYPE_CHECKING:
    from imcli.cli.running.pool import MakeTarget
    from imcli.cli.running.report_files import Wanted
    from imcli.cli.running.threads import Openers
    from imcli.cli.shell import Shell
    from imcli.cli.targets import Place
    from imcli.scenario.events import RunEvent
    from imcli.scenario.running.run import Options
    from imcli.scenario.syntax import Case
    from imcli.targets.base import OpenTarget


class Run(NamedTuple):
    """What is run, on which targets, and how.

    `asked` tells whether somebody wants the run to end; `jobs` is how many cases at a time.
    """

    cases: Sequence[Case]
    names: list[str]
    options: Options
    asked: Callable[[], bool]
    jobs: int = 1
    max_failures: int = 0


def play(
    shell: Shell,
    cases: list[Case],
    places: list[Place],
    options: Options,
    wanted: Wanted,
    *,
    jobs: int = 1,
    max_failures: int = 0,
) -> int:
    """Run cases on targets, report, and give the exit status.

    Whatever ends the run early, its reports have what had finished, and an end.

    Raises:
        OSError: nothing more could be printed.
    """
    if len(cases) < 2:
        jobs = 1
    with Interrupts(breakable=jobs == 1) as interrupts:
        with or_told(shell.world, wanted):
            make = maker_of(shell, options.profile, places)
            names = [place.written for place in places]
            run = Run(cases, names, options, interrupts.asked, jobs, max_failures)
            events = run_events(run, make)
            live = any(map(make.is_live, names))
            first = interrupts.first(events, break_off=jobs == 1 or live)
        reports = Reports(shell, wanted)
        try:
            reports.handle(first)
            end = told_until_end(reports, interrupts.until_asked(events), options)
            events.close()
            return reports.end(end)
        finally:
            events.close()
            reports.close()


def told_until_end(reports: Reports, events: Iterator[RunEvent], options: Options) -> RunFinished:
    """Hand on all events but the last, and give that; where it does not come, make it.

    Where nothing more can be printed, `Reports.end` knows what that means.

    Raises:
        Exception: what ended the run, once the reports know it.
    """
    tally = Tally(0, options)
    try:
        for event in events:
            if isinstance(event, RunFinished):
                return event
            tally.add(event)
            reports.handle(event)
            if reports.lost is not None:
                return tally.finished()
    except KeyboardInterrupt:
        pass
    except Exception as error:
        reports.end(broken_off(tally.finished(), error))
        raise
    return tally.finished(interrupted=True)


def run_events(run: Run, make: MakeTarget) -> Generator[RunEvent, None, None]:
    """The events of a run, one case after the other or several at a time."""
    from imcli.cli.running.threads import opened

    several = run.jobs > 1
    if several and not any(map(make.is_live, run.names)):
        yield from in_processes(run, make)
        return
    with opened(run.names, make) as openers:
        if several:
            yield from in_threads(run, openers)
            return
        targets = [openers(name) for name in run.names]
        yield from run_suite(
            run.cases, targets, run.options, max_failures=run.max_failures, program=program()
        )


def in_processes(run: Run, make: MakeTarget) -> Iterator[RunEvent]:
    """Run cases that only compute, several at a time."""
    from imcli.cli.running.crew import open_crew

    work = Cases(run.cases, run.names, make, run.options)
    targets = [make(name) for name in run.names]
    with open_crew(min(run.jobs, len(work)), len(work), work) as crew:
        yield from in_order(run, targets, crew.answers(run.asked))


def in_threads(run: Run, openers: Openers) -> Iterator[RunEvent]:
    """Run cases that wait for a real server, several at a time."""
    from imcli.cli.running.threads import open_threads

    work = Cases(run.cases, run.names, openers, run.options)
    targets = [openers(name) for name in run.names]
    with open_threads(min(run.jobs, len(work)), len(work), work, openers) as threads:
        yield from in_order(run, targets, threads.answers(run.asked))


def in_order(
    run: Run, targets: Sequence[OpenTarget], answers: Iterator[list[RunEvent] | Exception | None]
) -> Iterator[RunEvent]:
    """The events of cases that others ran, in the order of the cases."""
    return run_suite_parallel(
        run.cases,
        targets,
        answers,
        run.options,
        max_failures=run.max_failures,
        program=program(),
    )


def program() -> str:
    """What ran the cases, as reports name it."""
    from imcli import __version__

    return f"imcli {__version__}"
