"""Everything that can be asked: a closed union of frozen values.

`Server.apply` takes any of these and nothing else; a scenario's sentences, the admin verbs and the
random programs all build them. Names are those of `entities.py`. An empty `device` means "not
through a device": the app's back end, or an administrator.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.model.entities import DeviceKind, DeviceLevel

Flag = Literal["pinned", "muted", "archived"]
GroupFlag = Literal["banned", "muted"]
AccessList = Literal["block", "allow"]
FaultKind = Literal[
    "drops-messages",
    "drops-sends",
    "loses-acks",
    "delays",
    "duplicates-messages",
    "holds",
    "releases",
    "releases-reversed",
    "heals",
]
LISTED_MESSAGES = 20
"""So many of the newest messages of each conversation are asked for with a list, as apps do."""


class Base(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What every action is: a frozen value with a tag, so that it can be written as JSON."""


# People and devices


class CreateUser(Base, frozen=True, gc=False):
    """Make a user known. Idempotent."""

    user: str


class AddDevice(Base, frozen=True, gc=False):
    """Register a device of a user, with an empty cache. Idempotent.

    With `online` it has a session from the start, whatever the login rule says (how a case begins).
    """

    user: str
    device: str
    kind: DeviceKind = "app"
    level: DeviceLevel = "master"
    online: bool = False


class Connect(Base, frozen=True, gc=False):
    """Open a session for a device; the login rule decides what becomes of others.

    Does not synchronise: that is the client's business (see `Synchronise`).
    """

    user: str
    device: str


class Disconnect(Base, frozen=True, gc=False):
    """End a device's session with a goodbye."""

    user: str
    device: str


class Drop(Base, frozen=True, gc=False):
    """The link of a device dies without a goodbye: the server goes on believing in it."""

    user: str
    device: str


class Kick(Base, frozen=True, gc=False):
    """An administrator ends one session (`device`) or all sessions (`""`) of a user.

    WuKongIM ends those of all devices of the same kind with it; with `alone` that one, as it does
    for a login elsewhere.
    """

    user: str
    device: str = ""
    alone: bool = False


# Messages


class Send(Base, frozen=True, gc=False):
    """Send a message to a chat.

    `expire_ms` 0 means never. `client_msg_no` is the client's own number, the key of
    deduplication. With `device == ""` the app's back end sends in `user`'s name. `setting` (bits)
    and `topic` mean nothing to the server: it keeps them for whoever gets the message.
    """

    user: str
    device: str
    chat: str
    text: str
    client_msg_no: str
    payload: str = ""
    no_persist: bool = False
    no_red_dot: bool = False
    command: bool = False
    notice: bool = False
    expire_ms: int = 0
    setting: int = 0
    topic: str = ""


# Conversations


class Delete(Base, frozen=True, gc=False):
    """Remove a conversation from a user's list; `up_to` 0 means up to the newest message."""

    user: str
    device: str
    chat: str
    for_both: bool = False
    up_to: int = 0


class Clear(Base, frozen=True, gc=False):
    """Clear the history of a conversation and keep its entry."""

    user: str
    device: str
    chat: str


class Read(Base, frozen=True, gc=False):
    """Mark as read up to a sequence number; 0 means up to the newest message."""

    user: str
    device: str
    chat: str
    up_to: int = 0


class MarkUnread(Base, frozen=True, gc=False):
    """Mark as unread: the newest `count` messages, or only the flag where `count` is None."""

    user: str
    device: str
    chat: str
    count: int | None = None


class SetFlag(Base, frozen=True, gc=False):
    """Pin, mute or archive a conversation, or undo it."""

    user: str
    device: str
    chat: str
    flag: Flag
    on: bool


class Accept(Base, frozen=True, gc=False):
    """Accept a message request (policy `request`)."""

    user: str
    device: str
    chat: str


# Reading


class Synchronise(Base, frozen=True, gc=False):
    """Ask for the conversation list.

    `cursor` is what the device got with its last answer, or None for a full list. `seqs` are the
    newest sequence numbers that the device has, per chat (WuKongIM's `last_msg_seqs`). `chats`
    limits the answer to these (by-channel). `page` counts from 1; 0 means no paging.
    """

    user: str
    device: str
    cursor: int | None = None
    seqs: tuple[tuple[str, int], ...] = ()
    only_unread: bool = False
    message_count: int = LISTED_MESSAGES
    page: int = 0
    page_size: int = 0
    chats: tuple[str, ...] | None = None


class Pull(Base, frozen=True, gc=False):
    """Pull a page of history: seqs from `start` on, upwards or downwards, at most `limit`.

    Ascending: `start` inclusive, `end` exclusive (0 = no bound). Descending: from `start`
    inclusive (0 = the newest) down to `end` exclusive.
    """

    user: str
    device: str
    chat: str
    start: int = 0
    end: int = 0
    limit: int = 100
    ascending: bool = True


class Open(Base, frozen=True, gc=False):
    """Open the chat window: pulls history and changes nothing."""

    user: str
    device: str
    chat: str


# Groups and permissions


class CreateGroup(Base, frozen=True, gc=False):
    """Create a group with its first members; the creator, if any, is one of them."""

    group: str
    members: tuple[str, ...]
    user: str = ""
    device: str = ""


class AddMembers(Base, frozen=True, gc=False):
    """Add members; present ones stay as they are."""

    group: str
    members: tuple[str, ...]
    user: str = ""
    device: str = ""


class RemoveMembers(Base, frozen=True, gc=False):
    """End memberships; absent ones are passed over."""

    group: str
    members: tuple[str, ...]
    user: str = ""
    device: str = ""


class SetMembers(Base, frozen=True, gc=False):
    """Replace the member list; those who stay keep their personal state."""

    group: str
    members: tuple[str, ...]
    user: str = ""
    device: str = ""


class Leave(Base, frozen=True, gc=False):
    """A member leaves a group."""

    user: str
    device: str
    group: str


class Dismiss(Base, frozen=True, gc=False):
    """End a group for ever; its id is never used again."""

    group: str
    user: str = ""
    device: str = ""


class SetAccess(Base, frozen=True, gc=False):
    """Put a user on, or take a user off, a black or white list.

    `owner` is the user whose own list it is, or `"#group"` for a group's list.
    """

    owner: str
    member: str
    access: AccessList
    on: bool
    device: str = ""


class SetGroupFlag(Base, frozen=True, gc=False):
    """Ban or mute a whole group: nobody may send."""

    group: str
    flag: GroupFlag
    on: bool


# Time, process, faults


class Wait(Base, frozen=True, gc=False):
    """Let time pass; every timer that falls due acts, in order of time."""

    duration_ms: int


class Flush(Base, frozen=True, gc=False):
    """Write what is only in memory to the store now."""


class Restart(Base, frozen=True, gc=False):
    """Stop the server in good order and start it again; every session ends."""


class Crash(Base, frozen=True, gc=False):
    """Kill the server and start it again; what is not durable is lost, every session ends."""


class Fault(Base, frozen=True, gc=False):
    """Put a fault on one device's link. `count` frames, or `duration_ms` for `delays`."""

    user: str
    device: str
    kind: FaultKind
    count: int = 0
    duration_ms: int = 0


class SetClock(Base, frozen=True, gc=False):
    """Set how far a clock is ahead (negative: behind); an empty user means the server's."""

    offset_ms: int
    user: str = ""
    device: str = ""


class Request(Base, frozen=True, gc=False):
    """A raw HTTP call, only on targets that speak HTTP; `body` is JSON text."""

    method: str
    path: str
    body: str = ""
    label: str = ""


Action = (
    Send
    | Delete
    | Read
    | Clear
    | MarkUnread
    | SetFlag
    | Accept
    | Open
    | Synchronise
    | Pull
    | CreateUser
    | AddDevice
    | Connect
    | Disconnect
    | Drop
    | Kick
    | CreateGroup
    | AddMembers
    | RemoveMembers
    | SetMembers
    | Leave
    | Dismiss
    | SetAccess
    | SetGroupFlag
    | Wait
    | Flush
    | Restart
    | Crash
    | Fault
    | SetClock
    | Request
)
