"""What a WuKongIM of a version would have answered, in the words of the recordings.

Lists, stored rows and histories; ids and times are left out, as they were when recording. Header
flags of the oldest message of any read are lost: anomaly A19 (WuKongIM `pkg/wkdb/message.go`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from imcli.model.entities import GROUP, PERSON, Entry, Message, is_group
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.conversations.row_list import Ask, list_entries
from imcli.simulator.conversations.row_table import is_command_key
from imcli.simulator.server import Server
from imcli.simulator.wukongim.history import window
from imcli.simulator.wukongim.ids import key_of

Json = dict[str, Any]


def channel_type(chat: str) -> int:
    """Give WuKongIM's channel type: 1 a person, 2 a group."""
    return GROUP if is_group(chat) else PERSON


def written(messages: Sequence[Message]) -> list[list[Any]]:
    """Write messages as `[name, seq]`, oldest first, with what deviates behind it."""
    if not messages:
        return []
    first = messages[0]
    if first.channel == f"{first.sender}@{first.sender}":  # the id of a channel with oneself
        return [
            [m.text, m.seq, _deviations(m, i > 0) | {"channel_id": m.channel}]
            for i, m in enumerate(messages)
        ]
    texts: list[list[Any]] = [[message.text, message.seq] for message in messages]
    for place, message in enumerate(messages):
        if place and (message.sync_once or not message.no_red_dot):
            texts[place].append(_deviations(message, flags=True))
    return texts


def _deviations(message: Message, flags: bool) -> Json:
    """Give the flags that are set; of the oldest message none is left (A19)."""
    names = (("red_dot", not message.no_red_dot), ("sync_once", message.sync_once))
    return {name: 1 for name, on in names if on and flags}


def _entry(entry: Entry) -> Json:
    last = entry.last
    assert last is not None, "only conversations with messages are listed"
    return {
        "ch": entry.chat,
        "type": channel_type(entry.chat),
        "unread": entry.unread,
        "readed": entry.read_to,
        "last_seq": last.seq,
        "last": last.text,
        "recents": written(entry.messages)[::-1],
    }


def sync(server: Server, step: Json, expected: Json) -> Json:
    """Answer `/conversation/sync`; positions that `expected` calls free are put in its order."""
    user = step["uid"]
    keeping = cast(RowKeeping, server.keeping)  # only such profiles have recordings
    rows = keeping.rows(server.state, user)
    only_unread = bool(step.get("version") or step.get("only_unread"))
    known = dict(step["last_msg_seqs"]) if "last_msg_seqs" in step else {}
    ask = Ask(user, step["msg_count"], only_unread, known)
    convs = [_entry(entry) for entry in list_entries(server.state, keeping.traits, rows, ask)]
    if "order_free" in expected:
        _settle_order(convs, expected["order_free"])
    answer: Json = {"status": 200, "convs": convs}
    if convs and server.state.waiting:
        stored = server.state.records.get(user, {})
        _name_waiting(answer, user, [key for key, _ in rows if key not in stored])
    return answer


def _name_waiting(answer: Json, user: str, waiting: Sequence[str]) -> None:
    """Name the entries that have no stored row; the order of two or more is free."""
    convs = answer["convs"]
    places = [i for i, conv in enumerate(convs) if key_of(user, conv["ch"]) in waiting]
    if places:
        answer["pending"] = [convs[place]["ch"] for place in places]
    if len(places) > 1:
        answer["order_free"] = places


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
        found.append(
            {
                "ch": key,
                "ctype": channel_type(key),
                "type": int(is_command_key(key)),
                "readed": row.read_to,
                "unread": last - row.read_to if last >= row.read_to else row.stored_unread,
                "last_seq": last,
            }
        )
    if len(found) > 1:
        found.sort(key=lambda row: (row["type"], row["ctype"], row["ch"]))
    return found


def messages(server: Server, user: str, chat: str, ask: Json) -> Json:
    """Answer `/channel/messagesync`."""
    start, end, limit = ask["start"], ask["end"], ask["limit"]
    log = server.state.logs.get(key_of(user, chat))
    found, more = window(log, start, end, limit, upwards=ask["pull_mode"] == 1)
    return {"status": 200, "start": start, "end": end, "more": more, "messages": written(found)}


WHOLE = {"start": 0, "end": 0, "limit": 100, "pull_mode": 0}


def final_observation(server: Server, expected: Json) -> Json:
    """Answer what was asked after the last step, in the order in which it was asked."""
    final: Json = {"rows": {}, "sync": {}, "messages": {}}
    for user, wanted in expected["sync"].items():
        final["rows"][user] = rows(server, user)
        final["sync"][user] = sync(server, {"uid": user, "msg_count": 10}, wanted)
    for channel in expected["messages"]:
        user, _, peer = channel.partition("@")
        chat = peer or channel
        asking = next(iter(expected["sync"])) if is_group(channel) else user
        final["messages"][channel] = messages(server, asking, chat, WHOLE)
    return final
