"""Prints `docs/commands.md` from the commands themselves; a test keeps the file current.

python -m imcli.cli.reference > docs/commands.md
"""

from __future__ import annotations

import sys

from typer import _click as click

from imcli.cli.commands import COMMAND_BY_NAME, COMMANDS, Command
from imcli.cli.config import KEYS
from imcli.cli.group import build_command
from imcli.cli.options import GROUPS
from imcli.model.exit_status import EXIT_STATUS_TABLE

HEAD = """# Commands

Printed from the commands themselves by `python -m imcli.cli.reference`; a test keeps it current.

Data goes to stdout and talk to stderr; a command that fails has written no result to stdout.
`docs/output.md` describes the formats.

A group's name begins with `#` and is quoted, `'#team'`, because a shell takes a bare `#` for a
comment. A text that begins with a dash goes behind `--`: `imcli send B A -- -1`. An option that is
given an empty value is refused; leave it out instead.

`imcli --install-completion` teaches your shell to complete commands, options, targets, profiles,
contexts, the users and groups of the embedded server, and the sentences of `imcli try`.
"""


def page() -> str:
    """Compose the whole page."""
    parts = [HEAD, common_options(), settings_table(), statuses_table()]
    for section in dict.fromkeys(row.section for row in COMMANDS):
        parts.append(f"## {section}\n")
        parts += [chapter(row) for row in COMMANDS if row.section == section]
    return "\n".join(parts)


def common_options() -> str:
    """Compose the list of the options that many commands take, each once."""
    lines = [
        "## Common options\n",
        "Many commands take some of these, and each says which. They may stand before the command"
        " or behind it.\n",
    ]
    command = build_command(COMMAND_BY_NAME["send"])  # which takes all of them
    context = click.Context(command)
    shared = [param for param in command.params if param.name in GROUPS["act"]]
    lines += [f"- {parameter(param, context)}" for param in shared]
    return "\n".join(lines) + "\n"


def settings_table() -> str:
    """Compose the table of settings."""
    lines = [
        "## Settings\n",
        "What is not given as an option is looked up, in this order,\n",
        "1. in the environment;",
        "2. in `imcli.toml` of the project: the nearest one in the current folder or above it;",
        "3. for the target of an admin verb: in the current context (`imcli use-context`);",
        "4. in the user's own `config.toml` (on Linux in `~/.config/imcli`).\n",
        "| key of `imcli.toml` and `config.toml` | environment | option |",
        "|---|---|---|",
    ]
    lines += [f"| `{key}` | `IMCLI_{key.upper()}` | `--{key}` |" for key in KEYS]
    lines.append(
        "\n`profile` is for admin verbs: what scenarios run on is said by their `--target` and "
        "`--profile`, or by the file. The state file of the embedded server is, if nothing else is "
        "said, `state.db` in the user's folder of states (on Linux `~/.local/state/imcli`). The "
        "manager token of a live server is the one in `IMCLI_TOKEN`, or else the context's "
        "(`docs/live.md`)."
    )
    return "\n".join(lines) + "\n"


def statuses_table() -> str:
    """Compose the table of exit statuses."""
    lines = ["## Exit status\n", "| status | meaning |", "|---|---|"]
    lines += [f"| {int(row.status)} | {row.meaning} |" for row in EXIT_STATUS_TABLE]
    return "\n".join(lines) + "\n"


def chapter(row: Command) -> str:
    """Compose the chapter of one command."""
    command = build_command(row)
    context = click.Context(command, info_name=row.name)
    usage = " ".join(["imcli", row.name, *command.collect_usage_pieces(context)])
    details = [p for p in (command.help or "").split("\n\n")[2:] if p.strip()]
    lines = [f"### {row.name}\n", f"{row.summary}\n", "```sh", *row.examples, "```\n"]
    lines += [f"{paragraph}\n" for paragraph in details]
    lines += [f"`{usage}`\n"]
    own = [param for param in command.params if param.name not in GROUPS[row.options]]
    lines += [f"- {parameter(param, context)}" for param in own]
    shared = [f"`{param.opts[0]}`" for param in command.params if param not in own]
    also = "also" if own else "takes"
    lines += [f"- {also} {' '.join(shared)} ([common options](#common-options))"] if shared else []
    return "\n".join(lines) + "\n"


def parameter(param: click.Parameter, context: click.Context) -> str:
    """Compose the line of one argument or option."""
    name = param.opts[0] if param.param_type_name == "option" else str(param.metavar or param.name)
    record = param.get_help_record(context)
    said = record[1] if record else ""
    takes = getattr(param, "metavar", None)
    shown = f"`{name} {takes}`" if param.param_type_name == "option" and takes else f"`{name}`"
    return f"{shown}: {said.replace('  [required]', '')}"


if __name__ == "__main__":
    sys.stdout.write(page())
