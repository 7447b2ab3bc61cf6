"""The context verbs: name a live server, choose it, list, forget.

A manager token comes from a prompt that does not show it, from standard input, or stays in a file
of its own; there is no flag for it, because flags are seen by everybody on the machine and kept by
the shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.options import TokenStdinOption
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.contexts import Context, Contexts
    from imcli.cli.tables import Row, Table
    from imcli.cli.tokens import Secret

IDLE = ("transport", "commands")
COLUMNS = ("current", "context", "url", "token", "transport", "commands")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of the context.")]
UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="The server's HTTP address: http://HOST:5001.")
]
TokenFileOption = Annotated[
    str,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="The token is the first line of this file of mode 0600, and stays there.",
    ),
]
TransportOption = Annotated[
    str,
    typer.Option(
        "--transport",
        metavar="NAME",
        help="How devices connect: tcp, ws, jsonrpc, tcp-jsonrpc, ws-jsonrpc, none.",
    ),
]
RestartOption = Annotated[
    str,
    typer.Option(
        "--restart", metavar="COMMAND", help="Shell command that restarts it, for scenarios."
    ),
]
CrashOption = Annotated[
    str,
    typer.Option(
        "--crash", metavar="COMMAND", help="Shell command that kills and starts it again."
    ),
]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace the context of that name.")]
UseOption = Annotated[bool, typer.Option("--use", help="Make it the current one.")]


def add_context(
    ctx: typer.Context,
    name: NameArgument,
    url: UrlArgument,
    token_stdin: TokenStdinOption = False,
    token_file: TokenFileOption = "",
    transport: TransportOption = "",
    restart: RestartOption = "",
    crash: CrashOption = "",
    replace: ReplaceOption = False,
    use: UseOption = False,
) -> int:
    """Name a live server, with what is needed to reach it.

    On a terminal the manager token is asked for and not shown; Enter means that there is none. The
    file of contexts is for its owner alone (mode 0600). Nothing is asked of the server: imcli
    doctor NAME does that.
    """
    from imcli.cli.config import check_choice
    from imcli.cli.context_edit import edited
    from imcli.cli.contexts import TRANSPORTS, Context, read_contexts
    from imcli.cli.tokens import token_path

    shell = shell_of(ctx)
    check_name(name)
    check_address(url)
    if transport:
        check_choice("--transport", transport, TRANSPORTS)
    path = token_path(shell, token_file)
    refuse_taken(read_contexts(shell.world), name, replace)
    token = wanted_token(shell, name, from_stdin=token_stdin, path=path)
    context = Context(name, url, token, path, transport, restart, crash)
    with edited(shell) as (edit, before):
        refuse_taken(before, name, replace)
        edit.put(context)
        if use:
            edit.set_current(name)
    warn_of_plain_http(shell, context)
    said = f"added {name}: {url}" + (" (current)" if use else "")
    return report(shell, "add-context", said, context)


def refuse_taken(contexts: Contexts, name: str, replace: bool) -> None:
    """Refuse a name that is taken, unless it is to be replaced."""
    if contexts.named(name) and not replace:
        raise UsageError(f"there is a context {name!r} already", hint="add --replace")


def check_name(name: str) -> None:
    """Refuse what cannot be a context's name."""
    from imcli.cli.contexts import name_fault

    fault = name_fault(name)
    if fault:
        raise UsageError(fault)


def check_address(url: str) -> None:
    """Refuse what is no address."""
    from imcli.cli.address import check_url

    check_url(url)


def wanted_token(shell: Shell, name: str, *, from_stdin: bool, path: str) -> Secret:
    """The token that is to be stored: from standard input, from a prompt, or none."""
    from imcli.cli.tokens import Secret, given_token

    if path and not from_stdin:
        return Secret()
    prompt = f"manager token of {name} (not shown; Enter for none): "
    return given_token(shell, prompt, from_stdin=from_stdin, path=path)


def warn_of_plain_http(shell: Shell, context: Context) -> None:
    """Say that a token goes over an open line."""
    from imcli.cli.address import is_loopback

    plain = context.url.lower().startswith("http://") and not is_loopback(context.url)
    if context.token_source and plain:
        shell.say("note: http:// carries the token unencrypted")


def use_context(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A context, or embedded: none is current.")
    ],
) -> int:
    """Make a context the one that admin verbs go to.

    Until then, and after use-context embedded, they go to the embedded server. A --target,
    IMCLI_TARGET or an imcli.toml is stronger. Scenarios never go there by themselves.
    """
    from imcli.cli.config import user_file
    from imcli.cli.context_edit import edited

    shell = shell_of(ctx)
    wanted = "" if name == "embedded" else name
    with edited(shell) as (edit, before):
        if wanted:
            before.known(wanted)
        edit.set_current(wanted)
    url = next((c.url for c in before.all if c.name == wanted), "")
    stronger = shell.settings.get("target", "", "")
    if stronger.source not in ("default", user_file(shell.world)) or (
        not wanted and stronger.source != "default"
    ):
        shell.say(f"note: here target in {stronger.source} is stronger")
    said = f"admin verbs go to {name}" + (f": {url}" if url else "")
    shell.show_one({"action": "use-context", "context": wanted or None}, said, (name,))
    return 0


def list_contexts(ctx: typer.Context) -> int:
    """List the contexts, and which of them is current.

    Tokens are not shown, only where each is: stored in the file of contexts, or in a file of its
    own.
    """
    from imcli.cli.contexts import read_contexts
    from imcli.cli.tables import Table

    shell = shell_of(ctx)
    contexts = read_contexts(shell.world)
    rows = tuple(context_row(context, contexts.current) for context in contexts.all)
    empty = "there is no context; imcli add-context NAME http://HOST:5001 makes one"
    shell.show(without_idle_columns(Table(COLUMNS, rows, empty), shell.form))
    return 0


def without_idle_columns(table: Table, form: str) -> Table:
    """Leave out for people what no context says anything about."""
    if form != "table":
        return table
    said = [
        place
        for place, column in enumerate(table.columns)
        if column not in IDLE or any(row.cells[place] != "-" for row in table.rows)
    ]
    rows = tuple(row._replace(cells=tuple(row.cells[i] for i in said)) for row in table.rows)
    return table._replace(columns=tuple(table.columns[i] for i in said), rows=rows)


def context_row(context: Context, current: str) -> Row:
    """One context as a line and as a record."""
    from imcli.cli.tables import Row

    is_current = context.name == current
    commands = [name for name in ("restart", "crash") if getattr(context, name)]
    cells = (
        "*" if is_current else "",
        context.name,
        context.url,
        context.token_source or "none",
        context.transport or "-",
        ", ".join(commands) or "-",
    )
    return Row(cells, {"current": is_current, **context_record(context)})


def context_record(context: Context) -> dict[str, object]:
    """A context as JSON: everything but the token."""
    return {
        "context": context.name,
        "url": context.url,
        "token": context.token_source or None,
        "transport": context.transport or None,
        "restart": context.restart or None,
        "crash": context.crash or None,
    }


def remove_context(ctx: typer.Context, name: NameArgument) -> int:
    """Forget a context, and the token that is stored with it.

    Nothing is done to the server. A file of --token-file stays.
    """
    from imcli.cli.context_edit import edited

    shell = shell_of(ctx)
    with edited(shell) as (edit, before):
        context = before.known(name)
        edit.drop(name)
        if before.current == name:
            edit.set_current("")
    gone = "; admin verbs go to the embedded server" if before.current == name else ""
    return report(shell, "remove-context", f"removed {name}{gone}", context)


def report(shell: Shell, action: str, said: str, context: Context) -> int:
    """Say what was done to a context."""
    record = {"action": action, **context_record(context)}
    shell.show_one(record, said, (context.name, context.url))
    return 0
