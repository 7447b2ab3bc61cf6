"""`/message/send...`: sending as the app's back end.

Source: WuKongIM `internal/api/message.go`. WuKongIM answers a send before anything is checked or
stored, so that a refused one is answered like any other.
"""

from __future__ import annotations

from imcli.model.actions import Send
from imcli.model.durations import SECOND_MS
from imcli.model.entities import SYSTEM_USER
from imcli.simulator.wukongim.api.calls import OK, Call, Fields, Reply, failed
from imcli.simulator.wukongim.api.family import Sent
from imcli.simulator.wukongim.api.names import chat_name, is_special
from imcli.simulator.wukongim.api.objects import payload_text

STREAM = 0x02
"""The bit of `setting` that says that a message comes piece by piece."""
NOT_SENDABLE = "无法处理发送消息请求！"


def send(call: Call) -> Reply:
    """`POST /message/send`."""
    body = call.fields("messageSendReq")
    payload = body.octets("payload")
    if not payload:
        return failed("payload不能为空！")
    channel_id, named = body.text("channel_id").strip(), body.texts("subscribers")
    sync_once = body.inner("header").flag("sync_once")
    if bool(channel_id) == bool(named) or (named and not sync_once):
        return failed(NOT_SENDABLE)
    sender = body.text("from_uid").strip() or SYSTEM_USER
    if named:
        call.family.send_apart(call, action_of(call, body, sender, "", payload), named)
        return OK
    if is_special(channel_id):
        return failed("频道ID不合法！")
    action = action_of(call, body, sender, chat_name(channel_id, body.channel_type()), payload)
    return 200, {"status": 200, "data": _told(action, call.family.send(call, action))}


def _told(action: Send, sent: Sent) -> dict[str, object]:
    told: dict[str, object] = {
        "message_id": sent.message_id,
        "client_msg_no": action.client_msg_no,
    }
    return told if sent.seq is None else {**told, "message_seq": sent.seq}


def action_of(call: Call, body: Fields, sender: str, chat: str, payload: bytes) -> Send:
    """Read what a body asks to be sent; `chat` and `payload` have been looked at."""
    header = body.inner("header")
    text, raw = payload_text(payload)
    return Send(
        sender,
        "",
        chat,
        text,
        body.text("client_msg_no").strip() or f"{call.state.order + 1:032x}0",
        raw,
        no_persist=header.flag("no_persist"),
        no_red_dot=_is_silent(call, header),
        command=header.flag("sync_once"),
        expire_ms=body.number("expire", 0, (1 << 32) - 1, "uint32") * SECOND_MS,
        setting=STREAM if call.traits.later_routes and body.flag("is_stream") else 0,
    )


def _is_silent(call: Call, header: Fields) -> bool:
    """Tell whether a message makes nothing unread; an absent flag is 0 where 0 means nothing."""
    said = header.get("red_dot") is not None or call.family.silent_unless_said
    return said and not header.flag("red_dot")


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
            call.family.send(call, action_of(call, body, sender, uid, payload))
    return 200, {"fail_uids": bad, "reason": ["频道ID不合法！"] * len(bad)}
