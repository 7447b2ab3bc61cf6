"""The door: `main()`, and the group that builds a command only when it is called.

`main` is one long `except`: whatever happens inside becomes one message and one status
(`failures.py`). `--version` is answered before typer is loaded.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from imcli.cli.world import World, here

if TYPE_CHECKING:
    from imcli.cli.shell import Shell

VERSION_FLAGS = (("--version",), ("-V",))


def main(world: World | None = None) -> int:
    """Run one command line and give its exit status; never raises, never prints a traceback.

    Without a `world` this is the whole program.
    """
    world = world if world is not None else here()
    world.collector.begin()
    try:
        return answer(world)
    finally:
        world.collector.end()


def answer(world: World) -> int:
    """Answer one command line."""
    if world.argv in VERSION_FLAGS:
        return tell_version(world)
    with contextlib.redirect_stdout(world.stdout), contextlib.redirect_stderr(world.stderr):
        return guarded(world)


def tell_version(world: World) -> int:
    """Say the version, without loading what a command needs."""
    from imcli import __version__

    try:
        world.stdout.write(f"imcli {__version__}\n")
        world.stdout.flush()
        return 0
    except BrokenPipeError:
        return reader_left()
    except OSError as error:
        from imcli.cli import failures
        from imcli.cli.shell import Shell

        reader_left()
        return failures.tell_failure(Shell(world), failures.of_world(error))


def guarded(world: World) -> int:
    """Run a command line; turn whatever is raised into a message and a status."""
    from typer import Abort
    from typer._click.exceptions import NoArgsIsHelpError, UsageError

    from imcli.cli import failures
    from imcli.cli.shell import Shell
    from imcli.model.errors import ImcliError
    from imcli.model.exit_status import ExitStatus

    shell = Shell(world)
    try:
        status = dispatch(shell)
        world.stdout.flush()
        return status
    except NoArgsIsHelpError as error:
        world.stderr.write(error.format_message() + "\n")
        return ExitStatus.USAGE
    except UsageError as error:
        return failures.tell_failure(shell, failures.of_usage(error))
    except ImcliError as error:
        return failures.tell_failure(shell, failures.of_error(error))
    except (KeyboardInterrupt, Abort):
        world.stderr.write("interrupted\n")
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        return reader_left()
    except OSError as error:
        reader_left()
        return failures.tell_failure(shell, failures.of_world(error))
    except Exception as error:
        return failures.tell_failure(shell, failures.of_defect(world, error))


def reader_left() -> int:
    """Whoever read our output has gone (`| head`): end quietly, as an interrupted program does."""
    from imcli.model.exit_status import ExitStatus

    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
    return ExitStatus.INTERRUPTED


def dispatch(shell: Shell) -> int:
    """Find the command and call it."""
    from typer import Exit

    from imcli.cli.group import COMPLETION, build_group
    from imcli.cli.options import behind_the_command

    refuse_broken_text(shell.world.argv)
    argv = behind_the_command(shell.world.argv)
    group = build_group()
    if COMPLETION in shell.world.env:
        group.main(argv, prog_name="imcli", obj=shell)
    # Not `group.main`: it would turn interrupts and closed pipes into statuses of its own.
    try:
        with group.make_context("imcli", argv, obj=shell) as context:
            status = group.invoke(context)
    except Exit as end:
        return end.exit_code
    return status if isinstance(status, int) else 0


def refuse_broken_text(argv: tuple[str, ...]) -> None:
    """Refuse arguments that are not text: no server could be told them."""
    from imcli.model.errors import UsageError

    for place, word in enumerate(argv, 1):
        if not word.isascii() and any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError(
                f"argument {place} is not valid UTF-8", hint="check the terminal's encoding"
            )
