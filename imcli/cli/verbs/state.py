"""The state of the embedded server as a whole: emptying it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from imcli.cli.shell import shell_of


def reset_state(
    ctx: typer.Context,
    state: Annotated[
        str, typer.Option("--state", metavar="FILE", help="State file of the embedded server.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Empty the embedded server: every user, group and message.

    Asks first. A file that is not imcli's is left alone.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    shell.options = shell.options._replace(state=state, yes=yes)
    path = kit.state_path(shell)
    if not os.path.exists(path):
        shell.say(f"nothing to empty: there is no state in {path}")
        return 0
    question = f"empty the embedded server in {path}: every user, group and message?"
    if not shell.confirm(question, without_terminal="reset-state wants to be confirmed"):
        return kit.declined(shell)
    from imcli.targets.embedded import reset

    reset(path)
    shell.say(f"emptied {path}")
    return 0
