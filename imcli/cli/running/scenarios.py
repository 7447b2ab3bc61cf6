"""`run-scenario`: files in, reports out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from imcli.cli.running.options import (
    SHOWS,
    CheckOption,
    CoversOption,
    IssueOption,
    JobsOption,
    JsonlOption,
    JunitOption,
    MaxFailuresOption,
    OnlyOption,
    OrdersOption,
    PathsArgument,
    RepeatOption,
    ScenarioProfileOption,
    SeedOption,
    ShowOption,
    StopFirstOption,
    TagOption,
    TargetsOption,
    checked_places,
    failure_limit,
    run_options,
)
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.world import World
    from imcli.scenario.syntax import Case


def run_scenario(
    ctx: typer.Context,
    paths: PathsArgument,
    target: TargetsOption = None,
    profile: ScenarioProfileOption = "",
    tag: TagOption = "",
    only: OnlyOption = None,
    covers: CoversOption = None,
    max_failures: MaxFailuresOption = 0,
    stop_first: StopFirstOption = False,
    orders: OrdersOption = "one",
    repeat: RepeatOption = 1,
    seed: SeedOption = 0,
    jobs: JobsOption = "1",
    show: ShowOption = "failures",
    check: CheckOption = "",
    jsonl: JsonlOption = "",
    junit: JunitOption = "",
    report_issue: IssueOption = "",
) -> int:
    """Run scenario files, or all files of folders, and report what did not hold.

    Without --target they run on the reference server in this process. Every invalid file is named
    before the first case runs.
    """
    from imcli.cli.running.files import find_files, read_cases
    from imcli.cli.running.interrupts import interrupted, taken_by
    from imcli.cli.running.playing import play
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
