"""WuKongIM's `/conversation/sync`: what a list says, given the rows.

Source: `internal/api/conversation.go:syncUserConversation` at the tags v2.1.3-20250210 to
v2.2.5-20260422. The order is that of the rows, not of the messages (A18); a conversation without a
message above the asked floor is left out; unread is a difference of sequence numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from imcli.model.actions import Synchronise
from imcli.model.entities import SYSTEM_USER, Entry, Message, chat_of, is_group
from imcli.simulator.conversations.row_table import UINT64, Rows
from imcli.simulator.log import Log
from imcli.simulator.record import Record
from imcli.simulator.state import State
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX, key_of
from imcli.simulator.wukongim.known_seqs import understood
from imcli.simulator.wukongim.traits import Traits

UINT32 = (1 << 32) - 1
PAGE_SIZE = 100
PAGE_SIZE_MAX = 500


class Ask(NamedTuple):
    """What a list is asked for: `known` maps a chat to the newest seq that the device has."""

    user: str
    message_count: int
    only_unread: bool
    known: dict[str, int]
    page: int = 0
    page_size: int = 0


def ask_of(action: Synchronise) -> Ask:
    """Read a synchronisation as WuKongIM does: any cursor acts as `only_unread`."""
    only_unread = action.only_unread or bool(action.cursor)
    known = understood(action.seqs)
    return Ask(action.user, action.message_count, only_unread, known, action.page, action.page_size)


def list_entries(state: State, traits: Traits, rows: Rows, ask: Ask) -> list[Entry]:
    """Answer the entries of a list in the order of the rows."""
    if ask.message_count <= 0:
        return []
    entries: list[Entry] = []
    once: dict[str, Record] = {}
    for key, row in rows:
        if not key.endswith(COMMAND_SUFFIX):
            once.setdefault(key, row)
    chosen = _paged(list(once.items()), ask) if ask.page and traits.pages else once.items()
    for place, (key, row) in enumerate(chosen):
        chat = chat_of(ask.user, key)
        if chat == SYSTEM_USER:
            continue
        entry = _entry(state, traits, ask, key, chat, row, -place)
        if entry is not None:
            entries.append(entry)
    return entries


def _paged(rows: Rows, ask: Ask) -> Rows:
    """Cut out a page, before anything is known of which rows will be answered (A17)."""
    size = min(ask.page_size or PAGE_SIZE, PAGE_SIZE_MAX)
    return rows[(ask.page - 1) * size : ask.page * size]


def channel_entries(
    state: State, traits: Traits, user: str, chats: Sequence[str], message_count: int
) -> list[Entry]:
    """Answer `syncByChannels`: stored rows alone, the whole log, whatever was deleted (A16)."""
    entries: list[Entry] = []
    for place, chat in enumerate(chats):
        key = key_of(user, chat)
        row = state.record(user, key) or Record()
        log = state.logs.get(key)
        recents = log.visible(0, log.last, message_count) if log is not None else []
        unread, read_to = row.stored_unread, row.read_to & UINT32
        if log is not None and recents:
            unread, read_to = count(traits, user, log, row, recents)
        last = recents[-1] if recents else None
        marks = (unread, last, tuple(recents), read_to, row.deleted_to)
        entries.append(Entry(chat, *marks, order=(-place,)))
    return entries


def _entry(
    state: State, traits: Traits, ask: Ask, key: str, chat: str, row: Record, order: int
) -> Entry | None:
    log = state.logs.get(key)
    if log is None:
        return None
    known = ask.known.get(chat, 0)
    recents = log.visible(_floor(traits, ask, known, row), log.last, ask.message_count)
    if not recents or (known and known >= recents[-1].seq and is_group(key)):
        return None
    unread, read_to = count(traits, ask.user, log, row, recents)
    return Entry(chat, unread, recents[-1], tuple(recents), read_to, row.deleted_to, order=(order,))


def _floor(traits: Traits, ask: Ask, known: int, row: Record) -> int:
    """Say above which seq messages are answered. D meets a start that is one too high (A1)."""
    start = 0
    if known:
        start = known + 1
    elif ask.only_unread:
        start = (row.read_to + 1) & UINT64
    if traits.keeping == "marked-rows" and row.deleted_to > start:
        start = row.deleted_to + 1
    return start - 1 if start else 0


def count(
    traits: Traits, user: str, log: Log, row: Record, recents: Sequence[Message]
) -> tuple[int, int]:
    """Give unread and `readed_to_msg_seq` of an entry; D plays no part (A6)."""
    read_to = row.read_to & UINT32
    unread = row.stored_unread
    last = recents[-1].seq
    if last > read_to:
        unread = last - read_to
    if traits.own_marks:  # without this, own messages count as unread (A10)
        own = log.last_by(user)
        if own > read_to and last - own < unread and last >= read_to:
            unread, read_to = last - own, own
    if traits.own_check != "none":  # at the oldest, the count depends on `msg_count` (A9)
        looked_at = recents[0] if traits.own_check == "oldest" else recents[-1]
        if looked_at.sender == user:
            return 0, looked_at.seq
    return unread, read_to
