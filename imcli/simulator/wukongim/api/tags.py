"""`/tag...`: whom the messages of a channel reach, as WuKongIM remembers it.

Source: WuKongIM `internal/api/tag.go`, `internal/manager/manager_tag.go`. A tag is the list of a
channel's receivers, made with the first message and found by a key that changes with the list. The
simulated server asks its members instead; a tag is shown for every channel that has a message, with
a key that says how often the list has changed.
"""

from __future__ import annotations

from typing import Any

from imcli.simulator.wukongim.api.calls import OK, Call, Reply, failed
from imcli.simulator.wukongim.api.cluster import slot_of
from imcli.simulator.wukongim.api.names import key_of_written, written_id
from imcli.simulator.wukongim.api.surroundings import NODE, is_elsewhere

SHOWN_MAX = 1000


def _tag_key(call: Call, key: str) -> str:
    return f"{key}-{call.state.tags.get(key, 0)}"


def _has_tag(call: Call, key: str) -> bool:
    return bool(call.state.last_seq(key))


def _shown(call: Call, key: str) -> dict[str, Any]:
    channel_id, channel_type = written_id(key)
    channel = call.state.channels.get(key)
    uids = list(channel.members) if channel is not None else []
    node = {
        "leader_id": NODE,
        "uid_count": len(uids),
        "uids": uids,
        "slot_ids": sorted({slot_of(uid) for uid in uids}),
    }
    return {
        "key": _tag_key(call, key),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "nodes": [node],
        "created_at": "",
        "expire_at": "",
        "last_get_at": "",
        "node_version": 0,
        "get_count": 0,
    }


def _named(call: Call) -> str:
    """Find the channel that the query names, by its tag's key or by its id; "": none has a tag."""
    wanted = call.asked("tag_key").strip()
    key = wanted.rpartition("-")[0]
    if wanted and (key not in call.state.channels or _tag_key(call, key) != wanted):
        return ""
    key = key or key_of_written(call.asked("channel_id"), call.asked_type())
    return key if key and _has_tag(call, key) else ""


def tag(call: Call) -> Reply:
    """`GET /tag`."""
    key = _named(call)
    return (200, _shown(call, key)) if key else failed("tag not found")


def tags(call: Call) -> Reply:
    """`GET /tags`: one, or all of them."""
    if is_elsewhere(call.asked_number("node_id")):
        return failed("node not found")
    if call.asked("tag_key") or call.asked("channel_id"):
        key = _named(call)
        return 200, [_shown(call, key)] if key else []
    keys = [key for key in call.state.channels if _has_tag(call, key)]
    return 200, [_shown(call, key) for key in keys[-SHOWN_MAX:]][::-1]


def remove(call: Call) -> Reply:
    """`POST /tag/remove`: the list of receivers gets a new key with the next message."""
    body = call.fields()
    if is_elsewhere(body.number("node_id")):
        return failed("node not found")
    key = key_of_written(body.text("channel_id"), body.channel_type())
    if key:
        call.family.forget_tag(call.state, key)
    return OK
