"""The reference, third part: deleting a conversation, and clearing its history.

A delete keeps the metadata (membership and marks) and loses what the user asked to lose; the
switches `delete_*` and `on_*_after_delete` say how. What is held back after it is decided here;
`derived_changes.py` ends that when messages come.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import Clear, Delete
from imcli.model.entities import channel_key, chat_of, is_group
from imcli.simulator.conversations.base import NOTHING, Change, Refusal, Result
from imcli.simulator.conversations.derived import newest_visible, spans_of
from imcli.simulator.conversations.derived_changes import put, watch
from imcli.simulator.record import OPEN, Held, Record
from imcli.simulator.state import State


def delete(state: State, action: Delete) -> Result:
    """Remove a conversation from the list of a user, or of both."""
    profile = state.profile
    person = not is_group(action.chat)
    both = action.for_both or (person and profile.delete_scope == "two-way")
    if action.for_both and (not person or profile.delete_scope == "one-way"):
        return Refusal("unsupported", "the profile deletes for one side only")
    if profile.delete_bound == "named" and not action.up_to:
        return Refusal("invalid", "a delete must name its upper bound (up to m)")
    if action.up_to < 0:
        return Refusal("invalid", "a sequence number is not negative")
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key)
    last = state.last_seq(key)
    if record is None or record.gone:
        return NOTHING if record is None else _delete_waiting(state, action.user, key, record)
    bound = min(action.up_to, last) if action.up_to else last
    changes = list(_delete_own(state, action.user, key, record, bound, named=action.up_to > 0))
    if both:
        peer = chat_of(action.user, key)
        changes += _delete_peer(state, peer, key, bound, named=action.up_to > 0)
    erase(state, key)
    return changes


def _delete_own(
    state: State, user: str, key: str, record: Record, bound: int, *, named: bool
) -> Sequence[Change]:
    """Delete for the one who asked. A late repeat of an older, named delete changes nothing."""
    profile = state.profile
    if named and _is_older(state, key, record, bound):
        return NOTHING
    if profile.delete_kind == "physical":
        return put(state, user, key, _bare(state, key, record), "deleted", gone=_tells(state))
    marks = _deleted_marks(state, record, bound)
    held = _held_after_delete(state, key) if bound >= state.last_seq(key) > 0 else record.held
    deleted = replace(
        marks, pinned=False, archived=False, kept_order=0, kept_ms=0, marked_unread=False, held=held
    )
    if not _tells(state):
        return _put_silently(state, user, key, deleted)
    return put(state, user, key, deleted, "deleted", gone=True)


def _is_older(state: State, key: str, record: Record, bound: int) -> bool:
    """Tell whether a delete up to a bound is one that was done before."""
    return bound < state.last_seq(key) and bound <= max(record.deleted_to, record.hidden_to)


def _bare(state: State, key: str, record: Record) -> Record:
    """Give what a physical delete leaves: the channel is found, and what refuses or holds back.

    The hide mark of it says from where on a message is one that waits.
    """
    intervals = ((1, OPEN),) if record.present else record.intervals
    held, last = _held_after_delete(state, key), state.last_seq(key)
    bare = Record(intervals=intervals, gone=True, tombstone=record.tombstone)
    if last == 0 or held not in ("reject", "request"):
        return bare
    return replace(bare, held=held, hidden_to=last)


def _delete_waiting(state: State, user: str, key: str, record: Record) -> Sequence[Change]:
    """Delete what waits where there is no record."""
    if record.held != "request":
        return NOTHING
    waits = replace(record, hidden_to=state.last_seq(key))
    return put(state, user, key, waits, "deleted", gone=_tells(state))


def _put_silently(state: State, user: str, key: str, record: Record) -> Sequence[Change]:
    """Replace a record so that no delta tells it (policy `on-full-sync`)."""
    if state.records[user][key] == record:
        return NOTHING
    touched = state.next_order()
    new = replace(record, touched_ms=state.stamp_ms(), touched=touched)
    state.set_record(user, key, new)
    watch(state, user, key, record)
    return (Change(user, chat_of(user, key), "deleted"),)


def _tells(state: State) -> bool:
    return state.profile.sync_deletes == "push-and-tombstone"


def _deleted_marks(state: State, record: Record, bound: int) -> Record:
    """Move D (or H, where the history is kept) and R up to the bound."""
    if state.profile.delete_history == "kept":
        hidden = max(record.hidden_to, bound)
        return replace(record, hidden_to=hidden, read_to=max(record.read_to, hidden))
    floor = max(record.deleted_to, bound)
    return replace(record, deleted_to=floor, read_to=max(record.read_to, floor))


def _held_after_delete(state: State, key: str) -> Held:
    """Say what will keep the conversation out of the list when messages come."""
    profile = state.profile
    own: Held = "own-hidden" if profile.on_own_send_after_delete == "stay-hidden" else ""
    match profile.on_message_after_delete:
        case "stay-hidden":
            return "hidden"
        case "reject" | "request" as asks if _has_peer(key):
            return asks
        case _:
            return own


def _has_peer(key: str) -> bool:
    """Tell whether this is a channel of two: nobody is refused by, or waits for, oneself."""
    first, _, second = key.partition("@")
    return not is_group(key) and first != second


def _delete_peer(state: State, peer: str, key: str, bound: int, *, named: bool) -> Sequence[Change]:
    """The other side of a two-way delete: its marks move, its flags stay; nothing is kept."""
    record = state.record(peer, key)
    if record is None or record.gone or (named and _is_older(state, key, record, bound)):
        return NOTHING
    if state.profile.delete_kind == "physical":
        deleted = Record(gone=True)
    else:
        deleted = replace(_deleted_marks(state, record, bound), kept_order=0, kept_ms=0)
    return put(state, peer, key, deleted, "deleted", gone=_tells(state), own=False)


def erase(state: State, key: str) -> None:
    """Drop what lies at or below the floor of everybody, where the profile does that.

    It is asked after whatever raises a floor: a delete, a clear, a membership that begins again.
    Former members count: they can still read what lies in their memberships.
    """
    if state.profile.delete_history != "erased":
        return
    first = 0 if state.profile.rejoin_history == "all" else -1
    channel = state.channels[key]
    floors = [
        max(record.intervals[first][0] - 1, record.deleted_to)
        for user in (*channel.members, *channel.former)
        if (record := state.record(user, key)) is not None
    ]
    if floors and min(floors) > 0:
        state.log_w(key).erase(min(floors))


def clear(state: State, action: Clear) -> Result:
    """Clear the history and keep the entry; what a delete took out of the list is in it again.

    The time of the entry is that of the last clear that found something to clear.
    """
    if state.profile.clear_history == "absent":
        return Refusal("unsupported", "the profile has no clearing apart from deleting")
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key) or _first_record(state, action)
    if record is None or record.gone:
        return NOTHING
    last = state.last_seq(key)
    floor = max(record.deleted_to, last)
    cleared = replace(record, deleted_to=floor, read_to=max(record.read_to, floor))
    seen = newest_visible(state, state.logs[key], spans_of(state, record, last), 1)
    if seen or not record.kept_order:
        cleared = replace(cleared, kept_order=state.order + 1, kept_ms=state.stamp_ms())
    changes = put(state, action.user, key, cleared, "cleared")
    erase(state, key)
    return changes


def _first_record(state: State, action: Clear) -> Record | None:
    """Begin a person channel by clearing it, where records outlast a delete; None elsewhere.

    After a delete a clear lists the entry, so it does for two who never wrote.
    """
    known = not is_group(action.chat) and action.chat in state.users
    if not known or state.profile.delete_kind == "physical":
        return None
    state.person_channel(action.user, action.chat)
    return Record()
