"""The reference: the list is derived from the log, memberships and marks.

There is no row that could be missing. This file reads: which messages a user sees, and what an
entry says; `derived_list.py` makes lists of entries. `derived_changes.py` has the other half: what
deletes, reads and messages do to a record. The words are those of the definitions: `floor`, `base`,
`spans`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.entities import Entry, Message, chat_of
from imcli.simulator.log import Log, is_countable
from imcli.simulator.record import Interval, Record, visible_spans
from imcli.simulator.state import State

MARKS = -1
"""Stands for a number of messages where marks alone are remembered."""


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

    An entry follows from the record and the log alone while no message has expired; so whoever
    asks again before either has changed gets the same one.
    """
    log = state.logs[key]
    memo = log.memo
    if memo is None or state.now >= log.calm_until:
        return derive_entry(state, user, key, record, message_count)
    last, known = log.last, memo.get((user, message_count))
    if known is None:
        before, one_more, usual = None, False, record.usual and state.profile.usual_lists
    else:
        of, upto, before, usual = known
        if of is not record:
            one_more, usual = False, record.usual and state.profile.usual_lists
        elif upto == last:
            return before
        else:
            one_more = upto == last - 1
    entry: Entry | None
    if not usual:
        entry = _any_entry(state, user, key, record, message_count)
    elif before is None:
        entry = _usual_entry(user, chat_of(user, key), record, log, message_count)
    elif one_more:
        entry = _one_more(before, user, log, message_count)
    else:
        entry = _usual_entry(user, before.chat, record, log, message_count)
    if not state.passing:
        memo[user, message_count] = (record, last, entry, usual)
    return entry


def _one_more(before: Entry, user: str, log: Log, message_count: int) -> Entry:
    """Give what an ordinary entry becomes by one more message, the record being as it was."""
    message = log.newest
    if message is None or message.kind == "command":
        return before
    more = message.kind == "content" and not message.no_red_dot and message.sender != user
    return Entry(
        before.chat,
        before.unread + more,
        message,
        (*before.messages, message)[-message_count:] if message_count else (),
        before.read_to,
        before.deleted_to,
        before.pinned,
        before.muted,
        before.archived,
        before.marked_unread,
        (before.order[0], message.time_ms, message.message_id),
        before.floor,
    )


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
    stays = profile.leave == "keep-read-only"
    if record.gone or record.held_back or has_left(record, stays=stays):
        return None
    spans = spans_of(state, record, log.last)
    messages = newest_visible(state, log, spans, max(message_count, 1))
    last = messages[-1] if messages else None
    if not record.kept_order and not _has_content(state, log, record, spans, last):
        return None
    return Entry(
        chat_of(user, key),
        unread_of(state, user, key, record, spans),
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
    """Give the marks and flags of a conversation that is not listed; time is no part of them."""
    log = state.logs[key]
    memo = log.memo
    known = memo.get((user, MARKS)) if memo is not None else None
    if known is not None and known[0] is record and known[1] == log.last:
        assert known[2] is not None, "there are always marks"
        return known[2]
    spans = spans_of(state, record, log.last)
    marks = Entry(
        chat_of(user, key),
        0,
        None,
        (),
        record.read_to,
        record.deleted_to,
        record.pinned,
        record.muted,
        record.archived,
        record.marked_unread,
        (),
        spans[0][0] if spans else log.last,
    )
    if memo is not None and not state.passing:
        memo[user, MARKS] = (record, log.last, marks, False)
    return marks


def without_floor(marks: Entry) -> Entry:
    """Give marks as they are told to who must not learn that the conversation was deleted."""
    return replace(marks, deleted_to=0, floor=0)


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
    newest = log.newest if message_count < 2 else None
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


def unread_of(state: State, user: str, key: str, record: Record, spans: Sequence[Interval]) -> int:
    """Give what the profile calls unread."""
    log = state.logs[key]
    if state.profile.unread_counts == "sequence-difference":
        if not spans or user == chat_of(user, key):  # a chat with oneself is never unread
            return 0
        last = log.last if record.present else record.intervals[-1][1]
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
