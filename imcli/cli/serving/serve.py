"""`serve`: the simulated server behind WuKongIM's own protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from imcli.cli.serving.options import (
    DEFAULT_PROFILE,
    EventsOption,
    HttpOption,
    PlainOption,
    ProfileOption,
    ScriptOption,
    StateOption,
    SwitchOption,
    TcpOption,
    TokenAuthOption,
    VirtualTimeOption,
    WebhookOption,
    WsOption,
)
from imcli.cli.shell import shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.world import World
    from imcli.serve.script import Script


def serve(
    ctx: typer.Context,
    profile: ProfileOption = None,
    http: HttpOption = "127.0.0.1:5001",
    ws: WsOption = "127.0.0.1:5200",
    tcp: TcpOption = "127.0.0.1:5100",
    state: StateOption = None,
    script: ScriptOption = None,
    webhook: WebhookOption = None,
    token_auth: TokenAuthOption = False,
    switch: SwitchOption = None,
    plain: PlainOption = False,
    virtual_time: VirtualTimeOption = False,
    events: EventsOption = "text",
) -> int:
    """Serve a simulated server to real clients, until SIGINT or SIGTERM.

    Prints one line with the addresses when it is ready, then one line for whatever a client does
    (none with --quiet). Ports may be 0: any free one. It ends in good order and with status 0.

    With IMCLI_TOKEN in the environment, every HTTP request must have this token in its header
    `token`; without it, addresses that others can reach are refused.
    """
    from imcli.cli.failures import of_defect
    from imcli.cli.profile_files import switched
    from imcli.cli.serving.lines import json_of, line_of
    from imcli.serve.addresses import parse_address
    from imcli.serve.caller import parse_webhook
    from imcli.serve.rules import Rules
    from imcli.serve.running import Plan, serve
    from imcli.simulator.profiles import load_profile

    shell = shell_of(ctx)
    plan = Plan(
        switched(shell.world, profile or "", switch or [], DEFAULT_PROFILE),
        parse_address("--http", http),
        parse_address("--ws", ws),
        parse_address("--tcp", tcp),
        Rules(token_auth, shell.world.env.get("IMCLI_TOKEN", ""), not plain),
        virtual_time,
        shell.options.quiet,
        state or "",
        load_profile(DEFAULT_PROFILE),
        read_script(shell.world, script) if script else None,
        parse_webhook(webhook) if webhook else "",
    )
    serve(
        plan,
        shell.world.stdout,
        json_of if events == "jsonl" else line_of,
        lambda error: of_defect(shell.world, error).message,
    )
    return 0


def read_script(world: World, path: str) -> Script:
    """Read a script from a file.

    Raises:
        UsageError: the file cannot be read.
        InvalidInput: it is no script.
    """
    from imcli.serve.script_reading import TEXT_BYTES_MAX, parse_script

    try:
        with open(world.path(path), encoding="utf-8") as file:
            return parse_script(file.read(TEXT_BYTES_MAX + 1), path)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(f"the script {path} cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the script {path} is no text in UTF-8") from None
