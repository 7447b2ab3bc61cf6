"""The options of `serve`: each alias is a line of its help."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Events = Literal["text", "jsonl"]

DEFAULT_PROFILE = "wukongim-2.2.5"

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help=f"What the server is like [default: the state file's, or {DEFAULT_PROFILE}].",
    ),
]
HttpOption = Annotated[
    str, typer.Option("--http", metavar="HOST:PORT", help="Where the HTTP API listens.")
]
WsOption = Annotated[
    str, typer.Option("--ws", metavar="HOST:PORT", help="Where WebSocket clients connect.")
]
TcpOption = Annotated[
    str, typer.Option("--tcp", metavar="HOST:PORT", help="Where TCP clients connect.")
]
StateOption = Annotated[
    str | None,
    typer.Option("--state", metavar="FILE", help="Keep everything in this file, for ever."),
]
ScriptOption = Annotated[
    str | None,
    typer.Option("--script", metavar="FILE", help="What is to go wrong, and when."),
]
WebhookOption = Annotated[
    str | None,
    typer.Option("--webhook", metavar="URL", help="Tell an app what happens, by webhooks."),
]
TokenAuthOption = Annotated[
    bool,
    typer.Option("--token-auth", help="Let in only clients whose token was registered."),
]
SwitchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--switch",
        metavar="NAME=VALUE",
        help="Change a switch of the profile: flush_interval=1s. Repeatable.",
    ),
]
PlainOption = Annotated[
    bool, typer.Option("--no-encryption", help="Encrypt no connection (from 2.1.4 on).")
]
VirtualTimeOption = Annotated[
    bool,
    typer.Option("--virtual-time", help="Time stands still until `imcli advance` moves it."),
]
EventsOption = Annotated[
    Events, typer.Option("--events", metavar="FORMAT", help="text, or jsonl for programs.")
]
