"""Random programs from the table of sentences, valid by construction.

Every hole has a way of being filled with something that exists by then: users and devices of the
cast, labels of messages sent before. A program is a list of lines as they would stand in `steps`,
each in its canonical form. The only chance is the `random.Random` that is given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from imcli.model.entities import DeviceSpec, channel_key, chat_of
from imcli.model.reasons import REASONS
from imcli.scenario.table.holes import METHODS, THE_CONVERSATION
from imcli.scenario.table.patterns import (
    Detail,
    DetailRow,
    Group,
    Hole,
    Part,
    Row,
    Slots,
    write_parts,
)
from imcli.scenario.table.rows import ActionRow, ClaimRow
from imcli.scenario.table.sentences import ACTIONS, DETAILS
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.sentences_details import ENDINGS
from imcli.targets.base import Cast

TEXTS = (
    "hi",
    "",
    'say "hi"',
    "# no comment; one text",
    "it's 5$",
    "héllo 你好 \U0001f600",
    "a\nb",
    "{}",
)
OBJECTS = ("{}", '{"type": 1}', '{"a": ["x; y", "# z"], "b": {"c": null}}')
DURATIONS = ("1ms", "500ms", "2s", "60s", "5m", "1h", "1d")
EXTRA_DEVICES = (
    DeviceSpec("tablet"),
    DeviceSpec("web", "web"),
    DeviceSpec("desktop", "pc"),
    DeviceSpec("kiosk", "web"),
    DeviceSpec("wall", "pc", "slave"),
)
MANY_MAX = 3
_TRIES = 50


def random_program(
    rng: random.Random,
    cast: Cast,
    n: int,
    *,
    actions: Sequence[ActionRow] = ACTIONS,
    claims: Sequence[ClaimRow] = CLAIMS,
    blocks: bool = False,
) -> list[str]:
    """Write a random program of `n` sentences for a cast.

    Args:
        rng: the source of chance; the same state gives the same program.
        cast: who takes part; at least one user.
        n: how many sentences; blocks count as one.
        actions: rows to choose actions from.
        claims: rows to choose claims from; none for a program that only acts.
        blocks: also write `together:` and `repeat 2:`, whose lines are indented.
    """
    writer = _Writer(rng, cast, actions, claims)
    lines: list[str] = []
    for _ in range(n):
        lines += writer.block() if blocks and rng.random() < 0.1 else [writer.sentence()]
    return lines


class _Writer:
    """Knows what exists so far, and fills holes with it."""

    def __init__(
        self,
        rng: random.Random,
        cast: Cast,
        actions: Sequence[ActionRow],
        claims: Sequence[ClaimRow],
    ) -> None:
        self.rng = rng
        self.users = [user for user, _ in cast.users]
        self.devices = {user: [spec.name for spec in specs] for user, specs in cast.users}
        self.groups = [group for group, _ in cast.groups]
        self.implied = len(self.users) == 2 and not self.groups
        self.actions = [row for row in actions if row.name != "create-group" or not self.implied]
        self.claims = list(claims)
        self.labels: dict[str, tuple[str, str]] = {}
        """Who sent each message, and to which channel."""
        self.answers: list[str] = []
        self.number = 0
        self.quiet = False
        self.anywhere = False
        """Whether a message of another conversation may be meant, as one that is not in this."""

    def sentence(self) -> str:
        """Write one sentence; one that needs what is not there yet gives way to another."""
        for _ in range(_TRIES):
            claim = bool(self.claims) and (not self.actions or self.rng.random() < 0.3)
            text = self._assertion() if claim else self._action()
            if text:
                return text
        return "wait 1s"

    def block(self) -> list[str]:
        """Write a block of actions that name nothing."""
        self.quiet = True
        head = self.rng.choice(("together:", "repeat 2:"))
        lines = [head]
        for _ in range(self.rng.randint(1, 3)):
            lines.append(f"  {self._plain_action()}")
        self.quiet = False
        return lines

    def _plain_action(self) -> str:
        for _ in range(_TRIES):
            text = self._action()
            if text:
                return text
        return "wait 1s"

    def _action(self) -> str:
        row = self.rng.choice(self.actions)
        self.anywhere = False
        slots = Slots()
        if row.name == "resend":
            if not self.labels or self.quiet:
                return ""
            label = self.rng.choice(sorted(self.labels))
            slots.user, slots.label = self.labels[label][0], label
            if self.rng.random() < 0.5:
                slots.new = self._new_name()
        elif (self.quiet and row.name in ("add-device", "create-group")) or not self._fill(
            row.parts, slots
        ):
            return ""
        text = write_parts(row.parts, slots)
        if row.ends and self.rng.random() < 0.1:
            text = f"{text} {self._ending()}"
        self._remember(row, slots)
        return text

    def _ending(self) -> str:
        row = self.rng.choice(ENDINGS)
        slots = Slots()
        self._fill(row.parts, slots)
        return write_parts(row.parts, slots)

    def _remember(self, row: Row, slots: Slots) -> None:
        """Note what a sentence brought into the world."""
        if row.name == "add-device" and slots.spec is not None:
            self.devices[slots.user].append(slots.spec.name)
        if row.name == "create-group":
            self.groups.append(slots.group)
        if not slots.new:
            return
        if row.name == "request":
            self.answers.append(slots.new)
        elif row.name == "send-many":
            sent = slots.user, self._channel(slots)
            self.labels.update((f"{slots.new}{i + 1}", sent) for i in range(slots.number or 0))
        elif row.name == "resend":
            self.labels[slots.new] = self.labels[slots.label]
        else:
            self.labels[slots.new] = slots.user, self._channel(slots)

    def _channel(self, slots: Slots) -> str:
        """Name the channel that a sentence speaks of."""
        chat = slots.chat
        if chat in ("", THE_CONVERSATION):
            chat = next(user for user in self.users if user != slots.user)
        return channel_key(slots.user, chat)

    def _messages(self, slots: Slots) -> list[str]:
        """List the messages that a sentence may mean: where it has a conversation, those in it.

        Where there are none, it speaks of another conversation of its user, in which there are.
        """
        if not slots.chat or self.anywhere:
            return sorted(self.labels)
        mine = [sent[1] for sent in self.labels.values() if slots.user in sent[1].split("@")]
        if mine and self._channel(slots) not in mine:
            slots.chat = chat_of(slots.user, self.rng.choice(mine))
        channel = self._channel(slots)
        return sorted(name for name, sent in self.labels.items() if sent[1] == channel)

    def _assertion(self) -> str:
        claims: list[str] = []
        for _ in range(2 if self.rng.random() < 0.1 else 1):
            row = self.rng.choice(self.claims)
            slots = Slots()
            self.anywhere = row.negative
            if not self._fill(row.parts, slots):
                return ""
            claims.append(write_parts(row.parts, slots))
        time = self.rng.choice(
            ("", "", "", f"within {self._duration()} ", f"for {self._duration()} ")
        )
        return f"assert {time}{' or '.join(claims)}"

    def _duration(self) -> str:
        return self.rng.choice(DURATIONS)

    def _fill(self, parts: Sequence[Part], slots: Slots) -> bool:
        """Fill the holes of a pattern; False where something needed does not exist."""
        for part in parts:
            if isinstance(part, Hole):
                if not _FILLERS[part.kind](self, slots):
                    return False
            elif isinstance(part, Group):
                self._fill_group(part, slots)
        return True

    def _fill_group(self, group: Group, slots: Slots) -> None:
        needed = group.field == "chat" and not self.implied
        if not needed and self.rng.random() < 0.6:
            return
        if group.field == "new" and self.quiet:
            return
        if group.words:
            slots.words = (*slots.words, group.words)
        else:
            self._fill(group.parts, slots)

    def _new_name(self) -> str:
        self.number += 1
        return f"m{self.number}_"

    # One way of filling per kind of hole

    def actor(self, slots: Slots) -> bool:
        """Choose a user, perhaps one device."""
        slots.user = self.rng.choice(self.users)
        if self.rng.random() < 0.5:
            slots.device = self.rng.choice(self.devices[slots.user])
        return True

    def user(self, slots: Slots) -> bool:
        """Choose a user."""
        slots.user = self.rng.choice(self.users)
        return True

    def peer(self, slots: Slots) -> bool:
        """Choose another user, if there is one."""
        others = [user for user in self.users if user != slots.user]
        if others:
            slots.peer = self.rng.choice(others)
        return bool(others)

    def some_users(self, slots: Slots) -> bool:
        """Choose users."""
        slots.users = tuple(self.rng.sample(self.users, self.rng.randint(1, len(self.users))))
        return True

    def chat(self, slots: Slots) -> bool:
        """Choose a user, a group, or the conversation."""
        choices = [*self.users, *self.groups]
        slots.chat = self.rng.choice([*choices, THE_CONVERSATION] if self.implied else choices)
        return True

    def chats(self, slots: Slots) -> bool:
        """Choose chats."""
        choices = [*self.users, *self.groups]
        slots.chats = tuple(self.rng.sample(choices, self.rng.randint(1, min(3, len(choices)))))
        return True

    def group(self, slots: Slots) -> bool:
        """Choose a group, if there is one."""
        if self.groups:
            slots.group = self.rng.choice(self.groups)
        return bool(self.groups)

    def new_group(self, slots: Slots) -> bool:
        """Name a new group."""
        self.number += 1
        slots.group = f"#g{self.number}"
        return True

    def text(self, slots: Slots) -> bool:
        """Choose a text."""
        slots.text = self.rng.choice(TEXTS)
        return True

    def json(self, slots: Slots) -> bool:
        """Choose an object."""
        slots.json = self.rng.choice(OBJECTS)
        return True

    def label(self, slots: Slots) -> bool:
        """Choose a message, if there is one."""
        messages = self._messages(slots)
        if messages:
            slots.label = self.rng.choice(messages)
        return bool(messages)

    def label2(self, slots: Slots) -> bool:
        """Choose another message; of the same conversation, unless somebody receives them."""
        channel = self.labels[slots.label][1]
        messages = [n for n, sent in self.labels.items() if slots.user or sent[1] == channel]
        slots.label2 = self.rng.choice(sorted(messages))
        return True

    def some_labels(self, slots: Slots) -> bool:
        """Choose messages, if there are any."""
        messages = self._messages(slots)
        if messages:
            count = self.rng.randint(1, min(3, len(messages)))
            slots.labels = tuple(self.rng.sample(messages, count))
        return bool(messages)

    def answer(self, slots: Slots) -> bool:
        """Choose an answer, if there is one."""
        if self.answers:
            slots.label = self.rng.choice(self.answers)
        return bool(self.answers)

    def new_label(self, slots: Slots) -> bool:
        """Name a new message."""
        slots.new = self._new_name()
        return True

    def duration(self, slots: Slots) -> bool:
        """Choose a duration."""
        slots.duration = self._duration()
        return True

    def spec(self, slots: Slots) -> bool:
        """Choose a device that the user does not have yet."""
        choices = [spec for spec in EXTRA_DEVICES if spec.name not in self.devices[slots.user]]
        if choices:
            slots.spec = self.rng.choice(choices)
        return bool(choices)

    def reason(self, slots: Slots) -> bool:
        """Choose a reason."""
        slots.reason = self.rng.choice(REASONS).name
        return True

    def method(self, slots: Slots) -> bool:
        """Choose a method."""
        slots.method = self.rng.choice(METHODS)
        return True

    def details(self, slots: Slots, rows: Sequence[DetailRow]) -> bool:
        """Choose facts or options, each of its field once."""
        found: dict[str, Detail] = {}
        for row in self.rng.sample(list(rows), self.rng.randint(1, 3)):
            inner = Slots(user=slots.user, chat=slots.chat)
            beside = all(one.row.kind != row.kind or not row.kind for one in found.values())
            if (
                beside
                and row.field not in found
                and self._fill(row.parts, inner)
                and inner.chat == slots.chat
            ):
                found[row.field] = Detail(row, inner)
        slots.details = tuple(sorted(found.values(), key=lambda one: one.row.order))
        return bool(found)


def _number(field: str, least: int) -> Callable[[_Writer, Slots], bool]:
    def fill(writer: _Writer, slots: Slots) -> bool:
        setattr(slots, field, writer.rng.randint(least, MANY_MAX))
        return True

    return fill


_FILLERS: dict[str, Callable[[_Writer, Slots], bool]] = {
    "ACTOR": _Writer.actor,
    "USER": _Writer.user,
    "PEER": _Writer.peer,
    "USERS": _Writer.some_users,
    "CHAT": _Writer.chat,
    "CHATS": _Writer.chats,
    "GROUP": _Writer.group,
    "NEWGROUP": _Writer.new_group,
    "TEXT": _Writer.text,
    "JSON": _Writer.json,
    "LABEL": _Writer.label,
    "LABEL2": _Writer.label2,
    "LABELS": _Writer.some_labels,
    "ANSWER": _Writer.answer,
    "NEWLABEL": _Writer.new_label,
    "NUMBER": _number("number", 0),
    "COUNT": _number("number", 1),
    "COUNT2": _number("number2", 1),
    "COUNT3": _number("number3", 1),
    "TIMES": _number("number", 1),
    "DURATION": _Writer.duration,
    "DEVICE": _Writer.spec,
    "REASON": _Writer.reason,
    "METHOD": _Writer.method,
    "OPTIONS": lambda writer, slots: writer.details(slots, DETAILS["option"]),
    "FACTS": lambda writer, slots: writer.details(slots, DETAILS["fact"]),
}
