"""WuKongIM up to 2.1.3: a conversation is a row that messages make and a delete removes.

Facts: WuKongIM v2.1.3-20250210, `internal/manager/manager_conversation.go` (what a message does),
`pkg/wkdb/conversation.go` (rows), `internal/api/conversation.go` (the list, deletes, marks).

A message does not write a row at once: per channel a `Waiting` waits in memory for the flush. The
*sender's* entry is touched by every message; the *receiver's* only when the batch begins with
sequence number 1. That is anomaly A0 (WuKongIM#343): a delete removes the row, and no later
message of the peer makes another. Rows are the state's records: `read_to` is R, `stored_unread`
the stored count, `touched_ms` the row's `updated_at`.

Of this generation the person and group laws that decide lists are here; commands in a log of their
own, the ten workers of the flush and the receiver tags' expiry are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from imcli.model.actions import Accept, Clear, Delete, MarkUnread, Read, SetFlag, Synchronise
from imcli.model.entities import Entry, Message, channel_key, chat_of, is_group
from imcli.model.events import ListAnswer
from imcli.simulator.conversations.base import NOTHING, Change, Refusal, Result
from imcli.simulator.record import Interval, Record
from imcli.simulator.state import State
from imcli.simulator.waiting import Waiting


def _wait(state: State, key: str, waiting: Waiting) -> None:
    """Keep an update in memory, and see that a flush comes."""
    state.waiting[key] = waiting
    interval = state.profile.flush_interval
    if interval and not state.flush_due:
        state.flush_due = (state.now // interval + 1) * interval
        state.add_timer(state.flush_due, "flush")


def _tag(state: State, key: str) -> int:
    return state.tags.get(key, 0)


def _new_tag(state: State, key: str) -> None:
    state.tags[key] = _tag(state, key) + 1


def _row(state: State, user: str, key: str, record: Record) -> None:
    state.records_w(user)[key] = record


class Rows:
    """The keeping of WuKongIM up to 2.1.3. Implements `Keeping`."""

    tells_others = False  # A28: the server tells a user's other devices nothing

    def may_write(self, state: State, sender: str, key: str) -> Refusal | None:
        """A deleted conversation stops nobody."""
        return None

    def withheld(self, state: State, key: str, message: Message) -> tuple[str, ...]:
        """Everybody gets the push."""
        return ()

    def stored(self, state: State, key: str, message: Message) -> Sequence[Change]:
        """`handleReq`: touch the sender; touch the receiver only at sequence number 1 (A0)."""
        members = state.channels[key].members
        if not members or message.kind == "command":
            return NOTHING
        update = state.waiting.get(key) or Waiting(first_seq=message.seq)
        update = update.touch(message.sender, message.seq)
        if is_group(key):
            if update.tag != _tag(state, key):
                update = replace(update, tag=_tag(state, key), everyone=True)
        elif message.seq == 1:
            for user in members:
                update = update.touch(user, 0)
        _wait(state, key, update)
        return NOTHING

    def joined(self, state: State, group: str, users: Sequence[str], *, first: bool) -> None:
        """`subscriber_add`: a row with R at the last message for whoever was no member."""
        _new_tag(state, group)
        for user in users:
            old = state.record(user, group) or Record()
            row = replace(
                old, read_to=state.last_seq(group), stored_unread=0, touched_ms=state.stamp_ms()
            )
            _row(state, user, group, row)

    def left(self, state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
        """`subscriber_remove`: rows stay (A27)."""
        _new_tag(state, group)
        return NOTHING

    def delete(self, state: State, action: Delete) -> Result:
        """`deleteConversation`: the row is removed, with everything that was known of it (A0)."""
        if action.for_both:
            return Refusal("unsupported", "WuKongIM deletes for one side only")
        if action.up_to:
            return Refusal("unsupported", "WuKongIM's delete takes no upper bound")
        key = channel_key(action.user, action.chat)
        if state.record(action.user, key) is not None:
            del state.records_w(action.user)[key]
        self._forget(state, action.user, key)
        return (Change(action.user, action.chat, "deleted"),)

    @staticmethod
    def _forget(state: State, user: str, key: str) -> None:
        update = state.waiting.get(key)
        if update is not None:
            _wait(state, key, update.without(user))

    def clear(self, state: State, action: Clear) -> Result:
        """There is no such call."""
        return Refusal("unsupported", "WuKongIM has no clearing apart from deleting")

    def read(self, state: State, action: Read) -> Result:
        """`clearUnread`: always writes the row, and so brings a deleted one back (A14)."""
        if action.up_to:
            return Refusal("unsupported", "WuKongIM's clearUnread ignores a message_seq")
        key = channel_key(action.user, action.chat)
        old = state.record(action.user, key) or Record(touched_ms=state.stamp_ms())
        _row(state, action.user, key, self._marked(state, action, max(old.read_to, 0), old))
        self._forget(state, action.user, key)
        return (Change(action.user, action.chat, "read"),)

    @staticmethod
    def _marked(state: State, action: Read, mark: int, old: Record) -> Record:
        last = state.last_seq(channel_key(action.user, action.chat))
        return replace(old, read_to=max(mark, last))

    def mark_unread(self, state: State, action: MarkUnread) -> Result:
        """`setUnread`: writes R, also backwards, and the count."""
        if action.count is None:
            return Refusal("unsupported", "WuKongIM has no unread flag")
        key = channel_key(action.user, action.chat)
        last = state.last_seq(key)
        over = action.count > last
        target = last - 1 if over else last - action.count
        old = state.record(action.user, key) or Record(touched_ms=state.stamp_ms())
        count = 1 if over else action.count
        _row(state, action.user, key, replace(old, read_to=max(target, 0), stored_unread=count))
        self._forget(state, action.user, key)
        return (Change(action.user, action.chat, "marked"),)

    def set_flag(self, state: State, action: SetFlag) -> Result:
        """Pins, mutes and archives are left to the app."""
        return Refusal("unsupported", "WuKongIM leaves pins, mutes and archives to the app")

    def accept(self, state: State, action: Accept) -> Result:
        """There are no message requests."""
        return Refusal("unsupported", "WuKongIM has no message requests")

    def flush(self, state: State) -> int:
        """`propose`: store what waits; whom a delete hides is not asked (A12)."""
        state.flush_due = 0
        rows = 0
        left: dict[str, Waiting] = {}
        for key, update in state.waiting.items():
            written = self._flush_one(state, key, update)
            rows += written
            if written:
                left[key] = replace(update, users=(), everyone=False)
        state.waiting = left
        return rows

    @staticmethod
    def _flush_one(state: State, key: str, update: Waiting) -> int:
        now = state.stamp_ms()
        marks = dict(update.users)
        if update.everyone and update.tag == _tag(state, key):
            for user in state.channels[key].members:
                if user not in marks and state.record(user, key) is None:
                    marks[user] = update.first_seq - 1
        for user, mark in marks.items():
            old = state.record(user, key) or Record()
            _row(state, user, key, replace(old, read_to=mark, stored_unread=0, touched_ms=now))
        return len(marks)

    def ended(self, state: State, *, crashed: bool) -> None:
        """Any end of the process loses what waits (A11); receiver lists get new keys."""
        state.waiting = {}
        for key in state.channels:
            _new_tag(state, key)

    # Reading

    def _marks(self, state: State, user: str) -> Iterator[tuple[str, int, int, int]]:
        """Give (key, R, stored unread, updated_at) of stored rows, newest first, then waiting."""
        rows = list(state.all_records(user))
        rows.sort(key=lambda pair: pair[1].touched_ms, reverse=True)
        waiting = {key: r for key in state.waiting if (r := self._waiting(state, user, key)) >= 0}
        for key, row in rows[: state.profile.list_limit or None]:
            yield key, max(row.read_to, waiting.pop(key, 0)), row.stored_unread, row.touched_ms
        for key, mark in waiting.items():
            yield key, mark, 0, 0

    @staticmethod
    def _waiting(state: State, user: str, key: str) -> int:
        """Give R of a waiting entry, or -1 (`GetFromCache`)."""
        update = state.waiting.get(key)
        if update is None or user in update.deleted:
            return -1
        mark = dict(update.users).get(user)
        if mark is not None:
            return mark
        shown = update.everyone and is_group(key) and update.tag == _tag(state, key)
        return 0 if shown and user in state.channels[key].members else -1

    def entry(self, state: State, user: str, key: str, message_count: int) -> Entry | None:
        """Give one entry of the list as a full synchronisation has it, or None."""
        entries = self.listing(state, Synchronise(user, "", message_count=message_count or 1))
        chat = chat_of(user, key)
        return next((entry for entry in entries.entries if entry.chat == chat), None)

    def listing(self, state: State, action: Synchronise) -> ListAnswer:
        """`syncUserConversation`: only conversations with a message above the asked floor."""
        seqs = dict(action.seqs)
        entries: list[Entry] = []
        for place, (key, mark, stored, _) in enumerate(self._marks(state, action.user)):
            chat = chat_of(action.user, key)
            floor = self._floor(action, seqs.get(chat, 0), mark)
            entry = self._entry(state, action, key, mark, stored, floor, -place)
            if entry is not None and (action.chats is None or chat in action.chats):
                entries.append(entry)
        full = action.cursor is None and not action.only_unread and action.chats is None
        total = sum(entry.unread for entry in entries)
        partial = action.only_unread or action.chats is not None
        return ListAnswer(
            action.user,
            action.device,
            full,
            state.order,
            tuple(entries),
            (),
            (),
            total,
            (),
            partial,
        )

    @staticmethod
    def _floor(action: Synchronise, known: int, mark: int) -> int:
        if known:
            return known
        return mark if action.only_unread or action.cursor else 0

    @staticmethod
    def _entry(
        state: State, action: Synchronise, key: str, mark: int, stored: int, floor: int, order: int
    ) -> Entry | None:
        log = state.logs.get(key)
        if log is None:
            return None
        recents = tuple(log.visible(floor, log.last, action.message_count))
        if not recents:
            return None
        last = recents[-1]
        unread = last.seq - mark if last.seq > mark else stored
        chat = chat_of(action.user, key)
        return Entry(chat, unread, last, recents, mark, 0, order=(order,))

    def kept_entry(self, state: State, user: str, key: str) -> Entry | None:
        """Give the stored row, or None; what waits in memory is not stored."""
        row = state.record(user, key)
        if row is None:
            return None
        log = state.logs[key]
        recents = tuple(log.visible(0, log.last, 20))
        last = recents[-1] if recents else None
        return Entry(
            chat_of(user, key), max(0, log.last - row.read_to), last, recents, row.read_to, 0
        )

    def history_spans(self, state: State, user: str, key: str) -> Sequence[Interval]:
        """`/channel/messagesync` answers the whole log to anybody."""
        return ((0, state.last_seq(key)),)
