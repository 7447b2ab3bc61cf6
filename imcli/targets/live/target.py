"""A real WuKongIM server as a world: a back end, and devices with connections of their own.

What an app's back end does goes over HTTP (`backend.py`), what a device does over its connection
(`clients.py`); where there are no connections to be had, sentences that need one are not declared
and, asked for all the same, refused as `unsupported` without asking the server. This file puts both
together, and adds time: when to look again, and when what was asked is over.

Whatever can be known of a device without asking rings a bell; only what a server must be asked for
is polled, from 5 ms on. At the end of a wait every connection is asked for a sign of life: a claim
that something did not arrive says nothing while the link is dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from imcli.device.cache import DeviceCache
from imcli.model.actions import (
    Action,
    Send,
    Synchronise,
    Wait,
)
from imcli.model.entities import DeviceKey
from imcli.model.errors import RefusedByServer, TargetUnavailable
from imcli.model.questions import (
    Agreement,
    Observable,
    ObservableView,
    Presence,
    Question,
    Received,
    Shown,
    View,
)
from imcli.targets.base import Capability, Identity, Outcome
from imcli.targets.clocks import Clock, Sleep
from imcli.targets.exchange import Exchanges, Transcript
from imcli.targets.live.backend import FIRST_PAUSE_MS, LONGEST_PAUSE_MS, BackEnd, done
from imcli.targets.live.clients import Clients, with_marks
from imcli.targets.live.flush import PendingRows
from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked, unavailable
from imcli.targets.live.views import DeviceViews
from imcli.wire.answers import Garbled, judge
from imcli.wire.http import Call, Impossible, Setting, calls_for
from imcli.wire.names import Names


class LiveTarget:
    """One case, or one admin verb, on a real server."""

    virtual = False

    def __init__(
        self,
        client: HttpClient,
        identity: Identity,
        capabilities: frozenset[Capability],
        setting: Setting,
        *,
        clock: Clock,
        sleep: Sleep,
        stored_within_ms: int,
        flushed_within_ms: int,
        cleans_up: bool = True,
        owns_client: bool = False,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        hidden = ((client.secret, "***"), (setting.names.prefix, ""))
        self.transcript = Transcript(clock, hidden=hidden)
        self._client = client.noting(self.transcript)
        self._setting = setting
        self.rows = PendingRows(identity.version)
        self.back = BackEnd(
            self._client,
            setting,
            self.rows,
            clock=clock,
            sleep=sleep,
            stored_within_ms=stored_within_ms,
            flushed_within_ms=flushed_within_ms,
        )
        self._clock = clock
        self._opened_ms = clock()
        self._sleep = sleep
        self._cleans_up = cleans_up
        self._owns_client = owns_client
        self._pause_ms = FIRST_PAUSE_MS
        self._asked_server = False
        self._seen = 0
        self._caches: dict[DeviceKey, DeviceCache] = {}
        self._clients: Clients | None = None
        self._views: DeviceViews | None = None

    @property
    def names(self) -> Names:
        """Which id stands for which name here."""
        return self._setting.names

    def people(self, clients: Clients) -> None:
        """Give the world its devices, all of them online.

        Raises:
            TargetUnavailable: one of them is not let in.
        """
        self._clients = clients
        self._views = DeviceViews(clients.devices, self.back)
        clients.open_all()

    # Acting

    def describe(self, action: Action) -> tuple[str, ...]:
        """List the calls that an action would make, without making them."""
        return self.back.describe(action)

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action; see `Target.perform`.

        Raises:
            TargetUnavailable: the server is gone, or said what cannot be right.
        """
        self._pause_ms = FIRST_PAUSE_MS
        if isinstance(action, Send) and action.payload and action.text:
            self._setting.names.texts[action.user, action.client_msg_no] = action.text
        clients = self._clients
        if clients is None:
            return self._without_connections(action)
        self._raise_troubles(clients)
        clients.deliveries.settle(to_send=isinstance(action, Send))
        device = clients.asker(action)
        if device is not None and not clients.can_ask(device, action):
            if queue:
                device.outbox.append(action)
                return Outcome("unknown", detail="the device is offline; the action waits")
            return Outcome("offline", detail=f"{device.key} is offline")
        if isinstance(action, Wait):
            return self._wait(clients, action)
        if isinstance(action, Synchronise) and device is not None:
            return clients.synchronise(action)
        return self.back.guarded(lambda: clients.do(action))

    def _without_connections(self, action: Action) -> Outcome:
        """Only what a device got by synchronising is remembered, for its next time."""
        if not isinstance(action, Synchronise):
            return self.back.perform(action)
        key = DeviceKey(action.user, action.device)
        cache = self._caches.setdefault(key, DeviceCache(*key, told_of_changes=False))
        outcome = self.back.perform(with_marks(action, cache))
        cache.feed(outcome.events)
        return outcome

    def _wait(self, clients: Clients, action: Wait) -> Outcome:
        clients.devices.world.await_until(lambda: False, action.duration_ms)
        return done()

    # Looking

    def ask(self, call: Call) -> bytes:
        """Make a call that is no action, and give the body of a good answer.

        Raises:
            RefusedByServer: the server has no such call, or refused it.
            TargetUnavailable: no usable answer came.
        """
        try:
            reply = self._client.call(call)
        except (NotAsked, NoAnswer) as error:
            raise unavailable(error) from None
        answer = self.back.reader.judged(reply)
        if answer.result == "refused":
            raise RefusedByServer(f"the server refused: {answer.detail} ({answer.reason})")
        if answer.result != "ok":
            raise TargetUnavailable(f"{call.method} {call.path}: {answer.detail}")
        return reply.body

    def observe(self, question: Question) -> View:
        """Look; on a live server every look at the server is a real read.

        Raises:
            TargetUnavailable: no usable answer came, or what is known cannot be right.
        """
        clients, views = self._clients, self._views
        if clients is not None and views is not None:
            self._raise_troubles(clients)
            self._seen = clients.devices.world.count
        try:
            if views is not None and isinstance(question, Shown | Received | Presence | Agreement):
                self._asked_server |= isinstance(question, Agreement)
                view = views.look(question)
                if view is not None:
                    return view
            self._asked_server = True
            view = self.back.reader.look(question, self.back.responses)
            if views is not None and isinstance(question, Observable):
                assert isinstance(view, ObservableView)
                return ObservableView((*view.facts, *views.facts(question.user)))
            return view
        except (NotAsked, NoAnswer) as error:
            raise unavailable(error) from None
        except Garbled as error:
            said = f"{self._client.origin} answered something else than WuKongIM does: {error}"
            raise TargetUnavailable(said) from None

    @staticmethod
    def _raise_troubles(clients: Clients) -> None:
        doubts = clients.devices.world.doubts()
        if doubts:
            raise TargetUnavailable(doubts)

    # Time

    def settle(self) -> None:
        """Wait until the pushes under way have arrived, those that links delay, too."""
        if self._clients is not None:
            self._clients.deliveries.settle(delayed=True)

    def advance(self, until_ms: int) -> bool:
        """Wait for a bell, or a pause if the server was asked; see `Target.advance`."""
        left_ms = until_ms - self.now()
        if left_ms <= 0:
            self._ask_for_life()
            return False
        clients = self._clients
        asked, self._asked_server = self._asked_server or clients is None, False
        pause_ms = min(self._pause_ms, left_ms) if asked else left_ms
        self._pause_ms = min(self._pause_ms * 2, LONGEST_PAUSE_MS)
        if clients is None:
            self._sleep(pause_ms)
            return True
        world = clients.devices.world
        if world.await_until(lambda: world.count != self._seen, pause_ms):
            self._pause_ms = FIRST_PAUSE_MS
        return True

    def _ask_for_life(self) -> None:
        """Ask every connection whether it is there; one that is silent is a trouble."""
        if self._clients is None:
            return
        world = self._clients.devices.world
        life_ms = world.run.patience.life_ms
        asked = [d for d in self._clients.devices.all() if d.online]
        sessions = [(d, d.session) for d in asked if d.session is not None]
        for _, session in sessions:
            session.ping()
        world.await_until(lambda: not any(s.pongs_due for _, s in sessions), life_ms)
        for device, session in sessions:
            if session.pongs_due and session.state == "open":
                said = f"{device.key}'s connection gives no sign of life for {life_ms} ms"
                world.troubles.append(said)

    def now(self) -> int:
        """Tell how many milliseconds ago this world was opened."""
        return self._clock() - self._opened_ms

    def timers(self) -> tuple[str, ...]:
        """A real server's timers cannot be seen."""
        return ()

    def exchanges(self) -> Exchanges:
        """Give every request with its answer; names stand in the place of this run's own ids."""
        return self.transcript.exchanges()

    # The end

    def close(self) -> tuple[str, ...]:
        """Take away what was made; returns what stays, each in a sentence."""
        if self._clients is not None:
            self._clients.devices.close()
        left = tuple(self._clean_up()) if self._cleans_up else ()
        if self._owns_client:
            self._client.close()
        return left

    def _clean_up(self) -> Iterator[str]:
        gone = ""
        for action in self.back.made.undoing():
            plan = calls_for(action, self._setting)
            assert not isinstance(plan, Impossible), "what was made can be unmade"
            for call in plan:
                gone = gone or self._try(call)
                if gone:
                    yield f"what {call} takes away: {gone}"
        rows = self.rows
        yield from self.back.made.staying(rows.undeletable(), groups_return=rows.groups_return)

    def _try(self, call: Call) -> str:
        """Make a call of the cleaning up; returns why it did not work, or nothing."""
        try:
            reply = self._client.call(call)
        except (NotAsked, NoAnswer) as error:
            return str(error)
        answer = judge(reply.status, reply.body)
        return "" if answer.result == "ok" else answer.detail
