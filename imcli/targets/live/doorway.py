"""Connections are opened and closed apart from each other, since real servers lose some otherwise.

A server that closes a socket forgets its number a moment later, and with it a connection that got
the same number in between (WuKongIM `pkg/wknet/conn.go:close`). So nobody opens while others close
or just did, and nobody closes while others open. Both wait for a while only: an unlucky connection
is lost, and tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from imcli.targets.clocks import Sleep
from imcli.targets.live.loop import Loop

GAP_MS = 60
"""With 50 ms between a close and the next open none of 100 was lost (measured, all versions)."""
PATIENCE_MS = 200
"""No longer than that does anybody wait for others."""


class Doorway:
    """Who goes in and who goes out, of all cases of a run."""

    def __init__(self, loop: Loop, sleep: Sleep) -> None:
        self._loop = loop
        self._sleep = sleep
        self._bell = threading.Condition()
        self._opening = 0
        self._closing = 0

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Connections are opened in here."""
        end = self._loop.clock() + PATIENCE_MS
        while (left_ms := self._in(end)) > 0:
            self._sleep(left_ms)
        try:
            yield
        finally:
            with self._bell:
                self._opening -= 1
                self._bell.notify_all()

    def _in(self, end: int) -> int:
        """Step in, once nobody goes out; else tells how long to wait for a gap."""
        with self._bell:
            self._bell.wait_for(lambda: not self._closing, PATIENCE_MS / 1000)
            now = self._loop.clock()
            left_ms = min(self._loop.closed_ms + GAP_MS, end) - now
            if left_ms <= 0:
                self._opening += 1
            return left_ms

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Connections are closed in here, or soon afterwards on the loop's thread."""
        with self._bell:
            self._closing += 1
            self._bell.wait_for(lambda: not self._opening, PATIENCE_MS / 1000)
        try:
            yield
        finally:
            with self._bell:
                self._loop.closed_ms = self._loop.clock()
                self._closing -= 1
                self._bell.notify_all()
