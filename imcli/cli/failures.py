"""How a command fails: one clear message, a `hint:` line, and the status of the one table.

Whatever is raised ends here. What imcli raises on purpose says so itself; what typer raises about
the command line is said again in our words, with the nearest thing that exists; anything else is a
defect: one line, and a report in the state folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from imcli.cli.text import visible, visible_lines, without_passwords
from imcli.model.errors import ImcliError, InvalidInput
from imcli.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from typer._click.exceptions import UsageError as ClickUsageError

    from imcli.cli.shell import Shell
    from imcli.cli.world import World

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO)
HASH_HINT = "quote a group's name, '#team': a shell takes an unquoted # for a comment"
DASH_HINT = "a text that begins with a dash goes behind --, as in: imcli send B A -- -1"


class Failure(NamedTuple):
    """What is said on stderr, and the status. `before` are blocks of their own (file errors)."""

    message: str
    status: int
    hint: str = ""
    before: tuple[str, ...] = ()


def tell_failure(shell: Shell, failure: Failure) -> int:
    """Say a failure on stderr, the most important lines last, and give its status."""
    from imcli.cli.shell import BOLD, RED, RESET

    color = color_or_plain(shell)
    mark, end = (f"{BOLD}{RED}", RESET) if color else ("", "")
    lines = [visible_lines(block) for block in failure.before]
    lines.append(f"{mark}error:{end} {visible_lines(failure.message)}")
    if failure.hint:
        lines.append(f"hint: {visible_lines(failure.hint)}")
    with contextlib.suppress(OSError):  # nobody can be told; the status says it all the same
        shell.world.stderr.write("\n".join(lines) + "\n")
        shell.world.stderr.flush()
    return failure.status


def color_or_plain(shell: Shell) -> bool:
    """Whether to colour errors; a broken setting must not hide the first error."""
    try:
        return shell.colored(error=True)
    except ImcliError:
        return False


def of_error(error: ImcliError) -> Failure:
    """Phrase what imcli raised on purpose."""
    before = error.problems if isinstance(error, InvalidInput) else ()
    return Failure(error.message, error.exit_status, error.hint, before)


def of_usage(error: ClickUsageError) -> Failure:
    """Phrase what typer says about a command line in our words."""
    from typer._click import exceptions as click

    match error:
        case click.NoSuchOption():
            return no_such_option(error)
        case click.MissingParameter():
            return missing(error)
        case click.BadParameter():
            name = parameter_name(error)
            message = error.message[:1].lower() + error.message[1:].rstrip(".")
            message = message.replace("a valid int", "a whole number")
            return Failure(f"{name}: {message}", ExitStatus.USAGE, help_hint(error))
        case _:
            return other_usage(error)


def other_usage(error: ClickUsageError) -> Failure:
    """Phrase too many arguments, an option without its value, and whatever else there is."""
    message = error.format_message().rstrip(".")
    if "unexpected extra argument" in message:
        extra = message.rpartition(" (")[2].rstrip(")")
        return Failure(
            f"more arguments than the command takes: {extra}",
            ExitStatus.USAGE,
            f"a text of several words is quoted; {help_hint(error)}"
            if takes_text(error)
            else help_hint(error),
        )
    return Failure(message[:1].lower() + message[1:], ExitStatus.USAGE, help_hint(error))


def takes_text(error: ClickUsageError) -> bool:
    """Whether a command takes a text, which may have been meant to be of several words."""
    params = error.ctx.command.get_params(error.ctx) if error.ctx is not None else []
    return any(getattr(param, "metavar", None) == "TEXT" for param in params)


def no_such_option(error: ClickUsageError) -> Failure:
    """Answer a mistyped option with the nearest one of that command."""
    from imcli.cli.suggest import did_you_mean

    name = str(getattr(error, "option_name", ""))
    context = error.ctx
    known = [
        opt
        for param in (context.command.get_params(context) if context else [])
        for opt in param.opts
        if opt.startswith("--")
    ]
    hint = did_you_mean(name, known)
    if not hint:
        hint = DASH_HINT if not name.startswith("--") else help_hint(error)
    return Failure(f"there is no option {name}", ExitStatus.USAGE, hint)


def missing(error: ClickUsageError) -> Failure:
    """Name what is missing; where a group could stand, a shell may have eaten it."""
    name = parameter_name(error)
    hint = help_hint(error)
    if name in ("PEER", "GROUP", "TO", "USER...", "OWNER"):
        hint = f"{HASH_HINT}; {hint}"
    return Failure(f"{name} is missing", ExitStatus.USAGE, hint)


def parameter_name(error: ClickUsageError) -> str:
    """Name a parameter as the help does."""
    param = getattr(error, "param", None)
    if param is None:
        return "the command line"
    if param.param_type_name == "option":
        return str(param.opts[0])
    return str(param.metavar or param.name).strip("[]")


def help_hint(error: ClickUsageError) -> str:
    """Say which help to read: `imcli send --help`."""
    path = error.ctx.command_path if error.ctx is not None else "imcli"
    return f"`{path} --help` shows how"


def of_world(error: OSError) -> Failure:
    """Phrase what the system refused: a full disk, a closed stream, a lost folder."""
    reason = error.strerror or str(error)
    if error.filename:
        return Failure(f"the system says: {reason} ({error.filename})", ExitStatus.UNKNOWN)
    if error.errno in NO_ROOM:  # files say their names: it was what is printed
        return Failure(f"what is printed cannot be written: {reason}", ExitStatus.UNKNOWN)
    return Failure(f"the system says: {reason}", ExitStatus.UNKNOWN)


def unknown_command(word: str) -> Failure:
    """Answer a mistyped command with the nearest one."""
    from imcli.cli.commands import COMMAND_BY_NAME
    from imcli.cli.suggest import did_you_mean

    hint = did_you_mean(word, COMMAND_BY_NAME) or "`imcli --help` lists the commands"
    return Failure(f"there is no command {word!r}", ExitStatus.USAGE, hint)


def of_defect(world: World, error: BaseException) -> Failure:
    """Write the report of a defect and say in one line where it is."""
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        where = write_report(world, text)
        told = f"a report was written to {where}"
    except OSError as problem:
        told = f"no report could be written ({problem.strerror or problem})"
    reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no words'}"
    return Failure(
        f"a defect in imcli ({visible(reason)[:200]}); {told}",
        ExitStatus.DEFECT,
    )


def write_report(world: World, trace: str) -> str:
    """Write what is needed to find a defect: version, platform, command line, traceback."""
    from imcli import __version__
    from imcli.cli.config import state_folder

    folder = os.path.join(state_folder(world), "defects")
    os.makedirs(folder, exist_ok=True)
    stem = os.path.join(folder, f"defect-{int(world.now())}")
    path = next(p for n in range(10_000) if not os.path.exists(p := f"{stem}-{n}.txt"))
    command = " ".join(repr(without_passwords(word)) for word in world.argv)
    with open(path, "x", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"imcli {__version__}, Python {sys.version}, {sys.platform}\n")
        file.write(f"command: imcli {command}\n\n{trace}")
    return path
