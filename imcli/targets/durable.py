"""A simulated server each of whose actions is durable when it is over.

It is the same `Server` with the same laws; only its tables are in a file (`sqlite_state.py`), and
each action is one transaction on it (`sqlite_file.py`). Its time is given: the wall clock behind
the admin verbs (`embedded.py`), virtual time where a case is played (`embedded_case.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from imcli.model.actions import Action
from imcli.model.events import Event
from imcli.simulator import clock
from imcli.simulator.server import Server
from imcli.targets.clocks import Clock
from imcli.targets.sqlite_file import StateFile


class DurableServer(Server):
    """A server each of whose actions is a transaction on a state file.

    With `now_ms` every action first moves time to the wall clock. `state` is always good for
    reading; after a failed action it is that of before.
    """

    __slots__ = ("_file", "_now_ms", "_together")

    def __init__(self, file: StateFile, now_ms: Clock | None = None) -> None:
        super().__init__(file.profile, file.reading())
        self._file = file
        self._now_ms = now_ms
        self._together = False

    def apply(self, action: Action) -> list[Event]:
        """Do one action; when this returns, it is durable.

        Raises:
            TargetUnavailable: the file cannot be read or written.
        """
        with self._command():
            return super().apply(action)

    def settle(self) -> list[Event]:
        """Let every delivery under way arrive."""
        with self._command():
            return super().settle()

    def advance_to(self, until_ms: int) -> list[Event]:
        """Move the clock to a time, letting timers act on the way."""
        with self._command():
            return super().advance_to(until_ms)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make all that is done in the block one transaction: an exception undoes all of it."""
        with self._command():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    @contextlib.contextmanager
    def _command(self) -> Iterator[None]:
        if self._together:
            yield
            return
        try:
            with self._file.command() as state:
                self.state = state
                self._catch_up()
                yield
        except BaseException:
            self.state = self._file.reading()
            raise

    def _catch_up(self) -> None:
        if self._now_ms is not None:
            clock.advance_to(self.state, self.keeping, self._now_ms(), [])

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Read within one moment of the file; nothing is kept of what time brings meanwhile.

        A server that caches lists is changed by reading; there a look is a command, but for a file
        in which nobody has done anything yet.
        """
        if self._together:
            yield
            return
        if self.profile.list_cache_ttl and self._file.fixed:
            with self._command():
                yield
            return
        with self._file.look() as state:
            self.state = state
            self._catch_up()
            yield
