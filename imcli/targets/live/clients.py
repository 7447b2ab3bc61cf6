"""The people of a case with their devices: what they do through connections of their own.

Connecting is what a client does then: log in, send what waited in the outbox, synchronise. What a
device changes over the API of its app (it reads, deletes, marks) it knows itself, without being
told; `told.py` says what that is. Who is offline asks nothing of the server.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from msgspec.structs import replace

from imcli.device.cache import DeviceCache
from imcli.model.actions import (
    Action,
    AddDevice,
    Connect,
    Crash,
    CreateUser,
    Delete,
    Disconnect,
    Drop,
    Fault,
    Kick,
    MarkUnread,
    Read,
    Request,
    Restart,
    Send,
    Synchronise,
)
from imcli.model.entities import DeviceKey, DeviceSpec
from imcli.model.errors import TargetUnavailable
from imcli.model.events import (
    Accepted,
    Done,
    Event,
    ListAnswer,
    Refused,
    ServerRestarted,
    SessionEnded,
    SessionStarted,
)
from imcli.targets.base import Outcome
from imcli.targets.live.backend import BackEnd, done
from imcli.targets.live.deliveries import Deliveries
from imcli.targets.live.devices import Device, Devices
from imcli.targets.live.flush import PendingRows
from imcli.targets.live.sending import refused, send_through
from imcli.targets.live.session import Session
from imcli.targets.live.told import told
from imcli.wire.http import post

KICKED_MS_MAX = 3_000
"""A DISCONNECT comes at once, after an HTTP call up to 0.2 s later."""
DEAF_AFTER_MS = 2_200
"""A server that leaves the socket of a kicked device open is deaf on it after 2 s."""
Restarting = Callable[[], None]
"""Restarts the server and returns when it is there again."""


class Clients:
    """Acts through the devices of one world."""

    def __init__(
        self,
        devices: Devices,
        back: BackEnd,
        rows: PendingRows,
        *,
        version: tuple[int, ...],
        answered_within_ms: int,
        restarting: dict[type, Restarting],
    ) -> None:
        self.devices = devices
        self.deliveries = Deliveries(devices)
        self._world = devices.world
        self._back = back
        self._rows = rows
        self._version = version
        self._answered_within_ms = answered_within_ms
        self._restarting = restarting

    def asker(self, action: Action) -> Device | None:
        """Give the device that asks, or None where nobody's device does."""
        if isinstance(action, Connect | Disconnect | Drop | Kick | AddDevice | Fault):
            return None
        device: str = getattr(action, "device", "")
        user: str = getattr(action, "owner", "") or getattr(action, "user", "")
        return self.devices.find(user, device) if device else None

    def can_ask(self, device: Device, action: Action) -> bool:
        """Whether a device has a connection, or a deaf one that it may still send on."""
        deaf = device.kicked and self._world.kicks_leave_open and device.session is not None
        return device.online or (deaf and isinstance(action, Send))

    def do(self, action: Action) -> Outcome:
        """Do an action of a device, or of the back end for it.

        Raises:
            TargetUnavailable: the server is gone.
        """
        return self.perform(action) or self._through_back_end(action)

    def _through_back_end(self, action: Action) -> Outcome:
        """Do what needs no connection, and let the world know."""
        if isinstance(action, Request):
            self._world.raw_ms = self._world.now()
        if isinstance(action, Send) and action.command:
            self._world.commands.add((action.user, action.client_msg_no))
        outcome = self._back.perform(action)
        if outcome.result != "ok":
            return outcome
        self.deliveries.members.note(action)
        if isinstance(action, Send):
            self.noted(action, outcome)
        elif isinstance(action, Delete | Read | MarkUnread):
            self._tell(action)
        return outcome

    def _tell(self, action: Delete | Read | MarkUnread) -> None:
        """Let the cache of the device that asked know what became of it."""
        device = self.devices.find(action.user, action.device)
        if device is None:
            return
        row, last = self._back.reader.row(action.user, action.chat)
        marks = self._back.reader.marks
        event = told(action, row, last, device.cache, marks, self._version)
        if event is not None:
            device.feed((replace(event, cursor=self._world.newest_id),))

    def perform(self, action: Action) -> Outcome | None:
        """Do what needs connections; None: it is the back end's.

        Raises:
            TargetUnavailable: the server is gone.
        """
        match action:
            case Send(device=device) if device:
                return self._send(action)
            case Connect():
                return self._connect(action)
            case Disconnect() | Drop():
                return self._leave(action)
            case Kick():
                return self._kick(action)
            case CreateUser():
                return done()
            case AddDevice():
                spec = DeviceSpec(action.device, action.kind, action.level)
                self.devices.add(action.user, spec)
                return done()
            case Fault():
                return self._fault(action)
            case Restart() | Crash() if type(action) in self._restarting:
                return self._restart(action)
            case _:
                return None

    # Sending

    def _send(self, action: Send) -> Outcome:
        device = self.devices.find(action.user, action.device)
        assert device is not None, "the asker was looked up"
        if device.kicked:
            self._await_deafness(device)
        self._back.made.note(action)
        outcome, (message_id, seq) = send_through(device, action, self._answered_within_ms)
        if message_id:
            self._note(action, message_id, seq)
        if seq:
            self._rows.stored(action, seq)
        device.feed(outcome.events)
        return outcome

    def _await_deafness(self, device: Device) -> None:
        until = device.kicked_ms + DEAF_AFTER_MS
        self._world.await_until(lambda: False, until - self._world.now())

    def noted(self, action: Send, outcome: Outcome) -> None:
        """The back end sent a message: its pushes are under way."""
        for event in outcome.events:
            if isinstance(event, Accepted):
                self._note(action, event.message_id, event.seq)

    def _note(self, action: Send, message_id: int, seq: int) -> None:
        with self._world.bell:
            self._world.newest_id = max(self._world.newest_id, message_id)
        self.deliveries.expect(action, message_id, seq)

    # Sessions

    def open_all(self) -> None:
        """Bring every device online, as a case begins.

        Raises:
            TargetUnavailable: one of them is not let in.
        """
        self.begin(self.devices.all())

    def begin(self, devices: tuple[Device, ...]) -> None:
        """Log devices in.

        Raises:
            TargetUnavailable: one of them does not get in.
        """
        for key, session in self._log_in(devices).items():
            raise TargetUnavailable(f"{key} could not connect: {_why(session)}")

    def _log_in(self, devices: tuple[Device, ...]) -> dict[DeviceKey, Session]:
        run = self._world.run
        if run.wants_tokens is None:
            run.wants_tokens = run.probe_tokens(self._world.names.user_id("probe"))
        if run.wants_tokens:
            for device in devices:
                self._register(device)
        return self.devices.connect(devices)

    def _register(self, device: Device) -> None:
        """Give the server a token for a device; level 0 sends nobody away."""
        if device.token:
            return
        device.token = secrets.token_hex(8)
        body = {
            "uid": device.uid,
            "token": device.token,
            "device_flag": device.flag,
            "device_level": 0,
        }
        self._back.tell(post("/user/token", body))

    def _connect(self, action: Connect) -> Outcome:
        device = self.devices.find(action.user, action.device)
        if device is None:
            return _no_device(action)
        failed = self._log_in((device,))
        if failed:
            return _not_let_in(action, failed[device.key])
        events: list[Event] = [Done(), SessionStarted(action.user, action.device)]
        waiting, device.outbox = device.outbox, []
        for each in waiting:
            events += self._send_late(each)
        synchronised = self.synchronise(Synchronise(action.user, action.device))
        if synchronised.result != "ok":
            return replace(synchronised, events=(*events, *synchronised.events))
        return Outcome("ok", events=(*events, *synchronised.events))

    def _send_late(self, action: Action) -> tuple[Event, ...]:
        """Do one action of an outbox."""
        if isinstance(action, Synchronise):
            return self.synchronise(action).events
        outcome = self.do(action)
        self.deliveries.settle()
        return tuple(
            event
            for event in outcome.events
            if not isinstance(event, Refused) or event.client_msg_no
        )

    def synchronise(self, action: Synchronise) -> Outcome:
        """Synchronise with what the device has; `cursor == -1` means from scratch."""
        device = self.devices.find(action.user, action.device)
        if device is None:
            return self._back.perform(action)
        from_scratch = action.cursor == -1
        outcome = self._back.perform(with_marks(action, device.cache))
        answers = [event for event in outcome.events if isinstance(event, ListAnswer)]
        if answers and from_scratch:
            device.cache.forget()
        device.feed([replace(answer, cursor=self._world.newest_id) for answer in answers])
        return outcome

    def _leave(self, action: Disconnect | Drop) -> Outcome:
        device = self.devices.find(action.user, action.device)
        if device is None:
            return _no_device(action)
        was_online = device.online
        device.wanted = False
        device.half_open = isinstance(action, Drop) and (was_online or device.half_open)
        if isinstance(action, Drop):
            device.leave()
        else:
            device.hang_up()
        ended = (SessionEnded(action.user, action.device, "goodbye"),)
        return Outcome("ok", events=(Done(), *(ended if was_online else ())))

    def _kick(self, action: Kick) -> Outcome:
        if action.device and self.devices.find(action.user, action.device) is None:
            return _no_device(action)
        named = self.devices.of(action.user)
        if action.device:
            named = tuple(d for d in named if d.key.device == action.device)
        for device in named:
            self._register(device)  # a device without a record is not kicked by anybody
        outcome = self._back.perform(action)
        if outcome.result != "ok":
            return outcome
        flags = {device.flag for device in named}
        hit = [d for d in self.devices.of(action.user) if d.online and d.flag in flags]
        for device in self.devices.of(action.user):
            if device.flag in flags:
                device.token = ""  # the kick withdraws it
                device.kicked |= device.half_open
        self._world.await_until(lambda: not any(d.online for d in hit), KICKED_MS_MAX)
        ended = tuple(SessionEnded(d.key.user, d.key.device, "kicked") for d in hit if d.kicked)
        return Outcome("ok", events=(Done(), *ended))

    # Faults and restarts

    def _fault(self, action: Fault) -> Outcome:
        device = self.devices.find(action.user, action.device)
        if device is None:
            return _no_device(action)
        session = device.session
        device.faults.change(
            action, lambda recv, ms: session.release(recv, ms) if session else None
        )
        if not device.faults.delay_ms:
            self.deliveries.settle_links()
        return done()

    def _restart(self, action: Restart | Crash) -> Outcome:
        """End the process; whoever was online comes back in file order."""
        online = [device for device in self.devices.all() if device.online]
        for device in online:
            device.wanted = False
        self._restarting[type(action)]()
        events: list[Event] = [Done(), ServerRestarted(isinstance(action, Crash))]
        for device in online:
            device.leave()
            outcome = self._connect(Connect(device.key.user, device.key.device))
            if outcome.result != "ok":
                raise TargetUnavailable(f"{device.key} did not come back: {outcome.detail}")
            events += outcome.events
        return Outcome("ok", events=tuple(events))


def with_marks(action: Synchronise, cache: DeviceCache) -> Synchronise:
    """Put in what the device has, where a scenario leaves that to the target."""
    if action.seqs or action.cursor is not None or action.chats is not None:
        return action
    return replace(action, seqs=cache.seqs())


def _no_device(action: Connect | Disconnect | Drop | Kick | Fault) -> Outcome:
    return refused(action, "invalid", f"there is no device {action.user}.{action.device}")


def _why(session: Session) -> str:
    match session.how:
        case "refused":
            return "the server refuses it: it was silent and closed the connection"
        case "lost":
            return f"the server never answered CONNECT, again and again: {session.why}"
        case _:
            return session.why or "no CONNACK in time"


def _not_let_in(action: Connect, session: Session) -> Outcome:
    if session.how == "refused":
        return refused(action, "auth-failed", _why(session))
    if session.how == "unreachable":
        raise TargetUnavailable(f"{action.user}.{action.device} cannot connect: {session.why}")
    return Outcome("unknown", detail=_why(session))
