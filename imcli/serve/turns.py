"""One turn of the event loop: whatever happened in it is committed once, then its answers leave.

A client that reads an answer may rely on it: a server that is killed the moment after must still
know what it said. So answers wait (`after`) until `commit` has returned. A turn begins with the
first thing that happens and ends before the loop looks at its sockets again, so a thousand
messages that arrive together cost one commit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Loop(Protocol):
    """The part of an event loop that turns need."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call something before the loop looks at its sockets again."""


class Turns:
    """Groups what happens in a turn.

    Args:
        loop: the event loop.
        commit: makes what happened durable; what it raises ends the server.
        failed: is told what `commit` raised; nothing that waited is done.
    """

    def __init__(
        self, loop: Loop, commit: Callable[[], None], failed: Callable[[Exception], None]
    ) -> None:
        self._loop = loop
        self._commit = commit
        self._failed = failed
        self._open = False
        self._waiting: list[Callable[[], None]] = []
        self.broken = False
        """Whether a commit failed: no answer leaves any more."""

    @property
    def is_open(self) -> bool:
        """Whether something has happened that is not committed yet."""
        return self._open

    def begin(self) -> bool:
        """Say that something is about to happen; True for the first thing of a turn."""
        if self._open:
            return False
        self._open = True
        self._loop.call_soon(self.end)
        return True

    def after(self, callback: Callable[[], None]) -> None:
        """Call something once what has happened is durable."""
        self._waiting.append(callback)

    def end(self) -> None:
        """Commit, then let the answers go."""
        if not self._open:
            return
        self._open = False
        waiting, self._waiting = self._waiting, []
        if self.broken:
            return
        try:
            self._commit()
        except Exception as error:
            self.broken = True
            self._failed(error)
            return
        for callback in waiting:
            callback()
