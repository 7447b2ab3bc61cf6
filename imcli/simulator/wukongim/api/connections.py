"""`/connz` and `/conn/...`: who is connected, and ending one connection.

Source: WuKongIM `internal/api/connz.go`, `conn.go`. A kick says goodbye and closes two seconds
later, a removal closes at once and says nothing; both end the session, and whoever holds the socket
sees from the event which it was. Sorting by pending bytes is declared there and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from imcli.simulator.wukongim.api.calls import OK, Call, Handler, Reply, failed
from imcli.simulator.wukongim.api.surroundings import NODE, Connection, Ending, is_elsewhere
from imcli.simulator.wukongim.api.times import stamp, uptime

LIMIT_DEFAULT = 20
DEVICES = {"app": "App", "web": "Web", "pc": "PC"}
LEVELS = {"master": "主", "slave": "从"}
LOCAL = "本地连接"

SORTS: dict[str, Callable[[Connection], int]] = {
    "id": lambda each: each.id,
    "inMsg": lambda each: each.in_msgs,
    "outMsg": lambda each: each.out_msgs,
    "inMsgBytes": lambda each: each.in_msg_bytes,
    "outMsgBytes": lambda each: each.out_msg_bytes,
    "uptime": lambda each: each.since_ms,
    "outPacket": lambda each: each.out_packets,
    "inPacket": lambda each: each.in_packets,
    "outPacketBytes": lambda each: each.out_packet_bytes,
    "inPacketBytes": lambda each: each.in_packet_bytes,
    "idle": lambda each: each.active_ms,
    "protoVersion": lambda each: each.version,
}
"""What connections can be sorted by; each also with `Desc`."""


def sorted_connections(connected: Sequence[Connection], by: str) -> list[Connection]:
    """Sort connections; what is no way of sorting leaves them as they are."""
    key = SORTS.get(by.removesuffix("Desc"))
    return sorted(connected, key=key, reverse=by.endswith("Desc")) if key else list(connected)


def shown_connections(call: Call, connected: Sequence[Connection]) -> list[dict[str, Any]]:
    """Write connections as the API does."""
    return [_shown(each, call.state.now) for each in connected]


def _shown(each: Connection, now: int) -> dict[str, Any]:
    return {
        "id": each.id,
        "uid": each.uid,
        "ip": each.ip,
        "port": each.port,
        "last_activity": stamp(each.active_ms),
        "uptime": uptime(now - each.since_ms),
        "idle": uptime(now - each.active_ms),
        "pending_bytes": each.pending_bytes,
        "in_msgs": each.in_msgs,
        "out_msgs": each.out_msgs,
        "in_msg_bytes": each.in_msg_bytes,
        "out_msg_bytes": each.out_msg_bytes,
        "in_packets": each.in_packets,
        "out_packets": each.out_packets,
        "in_packet_bytes": each.in_packet_bytes,
        "out_packet_bytes": each.out_packet_bytes,
        "device": f"{DEVICES[each.kind]}({LEVELS[each.level]})",
        "device_id": each.device_id,
        "version": each.version,
        "proxy_type_format": LOCAL,
        "leader_id": NODE,
        "node_id": NODE,
    }


def connz(call: Call) -> Reply:
    """`GET /connz`: a window of the connections whose user's id contains `uid`."""
    if is_elsewhere(call.asked_number("node_id")):
        return failed("节点不存在！")
    connected = call.around.connected(call.state)
    wanted = call.asked("uid")
    chosen = [each for each in connected if wanted in each.uid]
    chosen = sorted_connections(chosen, call.asked("sort") or "id")
    offset = max(call.asked_number("offset"), 0)
    limit = call.asked_number("limit")
    limit = limit if limit > 0 else LIMIT_DEFAULT
    return 200, {
        "connections": shown_connections(call, chosen[offset : offset + limit]),
        "now": stamp(call.state.now),
        "total": len(connected),
        "offset": offset,
        "limit": limit,
    }


def _ending(why: Ending) -> Handler:
    """Make the handler that ends a connection; an unknown one is a success."""

    def handler(call: Call) -> Reply:
        body = call.fields()
        uid, number = body.text("uid"), body.integer("conn_id")
        node, operating = body.number("node_id"), body.number("op_node_id")
        if is_elsewhere(operating):
            return failed("node not found")
        if not number:
            return failed("conn_id is 0")
        if is_elsewhere(node):
            return OK
        for each in call.around.connected(call.state):
            if (each.id, each.uid) == (number, uid):
                call.end_session(each.uid, each.device, why)
        return OK

    return handler


kick = _ending("kick")
remove = _ending("remove")
