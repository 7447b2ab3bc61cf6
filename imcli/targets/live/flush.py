"""Which stored rows a flush must still bring.

WuKongIM keeps new conversations in memory and writes them at intervals. `server flushes` waits
until the stored rows show what was written; this knows which rows those are. Versions differ: up to
2.1.3 the sender's row is written again with every own message; 2.1.4 makes none of person messages;
from 2.1.5 on only a channel's first message makes them (WuKongIM `manager_conversation.go`). Rows
of groups come with the membership and are never waited for, except up to 2.1.3.
"""

from __future__ import annotations

from imcli.model.actions import Action, Delete, MarkUnread, Send
from imcli.model.entities import Entry, is_group
from imcli.model.versions import MARKED_SINCE, NO_PERSON_ROWS
from imcli.targets.live.order import ListOrder


class PendingRows:
    """The rows that are to appear: (user, chat) with the least read mark each must show."""

    def __init__(self, version: tuple[int, ...]) -> None:
        self.order = ListOrder(version)
        self._version = version
        self._awaited: dict[tuple[str, str], int] = {}

    def stored(self, send: Send, seq: int) -> None:
        """A message was stored as `seq`."""
        self.order.stored(send, seq)
        if self._version and self._version < MARKED_SINCE:
            self._awaited[send.user, send.chat] = seq
        if is_group(send.chat) or self._version == NO_PERSON_ROWS or seq != 1:
            return
        self._awaited.setdefault((send.user, send.chat), 0)
        self._awaited.setdefault((send.chat, send.user), 0)

    def changed(self, action: Action) -> None:
        """An action was done; up to 2.1.3 a deletion also takes what waits out of memory.

        Up to there a mark may go back, so that no flush shows the sender's own newest again: then
        the row must be there, whatever it says.
        """
        self.order.changed(action)
        if self._version >= MARKED_SINCE or not isinstance(action, Delete | MarkUnread):
            return
        if isinstance(action, Delete):
            self._awaited.pop((action.user, action.chat), None)
        elif (action.user, action.chat) in self._awaited:
            self._awaited[action.user, action.chat] = 0

    def users(self) -> tuple[str, ...]:
        """Name the users whose rows are still to appear."""
        return tuple(dict.fromkeys(user for user, _ in self._awaited))

    @property
    def groups_return(self) -> bool:
        """Whether a flush may undo a deletion in a group (A12)."""
        return bool(self._version) and self._version < MARKED_SINCE

    def undeletable(self) -> tuple[tuple[str, str], ...]:
        """Name (user, chat) of rows not seen yet: to delete before the flush does nothing (A4)."""
        return () if self.groups_return else tuple(self._awaited)

    def shown(self, user: str, rows: tuple[Entry, ...]) -> None:
        """The server showed these rows of a user."""
        for row in rows:
            if self._awaited.get((user, row.chat), row.read_to + 1) <= row.read_to:
                del self._awaited[user, row.chat]
