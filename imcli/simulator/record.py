"""One user's record of one channel: what the server keeps so that a list can be derived.

`semantics.md` of the language calls the numbers J, E (membership), D (delete floor), R (read up
to) and H (hide mark); the names here say the same. A record is frozen: a change makes a new one.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Held = Literal["", "hidden", "own-hidden", "reject", "request"]
Interval = tuple[int, int]
"""First and last seq of a membership, both included; `OPEN` stands for a last seq to come."""

OPEN = -1


class Record(msgspec.Struct, frozen=True, gc=False):
    """What one user has of one channel.

    `kept_order` and `kept_ms` stand for the entry that a clear keeps (0: none). `held` is why a
    conversation that was deleted is kept out of the list; `gone` says that a physical delete took
    the record away (the value stays only so that the channel is found again). `changed` and
    `tombstone` are numbers of the one order: what a delta with an older cursor must tell.
    `touched_ms` is the user's last change of a mark or flag, `touched` its number.
    `stored_unread` is a count that some servers keep instead of computing it.
    """

    intervals: tuple[Interval, ...] = ((1, OPEN),)
    deleted_to: int = 0
    read_to: int = 0
    hidden_to: int = 0
    pinned: bool = False
    muted: bool = False
    archived: bool = False
    marked_unread: bool = False
    kept_order: int = 0
    kept_ms: int = 0
    held: Held = ""
    gone: bool = False
    changed: int = 0
    tombstone: int = 0
    touched_ms: int = 0
    touched: int = 0
    stored_unread: int = 0

    @property
    def usual(self) -> bool:
        """Tell whether this is one open membership with nothing kept, hidden or held back."""
        if self.kept_order or self.hidden_to or self.held or self.gone:
            return False
        intervals = self.intervals
        return len(intervals) == 1 and intervals[0][1] == OPEN

    @property
    def held_back(self) -> bool:
        """Tell whether a delete keeps it out of the list, whatever there is to list.

        Where only the sender is refused, or an own message lists nothing, a clear still does.
        """
        return self.held in ("hidden", "request") or (self.held != "" and not self.kept_order)

    @property
    def present(self) -> bool:
        """Tell whether the membership is still open."""
        return self.intervals[-1][1] == OPEN


def visible_spans(record: Record, last: int, *, all_intervals: bool) -> tuple[Interval, ...]:
    """Give the ranges (above, up to) of seqs that the user may see, oldest first.

    >>> visible_spans(Record(deleted_to=3), 10, all_intervals=False)
    ((3, 10),)
    >>> visible_spans(Record(intervals=((1, 4), (8, OPEN))), 10, all_intervals=True)
    ((0, 4), (7, 10))
    """
    floor = record.deleted_to
    if len(record.intervals) == 1:
        first, end = record.intervals[0]
        above = max(first - 1, floor)
        upto = last if end == OPEN else end
        return ((above, upto),) if upto > above else ()
    chosen = record.intervals if all_intervals else record.intervals[-1:]
    spans = ((max(first - 1, floor), last if end == OPEN else end) for first, end in chosen)
    return tuple(span for span in spans if span[1] > span[0])
