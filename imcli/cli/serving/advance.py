"""`advance`: the time of a server that runs with `serve --virtual-time`."""

from __future__ import annotations

from typing import Annotated

import typer

from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import CouldNotTell, RefusedByServer, TargetUnavailable, UsageError

DEFAULT_SERVER = "http://127.0.0.1:5001"


def advance(
    ctx: typer.Context,
    duration: Annotated[
        str, typer.Argument(metavar="DURATION", help="How much time passes: 250ms, 5s, 5m, 2h.")
    ],
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="TARGET",
            help="The server: http://HOST:PORT, or a context; default: that of the settings, or "
            f"{DEFAULT_SERVER}.",
        ),
    ] = "",
) -> int:
    """Let time pass on a server that runs with `serve --virtual-time`.

    Everything that falls due on the way happens, in order: flushes, messages that are sent again,
    caches that expire. Limits of sockets go by real time.
    """
    from imcli.simulator.profiles import parse_duration

    shell = shell_of(ctx)
    try:
        duration_ms = parse_duration(duration)
    except ValueError as error:
        raise UsageError(f"DURATION: {error}") from None
    ask(shell, target or shell.setting("target", "").value or DEFAULT_SERVER, duration_ms)
    shell.say(f"time moved by {duration}")
    return 0


def said(body: bytes) -> str:
    """What the server has to say of a request that it did not take."""
    import json

    try:
        return str(json.loads(body)["msg"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it does not take that duration"


def tells_time(body: bytes) -> bool:
    """Whether an answer is that of a clock that was moved; any web server answers something."""
    import json

    try:
        return type(json.loads(body)["data"]["now_ms"]) is int
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def ask(shell: Shell, target: str, duration_ms: int) -> None:
    """Ask the server to let time pass.

    Raises:
        UsageError: the target is no address.
        TargetUnavailable: nobody listens there.
        CouldNotTell: it did not answer.
        RefusedByServer: its time cannot be moved.
    """
    from imcli.cli.targets import place_of, token_for
    from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked
    from imcli.wire.http import Call

    place = place_of(shell, target)
    if place.kind != "live":
        raise UsageError(f"{target!r} is no server", hint=f"it looks like {DEFAULT_SERVER}")
    token = token_for(shell, place).reveal()
    client = HttpClient(place.api, token=token, clock=lambda: int(shell.world.elapsed() * 1000))
    try:
        reply = client.call(Call("POST", "/imcli/advance", f'{{"duration_ms":{duration_ms}}}'))
    except NotAsked as error:
        raise TargetUnavailable(str(error), hint="does `imcli serve --virtual-time` run?") from None
    except NoAnswer as error:
        raise CouldNotTell(str(error)) from None
    finally:
        client.close()
    if reply.status == 401:
        raise RefusedByServer("the manager token is wrong", hint="IMCLI_TOKEN holds it")
    if reply.status == 400:
        raise RefusedByServer(f"{target} says: {said(reply.body)}")
    if reply.status != 200 or not tells_time(reply.body):
        raise RefusedByServer(
            f"{target} has no time that could be moved",
            hint="start it with `imcli serve --virtual-time`",
        )
