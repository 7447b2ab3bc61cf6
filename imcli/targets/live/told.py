"""What a device knows of its own changes, without being told: as events for its cache.

WuKongIM pushes nothing when a conversation is deleted, read or marked (`http` facts: A28); the
device that asked knows what it asked for. How far that went only the stored row shows, and looking
at it changes nothing, while to ask for the list would fill a cache of the server (2.2.0, A2).
"""

from __future__ import annotations

from imcli.device.cache import DeviceCache
from imcli.model.actions import Delete, MarkUnread, Read
from imcli.model.entities import Entry, Message
from imcli.model.events import ChangeKind, ConversationPushed

MARKS_SINCE = (2, 1, 4)
"""Before, a delete removes the row and leaves no mark."""
OWN_SINCE = (2, 2, 5)
"""From then on the own newest message counts as read."""

OwnChange = Delete | Read | MarkUnread


def told(
    action: OwnChange,
    row: Entry | None,
    cache: DeviceCache,
    marks: dict[tuple[str, str], int],
    version: tuple[int, ...],
) -> ConversationPushed | None:
    """Give what the asking device knows now; None where it had nothing in its list.

    Args:
        action: what it asked for, and was done.
        row: the stored row afterwards, if there is one.
        cache: of the device.
        marks: up to where (user, chat) was deleted so far; it is kept here.
        version: of the server; `()` where unknown.
    """
    where = (action.user, action.chat)
    last = row.unread + row.read_to if row is not None else 0
    if isinstance(action, Delete):
        if version >= MARKS_SINCE:
            marks[where] = max(marks.get(where, 0), last)
        return _event(action, "deleted", marks.get(where, 0), None)
    cached = cache.conversations.get(action.chat)
    if cached is None or not cached.listed or row is None:
        return None
    if last <= marks.get(where, 0):
        return _event(action, "read", marks[where], None)  # the list has nothing of it
    unread, read_to = _counted(row, cached.messages, action.user, version)
    entry = Entry(
        action.chat,
        unread,
        cached.messages[-1] if cached.messages else None,
        read_to=read_to,
        deleted_to=cached.deleted_to,
        order=cached.order,
    )
    kind: ChangeKind = "read" if isinstance(action, Read) else "marked"
    return _event(action, kind, cached.deleted_to, entry)


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
    if not messages or version < MARKS_SINCE:
        return row.unread, row.read_to
    last = messages[-1]
    if last.sender == user:
        return 0, last.seq
    own = max((m.seq for m in messages if m.sender == user), default=0)
    if version >= OWN_SINCE and own > row.read_to and last.seq - own < row.unread:
        return last.seq - own, own
    return row.unread, row.read_to
