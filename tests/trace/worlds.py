"""Worlds for the tests of this room: one made by hand, and the simulated one, watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from imcli.model.actions import Action, AddDevice, CreateUser, Send, Synchronise
from imcli.model.entities import Entry, Message, channel_key
from imcli.model.events import Accepted, Event, ListAnswer, Stored
from imcli.model.questions import ListView
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.server import Server
from imcli.targets.base import Cast, Identity
from imcli.targets.simulated import SimulatedTarget
from imcli.targets.watched import Watch
from imcli.trace.invariants import Checker
from imcli.trace.programs import Program, random_program
from imcli.trace.verdicts import Broken


class HandWorld:
    """A world that answers what it was told to; `on_apply` is what an action does to a copy."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.histories: dict[tuple[str, str], tuple[Message, ...]] = {}
        self.shown: dict[str, tuple[tuple[str, ListView], ...]] = {}
        self.extra_total = 0
        self.now = 0
        self.on_apply: Callable[[HandWorld, Action], None] = lambda world, action: None

    def entry(self, user: str, chat: str, limit: int = 20) -> Entry | None:
        entry = self.entries.get((user, chat))
        if entry is None:
            return None
        return msgspec.structs.replace(entry, messages=entry.messages[-limit:])

    def history(self, user: str, chat: str) -> tuple[Message, ...]:
        return self.histories.get((user, chat), ())

    def listing(self, user: str) -> ListAnswer:
        entries = tuple(entry for (who, _), entry in self.entries.items() if who == user)
        total = sum(entry.unread for entry in entries) + self.extra_total
        return ListAnswer(user, "", True, 0, entries, total_unread=total)

    def now_ms(self) -> int:
        return self.now

    def fork(self) -> HandWorld:
        twin = HandWorld()
        twin.entries, twin.histories = dict(self.entries), dict(self.histories)
        twin.shown, twin.now, twin.on_apply = self.shown, self.now, self.on_apply
        return twin

    def apply(self, action: Action) -> Sequence[Event]:
        self.on_apply(self, action)
        if isinstance(action, Synchronise) and action.page:
            entries = self.listing(action.user).entries
            first = (action.page - 1) * action.page_size
            page = entries[first : first + action.page_size]
            return [ListAnswer(action.user, "", False, 0, page, partial=True)]
        return []

    def perhaps_unlike(self, other: object, users: Sequence[str]) -> Sequence[str]:
        return users

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        listing = self.listing(user)
        whole = ListView(listing.entries, listing.total_unread)
        return (*self.shown.get(user, (("phone", whole),)), ("", whole))


class Stage:
    """Users A, B and C with a phone each, a checker, and a world that is right until told else."""

    def __init__(self, **switches: object) -> None:
        self.world = HandWorld()
        self.checker = Checker(self.world, switches)
        for user in "ABC":
            self.checker.after(CreateUser(user), [])
            self.checker.after(AddDevice(user, "phone"), [])

    def do(self, action: Action, *events: Event) -> list[Broken]:
        return self.checker.after(action, events)

    def put(self, user: str, chat: str, *messages: Message, **facts: object) -> None:
        """Make the world list a conversation with these messages, all of them its history too."""
        last = messages[-1] if messages else None
        entry = Entry(chat, 0, last, messages)
        self.world.entries[user, chat] = msgspec.structs.replace(entry, **facts)
        self.world.histories[user, chat] = messages

    def send(
        self, user: str, chat: str, seq: int, *, text: str = "hi", **facts: object
    ) -> tuple[Send, Message, tuple[Event, ...]]:
        """Give a send, its message, and the events of its being stored."""
        key = channel_key(user, chat)
        message = msgspec.structs.replace(
            Message(key, seq, seq, f"c{seq}", user, text, time_ms=seq), **facts
        )
        action = Send(user, "phone", chat, text, message.client_msg_no)
        accepted = Accepted(user, "phone", message.client_msg_no, message.message_id, seq, message)
        return action, message, (Stored(message), accepted)

    def talk(self, count: int = 1) -> tuple[Message, ...]:
        """B sends A this many messages, and everything is right."""
        messages: tuple[Message, ...] = ()
        for seq in range(1, count + 1):
            action, message, events = self.send("B", "A", seq)
            messages = (*messages, message)
            self.put("A", "B", *messages, unread=seq)
            self.put("B", "A", *messages, read_to=seq)
            assert not self.do(action, *events)
        return messages


def numbers(broken: Sequence[Broken]) -> set[int]:
    return {each.number for each in broken}


# The simulated world


def open_watched(
    program: Program, profile: Profile = REFERENCE, *, each_step: bool = False
) -> tuple[SimulatedTarget, Watch]:
    identity = Identity("sim", "sim", "reference")
    target = SimulatedTarget(Server(profile), identity, Cast(program.users, program.groups))
    return target, Watch(target, each_step=each_step)


def play(program: Program, profile: Profile = REFERENCE, *, each_step: bool = False) -> list[str]:
    """Run a program to its end or to the first step that breaks something."""
    return broken_by(program, profile, each_step=each_step)[0]


def broken_by(
    program: Program, profile: Profile = REFERENCE, *, each_step: bool = False
) -> tuple[list[str], Watch]:
    target, watch = open_watched(program, profile, each_step=each_step)
    for action in program.actions:
        told = watch.after(action, target.perform(action, queue=True))
        if told:
            return told, watch
    return watch.finish(), watch


def search(number: int, profile: Profile, budget: int) -> int | None:
    """Say which of `budget` random programs is the first to break an invariant, or None."""
    for seed in range(budget):
        _, watch = broken_by(random_program(Random(seed), 40), profile)
        if number in numbers(watch.checker.broken):
            return seed
    return None
