"""`/message...` and reading a channel: sending, windows, single messages, numbers.

Source: WuKongIM `internal/api/message.go`, `channel.go`. A send is answered before anything is
checked or stored, so that a refused one is answered like any other.
"""

from __future__ import annotations

from imcli.model.actions import Send
from imcli.model.entities import Message
from imcli.model.events import Accepted
from imcli.simulator.conversations.row_list import SYSTEM_USER
from imcli.simulator.wukongim.api.calls import (
    ABSENT,
    OK,
    PERSON,
    BadRequest,
    Call,
    Fields,
    Reply,
    chat_name,
    failed,
    is_special,
    key_of_internal,
)
from imcli.simulator.wukongim.api.objects import payload_text, written_message, written_range
from imcli.simulator.wukongim.history import window
from imcli.simulator.wukongim.ids import key_of
from imcli.simulator.wukongim.messages import channel_at

SECOND_MS = 1000


def send(call: Call) -> Reply:
    """`POST /message/send`."""
    body = call.fields("messageSendReq")
    payload = body.octets("payload")
    if not payload:
        return failed("payload不能为空！")
    channel_id, named = body.text("channel_id").strip(), body.texts("subscribers")
    sync_once = body.inner("header").flag("sync_once")
    if bool(channel_id) == bool(named) or (named and not sync_once):
        return failed("无法处理发送消息请求！")
    if named:  # a channel of its own that keeps no conversations: never synchronised (A22)
        return OK
    if is_special(channel_id):
        return failed("频道ID不合法！")
    sender = body.text("from_uid").strip() or SYSTEM_USER
    chat = chat_name(channel_id, body.channel_type())
    message_id, number = _send_one(call, body, sender, chat, payload)
    return 200, {"status": 200, "data": {"message_id": message_id, "client_msg_no": number}}


def _send_one(call: Call, body: Fields, sender: str, chat: str, payload: bytes) -> tuple[int, str]:
    """Send as the back end; give the id that the answer has, kept or not."""
    header = body.inner("header")
    text, raw = payload_text(payload)
    number = body.text("client_msg_no").strip() or f"{call.state.order + 1:032x}0"
    call.know(sender)
    if chat[:1] != "#":
        call.know(chat)
    action = Send(
        sender,
        "",
        chat,
        text,
        number,
        raw,
        no_persist=header.flag("no_persist"),
        no_red_dot=not header.flag("red_dot"),
        command=header.flag("sync_once"),
        expire_ms=body.number("expire", 0, (1 << 32) - 1, "uint32") * SECOND_MS,
    )
    for event in call.apply(action):
        if isinstance(event, Accepted):
            return event.message_id, number
    return call.state.next_order(), number


def send_batch(call: Call) -> Reply:
    """`POST /message/sendbatch`: one person message to each."""
    body = call.fields()
    sender, named, payload = (
        body.text("from_uid"),
        body.texts("subscribers"),
        body.octets("payload"),
    )
    for name, value in (("from_uid", sender), ("subscribers", named), ("payload", payload)):
        if not value:
            return failed(f"{name}不能为空！")
    bad = [uid for uid in named if is_special(uid)]
    for uid in named:
        if uid and uid not in bad:
            _send_one(call, body, sender, uid, payload)
    return 200, {"fail_uids": bad, "reason": ["频道ID不合法！"] * len(bad)}


# Reading


def _channel(call: Call, user: str, channel_id: str, channel_type: int) -> str:
    return key_of(user, chat_name(channel_id, channel_type))


def message_sync(call: Call) -> Reply:
    """`POST /channel/messagesync`; a look makes the channel known."""
    body = call.fields()
    channel_id, user = body.text("channel_id"), body.text("login_uid")
    for name, value in (("channel_id", channel_id), ("login_uid", user)):
        if not value.strip():
            return failed(f"{name}不能为空！")
    key = _channel(call, user, channel_id, body.channel_type())
    _look(call, key)
    start, end = body.number("start_message_seq"), body.number("end_message_seq")
    limit, upwards = max(body.integer("limit"), 0), body.integer("pull_mode") == 1
    found, more = window(call.state.logs.get(key), start, end, limit, upwards=upwards)
    return 200, {
        "start_message_seq": start,
        "end_message_seq": end,
        "more": more,
        "messages": written_range(found, call.traits),
    }


def _look(call: Call, key: str) -> None:
    """Looking at a channel writes down where in the cluster it is; from then on it is known."""
    if key not in call.state.channels:
        if key[:1] != "#":
            call.know(*key.split("@", 1))
        channel_at(call.state, key)


def max_seq(call: Call) -> Reply:
    """`GET /channel/max_message_seq`; of a channel never touched it is an error (A25).

    Before 2.2.5 a person channel must be named by its internal id.
    """
    channel_id = call.query.get("channel_id", "")
    if not channel_id:
        return failed("channel_id不能为空！")
    channel_type = _query_type(call)
    key = chat_name(channel_id, channel_type)
    if channel_type == PERSON:
        user = call.query.get("login_uid", "")
        if call.traits.later_routes and user and "@" not in channel_id:
            key = key_of(user, channel_id)
        else:
            key = key_of_internal(channel_id)
    if key not in call.state.channels:
        return failed("not found")
    return 200, {"message_seq": call.state.last_seq(key)}


def _query_type(call: Call) -> int:
    text = call.query.get("channel_type", "0")
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def last_message(call: Call) -> Reply:
    """`GET /channel/last_message`."""
    user, channel_id = call.query.get("login_uid", ""), call.query.get("channel_id", "")
    if not channel_id:
        return failed("channel_id不能为空！")
    channel_type = _query_type(call)
    if channel_type == PERSON and not user:
        return failed("login_uid不能为空！")
    log = call.state.logs.get(_channel(call, user, channel_id, channel_type))
    return _one(call, log.get(log.last) if log is not None else None)


def _one(call: Call, message: Message | None) -> Reply:
    if message is None:
        return ABSENT
    return 200, written_message(message, call.traits, flags=False)


def search(call: Call) -> Reply:
    """`POST /messages`: by numbers, ids and client numbers; what is not there is passed over."""
    body = call.fields()
    channel_id = body.text("channel_id")
    if not channel_id.strip():
        return failed("channel_id不能为空！")
    key = _channel(call, body.text("login_uid"), channel_id, body.channel_type())
    everything = _everything(call, key)
    found: list[Message] = []
    for seq in body.get("message_seqs") or ():
        found += [message for message in everything if message.seq == seq]
    for message_id in body.get("message_ids") or ():
        found += [message for message in everything if message.message_id == message_id]
    for number in body.texts("client_msg_nos"):
        found += [message for message in everything if message.client_msg_no == number][:1]
    each = [written_message(message, call.traits, flags=False) for message in found]
    return 200, {"start_message_seq": 0, "end_message_seq": 0, "more": 0, "messages": each}


def _everything(call: Call, key: str) -> list[Message]:
    log = call.state.logs.get(key)
    return [] if log is None else log.page(0, log.last, 0)


def search_one(call: Call) -> Reply:
    """`POST /message`: by id; by client number it never finds anything (A24)."""
    body = call.fields()
    user, channel_id, channel_type = (
        body.text("login_uid"),
        body.text("channel_id"),
        body.channel_type(),
    )
    if not channel_id.strip():
        return failed("channel_id不能为空！")
    if not channel_type:
        return failed("channel_type不能为0")
    if channel_type == PERSON and not user.strip():
        return failed("login_uid不能为空！")
    wanted = body.integer("message_id")
    found = _everything(call, _channel(call, user, channel_id, channel_type))
    return _one(call, next((m for m in found if wanted and m.message_id == wanted), None))


def by_client_number(call: Call) -> Reply:
    """`GET /message/byclientmsgno`; a person channel is named by its internal id."""
    channel_id, number = call.query.get("channel_id", ""), call.query.get("client_msg_no", "")
    channel_type = _query_type(call)
    if not channel_id or not channel_type or not number:
        raise BadRequest("channel_id, channel_type and client_msg_no cannot be empty")
    person = channel_type == PERSON
    key = key_of_internal(channel_id) if person else chat_name(channel_id, channel_type)
    found = [m for m in _everything(call, key) if m.client_msg_no == number]
    return _one(call, found[0] if found else None)
