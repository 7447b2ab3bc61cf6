"""What a harness can look at without changing anything, and the views it gets.

A question is asked of a target (`Target.observe`); in the simulator the answer comes from a fork,
never from the running server (except where reading changes a server: then it is a real read).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import Entry, Message

SessionState = Literal["online", "offline", "kicked"]


class Base(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What every question and view is."""


# Questions


class Seen(Base, frozen=True, gc=False):
    """What one full synchronisation of this device answers. `chat` limits what is looked at.

    With `chat` the view holds that entry alone, or none; a target may then answer faster.
    `fresh_device` asks as a device that has never been there (`a new device of A`).
    `message_count` is how many of each entry's newest messages will be looked at: a simulated
    target may leave the others out of `messages`; a live one always asks for `LISTED_MESSAGES`.
    """

    user: str
    device: str
    chat: str | None = None
    fresh_device: bool = False
    message_count: int = LISTED_MESSAGES


class Shown(Base, frozen=True, gc=False):
    """What this device shows without asking: its cache."""

    user: str
    device: str


class Kept(Base, frozen=True, gc=False):
    """The stored record of one conversation."""

    user: str
    chat: str


class History(Base, frozen=True, gc=False):
    """The whole history that the server answers to this device, all pages, oldest first."""

    user: str
    device: str
    chat: str


class Received(Base, frozen=True, gc=False):
    """Everything that reached this device by push, and commands also by synchronisation."""

    user: str
    device: str


class Presence(Base, frozen=True, gc=False):
    """Whether this device is online, offline or kicked."""

    user: str
    device: str


class Agreement(Base, frozen=True, gc=False):
    """What each device of a user shows after synchronising into a copy of its cache."""

    user: str


class Observable(Base, frozen=True, gc=False):
    """Everything that a user can observe: lists, histories, caches, presence, permissions."""

    user: str


class RawAnswer(Base, frozen=True, gc=False):
    """The answer to a labelled raw request."""

    label: str


Question = Seen | Shown | Kept | History | Received | Presence | Agreement | Observable | RawAnswer

# Views


class ListView(Base, frozen=True, gc=False):
    """A conversation list, in its order. Answers `Seen` and `Shown`."""

    entries: tuple[Entry, ...]
    total_unread: int = 0
    requests: tuple[str, ...] = ()


class KeptView(Base, frozen=True, gc=False):
    """A stored record, or None. Answers `Kept`."""

    entry: Entry | None


class HistoryView(Base, frozen=True, gc=False):
    """Messages oldest first. Answers `History`."""

    messages: tuple[Message, ...]


class ReceivedView(Base, frozen=True, gc=False):
    """Arrivals in order; the same message may stand there more than once."""

    arrivals: tuple[Message, ...]


class PresenceView(Base, frozen=True, gc=False):
    """Answers `Presence`."""

    state: SessionState


class AgreementView(Base, frozen=True, gc=False):
    """Per device what it would show; the last one, named "", is a fresh full synchronisation."""

    lists: tuple[tuple[str, ListView], ...]


class ObservableView(Base, frozen=True, gc=False):
    """Normal form of all that a user can observe, as (what, value) pairs of plain text."""

    facts: tuple[tuple[str, str], ...]


class ResponseView(Base, frozen=True, gc=False):
    """Answers `RawAnswer`; `body` is JSON text."""

    status: int
    body: str


View = (
    ListView
    | KeptView
    | HistoryView
    | ReceivedView
    | PresenceView
    | AgreementView
    | ObservableView
    | ResponseView
)
