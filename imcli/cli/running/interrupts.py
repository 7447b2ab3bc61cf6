"""Ctrl-C (or a polite end, SIGTERM, or a closed terminal) in a run: what had finished is kept.

A run alternates between playing a case, which may be broken off, and handing an event to the
reports, which may not: half a report is none. So the first interrupt is only noted while an event
is handed on, and raised at once while a case is played here. Other processes are told by a signal
of their own; each breaks off the case under way (`crew.py`). A second interrupt always ends the
program at once. A run of which the end never came was broken off, whoever did it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from imcli.scenario.events import RunEvent, RunFinished

SIGNALS = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What ends a run; not every system has terminals that close."""
ASK_SECONDS = 0.1
"""How often is asked, while others work, whether all is to end."""
GRACE_SECONDS = 5.0
"""How long one who was told to end may keep silent."""
TERMINAL_CLOSED = getattr(signal, "SIGHUP", None)


def heeded() -> list[signal.Signals]:
    """The signals that end a run; `nohup` takes away the one of a closed terminal."""
    return [
        number
        for number in SIGNALS
        if number != TERMINAL_CLOSED or signal.getsignal(number) is not signal.SIG_IGN
    ]


@contextmanager
def taken_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let a handler take what ends a run, in the main thread of a program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in heeded()}
    try:
        yield
    finally:
        for number, other in before.items():
            signal.signal(number, signal.SIG_DFL if other is None else other)


def interrupted(number: int, frame: FrameType | None) -> None:
    """Take whatever ends a run for Ctrl-C, as long as there is nothing to be kept."""
    raise KeyboardInterrupt


class Interrupts:
    """Takes interrupts for the time of a `with` block, in the main thread of a program.

    Args:
        breakable: whether what produces the events is broken off by an interrupt; else it asks
            `asked` from time to time.
    """

    def __init__(self, *, breakable: bool) -> None:
        self._breakable = breakable
        self._breaks_off = False
        self._asked = False
        self._taken = ExitStack()

    def asked(self) -> bool:
        """Tell whether somebody wants the run to end."""
        return self._asked

    def __enter__(self) -> Interrupts:
        self._taken.enter_context(taken_by(self._take))
        return self

    def __exit__(self, *_: object) -> None:
        self._taken.close()

    def _take(self, number: int, frame: FrameType | None) -> None:
        again, self._asked = self._asked, True
        if again or self._breaks_off:
            raise KeyboardInterrupt

    def first(self, events: Iterator[RunEvent], *, break_off: bool) -> RunEvent:
        """Give the event with which a run begins: servers are looked for before it, and may hang.

        Args:
            events: those of the run.
            break_off: whether an interrupt ends the waiting at once.

        Raises:
            KeyboardInterrupt: somebody wanted the run to end before it began.
        """
        event = self._next(events, break_off=break_off)
        assert event is not None, "a run begins with an event"
        return event

    def until_asked(self, events: Iterator[RunEvent]) -> Iterator[RunEvent]:
        """Yield events until they end.

        Raises:
            KeyboardInterrupt: somebody wanted the run to end before, or it ended without its end.
        """
        while True:
            event = self._next(events, break_off=self._breakable)
            if event is not None:
                yield event
            if event is None or isinstance(event, RunFinished):
                break
            if self._asked and self._breakable:
                raise KeyboardInterrupt
        if event is None:
            raise KeyboardInterrupt

    def _next(self, events: Iterator[RunEvent], *, break_off: bool) -> RunEvent | None:
        self._breaks_off = break_off
        try:
            return next(events, None)
        except Exception as error:
            if self._asked and break_off:  # breaking off did that, somewhere in a library
                raise KeyboardInterrupt from error
            raise
        finally:
            self._breaks_off = False
