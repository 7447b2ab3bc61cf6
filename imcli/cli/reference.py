"""Prints `docs/commands.md` from the commands themselves; a test keeps the file current.

python -m imcli.cli.reference > docs/commands.md
"""

from __future__ import annotations

import sys

from typer import _click as click

from imcli.cli.commands import COMMANDS, Command
from imcli.cli.config import KEYS
from imcli.cli.group import build_command
from imcli.model.exit_status import EXIT_STATUS_TABLE

HEAD = """# Commands

Printed from the commands themselves by `python -m imcli.cli.reference`; a test keeps it current.

Common options may stand before the command or behind it. What is not given as an option is looked
up in the environment, then in `imcli.toml` of the project (the nearest one above the current
folder), then the current context is the target of admin verbs, then the user's own configuration
file is asked. Data goes to stdout and talk to stderr; a
command that fails has written no result to stdout. `docs/output.md` describes the formats.

A group's name begins with `#` and is quoted, `'#team'`, because a shell takes a bare `#` for a
comment. A text that begins with a dash goes behind `--`: `imcli send B A -- -1`.
"""


def page() -> str:
    """Compose the whole page."""
    parts = [HEAD, settings_table(), statuses_table()]
    for section in dict.fromkeys(row.section for row in COMMANDS):
        parts.append(f"## {section}\n")
        parts += [chapter(row) for row in COMMANDS if row.section == section]
    return "\n".join(parts)


def settings_table() -> str:
    """Compose the table of settings."""
    lines = ["## Settings\n", "| key of `imcli.toml` | environment | option |", "|---|---|---|"]
    lines += [f"| `{key}` | `IMCLI_{key.upper()}` | `--{key}` |" for key in KEYS]
    lines.append(
        "\nThe manager token of a live server is that of `IMCLI_TOKEN`, else the context's. "
        "`docs/live.md` is about live servers. `profile` is for admin verbs: what scenarios run on "
        "is said by their `--target` and `--profile`, or by the file."
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
    lines += [f"- {parameter(param, context)}" for param in command.params]
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
