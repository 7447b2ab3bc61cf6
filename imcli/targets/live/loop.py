"""One thread that waits on all sockets of a run.

A run has many devices, each with a socket that may speak at any time. They all live here: one
selector, one thread, one list of timers. Whoever owns a socket is a `Handler`; its methods are
called on this thread and must not wait for anything. Other threads leave work with `call` and
are told of results by means of their own (a condition, see `bell.py`).

The thread starts with the first socket and is a daemon, so that nothing here keeps the program
from ending. What a handler raises is a defect; it is kept, the loop ends, and whoever waits for it
asks `check` and learns of it, so that nobody waits for a thread that is no more.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from imcli.model.errors import Defect
from imcli.targets.clocks import Clock

Work = Callable[[], object]

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Handler(Protocol):
    """Owns a socket; called on the loop's thread."""

    def ready(self, events: int) -> None:
        """The socket can be read (`READ`), written (`WRITE`) or both."""


class Timer:
    """Something that is to be done at a time, unless it is cancelled before."""

    __slots__ = ("cancelled", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.cancelled = False

    def cancel(self) -> None:
        """It shall not be done any more; from any thread."""
        self.cancelled = True


class Loop:
    """The selector of a run and the thread that waits on it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.closed_ms = clock() - 1000
        """When a socket was closed last."""
        self._selector = selectors.DefaultSelector()
        self._left: deque[Work] = deque()
        self._timers: list[tuple[int, int, Timer]] = []
        self._count = itertools.count()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._selector.register(self._woken, READ, None)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ends = False
        self._broken: BaseException | None = None

    # From any thread

    def call(self, work: Work) -> None:
        """Leave something to be done on the loop's thread, soon."""
        self._left.append(work)
        if threading.current_thread() is not self._thread:
            self._start()
            with suppress(BlockingIOError):  # full: it will wake anyway
                self._waker.send(b"\0")

    def check(self) -> None:
        """Make sure that the thread is alive.

        Raises:
            Defect: something on it went wrong that no server can be the reason of.
        """
        if self._broken is not None:
            raise Defect(f"the thread of the connections broke: {self._broken!r}")

    def close(self) -> None:
        """End the thread and close whatever socket is left."""
        if self._thread is not None and self._thread.is_alive():
            self.call(self._end)
            self._thread.join()
        for key in list(self._selector.get_map().values()):
            if key.data is not None and isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        for each in (self._selector, self._waker, self._woken):
            each.close()

    def _end(self) -> None:
        self._ends = True

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="devices", daemon=True)
                self._thread.start()

    # On the loop's thread

    def watch(self, sock: socket.socket, events: int, handler: Handler) -> None:
        """Wait for a socket, or for something else of it."""
        try:
            self._selector.modify(sock, events, handler)
        except KeyError:
            self._selector.register(sock, events, handler)

    def forget(self, sock: socket.socket) -> None:
        """Wait for a socket no longer."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def later(self, delay_ms: int, work: Work) -> Timer:
        """Do something in so many milliseconds."""
        timer = Timer(work)
        heapq.heappush(self._timers, (self.clock() + delay_ms, next(self._count), timer))
        return timer

    def _run(self) -> None:
        try:
            while not self._ends:
                self._turn()
        except BaseException as error:
            self._broken = error

    def _turn(self) -> None:
        for key, events in self._selector.select(self._patience()):
            if key.data is not None:
                key.data.ready(events)
            else:
                self._drain()
        while self._left:
            self._left.popleft()()
        while self._timers and self._timers[0][0] <= self.clock():
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.work()

    def _patience(self) -> float | None:
        """How long to wait for sockets, in seconds."""
        if self._left:
            return 0.0
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return max(0.0, (self._timers[0][0] - self.clock()) / 1000)

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
