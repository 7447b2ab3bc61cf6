"""Labels: which exist by now, and what a repeated one stands for.

`as m1` names a message once. Inside `repeat`, and after `3 messages`, `as m` names m1, m2, …; in
the block `m` is the newest of them. In a `together` block a label of one branch is unknown to the
others, whose order is not fixed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from imcli.model.entities import channel_key


class _Base(msgspec.Struct, frozen=True):
    """A label that names several: who names it, in which repeat, and how many there are."""

    owner: int
    turn: int
    number: int


class Labels:
    """The labels of one case, as far as it has been read."""

    __slots__ = (
        "_bases",
        "_branch",
        "_branches",
        "_chats",
        "_depth",
        "_kinds",
        "_senders",
        "_taken",
        "_turn",
        "aliases",
        "repeating",
    )

    def __init__(self, taken: Mapping[str, str]) -> None:
        self.aliases: dict[str, str] = {}
        """Inside `repeat`: the newest label of each repeated name."""
        self.repeating = False
        """Whether a `repeat` block is being read, where a label may stand for another."""
        self._taken = taken
        self._kinds: dict[str, str] = {}
        self._senders: dict[str, str] = {}
        self._chats: dict[str, str] = {}
        self._bases: dict[str, _Base] = {}
        self._depth = 0
        self._turn = 0
        self._branches: dict[str, int] = {}
        self._branch = 0

    def enter_repeat(self) -> None:
        """Begin a `repeat` block."""
        self._depth += 1
        self.repeating = True
        if self._depth == 1:
            self._turn += 1

    def leave_repeat(self) -> None:
        """End a `repeat` block; after the outermost, repeated names stand for nothing."""
        self._depth -= 1
        self.repeating = self._depth > 0
        if not self.repeating:
            self.aliases.clear()

    def enter_branch(self) -> None:
        """Begin the next branch of a `together` block."""
        self._branch += 1

    def leave_branches(self) -> None:
        """End a `together` block: what its branches named is known from now on."""
        self._branches.clear()
        self._branch = 0

    def define(
        self, name: str, kind: str, sender: str, chat: str, *, owner: int, many: bool
    ) -> tuple[str, str]:
        """Name a message or an answer; gives the label, and a complaint or "".

        A message was sent by `sender` to `chat`. `owner` tells one sentence from another. Outside
        `repeat` only `many` makes numbers.
        """
        if not many and self._depth == 0:
            return name, self._add(name, kind, sender, chat)
        turn = self._turn
        base = self._bases.get(name)
        if base is None or (base.owner, base.turn) == (owner, turn):
            count = base.number + 1 if base else 1
        else:
            return name, f"`{name}` is named twice"
        if base is None and name in self._kinds:
            return name, f"`{name}` is named twice"
        self._bases[name] = _Base(owner, turn, count)
        label = f"{name}{count}"
        if self._depth:
            self.aliases[name] = label
        return label, self._taken_by(name) or self._add(label, kind, sender, chat)

    def end_many(self, name: str) -> None:
        """After `3 messages as m` outside `repeat`: no other sentence may continue the numbers."""
        base = self._bases.get(name)
        if base is not None and self._depth == 0:
            self._bases[name] = msgspec.structs.replace(base, owner=0)

    def _taken_by(self, name: str) -> str:
        what = self._taken.get(name, "")
        return f"`{name}` is already the name of {what}" if what else ""

    def _add(self, label: str, kind: str, sender: str, chat: str) -> str:
        if label in self._kinds or label in self._bases:
            return f"`{label}` is named twice"
        complaint = self._taken_by(label)
        self._kinds[label] = kind
        self._senders[label] = sender
        self._chats[label] = chat
        if self._branch:
            self._branches[label] = self._branch
        return complaint

    def newest(self, name: str) -> str:
        """Give what a written label stands for."""
        return self.aliases.get(name, name)

    def sender(self, name: str) -> str:
        """Name the user who sent a labelled message."""
        return self._senders.get(self.newest(name), "")

    def chat(self, name: str) -> str:
        """Name the chat that a labelled message was sent to, as its sender does."""
        return self._chats.get(self.newest(name), "")

    def channel(self, name: str) -> str:
        """Name the channel of a labelled message; "" of what is no message."""
        label = self.newest(name)
        chat = self._chats.get(label, "")
        return channel_key(self._senders[label], chat) if chat else ""

    def all_names(self) -> list[str]:
        """List the labels in the order in which they were given."""
        return list(self._kinds)

    def kind_of(self, name: str) -> str:
        """Tell what a label names: "message", "answer", or "" for nothing."""
        return self._kinds.get(self.newest(name), "")

    def visible(self) -> list[str]:
        """List the labels that can be used, the newest first."""
        return [*self.aliases, *reversed(self._kinds)]

    def check(self, name: str, kind: str) -> str:
        """Say what is wrong with using a label as this kind of thing, or ""."""
        label = self.aliases.get(name, name)
        found = self._kinds.get(label)
        if found == kind:
            if self._branch and self._branches.get(label, self._branch) != self._branch:
                return (
                    f"`{name}` is named in another branch of this `together`, whose order is open"
                )
            return ""
        if found is not None:
            what = "the answer to a request" if found == "answer" else "a message"
            return f"`{name}` is {what}"
        base = self._bases.get(name)
        if base is not None:
            last = f" to {name}{base.number}" if base.number > 1 else ""
            return f"`{name}` names several messages; write which: {name}1{last}"
        return f"unknown label `{name}`"
