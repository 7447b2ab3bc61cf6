"""`try`: a scenario of one line, without a file."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from imcli.cli.running.options import (
    SHOWS,
    CheckOption,
    ScenarioProfileOption,
    SeedOption,
    ShowOption,
    TargetsOption,
    checked_places,
    run_options,
)
from imcli.cli.shell import shell_of


def try_sentences(
    ctx: typer.Context,
    text: Annotated[
        str,
        typer.Argument(metavar="TEXT", help="Sentences, separated by ; (quoted, for the shell)."),
    ],
    target: TargetsOption = None,
    profile: ScenarioProfileOption = "",
    seed: SeedOption = 0,
    show: ShowOption = "failures",
    check: CheckOption = "",
) -> int:
    """Run a scenario of one line, without a file.

    Users are those who are named, with one phone each. A comma ends a step too, if what follows it
    begins a sentence.
    """
    from imcli.cli.running.playing import play
    from imcli.cli.running.report_files import Wanted
    from imcli.scenario.reading.parse import parse_try

    shell = shell_of(ctx)
    places = checked_places(shell, target or [], profile)
    again = ["imcli", "try", text, *(word for name in target or [] for word in ("--target", name))]
    again += ["--profile", profile] if profile else []
    options = run_options(
        shell, profile, seed=seed, show=show, check=check, reproduce=shlex.join(again)
    )
    return play(shell, [parse_try(text)], places, options, Wanted(SHOWS[show], targets=len(places)))
