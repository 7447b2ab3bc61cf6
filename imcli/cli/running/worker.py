"""What a process of a crew does: takes numbers, answers each, and ends in one of three ways.

It is let go: its line is closed while it has nothing in hand. It is told to end, by a signal: it
breaks off its piece, so that whatever that had opened is closed, and takes its leave. Its maker is
gone, even killed: it does the same, and where that takes too long it ends without more ado, since
there is nobody left to answer to.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from imcli.cli.running.interrupts import SIGNALS, heeded
from imcli.model.errors import Defect

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LAST_SECONDS = 5.0
"""How long one whose maker is gone may take to close what it has opened."""


class Leave(NamedTuple):
    """The last word of one who was told to end."""


class Raised(NamedTuple):
    """What a piece of work raised, with the place as a note."""

    error: Exception


class Worker:
    """What a worker knows about itself; a process has one."""

    stopped = False
    working = False


def serve(
    line: Connection,
    lifeline: Connection,
    strangers: tuple[Connection, ...],
    work: Callable[[int], object],
) -> None:
    """Do what comes over the line, until that is closed or somebody says to end.

    Args:
        line: numbers come in, answers go out.
        lifeline: is at its end when the one who made this process is gone.
        strangers: what this process has of others', and must not hold open.
        work: does one piece.
    """
    await_interrupts()
    for other in strangers:
        other.close()
    threading.Thread(target=end_with_maker, args=(lifeline,), daemon=True).start()
    with suppress(EOFError, OSError):
        try:
            while True:
                for number in line.recv():
                    line.send(answer(work, number))
        except KeyboardInterrupt:
            line.send(Leave())


def answer(work: Callable[[int], object], number: int) -> object:
    """Do one piece.

    Raises:
        KeyboardInterrupt: this process was told to end, now or before.
    """
    Worker.working = True
    try:
        if Worker.stopped:
            raise KeyboardInterrupt
        return work(number)
    except Exception as error:
        if Worker.stopped:  # a lock that was not yet held, say: breaking off did that, not the work
            raise KeyboardInterrupt from error
        return raised(error)
    finally:
        Worker.working = False


@contextmanager
def held_back() -> Iterator[None]:
    """Let no signal through while processes are made: they would not know yet what it means."""
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, SIGNALS) if mask else None
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)


def raised(error: Exception) -> Raised:
    """Make what was raised ready to travel; what cannot travel is told in words."""
    import pickle

    note = f"In a process of its own:\n{''.join(traceback.format_exception(error))}"
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = Defect(f"{type(error).__name__}: {error}")
    error.add_note(note)
    return Raised(error)


def await_interrupts() -> None:
    """Get ready to be told to end; what came before counts."""
    for number in heeded():
        signal.signal(number, end_work)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def end_work(number: int, frame: object) -> None:
    """Break off what this process does, once; between two pieces of work only take note."""
    Worker.stopped = True
    if Worker.working:
        Worker.working = False
        raise KeyboardInterrupt


def end_with_maker(lifeline: Connection) -> None:
    """Wait until the maker of this process is gone; then end, at the latest after a while."""
    lifeline.poll(None)
    _thread.interrupt_main(signal.SIGINT)
    threading.Event().wait(LAST_SECONDS)
    os._exit(1)
