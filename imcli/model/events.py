"""Everything that can be observed: a closed union of frozen values.

Events are the only way out of the server. `Server.apply` returns those that an action caused, in
order. Whoever wants to know what a device believes, whether an invariant holds or what to print,
folds these.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.model.entities import DeviceKey, Entry, Message

ChangeKind = Literal[
    "deleted",
    "cleared",
    "read",
    "marked",
    "flags",
    "accepted",
    "returned",
    "joined",
    "left",
    "dismissed",
]
"""What happened to a conversation; `returned`: a message listed it again, with what had waited."""

EndedBecause = Literal["goodbye", "kicked", "replaced", "restart", "crash", "timeout"]


class Base(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What every event is: a frozen value with a tag, so that it can be written as JSON."""


# Answers to the one who asked


class Done(Base, frozen=True, gc=False):
    """The action was done; nothing else is to be said."""


class Accepted(Base, frozen=True, gc=False):
    """A send was accepted (the sender's SENDACK).

    `seq` is 0 for a no-persist message and for a `pretend`ed one; `message` is None where nothing
    was kept. `duplicate` says that this number was known: nothing new was stored.
    """

    user: str
    device: str
    client_msg_no: str
    message_id: int
    seq: int
    message: Message | None = None
    duplicate: bool = False


class Refused(Base, frozen=True, gc=False):
    """The action was refused and changed nothing. `reason` is a name of `REASONS`.

    A refused send names its `client_msg_no` (with `user`), so that a refusal that comes late, from
    an outbox, still finds the message it belongs to.
    """

    reason: str
    detail: str = ""
    user: str = ""
    client_msg_no: str = ""


class Unanswered(Base, frozen=True, gc=False):
    """The one who asked got no answer. `done` tells the truth that the asker cannot know."""

    user: str
    device: str
    done: bool
    client_msg_no: str = ""


class Offline(Base, frozen=True, gc=False):
    """The device has no session, so nothing was asked of the server."""

    user: str
    device: str


class ListAnswer(Base, frozen=True, gc=False):
    """The answer to a list synchronisation.

    `full` says that it replaces whatever the device has. `tombstones` are (chat, D) of what is
    gone since the cursor; `commands` are the commands that the device had missed. `now_ms` is the
    time of the answer, by which messages had expired. `unlisted` are the marks and flags of
    conversations that are not in the list, so that they are right when one of them returns.
    """

    user: str
    device: str
    full: bool
    cursor: int
    entries: tuple[Entry, ...]
    tombstones: tuple[tuple[str, int], ...] = ()
    commands: tuple[Message, ...] = ()
    total_unread: int = 0
    requests: tuple[str, ...] = ()
    partial: bool = False
    now_ms: int = 0
    unlisted: tuple[Entry, ...] = ()


class HistoryPage(Base, frozen=True, gc=False):
    """The answer to a pull: messages oldest first, and whether there are more that way."""

    user: str
    device: str
    chat: str
    messages: tuple[Message, ...]
    more: bool


class Response(Base, frozen=True, gc=False):
    """The answer to a raw request."""

    label: str
    status: int
    body: str


# What happened in the server


class Stored(Base, frozen=True, gc=False):
    """A message entered its channel's log (for no-persist ones: was accepted for delivery)."""

    message: Message


class MembersChanged(Base, frozen=True, gc=False):
    """Memberships of a group began or ended at `seq` (its L at that moment)."""

    group: str
    seq: int
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    dismissed: bool = False


class SessionStarted(Base, frozen=True, gc=False):
    """A device is online."""

    user: str
    device: str


class SessionEnded(Base, frozen=True, gc=False):
    """A device is offline, and why."""

    user: str
    device: str
    because: EndedBecause


class Flushed(Base, frozen=True, gc=False):
    """So many rows went from memory to the store."""

    rows: int


class ServerRestarted(Base, frozen=True, gc=False):
    """The server came up again; `crashed` says that it had been killed."""

    crashed: bool


# What reached devices


class Pushed(Base, frozen=True, gc=False):
    """A message arrived at these devices, in this order. `attempt` counts from 1."""

    message: Message
    devices: tuple[DeviceKey, ...]
    attempt: int = 1


class Lost(Base, frozen=True, gc=False):
    """A message was lost on the links to these devices, by a fault or because they were dead.

    Nobody sees that but whoever made the fault. Further attempts on a dead link are not told.
    """

    message: Message
    devices: tuple[DeviceKey, ...]
    attempt: int = 1


class ConversationPushed(Base, frozen=True, gc=False):
    """These devices of one user were told of a change to a conversation.

    `entry` is how the list has it now (without messages), or None where it is no longer listed;
    `deleted_to` is D in both cases. `cursor` is the change number that the event carries, `now_ms`
    the time at which it was so. `unlisted` has the marks and flags where there is no entry.
    `untold` says that it is no news that there is none: a device that lists it goes on doing so.
    """

    user: str
    chat: str
    change: ChangeKind
    devices: tuple[str, ...]
    cursor: int
    deleted_to: int = 0
    entry: Entry | None = None
    now_ms: int = 0
    unlisted: Entry | None = None
    untold: bool = False


Event = (
    Done
    | Accepted
    | Refused
    | Unanswered
    | Offline
    | ListAnswer
    | HistoryPage
    | Response
    | Stored
    | MembersChanged
    | SessionStarted
    | SessionEnded
    | Flushed
    | ServerRestarted
    | Pushed
    | Lost
    | ConversationPushed
)
