"""What both generations of rows have in common: the parts of `Keeping` that are one law.

WuKongIM leaves pins, mutes, archives, requests and clearing to the app; it tells a user's other
devices nothing (A28); its history answers the whole log to anybody.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import (
    LISTED_MESSAGES,
    Accept,
    Clear,
    Delete,
    MarkUnread,
    Read,
    SetFlag,
    Synchronise,
)
from imcli.model.entities import Entry, Message, chat_of
from imcli.model.events import ListAnswer
from imcli.simulator.conversations import row_table
from imcli.simulator.conversations.base import NOTHING, Change, Refusal, Result
from imcli.simulator.conversations.row_list import (
    Ask,
    ask_of,
    channel_entries,
    list_entries,
)
from imcli.simulator.record import Interval, Record
from imcli.simulator.state import State
from imcli.simulator.waiting import Waiting
from imcli.simulator.wukongim import ids
from imcli.simulator.wukongim.traits import Traits


def unread_target(last: int, count: int) -> tuple[int, int]:
    """Give R and the stored count of `setUnread`; below zero R is meant to wrap (A8).

    >>> unread_target(3, 1), unread_target(3, 99), unread_target(3, -1), unread_target(0, 5)
    ((2, 1), (2, 1), (2, 1), (-1, 1))
    """
    if count > last or count < 0:
        return last - 1, 1
    return last - count, count


class RowKeeping(ABC):
    """A keeping that writes rows; `traits` are the laws of its version."""

    tells_others = False

    def __init__(self, traits: Traits) -> None:
        self.traits = traits

    @abstractmethod
    def rows(self, state: State, user: str) -> row_table.Rows:
        """Give the rows that a user's list is made of, in its order."""

    @abstractmethod
    def command_rows(self, state: State, user: str) -> row_table.Rows:
        """Give the rows of commands that a user may have missed: stored, then what waits."""

    @abstractmethod
    def forget(self, state: State, user: str, key: str) -> None:
        """A command of a channel was acknowledged: forget what waits, where the law does so."""

    @abstractmethod
    def delete_row(self, state: State, user: str, key: str) -> None:
        """Do `deleteConversation`."""

    @abstractmethod
    def clear_unread(self, state: State, action: Read) -> None:
        """Do `clearUnread`."""

    @abstractmethod
    def set_unread(self, state: State, action: MarkUnread, count: int) -> None:
        """Do `setUnread`."""

    @abstractmethod
    def flush(self, state: State) -> int:
        """Store what waits."""

    # Memory

    def wait(self, state: State, key: str, waiting: Waiting) -> None:
        """Keep an update in memory, and see that a flush comes."""
        state.waiting[key] = waiting
        self.schedule(state)

    @staticmethod
    def schedule(state: State) -> None:
        """See that a flush comes while something waits; ticks are multiples of the interval."""
        interval = state.profile.flush_interval
        if interval and state.waiting and not state.flush_due:
            state.flush_due = (state.now // interval + 1) * interval
            state.add_timer(state.flush_due, "flush")

    @staticmethod
    def new_tag(state: State, group: str) -> None:
        """The list of receivers changed, and so its key."""
        state.tags[group] = state.tags.get(group, 0) + 1

    # One law for all

    def key_of(self, user: str, chat: str) -> str:
        """Name the channel of two users by their checksums; a tie makes two (A20)."""
        return ids.key_of(user, chat)

    def may_write(self, state: State, sender: str, key: str) -> Refusal | None:
        """A deleted conversation stops nobody."""
        return None

    def withheld(self, state: State, key: str, message: Message) -> tuple[str, ...]:
        """Everybody gets the push."""
        return ()

    def mark_joined(self, state: State, user: str, group: str) -> None:
        """Write the row of somebody who was added: R at the last message, nothing unread."""
        row = replace(
            state.record(user, group) or Record(), read_to=state.last_seq(group), stored_unread=0
        )
        row_table.upsert(state, user, group, row_table.touched(state, row))

    def left(self, state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
        """`subscriber_remove`: what waits and the row go, or stay (2.1.3: A27)."""
        self.new_tag(state, group)
        if self.traits.remove_deletes_rows:
            for user in users:
                waiting = state.waiting.get(group)
                if waiting is not None:
                    state.waiting[group] = waiting.without(user)
                row_table.remove(state, user, group)
        return NOTHING

    def delete(self, state: State, action: Delete) -> Result:
        """`deleteConversation`, which knows one side and no upper bound."""
        if action.for_both:
            return Refusal("unsupported", "WuKongIM deletes for one side only")
        if action.up_to:
            return Refusal("unsupported", "WuKongIM's delete takes no upper bound")
        self.delete_row(state, action.user, ids.key_of(action.user, action.chat))
        return (Change(action.user, action.chat, "deleted"),)

    def clear(self, state: State, action: Clear) -> Result:
        """There is no such call."""
        return Refusal("unsupported", "WuKongIM has no clearing apart from deleting")

    def read(self, state: State, action: Read) -> Result:
        """`clearUnread`, which ignores a sequence number."""
        if action.up_to:
            return Refusal("unsupported", "WuKongIM's clearUnread ignores a message_seq")
        self.clear_unread(state, action)
        return (Change(action.user, action.chat, "read"),)

    def mark_unread(self, state: State, action: MarkUnread) -> Result:
        """`setUnread`, which needs a number."""
        if action.count is None:
            return Refusal("unsupported", "WuKongIM has no unread flag")
        self.set_unread(state, action, action.count)
        return (Change(action.user, action.chat, "marked"),)

    def set_flag(self, state: State, action: SetFlag) -> Result:
        """Pins, mutes and archives are left to the app."""
        return Refusal("unsupported", "WuKongIM leaves pins, mutes and archives to the app")

    def accept(self, state: State, action: Accept) -> Result:
        """There are no message requests."""
        return Refusal("unsupported", "WuKongIM has no message requests")

    # Reading

    def entry(
        self, state: State, user: str, chat: str, message_count: int = LISTED_MESSAGES
    ) -> Entry | None:
        """Give the entry of a chat as a full synchronisation lists it, or None."""
        key = self.key_of(user, chat)
        if key not in state.channels:
            return None
        rows = [pair for pair in self.rows(state, user) if pair[0] == key]
        entries = list_entries(state, self.traits, rows, Ask(user, message_count or 1, False, {}))
        return entries[0] if entries else None

    def listing(self, state: State, action: Synchronise) -> ListAnswer:
        """`/conversation/sync`; a list is whole unless something else was asked for."""
        if action.chats is not None:
            entries = channel_entries(
                state, self.traits, action.user, action.chats, action.message_count
            )
        else:
            rows = self.rows(state, action.user)
            entries = list_entries(state, self.traits, rows, ask_of(action))
        partial = action.only_unread or action.chats is not None or action.page > 0
        full = not partial and not action.cursor and not action.seqs
        return ListAnswer(
            action.user,
            action.device,
            full,
            state.order,
            tuple(entries),
            total_unread=sum(entry.unread for entry in entries),
            partial=partial,
            now_ms=state.now,
        )

    def marks(self, state: State, user: str, key: str) -> Entry | None:
        """Devices are told of nothing but messages."""
        return None

    def kept_entry(self, state: State, user: str, key: str) -> Entry | None:
        """Give the stored row, or None; what waits in memory is not stored.

        Reading or marking makes a row where nobody has written yet.
        """
        row = state.record(user, key)
        if row is None:
            return None
        log = state.logs.get(key)
        recents = tuple(log.visible(0, log.last, LISTED_MESSAGES)) if log is not None else ()
        newest = state.last_seq(key)
        unread = newest - row.read_to if newest >= row.read_to else row.stored_unread
        last = recents[-1] if recents else None
        return Entry(chat_of(user, key), unread, last, recents, row.read_to, row.deleted_to)

    def history_spans(self, state: State, user: str, key: str) -> Sequence[Interval]:
        """`/channel/messagesync` answers the whole log to anybody: a deletion never matters."""
        return ((0, state.last_seq(key)),)
