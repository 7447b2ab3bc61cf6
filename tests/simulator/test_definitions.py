"""Definitions: floor, what is visible, unread, listed, totals and the order of the list."""

from __future__ import annotations

import pytest

from imcli.model.actions import MarkUnread, Read, SetClock, SetFlag
from imcli.model.entities import Entry
from tests.simulator.world import DAY, SECOND, World


@pytest.fixture
def world() -> World:
    return World("A", "B", "C")


def test_sequence_numbers_are_dense_from_one_per_channel(world: World) -> None:
    assert [world.send("A", "B").seq, world.send("B", "A").seq, world.send("A", "C").seq] == [
        1,
        2,
        1,
    ]


def test_unread_counts_countable_messages_from_others(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A", no_red_dot=True)
    world.send("B", "A", notice=True)
    world.send("B", "A", command=True)
    assert world.unread("A", "B") == 1
    assert world.unread("B", "A") == 0


def test_reading_moves_the_mark_to_the_newest_and_never_back(world: World) -> None:
    for _ in range(3):
        world.send("B", "A")
    world.read("A", "B", 2)
    assert world.entry("A", "B").read_to == 2
    world.read("A", "B", 1)
    assert world.entry("A", "B").read_to == 2
    world.read("A", "B")
    assert world.entry("A", "B").read_to == 3


def test_reading_beyond_the_newest_counts_as_the_newest(world: World) -> None:
    world.send("B", "A")
    world.read("A", "B", 99)
    assert world.entry("A", "B").read_to == 1


def test_an_own_send_reads_what_came_before(world: World) -> None:
    world.send("B", "A")
    world.send("A", "B")
    assert world.unread("A", "B") == 0
    assert world.entry("A", "B").read_to == 2


def test_marking_unread_goes_to_just_before_the_nth_newest_from_others(world: World) -> None:
    for sender in "BBAB":
        world.send(sender, "A" if sender == "B" else "B")
    world.mark("A", "B", 2)
    assert (world.entry("A", "B").read_to, world.unread("A", "B")) == (1, 2)


def test_marking_more_than_there_are_marks_all(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A")
    world.read("A", "B")
    world.mark("A", "B", 9)
    assert world.unread("A", "B") == 2


def test_marking_where_nothing_is_countable_has_no_effect(world: World) -> None:
    world.send("A", "B")
    world.mark("A", "B", 1)
    assert world.entry("A", "B").read_to == 1


def test_marking_none_unread_is_reading(world: World) -> None:
    world.send("B", "A")
    world.mark("A", "B", 0)
    assert world.unread("A", "B") == 0


def test_marking_passes_over_what_has_expired(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A", expire_ms=SECOND)
    world.read("A", "B")
    world.wait(SECOND)
    world.mark("A", "B", 1)
    assert (world.entry("A", "B").read_to, world.unread("A", "B")) == (0, 1)


def test_marking_without_a_number_sets_the_flag_only(world: World) -> None:
    world.send("B", "A")
    world.read("A", "B")
    world.mark("A", "B")
    entry = world.entry("A", "B")
    assert (entry.marked_unread, entry.unread, entry.read_to) == (True, 0, 1)


def test_a_flag_set_before_the_first_message_shows_with_it(world: World) -> None:
    world.mark("A", "B")
    world.mark("A", "nobody")
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.entry("A", "B").marked_unread
    assert not world.entry("B", "A").marked_unread


@pytest.mark.parametrize("ending", ["read", "own send", "delete"])
def test_reading_deleting_and_an_own_send_clear_the_flag(world: World, ending: str) -> None:
    world.send("B", "A")
    world.mark("A", "B")
    if ending == "read":
        world.read("A", "B")
    elif ending == "delete":
        world.delete("A", "B")
        world.send("B", "A")
    else:
        world.send("A", "B")
    assert not world.entry("A", "B").marked_unread


def test_a_message_from_the_other_leaves_the_flag(world: World) -> None:
    world.send("B", "A")
    world.mark("A", "B")
    world.send("B", "A")
    assert world.entry("A", "B").marked_unread


def test_only_content_lists_a_conversation(world: World) -> None:
    world.send("B", "A", notice=True)
    world.send("B", "A", command=True)
    world.send("B", "A", no_persist=True)
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.sees("A") == ["B"]
    assert world.seqs("A", "B") == [1, 3]


def test_an_empty_group_is_not_listed(world: World) -> None:
    world.group("#team", "A", "B")
    assert world.sees("A") == []


def test_clearing_leaves_the_unread_flag_and_a_lower_read_does_too(world: World) -> None:
    first = world.send("B", "A")
    world.send("B", "A")
    world.read("A", "B")
    world.mark("A", "B")
    before = world.server.digest()
    world.read("A", "B", first.seq)
    assert world.server.digest() == before
    world.clear("A", "B")
    assert world.entry("A", "B").marked_unread
    world.read("A", "B", 2)
    assert not world.entry("A", "B").marked_unread


def test_clearing_keeps_the_entry_without_messages(world: World) -> None:
    world.send("B", "A")
    world.flag("A", "B", "pinned")
    world.clear("A", "B")
    entry = world.entry("A", "B")
    assert (entry.last, entry.messages, entry.unread, entry.deleted_to) == (None, (), 0, 1)
    assert (entry.read_to, entry.pinned) == (1, True)
    assert world.history("A", "B") == []
    assert world.history("B", "A") == [1]


def test_clearing_twice_changes_nothing(world: World) -> None:
    world.send("B", "A")
    world.clear("A", "B")
    before = world.server.digest()
    world.clear("A", "B")
    assert world.server.digest() == before


def test_clearing_what_a_delete_took_away_lists_it_without_messages(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    world.clear("A", "B")
    entry = world.entry("A", "B")
    assert (entry.last, entry.unread, entry.deleted_to, world.sees("B")) == (None, 0, 1, ["A"])
    (event,) = world.told("A", "web")
    assert (event.change, event.entry) == ("cleared", world.server.entry("A", "B"))
    world.delete("A", "B")
    assert world.sees("A") == []


def test_clearing_before_the_first_message_lists_it_as_after_a_delete(world: World) -> None:
    world.clear("A", "B")
    assert (world.sees("A"), world.sees("B")) == (["B"], [])
    before = world.server.digest()
    world.clear("A", "B")
    world.clear("A", "nobody")
    world.clear("A", "#nothing")
    assert world.server.digest() == before


def test_clearing_lists_no_group_that_was_left(world: World) -> None:
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.leave("A", "#team")
    world.clear("A", "#team")
    assert world.sees("A") == []


def test_a_kept_entry_goes_with_a_delete(world: World) -> None:
    world.send("B", "A")
    world.clear("A", "B")
    world.delete("A", "B")
    assert world.sees("A") == []


def test_the_total_sums_listed_conversations_muted_ones_too(world: World) -> None:
    world.send("B", "A")
    world.send("C", "A")
    world.send("C", "A")
    world.flag("A", "C", "muted")
    assert world.total("A") == 3
    world.delete("A", "C")
    assert world.total("A") == 1


def test_the_newest_conversation_stands_first(world: World) -> None:
    world.send("B", "A")
    world.wait(SECOND)
    world.send("C", "A")
    assert world.sees("A") == ["C", "B"]
    world.wait(SECOND)
    world.send("A", "B")
    assert world.sees("A") == ["B", "C"]


def test_pinned_ones_stand_before_newer_ones(world: World) -> None:
    world.send("B", "A")
    world.flag("A", "B", "pinned")
    world.wait(SECOND)
    world.send("C", "A")
    assert world.sees("A") == ["B", "C"]
    world.flag("A", "B", "pinned", False)
    assert world.sees("A") == ["C", "B"]


def test_at_the_same_time_the_later_accepted_stands_first(world: World) -> None:
    world.send("C", "A")
    world.send("B", "A")
    assert world.sees("A") == ["B", "C"]
    world.send("C", "A")
    assert world.sees("A") == ["C", "B"]


def test_a_cleared_one_is_ordered_by_the_time_of_the_clear(world: World) -> None:
    world.send("B", "A")
    world.wait(SECOND)
    world.send("C", "A")
    world.wait(SECOND)
    world.clear("A", "B")
    assert world.sees("A") == ["B", "C"]
    world.wait(SECOND)
    world.send("C", "A")
    assert world.sees("A") == ["C", "B"]


def test_a_notice_moves_a_listed_conversation_up(world: World) -> None:
    world.send("B", "A")
    world.send("C", "A")
    world.wait(SECOND)
    world.send("B", "A", notice=True)
    assert world.sees("A") == ["B", "C"]


def test_archived_ones_stay_in_the_list_with_the_fact(world: World) -> None:
    world.send("B", "A")
    world.flag("A", "B", "archived")
    assert world.entry("A", "B").archived


def test_settings_come_and_go_and_are_told_once(world: World) -> None:
    world.send("B", "A")
    for flag in ("pinned", "muted", "archived"):
        world.do(SetFlag("A", "phone", "B", flag, True))
        assert world.told("A", "web")
        world.do(SetFlag("A", "phone", "B", flag, True))
        assert not world.told("A", "web")
        world.do(SetFlag("A", "phone", "B", flag, False))
    assert world.entry("A", "B") == Entry(
        "B",
        1,
        world.entry("A", "B").last,
        world.entry("A", "B").messages,
        order=(0, 0, world.entry("A", "B").messages[-1].message_id),
        floor=0,
    )


def test_only_waits_move_time(world: World) -> None:
    for _ in range(5):
        world.send("B", "A")
    world.delete("A", "B")
    assert world.server.state.now == 0
    world.wait(SECOND)
    assert world.server.state.now == SECOND


def test_a_server_clock_set_back_does_not_reorder_the_list(world: World) -> None:
    world.send("B", "A")
    world.wait(SECOND)
    world.do(SetClock(-DAY))
    world.send("C", "A")
    assert world.sees("A") == ["C", "B"]


def test_a_server_clock_ahead_shows_in_the_times_of_messages(world: World) -> None:
    world.do(SetClock(3_600_000))
    assert world.send("B", "A").time_ms == 3_600_000


def test_the_clock_of_a_device_is_never_believed(world: World) -> None:
    world.do(SetClock(DAY, "B", "phone"))
    assert world.send("B", "A").time_ms == 0
    assert world.refuses(SetClock(1, "B", "fax")) == "invalid"


def test_a_chat_with_oneself_is_allowed_and_never_unread(world: World) -> None:
    world.send("A", "A")
    assert world.sees("A") == ["A"]
    assert world.unread("A", "A") == 0
    world.delete("A", "A")
    assert world.sees("A") == []
    world.send("A", "A")
    assert world.seqs("A", "A") == [2]


def test_negative_numbers_are_invalid(world: World) -> None:
    world.send("B", "A")
    assert world.refuses(MarkUnread("A", "phone", "B", -1)) == "invalid"
    assert world.refuses(Read("A", "phone", "B", -1)) == "invalid"


def test_the_stored_record_says_what_the_definitions_say(world: World) -> None:
    assert world.server.kept("A", "B") is None
    world.send("B", "A")
    kept = world.server.kept("A", "B")
    assert kept is not None
    assert (kept.unread, kept.read_to, kept.deleted_to) == (1, 0, 0)
    world.delete("A", "B")
    kept = world.server.kept("A", "B")
    assert kept is not None
    assert (kept.unread, kept.last, kept.read_to, kept.deleted_to) == (0, None, 1, 1)
