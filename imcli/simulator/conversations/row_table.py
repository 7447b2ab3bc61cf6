"""Rows as WuKongIM stores them, and what each write does to a cached list.

A row is a `Record`: `read_to` is R, `deleted_to` D, `stored_unread` the stored count, `changed` the
place of its `updated_at` among all (two writes are never at the same time) and `touched_ms` that
time. Rows of command channels are told by their key.

The list cache is that of WuKongIM `pkg/wkdb/cache_conversation.go` (2.2.0 on): filled by the first
read, valid for `list_cache_ttl` from the last write to it. The copy that an upsert puts there has
lost D, because the replicated form of a row has no such field (`pkg/wkdb/model.go`): anomaly A3.
"""

from __future__ import annotations

from msgspec.structs import replace

from imcli.simulator.record import Record
from imcli.simulator.state import State
from imcli.simulator.waiting import CachedList
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX
from imcli.simulator.wukongim.traits import Traits

UINT64 = (1 << 64) - 1
Rows = list[tuple[str, Record]]


def is_command_key(key: str) -> bool:
    """Tell whether a channel key names a log of commands."""
    return key.endswith(COMMAND_SUFFIX)


def base_key(key: str) -> str:
    """Name the channel whose commands a command log holds."""
    return key.removesuffix(COMMAND_SUFFIX)


def newest_first(rows: Rows) -> Rows:
    """Sort rows by `updated_at`, newest first."""
    if len(rows) < 2:
        return rows
    return sorted(rows, key=lambda pair: pair[1].changed, reverse=True)


def touched(state: State, row: Record) -> Record:
    """Give the row as written now."""
    return replace(row, changed=state.next_order(), touched_ms=state.stamp_ms())


def upsert(state: State, user: str, key: str, row: Record) -> None:
    """Write a row; D in the store stays what it was, a cached copy loses it (A3)."""
    rows = state.records_w(user)
    old = rows.get(key)
    rows[key] = replace(row, deleted_to=old.deleted_to) if old is not None else row
    _into_cache(state, user, key, replace(row, deleted_to=0))


def insert(state: State, traits: Traits, user: str, key: str, row: Record) -> None:
    """Write a row if there is none; 2.2.0 forgets to tell the cache (A2)."""
    if state.record(user, key) is None:
        state.records_w(user)[key] = row
        if traits.list_cache == "full":
            _into_cache(state, user, key, row)


def remove(state: State, user: str, key: str) -> None:
    """Take a row away; cached lists of the user are dropped, row or no row."""
    if state.record(user, key) is not None:
        del state.records_w(user)[key]
    state.cached_lists.pop(user, None)


def set_deleted(state: State, user: str, key: str, seq: int) -> None:
    """Write D. Without a row nothing is written, and nothing is said about it (A4)."""
    row = state.record(user, key)
    if row is not None:
        state.records_w(user)[key] = replace(row, deleted_to=seq)
        state.cached_lists.pop(user, None)


def chat_rows(state: State, traits: Traits, user: str) -> Rows:
    """Give the rows that a list is made of, newest first, through the cache if there is one."""
    limit = state.profile.list_limit
    if traits.list_cache == "none":
        rows = newest_first(list(state.all_records(user)))
        if limit and len(rows) > limit:
            rows = rows[:limit]
        return [pair for pair in rows if not pair[0].endswith(COMMAND_SUFFIX)]
    cached = state.cached_lists.get(user)
    if cached is None or cached.expires_ms <= state.now:
        chats = [pair for pair in state.all_records(user) if not is_command_key(pair[0])]
        rows = newest_first(chats)[: limit or None]
        state.cached_lists[user] = cached = CachedList(_expiry(state), tuple(rows))
    return list(cached.rows)


def _expiry(state: State) -> int:
    return state.now + state.profile.list_cache_ttl


def _into_cache(state: State, user: str, key: str, row: Record) -> None:
    """Put a written row into the user's cached list and begin its time anew.

    Lists are found by the prefix `uid:`, so the lists of a user `uid:x` get the row too (A31; its
    other half, a list read again before a delete is committed, cannot happen: steps are whole).
    """
    for owner, cached in list(state.cached_lists.items()):
        if owner != user and not owner.startswith(f"{user}:"):
            continue
        if cached.expires_ms > state.now:
            others = [pair for pair in cached.rows if pair[0] != key]
            rows = newest_first([*others, (key, row)])
            state.cached_lists[owner] = CachedList(_expiry(state), tuple(rows))
