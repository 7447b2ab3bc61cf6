"""In which order a list stands where the server itself has none.

WuKongIM orders rows by their last write. A new conversation of two people has no row until the
flush: until then it comes behind the rows, among its like in the order of a hash table (up to
2.1.3: of workers, by a checksum of ids), which may be another at the next look; and rows of one
flush are written in that order, too (`manager_conversation.go`). So the place says nothing that
anybody could rely on, and a claim about it would be true by chance.

Here such conversations stand where the simulated server has them: what a scenario has not had
flushed comes last, the oldest first; what one `server flushes` stored stands among itself by its
first message, the newest first. A flush that the server makes by itself in between is thus not to
be seen in the order. Every other place is the server's.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import Action, Delete, MarkUnread, Read, Send, SetAccess
from imcli.model.entities import Entry, is_group
from imcli.model.versions import MARKED_SINCE, NO_PERSON_ROWS


class ListOrder:
    """Knows which conversations of a world have no place of their own, as far as its steps tell.

    Per (user, chat): the flush that stored it, counted from 1, 0 while none did; and the number of
    its first message in this world. `_rows` have a place of the server's, and keep it while another
    message of theirs waits.
    """

    def __init__(self, version: tuple[int, ...]) -> None:
        self._version = version
        self._placed: dict[tuple[str, str], tuple[int, int]] = {}
        self._rows: set[tuple[str, str]] = set()
        self._last: dict[frozenset[str], int] = {}
        self._count = 0
        self._flushes = 0

    def stored(self, send: Send, seq: int) -> None:
        """A message was stored as `seq`."""
        if is_group(send.chat) or self._version == NO_PERSON_ROWS:
            return
        self._count += 1
        self._last[frozenset((send.user, send.chat))] = seq
        if seq == 1:
            self._wait(send.user, send.chat)
            self._wait(send.chat, send.user)
        elif self._version < MARKED_SINCE:
            self._wait(send.user, send.chat)

    def _wait(self, user: str, chat: str) -> None:
        if (user, chat) not in self._rows:
            self._placed.setdefault((user, chat), (0, self._count))

    def _written(self, user: str, chat: str) -> None:
        self._placed.pop((user, chat), None)
        self._rows.add((user, chat))

    def changed(self, action: Action) -> None:
        """An action was done: what it wrote has a place of its own."""
        match action:
            case Read(user=user, chat=chat):
                if self._version < MARKED_SINCE or self._newest(user, chat):
                    self._written(user, chat)
            case MarkUnread(user=user, chat=chat, count=count):
                if self._version < MARKED_SINCE or count != self._newest(user, chat):
                    self._written(user, chat)
            case SetAccess(owner=owner, member=member, access="allow", on=True):
                self._written(member, owner)
            case Delete(user=user, chat=chat) if self._version < MARKED_SINCE:
                self._placed.pop((user, chat), None)
                self._rows.discard((user, chat))
            case _:
                pass

    def _newest(self, user: str, chat: str) -> int:
        return self._last.get(frozenset((user, chat)), 0)

    def flushed(self) -> None:
        """A step had the server write what it had in memory.

        Up to 2.1.3 the rows that a flush writes are in order.
        """
        self._flushes += 1
        for where, (flush, number) in tuple(self._placed.items()):
            if flush == 0:
                self._placed[where] = (self._flushes, number)
        if self._version < MARKED_SINCE:
            self._rows.update(self._placed)
            self._placed.clear()

    def arrange(self, user: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Put a list of a user in order."""
        placed = [self._placed.get((user, entry.chat)) for entry in entries]
        if len(entries) < 2 or not any(placed):
            return entries
        last = [n for n, place in enumerate(placed) if place is not None and place[0] == 0]
        first = [n for n, place in enumerate(placed) if place is None or place[0] != 0]
        flushed = self._by_flush(placed, first)
        last.sort(key=lambda n: placed[n] or (0, 0))
        return _renumbered([entries[n] for n in (*flushed, *last)])

    @staticmethod
    def _by_flush(placed: Sequence[tuple[int, int] | None], places: Sequence[int]) -> Sequence[int]:
        """Give each place that rows of one flush hold to the newest of them that has none yet."""
        rows: dict[int, list[int]] = {}
        for n in places:
            place = placed[n]
            if place is not None:
                rows.setdefault(place[0], []).append(n)
        for same in rows.values():
            same.sort(key=lambda n: placed[n] or (0, 0))
        return [n if (place := placed[n]) is None else rows[place[0]].pop() for n in places]


def _renumbered(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    size = len(entries)
    return tuple(replace(entry, order=(size - n,)) for n, entry in enumerate(entries))
