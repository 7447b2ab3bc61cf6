"""Telling: what devices hear of a change to a conversation, beside messages.

A delete, a mark, a setting or a membership is told to every online device of the user whom it
concerns, as the list has the conversation after it, over the same links that messages take.
Policies say what is not told; the device that asked has it from its answer in any case.
"""

from __future__ import annotations

from collections.abc import Iterable

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import DeviceKey, Entry
from imcli.model.events import ConversationPushed, Event
from imcli.simulator.conversations.base import Change, Keeping
from imcli.simulator.conversations.derived import without_floor
from imcli.simulator.delivery import carry
from imcli.simulator.record import Record
from imcli.simulator.state import State

MARK_CHANGES = frozenset({"cleared", "read", "marked", "flags"})
"""What happens to a conversation and does not take it out of a list."""


def tell(
    state: State,
    keeping: Keeping,
    changes: Iterable[Change],
    actor: tuple[str, str],
    events: list[Event],
) -> None:
    """Tell the devices of a user what changed in a conversation.

    The device that asked, `actor` (user, name), is told too: for it the event is what the answer
    said, and no link is in the way. Devices of others have names of their own: the same one means
    nothing. With the policy `on-full-sync` nobody else learns of a delete.
    """
    acting, device = actor
    for change in changes:
        owner = state.users[change.user]
        asked = device if change.user == acting else ""
        silent = not keeping.tells_others or (
            change.kind == "deleted" and state.profile.sync_deletes == "on-full-sync"
        )
        named = [
            name
            for name, each in owner.devices.items()
            if each.session and (not silent or name == asked)
        ]
        if named:
            _tell_one(state, keeping, change, named, asked, events)


def _tell_one(
    state: State,
    keeping: Keeping,
    change: Change,
    named: list[str],
    asked: str,
    events: list[Event],
) -> None:
    devices = state.users[change.user].devices
    direct = tuple(
        [
            name
            for name in named
            if name == asked or (devices[name].link is None and not devices[name].dead)
        ]
    )
    event = _change_event(state, keeping, change, direct)
    if direct:
        events.append(event)
    if len(direct) == len(named):
        return
    for name in named:
        if name in direct or devices[name].dead:
            continue
        told = _change_event(state, keeping, change, (name,))
        key = DeviceKey(change.user, name)
        carry(state, key, state.device_w(change.user, name), told, 1, events)


def _change_event(
    state: State, keeping: Keeping, change: Change, devices: tuple[str, ...]
) -> ConversationPushed:
    key = keeping.key_of(change.user, change.chat)
    record = state.record(change.user, key)
    entry = _entry_told(state, keeping, change)
    marks = keeping.marks(state, change.user, key) if entry is None else None
    untold = entry is None and _hides_deletes(state, keeping, change, record)
    return ConversationPushed(
        change.user,
        change.chat,
        change.kind,
        devices,
        state.order,
        record.deleted_to if record is not None else 0,
        entry,
        state.now,
        without_floor(marks) if untold and marks is not None else marks,
        untold,
    )


def _hides_deletes(state: State, keeping: Keeping, change: Change, record: Record | None) -> bool:
    """Tell whether devices must not learn by this change that the conversation was deleted.

    They are told how it is marked now. What happens to a membership takes the entry away all the
    same, and the device that deletes knows what it did.
    """
    return (
        state.profile.sync_deletes == "on-full-sync"
        and keeping.tells_others
        and change.kind in MARK_CHANGES
        and record is not None
        and not record.gone
    )


def _entry_told(state: State, keeping: Keeping, change: Change) -> Entry | None:
    """Give the entry that devices are told.

    Where a server tells nobody, the device that asked knows by itself that what it deleted is gone.
    To be told is not to ask for a list: a list cache that is filled by asking stays as it was.
    """
    if change.kind == "deleted" and not keeping.tells_others:
        return None
    cached = state.cached_lists.get(change.user)
    newly_seen = change.kind in ("accepted", "joined", "returned")
    entry = keeping.entry(state, change.user, change.chat, LISTED_MESSAGES if newly_seen else 0)
    if cached is None:
        state.cached_lists.pop(change.user, None)
    else:
        state.cached_lists[change.user] = cached
    return entry
