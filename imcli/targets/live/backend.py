"""What an app's back end does: calls of the HTTP API, and what their answers say.

Calls are made by `wire/http.py` and read by `wire/answers.py`; this file adds time. A send ends
when the log shows the message, asked from 5 ms on with growing pauses; an answer that did not come
makes the result unknown, never failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imcli.model.actions import (
    Action,
    Flush,
    Open,
    Pull,
    Request,
    Send,
    SetGroupFlag,
    Synchronise,
    Wait,
)
from imcli.model.entities import Message, channel_key
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Done, HistoryPage, Response
from imcli.model.questions import ResponseView
from imcli.targets.base import Outcome
from imcli.targets.clocks import Clock, Sleep
from imcli.targets.live.flush import PendingRows
from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked, unavailable
from imcli.targets.live.made import Made
from imcli.targets.live.reading import Reader
from imcli.targets.live.sending import accepted, refused
from imcli.wire.answers import Answer, Garbled, read_page, read_sent
from imcli.wire.http import Call, Impossible, Plan, Setting, calls_for, log_after

FIRST_PAUSE_MS = 5
LONGEST_PAUSE_MS = 250
LAST_LOOK_MS = 1_000
"""How long at least a look into the log may take, also one that begins at the last moment."""
FORGOTTEN_MS = 30
"""A row is there a little before the memory that it came from is gone, which is listed, too."""


class BackEnd:
    """Acts on one server, for one world, over HTTP."""

    def __init__(
        self,
        client: HttpClient,
        setting: Setting,
        rows: PendingRows,
        *,
        clock: Clock,
        sleep: Sleep,
        stored_within_ms: int,
        flushed_within_ms: int,
    ) -> None:
        self.made = Made()
        self.reader = Reader(client, setting, rows.order)
        self.responses: dict[str, ResponseView] = {}
        self._client = client
        self._setting = setting
        self._rows = rows
        self._clock = clock
        self._sleep = sleep
        self._stored_within_ms = stored_within_ms
        self._flushed_within_ms = flushed_within_ms
        self._newest: dict[str, int] = {}

    def describe(self, action: Action) -> tuple[str, ...]:
        """List the calls that an action would make, without making them."""
        plan = calls_for(action, self._setting)
        if isinstance(plan, Impossible):
            return (f"nothing: {plan.detail}",)
        calls = [str(call) for call in plan]
        if isinstance(action, Send):
            polled = log_after(self._setting.names, action.user, action.chat, 0)
            calls.append(f"{polled}, until the message is there")
        return tuple(calls)

    def perform(self, action: Action) -> Outcome:
        """Do one action; see `Target.perform`.

        Raises:
            TargetUnavailable: no connection came about, or no slot has a leader.
        """
        plan = calls_for(action, self._setting)
        if isinstance(plan, Impossible):
            return refused(action, plan.reason, plan.detail)
        self.made.note(action)
        return self.guarded(lambda: self._do(action, plan))

    @staticmethod
    def guarded(work: Callable[[], Outcome]) -> Outcome:
        """Make what goes wrong with a call the result that it means.

        Raises:
            TargetUnavailable: no connection came about.
        """
        try:
            return work()
        except NotAsked as error:
            raise unavailable(error) from None
        except (NoAnswer, Garbled) as error:
            return Outcome("unknown", detail=str(error))

    def _do(self, action: Action, plan: tuple[Call, ...]) -> Outcome:
        match action:
            case Send():
                return self._send(action, plan[0])
            case Wait(duration_ms=duration_ms):
                self._sleep(duration_ms)
                return done()
            case Flush():
                return self._flush()
            case Request():
                return self._request(action, plan[0])
            case Synchronise():
                return self._synchronise(action, plan[0])
            case Open() | Pull():
                return self._pull(action, plan[0])
            case _:
                return self._change(action, plan)

    def _change(self, action: Action, plan: Plan) -> Outcome:
        assert not isinstance(plan, Impossible)
        outcome = self.ask(action, plan)
        if outcome.result != "ok":
            return outcome
        self._rows.changed(action)
        if isinstance(action, SetGroupFlag):
            self._remember_flag(action)
        return done()

    def ask(self, action: Action, calls: tuple[Call, ...]) -> Outcome:
        """Make calls, one after the other, until one is not answered well."""
        for call in calls:
            outcome = _outcome(action, self.reader.judged(self._client.call(call)))
            if outcome.result != "ok":
                return outcome
        return done()

    def tell(self, call: Call) -> None:
        """Make a call that must be answered well.

        Raises:
            TargetUnavailable: it was not.
        """
        try:
            self.reader.body(call)
        except (NotAsked, NoAnswer) as error:
            raise unavailable(error) from None
        except Garbled as error:
            raise TargetUnavailable(str(error)) from None

    def _remember_flag(self, action: SetGroupFlag) -> None:
        flags = self._setting.flags.get(action.group, frozenset())
        flags = flags | {action.flag} if action.on else flags - {action.flag}
        self._setting.flags[action.group] = flags

    # Sending

    def _send(self, action: Send, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self.reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        message_id = read_sent(reply.body).message_id
        if action.no_persist or action.command:
            # Kept in no log that can be read: the answer is all there is to know.
            return accepted(action, message_id, None)
        stored = self._await_stored(action, message_id)
        if stored is None:
            waited = f"accepted, but not in the log after {self._stored_within_ms} ms"
            return Outcome("unknown", detail=waited)
        self._rows.stored(action, stored.seq)
        return accepted(action, message_id, stored)

    def _await_stored(self, action: Send, message_id: int) -> Message | None:
        names = self._setting.names
        where = channel_key(action.user, action.chat)
        for left_ms in self._polls(self._stored_within_ms):
            seen = self._newest.get(where, 0)
            call = log_after(names, action.user, action.chat, seen)
            within_ms = max(left_ms, LAST_LOOK_MS)
            page = self.reader.page(call, action.user, action.chat, within_ms=within_ms)
            if page.messages:
                self._newest[where] = page.messages[-1].seq
            for message in page.messages:
                if message.message_id == message_id:
                    return message
        return None

    def _polls(self, within_ms: int) -> Iterator[int]:
        """Yield the time left, at growing distances, until none is left."""
        end = self._clock() + within_ms
        pause_ms = FIRST_PAUSE_MS
        while (left_ms := end - self._clock()) > 0:
            yield left_ms
            self._sleep(min(pause_ms, max(0, end - self._clock())))
            pause_ms = min(pause_ms * 2, LONGEST_PAUSE_MS)

    def _flush(self) -> Outcome:
        """Wait until the stored rows show what was written."""
        for _ in self._polls(self._flushed_within_ms):
            for user in self._rows.users():
                self._rows.shown(user, self.reader.rows(user))
            if not self._rows.users():
                self._sleep(FORGOTTEN_MS)
                self._rows.order.flushed()
                return done()
        awaited = ", ".join(self._rows.users())
        return Outcome("unknown", detail=f"the server has not stored the rows of {awaited} yet")

    # Reading as an action

    def _synchronise(self, action: Synchronise, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self.reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        return Outcome("ok", events=(self.reader.list_answer(action, reply.body),))

    def _pull(self, action: Open | Pull, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self.reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        page = read_page(reply.body, self._setting.names, action.user, action.chat)
        answer = HistoryPage(action.user, action.device, action.chat, page.messages, page.more)
        return Outcome("ok", events=(answer,))

    def _request(self, action: Request, call: Call) -> Outcome:
        reply = self._client.call(call)
        body = reply.body.decode(errors="replace")
        self.responses[action.label] = ResponseView(reply.status, body)
        return Outcome("ok", events=(Response(action.label, reply.status, body),))


def done() -> Outcome:
    """It was done, and nothing else is to be said."""
    return Outcome("ok", events=(Done(),))


def _outcome(action: Action, answer: Answer) -> Outcome:
    if answer.result == "ok":
        return Outcome("ok")
    if answer.result == "refused":
        return refused(action, answer.reason, answer.detail)
    return Outcome("unknown", detail=answer.detail)
