"""A real WuKongIM server as a world, over its HTTP API only.

Devices hold no connections here, so nothing is pushed: whatever needs a session is not declared
and, asked for all the same, refused as `unsupported` without asking the server. Everything else is
calls (`wire/http.py`) and answers (`wire/answers.py`); this file adds time. A send ends when the
log shows the message, asked from 5 ms on with growing pauses; an answer that did not come makes the
result unknown, never failed.
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
from imcli.model.entities import Message
from imcli.model.errors import RefusedByServer, TargetUnavailable
from imcli.model.events import Accepted, Done, HistoryPage, ListAnswer, Refused, Response
from imcli.model.questions import (
    Question,
    ResponseView,
    View,
)
from imcli.targets.base import Capability, Identity, Outcome
from imcli.targets.exchange import Exchanges, Transcript
from imcli.targets.live.flush import PendingRows
from imcli.targets.live.http import Clock, HttpClient, NoAnswer, NotAsked, Reply, unavailable
from imcli.targets.live.made import Made
from imcli.targets.live.reading import Reader
from imcli.wire.answers import (
    Answer,
    Garbled,
    judge,
    read_list,
    read_page,
    read_sent,
)
from imcli.wire.http import (
    Call,
    Impossible,
    Setting,
    calls_for,
    log_after,
)

FIRST_PAUSE_MS = 5
LONGEST_PAUSE_MS = 250
STORED_WITHIN_MS = 12_000
FLUSHED_WITHIN_MS = 330_000
"""More than the 5 minutes after which a server with default settings writes its rows."""

CAPABILITIES: frozenset[Capability] = frozenset({"flush", "stored-record", "raw-requests"})


def capabilities_at(version: tuple[int, ...]) -> frozenset[Capability]:
    """Say what a live server of this version can do; `()` is an unknown one, which can least."""
    more: set[Capability] = set()
    if version >= (2, 2, 5):
        more.add("by-channel")
    if (2, 2, 0) <= version < (2, 2, 1):  # later ones store the flag and do not look at it
        more.add("group-mute")
    return CAPABILITIES | more


Sleep = Callable[[int], None]
"""Waits so many milliseconds."""


class LiveTarget:
    """One case, or one admin verb, on a real server."""

    virtual = False

    def __init__(
        self,
        client: HttpClient,
        identity: Identity,
        setting: Setting,
        *,
        clock: Clock,
        sleep: Sleep,
        stored_within_ms: int = STORED_WITHIN_MS,
        flushed_within_ms: int = FLUSHED_WITHIN_MS,
        cleans_up: bool = True,
        owns_client: bool = False,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities_at(identity.version)
        hidden = ((client.secret, "***"), (setting.names.prefix, ""))
        self._transcript = Transcript(clock, hidden=hidden)
        client = client.noting(self._transcript)
        self._client = client
        self._setting = setting
        self._reader = Reader(client, setting)
        self._clock = clock
        self._opened_ms = clock()
        self._sleep = sleep
        self._stored_within_ms = stored_within_ms
        self._flushed_within_ms = flushed_within_ms
        self._cleans_up = cleans_up
        self._owns_client = owns_client
        self._made = Made()
        self._rows = PendingRows(identity.version)
        self._responses: dict[str, ResponseView] = {}
        self._newest: dict[tuple[str, str], int] = {}
        self._has: dict[tuple[str, str], dict[str, int]] = {}
        self._pause_ms = FIRST_PAUSE_MS

    # Acting

    def describe(self, action: Action) -> tuple[str, ...]:
        """List the calls that an action would make, without making them."""
        plan = calls_for(self._filled_in(action), self._setting)
        if isinstance(plan, Impossible):
            return (f"nothing: {plan.detail}",)
        calls = [str(call) for call in plan]
        if isinstance(action, Send) and not isinstance(plan, Impossible):
            polled = log_after(self._setting.names, action.user, action.chat, 0)
            calls.append(f"{polled}, until the message is there")
        return tuple(calls)

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action; see `Target.perform`.

        Raises:
            TargetUnavailable: no connection came about, or no slot has a leader.
        """
        self._pause_ms = FIRST_PAUSE_MS
        action = self._filled_in(action)
        plan = calls_for(action, self._setting)
        if isinstance(plan, Impossible):
            return _refused(action, plan.reason, plan.detail)
        self._made.note(action)
        try:
            return self._do(action, plan)
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
                return _done()
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

    def _change(self, action: Action, plan: tuple[Call, ...]) -> Outcome:
        for call in plan:
            outcome = _outcome(action, self._reader.judged(self._client.call(call)))
            if outcome.result != "ok":
                return outcome
        self._rows.changed(action)
        if isinstance(action, SetGroupFlag):
            self._remember_flag(action)
        return _done()

    def _remember_flag(self, action: SetGroupFlag) -> None:
        flags = self._setting.flags.get(action.group, frozenset())
        flags = flags | {action.flag} if action.on else flags - {action.flag}
        self._setting.flags[action.group] = flags

    # Sending

    def _send(self, action: Send, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self._reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        message_id = read_sent(reply.body).message_id
        if action.no_persist or action.command:
            # Kept in no log that can be read: the answer is all there is to know.
            return _accepted(action, message_id, None)
        stored = self._await_stored(action, message_id)
        if stored is None:
            waited = f"accepted, but not in the log after {self._stored_within_ms} ms"
            return Outcome("unknown", detail=waited)
        self._rows.stored(action, stored.seq)
        return _accepted(action, message_id, stored)

    def _await_stored(self, action: Send, message_id: int) -> Message | None:
        names = self._setting.names
        where = (min(action.user, action.chat), max(action.user, action.chat))
        where = where if action.chat[:1] != "#" else ("", action.chat)
        for left_ms in self._polls(self._stored_within_ms):
            seen = self._newest.get(where, 0)
            call = log_after(names, action.user, action.chat, seen)
            page = self._reader.page(call, action.user, action.chat, within_ms=left_ms)
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
                self._rows.shown(user, self._reader.rows(user))
            if not self._rows.users():
                return _done()
        awaited = ", ".join(self._rows.users())
        return Outcome("unknown", detail=f"the server has not stored the rows of {awaited} yet")

    # Reading as an action

    def _filled_in(self, action: Action) -> Action:
        """Put in the cursors that the device has, where a scenario leaves them to the target."""
        if not isinstance(action, Synchronise) or action.seqs or action.cursor == -1:
            return action
        has = self._has.get((action.user, action.device))
        if not has or action.chats is not None:
            return action
        return Synchronise(
            action.user,
            action.device,
            cursor=action.cursor,
            seqs=tuple(has.items()),
            only_unread=action.only_unread,
            message_count=action.message_count,
            page=action.page,
            page_size=action.page_size,
        )

    def _synchronise(self, action: Synchronise, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self._reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        entries = read_list(reply.body, self._setting.names, action.user)
        known = self._has.setdefault((action.user, action.device), {})
        known.update((e.chat, e.last.seq) for e in entries if e.last is not None)
        answer = ListAnswer(
            action.user,
            action.device,
            full=not action.seqs and action.chats is None,
            cursor=0,
            entries=entries,
            total_unread=sum(entry.unread for entry in entries),
            partial=bool(action.page or action.chats is not None),
        )
        return Outcome("ok", events=(answer,))

    def _pull(self, action: Open | Pull, call: Call) -> Outcome:
        reply = self._client.call(call)
        outcome = _outcome(action, self._reader.judged(reply))
        if outcome.result != "ok":
            return outcome
        page = read_page(reply.body, self._setting.names, action.user, action.chat)
        answer = HistoryPage(action.user, action.device, action.chat, page.messages, page.more)
        return Outcome("ok", events=(answer,))

    def _request(self, action: Request, call: Call) -> Outcome:
        reply = self._client.call(call)
        body = reply.body.decode(errors="replace")
        self._responses[action.label] = ResponseView(reply.status, body)
        return Outcome("ok", events=(Response(action.label, reply.status, body),))

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
        answer = self._reader.judged(reply)
        if answer.result == "refused":
            raise RefusedByServer(f"the server refused: {answer.detail} ({answer.reason})")
        if answer.result != "ok":
            raise TargetUnavailable(f"{call.method} {call.path}: {answer.detail}")
        return reply.body

    def observe(self, question: Question) -> View:
        """Look; on a live server every look is a real read.

        Raises:
            TargetUnavailable: no usable answer came, or this target cannot know.
        """
        try:
            return self._reader.look(question, self._responses)
        except (NotAsked, NoAnswer) as error:
            raise unavailable(error) from None
        except Garbled as error:
            said = f"{self._client.origin} answered something else than WuKongIM does: {error}"
            raise TargetUnavailable(said) from None

    # Time and end

    def settle(self) -> None:
        """Nothing is under way that could be waited for: every call has ended."""

    def advance(self, until_ms: int) -> bool:
        """Pause a little, longer each time until something is done; see `Target.advance`."""
        left_ms = until_ms - self.now()
        if left_ms <= 0:
            return False
        self._sleep(min(self._pause_ms, left_ms))
        self._pause_ms = min(self._pause_ms * 2, LONGEST_PAUSE_MS)
        return True

    def now(self) -> int:
        """Tell how many milliseconds ago this world was opened."""
        return self._clock() - self._opened_ms

    def exchanges(self) -> Exchanges:
        """Give every request with its answer; names stand in the place of this run's own ids."""
        return self._transcript.exchanges()

    def timers(self) -> tuple[str, ...]:
        """A real server's timers cannot be seen."""
        return ()

    def close(self) -> tuple[str, ...]:
        """Take away what was made; returns what stays, each in a sentence."""
        left = tuple(self._clean_up()) if self._cleans_up else ()
        if self._owns_client:
            self._client.close()
        return left

    def _clean_up(self) -> Iterator[str]:
        gone = ""
        for action in self._made.undoing():
            plan = calls_for(action, self._setting)
            assert not isinstance(plan, Impossible), "what was made can be unmade"
            for call in plan:
                gone = gone or self._try(call)
                if gone:
                    yield f"not done: {call}: {gone}"
        yield from self._made.staying()

    def _try(self, call: Call) -> str:
        """Make a call of the cleaning up; returns why it did not work, or nothing."""
        try:
            answer = judge(*_fields(self._client.call(call)))
        except (NotAsked, NoAnswer) as error:
            return str(error)
        return "" if answer.result == "ok" else answer.detail


def _fields(reply: Reply) -> tuple[int, bytes]:
    return reply.status, reply.body


def _done() -> Outcome:
    return Outcome("ok", events=(Done(),))


def _outcome(action: Action, answer: Answer) -> Outcome:
    if answer.result == "ok":
        return Outcome("ok")
    if answer.result == "refused":
        return _refused(action, answer.reason, answer.detail)
    return Outcome("unknown", detail=answer.detail)


def _refused(action: Action, reason: str, detail: str) -> Outcome:
    user, number = (action.user, action.client_msg_no) if isinstance(action, Send) else ("", "")
    return Outcome("refused", reason, detail, (Refused(reason, detail, user, number),))


def _accepted(action: Send, message_id: int, stored: Message | None) -> Outcome:
    event = Accepted(
        action.user,
        action.device,
        action.client_msg_no,
        message_id,
        stored.seq if stored else 0,
        stored,
    )
    return Outcome("ok", events=(event,))
