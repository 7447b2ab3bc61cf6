"""A simulated world that is watched: the checker of invariants sits at the server's one door.

Everything that reaches the server passes there, whoever sent it: a step, an outbox, a device that
comes back after a restart. `Watch` is the runner's observer; it reads along and, where that is
asked for or due, also makes the checks that need a copy of the world.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

from imcli.model.actions import LISTED_MESSAGES, Action, AddDevice, CreateGroup, CreateUser, Wait
from imcli.model.entities import DeviceSpec, Entry, Message, group_key
from imcli.model.events import Event, ListAnswer, MembersChanged
from imcli.model.questions import ListView
from imcli.simulator.likeness import perhaps_unlike
from imcli.simulator.profiles import Profile
from imcli.simulator.server import Server
from imcli.targets.base import Outcome, Target
from imcli.targets.renaming import RenamedTarget
from imcli.targets.simulated import SimulatedTarget
from imcli.targets.watched_names import Judge, RenamedWorld, renamed_judge
from imcli.trace.invariants import SETTLES, Checker
from imcli.trace.probe import World
from imcli.trace.verdicts import Broken


class WatchedServer(Server):
    """A server that shows every action with its events to a checker."""

    __slots__ = ("checker", "found", "judge")

    checker: Checker
    judge: Judge
    found: list[Broken]

    def apply(self, action: Action) -> list[Event]:
        """Do one action, and judge it."""
        events = Server.apply(self, action)  # `super()` costs more than it explains here
        found = self.judge(action, events)
        if found:
            self.found += found
        return events

    def settle(self) -> list[Event]:
        """Let everything under way arrive, and judge that."""
        events = super().settle()
        self.found += self.judge(Wait(0), events)
        return events

    def advance_to(self, until_ms: int) -> list[Event]:
        """Move the clock, and judge what happened meanwhile."""
        events = super().advance_to(until_ms)
        self.found += self.judge(Wait(0), events)
        return events

    def close(self) -> None:
        """Let go of the checker, which holds this server."""
        self.judge = _nobody
        self.checker.close()


def _nobody(action: Action, events: Sequence[Event]) -> list[Broken]:
    """Judge nothing: the world has ended."""
    return []


class SimulatedWorld:
    """What the checker sees of a simulated target; implements `trace.probe.World`."""

    __slots__ = ("entry", "server", "target")

    def __init__(self, server: Server, target: SimulatedTarget) -> None:
        self.entry = partial(server.keeping.entry, server.state)
        self.server = server
        self.target = target

    def history(self, user: str, chat: str) -> Sequence[Message]:
        """Give the whole history."""
        return self.server.history(user, chat)

    def listing(self, user: str) -> ListAnswer:
        """Give the whole list."""
        return self.server.listing(user)

    def now_ms(self) -> int:
        """Virtual time."""
        return self.server.state.now

    def fork(self) -> SimulatedWorld:
        """Give a copy; the device caches stay with the original."""
        return SimulatedWorld(self.server.aside(), self.target)

    def apply(self, action: Action) -> Sequence[Event]:
        """Do one action. What it put on slow links stays under way: time must not move here."""
        return self.server.apply(action)

    def perhaps_unlike(self, other: World, users: Sequence[str]) -> Sequence[str]:
        """Name the users of whom anything that their answers are made of differs."""
        assert isinstance(other, SimulatedWorld)
        return perhaps_unlike(self.server.state, other.server.state, users)

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device shows after synchronising (of the original, not of a copy)."""
        return self.target.agreement(user)


class Nowhere:
    """A world in which nothing has happened yet; implements `trace.probe.Probe`."""

    def entry(self, user: str, chat: str, limit: int = LISTED_MESSAGES) -> Entry | None:
        """There is no conversation."""
        return None

    def history(self, user: str, chat: str) -> Sequence[Message]:
        """There is no message."""
        return ()

    def listing(self, user: str) -> ListAnswer:
        """The list is empty."""
        return ListAnswer(user, "", True, 0, ())

    def now_ms(self) -> int:
        """It is the beginning."""
        return 0


class Watch:
    """Observes one case on a simulated target; implements `scenario.play.Observer`.

    With `each_step` the settled invariants are judged after every step, otherwise after deletes,
    restarts and changes of membership. In a world with ids of its own everything is judged, and
    told, in the names of the harness.
    """

    def __init__(self, target: SimulatedTarget | RenamedTarget, *, each_step: bool = False) -> None:
        self.each_step = each_step
        found = simulated_in(target)
        assert found is not None, "whoever watches has asked whether there is anything to be seen"
        self.target = found
        self.server = _watched(found)
        self.world: World = SimulatedWorld(self.server, found)
        cast = found.cast
        if isinstance(target, RenamedTarget):
            self.world, cast = RenamedWorld(self.world, target.there, target.back), target.cast
        self.checker = _at_the_start(cast.users, self.server.profile).fork(self.world)
        self.server.judge = self.checker.after
        if isinstance(target, RenamedTarget):
            self.server.judge = renamed_judge(self.checker.after, target.back)
        for name, members in cast.groups:
            group = group_key(name)
            begun = MembersChanged(group, 0, tuple(dict.fromkeys(members)))
            self.checker.after(CreateGroup(group, members), [begun])
        self._stand_at_the_door()

    def fork(self, target: SimulatedTarget) -> Watch:
        """Watch a fork of the target, knowing all that was seen up to here."""
        twin = Watch.__new__(Watch)
        twin.each_step = self.each_step
        twin.target = target
        twin.server = _watched(target)
        twin.world = SimulatedWorld(twin.server, target)
        twin.checker = self.checker.fork(twin.world)
        twin.server.judge = twin.checker.after
        twin.server.found = list(self.server.found)
        twin._stand_at_the_door()
        return twin

    def _stand_at_the_door(self) -> None:
        """Put the watched server in the place of the target's own, which an interrupt may close.

        That comes last: at every moment the server that stands there can be used and closed.
        """
        self.server.checker = self.checker
        self.target.server = self.server

    def after(self, action: Action, outcome: Outcome) -> list[str]:
        """Say what this action broke."""
        if (self.each_step or type(action) in SETTLES) and outcome.result == "ok":
            scope = None if self.each_step else action
            self.server.found += self.checker.settled(self.world, scope)
        return self._told() if self.server.found else []

    def finish(self) -> list[str]:
        """Recount everything, once what is under way is done.

        What needs a second view or run was judged after the steps that can break it.
        """
        self.target.settle()
        self.server.found += self.checker.recount()
        return self._told()

    def _told(self) -> list[str]:
        found, self.server.found = self.server.found, []
        return [str(broken) for broken in dict.fromkeys(found)]


def watch_of(target: Target, *, each_step: bool = False) -> Watch | None:
    """Watch a target, where there is a simulated world in it to be watched."""
    if simulated_in(target) is None:
        return None
    assert isinstance(target, SimulatedTarget | RenamedTarget)
    return Watch(target, each_step=each_step)


def simulated_in(target: Target) -> SimulatedTarget | None:
    """Give the simulated world in a target, or None where there is none to be watched."""
    inner = target.inner if isinstance(target, RenamedTarget) else target
    return inner if isinstance(inner, SimulatedTarget) else None


def _watched(target: SimulatedTarget) -> WatchedServer:
    """Make a watched server with the state of the target's own."""
    server = WatchedServer(target.server.profile, target.server.state)
    server.keeping = target.server.keeping
    server.found = []
    return server


@lru_cache(maxsize=16)
def _at_the_start(
    users: tuple[tuple[str, tuple[DeviceSpec, ...]], ...], profile: Profile
) -> Checker:
    """Give a checker that knows who there is; nothing of it was done before anybody's eyes.

    Many cases have the same people, so each goes on from a fork of this one.
    """
    checker = Checker(Nowhere(), profile.switches())
    for user, _ in users:
        checker.after(CreateUser(user), ())
    for user, devices in users:
        for device in devices:
            checker.after(AddDevice(user, device.name), ())
    return checker
