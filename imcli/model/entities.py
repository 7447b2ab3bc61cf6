"""The nouns: users, devices, channels, messages, and one user's view of a channel.

How things are named everywhere in imcli:

- a *user* is a string (`"A"`);
- a *device* is named within its user; the pair is a `DeviceKey` (`("A", "phone")`);
- a *chat* is how one user names a conversation: the peer's user name, or `"#"` and the
  group's name. No user name begins with `#` (the server refuses `@ # &` in ids);
- a *channel key* is the server's name of the log behind a chat: `"A@B"` (the two users in
  order) for a person channel, `"#team"` for a group.

All times are integers in milliseconds of server time, counted from 0 at the start of a case in
the simulator. Sequence numbers are dense from 1 within a channel; 0 means "none".
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from contextlib import suppress
from typing import Literal, NamedTuple

import msgspec

DeviceKind = Literal["app", "web", "pc"]
DeviceLevel = Literal["master", "slave"]
MessageKind = Literal["content", "notice", "command"]

FORBIDDEN_ID_CHARACTERS = "@#&"
"""Refused in ids by the server (WuKongIM `options/common.go:IsSpecialChar`)."""

DEVICE_FLAGS: dict[DeviceKind, int] = {"app": 0, "web": 1, "pc": 2}
"""The number of a kind of device, `device_flag` (WuKongIMGoProto `common.go`)."""
PERSON, GROUP = 1, 2
"""Channel types: of two users, and of a group."""
SYSTEM_USER = "____system"
"""Sends what nobody else is named for: the back end's messages and commands of the server."""
DEVICE_KINDS: dict[str, DeviceKind] = {
    "phone": "app",
    "app": "app",
    "tablet": "app",
    "web": "web",
    "browser": "web",
    "desktop": "pc",
    "pc": "pc",
    "laptop": "pc",
}
"""Device names that carry their kind with them; any other name states it (`"kiosk:web"`)."""

NOT_JSON = "\0"
"""Begins the payload of a message whose bytes are no JSON text; base64 of them follows."""


class DeviceKey(NamedTuple):
    """One device of one user."""

    user: str
    device: str

    def __str__(self) -> str:
        return f"{self.user}.{self.device}"


class DeviceSpec(msgspec.Struct, frozen=True):
    """A device as a scenario declares it."""

    name: str
    kind: DeviceKind = "app"
    level: DeviceLevel = "master"


class Message(msgspec.Struct, frozen=True, gc=False):
    """One accepted message, as every reader of the channel gets it.

    `seq` is 0 for a no-persist message (it is in no log). `payload` is JSON text, or "" where the
    message is only a text, or `NOT_JSON` and base64. `expires_ms` is the server time at which the
    message stops being visible, or 0. `sync_once` is the header flag as it was sent: some servers
    keep such a message among the others when a device sent it. `setting` and `topic` are the
    sender's, for the receivers: no server looks at them. `ahead_ms` is how far `time_ms` was from
    the time at which the message was accepted: not 0 where the server's clock was set wrong.
    """

    channel: str
    seq: int
    message_id: int
    client_msg_no: str
    sender: str
    text: str = ""
    kind: MessageKind = "content"
    time_ms: int = 0
    expires_ms: int = 0
    no_red_dot: bool = False
    payload: str = ""
    sync_once: bool = False
    setting: int = 0
    topic: str = ""
    ahead_ms: int = 0

    @property
    def accepted_ms(self) -> int:
        """When the message was accepted, whatever the server's clock said."""
        return self.time_ms - self.ahead_ms

    @property
    def base64(self) -> str:
        """The bytes of a message that is no JSON, or ""."""
        return self.payload[1:] if self.payload[:1] == NOT_JSON else ""

    @property
    def shown(self) -> str:
        """What people are shown of it: its text, else its payload, as text where it is one."""
        if self.base64:
            with suppress(ValueError):
                return b64decode(self.base64).decode()
        return self.text or self.base64 or self.payload


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One conversation as one user's list answers it: a row of the state table.

    `messages` are the newest visible ones, oldest first, as many as were asked for; `count` is how
    many messages these are. `deleted_to` and `read_to` are D and R of `semantics.md` section 1.
    `floor` is the seq below which nothing is visible in this membership.
    `order` sorts the list: the entry with the greatest comes first. It is (pinned, time, number);
    where an entry stays when no message is left (a clear keeps it), (time, number) of that follow.
    """

    chat: str
    unread: int = 0
    last: Message | None = None
    messages: tuple[Message, ...] = ()
    read_to: int = 0
    deleted_to: int = 0
    pinned: bool = False
    muted: bool = False
    archived: bool = False
    marked_unread: bool = False
    order: tuple[int, ...] = ()
    floor: int = 0

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that are set, in words: `pinned`, `marked unread`."""
        return tuple(words for field, words in ENTRY_FLAGS.items() if getattr(self, field))


ENTRY_FLAGS = {
    "pinned": "pinned",
    "muted": "muted",
    "archived": "archived",
    "marked_unread": "marked unread",
}
"""What may be set on an entry: the field, and the words that all reports have for it."""


def is_group(chat: str) -> bool:
    """Tell whether a chat or channel key is a group's.

    >>> is_group("#team"), is_group("B"), is_group("A@B")
    (True, False, False)
    """
    return chat[:1] == "#"


def group_key(name: str) -> str:
    """Name the channel of a group, whose name may be written without its `#`.

    >>> group_key("team"), group_key("#team")
    ('#team', '#team')
    """
    return name if name[:1] == "#" else f"#{name}"


def channel_key(user: str, chat: str) -> str:
    """Name the channel behind a user's chat.

    >>> channel_key("B", "A"), channel_key("A", "B"), channel_key("A", "#team")
    ('A@B', 'A@B', '#team')
    """
    if chat[:1] == "#":
        return chat
    return f"{user}@{chat}" if user < chat else f"{chat}@{user}"


def chat_of(user: str, channel: str) -> str:
    """Name a channel as one of its users does; the inverse of `channel_key`.

    >>> chat_of("B", "A@B"), chat_of("A", "A@A"), chat_of("A", "#team")
    ('A', 'A', '#team')
    """
    if channel[:1] == "#":
        return channel
    first, _, second = channel.partition("@")
    return second if first == user else first


def fake_channel_id(first: str, second: str) -> str:
    """Name the log of two users as WuKongIM writes it down: by the CRC-32 of their ids.

    Where the checksums are equal the *second* comes first, so that the two directions are two
    channels (A20). Source: WuKongIM `options/common.go:GetFakeChannelIDWith`.

    >>> fake_channel_id("alice", "bob"), fake_channel_id("A", "B"), fake_channel_id("u1", "u1")
    ('bob@alice', 'A@B', 'u1@u1')
    >>> fake_channel_id("plumless", "buckeroo"), fake_channel_id("buckeroo", "plumless")
    ('buckeroo@plumless', 'plumless@buckeroo')
    """
    if zlib.crc32(first.encode()) > zlib.crc32(second.encode()):
        return f"{first}@{second}"
    return f"{second}@{first}"
