"""Work that only computes, done by several processes: answers come in the order of the pieces.

The pieces are the numbers from 0. Each process has a line to the one who made it and shares nothing
else with anybody, no lock and no queue, so whatever becomes of one is no trouble to the others. It
answers each piece as soon as it is done. Hence, when one is killed, exactly one piece is lost: the
first that it had in hand and had not answered. Nobody takes its place; the others do the rest, and
where nobody is left the rest is not done.

A process that is told to end (by us, or by anybody who knows its number) breaks off its piece and
takes its leave; then the whole work is broken off, since nobody can want half of it. One whose
maker is gone ends by itself. `worker.py` is what the process does.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from imcli.cli.running.interrupts import ASK_SECONDS, GRACE_SECONDS
from imcli.cli.running.worker import Leave, Raised, held_back, serve
from imcli.model.errors import CouldNotTell

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

FORKED = sys.platform == "linux"
"""A fork is ten times as quick to start as a fresh interpreter, and safe here: this program has one
thread. Where the system's own libraries do not survive a fork, a fresh one is started."""
AT_ONCE = 8
"""So many pieces are handed out at once, so that nobody waits for the next one."""


class Died(Exception):
    """What became of a piece whose process ended before it was done; says how in words."""


class Member:
    """One process, the line to it, and what it has in hand."""

    def __init__(self, process: BaseProcess, line: Connection) -> None:
        self.process = process
        self.line = line
        self.hand: deque[int] = deque()

    def tell_to_end(self) -> None:
        """Ask it to break off."""
        if self.process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGINT)

    def hand_over(self, numbers: list[int]) -> None:
        """Give it more to do."""
        self.hand.extend(numbers)
        with suppress(OSError):  # that it is gone is heard when it is listened to
            self.line.send(numbers)

    def end(self) -> None:
        """Wait until it has ended, and see to it."""
        self.line.close()
        self.process.join(GRACE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def how_it_ended(self) -> str:
        """Say how it ended, once its line is dead."""
        self.end()
        code = self.process.exitcode or 0
        return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with status {code}"


def signal_name(number: int) -> str:
    """Name a signal, and say what is known of the one that nobody can refuse.

    >>> signal_name(11)
    'SIGSEGV'
    """
    with suppress(ValueError):
        name = signal.Signals(number).name
        return f"{name}, as systems do where memory runs out" if name == "SIGKILL" else name
    return f"signal {number}"


class Crew(Generic[T]):
    """Processes that do `count` pieces of work between them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._size = AT_ONCE
        self._todo = deque(range(count))
        self._ready: dict[int, T | Died | Raised] = {}
        self._left = False
        self._broken_off = False
        self._undone = 0
        self._members: list[Member] = []
        self._gone: list[Member] = []
        self._context: Any = multiprocessing.get_context("fork" if FORKED else "spawn")
        self._lifeline, self._life = self._context.Pipe(duplex=False)

    def begin(self, jobs: int, work: Callable[[int], T]) -> None:
        """Make the processes, and give each something to do.

        Raises:
            OSError: the system makes no more of them.
        """
        self._size = max(1, min(AT_ONCE, -(-self._count // (jobs * 2))))
        ours = [self._life]
        with held_back():
            for _ in range(jobs):
                line, theirs = self._context.Pipe()
                ours.append(line)
                # A fork has our ends of all lines too, and would hold them open when we are gone.
                strangers = tuple(ours) if FORKED else ()
                process = self._context.Process(
                    target=serve, args=(theirs, self._lifeline, strangers, work), daemon=True
                )
                process.start()
                theirs.close()
                self._members.append(Member(process, line))
        for member in self._members:
            self._supply(member)

    def answers(self, stopped: Callable[[], bool] = bool) -> Iterator[T | Died | None]:
        """Give what became of each piece, in order; None: it was not done when all was broken off.

        All is broken off when `stopped` says so, or somebody told a process to end.

        Raises:
            CouldNotTell: at the end, where nobody was left to do the rest.
            Exception: what a piece raised.
        """
        for number in range(self._count):
            while number not in self._ready and not self._broken_off:
                if self._left or stopped():
                    self._break_off()
                else:
                    self._listen(ASK_SECONDS)
            yield self._taken(number)
        if self._undone:
            count = f"{self._undone:,} of {self._count:,}"
            raise CouldNotTell(
                f"every process was killed or has ended, and {count} pieces of work were not begun",
                hint="--jobs 1 does all in one process and needs the least memory",
            )

    def _taken(self, number: int) -> T | Died | None:
        found = self._ready.pop(number, None)
        if isinstance(found, Raised):
            raise found.error
        return found

    def _supply(self, member: Member) -> None:
        """See that one has enough in hand to go on while it is not listened to."""
        while len(member.hand) <= self._size and self._todo:
            some = min(self._size, len(self._todo))
            member.hand_over([self._todo.popleft() for _ in range(some)])

    def _listen(self, seconds: float) -> bool:
        """Hear whoever has something to say; False: nobody had."""
        heard = wait([member.line for member in self._members], seconds)
        for member in [each for each in self._members if each.line in heard]:
            self._hear(member)
        return bool(heard)

    def _hear(self, member: Member) -> None:
        try:
            said = member.line.recv()
        except (EOFError, OSError):
            self._lose(member)
            return
        if isinstance(said, Leave):
            self._dismiss(member)
            self._left = True
            return
        number = member.hand.popleft()
        self._ready[number] = said
        self._supply(member)

    def _lose(self, member: Member) -> None:
        """Somebody is gone without a word: one piece is lost, the others do the rest."""
        how = member.how_it_ended()
        hand = tuple(member.hand)
        self._dismiss(member)
        if self._broken_off or self._left:
            return
        if hand:
            self._ready[hand[0]] = Died(f"the process that ran it {how}")
        self._todo.extendleft(reversed(hand[1:]))
        for other in self._members:
            self._supply(other)
        if not self._members:
            self._undone = len(self._todo)
            self._broken_off = True

    def _dismiss(self, member: Member) -> None:
        member.hand.clear()
        self._members.remove(member)
        self._gone.append(member)

    def _break_off(self) -> None:
        """Tell all to end, and hear what they had finished."""
        self._broken_off = True
        self._todo.clear()
        for member in self._members:
            member.tell_to_end()
        while any(member.hand for member in self._members) and self._listen(GRACE_SECONDS):
            pass

    def kill(self) -> None:
        """End all at once: what is under way is of no use any more, and might take long."""
        for member in self._members:
            member.process.kill()

    def end(self) -> None:
        """Let everybody go, and wait until they are gone."""
        for member in self._members:
            if member.hand:
                member.tell_to_end()
        everybody = (*self._members, *self._gone)
        for member in everybody:
            member.line.close()
        for member in everybody:
            member.end()
        self._life.close()
        self._lifeline.close()


@contextmanager
def open_crew(jobs: int, count: int, work: Callable[[int], T]) -> Iterator[Crew[T]]:
    """Make processes and end them, also after an interrupt.

    Args:
        jobs: how many.
        count: how many pieces of work there are.
        work: does the piece of that number; a function (or value) that can go to a process.
    """
    crew: Crew[T] = Crew(count)
    try:
        crew.begin(jobs, work)
        yield crew
    except GeneratorExit:
        raise  # nobody wants more, and there is time to end in order
    except BaseException:
        crew.kill()
        raise
    finally:
        crew.end()
