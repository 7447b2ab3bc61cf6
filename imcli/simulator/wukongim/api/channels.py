"""`/channel...`: groups, their members, deny and allow lists.

Source: WuKongIM `internal/api/channel.go`. Lists are stored under the id as it is written: the list
of who may write to A is that of channel `A`, type 1. `/channel/info` checks nothing at all.
"""

from __future__ import annotations

from imcli.model.actions import AccessList, Dismiss
from imcli.model.entities import GROUP, PERSON
from imcli.simulator.wukongim.api.calls import (
    OK,
    BadRequest,
    Call,
    Fields,
    Handler,
    Reply,
    failed,
)
from imcli.simulator.wukongim.api.family import Flags, listed
from imcli.simulator.wukongim.api.names import chat_name, is_special

NO_ID = "频道ID不能为空！"


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
    chat, flags = chat_name(channel_id, channel_type), _flags(call, body)
    call.family.create(call, chat, named, flags, reset=body.flag("reset"))
    return OK


def _flags(call: Call, body: Fields) -> Flags:
    muted = body.flag("send_ban") and call.traits.send_ban != "unknown"
    return Flags(body.flag("ban"), muted, body.flag("disband"))


def info(call: Call) -> Reply:
    """`POST /channel/info`: the flags of whatever is named.

    Flags of a user's own id stop nobody who writes to the user: they are the user's as a sender. A
    person channel is looked up by its internal id.
    """
    body = call.fields("channelInfoReq")
    channel_id, channel_type = body.text("channel_id"), body.channel_type()
    chat = chat_name(channel_id, channel_type)
    call.family.set_flags(call, channel_id, chat, _flags(call, body))
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
    return chat_name(channel_id, channel_type or GROUP), named, body.flag("reset")


def subscriber_add(call: Call) -> Reply:
    """`POST /channel/subscriber_add`: makes the channel if there is none."""
    chat, named, reset = _members(call)
    call.family.add_members(call, chat, named, reset=reset)
    return OK


def subscriber_remove(call: Call) -> Reply:
    """`POST /channel/subscriber_remove`."""
    chat, named, _ = _members(call)
    call.family.remove_members(call, chat, named)
    return OK


def subscriber_remove_all(call: Call) -> Reply:
    """`POST /channel/subscriber_remove_all`."""
    _, channel_id, channel_type = _checked(call)
    call.family.remove_everybody(call, chat_name(channel_id, channel_type))
    return OK


# Lists


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
        for uid in uids:
            call.family.access(call, owner, uid, access, on=on)
        return OK

    return handler


def _replaced(access: AccessList) -> Handler:
    """Make the handler that replaces a list."""

    def handler(call: Call) -> Reply:
        body, channel_id, channel_type = _checked(call, special=False)
        owner = chat_name(channel_id, channel_type)
        call.family.replace_list(call, owner, access, body.texts("uids"))
        return OK

    return handler


def _emptied(access: AccessList) -> Handler:
    """Make the handler that empties a list."""

    def handler(call: Call) -> Reply:
        _, channel_id, channel_type = _checked(call, special=False)
        call.family.replace_list(call, chat_name(channel_id, channel_type), access, ())
        return OK

    return handler


def whitelist(call: Call) -> Reply:
    """`GET /channel/whitelist`."""
    owner = chat_name(call.asked("channel_id"), call.asked_type())
    when = "1970-01-01T00:00:00Z"
    return 200, [
        {"id": place, "uid": uid, "created_at": when, "updated_at": when}
        for place, uid in enumerate(listed(call.state, owner, "allow"), 1)
    ]


LISTS: dict[str, Handler] = {
    "blacklist_add": _changed("block", on=True),
    "blacklist_remove": _changed("block", on=False),
    "blacklist_set": _replaced("block"),
    "blacklist_remove_all": _emptied("block"),
    "whitelist_add": _changed("allow", on=True),
    "whitelist_remove": _changed("allow", on=False),
    "whitelist_set": _replaced("allow"),
    "whitelist_remove_all": _emptied("allow"),
}
