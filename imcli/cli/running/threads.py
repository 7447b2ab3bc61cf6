"""Threads for `--jobs` where a target is a real server: they wait more than they work.

All cases of such a run share what was opened for it: one loop for the connections of all devices,
one pool of HTTP connections. An interrupt belongs to the one who was asked; it ends the waits of
all the others, and each of them answers what it had finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from imcli.cli.running.interrupts import ASK_SECONDS, GRACE_SECONDS
from imcli.model.errors import TargetUnavailable
from imcli.targets.base import (
    ALL_CAPABILITIES,
    Capability,
    Cast,
    Identity,
    OpenTarget,
    Shared,
    Target,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

T = TypeVar("T")


class Openers:
    """The targets of a run, each opened once."""

    def __init__(self, opened: dict[str, OpenTarget]) -> None:
        self._opened = opened
        self.stopped = False

    def __call__(self, name: str) -> OpenTarget:
        """Give the one of this name."""
        return self._opened[name]

    def stop(self) -> None:
        """End the waits of all who work, now and from now on."""
        self.stopped = True
        for opener in self._opened.values():
            if isinstance(opener, Shared):
                opener.interrupt()


class Unreachable:
    """A server that was not there when the run began: every case on it is in error."""

    capabilities: frozenset[Capability] = frozenset(ALL_CAPABILITIES)

    def __init__(self, name: str, why: TargetUnavailable) -> None:
        self.identity = Identity(name, "live", "wukongim")
        self._why = why

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        """Open nothing.

        Raises:
            TargetUnavailable: what was said when it was tried.
        """
        raise TargetUnavailable(self._why.message, hint=self._why.hint)


@contextmanager
def opened(names: Sequence[str], make: Callable[[str], OpenTarget]) -> Iterator[Openers]:
    """Open the targets of a run, and close them at its end.

    One that cannot be reached does not keep the others from being used.

    Raises:
        TargetUnavailable: none can be reached.
    """
    with ExitStack() as stack:
        openers: dict[str, OpenTarget] = {}
        gone: list[TargetUnavailable] = []
        for name in names:
            try:
                opener = openers[name] = make(name)
            except TargetUnavailable as error:
                openers[name] = Unreachable(name, error)
                gone.append(error)
                continue
            if isinstance(opener, Shared):
                stack.callback(opener.close)
        if len(gone) == len(names):
            raise gone[0]
        yield Openers(openers)


class Threads(Generic[T]):
    """Threads that do `count` pieces of work between them; answers come in order."""

    def __init__(self, pool: Executor, count: int, work: Callable[[int], T], over: Openers) -> None:
        self._work = work
        self._over = over
        self._waiting = [pool.submit(self._piece, number) for number in range(count)]

    def _piece(self, number: int) -> T | None:
        """Do one piece; None: it was broken off."""
        try:
            return None if self._over.stopped else self._work(number)
        except KeyboardInterrupt:
            return None

    def answers(self, stopped: Callable[[], bool] = bool) -> Iterator[T | None]:
        """Give what became of each piece, in order; None: it was not done when all was broken off.

        All is broken off when `stopped` says so.
        """
        for future in self._waiting:
            while not self._over.stopped and not _is_done(future):
                if stopped():
                    self._break_off()
            yield future.result() if future.done() and not future.cancelled() else None

    def _break_off(self) -> None:
        """Tell all to end, and wait for what they had finished."""
        from concurrent.futures import wait

        begun = [future for future in self._waiting if not future.cancel()]
        self._over.stop()
        wait(begun, GRACE_SECONDS)

    def end(self) -> None:
        """Let nothing more begin, and what is under way end now: nobody asks for it any more."""
        if [future for future in self._waiting if not future.cancel() and not future.done()]:
            self._over.stop()


def _is_done(future: Future[Any]) -> bool:
    """Wait for a piece of work, and not for ever."""
    from concurrent.futures import wait

    return bool(wait([future], ASK_SECONDS).done)


@contextmanager
def open_threads(
    jobs: int, count: int, work: Callable[[int], T], openers: Openers
) -> Iterator[Threads[T]]:
    """Make threads and end them, also after an interrupt."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="case")
    threads = Threads(pool, count, work, openers)
    try:
        yield threads
    finally:
        threads.end()
        pool.shutdown(wait=True)
