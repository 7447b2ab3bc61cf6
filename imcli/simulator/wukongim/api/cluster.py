"""`/cluster/...`: looking into the store past every cache: slots, channels, members, users, rows.

Source: WuKongIM `pkg/cluster/cluster/api_*.go`, `model.go`. There is one node with 64 slots, and it
leads each. Nobody writes here. What a simulated server does not keep (when a user was made, how
many bytes somebody sent) is 0; tokens of devices are not shown.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from itertools import islice

from imcli.model.entities import PERSON, Message
from imcli.simulator.conversations.row_table import is_command_key
from imcli.simulator.state import Channel, User
from imcli.simulator.wukongim.api.calls import Call, Handler, Reply, failed
from imcli.simulator.wukongim.api.family import Stored
from imcli.simulator.wukongim.api.names import key_of_written, written_id
from imcli.simulator.wukongim.api.objects import Json, payload_of
from imcli.simulator.wukongim.api.surroundings import NODE
from imcli.simulator.wukongim.api.times import minute, uptime

SLOTS = 64
PAGE_SIZE = 20
PAGE_SIZE_MAX = 10_000
TYPES = {1: "个人", 2: "群组", 3: "客服", 4: "社区", 6: "资讯", 7: "数据"}
DEVICES = {0: "APP", 1: "WEB", 2: "PC"}
LEVELS = {0: "从设备", 1: "主设备"}
NORMAL = "正常"


def slot_of(text: str) -> int:
    """Number the slot of a user or channel."""
    return zlib.crc32(text.encode()) % SLOTS


def type_format(channel_type: int) -> str:
    """Name a channel's type."""
    return TYPES.get(channel_type, f"未知({channel_type})")


def _number(*parts: str) -> int:
    """Give something a number that looks like the key of a row and is always the same."""
    return zlib.crc32("\0".join(parts).encode())


def _limit(call: Call) -> int:
    limit = call.asked_number("limit")
    return min(limit, PAGE_SIZE_MAX) if limit > 0 else PAGE_SIZE


def _page(call: Call, found: Iterable[Json]) -> Json:
    """Cut a list to the page's size; nothing here has a time by which pages could go on."""
    limit = _limit(call)
    data = list(islice(found, limit + 1))
    return {"total": 0, "more": int(len(data) > limit), "data": data[:limit]}


# The node and its slots


def all_slots(call: Call) -> Reply:
    """`GET /cluster/allslot`: every slot has a leader."""
    slot = {"leader_id": NODE, "term": 1, "replicas": [NODE], "channel_count": 0, "log_index": 0}
    said = {"status": 0, "status_format": NORMAL}
    return 200, {"total": SLOTS, "data": [{"id": n, **slot, **said} for n in range(SLOTS)]}


def _node(call: Call) -> Json:
    return {
        "id": NODE,
        "is_leader": 1,
        "role": 0,
        "cluster_addr": "",
        "api_server_addr": call.around.api_url,
        "online": 1,
        "allow_vote": 1,
        "slot_count": SLOTS,
        "term": 1,
        "slot_leader_count": SLOTS,
        "uptime": uptime(call.state.now - call.around.started_ms),
        "app_version": call.family.version(call.server),
        "status": 2,
        "status_format": "已加入",
    }


def node(call: Call) -> Reply:
    """`GET /cluster/node`."""
    return 200, _node(call)


def nodes(call: Call) -> Reply:
    """`GET /cluster/nodes` and `/cluster/simpleNodes`."""
    return 200, {"total": 1, "data": [_node(call)]}


def info(call: Call) -> Reply:
    """`GET /cluster/info`: the configuration of the cluster."""
    alone = {"id": NODE, "allow_vote": True, "online": True, "status": 2}
    slots = [{"id": n, "leader": NODE, "term": 1, "replicas": [NODE]} for n in range(SLOTS)]
    counts = {"slot_count": SLOTS, "slot_replica_count": 1, "channel_replica_count": 1}
    return 200, {"version": 1, "term": 1, **counts, "nodes": [alone], "slots": slots}


# Channels


def channels(call: Call) -> Reply:
    """`GET /cluster/channels`: what is known of channels, the newest first."""
    wanted, kind = call.asked("channel_id").strip(), call.asked_type()
    found = (
        _channel(call, key, channel)
        for key, channel in reversed(call.state.channels.items())
        if (not wanted or written_id(key)[0] == wanted) and kind in (0, written_id(key)[1])
    )
    return 200, {**_page(call, found), "total": len(call.state.channels)}


def _channel(call: Call, key: str, channel: Channel) -> Json:
    channel_id, channel_type = written_id(key)
    log = call.state.logs.get(key)
    last = log.get(log.last) if log is not None else None
    last_ms = last.time_ms if last is not None else 0
    return {
        "id": _number(key),
        "slot": slot_of(channel_id),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "channel_type_format": type_format(channel_type),
        "ban": int("banned" in channel.flags),
        "disband": int(channel.dismissed),
        "subscriber_count": len(channel.members) if key[:1] == "#" else 0,
        "allowlist_count": len(channel.allowed),
        "denylist_count": len(channel.blocked),
        "last_msg_seq": call.state.last_seq(key),
        "last_msg_time": last_ms * 1_000_000,
        "last_msg_time_format": uptime(call.state.now - last_ms) if last_ms else "",
        "status_format": NORMAL,
        "created_at": 0,
        "updated_at": 0,
        "created_at_format": "",
        "updated_at_format": "",
    }


def config(call: Call) -> Reply:
    """`GET /cluster/channels/:id/:type/config`: where a channel is."""
    channel_id, channel_type, key = _in_path(call)
    if key not in call.state.channels:
        return failed("not found")
    return 200, {
        "channel_id": channel_id,
        "channel_type": channel_type,
        "replica_max_count": 1,
        "replicas": [NODE],
        "learners": None,
        "leader_id": NODE,
        "term": 1,
        "migrate_from": 0,
        "migrate_to": 0,
        "status": 0,
    }


def _in_path(call: Call) -> tuple[str, int, str]:
    """Read id and type from the path; the key is "" where they name no channel."""
    _, _, _, channel_id, kind, *_ = call.path.split("/")
    channel_type = int(kind) if kind.isascii() and kind.isdecimal() and len(kind) < 4 else 0
    return channel_id, channel_type, key_of_written(channel_id, channel_type)


def _holder(call: Call) -> Channel | User | None:
    """Give whose lists are meant: those of a person stand under the plain id."""
    channel_id, channel_type, key = _in_path(call)
    if channel_type == PERSON and not key:
        return call.state.users.get(channel_id)
    return call.state.channels.get(key)


def subscribers(call: Call) -> Reply:
    """`GET /cluster/channels/:id/:type/subscribers`; a person channel has none that are written."""
    _, _, key = _in_path(call)
    channel = call.state.channels.get(key) if key[:1] == "#" else None
    return 200, list(channel.members) if channel is not None else []


def denylist(call: Call) -> Reply:
    """`GET /cluster/channels/:id/:type/denylist`."""
    holder = _holder(call)
    return 200, list(holder.blocked) if holder is not None else []


def allowlist(call: Call) -> Reply:
    """`GET /cluster/channels/:id/:type/allowlist`."""
    holder = _holder(call)
    return 200, list(holder.allowed) if holder is not None else []


IN_CHANNEL: dict[str, Handler] = {
    "subscribers": subscribers,
    "denylist": denylist,
    "allowlist": allowlist,
    "config": config,
}
"""What can be asked of one channel: the end of the path, and its handler."""


# Messages, users, devices, rows


def messages(call: Call) -> Reply:
    """`GET /cluster/messages` of one channel, the newest first; without a channel there are none.

    The real server searches all channels; here that would read every log.
    """
    channel_id = call.asked("channel_id").strip()
    log = call.state.logs.get(key_of_written(channel_id, call.asked_type()))
    if log is None:
        return 200, {"total": 0, "data": []}
    before, back = call.asked_number("offset_message_seq"), call.asked("pre") == "1"
    low, high = (before, log.last) if back else (0, (before or log.last + 1) - 1)
    number, sender = call.asked("client_msg_no").strip(), call.asked("from_uid").strip()
    page = log.page(low, high, PAGE_SIZE_MAX, newest=not back)
    found = [
        _message(each)
        for each in page
        if number in ("", each.client_msg_no) and sender in ("", each.sender)
    ]
    limit = _limit(call)
    return 200, {"total": log.last, "data": found[:limit][::-1] if back else found[::-1][:limit]}


def _message(message: Message) -> Json:
    channel_id, channel_type = written_id(message.channel)
    return {
        "message_id": str(message.message_id),
        "message_seq": message.seq,
        "client_msg_no": message.client_msg_no,
        "timestamp": message.time_ms // 1000,
        "timestamp_format": minute(message.time_ms),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "topic": "",
        "from_uid": message.sender,
        "payload": payload_of(message),
        "expire": max(0, message.expires_ms - message.time_ms) // 1000,
        "term": 1,
        "is_stream": 0,
    }


def users(call: Call) -> Reply:
    """`GET /cluster/users`, the newest first."""
    wanted = call.asked("uid").strip()
    found = (
        _user(uid, owner)
        for uid, owner in reversed(call.state.users.items())
        if wanted in ("", uid)
    )
    return 200, {**_page(call, found), "total": len(call.state.users)}


_COUNTS = ("send_msg_count", "recv_msg_count", "send_msg_bytes", "recv_msg_bytes")
_TIMES: Json = {
    "created_at": 0,
    "updated_at": 0,
    "created_at_format": "",
    "updated_at_format": "",
}


def _user(uid: str, owner: User) -> Json:
    online = sum(bool(device.session) for device in owner.devices.values())
    counts = {"device_count": len(owner.tokens), "online_device_count": online}
    rest = {"conn_count": online, **dict.fromkeys(_COUNTS, 0), **_TIMES}
    return {"id": _number(uid), "uid": uid, **counts, **rest, "slot": slot_of(uid)}


def devices(call: Call) -> Reply:
    """`GET /cluster/devices`: for which device flags users have been given tokens."""
    wanted, flag = call.asked("uid").strip(), call.asked_number("device_flag")
    found = (
        _device(uid, kind, level)
        for uid, owner in reversed(call.state.users.items())
        for kind, (_, level) in owner.tokens.items()
        if wanted in ("", uid) and flag in (0, kind)
    )
    return 200, _page(call, found)


def _device(uid: str, flag: int, level: int) -> Json:
    return {
        "id": _number(uid, str(flag)),
        "uid": uid,
        "token": "",
        "device_flag": flag,
        "device_flag_format": DEVICES.get(flag, f"未知({flag})"),
        "device_level": level,
        "device_level_format": LEVELS.get(level, f"未知({level})"),
        "conn_count": 0,
        **dict.fromkeys(_COUNTS, 0),
        **_TIMES,
    }


def conversations(call: Call) -> Reply:
    """`GET /cluster/conversations?uid=`: the stored rows, past caches and what waits."""
    uid = call.asked("uid")
    rows = call.family.stored(call.server, uid)
    return 200, {"total": 0, "data": [_row(uid, row) for row in rows]}


def _row(uid: str, row: Stored) -> Json:
    channel_id, channel_type = written_id(row.key)
    command = is_command_key(row.key)
    at = row.touched_ms // 1000
    return {
        "id": _number(uid, row.key),
        "uid": uid,
        "type": int(command),
        "type_format": "命令" if command else "聊天",
        "channel_id": channel_id,
        "channel_type": channel_type,
        "channel_type_format": type_format(channel_type),
        "unread_count": row.unread,
        "last_msg_seq": row.last,
        "readed_to_msg_seq": row.read_to,
        "created_at": at,
        "updated_at": at,
        "created_at_format": minute(row.touched_ms),
        "updated_at_format": minute(row.touched_ms),
        **row.more,
    }
