"""The reference: the list is derived from the log, memberships and marks.

There is no row that could be missing. This file reads (`View`): which messages a user sees, what
an entry says, what a list answers. `derived_changes.py` has the other half: what deletes, reads
and messages do to a record. The words are those of the definitions: `floor`, `base`, `spans`.
"""

from __future__ import annotations

from collections.abc import Sequence

from imcli.model.actions import Synchronise
from imcli.model.entities import Entry, Message, channel_key, chat_of
from imcli.model.events import ListAnswer
from imcli.simulator.log import Log, is_countable
from imcli.simulator.record import Interval, Record, visible_spans
from imcli.simulator.state import Device, State


def spans_of(state: State, record: Record, last: int) -> tuple[Interval, ...]:
    """Give the ranges that a user sees of a channel (`Vis` without regard to expiry)."""
    if record.gone:
        record = Record(intervals=record.intervals)
    everything = state.profile.rejoin_history == "all"
    return visible_spans(record, last, all_intervals=everything)


def is_expired(state: State, message: Message) -> bool:
    """Tell whether a message's time is over."""
    return 0 < message.expires_ms <= state.now


def count_content(state: State, log: Log, spans: Sequence[Interval]) -> int:
    """Count the content messages that are visible."""
    if len(spans) == 1 and not log.has_expiring:
        return log.count_content(*spans[0])
    count = sum(log.count_content(above, upto) for above, upto in spans)
    if count and log.has_expiring:
        count -= sum(
            is_expired(state, m) and m.kind == "content"
            for above, upto in spans
            for m in log.expiring(above, upto)
        )
    return count


def count_unread(state: State, log: Log, user: str, spans: Sequence[Interval], base: int) -> int:
    """Count the visible countable messages from others above `base`."""
    count = 0
    for above, upto in spans:
        above = max(above, base)
        if upto > above:
            count += log.count_countable(above, upto, user)
            if count and log.has_expiring:
                count -= sum(
                    is_expired(state, m) and is_countable(m) and m.sender != user
                    for m in log.expiring(above, upto)
                )
    return count


def newest_visible(
    state: State, log: Log, spans: Sequence[Interval], limit: int
) -> tuple[Message, ...]:
    """Give the newest `limit` visible messages, oldest first."""
    if len(spans) == 1 and not log.has_expiring:
        return tuple(log.visible(*spans[0], limit))
    found: list[Message] = []
    for above, upto in reversed(spans):
        while len(found) < limit and upto > above:
            batch = log.visible(above, upto, limit - len(found))
            if not batch:
                break
            upto = batch[0].seq - 1
            found[:0] = [m for m in batch if not is_expired(state, m)]
    return tuple(found)


def has_left(record: Record, *, stays: bool) -> bool:
    """Tell whether a membership is over and the list drops it."""
    return not record.present and not stays


def make_entry(
    state: State, user: str, key: str, record: Record, message_count: int
) -> Entry | None:
    """Give a user's entry, or None where the conversation is not listed.

    An entry follows from the record and the log alone, unless messages expire; so whoever asks
    again before either has changed gets the same one.
    """
    log = state.logs[key]
    memo = log.memo
    if memo is None:
        return derive_entry(state, user, key, record, message_count)
    known = memo.get((user, message_count))
    if known is not None and known[0] is record:  # whether it is usual depends on it alone
        if known[1] == log.last:
            return known[2]
        usual = known[3]
    else:
        usual = record.usual and state.profile.usual_lists
    if log.has_expiring:
        return derive_entry(state, user, key, record, message_count)
    if usual:
        before = known[2] if known is not None else None
        chat = before.chat if before is not None else chat_of(user, key)
        entry = _usual_entry(user, chat, record, log, message_count)
    else:
        entry = _any_entry(state, user, key, record, message_count)
    memo[user, message_count] = (record, log.last, entry, usual)
    return entry


def derive_entry(
    state: State, user: str, key: str, record: Record, message_count: int
) -> Entry | None:
    """Derive a user's entry, or None where the conversation is not listed."""
    log = state.logs[key]
    if record.usual and state.profile.usual_lists and not log.has_expiring:
        return _usual_entry(user, chat_of(user, key), record, log, message_count)
    return _any_entry(state, user, key, record, message_count)


def _any_entry(
    state: State, user: str, key: str, record: Record, message_count: int
) -> Entry | None:
    """Derive an entry straight from the definitions."""
    profile = state.profile
    log = state.logs[key]
    if record.gone or record.held or has_left(record, stays=profile.leave == "keep-read-only"):
        return None
    spans = spans_of(state, record, log.last)
    messages = newest_visible(state, log, spans, max(message_count, 1))
    last = messages[-1] if messages else None
    if not record.kept_order and not _has_content(state, log, record, spans, last):
        return None
    return Entry(
        chat_of(user, key),
        unread_of(state, log, user, record, spans),
        last,
        messages[-message_count:] if message_count else (),
        record.read_to,
        record.deleted_to,
        record.pinned,
        record.muted,
        record.archived,
        record.marked_unread,
        _order(state, record, log, last),
        spans[0][0] if spans else log.last,
    )


def marks_only(state: State, user: str, key: str, record: Record) -> Entry:
    """Give the marks and flags of a conversation that is not listed."""
    last = state.last_seq(key)
    spans = spans_of(state, record, last)
    return Entry(
        chat_of(user, key),
        read_to=record.read_to,
        deleted_to=record.deleted_to,
        pinned=record.pinned,
        muted=record.muted,
        archived=record.archived,
        marked_unread=record.marked_unread,
        floor=spans[0][0] if spans else last,
    )


def unlisted(state: State, user: str, listed: Sequence[Entry], cursor: int) -> tuple[Entry, ...]:
    """Give the marks of what is not listed and changed since a cursor (0: all of it)."""
    shown = {entry.chat for entry in listed}
    return tuple(
        marks_only(state, user, key, record)
        for key, record in state.all_records(user)
        if record.changed > cursor and not record.gone and chat_of(user, key) not in shown
    )


def _usual_entry(
    user: str, chat: str, record: Record, log: Log, message_count: int
) -> Entry | None:
    """Derive the entry of one open membership with nothing out of the ordinary.

    The same definitions with most terms known; it is what nearly every look at a list comes to,
    and takes a third of the time.
    """
    last_seq = log.last
    floor, joined = record.deleted_to, record.intervals[0][0]
    if floor < joined - 1:
        floor = joined - 1
    if last_seq <= floor:
        return None
    newest = log.get(last_seq) if message_count < 2 else None
    if newest is not None and newest.kind != "command":
        messages = [newest]
    else:
        messages = log.visible(floor, last_seq, message_count or 1)
    if not messages:
        return None
    last = messages[-1]
    if last.kind != "content" and not log.count_content(floor, last_seq):
        return None
    base = record.read_to if record.read_to > floor else floor
    return Entry(
        chat,
        log.count_countable(base, last_seq, user) if last_seq > base else 0,
        last,
        tuple(messages) if message_count else (),
        record.read_to,
        record.deleted_to,
        record.pinned,
        record.muted,
        record.archived,
        record.marked_unread,
        (1 if record.pinned else 0, last.time_ms, last.message_id),
        floor,
    )


def _has_content(
    state: State, log: Log, record: Record, spans: Sequence[Interval], last: Message | None
) -> bool:
    """Tell whether a content message lists the conversation; nearly always it is the last one."""
    if last is None:
        return False
    if last.kind == "content" and last.seq > record.hidden_to:
        return True
    hidden_to = record.hidden_to
    shown = [(max(above, hidden_to), upto) for above, upto in spans if upto > hidden_to]
    return count_content(state, log, shown) > 0


def unread_of(state: State, log: Log, user: str, record: Record, spans: Sequence[Interval]) -> int:
    """Give what the profile calls unread."""
    if state.profile.unread_counts == "sequence-difference":
        if not spans:
            return 0
        last = log.last if record.present else spans[-1][1]
        return max(0, last - max(spans[0][0], record.read_to))
    return count_unread(state, log, user, spans, record.read_to)


def _order(state: State, record: Record, log: Log, last: Message | None) -> tuple[int, ...]:
    """Give the place in the list; an entry that a clear keeps adds the place it falls back to."""
    pinned = 1 if record.pinned else 0
    kept = (record.kept_ms, record.kept_order) if record.kept_order else ()
    if state.profile.list_order == "row-update":
        if record.touched:
            return (pinned, record.touched_ms, record.touched, *kept)
        first = log.get(1)
        return (pinned, first.time_ms, first.message_id, *kept) if first else (pinned, 0, 0, *kept)
    if last is None:
        return (pinned, *kept, *kept)
    return (pinned, last.time_ms, last.message_id, *kept)


def by_order(entry: Entry) -> tuple[int, ...]:
    """The key that sorts a list; greatest first."""
    return entry.order


def full_list(state: State, user: str, message_count: int) -> list[Entry]:
    """Derive the whole list in its order, cut at the profile's limit."""
    entries = [
        entry
        for key, record in state.all_records(user)
        if (entry := make_entry(state, user, key, record, message_count)) is not None
    ]
    entries.sort(key=by_order, reverse=True)
    limit = state.profile.list_limit
    return entries[:limit] if limit else entries


def total_unread(state: State, entries: Sequence[Entry]) -> int:
    """Add up the unread of listed conversations; muted ones where the profile says so."""
    if state.profile.total_counts_muted:
        return sum(entry.unread for entry in entries)
    return sum(entry.unread for entry in entries if not entry.muted)


def requests(state: State, user: str) -> tuple[str, ...]:
    """Name the chats from which a message request waits."""
    if state.profile.on_message_after_delete != "request":
        return ()
    return tuple(
        chat_of(user, key)
        for key, record in state.all_records(user)
        if record.held == "request"
        and count_content(state, state.logs[key], spans_of(state, record, state.last_seq(key)))
    )


def list_answer(state: State, action: Synchronise) -> ListAnswer:
    """Answer a list synchronisation: full, by channel, a page, or what changed since a cursor."""
    user = action.user
    everything = full_list(state, user, action.message_count)
    total = total_unread(state, everything)
    entries, full, partial, tombstones = _choose(state, action, everything)
    return ListAnswer(
        user,
        action.device,
        full,
        state.order,
        tuple(entries),
        tombstones,
        (),
        total,
        requests(state, user),
        partial,
        state.now,
        () if partial else unlisted(state, user, everything, 0 if full else action.cursor or 0),
    )


def _choose(
    state: State, action: Synchronise, everything: list[Entry]
) -> tuple[list[Entry], bool, bool, tuple[tuple[str, int], ...]]:
    """Give what an answer holds: entries, whether it replaces all, is a part, and tombstones."""
    entries = everything
    partial = bool(action.only_unread or action.page or action.chats is not None)
    if action.chats is not None:
        wanted = {channel_key(action.user, chat) for chat in action.chats}
        entries = [e for e in entries if channel_key(action.user, e.chat) in wanted]
    if action.only_unread:
        entries = [e for e in entries if e.unread or e.marked_unread]
    if action.page:
        size = action.page_size or 100
        entries = entries[(action.page - 1) * size : action.page * size]
    if partial:
        return entries, False, True, ()
    device = state.device(action.user, action.device)
    limit = state.profile.list_limit
    if action.cursor is None or device is None or _is_too_old(state, device):
        return entries, True, False, ()
    if limit and len(everything) >= limit:  # a delta could not tell what fell off the end
        return entries, True, False, ()
    since = device.synced_ms
    changed = [e for e in entries if _changed(state, action.user, e.chat, action.cursor, since)]
    return changed, False, False, _tombstones(state, action, everything, since)


def _is_too_old(state: State, device: Device) -> bool:
    return state.now - device.synced_ms > state.profile.tombstone_retention


def _changed(state: State, user: str, chat: str, cursor: int, since_ms: int) -> bool:
    """Tell whether a delta has to have this entry: by a change, by a message, or by an expiry."""
    key = channel_key(user, chat)
    record = state.record(user, key)
    if record is None or record.changed > cursor or state.channels[key].order > cursor:
        return True
    return _has_lost(state, record, key, since_ms)


def _has_lost(state: State, record: Record, key: str, since_ms: int) -> bool:
    """Tell whether a message that the user could see has expired since a time."""
    log = state.logs[key]
    return log.has_expiring and any(
        since_ms < message.expires_ms <= state.now
        for above, upto in spans_of(state, record, log.last)
        for message in log.expiring(above, upto)
    )


def _tombstones(
    state: State, action: Synchronise, everything: list[Entry], since_ms: int
) -> tuple[tuple[str, int], ...]:
    """Name what is no longer listed and was: deleted, left, dismissed, or all of it expired."""
    listed = {entry.chat for entry in everything}
    cursor = action.cursor or 0
    told = state.profile.sync_deletes == "push-and-tombstone"
    return tuple(
        (chat, record.deleted_to)
        for key, record in state.all_records(action.user)
        if (chat := chat_of(action.user, key)) not in listed
        and ((told and record.tombstone > cursor) or _has_lost(state, record, key, since_ms))
    )
