"""WuKongIM up to 2.1.3: a conversation is a row that messages make and a delete removes.

Source: WuKongIM v2.1.3-20250210, `internal/manager/manager_conversation.go` (what a message does),
`pkg/wkdb/conversation.go` (rows), `internal/api/conversation.go` (deletes and marks).

A message does not write a row at once: per channel a `Waiting` update lives in memory until the
flush. The *sender's* entry is touched by every message; the *receiver's* only when the batch begins
with sequence number 1. That is anomaly A0 (WuKongIM#343): a delete removes the row, and no later
message of the peer makes another.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import MarkUnread, Read
from imcli.model.entities import Message, is_group
from imcli.simulator.conversations import row_table
from imcli.simulator.conversations.base import NOTHING, Change
from imcli.simulator.conversations.row_keeping import RowKeeping, unread_target
from imcli.simulator.conversations.row_table import UINT64, base_key, is_command_key
from imcli.simulator.record import Record
from imcli.simulator.state import State
from imcli.simulator.waiting import Waiting
from imcli.simulator.wukongim import ids


class Rows(RowKeeping):
    """The keeping of WuKongIM up to 2.1.3. Implements `Keeping`."""

    def stored(self, state: State, key: str, message: Message) -> Sequence[Change]:
        """`handleReq`: touch the sender; touch the receiver only at sequence number 1 (A0)."""
        members = state.channels[base_key(key)].members
        if not members:
            return NOTHING
        update = state.waiting.get(key) or Waiting(first_seq=message.seq)
        update = update.touch(message.sender, message.seq, state.order)
        if is_group(key):
            update = self._group_update(state, key, message, update)
        elif message.seq == 1:
            for user in members:
                update = update.touch(user, 0, state.order)
        elif is_command_key(key):  # A13: an offline receiver gets the newest command only
            for user in members:
                update = update.touch(user, message.seq - 1, state.order)
        self.wait(state, key, update)
        return NOTHING

    @staticmethod
    def _group_update(state: State, key: str, message: Message, update: Waiting) -> Waiting:
        tag = state.tags.get(base_key(key), 0)
        if is_command_key(key):
            return replace(update, first_seq=message.seq, tag=tag, everyone=True)
        return update if update.tag == tag else replace(update, tag=tag, everyone=True)

    def joined(
        self, state: State, group: str, users: Sequence[str], named: Sequence[str]
    ) -> Sequence[Change]:
        """`subscriber_add`: a row with R at the last message for whoever was no member."""
        self.new_tag(state, group)
        for user in users:
            self.mark_joined(state, user, group)
        return NOTHING

    def delete_row(self, state: State, user: str, key: str) -> None:
        """`deleteConversation`: the row is removed, with everything that was known of it (A0)."""
        row_table.remove(state, user, key)
        self.forget(state, user, key)

    def forget(self, state: State, user: str, key: str) -> None:
        """`DeleteFromCache`: take a waiting entry out and hide it."""
        update = state.waiting.get(key)
        if update is not None:
            state.waiting[key] = update.without(user)

    def clear_unread(self, state: State, action: Read) -> None:
        """`clearUnread`: always writes the row, and so brings a deleted one back (A14).

        The stored count stays, so that after `setUnread` it is shown again (A37).
        """
        key = ids.key_of(action.user, action.chat)
        row = state.record(action.user, key) or row_table.touched(state, Record())
        mark = max(row.read_to, state.last_seq(key))
        row_table.upsert(state, action.user, key, replace(row, read_to=mark))
        self.forget(state, action.user, key)

    def set_unread(self, state: State, action: MarkUnread, count: int) -> None:
        """`setUnread`: writes R, also backwards, and the count."""
        key = ids.key_of(action.user, action.chat)
        target, stored = unread_target(state.last_seq(key), count)
        row = state.record(action.user, key) or row_table.touched(state, Record())
        written = replace(row, read_to=target & UINT64, stored_unread=stored)
        row_table.upsert(state, action.user, key, written)
        self.forget(state, action.user, key)

    def flush(self, state: State) -> int:
        """`propose`: store what waits; whom a delete hides is not asked (A12)."""
        state.flush_due = 0
        if not state.waiting:
            return 0
        rows = 0
        left: dict[str, Waiting] = {}
        for key, update in state.waiting.items():
            written = self._flush_one(state, key, update)
            rows += written
            if written:
                left[key] = replace(update, users=(), everyone=False)
        state.waiting = left
        self.schedule(state)
        return rows

    def _flush_one(self, state: State, key: str, update: Waiting) -> int:
        """Write the rows of one update; one that writes none is dropped from memory."""
        for user, mark, order in update.users:
            old = state.record(user, key) or Record()
            row = replace(old, read_to=mark, stored_unread=0, changed=order)
            row_table.upsert(state, user, key, replace(row, touched_ms=state.stamp_ms()))
        named = {user for user, _, _ in update.users}
        others = [u for u in self._everyone(state, key, update) if u not in named]
        new = [user for user in others if state.record(user, key) is None]
        for user in new:
            row = row_table.touched(state, Record(read_to=update.first_seq - 1))
            row_table.upsert(state, user, key, row)
        return len(update.users) + len(new)

    @staticmethod
    def _everyone(state: State, key: str, update: Waiting) -> Sequence[str]:
        """Name the members that an update is for, while its receiver list is still the one."""
        group = base_key(key)
        if not update.everyone or update.tag != state.tags.get(group, 0):
            return ()
        return tuple(state.channels[group].members)

    def ended(self, state: State, *, crashed: bool) -> None:
        """Any end of the process loses what waits (A11); receiver lists get new keys."""
        state.waiting = {}
        state.offered = {}
        for key in state.channels:
            self.new_tag(state, key)

    def command_rows(self, state: State, user: str) -> row_table.Rows:
        """Give stored rows of commands, and those that wait."""
        stored = [pair for pair in state.all_records(user) if is_command_key(pair[0])]
        return self._with_waiting(stored, self._waiting(state, user, commands=True))

    def rows(self, state: State, user: str) -> row_table.Rows:
        """Give stored rows, newest first, with R raised by what waits, then what only waits."""
        stored = row_table.chat_rows(state, self.traits, user)
        if not state.waiting:
            return stored
        return self._with_waiting(stored, self._waiting(state, user))

    @staticmethod
    def _with_waiting(stored: row_table.Rows, waiting: dict[str, int]) -> row_table.Rows:
        rows: row_table.Rows = []
        for key, row in stored:
            mark = waiting.pop(key, 0)
            rows.append((key, replace(row, read_to=mark) if mark > row.read_to else row))
        rows += [(key, Record(read_to=mark)) for key, mark in waiting.items()]
        return rows

    def _waiting(self, state: State, user: str, *, commands: bool = False) -> dict[str, int]:
        """Give R of every waiting entry that is not hidden (`GetFromCache`).

        Who is there only as one of everyone has R = 0 until the flush (A34).
        """
        found: dict[str, int] = {}
        for key, update in state.waiting.items():
            if is_command_key(key) != commands or user in update.deleted:
                continue
            mark = update.mark(user)
            if mark < 0 and is_group(key) and user in self._everyone(state, key, update):
                mark = 0
            if mark >= 0:
                found[key] = mark
        return found
