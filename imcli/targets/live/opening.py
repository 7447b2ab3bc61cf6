"""Opening worlds on a real server: one for a case, or one for an admin verb.

`open_live` makes worlds for cases, with ids that nobody else has and everything removed at the end.
`open_live_admin` gives one target for admin verbs, with ids as they are given and nothing removed.
Both ask the server first who it is; a server that does not answer is reported there and then.
"""

from __future__ import annotations

import itertools
import secrets
import threading

import msgspec

from imcli.model.actions import Crash, CreateGroup, Restart
from imcli.model.entities import DeviceKind, group_key
from imcli.model.errors import ImcliError, TargetUnavailable
from imcli.model.versions import BY_CHANNEL_SINCE, DEAF_SINCE, MUTES_BEFORE, MUTES_SINCE
from imcli.targets.base import Capability, Cast, Identity
from imcli.targets.clocks import Clock, Sleep, monotonic_ms, wall_ms
from imcli.targets.live.clients import Clients, Restarting
from imcli.targets.live.devices import Devices
from imcli.targets.live.door import find_door, split_manner
from imcli.targets.live.http import CALL_MS_MAX, REPLY_BYTES_MAX, HttpClient
from imcli.targets.live.identify import identify
from imcli.targets.live.loop import Loop
from imcli.targets.live.target import LiveTarget
from imcli.targets.live.world import PATIENT, Patience, Run, World
from imcli.wire.http import Setting
from imcli.wire.names import Names, collide


class Naps:
    """Waits that can be ended from another thread."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def __call__(self, duration_ms: int) -> None:
        """Wait so many milliseconds.

        Raises:
            KeyboardInterrupt: somebody ended all waits.
        """
        if self._over.wait(duration_ms / 1000):
            raise KeyboardInterrupt

    def end(self) -> None:
        """End all waits, now and from now on."""
        self._over.set()


class Hooks(msgspec.Struct, frozen=True):
    """What only whoever runs the server can do: each returns when the server is there again.

    They raise `TargetUnavailable` where that does not work.
    """

    restart: Restarting | None = None
    crash: Restarting | None = None

    def by_action(self) -> dict[type, Restarting]:
        """Give what there is, by the action that it does."""
        named = ((Restart, self.restart), (Crash, self.crash))
        return {action: hook for action, hook in named if hook is not None}


NO_HOOKS = Hooks()


class OpenLive:
    """Makes a world per case on one server; the HTTP connections and the loop are shared."""

    def __init__(
        self,
        client: HttpClient,
        identity: Identity,
        *,
        run_name: str,
        clock: Clock,
        sleep: Sleep,
        naps: Naps,
        patience: Patience,
        run: Run | None,
        hooks: Hooks,
    ) -> None:
        self.identity = identity
        self.capabilities = live_capabilities(identity.version, hooks, sessions=run is not None)
        self._client = client
        self._run_name = run_name
        self._clock = clock
        self._sleep = sleep
        self._naps = naps
        self._patience = patience
        self.run = run
        self._hooks = hooks
        self._opened = itertools.count(1)

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> LiveTarget:
        """Open a world for a case: ids of its own, every device online, and the cast's groups.

        Raises:
            TargetUnavailable: the server cannot be reached, does not let a device in, or does not
                make the groups.
        """
        setting = Setting(self._names(cast), _kinds(cast), {}, self.identity.version)
        target = LiveTarget(
            self._client,
            self.identity,
            self.capabilities,
            setting,
            clock=self._clock,
            sleep=self._sleep,
            stored_within_ms=self._patience.stored_ms,
            flushed_within_ms=self._patience.flushed_ms,
        )
        try:
            self._fill(target, cast, setting)
        except ImcliError:
            target.close()
            raise
        return target

    def _fill(self, target: LiveTarget, cast: Cast, setting: Setting) -> None:
        if self.run is not None:
            leaves_open = self.identity.version >= DEAF_SINCE
            world = World(self.run, setting.names, kicks_leave_open=leaves_open)
            world.transcript = target.transcript
            target.people(
                Clients(
                    Devices(world, cast.users),
                    target.back,
                    target.rows,
                    version=self.identity.version,
                    answered_within_ms=self._patience.answered_ms,
                    restarting=self._hooks.by_action(),
                )
            )
        for group, members in cast.groups:
            outcome = target.perform(CreateGroup(group_key(group), members))
            if outcome.result != "ok":
                raise TargetUnavailable(f"the group {group} could not be made: {outcome.detail}")

    def _names(self, cast: Cast) -> Names:
        while True:
            names = Names(f"{self._run_name}x{next(self._opened)}-", dict(cast.ids))
            # Two ids with one CRC would be a known anomaly that no case asked for.
            made = tuple(names.user_id(user) for user, _ in cast.users if user not in names.ids)
            if not collide(made):
                return names

    def interrupt(self) -> None:
        """End every wait in every world with `KeyboardInterrupt`; from any thread."""
        self._naps.end()
        if self.run is not None:
            self.run.interrupted = True

    def close(self) -> None:
        """Close the connections."""
        if self.run is not None:
            self.run.close()
        self._client.close()


def live_capabilities(
    version: tuple[int, ...], hooks: Hooks | None = None, *, sessions: bool = False
) -> frozenset[Capability]:
    """Say what a live server of this version can do; `()` is an unknown one, which can least."""
    more: set[Capability] = {"flush", "stored-record", "raw-requests"}
    if version >= BY_CHANNEL_SINCE:
        more.add("by-channel")
    if MUTES_SINCE <= version < MUTES_BEFORE:
        more.add("group-mute")
    if sessions:
        more |= {"sessions", "faults"}
    if hooks is not None and hooks.restart is not None:
        more.add("restart")
    if hooks is not None and hooks.crash is not None:
        more.add("crash")
    return frozenset(more)


def open_live(
    url: str,
    *,
    token: str = "",
    name: str = "",
    clock: Clock = monotonic_ms,
    sleep: Sleep | None = None,
    wall: Clock = wall_ms,
    run: str = "",
    call_ms_max: int = CALL_MS_MAX,
    patience: Patience = PATIENT,
    reply_bytes_max: int = REPLY_BYTES_MAX,
    devices: str = "",
    hooks: Hooks = NO_HOOKS,
) -> OpenLive:
    """Reach a server and give what makes worlds on it.

    Args:
        url: `http://host:port`; `?devices=ws` behind it is another way to say `devices`.
        token: the manager token, never shown.
        name: what the user wrote for this target, for reports.
        clock: monotonic, in milliseconds.
        sleep: waits so many milliseconds.
        wall: milliseconds since 1970.
        run: distinguishes the ids of this run from all others; random by default.
        call_ms_max: deadline of a call.
        patience: how long things are waited for.
        reply_bytes_max: bound on one answer.
        devices: how devices connect, one of `MANNERS`; "" takes what the server offers.
        hooks: what only whoever runs the server can do.

    Raises:
        TargetUnavailable: it does not answer, is not ready, or wants another token.
        UsageError: the address or the token cannot be used.
    """
    shown = name or url
    url, manner = split_manner(url, devices)
    client = HttpClient(
        url, token=token, clock=clock, call_ms_max=call_ms_max, reply_bytes_max=reply_bytes_max
    )
    identity, varz = identify(client, shown)
    naps = Naps()
    door = find_door((varz.tcp_addr, varz.ws_addr), client.host, identity.version, manner)
    return OpenLive(
        client,
        identity,
        run_name=run or f"im{secrets.token_hex(4)}",
        clock=clock,
        sleep=sleep or naps,
        naps=naps,
        patience=patience,
        run=None
        if door is None
        else Run(Loop(clock), door, wall=wall, sleep=sleep or naps, patience=patience),
        hooks=hooks,
    )


def open_live_admin(
    url: str,
    *,
    token: str = "",
    name: str = "",
    clock: Clock = monotonic_ms,
    sleep: Sleep | None = None,
    call_ms_max: int = CALL_MS_MAX,
    patience: Patience = PATIENT,
    reply_bytes_max: int = REPLY_BYTES_MAX,
    connect: bool = True,
) -> LiveTarget:
    """Open a target for admin verbs: names are ids, nothing is removed at the end.

    With `connect=False` nothing is asked at all: enough for `describe`. The other arguments and
    what is raised are those of `open_live`.
    """
    shown = name or url
    url, _ = split_manner(url)
    client = HttpClient(
        url, token=token, clock=clock, call_ms_max=call_ms_max, reply_bytes_max=reply_bytes_max
    )
    identity = Identity(shown, "live", "wukongim")
    if connect:
        identity, _ = identify(client, shown)
    return LiveTarget(
        client,
        identity,
        live_capabilities(identity.version),
        Setting(Names(), {}, {}, identity.version),
        clock=clock,
        sleep=sleep or Naps(),
        stored_within_ms=patience.stored_ms,
        flushed_within_ms=patience.flushed_ms,
        cleans_up=False,
        owns_client=True,
    )


def _kinds(cast: Cast) -> dict[tuple[str, str], DeviceKind]:
    return {(user, device.name): device.kind for user, devices in cast.users for device in devices}
