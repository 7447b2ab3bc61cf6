"""`/conversation...`: the list, its pages, by channel, and the three calls that change a row.

Source: WuKongIM `internal/api/conversation.go`. The peer need not exist, and neither need the user:
an unknown conversation is a success. An empty user id is a panic in the store (A33).
"""

from __future__ import annotations

from imcli.model.actions import Action, Delete, MarkUnread, Read
from imcli.simulator.conversations.row_list import Ask, channel_entries, list_entries
from imcli.simulator.record import Record
from imcli.simulator.wukongim.api.calls import (
    OK,
    PANIC,
    BadRequest,
    Call,
    Fields,
    Reply,
    address,
    chat_name,
    failed,
)
from imcli.simulator.wukongim.api.objects import written_conversation
from imcli.simulator.wukongim.ids import internal_id, key_of

COUNT_DEFAULT = 15


def sync(call: Call) -> Reply:
    """`POST /conversation/sync`."""
    body = call.fields("syncUserConversationReq")
    ask, excluded = _ask(call, body)
    if not ask.user:
        return PANIC
    rows = call.keeping.rows(call.state, ask.user)
    entries = list_entries(call.state, call.traits, rows, ask)
    return 200, [
        written_conversation(entry, call.traits)
        for entry in entries
        if address(entry.chat)[1] not in excluded or entry.chat in ask.known
    ]


def _ask(call: Call, body: Fields) -> tuple[Ask, bytes]:
    known = known_seqs(body.text("last_msg_seqs"))
    only_unread = body.integer("version") > 0 or body.flag("only_unread")
    excluded = body.octets("exclude_channel_types") if call.traits.excludes else b""
    pages = (body.integer("page"), body.integer("page_size")) if call.traits.pages else (0, 0)
    page, size = max(pages[0], 0), max(pages[1], 0)
    count = body.integer("msg_count")
    return Ask(body.text("uid"), count, only_unread, known, page, size), excluded


def known_seqs(text: str) -> dict[str, int]:
    """Read `last_msg_seqs`; ids with a colon or a bar cannot be written (A30).

    >>> known_seqs("B:1:3|team:2:7|a:b:1:2|x:1:many")
    {'B': 3, '#team': 7}
    """
    known: dict[str, int] = {}
    for part in text.split("|"):
        pieces = part.split(":")
        if len(pieces) == 3 and pieces[1].isdecimal() and pieces[2].isdecimal():
            known[chat_name(pieces[0], int(pieces[1]))] = int(pieces[2])
    return known


def by_channels(call: Call) -> Reply:
    """`POST /conversation/syncByChannels`: one object per channel asked for."""
    body = call.fields()
    user, asked = body.text("uid"), body.objects("channels")
    if not user:
        return failed("uid cannot be empty")
    if not asked:
        return failed("channels cannot be empty")
    chats = [chat_name(each.text("channel_id"), each.channel_type()) for each in asked]
    count = body.integer("msg_count")
    count = count if count > 0 else COUNT_DEFAULT
    found = []
    for entry in channel_entries(call.state, call.traits, user, chats, count):
        row = call.state.record(user, key_of(user, entry.chat)) or Record()
        found.append(written_conversation(entry, call.traits, row.touched_ms))
    return 200, found


def channels(call: Call) -> Reply:
    """`POST /conversation/channels`: internal ids, deleted ones too where D hides them (A15).

    From 2.2.0 on rows of commands come along, through the list cache.
    """
    user = call.fields().text("uid")
    if not user:
        return PANIC
    found = []
    for key, _ in call.keeping.rows(call.state, user):
        _, channel_type = address(key.partition("____cmd")[0])
        named = internal_id(key).partition("\x1f")[0]
        found.append({"channel_id": named, "channel_type": 1 if "@" in key else channel_type})
    return 200, found


def _target(call: Call, nobody: str, struct: str) -> tuple[Fields, str, str]:
    """Read whose conversation with whom is meant.

    Raises:
        BadRequest: something is empty; each route has its own way of writing `uid`.
    """
    body = call.fields(struct)
    user, channel_id, channel_type = (
        body.text("uid"),
        body.text("channel_id"),
        body.channel_type(),
    )
    if not user:
        raise BadRequest(nobody)
    if not channel_id or not channel_type:
        raise BadRequest("channel_id or channel_type cannot be empty")
    return body, user, chat_name(channel_id, channel_type)


def _done(call: Call, user: str, action: Action) -> Reply:
    call.know(user)
    call.apply(action)
    return OK


def delete(call: Call) -> Reply:
    """`POST /conversations/delete`."""
    _, user, chat = _target(call, "Uid cannot be empty", "deleteChannelReq")
    return _done(call, user, Delete(user, "", chat))


def clear_unread(call: Call) -> Reply:
    """`POST /conversations/clearUnread`; `message_seq` is declared and never read."""
    body, user, chat = _target(call, "uid cannot be empty", "clearConversationUnreadReq")
    body.number("message_seq", 0, (1 << 32) - 1, "uint32")
    return _done(call, user, Read(user, "", chat))


def set_unread(call: Call) -> Reply:
    """`POST /conversations/setUnread`."""
    body, user, chat = _target(call, "UID cannot be empty", "setConversationUnreadReq")
    return _done(call, user, MarkUnread(user, "", chat, body.integer("unread")))
