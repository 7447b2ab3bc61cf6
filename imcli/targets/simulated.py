"""The simulator in process: a server, and a cache for every device of the cast.

The client's half of the world is here: a device that connects sends its outbox and synchronises;
after a restart whoever was online comes back, in file order. Caches are folded from the events
only when somebody asks what a device shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from imcli.model.actions import (
    LISTED_MESSAGES,
    Action,
    AddDevice,
    Connect,
    Crash,
    CreateGroup,
    CreateUser,
    Request,
    Restart,
    Send,
    Synchronise,
)
from imcli.model.durations import format_duration
from imcli.model.entities import DeviceKey, chat_of, group_key
from imcli.model.events import (
    Accepted,
    Done,
    Event,
    ListAnswer,
    Offline,
    Refused,
    Stored,
    Unanswered,
)
from imcli.model.questions import (
    Agreement,
    AgreementView,
    History,
    HistoryView,
    Kept,
    KeptView,
    ListView,
    Observable,
    ObservableView,
    Presence,
    PresenceView,
    Question,
    RawAnswer,
    Received,
    ReceivedView,
    ResponseView,
    Seen,
    SessionState,
    Shown,
    View,
)
from imcli.simulator import clock
from imcli.simulator.profiles import Profile, as_profile, build_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.traits import traits_of
from imcli.targets.base import (
    Capability,
    Cast,
    Identity,
    OpenTarget,
    Outcome,
    Target,
)
from imcli.targets.caches import caches_for
from imcli.targets.observable import list_facts, messages_text, shown_facts
from imcli.targets.profiled import capabilities_of, identity_of
from imcli.targets.renaming import renamed


class SimulatedTarget:
    """One simulated world. Implements `Target`; `fork` makes a twin that goes its own way."""

    __slots__ = (
        "_asked",
        "_caches",
        "_outboxes",
        "_responses",
        "capabilities",
        "cast",
        "identity",
        "server",
        "virtual",
    )

    def __init__(self, server: Server, identity: Identity, cast: Cast) -> None:
        self.server = server
        self.identity = identity
        self.cast = cast
        self.capabilities = capabilities_of(server.profile)
        self.virtual = True
        self._caches = caches_for(server.profile)
        # WuKongIM's counts depend on how many messages are asked for (A9).
        self._asked = 0 if traits_of(server.profile) is None else LISTED_MESSAGES
        self._outboxes: dict[DeviceKey, list[Action]] = {}
        self._responses: dict[str, ResponseView] = {}
        self._raise_the_curtain(cast)

    def _raise_the_curtain(self, cast: Cast) -> None:
        """Make everybody of the cast, online, with empty caches; then the first groups."""
        for user, _ in cast.users:
            self.server.apply(CreateUser(user))
        for user, devices in cast.users:
            for each in devices:
                self.server.apply(AddDevice(user, each.name, each.kind, each.level, True))
        for group, members in cast.groups:
            self._note(self.server.apply(CreateGroup(group_key(group), members)))

    # Acting

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action (see `Target.perform`)."""
        kind = type(action)
        if kind is Synchronise:
            events = self._synchronise(action)  # type: ignore[arg-type]
            return self._queued(action, events) if queue else self._result(events)
        if kind is Connect:
            return self._result(self._connect(action))  # type: ignore[arg-type]
        if kind is Restart or kind is Crash:
            return self._result(self._restart(action))
        if kind is Request and "raw-requests" in self.capabilities:
            return self._request(action)  # type: ignore[arg-type]
        events = self.server.apply(action)
        self._note(events)
        return self._queued(action, events) if queue else self._result(events)

    def _queued(self, action: Action, events: list[Event]) -> Outcome:
        """Put what an offline device asked for into its outbox."""
        first = events[0]
        if not isinstance(first, Offline):
            return self._result(events)
        self._outboxes.setdefault(DeviceKey(first.user, first.device), []).append(action)
        return Outcome("unknown", detail="the device is offline; the action waits")

    def _result(self, events: Sequence[Event]) -> Outcome:
        """Say what the one who asked learned; the answer is among the first two events."""
        answer = type(events[1 if type(events[0]) is Stored and len(events) > 1 else 0])
        if answer is Accepted or answer is Done:
            return Outcome("ok", "", "", tuple(events))
        for event in events:
            kind = type(event)
            if kind is Refused:
                assert isinstance(event, Refused)
                return Outcome("refused", event.reason, event.detail, tuple(events))
            if kind is Offline:
                return Outcome("offline", detail=f"{event.user}.{event.device} is offline")  # type: ignore[union-attr]
            if kind is Unanswered:
                return Outcome("unknown", "", "no answer came", tuple(events))
            if kind is not Stored:
                break
        return Outcome("ok", "", "", tuple(events))

    def _request(self, action: Request) -> Outcome:
        """Ask the HTTP face; a call that ended the server got no answer."""
        from imcli.targets.raw import respond  # rarely asked for, and costly at start-up

        response, events = respond(self.server, action)
        self._note(events)
        self._responses[action.label] = ResponseView(response.status, response.body)
        if not response.status:
            return Outcome("unknown", "", "the server ended without an answer", tuple(events))
        return Outcome("ok", "", "", (response, *events))

    def _note(self, events: Sequence[Event]) -> None:
        """Remember what happened, for whoever will ask."""
        self._caches.note(events)

    def _synchronise(self, action: Synchronise) -> list[Event]:
        """Synchronise with what the device has; `cursor == -1` means from scratch."""
        if not action.device:
            return self.server.apply(action)
        key = DeviceKey(action.user, action.device)
        from_scratch = action.cursor == -1
        if from_scratch:
            action = replace(action, cursor=None)
        elif action.cursor is None:
            has = self._caches.asked_by(key)
            action = replace(action, cursor=has.cursor, seqs=has.seqs)
        events = self.server.apply(action)
        if isinstance(events[0], ListAnswer):
            if from_scratch:
                self._caches.of(key).forget()
            self._caches.note_answer(key)
        self._note(events)
        return events

    def _connect(self, action: Connect) -> list[Event]:
        """Connect as a client does: log in, send what waited, synchronise."""
        events = self.server.apply(action)
        self._note(events)
        if isinstance(events[0], Refused):
            return events
        key = DeviceKey(action.user, action.device)
        for waiting in self._outboxes.pop(key, []):
            events += self._send_late(waiting)
        return events + self._synchronise(Synchronise(action.user, action.device))

    def _send_late(self, action: Action) -> list[Event]:
        """Do one action of an outbox; a refusal says which send it was."""
        if isinstance(action, Synchronise):
            return self._synchronise(action)
        events = self.server.apply(action)
        if isinstance(action, Send) and isinstance(events[0], Refused):
            events = [replace(events[0], client_msg_no=action.client_msg_no)]
        self._note(events)
        return [e for e in events if not isinstance(e, Refused) or e.client_msg_no]

    def _restart(self, action: Action) -> list[Event]:
        """End the process; whoever was online comes back in file order."""
        online = [key for key in self._devices() if self._presence(key) == "online"]
        events = self.server.apply(action)
        self._note(events)
        for key in online:
            events += self._connect(Connect(key.user, key.device))
        return events

    # Looking

    def observe(self, question: Question) -> View:
        """Look without changing anything (see `questions.py`)."""
        match question:
            case Seen():
                return self._seen(question)
            case Shown(user, device):
                return self._caches.of(DeviceKey(user, device)).view(self.server.state.now)
            case Kept(user, chat):
                return KeptView(self.server.kept(user, chat))
            case History(user, _, chat):
                return HistoryView(self.server.history(user, chat))
            case Received(user, device):
                return ReceivedView(tuple(self._caches.of(DeviceKey(user, device)).arrivals))
            case Presence(user, device):
                return PresenceView(self._presence(DeviceKey(user, device)))
            case Agreement(user):
                return AgreementView(self.agreement(user))
            case Observable(user):
                return ObservableView(tuple(self._facts(user)))
            case RawAnswer(label):
                return self._responses.get(label, ResponseView(0, "null"))

    def _seen(self, question: Seen) -> ListView:
        if question.chat is not None:
            # The newest is there anyway, and with it this is the entry that the checker looked at.
            asked = self._asked or question.message_count or 1
            server = self.server
            entry = server.keeping.entry(server.state, question.user, question.chat, asked)
            return ListView(() if entry is None else (entry,))
        answer = self.server.listing(question.user)
        return ListView(answer.entries, answer.total_unread, answer.requests)

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device of a user shows after synchronising; the last is a full list."""
        return self._caches.agreement(self.server, user)

    @property
    def answers_alike(self) -> bool:
        """Whether all devices of a user are answered the same list, and asking changes nothing.

        So it is in the reference, which does not look at the device; WuKongIM may cache a list.
        """
        return self._caches.keeps_cursors

    def _presence(self, key: DeviceKey) -> SessionState:
        device = self.server.state.device(key.user, key.device)
        if device is None:
            return "offline"
        if device.session and not device.dead:
            return "online"
        return "kicked" if device.kicked else "offline"

    def _facts(self, user: str) -> Iterator[tuple[str, str]]:
        """Write down everything that a user can observe."""
        answer = self.server.listing(user)
        yield from list_facts(answer.entries)
        yield "the total unread", str(answer.total_unread)
        yield "the requests", ", ".join(answer.requests)
        for key, _ in self.server.state.all_records(user):
            chat = chat_of(user, key)
            yield f"the history with {chat}", messages_text(self.server.history(user, chat))
        for name in self.server.state.users[user].devices:
            device = DeviceKey(user, name)
            cache = self._caches.of(device)
            entries = cache.view(self.server.state.now).entries
            yield from shown_facts(str(device), entries)
            yield f"what {device} received", messages_text(cache.arrivals)
            yield f"the session of {device}", self._presence(device)

    def _devices(self) -> list[DeviceKey]:
        users = self.server.state.users
        return [DeviceKey(user, name) for user in users for name in users[user].devices]

    # Time

    def settle(self) -> None:
        """Let every delivery under way arrive."""
        if self.server.state.under_way:
            self._note(self.server.settle())

    def advance(self, until_ms: int) -> bool:
        """Move to the next timer or expiry, at most to `until_ms`."""
        state = self.server.state
        expiries = self._caches.expiries(state.now)
        moments = [due for due in (clock.next_due(state), *expiries[:1]) if due is not None]
        moment = min(moments, default=until_ms + 1)
        self._note(self.server.advance_to(min(moment, until_ms)))
        return moment <= until_ms

    def now(self) -> int:
        """Virtual time in milliseconds."""
        return self.server.state.now

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running."""
        now = self.server.state.now
        ahead = (due - now for due in self._caches.expiries(now))
        expiring = tuple(f"an expiry in {format_duration(left)}" for left in ahead)
        return clock.running(self.server.state) + expiring

    def fork(self) -> SimulatedTarget:
        """Give a world that goes its own way from here."""
        twin = SimulatedTarget.__new__(SimulatedTarget)
        twin.server = self.server.fork()
        twin.identity = self.identity
        twin.cast = self.cast
        twin.capabilities = self.capabilities
        twin.virtual = True
        twin._asked = self._asked
        twin._caches = self._caches.copy()
        twin._outboxes = {key: list(waiting) for key, waiting in self._outboxes.items()}
        twin._responses = dict(self._responses)
        return twin

    def close(self) -> tuple[str, ...]:
        """End it; nothing is left of a simulated world."""
        self.server.close()
        return ()


class SimulatedOpener:
    """Opens simulated worlds of one profile; a case's own profile wins where it may."""

    def __init__(self, name: str, profile: Profile) -> None:
        self.identity = identity_of("sim", name, profile)
        self.capabilities = capabilities_of(profile)
        self.profile = profile
        self._begun: SimulatedTarget | None = None

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        """Open a world in which everybody of the cast is there and every device is online.

        Raises:
            InvalidInput: the case's profile names a switch or value that does not exist.
        """
        chosen = self.profile if profile is None else build_profile(profile)
        return renamed(cast, lambda real: self._open(chosen, real))

    def capabilities_with(self, profile: dict[str, object]) -> frozenset[Capability]:
        """Say what a world with a case's own profile can do."""
        return capabilities_of(build_profile(profile))

    def _open(self, profile: Profile, cast: Cast) -> SimulatedTarget:
        """Make a world; many cases begin with the same people, so it is forked from the last."""
        begun = self._begun
        if begun is None or begun.cast != cast or begun.server.profile != profile:
            identity = identity_of("sim", self.identity.name, profile)
            begun = SimulatedTarget(Server(profile), identity, cast)
            self._begun = begun
        return begun.fork()


def open_simulated(profile: str | Profile = "reference", *, name: str = "") -> OpenTarget:
    """Give an opener of simulated worlds of a profile, or of a built-in one by name.

    Raises:
        InvalidInput: there is no such profile.
    """
    chosen = as_profile(profile)
    shown = name or ("sim" if chosen.name == "reference" else f"sim:{chosen.name}")
    return SimulatedOpener(shown, chosen)
