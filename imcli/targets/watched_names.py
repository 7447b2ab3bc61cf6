"""A watched world whose server has other ids than the harness names: judged by name.

What reaches the server and what comes from it is renamed before the checker sees it, and what the
checker asks of the world is renamed on the way there. So the ledger, the judges and their sentences
know the names of the case alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imcli.model.actions import LISTED_MESSAGES, Action
from imcli.model.entities import Entry, Message
from imcli.model.events import Event, ListAnswer
from imcli.model.questions import ListView
from imcli.targets.renaming import Names
from imcli.trace.probe import World
from imcli.trace.verdicts import Broken

Judge = Callable[[Action, Sequence[Event]], list[Broken]]


def renamed_judge(judge: Judge, back: Names) -> Judge:
    """Give a judge of a server's own actions and events, from one that knows names."""

    def by_name(action: Action, events: Sequence[Event]) -> list[Broken]:
        return judge(back.struct(action), [back.struct(event) for event in events])

    return by_name


class RenamedWorld:
    """A world seen through a table of names; implements `trace.probe.World`."""

    __slots__ = ("_back", "_there", "inner", "now_ms")

    def __init__(self, inner: World, there: Names, back: Names) -> None:
        self.inner = inner
        self.now_ms = inner.now_ms
        self._there = there
        self._back = back

    def entry(self, user: str, chat: str, limit: int = LISTED_MESSAGES) -> Entry | None:
        """Give what a full synchronisation lists of one conversation, or None."""
        name = self._there.name
        entry = self.inner.entry(name(user), name(chat), limit)
        return None if entry is None else self._back.struct(entry)

    def history(self, user: str, chat: str) -> Sequence[Message]:
        """Give the whole history."""
        name = self._there.name
        return [self._back.struct(m) for m in self.inner.history(name(user), name(chat))]

    def listing(self, user: str) -> ListAnswer:
        """Give the whole list."""
        return self._back.struct(self.inner.listing(self._there.name(user)))

    def fork(self) -> RenamedWorld:
        """Give a copy."""
        return RenamedWorld(self.inner.fork(), self._there, self._back)

    def apply(self, action: Action) -> Sequence[Event]:
        """Do one action."""
        events = self.inner.apply(self._there.struct(action))
        return [self._back.struct(event) for event in events]

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device shows after synchronising."""
        lists = self.inner.agreement(self._there.name(user))
        return tuple((device, self._back.struct(view)) for device, view in lists)

    def perhaps_unlike(self, other: World, users: Sequence[str]) -> Sequence[str]:
        """Name the users of whom anything that their answers are made of differs."""
        assert isinstance(other, RenamedWorld)
        there, back = self._there.name, self._back.name
        return [back(u) for u in self.inner.perhaps_unlike(other.inner, [*map(there, users)])]
