"""`run-scenario`: files in, reports out."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from imcli.cli.options import PathsArgument, ScenarioProfileOption, TargetsOption
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.running.pool import MakeTarget
    from imcli.cli.running.report_files import Wanted
    from imcli.cli.running.reports import Reports
    from imcli.cli.running.threads import Openers
    from imcli.cli.targets import Place
    from imcli.cli.world import World
    from imcli.report.console import Show
    from imcli.scenario.events import RunEvent, RunFinished
    from imcli.scenario.running.run import Options
    from imcli.scenario.syntax import Case

SHOWS: dict[str, Show] = {"failures": "failures", "final": "final", "each": "each"}
ShowOption = Annotated[
    str,
    typer.Option(
        "--show",
        metavar="WHAT",
        help="State tables: failures (default), final (after each case), each (after each step).",
    ),
]
CheckOption = Annotated[
    str,
    typer.Option(
        "--check",
        metavar="WHEN",
        help="each-step: judge every invariant after every step, not only where it matters.",
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="Seed of targets and of random orders.")
]


def run_scenario(
    ctx: typer.Context,
    paths: PathsArgument,
    target: TargetsOption = None,
    profile: ScenarioProfileOption = "",
    tag: Annotated[
        str, typer.Option("--tag", metavar="EXPR", help="Only these tags: 'delete and not slow'.")
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="NAME", help="Only this case: id, file name, title, or with *."
        ),
    ] = None,
    covers: Annotated[
        list[str] | None,
        typer.Option("--covers", metavar="ISSUE", help="Only what covers this: 'WuKongIM#343'."),
    ] = None,
    max_failures: Annotated[
        int,
        typer.Option("--max-failures", metavar="N", help="Stop after so many; 0: never."),
    ] = 0,
    stop_first: Annotated[
        bool, typer.Option("-x", help="Stop at the first failure: --max-failures 1.")
    ] = False,
    orders: Annotated[
        str,
        typer.Option(
            "--orders",
            metavar="N",
            help="Orders of `together`: one (as written, default), all, or N random others.",
        ),
    ] = "one",
    repeat: Annotated[
        int, typer.Option("--repeat", metavar="N", help="Run each case so many times.")
    ] = 1,
    seed: SeedOption = 0,
    jobs: Annotated[
        str, typer.Option("--jobs", metavar="N", help="Processes: a number, or auto.")
    ] = "1",
    show: ShowOption = "failures",
    check: CheckOption = "",
    jsonl: Annotated[
        str, typer.Option("--jsonl", metavar="FILE", help="Write every event, as it happens.")
    ] = "",
    junit: Annotated[str, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = "",
    report_issue: Annotated[
        str,
        typer.Option(
            "--report-issue", metavar="FILE", help="Write a Markdown text for a bug report."
        ),
    ] = "",
) -> int:
    """Run scenario files, or all files of folders, and report what did not hold.

    Without --target they run on the reference server in this process. Every invalid file is named
    before the first case runs.
    """
    from imcli.cli.running.files import find_files, read_cases
    from imcli.cli.running.interrupts import interrupted, taken_by
    from imcli.cli.running.pool import job_count
    from imcli.cli.running.report_files import Wanted, check_paths, or_told
    from imcli.scenario.running.suite import select

    shell = shell_of(ctx)
    world = shell.world
    wanted = Wanted(jsonl=jsonl, junit=junit, issue=report_issue)
    check_paths(world, wanted)
    spare(world, [], wanted.paths)
    with or_told(world, wanted), taken_by(interrupted):
        options = run_options(
            shell, profile, orders=orders, repeat=repeat, seed=seed, show=show, check=check
        )
        limit = failure_limit(max_failures, stop_first)
        count = job_count(jobs, world.processors)
        places = checked_places(shell, target or [], profile)
        files = find_files(world, paths)
        spare(world, files, wanted.paths)
        with world.collector.keeping():
            cases = read_cases(world, files)
        chosen = select(cases, tag=tag, only=only or (), covers=covers or ())
        sources = source_texts(shell, chosen) if report_issue else {}
    wanted = wanted._replace(show=SHOWS[show], targets=len(places), sources=sources)
    return play(shell, chosen, places, options, wanted, jobs=count, max_failures=limit)


def spare(world: World, files: list[str], reports: tuple[str, ...]) -> None:
    """Refuse to write a report over a scenario: one that is run, or whatever is called like one.

    Raises:
        UsageError: naming the file.
    """
    for path in filter(None, reports):
        real = os.path.realpath(world.path(path))
        if real.endswith(".toml") or any(os.path.realpath(world.path(f)) == real for f in files):
            raise UsageError(
                f"{path} is a scenario, and a report would replace it",
                hint="the file of a report stands behind its option: --junit report.xml",
            )


def source_texts(shell: Shell, cases: list[Case]) -> dict[str, str]:
    """The texts of the files, as they are before the first case runs."""
    from imcli.cli.running.files import read_text

    return {path: read_text(shell.world, path) for path in dict.fromkeys(c.path for c in cases)}


def run_options(
    shell: Shell,
    profile: str,
    *,
    orders: str = "one",
    repeat: int = 1,
    seed: int = 0,
    show: str = "failures",
    check: str = "",
    reproduce: str = "",
) -> Options:
    """Check the options that concern one case.

    Raises:
        UsageError: a value that an option does not take.
    """
    from imcli.cli.running.meanings import meanings
    from imcli.cli.running.pool import OBSERVERS
    from imcli.scenario.running.run import Options

    if show not in SHOWS:
        raise UsageError(f"--show is {show!r}, which is none of {', '.join(SHOWS)}")
    if check not in OBSERVERS:
        raise UsageError(f"--check is {check!r}; it takes each-step")
    if repeat < 1:
        raise UsageError(f"--repeat is {repeat}, and must be at least 1")
    return Options(
        profile=profile,
        seed=seed,
        orders=order_count(orders),
        repeat=repeat,
        step_events=show == "each",
        show=SHOWS[show],
        clock=shell.world.elapsed,
        observer=OBSERVERS[check],
        reproduce=reproduce,
        command_options=("--check", check) if check else (),
        meanings=meanings,
    )


def order_count(text: str) -> int | Literal["all"]:
    """Understand `--orders`.

    >>> order_count("one"), order_count("all"), order_count("20")
    (0, 'all', 20)
    """
    if text == "all":
        return "all"
    if text == "one":
        return 0
    if text.isdecimal() and 1 <= int(text) <= 1_000_000:
        return int(text)
    raise UsageError(f"--orders is {text!r}, and must be one, all or a number from 1 to 1000000")


def failure_limit(max_failures: int, stop_first: bool) -> int:
    """Understand `--max-failures` and `-x`."""
    if max_failures < 0:
        raise UsageError(f"--max-failures is {max_failures}, and must be at least 0")
    return max_failures or int(stop_first)


def checked_places(shell: Shell, written: list[str], profile: str) -> list[Place]:
    """The targets of a run, checked.

    Raises:
        UsageError: a target is none, or `--profile` contradicts one.
    """
    from imcli.cli.targets import scenario_places

    places = scenario_places(shell, written)
    if profile and all(place.kind == "live" for place in places):
        raise UsageError("--profile is for simulated targets: a live server is what it is")
    if profile and any(place.profile not in ("", profile) for place in places):
        raise UsageError("--profile and --target sim:PROFILE name different profiles")
    return places


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
    from imcli.cli.running.interrupts import Interrupts
    from imcli.cli.running.pool import maker_of
    from imcli.cli.running.report_files import or_told
    from imcli.cli.running.reports import Reports

    if len(cases) == 1:
        jobs = 1
    with Interrupts(breakable=jobs == 1) as interrupts:
        with or_told(shell.world, wanted):
            make = maker_of(shell, options.profile, places)
            names = [place.written for place in places]
            events = run_events(cases, names, make, options, jobs, max_failures, interrupts.asked)
            first = next(events)
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
    from imcli.cli.running.report_files import broken_off
    from imcli.scenario.events import RunFinished
    from imcli.scenario.running.suite import Tally

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


def run_events(
    cases: Sequence[Case],
    names: list[str],
    make: MakeTarget,
    options: Options,
    jobs: int,
    max_failures: int,
    asked: Callable[[], bool],
) -> Generator[RunEvent, None, None]:
    """The events of a run, one case after the other or several at a time.

    Real servers are waited for by threads, simulated ones work in processes of their own; `asked`
    is for both to end it.
    """
    from imcli import __version__
    from imcli.cli.running.threads import opened
    from imcli.scenario.running.suite import run_suite

    program = f"imcli {__version__}"
    live = [name for name in names if make.is_live(name)]
    if jobs > 1 and len(cases) > 1 and not live:
        yield from in_processes(cases, names, make, options, jobs, max_failures, asked, program)
        return
    with opened(names, make) as openers:
        if jobs > 1 and len(cases) > 1:
            yield from in_threads(
                cases, names, openers, options, jobs, max_failures, asked, program
            )
            return
        targets = [openers(name) for name in names]
        yield from run_suite(cases, targets, options, max_failures=max_failures, program=program)


def in_processes(
    cases: Sequence[Case],
    names: list[str],
    make: MakeTarget,
    options: Options,
    jobs: int,
    max_failures: int,
    asked: Callable[[], bool],
    program: str,
) -> Iterator[RunEvent]:
    """Run cases that only compute, several at a time."""
    from imcli.cli.running.crew import open_crew
    from imcli.cli.running.pool import Cases
    from imcli.scenario.running.suite import run_suite_parallel

    work = Cases(cases, names, make, options)
    targets = [make(name) for name in names]
    with open_crew(min(jobs, len(work)), len(work), work) as crew:
        yield from run_suite_parallel(
            cases,
            targets,
            crew.answers(asked),
            options,
            max_failures=max_failures,
            program=program,
        )


def in_threads(
    cases: Sequence[Case],
    names: list[str],
    openers: Openers,
    options: Options,
    jobs: int,
    max_failures: int,
    asked: Callable[[], bool],
    program: str,
) -> Iterator[RunEvent]:
    """Run cases that wait for a real server, several at a time."""
    from imcli.cli.running.pool import Cases
    from imcli.cli.running.threads import open_threads
    from imcli.scenario.running.suite import run_suite_parallel

    work = Cases(cases, names, openers, options)
    targets = [openers(name) for name in names]
    with open_threads(min(jobs, len(work)), len(work), work, openers) as threads:
        yield from run_suite_parallel(
            cases,
            targets,
            threads.answers(asked),
            options,
            max_failures=max_failures,
            program=program,
        )
