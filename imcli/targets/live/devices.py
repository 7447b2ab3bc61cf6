"""The devices of one world: what each has, what reached it, and whether it is there.

A `Device` is a client as a person holds it: a connection that it wants or not, a cache that only
what reached it feeds, an outbox for what it did while it was offline. `Devices` are all of them,
with the one lock and bell of the world: whatever happens to a connection happens on the loop's
thread, is written down under the lock, and rings; whoever waits looks again.

What cannot be right (a message that does not verify, a connection that ends although nobody ended
it) is a *trouble*: nothing that these devices know can be trusted after it, so that no claim may be
judged by it. It is told in a sentence and ends the case as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from imcli.device.cache import DeviceCache
from imcli.model.actions import Action
from imcli.model.entities import DEVICE_FLAGS, DeviceKey, DeviceSpec, Message
from imcli.model.events import Event, Pushed
from imcli.model.questions import SessionState
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.session import Sent, Session
from imcli.targets.live.world import World
from imcli.wire.client import Identity
from imcli.wire.heard import read_pushed
from imcli.wire.packets import Recv

SPARE_MS = 5_000
"""Longer than a session waits for CONNACK: also for the connection itself."""
TRIES = 4
"""A connection that was lost is tried again."""


class Device:
    """One device of one user. Implements `Listener` for its present connection."""

    def __init__(self, world: World, user: str, spec: DeviceSpec) -> None:
        self.world = world
        self.key = DeviceKey(user, spec.name)
        self.flag = DEVICE_FLAGS[spec.kind]
        uid = world.names.user_id(user)
        self.device_id = f"{uid}-{spec.name}"
        self.uid = uid
        self.token = ""
        self.cache = DeviceCache(user, spec.name, told_of_changes=False)
        self.faults = LinkFaults()
        self.session: Session | None = None
        self.kicked = False
        self.kicked_ms = 0
        self.half_open = False
        """Its link died, and the server has not noticed."""
        self.wanted = False
        """Whether it means to be online: an end of the connection is then a trouble."""
        self.outbox: list[Action] = []
        self.arrived: dict[int, int] = {}
        """Message id -> how often it came."""

    @property
    def online(self) -> bool:
        """Whether it can send and hear."""
        session = self.session
        return session is not None and session.state == "open" and not session.muted

    @property
    def presence(self) -> SessionState:
        """What became of its session."""
        if self.online:
            return "online"
        return "kicked" if self.kicked else "offline"

    @property
    def server_now_ms(self) -> int:
        """The server's clock, as far as CONNACK told it."""
        return self.world.run.wall() + (self.session.time_diff_ms if self.session else 0)

    def dial(self) -> Session:
        """Open a new connection; an older one is left to the server, which ends it."""
        self.kicked = self.half_open = self.wanted = False
        who = Identity(self.uid, self.device_id, self.flag, self.token)
        self.leave()
        self.session = self.world.run.session(who, self, self.faults)
        transcript = self.world.transcript
        if transcript is not None:
            self.session.note = partial(transcript.frame, str(self.key))
        self.session.open()
        return self.session

    def leave(self) -> None:
        """Hear no more of the present connection, and leave it open."""
        session, self.session = self.session, None
        if session is not None:
            session.mute()
            self.faults.lose_held()
            self.world.run.retire(session)

    def hang_up(self) -> None:
        """Close the connection."""
        session, self.session = self.session, None
        if session is not None:
            with self.world.run.doorway.closing():
                session.close()
            self.faults.lose_held()

    def feed(self, events: Iterable[Event]) -> None:
        """Let the cache take what reached the device."""
        with self.world.bell:
            self.cache.feed(events)

    # As the listener of its connection, on the loop's thread

    def session_changed(self, session: Session) -> None:
        """It is open, was kicked, gave a sign of life, or is over."""
        with self.world.bell:
            if session is self.session:
                self._notice(session)
            self.world.ring()

    def _notice(self, session: Session) -> None:
        if session.state == "kicked":
            self.kicked, self.wanted = True, False
            self.kicked_ms = self.world.now()
            if not self.world.kicks_leave_open:
                session.close()
        elif session.state == "over" and self.wanted:
            self.wanted = False
            if not self.world.may_end():
                self.world.troubles.append(f"{self.key} lost its connection: {session.why}")

    def session_heard(self, session: Session, recv: Recv) -> None:
        """A message reached it."""
        world = self.world
        user = self.key.user
        message = self._read(recv)
        with world.bell:
            if session is not self.session:
                return
            times = self.arrived.get(recv.message_id, 0) + 1
            self.arrived[recv.message_id] = times
            world.newest_id = max(world.newest_id, recv.message_id)
            world.evidence.pushed(
                message.sender, message.client_msg_no, message.message_id, message.seq
            )
            self.cache.feed((Pushed(message, (DeviceKey(user, self.key.device),), times),))
            world.ring()

    def _read(self, recv: Recv) -> Message:
        world = self.world
        message = read_pushed(recv, world.names, self.key.user)
        if (message.sender, message.client_msg_no) in world.commands:
            return read_pushed(recv, world.names, self.key.user, "command")
        return message

    def session_answered(self, session: Session, sent: Sent) -> None:
        """A send has its answer, or will have none."""
        with self.world.bell:
            self.world.ring()

    def session_doubted(self, session: Session, why: str) -> None:
        """Something cannot be right."""
        with self.world.bell:
            if session is self.session:
                self.world.troubles.append(f"what {self.key} heard cannot be right: {why}")
                self.world.ring()


class Devices:
    """All devices of one world, by name."""

    def __init__(self, world: World, cast: Iterable[tuple[str, tuple[DeviceSpec, ...]]]) -> None:
        self.world = world
        self._devices: dict[DeviceKey, Device] = {}
        self._of: dict[str, tuple[Device, ...]] = {}
        for user, specs in cast:
            for spec in specs:
                self.add(user, spec)

    def add(self, user: str, spec: DeviceSpec) -> Device:
        """Register a device; one that is there stays."""
        key = DeviceKey(user, spec.name)
        if key not in self._devices:
            device = self._devices[key] = Device(self.world, user, spec)
            self._of[user] = (*self.of(user), device)
        return self._devices[key]

    def find(self, user: str, device: str) -> Device | None:
        """Give a device, or None."""
        return self._devices.get(DeviceKey(user, device))

    def of(self, user: str) -> tuple[Device, ...]:
        """Give a user's devices in file order."""
        return self._of.get(user, ())

    def all(self) -> tuple[Device, ...]:
        """Give every device in file order."""
        return tuple(self._devices.values())

    def connect(self, devices: Iterable[Device]) -> dict[DeviceKey, Session]:
        """Connect some devices at once; gives the connections that did not come about.

        A lost connection and one that is refused may look alike; who brings no token is seldom
        refused, and so asks once more.
        """
        failed: dict[DeviceKey, Session] = {}
        pending = list(devices)
        asked: set[DeviceKey] = set()
        for _ in range(TRIES):
            found = self._try(pending)
            for device in pending:
                failed.pop(device.key, None)
            failed |= found
            pending = [d for d in pending if d.key in found and _asks_again(d, asked)]
            if not pending:
                break
            asked |= {device.key for device in pending}
        return failed

    def _try(self, devices: Iterable[Device]) -> dict[DeviceKey, Session]:
        """Dial once each, all at the same time, and wait for what becomes of it."""
        run = self.world.run
        run.tidy()
        within_ms = run.patience.connack_ms + SPARE_MS
        with run.doorway.opening():
            sessions = {device: device.dial() for device in devices}
            self.world.await_until(lambda: all(map(_decided, sessions.values())), within_ms)
        for device, session in sessions.items():
            device.wanted = session.state == "open"
        return {d.key: s for d, s in sessions.items() if s.state != "open"}

    def close(self) -> None:
        """Hear no more of any of them; the connections are closed with the run."""
        for device in self._devices.values():
            device.wanted = False
            device.leave()


def _asks_again(device: Device, asked: set[DeviceKey]) -> bool:
    session = device.session
    if session is None or session.how == "lost":
        return session is not None
    return session.how == "refused" and not device.token and device.key not in asked


def _decided(session: Session) -> bool:
    return session.state in ("open", "kicked", "over")
