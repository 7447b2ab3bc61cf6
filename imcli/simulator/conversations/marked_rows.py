"""WuKongIM 2.1.4 to 2.2.5: rows with a delete mark, made at a flush from a map of what is pending.

Source: WuKongIM v2.1.4-20250319 to v2.2.5-20260422, `internal/manager/manager_conversation.go`
(`Push`, `storeConversations`), `internal/api/conversation.go`, `pkg/wkdb/conversation.go`.

A delete writes D and keeps the row, so that any later message lists it again. A row of a person
channel is made by the message with sequence number 1 only (from 2.1.4 by none at all: A5), and
waits in memory until the flush; while it waits, a delete finds no row and does nothing (A4). The
marks move forward only (A7), and a mark below zero stays there for ever (A8). In a chat with
oneself the one user is written twice, which nobody can see (A35).
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

ROWS_PER_TICK = 100
"""Rows that one flush stores at most (`conversation.syncOnce`)."""


class MarkedRows(RowKeeping):
    """The keeping of WuKongIM 2.1.4 to 2.2.5. Implements `Keeping`."""

    def stored(self, state: State, key: str, message: Message) -> Sequence[Change]:
        """`Push`: only commands and the first message of a person channel wait for a row.

        With `whitelistOffOfPerson: false` no message makes a person's row: only the allow list
        does, and only for whoever is named on it (H18).
        """
        members = state.channels[base_key(key)].members
        if not members:
            return NOTHING
        first = not is_group(key) and message.seq == 1 and self._makes_person_rows(state)
        if first or is_command_key(key):
            self._add(state, key, message, tuple(members))
        return NOTHING

    def _makes_person_rows(self, state: State) -> bool:
        return self.traits.person_rows == "first" and not state.profile.person_allow_list

    def _add(self, state: State, key: str, message: Message, users: tuple[str, ...]) -> None:
        tag = state.tags.get(base_key(key), 0)
        old = state.waiting.get(key)
        if old is not None and (old.last_seq >= message.seq or old.tag == tag):
            return
        marks = tuple(
            (user, message.seq if self.traits.own_marks and user == message.sender else 0, 0)
            for user in users
        )
        self.wait(state, key, Waiting(marks, tag=tag, last_seq=message.seq))

    def joined(
        self, state: State, group: str, users: Sequence[str], named: Sequence[str]
    ) -> Sequence[Change]:
        """`subscriber_add`: R at the last message, from 2.2.0 for present members too (A23)."""
        self.new_tag(state, group)
        for user in named if self.traits.add_reads == "named" else users:
            self.mark_joined(state, user, group)
        return NOTHING

    def delete_row(self, state: State, user: str, key: str) -> None:
        """`deleteConversation`: write D = last; what is pending is not touched (A4)."""
        row_table.set_deleted(state, user, key, state.last_seq(key))

    def clear_unread(self, state: State, action: Read) -> None:
        """`clearUnread`: forward only; makes the row where there is none."""
        self._raise(state, action.user, action.chat, None)

    def set_unread(self, state: State, action: MarkUnread, count: int) -> None:
        """`setUnread`: can only move R forward, so it cannot mark as unread (A7)."""
        self._raise(state, action.user, action.chat, count)

    def _raise(self, state: State, user: str, chat: str, count: int | None) -> None:
        key = ids.key_of(user, chat)
        last = state.last_seq(key)
        target = last if count is None else unread_target(last, count)[0] & UINT64
        old = state.record(user, key)
        row = Record() if old is None else old
        if row.read_to >= target:
            return
        moved = old is None or self.traits.list_cache != "none"
        written = replace(row, read_to=target)
        row_table.upsert(state, user, key, row_table.touched(state, written) if moved else written)

    def flush(self, state: State) -> int:
        """`storeConversations`: insert rows, so many a tick; a channel that gave one row is done.

        The rest of a channel that was cut in the middle is lost with it (A11, second part).
        """
        state.flush_due = 0
        if not state.waiting:
            return 0
        rows = 0
        for key, pending in list(state.waiting.items()):
            if rows >= ROWS_PER_TICK:
                break
            users = pending.users[: ROWS_PER_TICK - rows]
            for user, mark, _ in users:
                row = row_table.touched(state, Record(read_to=mark))
                row_table.insert(state, self.traits, user, key, row)
            rows += len(users)
            del state.waiting[key]
        self.schedule(state)
        return rows

    def ended(self, state: State, *, crashed: bool) -> None:
        """A stop in good order saves what is pending; a crash loses it (A11). Caches are empty."""
        if crashed:
            state.waiting = {}
        state.cached_lists = {}
        state.offered = {}
        self.schedule(state)

    def forget(self, state: State, user: str, key: str) -> None:
        """What is pending stays, and its commands are given again (A32)."""

    def command_rows(self, state: State, user: str) -> row_table.Rows:
        """Give stored rows of commands, then what is pending and has no row, with R = 0."""
        stored = [pair for pair in state.all_records(user) if is_command_key(pair[0])]
        known = {key for key, _ in stored}
        return stored + [
            (key, Record())
            for key, pending in state.waiting.items()
            if key not in known and is_command_key(key) and pending.mark(user) >= 0
        ]

    def rows(self, state: State, user: str) -> row_table.Rows:
        """Give rows, newest first, then what is pending and has no row, with R = 0 and D = 0."""
        rows = row_table.chat_rows(state, self.traits, user)
        if not state.waiting:
            return rows
        known = {key for key, _ in rows}
        rows += [
            (key, Record())
            for key, pending in state.waiting.items()
            if key not in known and not is_command_key(key) and pending.mark(user) >= 0
        ]
        return rows
