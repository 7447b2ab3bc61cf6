"""A real server as a target, HTTP only: the door to this room.

`open_live` makes worlds for cases, with ids that nobody else has and everything removed at the end.
`open_live_admin` gives one target for admin verbs, with ids as they are given and nothing removed.
Both ask the server first who it is; a server that does not answer is reported there and then.
"""

from __future__ import annotations

import secrets
import time

from imcli.model.actions import CreateGroup
from imcli.model.entities import DeviceKind
from imcli.model.errors import TargetUnavailable
from imcli.targets.base import Cast, Identity
from imcli.targets.live.http import (
    CALL_MS_MAX,
    REPLY_BYTES_MAX,
    Clock,
    HttpClient,
    NoAnswer,
    NotAsked,
    unavailable,
)
from imcli.targets.live.target import (
    FLUSHED_WITHIN_MS,
    STORED_WITHIN_MS,
    LiveTarget,
    Sleep,
    capabilities_at,
)
from imcli.wire.answers import Garbled, Varz, excerpt, read_varz
from imcli.wire.http import Call, Setting
from imcli.wire.names import Names, collide

__all__ = ["LiveTarget", "OpenLive", "open_live", "open_live_admin"]

_TOKEN_HINT = "the manager token is taken from IMCLI_TOKEN or from the context's file"


def monotonic_ms() -> int:
    """Tell the monotonic time in milliseconds."""
    return time.monotonic_ns() // 1_000_000


def sleep_ms(duration_ms: int) -> None:
    """Wait so many milliseconds."""
    time.sleep(duration_ms / 1000)


class OpenLive:
    """Makes a world per case on one server; the connections are shared and kept."""

    def __init__(
        self,
        client: HttpClient,
        identity: Identity,
        *,
        run: str,
        clock: Clock,
        sleep: Sleep,
        stored_within_ms: int,
        flushed_within_ms: int,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities_at(identity.version)
        self._client = client
        self._run = run
        self._clock = clock
        self._sleep = sleep
        self._stored_within_ms = stored_within_ms
        self._flushed_within_ms = flushed_within_ms
        self._opened = 0

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> LiveTarget:
        """Open a world for a case: ids of its own, and the cast's groups.

        Raises:
            TargetUnavailable: the server cannot be reached, or does not make the groups.
        """
        target = LiveTarget(
            self._client,
            self.identity,
            Setting(self._names(cast), _kinds(cast), {}, self.identity.version),
            clock=self._clock,
            sleep=self._sleep,
            stored_within_ms=self._stored_within_ms,
            flushed_within_ms=self._flushed_within_ms,
        )
        for group, members in cast.groups:
            outcome = target.perform(CreateGroup("#" + group.removeprefix("#"), members))
            if outcome.result != "ok":
                target.close()
                raise TargetUnavailable(f"the group {group} could not be made: {outcome.detail}")
        return target

    def _names(self, cast: Cast) -> Names:
        while True:
            self._opened += 1
            names = Names(f"{self._run}x{self._opened}-", dict(cast.ids))
            # Two ids with one CRC would be a known anomaly that no case asked for.
            made = tuple(names.user_id(user) for user, _ in cast.users if user not in names.ids)
            if not collide(made):
                return names

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def open_live(
    url: str,
    *,
    token: str = "",
    name: str = "",
    clock: Clock = monotonic_ms,
    sleep: Sleep = sleep_ms,
    run: str = "",
    call_ms_max: int = CALL_MS_MAX,
    stored_within_ms: int = STORED_WITHIN_MS,
    flushed_within_ms: int = FLUSHED_WITHIN_MS,
    reply_bytes_max: int = REPLY_BYTES_MAX,
) -> OpenLive:
    """Reach a server and give what makes worlds on it.

    Args:
        url: `http://host:port`.
        token: the manager token, never shown.
        name: what the user wrote for this target, for reports.
        clock: monotonic, in milliseconds.
        sleep: waits so many milliseconds.
        run: distinguishes the ids of this run from all others; random by default.
        call_ms_max: deadline of a call.
        stored_within_ms: how long a send waits for its message to be in the log.
        flushed_within_ms: how long `server flushes` waits for the stored rows.
        reply_bytes_max: bound on one answer.

    Raises:
        TargetUnavailable: it does not answer, is not ready, or wants another token.
        UsageError: the address or the token cannot be used.
    """
    client = HttpClient(
        url, token=token, clock=clock, call_ms_max=call_ms_max, reply_bytes_max=reply_bytes_max
    )
    return OpenLive(
        client,
        _identify(client, name or url),
        run=run or f"im{secrets.token_hex(4)}",
        clock=clock,
        sleep=sleep,
        stored_within_ms=stored_within_ms,
        flushed_within_ms=flushed_within_ms,
    )


def open_live_admin(
    url: str,
    *,
    token: str = "",
    name: str = "",
    clock: Clock = monotonic_ms,
    sleep: Sleep = sleep_ms,
    call_ms_max: int = CALL_MS_MAX,
    stored_within_ms: int = STORED_WITHIN_MS,
    reply_bytes_max: int = REPLY_BYTES_MAX,
    connect: bool = True,
) -> LiveTarget:
    """Open a target for admin verbs: names are ids, nothing is removed at the end.

    With `connect=False` nothing is asked at all: enough for `describe`. The other arguments and
    what is raised are those of `open_live`.
    """
    client = HttpClient(
        url, token=token, clock=clock, call_ms_max=call_ms_max, reply_bytes_max=reply_bytes_max
    )
    shown = name or url
    identity = _identify(client, shown) if connect else Identity(shown, "live", "wukongim")
    return LiveTarget(
        client,
        identity,
        Setting(Names(), {}, {}, identity.version),
        clock=clock,
        sleep=sleep,
        stored_within_ms=stored_within_ms,
        cleans_up=False,
        owns_client=True,
    )


def _identify(client: HttpClient, name: str) -> Identity:
    """Ask who is there, and whether it is ready."""
    varz = _ask_varz(client)
    _ask_health(client)
    return Identity(name, "live", "wukongim", varz.numbers, build=varz.build)


def _ask_varz(client: HttpClient) -> Varz:
    try:
        reply = client.call(Call("GET", "/varz"))
        if reply.status == 401:
            said = f"{client.origin} refuses the manager token, or wants one (401)"
            raise TargetUnavailable(said, hint=_TOKEN_HINT)
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


def _kinds(cast: Cast) -> dict[tuple[str, str], DeviceKind]:
    return {(user, device.name): device.kind for user, devices in cast.users for device in devices}
