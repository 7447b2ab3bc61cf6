"""What a server says of itself: health, addresses, figures, stored rows.

Source: WuKongIM `internal/api/system.go`, `route.go`, `varz.go`, `pkg/cluster/cluster/
api_conversation.go`. Addresses are those of the documentation; figures that a simulated server has
not are 0.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

from imcli.simulator.conversations.row_table import is_command_key
from imcli.simulator.wukongim.api.calls import PERSON, Call, Reply, address
from imcli.simulator.wukongim.api.users import FLAGS
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX, internal_id

TAGS: dict[tuple[int, ...], str] = {
    (2, 1, 3): "v2.1.3-20250210",
    (2, 1, 4): "v2.1.4-20250319",
    (2, 1, 5): "v2.1.5-20250424",
    (2, 2, 0): "v2.2.0-20250426",
    (2, 2, 5): "v2.2.5-20260422",
}
NODE = 1001
SLOTS = 64
ADDRESSES = {"tcp_addr": "127.0.0.1:5100", "ws_addr": "ws://127.0.0.1:5200", "wss_addr": ""}
FIGURES = (
    "goroutine",
    "mem",
    "cpu",
    "in_msgs",
    "out_msgs",
    "in_bytes",
    "out_bytes",
    "slow_clients",
    "retry_queue",
    "manager_on",
    "manager_token_on",
)
TYPES = {1: "个人", 2: "群组"}


def health(call: Call) -> Reply:
    """`GET /health`."""
    return 200, {"status": "ok"}


def route(call: Call) -> Reply:
    """`GET /route`."""
    if call.query.get("intranet") == "1":
        return 200, {"tcp_addr": "", "ws_addr": "", "wss_addr": ""}
    return 200, dict(ADDRESSES)


def route_batch(call: Call) -> Reply:
    """`POST /route/batch`: always one element."""
    return 200, [{**ADDRESSES, "uids": call.uids()}]


def varz(call: Call) -> Reply:
    """`GET /varz`; 2.1.3 counts the updates that wait in memory."""
    connections = sum(
        bool(device.session)
        for owner in call.state.users.values()
        for device in owner.devices.values()
    )
    counted = len(call.state.waiting) if call.traits.keeping == "rows" else 0
    found: dict[str, Any] = {
        "server_id": str(NODE),
        "server_name": "WuKongIM",
        "version": TAGS.get(call.server.profile.version, ""),
        "connections": connections,
        "user_handler_count": 0,
        "user_handler_conn_count": 0,
        "uptime": f"{call.state.now // 1000}s",
    }
    texts = ("manager_addr", "commit", "commit_date", "tree_state", "api_url", "manager_uid")
    return 200, (
        found
        | dict.fromkeys(FIGURES, 0)
        | ADDRESSES
        | dict.fromkeys(texts, "")
        | {"conversation_cache_count": counted}
    )


def varz_setting(call: Call) -> Reply:
    """`GET /varz/setting`."""
    return 200, {"logger": {"trace_on": 0, "loki_on": 0}, "prometheus_on": 0, "stress_on": 0}


def migrate_result(call: Call) -> Reply:
    """`GET /migrate/result`: nothing is to be migrated."""
    return 200, {"status": "migrated", "step": "message", "last_err": None, "try_count": 0}


def connz(call: Call) -> Reply:
    """`GET /connz`: who is connected."""
    found = [
        {"id": device.session, "uid": uid, "device": name, "device_flag": FLAGS[device.kind]}
        for uid, owner in call.state.users.items()
        for name, device in owner.devices.items()
        if device.session
    ]
    return 200, {
        "connections": found[:20],
        "now": _time(call.state.now),
        "total": len(found),
        "offset": 0,
        "limit": 20,
    }


def all_slots(call: Call) -> Reply:
    """`GET /cluster/allslot`: every slot has a leader."""
    slot = {"leader_id": NODE, "term": 1, "replicas": [NODE], "channel_count": 0, "log_index": 0}
    said = {"status": 0, "status_format": "正常"}
    return 200, {"total": SLOTS, "data": [{"id": n, **slot, **said} for n in range(SLOTS)]}


def conversations(call: Call) -> Reply:
    """`GET /cluster/conversations?uid=`: the stored rows, past caches and what waits."""
    uid = call.query.get("uid", "")
    found = []
    for key, row in call.state.all_records(uid):
        base = key.removesuffix(COMMAND_SUFFIX)
        channel_type = address(base)[1] if base[:1] == "#" else PERSON
        last = call.state.last_seq(key)
        at = row.touched_ms // 1000
        command = is_command_key(key)
        found.append(
            {
                "id": zlib.crc32(f"{uid}\0{key}".encode()),
                "uid": uid,
                "type": int(command),
                "type_format": "命令" if command else "聊天",
                "channel_id": internal_id(key).partition("\x1f")[0],
                "channel_type": channel_type,
                "channel_type_format": TYPES.get(channel_type, ""),
                "unread_count": last - row.read_to if last >= row.read_to else row.stored_unread,
                "last_msg_seq": last,
                "readed_to_msg_seq": row.read_to,
                "created_at": at,
                "updated_at": at,
                "created_at_format": _time(row.touched_ms),
                "updated_at_format": _time(row.touched_ms),
            }
        )
    return 200, {"total": 0, "data": found}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
