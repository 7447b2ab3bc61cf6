"""What a WuKongIM of a version would have answered, in the words of the recordings.

Lists, stored rows and histories; ids and times are left out, as they were when recording. Header
flags of the oldest message of any read are lost: anomaly A19 (WuKongIM `pkg/wkdb/message.go`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imcli.model.actions import Synchronise
from imcli.model.entities import Entry, Message, channel_key, is_group
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.conversations.row_table import is_command_key
from imcli.simulator.server import Server
from imcli.simulator.wukongim.history import window

Json = dict[str, Any]
USERS = ("A", "B", "C")


def channel_type(chat: str) -> int:
    """Give WuKongIM's channel type: 1 a person, 2 a group."""
    return 2 if is_group(chat) else 1


def written(message: Message, *, flags: bool, asked_as: str = "") -> list[Any]:
    """Write a message as `[name, seq]`, with what deviates behind it."""
    more: Json = {}
    if flags and not message.no_red_dot:
        more["red_dot"] = 1
    if flags and message.sync_once:
        more["sync_once"] = 1
    if message.channel == f"{message.sender}@{message.sender}":
        more["channel_id"] = message.channel
    return [message.text, message.seq, more] if more else [message.text, message.seq]


def _entry(entry: Entry) -> Json:
    last = entry.last
    assert last is not None, "only conversations with messages are listed"
    newest_first = [written(m, flags=i > 0) for i, m in enumerate(entry.messages)][::-1]
    return {
        "ch": entry.chat,
        "type": channel_type(entry.chat),
        "unread": entry.unread,
        "readed": entry.read_to,
        "last_seq": last.seq,
        "last": last.text,
        "recents": newest_first,
    }


def sync(server: Server, step: Json, expected: Json) -> Json:
    """Answer `/conversation/sync`; positions that `expected` calls free are put in its order."""
    user = step["uid"]
    action = Synchronise(
        user,
        "",
        cursor=1 if step.get("version") else None,
        seqs=tuple((chat, seq) for chat, seq in step.get("last_msg_seqs", ())),
        only_unread=bool(step.get("only_unread")),
        message_count=step["msg_count"],
    )
    pending = _pending(server, user)
    convs = [_entry(entry) for entry in server.keeping.listing(server.state, action).entries]
    _settle_order(convs, expected.get("order_free", ()))
    answer: Json = {"status": 200, "convs": convs}
    waiting = [conv["ch"] for conv in convs if channel_key(user, conv["ch"]) in pending]
    if waiting:
        answer["pending"] = waiting
    if len(waiting) > 1:
        answer["order_free"] = [i for i, conv in enumerate(convs) if conv["ch"] in waiting]
    return answer


def _pending(server: Server, user: str) -> set[str]:
    keeping = server.keeping
    assert isinstance(keeping, RowKeeping), "only such profiles have recordings"
    stored = server.state.records.get(user, {})
    return {key for key, _ in keeping.rows(server.state, user) if key not in stored}


def _settle_order(convs: list[Json], free: Sequence[int]) -> None:
    """Sort the entries whose order the server leaves open by type and name."""
    if free and max(free) < len(convs):
        chosen = sorted((convs[i] for i in free), key=lambda conv: (conv["type"], conv["ch"]))
        for place, conv in zip(free, chosen, strict=True):
            convs[place] = conv


def rows(server: Server, user: str) -> list[Json]:
    """Give `/cluster/conversations`: the stored rows, sorted by type and channel."""
    found = []
    for key, row in server.state.all_records(user):
        last = server.state.last_seq(key)
        unread = last - row.read_to if last >= row.read_to else row.stored_unread
        found.append(
            {
                "ch": key,
                "ctype": channel_type(key),
                "type": int(is_command_key(key)),
                "readed": row.read_to,
                "unread": unread,
                "last_seq": last,
            }
        )
    return sorted(found, key=lambda row: (row["type"], row["ctype"], row["ch"]))


def messages(server: Server, user: str, chat: str, ask: Json) -> Json:
    """Answer `/channel/messagesync`."""
    start, end, limit = ask["start"], ask["end"], ask["limit"]
    log = server.state.logs.get(channel_key(user, chat))
    found, more = window(log, start, end, limit, upwards=ask["pull_mode"] == 1)
    texts = [written(m, flags=i > 0) for i, m in enumerate(found)]
    return {"status": 200, "start": start, "end": end, "more": more, "messages": texts}


WHOLE = {"start": 0, "end": 0, "limit": 100, "pull_mode": 0}


def final_observation(server: Server, expected: Json) -> Json:
    """Answer what was asked after the last step, in the order in which it was asked."""
    final: Json = {"rows": {}, "sync": {}, "messages": {}}
    for user in USERS:
        final["rows"][user] = rows(server, user)
        wanted = expected["sync"].get(user, {})
        final["sync"][user] = sync(server, {"uid": user, "msg_count": 10}, wanted)
    for channel in expected["messages"]:
        user, _, peer = channel.partition("@")
        chat = peer or channel
        asking = "A" if is_group(channel) else user
        final["messages"][channel] = messages(server, asking, chat, WHOLE)
    return final
