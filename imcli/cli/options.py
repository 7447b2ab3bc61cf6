"""The options that commands share, each declared once.

The aliases are used in signatures of commands that need them alone. The *common* options (target,
output, voice, caution) are not repeated in thirty signatures: the fields of `Options` declare them
once, and `group.py` adds a command's group to its parameters and hands over the values as one.

Annotations are evaluated here, not kept as text: typer reads those of `Options`.
"""

from typing import Annotated, NamedTuple

import typer

from imcli.cli.commands import OptionGroup
from imcli.model.errors import UsageError

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user whose view it is.")]
ChatArgument = Annotated[
    str, typer.Argument(metavar="PEER", help="The other user, or a group as '#name' (quoted).")
]
GroupArgument = Annotated[
    str, typer.Argument(metavar="GROUP", help="The group, as '#name' (quoted, for the shell).")
]
MembersArgument = Annotated[list[str], typer.Argument(metavar="USER...", help="One user or more.")]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="The device that acts: phone, web, desktop, or kiosk:web. Default: the user's first.",
    ),
]
ViewDeviceOption = Annotated[
    str,
    typer.Option(
        "--device", metavar="NAME", help="The device that looks. Default: the user's first."
    ),
]
AllDevicesOption = Annotated[
    bool, typer.Option("--all-devices", help="Show the view of each of the user's devices.")
]
WatchOption = Annotated[
    bool, typer.Option("--watch", help="Look again and again, and print when something changes.")
]
ActorOption = Annotated[
    str,
    typer.Option("--by", metavar="USER", help="The member who does it. Default: the back end."),
]
TokenStdinOption = Annotated[
    bool, typer.Option("--token-stdin", help="Read the token from standard input.")
]


class Options(NamedTuple):
    """The common options as they were written; empty means that nothing was.

    Each field declares its option: `group.py` makes parameters of them.
    """

    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="TARGET",
            help="embedded (default), sim, sim:PROFILE, http://HOST:PORT or a context.",
        ),
    ] = ""
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Profile of a new state file (remembered there), or of --target sim: a name, or"
            " the TOML file of one.",
        ),
    ] = ""
    state: Annotated[
        str, typer.Option("--state", metavar="FILE", help="State file of the embedded server.")
    ] = ""
    output: Annotated[
        str,
        typer.Option(
            "--output", metavar="FORMAT", help="table (default), json, jsonl or plain (tabs)."
        ),
    ] = ""
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be asked, and ask nothing.")
    ] = False
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask before destroying something on a remote server."),
    ] = False
    wait: Annotated[
        bool, typer.Option("--wait", help="Return only when the effect is visible (at most 10s).")
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print data and errors, and say nothing else.")
    ] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say where settings came from and what is done.")
    ] = False
    color: Annotated[
        str, typer.Option("--color", metavar="WHEN", help="auto (default), always or never.")
    ] = ""


TALK = ("quiet", "verbose", "color")
GROUPS: dict[OptionGroup, tuple[str, ...]] = {
    "talk": TALK,
    "print": ("output", *TALK),
    "read": ("target", "profile", "state", "output", *TALK),
    "act": ("target", "profile", "state", "output", "dry_run", "yes", "wait", *TALK),
}
"""Which common options each group of commands takes."""

TAKES_VALUE = tuple(f"--{name}" for name, value in Options._field_defaults.items() if value == "")
BARE = tuple(
    f"--{name.replace('_', '-')}"
    for name, value in Options._field_defaults.items()
    if value is False
)
"""The common options as they are written: those with a value, those without."""


def behind_the_command(argv: tuple[str, ...]) -> list[str]:
    """Move common options written before the command behind it, where they are declared.

    >>> behind_the_command(("--output", "json", "--quiet", "list-conversations", "A"))
    ['list-conversations', '--output', 'json', '--quiet', 'A']
    >>> behind_the_command(("--help",)), behind_the_command(("--nonsense", "send"))
    (['--help'], ['--nonsense', 'send'])

    Raises:
        UsageError: there are options, and no command.
    """
    position = 0
    while position < len(argv):
        word = argv[position]
        if word in TAKES_VALUE:
            position += 2
        elif word in BARE or word.partition("=")[0] in TAKES_VALUE:
            position += 1
        else:
            break
    if argv and position >= len(argv):
        raise UsageError("a command is missing", hint="`imcli --help` lists the commands")
    if position >= len(argv) or argv[position].startswith("-"):
        return list(argv)
    return [argv[position], *argv[:position], *argv[position + 1 :]]
