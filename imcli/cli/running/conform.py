"""`conform`: recordings of real servers in, agreement or the first divergent answer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.running.options import JobsOption
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import CouldNotTell
from imcli.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imcli.cli.tables import Record
    from imcli.conform.judged import Judged
    from imcli.conform.recording import Recording

BATCH = 200


def conform_recordings(
    ctx: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="RECORDING...", help="Files of recordings, or folders of them."),
    ],
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Replay everything on this profile. Default: that of each recording's version.",
        ),
    ] = "",
    jobs: JobsOption = "1",
) -> int:
    """Replay what real servers answered, and find the first answer that differs.

    Recordings are JSON lines, packed with gzip or not. Status 0 only if every recording agrees.
    """
    from imcli.cli.running.pool import job_count
    from imcli.cli.running.recordings import find_recordings, read_files

    shell = shell_of(ctx)
    count = job_count(jobs, shell.world.processors)
    recordings = read_files(shell.world, find_recordings(shell.world, paths))
    results = judge_all(recordings, profile, count)
    show(shell, results)
    return ExitStatus.FAILED if any(each.divergence for each in results) else ExitStatus.HELD


def judge_all(recordings: list[Recording], profile: str, jobs: int) -> list[Judged]:
    """Judge recordings in their order, in this process or in several."""
    from imcli.cli.running.crew import open_crew
    from imcli.conform.replay import profile_for, wukongim_profile

    for recording in recordings:  # whatever is wrong is said before the first replay
        if profile:
            wukongim_profile(profile)
        else:
            profile_for(recording)
    batches = [recordings[i : i + BATCH] for i in range(0, len(recordings), BATCH)]
    if jobs == 1 or len(batches) == 1:
        return [each for batch in batches for each in judge(batch, profile)]
    with open_crew(min(jobs, len(batches)), len(batches), Batches(batches, profile)) as crew:
        answers = list(crew.answers())
    return [each for batch in answers for each in judged(batch)]


class Batches:
    """The work of one process: each batch, by its number."""

    def __init__(self, batches: list[list[Recording]], profile: str) -> None:
        self._batches = batches
        self._profile = profile

    def __call__(self, number: int) -> list[Judged]:
        """Judge one batch."""
        return judge(self._batches[number], self._profile)


def judged(answer: list[Judged] | Exception | None) -> list[Judged]:
    """What a process found.

    Raises:
        CouldNotTell: the process is gone.
        KeyboardInterrupt: somebody told a process to end.
    """
    if answer is None:
        raise KeyboardInterrupt
    if isinstance(answer, Exception):
        raise CouldNotTell(f"recordings were not judged to the end: {answer}")
    return answer


def judge(recordings: Sequence[Recording], profile: str) -> list[Judged]:
    """Judge recordings one by one."""
    from imcli.conform.replay import conform, profile_for, wukongim_profile

    return [
        conform(each, wukongim_profile(profile) if profile else profile_for(each))
        for each in recordings
    ]


def show(shell: Shell, results: list[Judged]) -> None:
    """Print what was found: a report for people, a record each for programs."""
    from imcli.report.conformance import report_lines
    from imcli.report.console import paint

    if shell.form == "table":
        color = shell.colored()
        lines = report_lines(results, shell.world.columns)
        shell.write("\n".join(paint(line, color) for line in lines))
        return
    from imcli.cli.tables import Row, Table

    rows = tuple(Row(cells(each), record(each)) for each in results)
    shell.show(Table(("recording", "profile", "agrees", "step"), rows))


def cells(each: Judged) -> tuple[str, ...]:
    """One recording as a row: its place, the profile, yes or no, the step that diverged."""
    found = each.divergence
    step = "" if found is None else str(found.step or found.part)
    return (each.place, each.profile, "no" if found else "yes", step)


def record(each: Judged) -> Record:
    """One recording as JSON (`docs/output.md`)."""
    found = each.divergence
    return {
        "place": each.place,
        "version": each.version,
        "form": each.form,
        "mode": each.mode,
        "seed": each.seed,
        "theme": each.theme,
        "profile": each.profile,
        "agrees": found is None,
        "divergence": None
        if found is None
        else {
            "step": found.step or None,
            "part": found.part or None,
            "asked": found.asked,
            "recorded": found.recorded,
            "simulated": found.simulated,
            "differs": [field.path for field in found.fields if field.differs],
            "steps": found.steps,
            "state": found.state,
        },
    }
