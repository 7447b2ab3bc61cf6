"""Streams: texts that come piece by piece, in the manner of each version.

Up to 2.2.0 a stream is opened (`/stream/open`), its pieces are sent like messages that name it
(`/message/send` with `stream_no`), and it is closed, of which nobody is told. No piece is kept.
From 2.2.5 on it is one message that is kept (`is_stream`), and events about it (`/message/event`),
which go to every connection of every member. Neither touches a conversation, so the simulated
server knows nothing of pieces and events: they go to `Surroundings.tell`, and how far the events
of a message are stands in `Progress`, in memory.

Source: WuKongIM `internal/api/stream.go` (2.1.3 to 2.2.0), `internal/api/message.go:sendEvent`
(2.2.5); recorded from 2.1.3, 2.2.0 and 2.2.5. What `/message/eventsync` lists of an event is not
recorded: here it is what was given.
"""

from __future__ import annotations

from typing import Any

import msgspec

from imcli.model.entities import SYSTEM_USER, Message
from imcli.simulator.messages import new_message
from imcli.simulator.wukongim.api.calls import OK, BadRequest, Call, Reply
from imcli.simulator.wukongim.api.fields import Fields
from imcli.simulator.wukongim.api.messages import STREAM, action_of
from imcli.simulator.wukongim.api.messages import send as send_whole
from imcli.simulator.wukongim.api.names import chat_name, is_special
from imcli.simulator.wukongim.api.surroundings import Notice, Piece
from imcli.simulator.wukongim.ids import key_of

OPENS, GOES_ON = 0, 1
MAIN = "main"
DELTA = "stream.delta"
STATUS = {
    "stream.close": "closed",
    "stream.finish": "closed",
    "stream.error": "error",
    "stream.cancel": "cancelled",
}
STREAMS_MAX = 10_000
EVENTS_MAX = 2_000
LIMIT_DEFAULT = 200


class Progress(msgspec.Struct):
    """How far the events of one key of a message are: the number of the last that counts."""

    seq: int = 0
    status: str = "open"
    events: list[dict[str, Any]] = []


# Up to 2.2.0


def open_stream(call: Call) -> Reply:
    """`POST /stream/open`."""
    body = call.fields("streamMessageStartReq")
    number = f"{call.state.order + 1:032x}"
    _push(call, body, number, OPENS)
    return 200, {"stream_no": number}


def send(call: Call) -> Reply:
    """`POST /message/send`: with `stream_no` a piece, where there are any."""
    if not call.traits.streams:
        return send_whole(call)
    body = call.fields("messageSendReq")
    if not body.text("stream_no"):
        return send_whole(call)
    message = _push(call, body, body.text("stream_no"), GOES_ON)
    data = {"message_id": message.message_id, "client_msg_no": message.client_msg_no}
    return 200, {"status": 200, "data": data}


def close_stream(call: Call) -> Reply:
    """`POST /stream/close`: nobody is told."""
    call.fields("streamMessageEndReq")
    return OK


def _push(call: Call, body: Fields, number: str, flag: int) -> Message:
    payload, channel_id = body.octets("payload"), body.text("channel_id").strip()
    if not payload:
        raise BadRequest("payload不能为空！")
    if not channel_id or is_special(channel_id):
        raise BadRequest("频道ID不合法！")
    sender = body.text("from_uid").strip() or SYSTEM_USER
    chat = chat_name(channel_id, body.channel_type())
    action = action_of(call, body, sender, chat, payload)
    key = key_of(sender, chat)
    message = new_message(call.state, msgspec.structs.replace(action, setting=STREAM), key, 0)
    call.around.tell(_members(call, key), Piece(message, number, flag))
    return message


def _members(call: Call, key: str) -> tuple[str, ...]:
    """Name those whom a channel's messages reach."""
    channel = call.state.channels.get(key)
    if channel is not None:
        return tuple(channel.members)
    return () if key[:1] == "#" else tuple(dict.fromkeys(key.split("@", 1)))


# From 2.2.5 on


def event(call: Call) -> Reply:
    """`POST /message/event`."""
    body = call.fields("messageEventReq")
    _check_present(body, "channel_id", "client_msg_no", "event_id", "event_type")
    key = _key(call, body)
    message = _message(call, key, body.text("client_msg_no"))
    progress = _progress(call, key, body)
    kind = body.text("event_type")
    if kind != DELTA:
        progress.seq += 1
    progress.status = STATUS.get(kind, progress.status)
    told = _told(body, progress)
    _keep(progress, body)
    _notify(call, key, body, told, message)
    return 200, {"status": 200, "data": told}


def _check_present(body: Fields, *names: str) -> None:
    """Refuse a body in which one of the texts is blank.

    Raises:
        BadRequest: it names the first.
    """
    for name in names:
        if not body.text(name).strip():
            raise BadRequest(f"{name} cannot be empty")


def _key(call: Call, body: Fields) -> str:
    chat = chat_name(body.text("channel_id"), body.channel_type())
    return key_of(body.text("from_uid"), chat)


def _message(call: Call, key: str, number: str) -> Message | None:
    log = call.state.logs.get(key)
    newest = log.page(0, log.last, 0) if log is not None else []
    return next((each for each in reversed(newest) if each.client_msg_no == number), None)


def _progress(call: Call, key: str, body: Fields) -> Progress:
    """Find how far a stream is; with too many of them the oldest are forgotten."""
    table = _table(call)
    place = (key, body.text("client_msg_no"), body.text("event_key") or MAIN)
    found = table.get(place)
    if found is None:
        while len(table) >= STREAMS_MAX:
            del table[next(iter(table))]
        found = table[place] = Progress(events=[])
    return found


def _table(call: Call) -> dict[tuple[str, str, str], Progress]:
    return {} if call.around.progress is None else call.around.progress


def _told(body: Fields, progress: Progress) -> dict[str, Any]:
    return {
        "client_msg_no": body.text("client_msg_no"),
        "event_key": body.text("event_key") or MAIN,
        "event_id": body.text("event_id"),
        "msg_event_seq": progress.seq,
        "stream_status": progress.status,
        "channel_id": body.text("channel_id"),
        "channel_type": body.channel_type(),
        "from_uid": body.text("from_uid"),
    }


def _keep(progress: Progress, body: Fields) -> None:
    if len(progress.events) < EVENTS_MAX:
        progress.events.append(
            {
                "event_key": body.text("event_key") or MAIN,
                "event_id": body.text("event_id"),
                "event_type": body.text("event_type"),
                "msg_event_seq": progress.seq,
                "visibility": body.text("visibility"),
                "occurred_at": body.integer("occurred_at"),
                "payload": body.get("payload"),
            }
        )


def _notify(
    call: Call, key: str, body: Fields, told: dict[str, Any], message: Message | None
) -> None:
    """Tell everybody; the channel is named as the caller did, whoever reads it."""
    names = ("client_msg_no", "channel_id", "channel_type", "from_uid")
    data: dict[str, Any] = {name: told[name] for name in names}
    data["message_id"] = message.message_id if message is not None else 0
    data |= {name: told[name] for name in ("event_key", "msg_event_seq", "stream_status")}
    if body.text("visibility"):
        data["visibility"] = body.text("visibility")
    if body.get("payload") is not None:
        data["payload"] = body.get("payload")
    text = msgspec.json.encode(data).decode()
    notice = Notice(told["event_id"], body.text("event_type"), body.integer("occurred_at"), text)
    call.around.tell(_members(call, key), notice)


def event_sync(call: Call) -> Reply:
    """`POST /message/eventsync`."""
    body = call.fields("messageEventSyncReq")
    number, wanted = body.text("client_msg_no"), body.text("event_key")
    _check_present(body, "channel_id", "client_msg_no")
    start = body.number("from_msg_event_seq")
    limit = min(body.integer("limit") or LIMIT_DEFAULT, EVENTS_MAX)
    key = _key(call, body)
    found = [
        each
        for (channel, client, event_key), progress in _table(call).items()
        if (channel, client) == (key, number) and wanted in ("", event_key)
        for each in progress.events
        if each["msg_event_seq"] > start
    ]
    chosen = sorted(found, key=lambda each: int(each["msg_event_seq"]))[:limit]
    data = {
        "client_msg_no": number,
        "from_msg_event_seq": start,
        "next_msg_event_seq": chosen[-1]["msg_event_seq"] if chosen else start,
        "more": int(len(found) > limit),
        "events": chosen,
        "filtered_by_event_key": wanted,
    }
    return 200, {"status": 200, "data": data}
