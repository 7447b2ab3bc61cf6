"""`/channel...`: groups, their members, deny and allow lists.

Source: WuKongIM `internal/api/channel.go`. Lists are stored under the id as it is written: the list
of who may write to A is that of channel `A`, type 1. `/channel/info` checks nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imcli.model.actions import (
    AccessList,
    Action,
    AddMembers,
    Crash,
    CreateGroup,
    Dismiss,
    GroupFlag,
    RemoveMembers,
    SetAccess,
    SetMembers,
)
from imcli.simulator.conversations import row_table
from imcli.simulator.state import Channel, User
from imcli.simulator.wukongim.api.calls import (
    OK,
    PERSON,
    BadRequest,
    Call,
    Fields,
    Handler,
    Reply,
    chat_name,
    failed,
    is_special,
    key_of_internal,
)
from imcli.simulator.wukongim.groups import set_allow_list
from imcli.simulator.wukongim.messages import channel_at

NO_ID = "频道ID不能为空！"
NO_ANSWER: Reply = (0, None)
"""The process ends before it can answer."""


def _checked(call: Call, *, special: bool = True) -> tuple[Fields, str, int]:
    """Read id and type.

    Raises:
        BadRequest: one is missing or cannot be.
    """
    body = call.fields("channelReq")
    channel_id, channel_type = body.text("channel_id"), body.channel_type()
    if not channel_id.strip():
        raise BadRequest(NO_ID)
    if special and is_special(channel_id):
        raise BadRequest("频道ID不能包含特殊字符！")
    return body, channel_id, channel_type


def create(call: Call) -> Reply:
    """`POST /channel`: flags are overwritten, members are added."""
    body, channel_id, channel_type = _checked(call)
    if not channel_type:
        return failed("频道类型错误！")
    named = body.texts("subscribers")
    if channel_type == PERSON:  # refused, and from 2.2.0 on only with members
        refused = named or call.traits.send_ban == "unknown"
        return failed("暂不支持个人频道！") if refused else OK
    chat = chat_name(channel_id, channel_type)
    if "" in named:
        return _blank(call, chat, named, CreateGroup(chat, tuple(filter(None, named))))
    call.apply(CreateGroup(chat, tuple(named)))
    _set_flags(call, chat, body)
    return OK


def _set_flags(call: Call, key: str, body: Fields) -> None:
    channel_at(call.state, key)
    channel = call.state.channel_w(key)
    muted = body.flag("send_ban") and call.traits.send_ban != "unknown"
    flags: tuple[tuple[GroupFlag, bool], ...] = (("banned", body.flag("ban")), ("muted", muted))
    channel.flags = {flag: 1 for flag, on in flags if on}
    channel.dismissed = body.flag("disband")


def info(call: Call) -> Reply:
    """`POST /channel/info`: the flags of whatever is named.

    Flags of a user's own id stop nobody: a person channel is looked up by its internal id.
    """
    body = call.fields("channelInfoReq")
    channel_id, channel_type = body.text("channel_id"), body.channel_type()
    key = chat_name(channel_id, channel_type)
    if channel_type == PERSON:
        key = key_of_internal(channel_id)
    if key:
        if key[:1] != "#":
            call.know(*key.split("@", 1))
        _set_flags(call, key, body)
    return OK


def delete(call: Call) -> Reply:
    """`POST /channel/delete`: sets `disband`; messages stay."""
    _, channel_id, channel_type = _checked(call, special=False)
    if channel_type == PERSON:
        return failed("个人频道不支持添加订阅者！")
    call.apply(Dismiss(chat_name(channel_id, channel_type)))
    return OK


# Members


def _members(call: Call) -> tuple[str, list[str], bool]:
    body, channel_id, channel_type = _checked(call)
    named = body.texts("subscribers")
    if not any(uid.strip() for uid in named):
        raise BadRequest("订阅者不能为空！")
    if channel_type == PERSON:
        raise BadRequest("个人频道不支持添加订阅者！")
    if body.flag("temp_subscriber"):
        raise BadRequest("不支持临时订阅者！")
    return chat_name(channel_id, channel_type or 2), named, body.flag("reset")


def subscriber_add(call: Call) -> Reply:
    """`POST /channel/subscriber_add`: makes the channel if there is none."""
    chat, named, reset = _members(call)
    kept = tuple(uid for uid in named if uid)
    action = SetMembers(chat, kept) if reset else AddMembers(chat, kept)
    if "" in named:
        return _blank(call, chat, named, action)
    call.apply(action)
    return OK


def _blank(call: Call, chat: str, named: Sequence[str], action: Action) -> Reply:
    """A blank member: skipped, or the end of the process (A21), or an error after the fact."""
    match call.traits.blank_member:
        case "skipped":
            call.apply(action)
            return OK
        case "fatal":
            call.apply(Crash())
            return NO_ANSWER
        case "refused":
            fresh = chat not in call.state.channels
            channel_at(call.state, chat)
            call.know(*named)
            channel = call.state.channel_w(chat)
            channel.members = {**channel.members, **dict.fromkeys(named, 1)}
            return failed("添加频道失败！" if fresh else "添加订阅者失败！")


def subscriber_remove(call: Call) -> Reply:
    """`POST /channel/subscriber_remove`."""
    chat, named, _ = _members(call)
    call.apply(RemoveMembers(chat, tuple(named)))
    return OK


def subscriber_remove_all(call: Call) -> Reply:
    """`POST /channel/subscriber_remove_all`: the rows stay (A27)."""
    _, channel_id, channel_type = _checked(call)
    chat = chat_name(channel_id, channel_type)
    channel_at(call.state, chat)
    call.state.channel_w(chat).members = {}
    call.keeping.new_tag(call.state, chat)
    return OK


def tag_remove(call: Call) -> Reply:
    """`POST /tag/remove`: the list of receivers gets a new key with the next message."""
    body = call.fields()
    call.keeping.new_tag(call.state, chat_name(body.text("channel_id"), body.channel_type()))
    return OK


# Lists


def _holder(call: Call, owner: str) -> Channel | User:
    if owner[:1] == "#":
        channel_at(call.state, owner)
        return call.state.channel_w(owner)
    call.know(owner)
    return call.state.user_w(owner)


def _changed(access: AccessList, *, on: bool) -> Handler:
    """Make the handler that puts users on a list, or takes them off."""

    def handler(call: Call) -> Reply:
        body, channel_id, channel_type = _checked(call, special=access == "allow")
        uids = body.texts("uids")
        if not channel_type:
            return failed("频道类型不能为0！")
        if not uids:
            return failed("uids不能为空！")
        owner = chat_name(channel_id, channel_type)
        _holder(call, owner)
        call.know(*uids)
        for uid in uids:
            call.apply(SetAccess(owner, uid, access, on))
        return OK

    return handler


def _replaced(access: AccessList) -> Handler:
    """Make the handler that replaces a list."""

    def handler(call: Call) -> Reply:
        body, channel_id, channel_type = _checked(call, special=False)
        owner, uids = chat_name(channel_id, channel_type), body.texts("uids")
        _replace(call, owner, access, uids)
        if access == "block" and call.traits.deny_deletes_rows:
            for uid in uids:
                row_table.remove(call.state, uid, owner)
        return OK

    return handler


def _replace(call: Call, owner: str, access: AccessList, uids: Sequence[str]) -> None:
    holder = _holder(call, owner)
    if isinstance(holder, Channel) and access == "allow":
        set_allow_list(call.state, owner, uids)
    else:
        setattr(holder, "blocked" if access == "block" else "allowed", dict.fromkeys(uids, 1))


def _emptied(access: AccessList) -> Handler:
    """Make the handler that empties a list."""

    def handler(call: Call) -> Reply:
        _, channel_id, channel_type = _checked(call, special=False)
        _replace(call, chat_name(channel_id, channel_type), access, ())
        return OK

    return handler


def whitelist(call: Call) -> Reply:
    """`GET /channel/whitelist`."""
    kind = call.query.get("channel_type", "0")
    owner = chat_name(call.query.get("channel_id", ""), int(kind) if kind.isdecimal() else 0)
    holder = call.state.channels.get(owner) if owner[:1] == "#" else call.state.users.get(owner)
    uids = () if holder is None else tuple(holder.allowed)
    when = "1970-01-01T00:00:00Z"
    return 200, [
        {"id": place, "uid": uid, "created_at": when, "updated_at": when}
        for place, uid in enumerate(uids, 1)
    ]


LISTS: dict[str, Callable[[Call], Reply]] = {
    "blacklist_add": _changed("block", on=True),
    "blacklist_remove": _changed("block", on=False),
    "blacklist_set": _replaced("block"),
    "blacklist_remove_all": _emptied("block"),
    "whitelist_add": _changed("allow", on=True),
    "whitelist_remove": _changed("allow", on=False),
    "whitelist_set": _replaced("allow"),
    "whitelist_remove_all": _emptied("allow"),
}
