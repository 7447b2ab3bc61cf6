"""Names for the harness, real ids for the server: a target seen through a table of names.

A case may say which id a user or a group really has (`ids = { A = "a:1" }`), because the id is
what the case is about. The server then runs with the real ids, while whoever asks goes on speaking
of `A`: what goes in is renamed, what comes out is renamed back.

`ROLES` says what each field of the actions, events, questions and views holds; everything that is
not in the table passes as it is. Texts for people (a refusal's detail, the facts of `Observable`)
keep the real ids: they are what the server said. A case without ids never comes here (`renamed`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

from imcli.model.actions import Action, Request
from imcli.model.entities import DeviceKey, Entry, Message, channel_key, group_key
from imcli.model.events import Event
from imcli.model.questions import ListView, Question, View
from imcli.targets.base import Capability, Cast, Identity, Outcome, Target

Role = Literal["name", "names", "pairs", "channel", "keys", "value", "values", "lists"]

ROLES: dict[str, Role] = {
    "user": "name",
    "chat": "name",
    "group": "name",
    "owner": "name",
    "member": "name",
    "sender": "name",
    "members": "names",
    "chats": "names",
    "joined": "names",
    "left": "names",
    "requests": "names",
    "seqs": "pairs",
    "tombstones": "pairs",
    "channel": "channel",
    "devices": "keys",
    "message": "value",
    "last": "value",
    "entry": "value",
    "unlisted": "value",
    "messages": "values",
    "entries": "values",
    "commands": "values",
    "arrivals": "values",
    "lists": "lists",
}
"""What a field of this name holds, in every struct of the model that travels: a user, group or
chat; several; (chat, number) pairs; a channel key; device keys; a struct, several; named lists."""

T = TypeVar("T", bound=msgspec.Struct)
Convert = Callable[[object], object]


class Names:
    """One direction of a renaming.

    >>> names = Names({"A": "a:1", "#team": "#g|1"})
    >>> names.name("A"), names.name("B"), names.name("#team"), names.channel("A@Z")
    ('a:1', 'B', '#g|1', 'Z@a:1')
    """

    def __init__(self, table: dict[str, str]) -> None:
        self.table = table
        self._converters: dict[Role, Convert] = {
            "name": self._as_name,
            "names": self._names,
            "pairs": self._pairs,
            "channel": self._as_channel,
            "keys": self._keys,
            "value": self._value,
            "values": self._values,
            "lists": self._lists,
        }
        self._plans: dict[type, tuple[tuple[str, Convert], ...]] = {}

    def name(self, name: str) -> str:
        """Rename a user, a group or a chat; who has no other name keeps it."""
        return self.table.get(name, name)

    def channel(self, key: str) -> str:
        """Rename a channel key; the two users of a person channel stand in order again."""
        first, between, second = key.partition("@")
        return channel_key(self.name(first), self.name(second)) if between else self.name(key)

    def struct(self, value: T) -> T:
        """Rename in a struct of the model, and in the structs that it holds."""
        changes: dict[str, object] = {}
        for field, convert in self._plan(type(value)):
            old = getattr(value, field)
            new = convert(old)
            if new is not old and new != old:
                changes[field] = new
        return replace(value, **changes) if changes else value

    def _plan(self, kind: type[msgspec.Struct]) -> tuple[tuple[str, Convert], ...]:
        plan = self._plans.get(kind)
        if plan is None:
            fields = [name for name in kind.__struct_fields__ if name in ROLES]
            plan = tuple((name, self._converters[ROLES[name]]) for name in fields)
            self._plans[kind] = plan
        return plan

    def _as_name(self, value: object) -> object:
        return self.name(value) if isinstance(value, str) else value

    def _names(self, value: object) -> object:
        """Rename the names; `dismissed` and the like have the field name of a list elsewhere."""
        return tuple(map(self._as_name, value)) if isinstance(value, tuple) else value

    def _pairs(self, value: object) -> object:
        pairs = value if isinstance(value, tuple) else ()
        return tuple((self.name(chat), number) for chat, number in pairs)

    def _as_channel(self, value: object) -> object:
        return self.channel(value) if isinstance(value, str) else value

    def _keys(self, value: object) -> object:
        """Rename device keys; devices named within their user stay as they are."""
        keys = value if isinstance(value, tuple) else ()
        return tuple(
            DeviceKey(self.name(key.user), key.device) if isinstance(key, DeviceKey) else key
            for key in keys
        )

    def _value(self, value: object) -> object:
        if isinstance(value, msgspec.Struct):
            return self.struct(value)
        return self._values(value) if isinstance(value, tuple) else value

    def _values(self, value: object) -> object:
        found = value if isinstance(value, tuple) else ()
        return tuple(self.struct(each) for each in found if isinstance(each, Message | Entry))

    def _lists(self, value: object) -> object:
        found = value if isinstance(value, tuple) else ()
        return tuple(
            (device, self.struct(view)) for device, view in found if isinstance(view, ListView)
        )


def tables_of(cast: Cast) -> tuple[dict[str, str], dict[str, str]]:
    """Give name -> real id and back, groups with their `#`.

    What is no user of the cast is a group, also one that is created later.

    >>> tables_of(Cast((("A", ()),), (), (("A", "a:1"), ("team", "g|1"))))[0]
    {'A': 'a:1', '#team': '#g|1'}
    """
    users = {user for user, _ in cast.users}
    there: dict[str, str] = {}
    for name, real in cast.ids:
        if name in users:
            there[name] = real
        else:
            there[group_key(name)] = group_key(real)
    return there, {real: name for name, real in there.items()}


def real_cast(cast: Cast, there: Names) -> Cast:
    """Give the cast as the server knows it."""
    return Cast(
        tuple((there.name(user), devices) for user, devices in cast.users),
        tuple(
            (there.name(group_key(group)), tuple(map(there.name, members)))
            for group, members in cast.groups
        ),
    )


class RenamedTarget:
    """A target whose server has other ids than the harness names. Implements `Target`.

    `cast` are those who take part, by name; `there` renames what goes to `inner`, `back` what comes
    from it.
    """

    __slots__ = ("back", "capabilities", "cast", "identity", "inner", "there", "virtual")

    def __init__(self, inner: Target, cast: Cast, there: Names, back: Names) -> None:
        self.inner = inner
        self.cast = cast
        self.identity: Identity = inner.identity
        self.capabilities: frozenset[Capability] = inner.capabilities
        self.virtual = inner.virtual
        self.there = there
        self.back = back

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action, asked for by name."""
        if isinstance(action, Request):
            from imcli.wire.raw import filled  # rarely asked for

            real: Action = filled(action, self.there.name)
        else:
            real = self.there.struct(action)
        outcome = self.inner.perform(real, queue=queue)
        return replace(outcome, events=self._renamed(outcome.events))

    def _renamed(self, events: Sequence[Event]) -> tuple[Event, ...]:
        return tuple(self.back.struct(event) for event in events)

    def observe(self, question: Question) -> View:
        """Look without changing anything, by name."""
        return self.back.struct(self.inner.observe(self.there.struct(question)))

    @property
    def answers_alike(self) -> bool:
        """Whether all devices of a user are answered the same list."""
        return getattr(self.inner, "answers_alike", False)

    def settle(self) -> None:
        """Wait until every delivery and answer under way is done."""
        self.inner.settle()

    def advance(self, until_ms: int) -> bool:
        """Move to the next moment at which an answer may have changed."""
        return self.inner.advance(until_ms)

    def now(self) -> int:
        """Time in milliseconds."""
        return self.inner.now()

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running."""
        return self.inner.timers()

    def close(self) -> tuple[str, ...]:
        """End the world."""
        return self.inner.close()


def renamed(cast: Cast, make: Callable[[Cast], Target]) -> Target:
    """Open a world by `make`; where the cast has ids of its own, the world has those.

    Without ids the target itself is given, and nothing is paid for names.
    """
    if not cast.ids:
        return make(cast)
    forth, reverse = tables_of(cast)
    there = Names(forth)
    return RenamedTarget(make(real_cast(cast, there)), cast, there, Names(reverse))
