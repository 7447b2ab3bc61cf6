"""Webhooks: what a server tells its app, in which calls, and what it does when a call fails.

Pure: what happened goes in with its time, calls come out when they are due, and how a call ended
comes back in. Who makes the calls is `caller.py`. There are three lanes, as in the real server:

- `msg.notify`, every stored message, in batches. Up to 2.1.5 a queue is looked at twice a second
  and gives at most a hundred; from 2.2.0 on a hundred go at once, and what there is twice a second.
  A batch that failed is tried again after a second, each message five times at most.
- `user.onlinestatus`, who came and went, as texts; all that there is, one call after the other, and
  the same list again after a failure, five times at most.
- `msg.offline`, a message with the receivers of whom no master device is connected, at once, one
  call each, and never again.

A call is a POST to the address with `?event=` behind it; only the status 200 is a success. The next
calls can be made to fail: they are not made at all, or are made and their answer is lost.

Source: WuKongIM `internal/webhook/webhook.go`, `internal/channel/handler/event_persist.go`,
`event_distribute.go`, `internal/user/handler/event_connect.go` at the tags v2.1.3-20250210 to
v2.2.5-20260422.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from imcli.model.entities import Message, chat_of
from imcli.simulator.wukongim.api.names import address
from imcli.simulator.wukongim.api.objects import Form, written_message
from imcli.simulator.wukongim.api.surroundings import NODE
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX

NOTIFY, STATUS, OFFLINE = "msg.notify", "user.onlinestatus", "msg.offline"
TICK_MS = 500
BATCH = 100
TRIES_MAX = 5
AGAIN_MS = 1_000
IDLE_MS = 2_000
QUEUED_SINCE = (2, 2, 0)
"""From here on messages are notified by a queue on disk, and who came is counted with himself."""

Fate = Literal["send", "fail", "lose"]
"""What becomes of a call: it is made, or taken for failed, or made and its answer is lost."""


class Call(NamedTuple):
    """One call: its lane, its body, how many things it tells, and what becomes of it."""

    event: str
    body: bytes
    size: int
    fate: Fate = "send"


class Lane(Protocol):
    """One kind of event: at most one call under way."""

    def due_ms(self) -> int | None:
        """Say when the next call is due, or None."""

    def take(self, now_ms: int) -> Call:
        """Give the call that is due."""

    def answered(self, ok: bool, now_ms: int) -> None:
        """A call ended."""


def _tick_after(start_ms: int, now_ms: int, every_ms: int) -> int:
    """Give the next of the moments that lie so far apart."""
    return start_ms + ((now_ms - start_ms) // every_ms + 1) * every_ms


class Notifications:
    """Every stored message, in batches.

    Args:
        form: how messages are written.
        start_ms: when the ticker was started.
        queued: the law since 2.2.0; else that up to 2.1.5.
    """

    def __init__(self, form: Form, start_ms: int, *, queued: bool) -> None:
        self._form = form
        self._start_ms = start_ms
        self._queued = queued
        self._waiting: deque[Message] = deque()
        self._under_way: list[Message] = []
        self._failures: dict[int, int] = {}
        self._next_ms = self._not_before_ms = start_ms

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    def stored(self, message: Message, now_ms: int) -> None:
        """A message was stored."""
        if not self._waiting:
            tick = _tick_after(self._start_ms, now_ms, TICK_MS)
            self._next_ms = max(self._not_before_ms, tick)
        self._waiting.append(message)
        self._hurry(now_ms)

    def _hurry(self, now_ms: int) -> None:
        """A full batch does not wait for the ticker, since there is a queue."""
        if self._queued and len(self._waiting) >= BATCH:
            self._next_ms = max(self._not_before_ms, now_ms)

    def due_ms(self) -> int | None:
        """Say when the next batch is due, or None."""
        return self._next_ms if self._waiting and not self._under_way else None

    def take(self, now_ms: int) -> Call:
        """Give the batch that is due."""
        size = max(BATCH, len(self._failures))  # those that failed go together again
        while self._waiting and len(self._under_way) < size:
            self._under_way.append(self._waiting.popleft())
        body = [written_message(each, self._form, first=False) for each in self._under_way]
        return Call(NOTIFY, msgspec.json.encode(body), len(body))

    def answered(self, ok: bool, now_ms: int) -> None:
        """A batch was taken, or must be tried again."""
        batch, self._under_way = self._under_way, []
        if ok:
            for message in batch:
                self._failures.pop(message.message_id, None)
            self._next_ms = _tick_after(self._start_ms, now_ms, TICK_MS)
            self._hurry(now_ms)
            return
        self._waiting.extendleft(reversed(list(self._worth_another_try(batch))))
        self._next_ms = self._not_before_ms = now_ms + AGAIN_MS

    def _worth_another_try(self, batch: Sequence[Message]) -> Iterator[Message]:
        """Count a failure for each message; give those that have not had enough of them."""
        for message in batch:
            count = self._failures.pop(message.message_id, 0) + 1
            if count < TRIES_MAX:
                self._failures[message.message_id] = count
                yield message


class Statuses:
    """Who came and who went."""

    def __init__(self, start_ms: int) -> None:
        self._idle_since = start_ms
        self._waiting: list[str] = []
        self._told = 0
        self._failures = 0
        self._under_way = False
        self._next_ms = start_ms

    def __len__(self) -> int:
        return len(self._waiting)

    def changed(self, status: str, now_ms: int) -> None:
        """Somebody came or went."""
        if not self._waiting:
            self._next_ms = max(self._next_ms, _tick_after(self._idle_since, now_ms, IDLE_MS))
        self._waiting.append(status)

    def due_ms(self) -> int | None:
        """Say when the next call is due, or None."""
        return self._next_ms if self._waiting and not self._under_way else None

    def take(self, now_ms: int) -> Call:
        """Give the call that is due: all there is, or again what could not be told."""
        self._under_way = True
        self._told = self._told or len(self._waiting)
        body = msgspec.json.encode(self._waiting[: self._told])
        return Call(STATUS, body, self._told)

    def answered(self, ok: bool, now_ms: int) -> None:
        """The list was taken, or must be told again, or is given up."""
        self._under_way = False
        if not ok:
            self._failures += 1
        if ok or self._failures >= TRIES_MAX:
            del self._waiting[: self._told]
            self._told = self._failures = 0
        self._idle_since = now_ms
        self._next_ms = now_ms if ok else now_ms + AGAIN_MS


class Hooks:
    """All webhooks of a server.

    Args:
        version: the server's; `()` for one that is no WuKongIM, which does as the newest.
        start_ms: when it was started.
    """

    def __init__(self, version: tuple[int, ...], start_ms: int) -> None:
        self._queued = not version or version >= QUEUED_SINCE
        self._form = Form(bool(version) and version < (2, 2, 5), first_flags_lost=False)
        self._notifications = Notifications(self._form, start_ms, queued=self._queued)
        self._statuses = Statuses(start_ms)
        self._lanes: dict[str, Lane] = {NOTIFY: self._notifications, STATUS: self._statuses}
        self._offline: deque[Call] = deque()
        self._offline_ms = start_ms
        self._to_fail = 0
        self._to_lose = 0

    @property
    def backlog(self) -> int:
        """How much is still to be told."""
        return len(self._notifications) + len(self._statuses) + len(self._offline)

    # What happens

    def stored(self, message: Message, absent: Sequence[str], now_ms: int) -> None:
        """A message was taken.

        Args:
            message: its `seq` is 0 if it is not kept.
            absent: the receivers of whom no master device is connected.
            now_ms: the server's time.
        """
        if message.seq:
            self._notifications.stored(message, now_ms)
        if absent:
            named = [uid for uid in dict.fromkeys(absent) if uid != message.sender]
            self._offline.append(Call(OFFLINE, self._offline_body(message, named, now_ms), 1))
            self._offline_ms = now_ms

    def _offline_body(self, message: Message, uids: list[str], now_ms: int) -> bytes:
        """Write a message with whom it did not reach; its ids are those of the sender's request."""
        written: dict[str, Any] = written_message(message, self._form, first=False)
        written.pop("stream_idstr", None)
        written["header"]["no_persist"] = int(not message.seq)
        written["from_uid"] = message.sender
        written["timestamp"] = now_ms // 1000
        base = message.channel.removesuffix(COMMAND_SUFFIX)
        written["channel_id"] = address(chat_of(message.sender, base))[0]
        return msgspec.json.encode({**written, "to_uids": uids, "source_id": NODE})

    def seated(
        self, uid: str, flag: int, conn: int, counts: tuple[int, int], now_ms: int, *, online: bool
    ) -> None:
        """A client came or went.

        Args:
            uid: whose.
            flag: of which kind of device.
            conn: the number of the connection.
            counts: the connections of that kind, and all of the user's, now.
            now_ms: the server's time.
            online: it came.
        """
        of_flag, of_user = counts
        if online and not self._queued:  # it was counted before it was let in
            of_flag, of_user = of_flag - 1, of_user - 1
        status = f"{uid}-{flag}-{int(online)}-{conn}-{of_flag}-{of_user}"
        self._statuses.changed(status, now_ms)

    # Calls

    def due_ms(self) -> int | None:
        """Say when the next call is due, or None."""
        dues = [due for lane in self._lanes.values() if (due := lane.due_ms()) is not None]
        if self._offline:
            dues.append(self._offline_ms)
        return min(dues, default=None)

    def take(self, now_ms: int) -> Call | None:
        """Give a call that is due at a time, or None; ask again until then."""
        if self._offline:
            return self._fated(self._offline.popleft())
        for lane in self._lanes.values():
            due = lane.due_ms()
            if due is not None and due <= now_ms:
                return self._fated(lane.take(now_ms))
        return None

    def _fated(self, call: Call) -> Call:
        if self._to_fail:
            self._to_fail -= 1
            return call._replace(fate="fail")
        if self._to_lose:
            self._to_lose -= 1
            return call._replace(fate="lose")
        return call

    def answered(self, call: Call, ok: bool, now_ms: int) -> None:
        """A call ended; `ok` says that the app took it, as far as the server knows."""
        lane = self._lanes.get(call.event)
        if lane is not None:
            lane.answered(ok, now_ms)

    def last(self, now_ms: int) -> Call | None:
        """Give the call that a server makes when it stops: what waits, since there is a queue."""
        waits = self._queued and self._notifications.due_ms() is not None
        return self._notifications.take(now_ms) if waits else None

    # Failures on request

    def fail(self, count: int) -> None:
        """Do not make the next so many calls, and take them for failed."""
        self._to_fail = count

    def lose(self, count: int) -> None:
        """Make the next so many calls, and take them for failed."""
        self._to_lose = count
