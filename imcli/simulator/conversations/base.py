"""The interface behind which conversations are kept.

What servers do with a message is much the same; what they do with *conversations* is not. The
reference derives a list from memberships and marks; WuKongIM writes rows, in three generations of
laws. Each is one implementation of `Keeping`, and nothing else in the server knows which it has.

A keeping has no state of its own: `state.records` and `state.kept` are its tables. What it changes
for a user it returns as `Change`s; the server tells the user's devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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
from imcli.model.entities import Entry, Message
from imcli.model.events import ChangeKind, ListAnswer
from imcli.simulator.state import State


class Change(NamedTuple):
    """A conversation of a user changed in a way that the user's devices may have to be told."""

    user: str
    chat: str
    kind: ChangeKind


class Refusal(NamedTuple):
    """The keeping will not do it; a name of `REASONS` and a detail."""

    reason: str
    detail: str = ""


Result = Sequence[Change] | Refusal
NOTHING: tuple[Change, ...] = ()


class Keeping(Protocol):
    """One law of how conversations are kept.

    `tells_others` says whether a user's other devices are told of changes at all.
    """

    tells_others: bool

    def key_of(self, user: str, chat: str) -> str:
        """Name the channel behind a user's chat."""

    def may_write(self, state: State, sender: str, key: str) -> Refusal | None:
        """Refuse a send because of the receiver's conversation (policy `reject`)."""

    def withheld(self, state: State, key: str, message: Message) -> tuple[str, ...]:
        """Name the members to whom a message is not pushed (policy `request`)."""

    def stored(self, state: State, key: str, message: Message) -> Sequence[Change]:
        """A message was appended to the log."""

    def joined(
        self, state: State, group: str, users: Sequence[str], named: Sequence[str]
    ) -> Sequence[Change]:
        """Memberships of `users` began; `named` are all whom the request named."""

    def left(self, state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
        """Memberships ended."""

    def delete(self, state: State, action: Delete) -> Result:
        """Remove a conversation from a list."""

    def clear(self, state: State, action: Clear) -> Result:
        """Clear the history."""

    def read(self, state: State, action: Read) -> Result:
        """Mark as read."""

    def mark_unread(self, state: State, action: MarkUnread) -> Result:
        """Mark as unread."""

    def set_flag(self, state: State, action: SetFlag) -> Result:
        """Pin, mute or archive."""

    def accept(self, state: State, action: Accept) -> Result:
        """Accept a message request."""

    def flush(self, state: State) -> int:
        """Write what is only in memory; gives the number of rows."""

    def ended(self, state: State, *, crashed: bool) -> None:
        """The process ended; what is not durable is lost."""

    def entry(
        self, state: State, user: str, chat: str, message_count: int = LISTED_MESSAGES
    ) -> Entry | None:
        """Give the entry of a chat as a full synchronisation lists it, or None."""

    def listing(self, state: State, action: Synchronise) -> ListAnswer:
        """Answer a list synchronisation (without the commands, which are the device's)."""

    def marks(self, state: State, user: str, key: str) -> Entry | None:
        """Give marks and flags of a conversation that is not listed, where devices keep such."""

    def kept_entry(self, state: State, user: str, key: str) -> Entry | None:
        """Give the stored record, or None."""

    def history_spans(self, state: State, user: str, key: str) -> Sequence[tuple[int, int]]:
        """Give the ranges (above, up to] of a channel's log that the user may read."""
