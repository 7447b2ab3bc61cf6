"""Printing what happens without ever waiting for whoever reads it.

A terminal that was stopped, or a pipe that nobody reads, must not stop the server. So lines are
written by a thread of their own, those of one turn together; where it cannot keep up, lines are
left out and their number is said.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TextIO

from imcli.serve import notes
from imcli.serve.notes import Note

BATCHES_MAX = 1_000
LINES_MAX = 10_000


class Teller:
    """Prints notes.

    Args:
        stream: where to.
        render: makes a line of a note.
        soon: calls something at the end of a turn.
        held: nothing is printed before `begin`, so that its note is the first line.
    """

    def __init__(
        self,
        stream: TextIO,
        render: Callable[[Note], str],
        soon: Callable[[Callable[[], None]], object],
        *,
        held: bool = False,
    ) -> None:
        self._stream = stream
        self._render = render
        self._soon = soon
        self._held = held
        self._notes: list[Note] = []
        self._left_out = 0
        self._queue: queue.Queue[str | None] = queue.Queue(BATCHES_MAX)
        self._thread = threading.Thread(target=self._write, name="imcli-events", daemon=True)
        self._thread.start()

    def __call__(self, note: Note) -> None:
        """Take a note."""
        if not self._notes and not self._held:
            self._soon(self._hand_over)
        if len(self._notes) < LINES_MAX:
            self._notes.append(note)
        else:
            self._left_out += 1

    def begin(self, first: Note) -> None:
        """Print a note before all that were held, and from now on whatever comes."""
        self._notes.insert(0, first)
        self._held = False
        self._soon(self._hand_over)

    def _hand_over(self) -> None:
        taken, self._notes = self._notes, []
        if self._left_out:
            gap = f"{self._left_out:,} lines are left out here: nobody read them"
            taken = [notes.Happened(taken[0].at_ms, gap), *taken]
        try:
            self._queue.put_nowait("\n".join([*map(self._render, taken), ""]))
            self._left_out = 0
        except queue.Full:
            self._left_out += len(taken)

    def drain(self) -> None:
        """Wait until everything that was handed over is written."""
        self._queue.join()

    def _write(self) -> None:
        # Whoever read has gone: the server goes on, without saying anything.
        with contextlib.suppress(OSError, ValueError):
            while (text := self._queue.get()) is not None:
                self._stream.write(text)
                self._stream.flush()
                self._queue.task_done()

    def close(self, timeout_s: float = 1.0) -> None:
        """Write what is left, as far as somebody reads it."""
        if self._notes:
            self._hand_over()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
            self._thread.join(timeout_s)
