"""The embedded durable server: the simulated server over a state file.

It is the same `Server` with the same laws; only its tables are in a file (`sqlite_tables.py`), and
each action is one transaction (`sqlite_file.py`): when its outcome is reported it is durable. Two
worlds are made of it. `open_embedded` is the server behind the admin verbs: its time is the wall
clock, to which every command first moves it, and devices have no caches, because nobody is there
between two commands. `open_embedded_case` plays a scenario on a file of its own in virtual time,
exactly as the simulator does, so that the whole corpus also judges the tables.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence

from imcli.model.actions import Action, Crash, Drop, Fault, Restart, SetClock, Wait
from imcli.model.entities import DeviceKey, is_group
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Event, Refused
from imcli.model.questions import Agreement, Question, Received, Shown, View
from imcli.simulator import clock
from imcli.simulator.profiles import REFERENCE, Profile, as_profile, build_profile
from imcli.simulator.server import Server
from imcli.targets.base import (
    Capability,
    Cast,
    DeviceRow,
    GroupRow,
    Identity,
    OpenTarget,
    Outcome,
)
from imcli.targets.simulated import SimulatedTarget, capabilities_of
from imcli.targets.sqlite_file import StateFile, empty_state_file, open_state_file

NOT_IN_REAL_TIME: frozenset[Capability] = frozenset(
    {"time", "restart", "crash", "faults", "clocks"}
)
"""What nobody can do to a server whose time is real and whose process is each command's own."""
PAUSE_MS = 10

WallClock = Callable[[], int]
"""Milliseconds since the epoch."""


def wall_clock_ms() -> int:
    """Tell the wall clock."""
    return time.time_ns() // 1_000_000


def sleep_ms(duration_ms: int) -> None:
    """Wait so many milliseconds."""
    time.sleep(duration_ms / 1000)


class DurableServer(Server):
    """A server each of whose actions is a transaction on a state file.

    With `now_ms` every action first moves time to the wall clock. `state` is always good for
    reading; after a failed action it is that of before.
    """

    __slots__ = ("_file", "_now_ms", "_together")

    def __init__(self, file: StateFile, now_ms: WallClock | None = None) -> None:
        super().__init__(file.profile, file.reading())
        self._file = file
        self._now_ms = now_ms
        self._together = False

    def apply(self, action: Action) -> list[Event]:
        """Do one action; when this returns, it is durable.

        Raises:
            TargetUnavailable: the file cannot be read or written.
        """
        with self._command():
            return super().apply(action)

    def settle(self) -> list[Event]:
        """Let every delivery under way arrive."""
        with self._command():
            return super().settle()

    def advance_to(self, until_ms: int) -> list[Event]:
        """Move the clock to a time, letting timers act on the way."""
        with self._command():
            return super().advance_to(until_ms)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all that is done in the block one transaction: an exception undoes all of it."""
        with self._command():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    @contextlib.contextmanager
    def _command(self) -> Iterator[None]:
        if self._together:
            yield
            return
        try:
            with self._file.command() as state:
                self.state = state
                self._catch_up()
                yield
        except BaseException:
            self.state = self._file.reading()
            raise

    def _catch_up(self) -> None:
        if self._now_ms is not None:
            clock.advance_to(self.state, self.keeping, self._now_ms(), [])

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Read within one moment of the file; nothing is kept of what time brings meanwhile.

        A server that caches lists is changed by reading; there a look is a command, but for a file
        in which nobody has done anything yet.
        """
        if self._together:
            yield
            return
        if self.profile.list_cache_ttl and self._file.fixed:
            with self._command():
                yield
            return
        with self._file.look() as state:
            self.state = state
            self._catch_up()
            yield


class EmbeddedTarget(SimulatedTarget):
    """The server behind the admin verbs. Implements `Target` and `Directory`."""

    __slots__ = ("_durable", "_file", "_now_ms", "_sleep")

    def __init__(
        self, file: StateFile, identity: Identity, now_ms: WallClock, sleep: Callable[[int], None]
    ) -> None:
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


class EmbeddedCase:
    """One case on a state file of its own, in virtual time; the file goes with it.

    It has a simulated world and is none: whoever would put another server into that world, to watch
    it, would put it past the file.
    """

    __slots__ = ("_file", "_folder", "_server", "capabilities", "identity", "virtual", "world")

    def __init__(self, profile: Profile, identity: Identity, cast: Cast) -> None:
        import tempfile  # slow to import, and no admin verb needs it

        self._folder = tempfile.TemporaryDirectory(prefix="imcli-")
        path = os.path.join(self._folder.name, "state.db")
        self._file = open_state_file(path, profile, default=profile)
        self._server = DurableServer(self._file)
        self.identity = identity
        self.world = SimulatedTarget(self._server, identity, cast)
        self.capabilities = self.world.capabilities
        self.virtual = True

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action; when this returns, it is durable (see `Target.perform`)."""
        return self.world.perform(action, queue=queue)

    def observe(self, question: Question) -> View:
        """Look without changing anything, as far as looking does not change such a server."""
        with self._server.looking():
            return self.world.observe(question)

    def settle(self) -> None:
        """Let every delivery under way arrive."""
        self.world.settle()

    def advance(self, until_ms: int) -> bool:
        """Move to the next timer or expiry, at most to `until_ms`."""
        return self.world.advance(until_ms)

    def now(self) -> int:
        """Virtual time in milliseconds."""
        return self.world.now()

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running."""
        return self.world.timers()

    def close(self) -> tuple[str, ...]:
        """Remove the file."""
        self._file.close()
        self._folder.cleanup()
        return ()


class EmbeddedOpener:
    """Opens worlds for cases, each over a temporary state file."""

    def __init__(self, name: str, profile: Profile) -> None:
        self.identity = _identity(name, profile)
        self.capabilities = capabilities_of(profile)
        self.profile = profile

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> EmbeddedCase:
        """Open a world in which everybody of the cast is there and every device is online.

        Raises:
            InvalidInput: the case's profile names a switch or value that does not exist.
        """
        chosen = self.profile if profile is None else build_profile(profile)
        return EmbeddedCase(chosen, self.identity, cast)


def _identity(name: str, profile: Profile) -> Identity:
    product = profile.product if profile.product == "wukongim" else "reference"
    return Identity(name, "embedded", product, profile.version, profile.name)


def open_embedded(
    path: str,
    profile: str | Profile | None = None,
    *,
    now_ms: WallClock = wall_clock_ms,
    sleep: Callable[[int], None] = sleep_ms,
) -> EmbeddedTarget:
    """Open the embedded server over a state file, which is made where there is none.

    Args:
        path: the state file.
        profile: the profile of a new file; of an existing one, which must be the same. None: the
            file's own, or the reference for a new one.
        now_ms: the wall clock, in milliseconds.
        sleep: waits so many milliseconds.

    Raises:
        TargetUnavailable: it is no state file of imcli's, or cannot be read or written.
        UsageError: the file was made with another profile.
        InvalidInput: there is no such profile.
    """
    wanted = as_profile(profile) if profile else None
    file = open_state_file(path, wanted, default=REFERENCE)
    try:
        return EmbeddedTarget(file, _identity("embedded", file.profile), now_ms, sleep)
    except BaseException:
        file.close()
        raise


def open_embedded_case(
    profile: str | Profile = "reference", *, name: str = "embedded"
) -> OpenTarget:
    """Give an opener of worlds for cases, each over a temporary state file.

    Raises:
        InvalidInput: there is no such profile.
    """
    return EmbeddedOpener(name, as_profile(profile))


def reset(path: str) -> None:
    """Empty a state file; the next command chooses its profile anew.

    Raises:
        TargetUnavailable: it is no state file of imcli's; it is left as it is.
    """
    empty_state_file(path)
