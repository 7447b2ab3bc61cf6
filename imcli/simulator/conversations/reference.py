"""The reference's keeping, put together.

`derived.py` and `derived_list.py` read, `derived_changes.py` and `derived_deletes.py` change.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from imcli.model.entities import Entry, channel_key, chat_of, is_group
from imcli.model.events import ChangeKind, ListAnswer
from imcli.simulator.conversations import (
    derived,
    derived_changes,
    derived_deletes,
    derived_list,
)
from imcli.simulator.conversations.base import Change, Result
from imcli.simulator.record import Interval
from imcli.simulator.state import State


class Derived:
    """The list is derived from the log, memberships and marks. Implements `Keeping`."""

    tells_others = True

    key_of = staticmethod(channel_key)

    may_write = staticmethod(derived_changes.may_write)
    withheld = staticmethod(derived_changes.withheld)
    stored = staticmethod(derived_changes.stored)

    def joined(
        self, state: State, group: str, users: Sequence[str], named: Sequence[str]
    ) -> Sequence[Change]:
        """Memberships began; to name a present member changes nothing."""
        changes = derived_changes.joined(state, group, users)
        derived_deletes.erase(state, group)
        return changes

    def left(self, state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
        """Memberships ended."""
        kind: ChangeKind = "dismissed" if state.channels[group].dismissed else "left"
        return derived_changes.left(state, group, users, kind)

    def delete(self, state: State, action: Delete) -> Result:
        """Remove a conversation from a list."""
        return derived_deletes.delete(state, action)

    def clear(self, state: State, action: Clear) -> Result:
        """Clear the history."""
        return derived_deletes.clear(state, action)

    def read(self, state: State, action: Read) -> Result:
        """Mark as read."""
        return derived_changes.read(state, action)

    def mark_unread(self, state: State, action: MarkUnread) -> Result:
        """Mark as unread."""
        return derived_changes.mark_unread(state, action)

    def set_flag(self, state: State, action: SetFlag) -> Result:
        """Pin, mute or archive."""
        return derived_changes.set_flag(state, action)

    def accept(self, state: State, action: Accept) -> Result:
        """Accept a message request."""
        return derived_changes.accept(state, action)

    def flush(self, state: State) -> int:
        """Nothing waits in memory: what was accepted is stored."""
        return 0

    def ended(self, state: State, *, crashed: bool) -> None:
        """Nothing is lost with the process."""

    def entry(
        self, state: State, user: str, chat: str, message_count: int = LISTED_MESSAGES
    ) -> Entry | None:
        """Give the entry of a chat as a full synchronisation lists it, or None.

        This is what is asked most, so the key is made here.
        """
        records = state.records.get(user)
        if records is None:
            return None
        key = chat if chat[:1] == "#" else f"{user}@{chat}" if user < chat else f"{chat}@{user}"
        record = records.get(key)
        if record is None:
            return None
        if state.profile.list_limit:
            entries = derived_list.full_list(state, user, message_count)
            return next((e for e in entries if e.chat == chat), None)
        return derived.make_entry(state, user, key, record, message_count)

    def listing(self, state: State, action: Synchronise) -> ListAnswer:
        """Answer a list synchronisation."""
        return derived_list.list_answer(state, action)

    def marks(self, state: State, user: str, key: str) -> Entry | None:
        """Give marks and flags of a conversation that is not listed."""
        record = state.record(user, key)
        if record is None or record.gone:
            return None
        return derived.marks_only(state, user, key, record)

    def kept_entry(self, state: State, user: str, key: str) -> Entry | None:
        """Give the stored record, or None; unread and messages as the definitions give them."""
        record = state.record(user, key)
        if record is None or record.gone or key not in state.channels:
            return None
        spans = derived.spans_of(state, record, state.last_seq(key))
        messages = derived.newest_visible(state, state.logs[key], spans, LISTED_MESSAGES)
        return Entry(
            chat_of(user, key),
            derived.unread_of(state, user, key, record, spans),
            messages[-1] if messages else None,
            messages,
            record.read_to,
            record.deleted_to,
            record.pinned,
            record.muted,
            record.archived,
            record.marked_unread,
        )

    def history_spans(self, state: State, user: str, key: str) -> Sequence[Interval]:
        """Give the ranges (above, up to] of a channel's log that the user may read."""
        record = state.record(user, key)
        if record is None:
            return () if is_group(key) else ((0, state.last_seq(key)),)
        return derived.spans_of(state, record, state.last_seq(key))
