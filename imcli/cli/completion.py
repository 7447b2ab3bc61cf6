"""What the shell offers after TAB, beyond names of commands and options.

One table says what can stand in a place: who is on the embedded server, what targets, profiles and
contexts there are, the choices of an option, and in `try` how a sentence can go on. Nothing is made
and no server is asked for it, and what cannot be found out is not offered. Files are the shell's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from typer import _click as click
from typer._click.shell_completion import CompletionItem

from imcli.cli.config import CHOICES
from imcli.cli.options import Options
from imcli.cli.shell import Shell
from imcli.model.errors import ImcliError

Offer = Callable[[Shell, str], Iterable[str]]
"""Gives what may stand in a place, of the shell of the command and what is written there so far."""

TRIED_USERS = ("A", "B")
"""Who there is in `try`, where nobody else is named."""
USER_HOLES = frozenset({"USER", "ACTOR", "CHAT"})


def of_choices(*values: str) -> Offer:
    """Offer always the same."""
    return lambda shell, incomplete: values


def users(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer the users of the embedded server."""
    return _there(shell)[0]


def groups(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer the groups of the embedded server."""
    return _there(shell)[1]


def chats(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer users and groups."""
    people, their_groups = _there(shell)
    return (*people, *their_groups)


def _there(shell: Shell) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name who is on the embedded server: nobody where verbs go elsewhere, or there is no file."""
    from imcli.cli.targets import state_path, verb_place
    from imcli.targets.embedded import open_embedded
    from imcli.targets.sqlite_file import inspect

    path = state_path(shell)
    if verb_place(shell).kind != "embedded" or not inspect(path):
        return (), ()
    target = open_embedded(path)
    try:
        return target.users(), tuple(row.group for row in target.groups())
    finally:
        target.close()


def profiles(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer the built-in profiles."""
    from imcli.simulator.profiles import builtin_names

    return builtin_names()


def contexts(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer the names of live servers."""
    from imcli.cli.contexts import read_contexts

    return [context.name for context in read_contexts(shell.world).all]


def shows(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer what `--show` takes."""
    from imcli.cli.running.options import SHOWS

    return SHOWS


def checks(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer what `--check` takes."""
    from imcli.cli.running.pool import OBSERVERS

    return filter(None, OBSERVERS)


def targets(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer everything that a target can be but an address."""
    simulated = [f"sim:{name}" for name in profiles(shell, incomplete)]
    return ["embedded", "sim", *simulated, *contexts(shell, incomplete)]


def sentences(shell: Shell, incomplete: str) -> Iterable[str]:
    """Offer what is written with one word more, or with its last word finished."""
    from imcli.scenario.table.complete import complete, half_written

    before = incomplete.removesuffix(half_written(incomplete))
    for word in complete(incomplete):
        if word in USER_HOLES:
            yield from (before + user for user in TRIED_USERS)
        elif not word.isupper():
            yield before + word


OFFERS: dict[str, Offer] = {
    "USER": users,
    "USER...": users,
    "FROM": users,
    "--by": users,
    "PEER": chats,
    "TO": chats,
    "OWNER": chats,
    "GROUP": groups,
    "TARGET": targets,
    "--target": targets,
    "--profile": profiles,
    "--output": of_choices(*CHOICES["output"]),
    "--color": of_choices(*CHOICES["color"]),
    "--show": shows,
    "--check": checks,
    "--orders": of_choices("one", "all"),
    "--jobs": of_choices("auto"),
    "try TEXT": sentences,
    "show-profile NAME": profiles,
    "use-context NAME": contexts,
    "remove-context NAME": contexts,
}
"""What is offered: for an option by its name, for an argument as the help names it, where needed
with the command before it."""


def offer_values(command: click.Command) -> None:
    """Let the parameters of a command offer what can stand there."""
    for param in command.params:
        word = param.opts[0] if param.param_type_name == "option" else param.metavar or ""
        name = word.strip("[]")
        offer = OFFERS.get(f"{command.name} {name}") or OFFERS.get(name)
        if offer is not None:
            setattr(param, "shell_complete", _asked(offer))  # noqa: B010 - it is a method


def _asked(offer: Offer) -> Callable[[click.Context, str], list[CompletionItem]]:
    def shell_complete(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        shell = ctx.obj
        assert isinstance(shell, Shell), "main() gives every context a shell"
        common = getattr(ctx.command, "common_names", ())
        given = {name: ctx.params[name] for name in common if ctx.params.get(name)}
        with suppress(ImcliError, OSError):
            shell.options = Options(**given)
            found = dict.fromkeys(offer(shell, incomplete))
            return [CompletionItem(value) for value in found if value.startswith(incomplete)]
        return []

    return shell_complete
