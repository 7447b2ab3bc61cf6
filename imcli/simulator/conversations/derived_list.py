"""The reference, fourth part: what a list synchronisation answers.

An answer is the whole list, a part of it (some chats, a page, the unread ones), or a delta: what
changed since the cursor of the device that asks, with tombstones for what is no longer listed. A
delta is made of what changed alone where a `Survey` is kept; the total is the whole account's all
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import islice

from imcli.model.actions import Synchronise
from imcli.model.entities import Entry, Message, channel_key, chat_of
from imcli.model.events import ListAnswer
from imcli.simulator.conversations.derived import (
    by_order,
    is_expired,
    make_entry,
    marks_only,
    spans_of,
    without_floor,
)
from imcli.simulator.record import Record
from imcli.simulator.state import Device, State
from imcli.simulator.survey import Survey

SURVEYED_MIN = 8
"""A list of fewer conversations is read as quickly as a survey of it."""

WAITING_LOOK = 20
"""Messages that are looked at together for one that waits as a request."""

ALL = -1
"""A cursor before every change, also before that of a record which only own messages have read."""

Pairs = Sequence[tuple[str, Record]]


def full_list(state: State, user: str, message_count: int) -> list[Entry]:
    """Derive the whole list in its order, cut at the profile's limit."""
    return _sorted_out(state, user, message_count)[0]


def _sorted_out(state: State, user: str, message_count: int) -> tuple[list[Entry], Pairs]:
    """Give the whole list in its order, and the records of all that is not in it."""
    entries: list[Entry] = []
    others: list[tuple[str, Record]] = []
    records = state.records.get(user)
    if records is None:
        return entries, others
    for pair in records.items():
        entry = make_entry(state, user, pair[0], pair[1], message_count)
        if entry is None:
            others.append(pair)
        else:
            entries.append(entry)
    if len(entries) > 1:
        entries.sort(key=by_order, reverse=True)
    limit = state.profile.list_limit
    if limit and len(entries) > limit:
        entries = entries[:limit]
        shown = {entry.chat for entry in entries}
        others = [pair for pair in records.items() if chat_of(user, pair[0]) not in shown]
    return entries, others


def total_unread(state: State, entries: Sequence[Entry]) -> int:
    """Add up the unread of listed conversations; muted ones where the profile says so."""
    if not entries:
        return 0
    if state.profile.total_counts_muted:
        return sum([entry.unread for entry in entries])
    return sum([entry.unread for entry in entries if not entry.muted])


def requests(state: State, user: str, records: Iterable[tuple[str, Record]]) -> tuple[str, ...]:
    """Name the chats from which a message request waits."""
    return tuple(
        chat_of(user, key)
        for key, record in records
        if record.held == "request" and _waits(state, user, key, record)
    )


def _waits(state: State, user: str, key: str, record: Record) -> bool:
    """Tell whether another's content is there from after the delete: above floor and hide mark.

    Own messages may lie there too, where they end no request; nearly always the newest says it.
    """
    log = state.logs[key]
    for above, upto in reversed(spans_of(state, record, log.last)):
        above = max(above, record.hidden_to)
        while upto > above:
            batch = log.visible(above, upto, WAITING_LOOK)
            if any(_asks(state, user, message) for message in batch):
                return True
            upto = batch[0].seq - 1 if batch else above
    return False


def _asks(state: State, user: str, message: Message) -> bool:
    return message.sender != user and message.kind == "content" and not is_expired(state, message)


def _waiting_requests(state: State, user: str) -> tuple[str, ...]:
    if state.profile.on_message_after_delete != "request":
        return ()
    return requests(state, user, state.all_records(user))


# Answers


def list_answer(state: State, action: Synchronise) -> ListAnswer:
    """Answer a list synchronisation: full, by channel, a page, or what changed since a cursor."""
    user, count = action.user, action.message_count
    if action.only_unread or action.page or action.chats is not None:
        return _part(state, action, full_list(state, user, count))
    if action.cursor is not None:
        device = _who_keeps_up(state, action)
        delta = None if device is None else _delta(state, action, device.synced_ms)
        if delta is not None:
            return delta
    entries, others = _sorted_out(state, user, count)
    return ListAnswer(
        user,
        action.device,
        True,
        state.order,
        tuple(entries),
        (),
        (),
        total_unread(state, entries),
        _waiting_requests(state, user),
        False,
        state.now,
        _marks(state, user, others, ALL) if others else (),
    )


def _part(state: State, action: Synchronise, everything: list[Entry]) -> ListAnswer:
    """Answer a part of the list; no cursor goes on by it."""
    user, entries = action.user, everything
    if action.chats is not None:
        wanted = {channel_key(user, chat) for chat in action.chats}
        entries = [e for e in entries if channel_key(user, e.chat) in wanted]
    if action.only_unread:
        entries = [e for e in entries if e.unread or e.marked_unread]
    if action.page:
        size = action.page_size or 100
        entries = entries[(action.page - 1) * size : action.page * size]
    return ListAnswer(
        user,
        action.device,
        False,
        state.order,
        tuple(entries),
        (),
        (),
        total_unread(state, everything),
        _waiting_requests(state, user),
        True,
        state.now,
    )


def _marks(
    state: State, user: str, records: Pairs, cursor: int, lost: Set[str] = frozenset()
) -> tuple[Entry, ...]:
    """Give the marks of what is not listed and changed since a cursor.

    What is `lost` has changed no mark; but the tombstone of it takes them from the device.
    """
    return tuple(
        [
            marks_only(state, user, key, record)
            for key, record in records
            if (record.changed > cursor or key in lost) and not record.gone
        ]
    )


# Deltas


def _who_keeps_up(state: State, action: Synchronise) -> Device | None:
    """Give the device that asks, where it is not away for too long."""
    device = state.device(action.user, action.device)
    if device is None or state.now - device.synced_ms > state.profile.tombstone_retention:
        return None
    return device


def _delta(state: State, action: Synchronise, since_ms: int) -> ListAnswer | None:
    """Answer what changed since a cursor; None where only the whole list can tell."""
    user, cursor = action.user, action.cursor or 0
    limit = state.profile.list_limit
    if limit and len(state.records.get(user, ())) > limit:
        return None  # a delta could not tell what fell off the end, or came up from behind it
    survey = _survey(state, user, action.message_count)
    if survey is None:
        listed, others = _sorted_out(state, user, action.message_count)
        total, waiting = total_unread(state, listed), _waiting_requests(state, user)
    else:
        listed, others = _looked_at(state, user, action.message_count, survey.since(cursor))
        total, waiting = survey.total, _held_requests(state, user, survey)
    gone, marks = _unlisted(state, user, others, cursor, since_ms) if others else ((), ())
    return ListAnswer(
        user,
        action.device,
        False,
        state.order,
        tuple([e for e in listed if _changed(state, user, e.chat, cursor, since_ms)]),
        gone,
        (),
        total,
        waiting,
        False,
        state.now,
        marks,
    )


def _unlisted(
    state: State, user: str, others: Pairs, cursor: int, since_ms: int
) -> tuple[tuple[tuple[str, int], ...], tuple[Entry, ...]]:
    """Give tombstones (chat, D) and marks of what is not listed and concerns a delta.

    A deletion that nobody is told of leaves no tombstone, and the marks do not say it either.
    """
    lost = {key for key, record in others if _has_lost(state, record, key, since_ms)}
    gone = [pair for pair in others if pair[1].tombstone > cursor or pair[0] in lost]
    marks = _marks(state, user, others, cursor, lost)
    if marks and state.profile.sync_deletes == "on-full-sync":
        told = {chat_of(user, key) for key, _ in gone}
        marks = tuple([each if each.chat in told else without_floor(each) for each in marks])
    return tuple([(chat_of(user, key), record.deleted_to) for key, record in gone]), marks


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


# Surveys


def _survey(state: State, user: str, message_count: int) -> Survey | None:
    """Give the survey of a long list, up to date; None where the list is short."""
    records = state.records.get(user)
    if records is None or len(records) < SURVEYED_MIN:
        return None
    survey = state.surveys.get(user)
    if survey is None:
        survey = state.surveys[user] = Survey()
        keys = list(records)
    else:
        keys = [*survey.noted, *survey.expiring]
        for key, order in reversed(state.recent.items()):
            if order <= survey.order:
                break
            if key in records:
                keys.append(key)
    if len(records) > len(survey.places):
        for key in islice(records, len(survey.places), None):
            survey.places[key] = len(survey.places)
    _look_again(state, user, survey, set(keys), message_count)
    return survey


def _look_again(
    state: State, user: str, survey: Survey, keys: Iterable[str], message_count: int
) -> None:
    """Bring a survey up to date in the conversations that may have changed."""
    records, channels = state.records[user], state.channels
    numbers = {
        key: max(records[key].changed, records[key].tombstone, channels[key].order) for key in keys
    }
    for key in sorted(numbers, key=lambda each: (numbers[each], survey.places[each])):
        record = records[key]
        entry = make_entry(state, user, key, record, message_count)
        survey.place(key, numbers[key])
        survey.share(key, 0 if entry is None else total_unread(state, (entry,)))
        (survey.held.add if record.held == "request" else survey.held.discard)(key)
        (survey.expiring.add if state.logs[key].has_expiring else survey.expiring.discard)(key)
    survey.order = state.order
    survey.noted.clear()


def _looked_at(
    state: State, user: str, message_count: int, keys: Iterable[str]
) -> tuple[list[Entry], Pairs]:
    """Do to some conversations what `_sorted_out` does to all."""
    entries: list[Entry] = []
    others: list[tuple[str, Record]] = []
    for key in keys:
        record = state.records[user][key]
        entry = make_entry(state, user, key, record, message_count)
        if entry is None:
            others.append((key, record))
        else:
            entries.append(entry)
    entries.sort(key=by_order, reverse=True)
    return entries, others


def _held_requests(state: State, user: str, survey: Survey) -> tuple[str, ...]:
    if state.profile.on_message_after_delete != "request":
        return ()
    keys = sorted(survey.held, key=survey.places.__getitem__)
    return requests(state, user, [(key, state.records[user][key]) for key in keys])
