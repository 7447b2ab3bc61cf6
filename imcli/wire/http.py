"""Actions as calls of WuKongIM's HTTP API, without making them.

`calls_for` answers with the calls that do an action, in order, or with the reason why this API
cannot do it; then nothing must be asked. What comes back is read in `answers.py`. Routes and fields
are those of WuKongIM 2.x (`internal/api/*.go`), the same in all versions unless said otherwise.

Two things to know. The API stores after it has answered, so a send ends only when the log shows the
message (`log_after`). And nearly every call overwrites: group flags are written all at once, which
is why the flags set so far come in with the `Setting`.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

import msgspec

from imcli.model.actions import (
    Accept,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Crash,
    CreateGroup,
    CreateUser,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Fault,
    Flush,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Pull,
    Read,
    RemoveMembers,
    Request,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
    Wait,
)
from imcli.model.entities import DEVICE_FLAGS, DEVICE_KINDS, GROUP, DeviceKind
from imcli.model.versions import MUTES_SINCE
from imcli.wire.names import Names
from imcli.wire.raw import filled

EVERY_DEVICE = -1
HISTORY_PAGE = 500


class Call(msgspec.Struct, frozen=True):
    """One HTTP call: `path` with its query, `body` as JSON text or ""."""

    method: str
    path: str
    body: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body}".rstrip()


class Impossible(msgspec.Struct, frozen=True):
    """The API has no way to do this; nothing is to be asked."""

    detail: str
    reason: str = "unsupported"


class Setting(msgspec.Struct, frozen=True):
    """What a translation needs besides the action.

    `kinds` are the kinds of devices whose names do not say it; `flags` the flags set so far, per
    group; `version` the server's, `()` where unknown.
    """

    names: Names
    kinds: dict[tuple[str, str], DeviceKind] = {}
    flags: dict[str, frozenset[str]] = {}
    version: tuple[int, ...] = ()


Plan = tuple[Call, ...] | Impossible

_NO_SESSION = Impossible("it needs a connection of the device's own; this target speaks HTTP only")
_NO_SUCH_VERB = Impossible("WuKongIM 2.x has no such operation in its HTTP API")
_NO_CONTROL = Impossible("a client cannot do this to a running server")


def calls_for(action: Action, setting: Setting) -> Plan:
    """Translate an action into calls, or say why that cannot be."""
    match action:
        case Send():
            return _send(action, setting.names)
        case Delete() | Read() | MarkUnread() | Clear() | SetFlag() | Accept():
            return _conversation(action, setting.names)
        case Synchronise():
            return (sync_call(action, setting.names),)
        case Open(user=user, chat=chat):
            return (history_call(setting.names, user, chat, start=1, limit=HISTORY_PAGE),)
        case Pull():
            return (pull_call(action, setting.names),)
        case CreateGroup() | AddMembers() | RemoveMembers() | SetMembers() | Leave() | Dismiss():
            return _group(action, setting.names)
        case SetAccess():
            return (_access(action, setting.names),)
        case SetGroupFlag():
            return _group_flag(action, setting)
        case Kick(user=user, device=device):
            flag = _device_flag(user, device, setting)
            body = {"uid": setting.names.user_id(user), "device_flag": flag}
            return (post("/user/device_quit", body),)
        case Request():
            asked = filled(action, lambda chat: setting.names.address(chat)[0])
            return (Call(asked.method, asked.path, asked.body),)
        case Wait() | Flush():
            return ()
        case CreateUser() | AddDevice():
            return Impossible("WuKongIM knows users only by the tokens that their app gives them")
        case Connect() | Disconnect() | Drop():
            return _NO_SESSION
        case Restart() | Crash() | Fault() | SetClock():
            return _NO_CONTROL


def post(path: str, body: object) -> Call:
    """Build a POST; the body is written compactly, keys in the order given."""
    return Call("POST", path, msgspec.json.encode(body).decode())


# Messages


def _send(action: Send, names: Names) -> Plan:
    if action.device:
        return _NO_SESSION
    if action.notice:
        return Impossible("WuKongIM has no notices")
    channel_id, channel_type = names.address(action.chat)
    header = {
        "no_persist": int(action.no_persist),
        "red_dot": int(not action.no_red_dot),
        "sync_once": int(action.command),
    }
    body: dict[str, object] = {
        "header": header,
        "client_msg_no": action.client_msg_no,
        "from_uid": names.user_id(action.user),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "payload": base64.b64encode(payload_bytes(action.text, action.payload)).decode(),
    }
    if action.expire_ms:
        body["expire"] = max(1, action.expire_ms // 1000)
    return (post("/message/send", body),)


def payload_bytes(text: str, payload: str) -> bytes:
    """Give what stands in a message: `payload` if there is one, else a text as the SDKs write it.

    >>> payload_bytes("hi", ""), payload_bytes("hi", '{"x":1}')
    (b'{"content":"hi","type":1}', b'{"x":1}')
    """
    if payload:
        return payload.encode()
    return msgspec.json.encode({"content": text, "type": 1})


def log_after(names: Names, user: str, chat: str, seq: int) -> Call:
    """Ask for what a log holds after `seq`; with 0 for its newest messages."""
    if seq == 0:
        return _messagesync(names, user, chat, start=0, end=0, limit=50, up=True)
    return history_call(names, user, chat, start=seq + 1, limit=HISTORY_PAGE)


def history_call(names: Names, user: str, chat: str, *, start: int, limit: int) -> Call:
    """Ask for one page of a history, ascending from `start` (at least 1) inclusive."""
    return _messagesync(names, user, chat, start=start, end=0, limit=limit, up=True)


def pull_newest_call(names: Names, user: str, chat: str, *, below: int, limit: int) -> Call:
    """Ask for the newest messages of a log, or for the newest below a number."""
    start = below - 1 if below else 0
    return _messagesync(names, user, chat, start=start, end=0, limit=limit, up=False)


def pull_call(action: Pull, names: Names) -> Call:
    """Ask for the page that a `Pull` means."""
    start = max(action.start, 1) if action.ascending else action.start
    return _messagesync(
        names,
        action.user,
        action.chat,
        start=start,
        # Downwards from the newest the server reads "start 0, end > 0" as an empty window.
        end=0 if start == 0 else action.end,
        limit=action.limit,
        up=action.ascending,
    )


def _messagesync(
    names: Names, user: str, chat: str, *, start: int, end: int, limit: int, up: bool
) -> Call:
    channel_id, channel_type = names.address(chat)
    body = {
        "login_uid": names.user_id(user),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "start_message_seq": start,
        "end_message_seq": end,
        "limit": limit,
        "pull_mode": int(up),
    }
    return post("/channel/messagesync", body)


# Conversations


def _conversation(
    action: Delete | Read | MarkUnread | Clear | SetFlag | Accept, names: Names
) -> Plan:
    channel_id, channel_type = names.address(action.chat)
    body: dict[str, object] = {
        "uid": names.user_id(action.user),
        "channel_id": channel_id,
        "channel_type": channel_type,
    }
    match action:
        case Delete(for_both=False, up_to=0):
            return (post("/conversations/delete", body),)
        case Delete():
            return Impossible("WuKongIM deletes for one user, up to the newest message")
        case Read(up_to=0):
            return (post("/conversations/clearUnread", body),)
        case Read():
            return Impossible("WuKongIM ignores `message_seq` and reads up to the newest message")
        case MarkUnread(count=None):
            return Impossible("WuKongIM has no such flag; say how many messages are to be unread")
        case MarkUnread(count=count):
            return (post("/conversations/setUnread", {**body, "unread": count}),)
        case Clear() | SetFlag() | Accept():
            return _NO_SUCH_VERB


def sync_call(action: Synchronise, names: Names) -> Call:
    """Ask for a conversation list; by channel where `chats` are given (WuKongIM 2.2.5)."""
    uid = names.user_id(action.user)
    if action.chats is not None:
        pairs = [names.address(chat) for chat in action.chats]
        channels = [{"channel_id": cid, "channel_type": kind} for cid, kind in pairs]
        by_channel = {"uid": uid, "channels": channels, "msg_count": action.message_count}
        return post("/conversation/syncByChannels", by_channel)
    body: dict[str, object] = {"uid": uid, "version": 0, "msg_count": action.message_count}
    if action.seqs and action.cursor != -1:
        body["last_msg_seqs"] = "|".join(_known_seq(names, *pair) for pair in action.seqs)
    if action.only_unread:
        body["only_unread"] = 1
    if action.page:
        body |= {"page": action.page, "page_size": action.page_size}
    return post("/conversation/sync", body)


def _known_seq(names: Names, chat: str, seq: int) -> str:
    channel_id, channel_type = names.address(chat)
    return f"{channel_id}:{channel_type}:{seq}"


def rows_call(names: Names, user: str) -> Call:
    """Ask for the stored rows of a user, past every cache and everything pending."""
    return Call("GET", f"/cluster/conversations?uid={quote(names.user_id(user), safe='')}")


def presence_call(names: Names, user: str) -> Call:
    """Ask which devices of a user are connected."""
    return post("/user/onlinestatus", [names.user_id(user)])


# Groups and permissions


def _group(
    action: CreateGroup | AddMembers | RemoveMembers | SetMembers | Leave | Dismiss, names: Names
) -> Plan:
    body: dict[str, object] = {"channel_id": names.group_id(action.group), "channel_type": GROUP}
    match action:
        case CreateGroup(members=members, user=user):
            everybody = members if not user or user in members else (user, *members)
            return (post("/channel", {**body, "subscribers": _uids(everybody, names)}),)
        case AddMembers(members=members):
            listed = {**body, "subscribers": _uids(members, names)}
            return (post("/channel/subscriber_add", listed),)
        case SetMembers(members=members):
            listed = {**body, "reset": 1, "subscribers": _uids(members, names)}
            return (post("/channel/subscriber_add", listed),)
        case RemoveMembers(members=members):
            return (_remove(body, members, names),)
        case Leave(user=user):
            return (_remove(body, (user,), names),)
        case Dismiss():
            return (post("/channel/delete", body),)


def _remove(body: dict[str, object], members: tuple[str, ...], names: Names) -> Call:
    return post("/channel/subscriber_remove", {**body, "subscribers": _uids(members, names)})


def _uids(members: tuple[str, ...], names: Names) -> list[str]:
    return [names.user_id(member) for member in members]


def _access(action: SetAccess, names: Names) -> Call:
    # A user's own list stands under the user's id with the person type, never under a pair's.
    channel_id, channel_type = names.address(action.owner)
    colour = "blacklist" if action.access == "block" else "whitelist"
    body = {
        "channel_id": channel_id,
        "channel_type": channel_type,
        "uids": [names.user_id(action.member)],
    }
    return post(f"/channel/{colour}_{'add' if action.on else 'remove'}", body)


def _group_flag(action: SetGroupFlag, setting: Setting) -> Plan:
    if action.flag == "muted" and setting.version and setting.version < MUTES_SINCE:
        return Impossible("WuKongIM mutes whole groups since 2.2.0 (`send_ban`)")
    flags = setting.flags.get(action.group, frozenset())
    flags = flags | {action.flag} if action.on else flags - {action.flag}
    body = {
        "channel_id": setting.names.group_id(action.group),
        "channel_type": GROUP,
        "ban": int("banned" in flags),
        "send_ban": int("muted" in flags),
    }
    return (post("/channel/info", body),)


def _device_flag(user: str, device: str, setting: Setting) -> int:
    if not device:
        return EVERY_DEVICE
    return DEVICE_FLAGS[setting.kinds.get((user, device)) or DEVICE_KINDS.get(device, "app")]
