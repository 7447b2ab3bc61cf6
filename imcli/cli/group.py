"""The bridge to typer: a group whose commands are built when they are called.

Building thirty commands, with the imports of each, would cost every start what only one of them
needs. `commands.py` says all that the overview needs; the rest is looked up by name. Common options
are added to a command's parameters here and leave as one `Options` in the shell of its context.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, TypeVar, get_type_hints

import typer
from typer import _click as click
from typer.core import TyperCommand, TyperGroup

from imcli.cli.commands import COMMAND_BY_NAME, COMMANDS, Command
from imcli.cli.options import GROUPS, Options
from imcli.cli.shell import Shell

COMPLETION = "_IMCLI_COMPLETE"
"""Set by the shell's own completion, which typer answers."""
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., object])


class Verb(TyperCommand):
    """A command that knows which common options it takes."""

    common_names: tuple[str, ...] = ()

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Write arguments as the help names them: `FROM TO [TEXT]`."""
        arguments = [p for p in self.get_params(ctx) if p.param_type_name == "argument"]
        names = [(str(p.metavar or p.name).strip("[]"), p.required) for p in arguments]
        return ["[OPTIONS]", *(name if required else f"[{name}]" for name, required in names)]

    def invoke(self, ctx: click.Context) -> Any:
        """Hand the common options over in one value and call the command."""
        shell = ctx.obj
        assert isinstance(shell, Shell), "main() gives every context a shell"
        refuse_empty_values(self, ctx)
        given = {name: ctx.params.pop(name) for name in self.common_names}
        shell.options = Options(**given)
        shell.check_settings(self.common_names)
        return super().invoke(ctx)


def refuse_empty_values(command: click.Command, ctx: click.Context) -> None:
    """Refuse `--device ""` and `kick-device A ""`: a variable never set must not mean the default.

    An empty text is a message like others, and what must be named says itself that it is not.

    Raises:
        UsageError: naming what is empty.
    """
    for param in command.get_params(ctx):
        option = param.param_type_name == "option"
        value = ctx.params.get(param.name or "")
        if "" not in (value if isinstance(value, list | tuple) else (value,)):
            continue
        if not option and (param.metavar == "TEXT" or (param.required and param.nargs == 1)):
            continue
        source = ctx.get_parameter_source(param.name or "")
        if source is not None and source.name == "COMMANDLINE":
            from imcli.model.errors import UsageError

            name = param.opts[0] if option else str(param.metavar or param.name).strip("[]")
            raise UsageError(f"{name} is empty", hint="leave it out, or give it a value")


class Commands(TyperGroup):
    """All commands, from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMAND_BY_NAME)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build the command that was called."""
        row = COMMAND_BY_NAME.get(cmd_name)
        if row is None:
            return None
        command = build_command(row)
        if COMPLETION in ctx.obj.world.env:
            from imcli.cli.completion import offer_values

            offer_values(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or answer with the nearest one."""
        if args and args[0] not in COMMAND_BY_NAME and not args[0].startswith("-"):
            from imcli.cli.failures import unknown_command
            from imcli.model.errors import UsageError

            failure = unknown_command(args[0])
            raise UsageError(failure.message, hint=failure.hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section, without building any."""
        width = max(len(row.name) for row in COMMANDS)
        for section in dict.fromkeys(row.section for row in COMMANDS):
            rows = [(r.name.ljust(width), r.summary) for r in COMMANDS if r.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)


def build_group() -> TyperGroup:
    """Make the group; none of its commands yet."""
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=CONTEXT_SETTINGS,
    )
    app.callback()(overview)
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def overview(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    """Look after an instant-messaging server, and find out what it does wrong.

    \b
    Examples:
      imcli demo
      imcli run-scenario scenarios/
      imcli send B A "hi"

    Without --target, commands work on an embedded server that needs no set-up.
    """  # noqa: D301 - \b is typer's mark for a paragraph that is not to be wrapped
    if version:
        from imcli import __version__

        sys.stdout.write(f"imcli {__version__}\n")
        raise typer.Exit


def build_command(row: Command) -> TyperCommand:
    """Make one command: its function, its help with an example, its common options."""
    function = resolved(getattr(import_module(f"imcli.cli.{row.module}"), row.function))
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(
        row.name, cls=Verb, help=help_text(row, function), context_settings=CONTEXT_SETTINGS
    )(function)
    command = typer.main.get_command(app)
    assert isinstance(command, Verb)
    command.common_names = GROUPS[row.options]
    shared = {param.name: param for param in common_parameters()}
    command.params.extend(shared[name] for name in command.common_names)
    return command


def resolved(function: AnyFunction) -> AnyFunction:
    """Evaluate the annotations of a command once; typer would evaluate the text of each four times.

    >>> def hello(name: "str") -> "int": ...
    >>> resolved(hello).__annotations__
    {'name': <class 'str'>, 'return': <class 'int'>}
    """
    function.__annotations__ = get_type_hints(function, include_extras=True)
    return function


def common_parameters() -> list[click.Parameter]:
    """Make the parameters of all common options."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(Options)
    return typer.main.get_command(app).params


def help_text(row: Command, function: object) -> str:
    """Compose help: the sentence, an example, then the details of the docstring."""
    details = (getattr(function, "__doc__", None) or "").partition("\n\n")[2]
    paragraphs = [" ".join(part.split()) for part in details.split("\n\n") if part.strip()]
    word = "Examples:" if len(row.examples) > 1 else "Example:"
    example = "\n".join(["\b", word, *(f"  {line}" for line in row.examples)])
    return "\n\n".join([row.summary, example, *paragraphs])
