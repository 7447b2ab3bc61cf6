"""Which families of situations the corpus covers, as `docs/coverage.md` has it."""

from __future__ import annotations

import typer

from imcli.cli.shell import shell_of


def list_families(ctx: typer.Context) -> int:
    """List the families of situations and the scenario files that cover them.

    Prints docs/coverage.md: each family with its files, or why it is out of reach.
    """
    from imcli.scenario.coverage import coverage_page

    shell_of(ctx).write(coverage_page().rstrip("\n"))
    return 0
