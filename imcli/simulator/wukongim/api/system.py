"""What a server says of itself: health, addresses, figures, the migration that is over.

Source: WuKongIM `internal/api/route.go`, `varz.go`. Addresses and the figures of the
process come from the surroundings; figures that nobody knows are 0.
"""

from __future__ import annotations

from typing import Any

from imcli.simulator.wukongim.api.calls import Call, Reply, failed
from imcli.simulator.wukongim.api.connections import shown_connections, sorted_connections
from imcli.simulator.wukongim.api.surroundings import NODE, is_elsewhere
from imcli.simulator.wukongim.api.times import uptime

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
)
SHOWN_DEFAULT = 20


def health(call: Call) -> Reply:
    """`GET /health`."""
    return 200, {"status": "ok"}


def route(call: Call) -> Reply:
    """`GET /route`."""
    if call.asked("intranet") == "1":
        return 200, {"tcp_addr": "", "ws_addr": "", "wss_addr": ""}
    return 200, call.around.addresses()


def route_batch(call: Call) -> Reply:
    """`POST /route/batch`: always one element."""
    return 200, [{**call.around.addresses(), "uids": call.uids()}]


def varz(call: Call) -> Reply:
    """`GET /varz`; 2.1.3 counts the updates that wait in memory."""
    if is_elsewhere(call.asked_number("node_id")):
        return failed("node not found")
    around = call.around
    connected = around.connected(call.state)
    found: dict[str, Any] = {
        "server_id": str(NODE),
        "server_name": "WuKongIM",
        "version": call.family.version(call.server),
        "connections": len(connected),
        "user_handler_count": len({each.uid for each in connected}),
        "user_handler_conn_count": len(connected),
        "uptime": uptime(call.state.now - around.started_ms),
    }
    found |= dict.fromkeys(FIGURES, 0) | around.figures | around.addresses()
    found |= dict.fromkeys(("manager_addr", "commit", "commit_date", "tree_state"), "")
    found |= {
        "api_url": around.api_url,
        "manager_uid": "____manager",
        "manager_token_on": int(around.manager_token),
        "conversation_cache_count": call.family.waiting(call.state),
    }
    if call.asked("show") == "conn":
        limit = max(call.asked_number("conn_limit", SHOWN_DEFAULT), 0)
        shown = sorted_connections(connected, "inMsgDesc")[:limit]
        if shown:
            found["conns"] = shown_connections(call, shown)
    return 200, found


def varz_setting(call: Call) -> Reply:
    """`GET /varz/setting`."""
    return 200, {"logger": {"trace_on": 0, "loki_on": 0}, "prometheus_on": 0, "stress_on": 0}


def migrate_result(call: Call) -> Reply:
    """`GET /migrate/result`: nothing is to be migrated."""
    return 200, {"status": "migrated", "step": "message", "last_err": None, "try_count": 0}
