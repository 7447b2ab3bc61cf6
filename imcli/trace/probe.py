"""What the checker needs to see of a server: two narrow protocols.

`Probe` is looking without touching, one conversation at a time. `World` can also be copied, so
that a second view or a second run can be had without disturbing the first. Whoever has a server
offers these; nothing in this room knows which server it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from imcli.model.actions import LISTED_MESSAGES, Action
from imcli.model.entities import Entry, Message
from imcli.model.events import Event, ListAnswer
from imcli.model.questions import ListView


class Probe(Protocol):
    """Looking, without changing anything."""

    def entry(self, user: str, chat: str, limit: int = LISTED_MESSAGES) -> Entry | None:
        """Give what a full synchronisation lists of one conversation, or None."""

    def history(self, user: str, chat: str) -> Sequence[Message]:
        """Give the whole history that the server answers to this user, oldest first."""

    def listing(self, user: str) -> ListAnswer:
        """Give the whole list, with 20 messages per conversation."""

    def now_ms(self) -> int:
        """Give the time by which messages expire, in milliseconds."""


class World(Probe, Protocol):
    """A server that can be copied; a copy may be changed freely."""

    def fork(self) -> World:
        """Give an independent copy; it is let go before the original does anything."""

    def apply(self, action: Action) -> Sequence[Event]:
        """Do one action; time does not move but by a `Wait`."""

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device shows after synchronising; the last is a full one, named ""."""

    def perhaps_unlike(self, other: World, users: Sequence[str]) -> Sequence[str]:
        """Name those of the users whom the two may answer differently.

        The others are certainly answered alike, because nothing of what they are answered is
        different; whom it is not known of is named, and whoever asks has to look.
        """
