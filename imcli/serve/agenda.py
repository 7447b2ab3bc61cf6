"""What of a script is due: lines and moments in, deeds out, in the server's time.

Pure: time comes as an argument, and what clients do comes as the notes that the world makes of
them. Deeds of one line keep their order; of several that are due at once, the one that stands
first in the script, or that was made due first, comes first.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

from imcli.serve import notes
from imcli.serve.script import Deed, Line, Moment, Script

REPEATS_MAX = 10_000
"""Where time jumps over more repeats of a line than these, those in between are left out."""


class Due(NamedTuple):
    """A deed that is due: when it was to be done, and the line in which it stands."""

    at_ms: int
    line: int
    deed: Deed


class Agenda:
    """The state of one script.

    Args:
        script: what is to be done.
        start_ms: when the server was ready.
    """

    def __init__(self, script: Script, start_ms: int) -> None:
        self._waiting: list[tuple[int, int, Line, Deed | None]] = []
        self._count = 0
        self._hearing = [line for line in script.lines if line.moment.event]
        for line in script.lines:
            if not line.moment.event:
                self._put(start_ms + line.moment.duration_ms, line, None)

    def _put(self, at_ms: int, line: Line, deed: Deed | None) -> None:
        """Make something due: a deed, or a whole line."""
        self._count += 1
        heapq.heappush(self._waiting, (at_ms, self._count, line, deed))

    @property
    def hears(self) -> bool:
        """Whether anything depends on what clients do."""
        return bool(self._hearing)

    def due_ms(self) -> int | None:
        """Say when something is due next, or None."""
        return self._waiting[0][0] if self._waiting else None

    def take(self, now_ms: int) -> Due | None:
        """Give the next deed that is due at a time, or None; ask again until then."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            at_ms, _, line, deed = heapq.heappop(self._waiting)
            if deed is not None:
                return Due(at_ms, line.span.line, deed)
            self._begin(line, at_ms)
            if line.moment.kind == "every":
                period = line.moment.duration_ms
                missed = max(0, (now_ms - at_ms) // period - REPEATS_MAX)
                self._put(at_ms + period * (1 + missed), line, None)
        return None

    def _begin(self, line: Line, at_ms: int) -> None:
        for deed in line.deeds:
            self._put(at_ms + deed.wait_ms, line, deed)

    def heard(self, note: notes.Note) -> None:
        """Take what a client did: something may be due because of it, once the turn has ended."""
        for line in list(self._hearing):
            if _is_meant(line.moment, note):
                self._begin(line, note.at_ms)
                if line.moment.kind == "once":
                    self._hearing.remove(line)


def _is_meant(moment: Moment, note: notes.Note) -> bool:
    """Tell whether a note is what a moment waits for."""
    match note:
        case notes.Connected(user=user, device=device):
            event = "connects"
        case notes.Left(user=user, device=device):
            event = "disconnects"
        case notes.Sent(user=user, device=device, chat=chat):
            event = "sends"
            if moment.chat not in ("", chat):
                return False
        case _:
            return False
    return (
        moment.event == event
        and moment.user == user
        and moment.device in ("", device)
        and bool(user)
    )
