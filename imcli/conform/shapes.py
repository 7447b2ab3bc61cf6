"""What a line of a recording may look like, step by step.

A recording comes from a file, so it is checked before anything is replayed: every step is one of
these, with the fields that its kind needs. `check` decodes a line a second time, for its shape
alone; the replay reads plain dicts.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

DEVICE_NAMES = frozenset(f"{user}{flag}" for user in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for flag in "012")
Name = str
Device = Annotated[str, msgspec.Meta(min_length=2, max_length=2)]
Flag = Annotated[int, msgspec.Meta(ge=-1, le=2)]
Seq = Annotated[int, msgspec.Meta(ge=0)]
Bit = Annotated[int, msgspec.Meta(ge=0, le=1)]


class Step(msgspec.Struct, frozen=True, tag_field="op"):
    """Any step; its kind is `op`."""


class Send(Step, frozen=True, tag="send"):
    """A message, over HTTP (`from`) or on a device's connection (`dev`)."""

    name: str
    to: Name
    sender: Name | msgspec.UnsetType = msgspec.field(name="from", default=msgspec.UNSET)
    dev: Device | msgspec.UnsetType = msgspec.UNSET
    no_persist: Bit = 0
    sync_once: Bit = 0
    red_dot: Bit = 0


class Resend(Step, frozen=True, tag="resend"):
    """The same message once more."""

    name: str
    dev: Device
    to: Name


class SendHttp(Step, frozen=True, tag="send_http"):
    """A message over HTTP while devices are connected."""

    name: str
    sender: Name = msgspec.field(name="from")
    to: Name


class OneChat(Step, frozen=True):
    """What one user does to one conversation."""

    uid: Name
    ch: Name


class Delete(OneChat, frozen=True, tag="delete"):
    """`/conversations/delete`."""


class ClearUnread(OneChat, frozen=True, tag="clear_unread"):
    """`/conversations/clearUnread`."""


class SetUnread(OneChat, frozen=True, tag="set_unread"):
    """`/conversations/setUnread`."""

    n: int


class Sync(Step, frozen=True, tag="sync"):
    """`/conversation/sync`."""

    uid: Name
    msg_count: int
    only_unread: Bit = 0
    version: Bit = 0
    last_msg_seqs: list[tuple[Name, Seq]] = []


class MessageSync(OneChat, frozen=True, tag="messagesync"):
    """`/channel/messagesync`."""

    start: Seq
    end: Seq
    limit: Seq
    pull_mode: Bit


class Listed(Step, frozen=True):
    """What is done to several users."""

    uids: list[Name]


class GroupCreate(Listed, frozen=True, tag="group_create"):
    """`/channel` with subscribers."""


class GroupAdd(Listed, frozen=True, tag="group_add"):
    """`/channel/subscriber_add`."""


class GroupReset(Listed, frozen=True, tag="group_reset"):
    """`/channel/subscriber_add` with `reset`."""


class GroupRemove(Listed, frozen=True, tag="group_remove"):
    """`/channel/subscriber_remove`."""


class BlacklistAdd(Listed, frozen=True, tag="blacklist_add"):
    """`/channel/blacklist_add`, on the group where `ch` is absent."""

    ch: Name = "#g"


class BlacklistRemove(Listed, frozen=True, tag="blacklist_remove"):
    """`/channel/blacklist_remove`."""

    ch: Name = "#g"


class WhitelistAdd(Listed, frozen=True, tag="whitelist_add"):
    """`/channel/whitelist_add`."""

    ch: Name


class WhitelistRemove(Listed, frozen=True, tag="whitelist_remove"):
    """`/channel/whitelist_remove`."""

    ch: Name


class WhitelistSet(Listed, frozen=True, tag="whitelist_set"):
    """`/channel/whitelist_set`."""

    ch: Name


class Ban(Step, frozen=True, tag="ban"):
    """`/channel/info` with or without `ban`."""

    on: Bit


class Connect(Step, frozen=True, tag="connect"):
    """A device opens a connection."""

    dev: Device


class Disconnect(Step, frozen=True, tag="disconnect"):
    """A device closes it."""

    dev: Device


class Token(Step, frozen=True, tag="token"):
    """`/user/token`."""

    uid: Name
    flag: Flag
    level: Bit


class DeviceQuit(Step, frozen=True, tag="device_quit"):
    """`/user/device_quit`."""

    uid: Name
    flag: Flag


AnyStep = (
    Send
    | Resend
    | SendHttp
    | Delete
    | ClearUnread
    | SetUnread
    | Sync
    | MessageSync
    | GroupCreate
    | GroupAdd
    | GroupReset
    | GroupRemove
    | BlacklistAdd
    | BlacklistRemove
    | WhitelistAdd
    | WhitelistRemove
    | WhitelistSet
    | Ban
    | Connect
    | Disconnect
    | Token
    | DeviceQuit
)


class Answer(msgspec.Struct, frozen=True):
    """Of a list's answer, what the replay reads: which positions are free."""

    order_free: list[Seq] = []


class Result(Answer, frozen=True):
    """One answer; over sessions it is inside `answer`."""

    answer: Answer = Answer()


class Final(msgspec.Struct, frozen=True):
    """Of the final observation, what the replay reads."""

    rows: dict[Name, list[object]]
    sync: dict[Name, Answer]
    messages: dict[str, object]
    online: list[tuple[Name, Flag]] | msgspec.UnsetType = msgspec.UNSET


class Line(msgspec.Struct, frozen=True):
    """One recording."""

    mode: Literal["fast", "slow"]
    steps: list[AnyStep]
    results: list[Result]
    final: Final


_DECODER = msgspec.json.Decoder(Line)


def check(line: bytes) -> str:
    """Say what is wrong with the shape of a line; an empty text means nothing.

    >>> check(b'{"mode": "fast", "steps": [{"op": "fly"}], "results": [], "final": {}}')
    "Invalid value 'fly' - at `$.steps[0].op`"
    """
    try:
        shape = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError) as problem:
        return str(problem)
    if len(shape.steps) != len(shape.results):
        counts = f"{len(shape.steps)} steps and {len(shape.results)} results"
        return f"{counts}; every step has one"
    online = shape.final.online is not msgspec.UNSET
    for number, step in enumerate(shape.steps, 1):
        if isinstance(step, Send) and (step.dev if online else step.sender) is msgspec.UNSET:
            return f"step {number} does not say who sends ({'dev' if online else 'from'})"
        dev = getattr(step, "dev", msgspec.UNSET)
        if dev is not msgspec.UNSET and dev not in DEVICE_NAMES:
            return f"step {number} names {dev!r}; a device is a user's letter and 0, 1 or 2"
    return ""
