"""Who answers at an address: WuKongIM, which version, and whether it is ready."""

from __future__ import annotations

from imcli.model.errors import TargetUnavailable
from imcli.targets.base import Identity
from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked, unavailable
from imcli.wire.answers import Garbled, Varz, excerpt, read_varz
from imcli.wire.http import Call

_TOKEN_HINT = "the manager token is taken from IMCLI_TOKEN or from the context's file"


def identify(client: HttpClient, name: str) -> tuple[Identity, Varz]:
    """Ask who is there, and whether it is ready."""
    varz = _ask_varz(client)
    _ask_health(client)
    return Identity(name, "live", "wukongim", varz.numbers, build=varz.build), varz


def _ask_varz(client: HttpClient) -> Varz:
    try:
        reply = client.call(Call("GET", "/varz"))
        if reply.status == 401:
            said = f"{client.origin} refuses the manager token, or wants one (401)"
            raise TargetUnavailable(said, hint=_TOKEN_HINT)
        if reply.status >= 500:
            said = f"{client.origin} cannot say what it is: it answers {reply.status} to /varz"
            raise TargetUnavailable(
                f"{said} ({excerpt(reply.body) or 'nothing'})",
                hint="it may have just started, or something before it fails: ask imcli doctor",
            )
        if reply.status != 200:
            raise Garbled(f"it answers {reply.status} to /varz")
        return read_varz(reply.body)
    except (NotAsked, NoAnswer) as error:
        raise unavailable(error) from None
    except Garbled as error:
        said = f"{client.origin} is not the HTTP API of WuKongIM 2.x: {error}"
        raise TargetUnavailable(said, hint="its default port is 5001") from None


def _ask_health(client: HttpClient) -> None:
    try:
        reply = client.call(Call("GET", "/health"))
    except (NotAsked, NoAnswer) as error:
        raise unavailable(error) from None
    if reply.status >= 500:
        said = f"{client.origin} is not ready: {excerpt(reply.body) or reply.status}"
        raise TargetUnavailable(said, hint="it has just started: try again in a moment")
