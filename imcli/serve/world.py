"""The middle of a served server: one simulated server, every connection, one clock, no lock.

Whatever a client asks becomes an action of the simulated server, at the server's time; the events
that it causes are routed to the connections that they concern. All of it happens within turns
(`turns.py`): what is said to anybody leaves after the turn was committed. Nothing here touches a
socket or a file, and what chance is needed is given.

What clients do with what they are sent matters: a message that is not acknowledged is sent again
by the profile's rules (`resend_after`, `resend_count`).
"""

from __future__ import annotations

import heapq
import string
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from imcli.model import actions as act
from imcli.model.entities import DeviceKey, Message
from imcli.model.events import (
    Accepted,
    Event,
    Flushed,
    Pushed,
    Refused,
    ServerRestarted,
    SessionEnded,
    Unanswered,
)
from imcli.model.reasons import REASON_BY_NAME
from imcli.serve import notes
from imcli.serve.clock import Clock, Elapsed
from imcli.serve.connection import Connection, Link, Seat, Unacknowledged, note_of_push
from imcli.serve.rules import Rules
from imcli.serve.seats import Seats, kind_of_flag
from imcli.serve.turns import Turns
from imcli.serve.written import action_of, facts_of, payload_of, recv_for
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.simulator.wukongim import messages as wukongim_messages
from imcli.simulator.wukongim.api import routes
from imcli.simulator.wukongim.api.fields import Undecodable, first_value
from imcli.simulator.wukongim.api.routes import Answer
from imcli.simulator.wukongim.api.surroundings import Connection as FaceConnection
from imcli.simulator.wukongim.api.surroundings import Surroundings
from imcli.simulator.wukongim.traits import TRAITS
from imcli.wire import codes
from imcli.wire.encryption import BadKey
from imcli.wire.packets import Connect, Disconnect, Recv, Send
from imcli.wire.server import Asked, BadSend, ServerSession

NEWEST = (2, 2, 5)
"""As which version a profile answers that is no version of WuKongIM."""
SALT_CHARACTERS = string.ascii_letters + string.digits
SALT_LENGTH = 16
FIRST_MESSAGE_ID = 1 << 60
"""As great as those of real servers, so that a client that takes ids for floats is found."""
DEFAULT_RULES = Rules()

Tell = Callable[[notes.Note], None]
Chance = Callable[[int], bytes]


class Timer(Protocol):
    """Something that will be called later."""

    def cancel(self) -> None:
        """Call it no more."""


class Loop(Protocol):
    """The part of an event loop that the world needs."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call something in the next round."""

    def call_later(self, delay: float, callback: Callable[..., None], /, *args: Any) -> Timer:
        """Call something after some seconds."""


class World:
    """One served server.

    Args:
        server: the simulated server; its state is the whole truth.
        clock: the server's time.
        elapsed: the machine's monotonic clock, in seconds, for limits of sockets.
        loop: the event loop.
        chance: gives so many random bytes.
        rules: what the operator chose.
        commit: makes what happened in a turn durable.
        failed: is told what `commit` raised.
        tell: is told what clients do; None: nobody listens.
    """

    def __init__(
        self,
        server: Server,
        clock: Clock,
        elapsed: Elapsed,
        loop: Loop,
        chance: Chance,
        *,
        rules: Rules = DEFAULT_RULES,
        commit: Callable[[], None] = lambda: None,
        failed: Callable[[Exception], None] = lambda error: None,
        tell: Tell | None = None,
    ) -> None:
        self.server = server
        self.clock = clock
        self.elapsed = elapsed
        self.rules = rules
        self.turns = Turns(loop, commit, failed)
        self.seats = Seats()
        self.connections: set[Connection] = set()
        self.around = Surroundings(
            connections=self._connected,
            started_ms=clock.now_ms(),
            manager_token=bool(rules.manager_token),
            virtual_time=clock.virtual,
        )
        """What the HTTP API says of this process; addresses come with the sockets."""
        self.version = server.profile.version if server.profile.version in TRAITS else NEWEST
        self._loop = loop
        self._chance = chance
        self._tell = tell
        self._timer: Timer | None = None
        self._timer_ms = 0
        self._resends: list[tuple[int, int, Connection]] = []
        self._count = 0
        traits = TRAITS.get(server.profile.version)
        self._left_open = traits is not None and traits.kicked_socket == "left-open"
        if not server.state.order:
            server.state.order = FIRST_MESSAGE_ID

    @property
    def state(self) -> State:
        """The tables of the simulated server."""
        return self.server.state

    # Turns and time

    def begin(self) -> None:
        """Say that something is about to happen: the server's time catches up with the clock."""
        if self.turns.begin():
            self.turns.after(self._arm)
            self._catch_up(self.clock.now_ms())

    def _catch_up(self, now_ms: int) -> None:
        events = self.server.advance_to(now_ms)
        if events:
            self.route(events)
        while self._resends and self._resends[0][0] <= now_ms:
            self._resend(heapq.heappop(self._resends)[2], now_ms)

    def next_due_ms(self) -> int | None:
        """Say when something happens by itself, or None."""
        due = [self.state.timers[0][0]] if self.state.timers else []
        if self._resends:
            due.append(self._resends[0][0])
        return min(due, default=None)

    def _arm(self) -> None:
        """See to it that the world wakes up when something is due."""
        due = self.next_due_ms()
        if due is None or self.clock.virtual or (self._timer is not None and due >= self._timer_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ms = due
        delay_s = max(0, due - self.clock.now_ms() + 1) / 1000
        self._timer = self._loop.call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.begin()

    def advance_to(self, until_ms: int, move: Callable[[int], None]) -> None:
        """Let time pass that only moves when it is told to, from one due moment to the next.

        Args:
            until_ms: where to.
            move: moves the clock by so many milliseconds.
        """
        self.begin()
        while True:
            due = self.next_due_ms()
            now = self.clock.now_ms()
            step = until_ms if due is None else min(max(due, now), until_ms)
            move(step - now)
            self._catch_up(step)
            if step == until_ms:
                return

    # Telling

    @property
    def now_ms(self) -> int:
        """The server's time."""
        return self.state.now

    def note(self, note: notes.Note) -> None:
        """Tell whoever listens."""
        if self._tell is not None:
            self._tell(note)

    def note_about(self, connection: Connection, what: str) -> None:
        """Tell something of a client that has no note of its own."""
        key = connection.name
        who = str(key) if key.user else f"a client at {connection.address}"
        self.note(notes.Happened(self.now_ms, f"{who}: {what}"))

    # Connections

    def open(self, link: Link, transport: str, address: str) -> Connection | None:
        """Take a new socket, or None where there are too many."""
        if len(self.connections) >= self.rules.limits.connections:
            self.note(notes.Refused(self.now_ms, "", "too many connections", address))
            return None
        wire = ServerSession(self.version, encrypts=self.rules.encrypts)
        connection = Connection(self, link, wire, transport, address)
        self.connections.add(connection)
        return connection

    def connect(self, connection: Connection, asked: Asked, packet: Connect) -> None:
        """Let a client in, or leave it without an answer."""
        why = self._why_not(packet)
        if not why:
            try:
                answer = connection.wire.accept(
                    asked, secret=self._chance(32), salt=self._salt(), now_ms=self.now_ms
                )
            except BadKey as error:
                why = str(error)
        if why:
            connection.refused = connection.refused or self.elapsed()
            self.note(notes.Refused(self.now_ms, packet.uid, why, connection.address))
            return
        self._seat(connection, packet)
        for other, reason in self.seats.sent_away(connection):
            self.send_away(other, reason, "the same account came from elsewhere")
        connection.say(answer)

    def _why_not(self, packet: Connect) -> str:
        return ""

    def _salt(self) -> str:
        return "".join(SALT_CHARACTERS[b % len(SALT_CHARACTERS)] for b in self._chance(SALT_LENGTH))

    def _seat(self, connection: Connection, packet: Connect) -> None:
        user, flag = packet.uid, packet.device_flag
        kind, _ = kind_of_flag(flag)
        key = DeviceKey(user, self.seats.free_name(self.state, user, flag))
        self.server.apply(act.CreateUser(user))
        self.server.apply(act.AddDevice(user, key.device, kind, "slave"))
        self.route(self.server.apply(act.Connect(user, key.device)))
        device = self.state.users[user].devices[key.device]
        connection.seat = Seat(key, device.session, packet.device_id, flag, False, self.now_ms)
        self.seats.sit(connection)
        wire = connection.wire
        self.note(
            notes.Connected(
                self.now_ms,
                *key,
                packet.device_id,
                flag,
                device.session,
                connection.transport,
                wire.protocol,
                wire.version,
                connection.address,
            )
        )

    # Leaving

    def send_away(
        self, connection: Connection, reason: str | None, why: str, after_s: float | None = None
    ) -> None:
        """Make a client go: tell it the reason, if any, and end its session some seconds later."""
        connection.leaving = True
        if reason is not None:
            connection.tell(Disconnect(codes.CONNECT_KICK, reason))
        self.note(notes.Kicked(self.now_ms, *connection.name, why, reason is not None))
        delay = self.rules.limits.kick_s if after_s is None else after_s
        self._loop.call_later(delay, self._time_is_over, connection, why)

    def _time_is_over(self, connection: Connection, why: str) -> None:
        if connection.gone or connection.deaf:
            return
        self.begin()
        if self.seats.at(connection.name) is connection:
            self.route(self.server.apply(act.Kick(*connection.name)))
        self._forget(connection, why)

    def _forget(self, connection: Connection, why: str) -> None:
        """End what a client has here; some servers forget to close its socket."""
        self.seats.rise(connection)
        if self._left_open:
            connection.deaf = True
        else:
            connection.close(why)

    def leave(self, connection: Connection, why: str) -> None:
        """A socket ends: nobody sits there any more."""
        connection.gone = True
        self.connections.discard(connection)
        connection.unacknowledged.clear()
        self.begin()
        seated = self.seats.at(connection.name) is connection
        self.seats.rise(connection)
        if seated:
            self.route(self.server.apply(act.Disconnect(*connection.name)))
        self.note(notes.Left(self.now_ms, *connection.name, why, connection.address))

    def sweep(self) -> None:
        """Look at every client that has said nothing for too long."""
        now, limits = self.elapsed(), self.rules.limits
        for connection in list(self.connections):
            if connection.seat is not None:
                if now - connection.heard > limits.idle_s:
                    connection.drop(f"nothing came from it for {limits.idle_s:g} s")
            elif connection.refused:
                if now - connection.refused > limits.auth_s:
                    connection.drop("it was not let in")
            elif now - connection.began > limits.connect_s:
                connection.drop(f"it did not connect within {limits.connect_s:g} s")

    # Messages

    def send(self, connection: Connection, asked: Asked, packet: Send) -> None:
        """Take a message of a client."""
        seat = connection.seat
        assert seat is not None, "the wire lets nobody send before it was let in"
        number = packet.client_msg_no
        if not number and connection.wire.protocol == "json":
            number = f"{self.state.order + 1:032x}"
        action = action_of(seat.key, packet, number)
        if action.chat[:1] != "#":
            self._know(action.chat)
        connection.figures.in_msgs += 1
        connection.figures.in_msg_bytes += len(packet.payload)
        if self.seats.at(seat.key) is not connection:
            self._send_forgotten(connection, action)
            return
        self._answer(connection, asked, action, self.server.apply(action))

    def _know(self, user: str) -> None:
        """Nobody checks that a receiver exists."""
        if user not in self.state.users:
            self.server.apply(act.CreateUser(user))

    def _send_forgotten(self, connection: Connection, action: act.Send) -> None:
        """Take what comes on a socket whose session is over: stored, and nothing comes back."""
        forgotten = DeviceKey(action.user, f"{action.device}/dead")
        sent = act.Send(**{**_fields(action), "device": forgotten.device})
        events = wukongim_messages.deaf(self.state, self.server.keeping, sent)
        self.route(events)
        self.note(
            notes.Happened(
                self.now_ms, f"{connection.name} sends {action.chat} though it was sent away"
            )
        )

    def _answer(
        self, connection: Connection, asked: Asked, action: act.Send, events: Sequence[Event]
    ) -> None:
        for event in events:
            kind = type(event)
            if kind is Accepted:
                assert isinstance(event, Accepted)
                data = connection.wire.sendack(asked, event.message_id, event.seq, codes.SUCCESS)
                connection.say(data)
                self._note_sent(action, event)
            elif kind is Refused:
                assert isinstance(event, Refused)
                code = _code(event, action)
                self.reject(connection, asked, code, event.detail or event.reason)
            elif kind is Unanswered:
                why = "its answer is lost, by a fault of the link"
                self._note_rejected(connection, action.chat, action.client_msg_no, 0, why)
        self.route(events)

    def reject(self, connection: Connection, asked: Asked | BadSend, code: int, why: str) -> None:
        """Answer a message that was refused; it has an id, too."""
        packet = asked.send if isinstance(asked, BadSend) else asked.packet
        assert isinstance(packet, Send)
        connection.say(connection.wire.sendack(asked, self.state.next_order(), 0, code))
        self._note_rejected(connection, packet.channel_id, packet.client_msg_no, code, why)

    def _note_sent(self, action: act.Send, event: Accepted) -> None:
        if self._tell is not None:
            self._tell(
                notes.Sent(
                    self.now_ms,
                    action.user,
                    action.device,
                    action.chat,
                    event.message_id,
                    event.seq,
                    action.client_msg_no,
                    action.text or action.payload,
                )
            )

    def _note_rejected(
        self, connection: Connection, chat: str, number: str, code: int, why: str
    ) -> None:
        self.note(notes.Rejected(self.now_ms, *connection.name, chat, number, code, why))

    # Routing

    def route(self, events: Sequence[Event]) -> None:
        """Bring what happened to the connections that it concerns."""
        for event in events:
            handler = ROUTES.get(type(event))
            if handler is not None:
                handler(self, event)

    def _pushed(self, event: Pushed) -> None:
        message = event.message
        payload = payload_of(message)
        written: dict[str, Recv] = {}
        group = message.channel[:1] == "#"
        for key in event.devices:
            connection = self.seats.at(key)
            if connection is None:
                continue
            view = "" if group and key.user != message.sender else key.user
            recv = written.get(view)
            if recv is None:
                recv = written[view] = recv_for(key.user, message, payload)
            self._push(connection, message, recv, event.attempt)

    def _push(self, connection: Connection, message: Message, recv: Recv, attempt: int) -> None:
        if not connection.push(recv):
            self.note_about(connection, "gets no message that is not JSON in its protocol")
            return
        if self._tell is not None:
            self._tell(note_of_push(self.now_ms, connection.name, message, attempt))
        if not recv.flags & codes.NO_PERSIST:
            self._expect(connection, message, attempt)

    # Acknowledgements

    def _expect(self, connection: Connection, message: Message, attempt: int) -> None:
        """Wait for an acknowledgement, as long as the profile says."""
        waiting = connection.unacknowledged
        if len(waiting) >= self.rules.limits.unacknowledged:
            return
        due = self.now_ms + self.server.profile.resend_after
        waiting[message.message_id] = Unacknowledged(due, message, attempt)
        if not connection.scheduled:
            self._schedule(connection, due)

    def _schedule(self, connection: Connection, due_ms: int) -> None:
        """Look at a connection again when its oldest message is due."""
        self._count += 1
        connection.scheduled = True
        heapq.heappush(self._resends, (due_ms, self._count, connection))

    def _resend(self, connection: Connection, now_ms: int) -> None:
        """Send again what was not acknowledged in time; give up after so many times."""
        connection.scheduled = False
        waiting = connection.unacknowledged
        for message_id in list(waiting):
            found = waiting[message_id]
            if found.due_ms > now_ms:
                self._schedule(connection, found.due_ms)
                return
            del waiting[message_id]
            if found.attempt > self.server.profile.resend_count:
                self.note_about(connection, f"does not acknowledge message {message_id}: given up")
                continue
            message = found.message
            recv = recv_for(connection.name.user, message, payload_of(message))
            self._push(connection, message, recv, found.attempt + 1)

    def acknowledged(self, seat: Seat, message: Message) -> None:
        """A client has a message."""
        if self._tell is not None:
            self._tell(notes.Acknowledged(self.now_ms, *seat.key, message.message_id, message.seq))

    # Sessions that the server ended

    def _session_ended(self, event: SessionEnded) -> None:
        connection = self.seats.at(DeviceKey(event.user, event.device))
        if connection is None:
            return
        if event.because == "goodbye":  # not its own: then nobody sits there any more
            self.seats.rise(connection)
            connection.close("it was removed")
        elif event.because in ("kicked", "replaced"):
            self.seats.rise(connection)
            if not connection.leaving:
                self.send_away(connection, "", f"it was {event.because}")
        else:
            self.seats.rise(connection)
            connection.drop(f"the server ends its session: {event.because}")

    # HTTP

    def ask(self, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
        """Answer a request of the HTTP API; the answer may leave when the turn is committed."""
        self.begin()
        events: list[Event] = []
        answer = routes.respond(self.server, method, path, query, body, events, self.around)
        self.route(events)
        if self._tell is not None:
            self.note(notes.Asked(self.now_ms, method, path, answer.status, _about(body)))
        return answer

    def _connected(self) -> list[FaceConnection]:
        """Give the facts of every connection that was let in, the oldest first."""
        now, elapsed = self.now_ms, self.elapsed()
        found = [facts_of(each, now, elapsed) for each in self.seats]
        return sorted(found, key=lambda each: each.id)


def _fields(action: act.Send) -> dict[str, Any]:
    return {name: getattr(action, name) for name in action.__struct_fields__}


def _code(event: Refused, action: act.Send) -> int:
    """Give the reason code of a refusal; what is malformed names no group, or nothing at all."""
    reason = REASON_BY_NAME.get(event.reason)
    if reason is not None and reason.code is not None:
        return reason.code
    not_a_member = REASON_BY_NAME["not-a-member"].code
    return not_a_member or codes.SYSTEM_ERROR if action.chat[:1] == "#" else codes.SYSTEM_ERROR


def _about(raw: bytes) -> str:
    """Name whom a request is about, as far as it says so."""
    try:
        body = first_value(raw)
    except Undecodable:
        return ""
    if not isinstance(body, dict):
        return ""
    named = [body.get(name) for name in ("uid", "from_uid", "login_uid", "channel_id")]
    return " ".join(str(each) for each in named if isinstance(each, str | int))


def _told(what: Callable[[Any], str]) -> Callable[[World, Any], None]:
    return lambda world, event: world.note(notes.Happened(world.now_ms, what(event)))


ROUTES: dict[type, Callable[[World, Any], None]] = {
    Pushed: World._pushed,
    SessionEnded: World._session_ended,
    Flushed: _told(lambda event: f"flush: {event.rows} rows are stored"),
    ServerRestarted: _told(
        lambda event: f"the server {'was killed' if event.crashed else 'stopped'} and is up again"
    ),
}
