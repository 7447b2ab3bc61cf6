"""`/conversation...`: the list, its pages, by channel, and the three calls that change a row.

Source: WuKongIM `internal/api/conversation.go`. The peer need not exist, and neither need the user:
an unknown conversation is a success. An empty user id is a panic in the store (A33).
"""

from __future__ import annotations

from imcli.model.actions import Delete
from imcli.simulator.wukongim.api.calls import (
    OK,
    PANIC,
    BadRequest,
    Call,
    Fields,
    Reply,
    failed,
)
from imcli.simulator.wukongim.api.family import ListAsk
from imcli.simulator.wukongim.api.names import chat_name, key_of_written, written_id
from imcli.simulator.wukongim.api.objects import written_range
from imcli.simulator.wukongim.known_seqs import read_known

COUNT_DEFAULT = 15
WINDOW_MAX = 10_000


def sync(call: Call) -> Reply:
    """`POST /conversation/sync`."""
    ask = _ask(call, call.fields("syncUserConversationReq"))
    if not ask.user:
        return _nobody(call)
    return 200, call.family.listing(call, ask)


def _nobody(call: Call) -> Reply:
    """An empty user id is a panic in the store (A33); who does not have that says what is wrong."""
    return PANIC if call.family.panics else failed("uid cannot be empty")


def _ask(call: Call, body: Fields) -> ListAsk:
    pages, excludes = call.traits.pages, call.traits.excludes
    return ListAsk(
        body.text("uid"),
        body.integer("msg_count"),
        body.integer("version"),
        body.flag("only_unread"),
        read_known(body.text("last_msg_seqs")),
        max(body.integer("page"), 0) if pages else 0,
        max(body.integer("page_size"), 0) if pages else 0,
        body.octets("exclude_channel_types") if excludes else b"",
    )


def by_channels(call: Call) -> Reply:
    """`POST /conversation/syncByChannels`: one object per channel asked for."""
    body = call.fields()
    user, asked = body.text("uid"), body.objects("channels")
    if not user:
        return failed("uid cannot be empty")
    if not asked:
        return failed("channels cannot be empty")
    chats = [chat_name(each.text("channel_id"), each.channel_type()) for each in asked]
    count = body.integer("msg_count")
    return 200, call.family.by_channels(call, user, chats, count if count > 0 else COUNT_DEFAULT)


def sync_messages(call: Call) -> Reply:
    """`POST /conversation/syncMessages`: what nodes ask each other; ids are internal.

    Newest first down to `last_msg_seq`, or oldest first from it on.
    """
    body = call.fields()
    user, newest_first = body.text("uid"), body.flag("order_by_last")
    count = body.integer("msg_count")
    count = min(count, WINDOW_MAX) if count > 0 else COUNT_DEFAULT
    return 200, [
        _recent(call, user, each, count, newest_first=newest_first)
        for each in body.objects("channels")
    ]


def _recent(
    call: Call, user: str, asked: Fields, count: int, *, newest_first: bool
) -> dict[str, object]:
    channel_id, channel_type = asked.text("channel_id"), asked.channel_type()
    start = max(asked.number("last_msg_seq") - 1, 0)
    log = call.state.logs.get(key_of_written(channel_id, channel_type))
    found = log.page(start, log.last, count, newest=newest_first) if log is not None else []
    written = written_range(found, call.form)
    answer: dict[str, object] = {
        "channel_id": channel_id,
        "channel_type": channel_type,
        "messages": written[::-1] if newest_first else written,
    }
    if call.traits.own_marks:
        answer["user_last_msg_seq"] = log.last_by(user) if log is not None else 0
    return answer


def channels(call: Call) -> Reply:
    """`POST /conversation/channels`: internal ids, deleted ones too where D hides them (A15).

    From 2.2.0 on rows of commands come along, through the list cache.
    """
    user = call.fields().text("uid")
    if not user:
        return _nobody(call)
    written = (written_id(key) for key in call.family.keys(call, user))
    return 200, [{"channel_id": name, "channel_type": kind} for name, kind in written]


def _target(call: Call, nobody: str, struct: str) -> tuple[Fields, str, str]:
    """Read whose conversation with whom is meant.

    Raises:
        BadRequest: something is empty; each route has its own way of writing `uid`.
    """
    body = call.fields(struct)
    user, channel_id, channel_type = (
        body.text("uid"),
        body.text("channel_id"),
        body.channel_type(),
    )
    if not user:
        raise BadRequest(nobody)
    if not channel_id or not channel_type:
        raise BadRequest("channel_id or channel_type cannot be empty")
    return body, user, chat_name(channel_id, channel_type)


def delete(call: Call) -> Reply:
    """`POST /conversations/delete`."""
    _, user, chat = _target(call, "Uid cannot be empty", "deleteChannelReq")
    call.know(user)
    call.apply(Delete(user, "", chat))
    return OK


def clear_unread(call: Call) -> Reply:
    """`POST /conversations/clearUnread`; WuKongIM declares `message_seq` and never reads it."""
    body, user, chat = _target(call, "uid cannot be empty", "clearConversationUnreadReq")
    upto = body.number("message_seq", 0, (1 << 32) - 1, "uint32")
    call.know(user)
    call.family.read(call, user, chat, upto)
    return OK


def set_unread(call: Call) -> Reply:
    """`POST /conversations/setUnread`."""
    body, user, chat = _target(call, "UID cannot be empty", "setConversationUnreadReq")
    unread = body.integer("unread")
    call.know(user)
    call.family.mark_unread(call, user, chat, unread)
    return OK
