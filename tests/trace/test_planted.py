"""Each invariant is broken by a fault planted in the real simulator, and the checker finds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    CreateGroup,
    Delete,
    MarkUnread,
    Pull,
    Read,
    Send,
    SetFlag,
    Synchronise,
)
from imcli.model.entities import DeviceKey, Entry, Message, channel_key, is_group
from imcli.model.events import (
    Done,
    Event,
    ListAnswer,
    MembersChanged,
    Pushed,
    Refused,
    Stored,
)
from imcli.simulator import messages
from imcli.simulator.conversations.base import NOTHING, Change, Keeping, Result
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.laws import LAWS
from imcli.simulator.profiles import REFERENCE
from imcli.simulator.record import Interval, Record
from imcli.simulator.state import State
from imcli.trace.catalogue import BY_NUMBER
from tests.trace.worlds import search

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]
BUDGET = 40
"""Within so many random programs each planted fault has to be found."""

PLANTS: dict[int, Plant] = {}


def plants(number: int) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        PLANTS[number] = plant
        return plant

    return keep


def on_entry(patch: Patch, change: Callable[[str, Entry], Entry | None]) -> None:
    """Let the list answer a changed entry."""
    right = Derived.entry

    def wrong(self: Derived, state: State, user: str, chat: str, count: int = 20) -> Entry | None:
        entry = right(self, state, user, chat, count)
        return None if entry is None else change(user, entry)

    patch.setattr(Derived, "entry", wrong)


def on_listing(patch: Patch, change: Callable[[Synchronise, ListAnswer], ListAnswer]) -> None:
    """Let a synchronisation answer a changed list."""
    right = Derived.listing

    def wrong(self: Derived, state: State, action: Synchronise) -> ListAnswer:
        return change(action, right(self, state, action))

    patch.setattr(Derived, "listing", wrong)


def on_send(
    patch: Patch, change: Callable[[State, Keeping, Send, list[Event]], list[Event]]
) -> None:
    """Do something after every send, or to its events."""
    law, owner = LAWS[Send]

    def wrong(state: State, keeping: Keeping, action: Send) -> list[Event]:
        return change(state, keeping, action, law(state, keeping, action))

    patch.setitem(LAWS, Send, (wrong, owner))


def change_record(state: State, user: str, key: str, change: Callable[[Record], Record]) -> None:
    record = state.record(user, key)
    if record is not None:
        state.records_w(user)[key] = change(record)


@plants(1)
def newest_message_is_lost(patch: Patch) -> None:
    right = Derived.history_spans

    def wrong(self: Derived, state: State, user: str, key: str) -> Sequence[Interval]:
        return [(above, upto - 1) for above, upto in right(self, state, user, key)]

    patch.setattr(Derived, "history_spans", wrong)


@plants(2)
def deleted_never_returns(patch: Patch) -> None:
    on_entry(patch, lambda user, entry: None if entry.deleted_to and not entry.pinned else entry)


@plants(3)
def history_forgets_the_floor(patch: Patch) -> None:
    def wrong(self: Derived, state: State, user: str, key: str) -> Sequence[Interval]:
        return [(0, state.last_seq(key))]

    patch.setattr(Derived, "history_spans", wrong)


@plants(4)
def unread_forgets_the_floor(patch: Patch) -> None:
    on_entry(patch, lambda user, e: replace(e, unread=e.unread + 1) if e.deleted_to else e)


@plants(5)
def unread_wraps(patch: Patch) -> None:
    def wrap(user: str, entry: Entry) -> Entry:
        below = entry.deleted_to and not entry.unread
        return replace(entry, unread=2**32 - 1) if below else entry

    on_entry(patch, wrap)


@plants(6)
def own_messages_count(patch: Patch) -> None:
    def count(user: str, entry: Entry) -> Entry:
        own = entry.last is not None and entry.last.sender == user
        return replace(entry, unread=entry.unread + 1) if own else entry

    on_entry(patch, count)


@plants(7)
def a_lower_read_lowers_the_mark(patch: Patch) -> None:
    right = Derived.read

    def wrong(self: Derived, state: State, action: Read) -> Result:
        result = right(self, state, action)
        key = channel_key(action.user, action.chat)
        if action.up_to and key in state.channels:
            mark = min(action.up_to, state.last_seq(key))
            change_record(state, action.user, key, lambda record: replace(record, read_to=mark))
        return result

    patch.setattr(Derived, "read", wrong)


@plants(8)
def a_delete_reads_for_the_peer(patch: Patch) -> None:
    right = Derived.delete

    def wrong(self: Derived, state: State, action: Delete) -> Result:
        result = right(self, state, action)
        key = channel_key(action.user, action.chat)
        if not is_group(key):
            last = state.last_seq(key)
            change_record(state, action.chat, key, lambda record: replace(record, read_to=last))
        return result

    patch.setattr(Derived, "delete", wrong)


@plants(9)
def a_pin_toggles(patch: Patch) -> None:
    right = Derived.set_flag

    def wrong(self: Derived, state: State, action: SetFlag) -> Result:
        record = state.record(action.user, channel_key(action.user, action.chat))
        if record is not None and action.flag == "pinned" and record.pinned is action.on:
            action = replace(action, on=not action.on)
        return right(self, state, action)

    patch.setattr(Derived, "set_flag", wrong)


@plants(10)
def resends_are_stored_again(patch: Patch) -> None:
    patch.setattr(messages, "_known", lambda state, key, action: None)


@plants(11)
def notices_skip_a_number(patch: Patch) -> None:
    def skip(event: Event) -> Event:
        if not isinstance(event, Stored) or event.message.kind != "notice":
            return event
        return Stored(replace(event.message, seq=event.message.seq + 1))

    on_send(patch, lambda state, keeping, action, events: [skip(event) for event in events])


@plants(12)
def history_has_a_hole(patch: Patch) -> None:
    right = messages._readable

    def wrong(
        state: State, keeping: Keeping, action: Pull, key: str, *rest: object
    ) -> list[Message]:
        found = right(state, keeping, action, key, *rest)  # type: ignore[arg-type]
        return found[:1] + found[2:] if len(found) > 2 else found

    patch.setattr(messages, "_readable", wrong)


@plants(13)
def a_refused_send_archives(patch: Patch) -> None:
    def archive(state: State, keeping: Keeping, action: Send, events: list[Event]) -> list[Event]:
        if isinstance(events[0], Refused):
            key = channel_key(action.user, action.chat)
            change_record(state, action.user, key, lambda record: replace(record, archived=True))
        return events

    on_send(patch, archive)


@plants(14)
def mutes_do_nothing(patch: Patch) -> None:
    right = Derived.set_flag

    def wrong(self: Derived, state: State, action: SetFlag) -> Result:
        return NOTHING if action.flag == "muted" else right(self, state, action)

    patch.setattr(Derived, "set_flag", wrong)


@plants(15)
def notices_are_no_preview(patch: Patch) -> None:
    def hide(user: str, entry: Entry) -> Entry:
        notice = entry.last is not None and entry.last.kind == "notice"
        return replace(entry, last=None) if notice else entry

    on_entry(patch, hide)


@plants(16)
def totals_count_pinned_twice(patch: Patch) -> None:
    def twice(action: Synchronise, answer: ListAnswer) -> ListAnswer:
        more = sum(entry.unread for entry in answer.entries if entry.pinned)
        return replace(answer, total_unread=answer.total_unread + more)

    on_listing(patch, twice)


@plants(17)
def who_left_stays(patch: Patch) -> None:
    def wrong(self: Derived, state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
        return NOTHING

    patch.setattr(Derived, "left", wrong)


@plants(18)
def a_dismissed_name_is_used_again(patch: Patch) -> None:
    law, owner = LAWS[CreateGroup]

    def wrong(state: State, keeping: Keeping, action: CreateGroup) -> list[Event]:
        channel = state.channels.get(action.group)
        if channel is None or not channel.dismissed:
            return law(state, keeping, action)
        members = tuple(dict.fromkeys(user for user in (action.user, *action.members) if user))
        renewed = state.channel_w(action.group)
        renewed.dismissed, renewed.members = False, dict.fromkeys(members, 1)
        keeping.joined(state, action.group, members, members)
        return [Done(), MembersChanged(action.group, state.last_seq(action.group), members)]

    patch.setitem(LAWS, CreateGroup, (wrong, owner))


@plants(19)
def marks_revive(patch: Patch) -> None:
    right = Derived.mark_unread

    def wrong(self: Derived, state: State, action: MarkUnread) -> Result:
        result = right(self, state, action)
        key = channel_key(action.user, action.chat)
        change_record(state, action.user, key, lambda record: replace(record, kept_order=1))
        return result

    patch.setattr(Derived, "mark_unread", wrong)


@plants(20)
def pushes_go_astray(patch: Patch) -> None:
    def astray(state: State, event: Event) -> Event:
        if not isinstance(event, Pushed) or is_group(event.message.channel):
            return event
        people = event.message.channel.split("@")
        stranger = next((user for user in state.users if user not in people), None)
        if stranger is None:
            return event
        return replace(event, devices=(*event.devices, DeviceKey(stranger, "phone")))

    on_send(
        patch, lambda state, keeping, action, events: [astray(state, event) for event in events]
    )


@plants(21)
def deltas_leave_out_what_was_read(patch: Patch) -> None:
    def without(action: Synchronise, answer: ListAnswer) -> ListAnswer:
        if action.cursor is None:
            return answer
        return replace(answer, entries=tuple(e for e in answer.entries if e.unread))

    on_listing(patch, without)


@plants(22)
def tombstones_reach_phones_only(patch: Patch) -> None:
    def without(action: Synchronise, answer: ListAnswer) -> ListAnswer:
        return answer if action.device in ("", "phone") else replace(answer, tombstones=())

    on_listing(patch, without)


@plants(23)
def pages_overlap(patch: Patch) -> None:
    right = Derived.listing

    def wrong(self: Derived, state: State, action: Synchronise) -> ListAnswer:
        answer = right(self, state, action)
        if action.page < 2:
            return answer
        whole = right(self, state, Synchronise(action.user, action.device)).entries
        first = (action.page - 1) * action.page_size - 1
        return replace(answer, entries=whole[first : first + action.page_size])

    patch.setattr(Derived, "listing", wrong)


@plants(24)
def pins_are_lost_in_a_restart(patch: Patch) -> None:
    def wrong(self: Derived, state: State, *, crashed: bool) -> None:
        for user in list(state.records):
            for key in list(state.records[user]):
                change_record(state, user, key, lambda record: replace(record, pinned=False))

    patch.setattr(Derived, "ended", wrong)


@plants(25)
def history_shows_what_expired(patch: Patch) -> None:
    patch.setattr(messages, "is_expired", lambda state, message: False)


def test_every_invariant_has_a_planted_fault() -> None:
    assert sorted(PLANTS) == sorted(BY_NUMBER)


@pytest.mark.parametrize("number", BY_NUMBER, ids=lambda n: f"{n}-{PLANTS[n].__name__}")
def test_a_planted_fault_breaks_its_invariant_within_the_budget(
    number: int, monkeypatch: Patch
) -> None:
    PLANTS[number](monkeypatch)
    assert search(number, REFERENCE, BUDGET) is not None
