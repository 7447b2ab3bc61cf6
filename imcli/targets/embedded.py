"""The embedded server: the simulated one over a state file, behind the admin verbs.

Its time is the wall clock, to which every command first moves it, and devices have no caches,
because nobody is there between two commands. When the outcome of an action is reported, it is
durable (`durable.py`). Scenarios are played on such files too, in virtual time
(`embedded_case.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from imcli.model.actions import Action, Crash, Drop, Fault, Restart, SetClock, Wait
from imcli.model.entities import DeviceKey, is_group
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Event, Refused
from imcli.model.questions import Agreement, Question, Received, Shown, View
from imcli.simulator import clock
from imcli.simulator.profiles import REFERENCE, Profile, as_profile
from imcli.targets.base import (
    Capability,
    Cast,
    DeviceRow,
    GroupRow,
    Identity,
    Outcome,
)
from imcli.targets.clocks import Clock, Sleep, sleep_ms, wall_ms
from imcli.targets.durable import DurableServer
from imcli.targets.profiled import capabilities_of, identity_of
from imcli.targets.simulated import SimulatedTarget
from imcli.targets.sqlite_file import StateFile, empty_state_file, open_state_file

NOT_IN_REAL_TIME: frozenset[Capability] = frozenset(
    {"time", "restart", "crash", "faults", "clocks"}
)
"""What nobody can do to a server whose time is real and whose process is each command's own."""
PAUSE_MS = 10


class EmbeddedTarget(SimulatedTarget):
    """The server behind the admin verbs. Implements `Target` and `Directory`."""

    __slots__ = ("_durable", "_file", "_now_ms", "_sleep")

    def __init__(self, file: StateFile, identity: Identity, now_ms: Clock, sleep: Sleep) -> None:
        self._file = file
        self._durable = DurableServer(file, now_ms)
        self._now_ms = now_ms
        self._sleep = sleep
        super().__init__(self._durable, identity, Cast(()))
        self.capabilities = capabilities_of(file.profile) - NOT_IN_REAL_TIME
        self.virtual = False

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action; when this returns, it is durable (see `Target.perform`).

        Raises:
            TargetUnavailable: the file cannot be read or written.
        """
        match action:
            case Restart() | Crash() | Fault() | SetClock() | Drop():
                event = Refused("unsupported", "the embedded server's time and links are real")
                return Outcome("refused", event.reason, event.detail, (event,))
            case Wait(duration_ms=duration_ms):
                self._sleep(duration_ms)
                return super().perform(Wait(0))
            case _:
                return super().perform(action)

    def _note(self, events: Sequence[Event]) -> None:
        """Devices keep nothing between commands: a synchronisation is always a full one."""

    def observe(self, question: Question) -> View:
        """Look at one moment of the file, without changing anything.

        Raises:
            TargetUnavailable: the file cannot be read, or devices' caches were asked for.
        """
        if isinstance(question, Shown | Received | Agreement):
            raise TargetUnavailable("devices of the embedded server keep nothing between commands")
        with self._durable.looking():
            return super().observe(question)

    def together(self) -> contextlib.AbstractContextManager[None]:
        """Make all that is done in a block one: where it raises, nothing of it has happened."""
        return self._durable.together()

    # Who and what is there

    @property
    def answers_alike(self) -> bool:
        """Between two looks another process may change the file."""
        return False

    def users(self) -> tuple[str, ...]:
        """Name every user, in order of name."""
        with self._durable.looking():
            return tuple(sorted(self.server.state.users))

    def devices(self, user: str) -> tuple[DeviceRow, ...]:
        """List a user's devices in the order in which they were added; none: unknown user."""
        with self._durable.looking():
            owner = self.server.state.users.get(user)
            return tuple(
                DeviceRow(user, name, each.kind, each.level, self._presence(DeviceKey(user, name)))
                for name, each in (owner.devices.items() if owner is not None else ())
            )

    def groups(self) -> tuple[GroupRow, ...]:
        """List every group, in order of name."""
        with self._durable.looking():
            channels = self.server.state.channels.items()
            return tuple(
                GroupRow(key, tuple(channel.members), channel.dismissed)
                for key, channel in sorted(channels)
                if is_group(key)
            )

    def sessions(self, user: str = "") -> tuple[DeviceRow, ...]:
        """List the devices that are online, of one user or of everybody."""
        users = (user,) if user else self.users()
        return tuple(row for each in users for row in self.devices(each) if row.state == "online")

    def members(self, group: str) -> tuple[str, ...]:
        """Name the present members of a group; none for an unknown one."""
        with self._durable.looking():
            channel = self.server.state.channels.get(group)
            return tuple(channel.members) if channel is not None else ()

    # Time and end

    def settle(self) -> None:
        """Nothing is under way: links have no faults."""

    def advance(self, until_ms: int) -> bool:
        """Pause a little, at most until a time; another command may change something meanwhile."""
        left_ms = until_ms - self.now()
        if left_ms <= 0:
            return False
        self._sleep(min(PAUSE_MS, left_ms))
        return True

    def now(self) -> int:
        """Tell the wall clock in milliseconds."""
        return self._now_ms()

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running."""
        with self._durable.looking():
            return clock.running(self.server.state)

    def close(self) -> tuple[str, ...]:
        """Close the file; everything in it stays, which is what it is for."""
        self._file.close()
        return ()


def open_embedded(
    path: str,
    profile: str | Profile | None = None,
    *,
    now_ms: Clock = wall_ms,
    sleep: Sleep = sleep_ms,
    waits: Callable[[], None] | None = None,
) -> EmbeddedTarget:
    """Open the embedded server over a state file, which is made where there is none.

    Args:
        path: the state file.
        profile: the profile of a new file; of an existing one, which must be the same. None: the
            file's own, or the reference for a new one.
        now_ms: the wall clock, in milliseconds.
        sleep: waits so many milliseconds.
        waits: called where another command keeps this one waiting for long.

    Raises:
        TargetUnavailable: it is no state file of imcli's, or cannot be read or written.
        UsageError: the file was made with another profile.
        InvalidInput: there is no such profile.
    """
    wanted = as_profile(profile) if profile else None
    file = open_state_file(path, wanted, default=REFERENCE, waits=waits)
    try:
        return EmbeddedTarget(
            file, identity_of("embedded", "embedded", file.profile), now_ms, sleep
        )
    except BaseException:
        file.close()
        raise


def reset(path: str) -> None:
    """Empty a state file; the next command chooses its profile anew.

    Raises:
        TargetUnavailable: it is no state file of imcli's; it is left as it is.
    """
    empty_state_file(path)
