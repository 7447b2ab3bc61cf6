"""Which families of situations the corpus covers, as `docs/coverage.md` has it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from imcli.cli.shell import shell_of

HERE = "scenarios"
"""Where scenarios are looked for, where nothing else is said."""


def list_families(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...]", help="Scenario files or folders of them; default: scenarios."
        ),
    ] = None,
) -> int:
    """List the families of situations and the scenario files that cover them.

    Prints docs/coverage.md: each family with its files, or why it is out of reach.
    """
    from imcli.cli.running.files import find_files, read_text
    from imcli.model.errors import NothingToRun
    from imcli.scenario.coverage import coverage_page, load_families, read_covers

    shell = shell_of(ctx)
    if not paths and not os.path.isdir(shell.world.path(HERE)):
        raise NothingToRun(
            f"there is no folder {HERE!r} here",
            hint="say where your scenario files are: imcli list-families PATH",
        )
    found = find_files(shell.world, paths or [HERE])
    shown = [read_covers(path, read_text(shell.world, path)) for path in found]
    shell.write(coverage_page(load_families(), shown).rstrip("\n"))
    return 0
