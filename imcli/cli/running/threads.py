"""Threads for `--jobs` where a target is a real server: they wait more than they work.

All cases of such a run share what was opened for it: one loop for the connections of all devices,
one pool of HTTP connections. An interrupt belongs to the one who was asked; it ends the waits of
all the others, and each of them answers what it had finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from imcli.targets.base import OpenTarget, Shared

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from imcli.scenario.events import RunEvent
    from imcli.scenario.running.run import Options as RunOptions
    from imcli.scenario.syntax import Case


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

    def work(
        self,
        cases: tuple[Case, ...],
        target_names: tuple[str, ...],
        make_target: Callable[[str], OpenTarget],
        options: RunOptions,
    ) -> list[RunEvent]:
        """Run some cases in this thread; after an interrupt give those that had finished."""
        from imcli.scenario.running.suite import run_chunk

        return [] if self.stopped else run_chunk(cases, target_names, make_target, options)


@contextmanager
def opened(names: Sequence[str], make: Callable[[str], OpenTarget]) -> Iterator[Openers]:
    """Open the targets of a run, and close them at its end."""
    with ExitStack() as stack:
        openers: dict[str, OpenTarget] = {}
        for name in names:
            opener = openers[name] = make(name)
            if isinstance(opener, Shared):
                stack.callback(opener.close)
        yield Openers(openers)


@contextmanager
def open_threads(jobs: int, openers: Openers) -> Iterator[ThreadPoolExecutor]:
    """Make threads and end them, also after an interrupt."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(jobs, thread_name_prefix="case")
    try:
        yield pool
    except BaseException:
        openers.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
