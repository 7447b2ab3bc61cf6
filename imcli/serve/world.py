"""The middle of a served server: one simulated server, every connection, one clock, no lock.

Whatever a client asks becomes an action of the simulated server, at the server's time; the events
that it causes are routed to the connections that they concern. All of it happens within turns
(`turns.py`): what is said to anybody leaves after the turn was committed. Nothing here touches a
socket or a file, and what chance is needed is given.

What clients do with what they are sent matters: a message that is not acknowledged is sent again
by the profile's rules (`resend_after`, `resend_count`).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

from imcli.model import actions as act
from imcli.model.entities import DeviceKey, Message
from imcli.model.events import (
    ConversationPushed,
    Event,
    Flushed,
    Pushed,
    ServerRestarted,
    SessionEnded,
    Stored,
)
from imcli.model.versions import NEWEST
from imcli.serve import notes
from imcli.serve.clock import Clock, Elapsed
from imcli.serve.connection import Connection, Link, Seat
from imcli.serve.entry import is_master, objection
from imcli.serve.passing import Loop, Passing
from imcli.serve.rules import Rules
from imcli.serve.seats import ELSEWHERE, Seats, kind_of_flag
from imcli.serve.sending import Post
from imcli.serve.turns import Turns
from imcli.serve.webhooks import Hooks
from imcli.serve.written import facts_of
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.simulator.wukongim.api import routes
from imcli.simulator.wukongim.api.fields import Undecodable, first_value
from imcli.simulator.wukongim.api.routes import Answer
from imcli.simulator.wukongim.api.surroundings import Connection as FaceConnection
from imcli.simulator.wukongim.api.surroundings import Ending, Surroundings
from imcli.simulator.wukongim.traits import traits_of
from imcli.wire import codes
from imcli.wire.encryption import BadKey
from imcli.wire.packets import Connect, Disconnect
from imcli.wire.server import Asked, ServerSession

GOODBYES: dict[Ending, tuple[str | None, str]] = {
    "token": ("账号在其他设备上登录", "token_kick_s"),
    "quit": ("", "kick_s"),
    "kick": ("server kick", "kick_s"),
    "remove": (None, ""),
}
"""What DISCONNECT says (None: there is none), and the limit after which the session ends.

Source: WuKongIM `internal/api/user.go`, `conn.go`; measured.
"""
SALT_CHARACTERS = string.ascii_letters + string.digits
SALT_LENGTH = 16
FIRST_MESSAGE_ID = 1 << 60
"""As great as those of real servers, so that a client that takes ids for floats is found."""
DEFAULT_RULES = Rules()

Tell = Callable[[notes.Note], None]
Chance = Callable[[int], bytes]


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
            end=self._end_session,
            progress={},
            teller=lambda users, what: self.post.tell(users, what),
            started_ms=clock.now_ms(),
            manager_token=bool(rules.manager_token),
            virtual_time=clock.virtual,
        )
        """What the HTTP API says of this process; addresses come with the sockets."""
        traits = traits_of(server.profile)
        self.version = NEWEST if traits is None else server.profile.version
        """A profile that is no version of WuKongIM answers as the newest."""
        self.defect: Callable[[BaseException], None] = lambda error: None
        """Is told of a mistake of imcli's own; only who brought it to light pays."""
        self._loop = loop
        self._chance = chance
        self._left_open = traits is not None and traits.kicked_socket == "left-open"
        self.post = Post(self)
        self.passing = Passing(self, loop)
        self.hooks: Hooks | None = None
        self.on_note: list[Tell] = [tell] if tell is not None else []
        self.on_stored: list[Callable[[Message], None]] = []
        self.on_restart: list[Callable[[], None]] = []
        """Are told what happens: each note, each message that was taken, that all sockets end."""
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
            self.turns.after(self.passing.arm)
            self.passing.catch_up(self.clock.now_ms())

    # Telling

    @property
    def now_ms(self) -> int:
        """The server's time."""
        return self.state.now

    @property
    def watched(self) -> bool:
        """Whether anybody listens; what happens for each message is else not put into words."""
        return bool(self.on_note)

    def note(self, note: notes.Note) -> None:
        """Tell whoever listens."""
        for tell in self.on_note:
            tell(note)

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
        why = objection(self.state, self.rules, self.version, packet)
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

    def _salt(self) -> str:
        return "".join(SALT_CHARACTERS[b % len(SALT_CHARACTERS)] for b in self._chance(SALT_LENGTH))

    def _seat(self, connection: Connection, packet: Connect) -> None:
        user, flag = packet.uid, packet.device_flag
        kind, _ = kind_of_flag(flag)
        key = DeviceKey(user, self.seats.free_name(self.state, user, flag))
        self.server.apply(act.CreateUser(user))
        master = is_master(self.state, self.rules, packet)
        self.server.apply(act.AddDevice(user, key.device, kind, "slave"))
        seat = self.state.device_w(*key)
        seat.level = "master" if master else "slave"
        seat.missed = []  # its commands are synchronised over HTTP, for the user
        self.route(self.server.apply(act.Connect(user, key.device)))
        device = self.state.users[user].devices[key.device]
        connection.seat = Seat(key, device.session, packet.device_id, flag, master, self.now_ms)
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
            self.route(self.server.apply(act.Kick(*connection.name, alone=True)))
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

    # Routing

    def route(self, events: Sequence[Event]) -> None:
        """Bring what happened to the connections that it concerns."""
        for event in events:
            handler = ROUTES.get(type(event))
            if handler is not None:
                handler(self, event)

    def _stored(self, event: Stored) -> None:
        for callback in self.on_stored:
            callback(event.message)

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
                reason = ELSEWHERE if event.because == "replaced" else ""
                self.send_away(connection, reason, f"it was {event.because}")
        else:
            self.seats.rise(connection)
            connection.drop(f"the server ends its session: {event.because}")

    def _end_session(self, user: str, device: str, why: Ending) -> None:
        """End a session because somebody asked for it over HTTP."""
        connection = self.seats.at(DeviceKey(user, device))
        if connection is not None and not connection.leaving:
            reason, limit = GOODBYES[why]
            after_s = getattr(self.rules.limits, limit) if limit else 0.0
            self.send_away(connection, reason, f"HTTP: {why}", after_s)

    # HTTP

    def ask(
        self, method: str, path: str, query: dict[str, str], body: bytes, host: str = ""
    ) -> Answer:
        """Answer a request of the HTTP API; the answer may leave when the turn is committed.

        `host` is by what name the client reached this server; empty: it did not say.
        """
        self.begin()
        events: list[Event] = []
        around = self.around.seen_from(host) if host else self.around
        answer = routes.respond(self.server, method, path, query, body, events, around)
        self.route(events)
        if self.watched:
            self.note(notes.Asked(self.now_ms, method, path, answer.status, _about(body)))
        return answer

    def _connected(self) -> list[FaceConnection]:
        """Give the facts of every connection that was let in, the oldest first."""
        now, elapsed = self.now_ms, self.elapsed()
        found = [facts_of(each, now, elapsed) for each in self.seats]
        return sorted(found, key=lambda each: each.id)


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
    Pushed: lambda world, event: world.post.deliver(event),
    ConversationPushed: lambda world, event: world.post.change(event),
    SessionEnded: World._session_ended,
    Stored: World._stored,
    Flushed: _told(lambda event: f"flush: {event.rows} rows are stored"),
    ServerRestarted: _told(
        lambda event: f"the server {'was killed' if event.crashed else 'stopped'} and is up again"
    ),
}
