"""What a device knows of its own changes, without being told: as events for its cache.

WuKongIM pushes nothing when a conversation is deleted, read or marked (`http` facts: A28); the
device that asked knows what it asked for. How far that went only the stored row shows, and looking
at it changes nothing, while to ask for the list would fill a cache of the server (2.2.0, A2).
"""

from __future__ import annotations

from imcli.device.cache import DeviceCache
from imcli.model.actions import LISTED_MESSAGES, Delete, MarkUnread, Read
from imcli.model.entities import Entry, Message
from imcli.model.events import ChangeKind, ConversationPushed
from imcli.model.versions import MARKED_SINCE, NO_PERSON_ROWS
from imcli.trace.counting import reckon, rule_of

OwnChange = Delete | Read | MarkUnread


def told(
    action: OwnChange,
    row: Entry | None,
    last: int,
    cache: DeviceCache,
    marks: dict[tuple[str, str], int],
    version: tuple[int, ...],
) -> ConversationPushed | None:
    """Give what the asking device knows now; None where that is nothing new.

    Args:
        action: what it asked for, and was done.
        row: the stored row afterwards, if there is one.
        last: the number of the newest message of its log; 0 without a row.
        cache: of the device.
        marks: up to where (user, chat) was deleted so far; it is kept here.
        version: of the server; `()` where unknown.
    """
    where = (action.user, action.chat)
    if isinstance(action, Delete):
        if version >= MARKED_SINCE:
            marks[where] = max(marks.get(where, 0), last)
        return _event(action, "deleted", marks.get(where, 0), None)
    if isinstance(action, Read):
        return _event(action, "read", 0, None)
    cached = cache.conversations.get(action.chat)
    if cached is None or not cached.messages:
        return None
    if row is None:
        row, last = _waiting(action.chat, cached.messages, version), cached.messages[-1].seq
    if row is None or last <= marks.get(where, 0):
        return None  # the list has nothing of it
    unread, read_to = _counted(row, cached.messages, action.user, version)
    return _event(action, "marked", 0, Entry(action.chat, unread, None, read_to=read_to))


def _waiting(chat: str, messages: list[Message], version: tuple[int, ...]) -> Entry | None:
    """Give the row that is not stored yet, and that a mark at its beginning did not make."""
    return Entry(chat, messages[-1].seq, None) if version != NO_PERSON_ROWS else None


def _event(
    action: OwnChange, kind: ChangeKind, deleted_to: int, entry: Entry | None
) -> ConversationPushed:
    return ConversationPushed(
        action.user, action.chat, kind, (action.device,), 0, deleted_to, entry
    )


def _counted(
    row: Entry, messages: list[Message], user: str, version: tuple[int, ...]
) -> tuple[int, int]:
    """Give unread and read mark as the server's list would (`/conversation/sync`)."""
    rule = rule_of(version)
    if rule.stores_count:
        return row.unread, row.read_to
    own = max((m.seq for m in messages if m.sender == user), default=0)
    found = reckon(rule, row.read_to, messages[-LISTED_MESSAGES:], user, own)
    return found.unread, found.mark
