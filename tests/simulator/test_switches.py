"""The other switches, each value of each."""

from __future__ import annotations

import pytest

from imcli.model.actions import Clear, MarkUnread, SetAccess, SetClock
from imcli.model.events import Accepted
from tests.simulator.world import DAY, SECOND, World, policy


def test_sequence_difference_counts_everything_above_the_base() -> None:
    world = World("A", "B", profile=policy(unread_counts="sequence-difference"))
    world.send("B", "A")
    world.send("B", "A", command=True)
    world.send("B", "A", no_red_dot=True)
    assert world.unread("A", "B") == 3
    (event,) = world.told("A", "web")
    assert event.entry is not None
    assert event.entry.unread == 3
    world.read("A", "B")
    assert world.unread("A", "B") == 0


def test_sequence_difference_starts_at_the_membership() -> None:
    world = World("A", "B", profile=policy(unread_counts="sequence-difference"))
    world.group("#team", "B")
    world.send("B", "#team")
    world.add("#team", "A")
    world.send("B", "#team")
    assert world.unread("A", "#team") == 1
    kept = world.server.kept("A", "#team")
    assert kept is not None
    assert kept.unread == 1


def test_a_total_without_muted_ones_leaves_them_out() -> None:
    world = World("A", "B", "C", profile=policy(total_counts_muted=False))
    world.send("B", "A")
    world.send("C", "A")
    world.flag("A", "C", "muted")
    assert world.total("A") == 1


def test_own_sends_may_read_nothing() -> None:
    world = World("A", "B", profile=policy(own_send_reads=False))
    world.send("B", "A")
    world.mark("A", "B")
    world.send("A", "B")
    entry = world.entry("A", "B")
    assert (entry.unread, entry.read_to, entry.marked_unread) == (1, 0, False)
    (event,) = world.told("A", "web")[-1:]
    assert event.entry == world.server.entry("A", "B", 0)


def test_mark_unread_by_flag_only_refuses_a_number() -> None:
    world = World("A", "B", profile=policy(mark_unread="flag"))
    world.send("B", "A")
    assert world.refuses(MarkUnread("A", "phone", "B", 1)) == "unsupported"
    world.mark("A", "B")
    assert world.entry("A", "B").marked_unread


def test_mark_unread_lower_only_moves_forward_and_has_no_flag() -> None:
    world = World("A", "B", profile=policy(mark_unread="lower-only"))
    for _ in range(4):
        world.send("B", "A")
    assert world.refuses(MarkUnread("A", "phone", "B")) == "unsupported"
    world.mark("A", "B", 1)
    assert world.unread("A", "B") == 1
    world.mark("A", "B", 3)
    assert world.unread("A", "B") == 1


def test_clearing_may_be_absent() -> None:
    world = World("A", "B", profile=policy(clear_history="absent"))
    world.send("B", "A")
    assert world.refuses(Clear("A", "phone", "B")) == "unsupported"


@pytest.mark.parametrize(
    ("value", "muted", "stays"),
    [
        ("return", False, False),
        ("return", True, False),
        ("stay", False, True),
        ("stay", True, True),
        ("stay-if-muted", False, False),
        ("stay-if-muted", True, True),
    ],
)
def test_what_a_message_does_to_an_archived_conversation(
    value: str, muted: bool, stays: bool
) -> None:
    world = World("A", "B", profile=policy(archive_on_message=value))
    world.send("B", "A")
    world.flag("A", "B", "archived")
    if muted:
        world.flag("A", "B", "muted")
    world.send("B", "A", notice=True)
    world.send("B", "A", command=True)
    assert world.entry("A", "B").archived
    world.send("B", "A")
    assert world.entry("A", "B").archived is stays
    assert bool(world.told("A", "web")) is not stays or muted


def test_a_resend_is_one_message_within_seven_days() -> None:
    world = World("A", "B")
    first = world.send("B", "A", number="x")
    world.wait(7 * DAY)
    world.do(world.text("B", "A"))
    again = world.accepted()
    assert (again.duplicate, again.message_id, again.seq) == (True, first.message_id, 1)
    world.wait(1)
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().seq) == (False, 2)


@pytest.mark.parametrize("offset", [-8 * DAY, 8 * DAY])
def test_the_window_of_resends_is_not_measured_by_the_servers_wrong_clock(offset: int) -> None:
    world = World("A", "B")
    world.wait(9 * DAY)
    world.do(SetClock(offset))
    first = world.send("B", "A", number="x")
    assert (first.accepted_ms, first.time_ms) == (9 * DAY, 9 * DAY + offset)
    world.wait(7 * DAY)
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().seq) == (True, 1)
    world.do(SetClock(0))
    world.wait(1)
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().seq) == (False, 2)


def test_a_resend_may_be_stored_again() -> None:
    world = World("A", "B", profile=policy(resend="store-again"))
    world.send("B", "A", number="x")
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().seq) == (False, 2)


def test_new_members_see_what_comes_after_them() -> None:
    world = World("A", "B")
    world.group("#team", "B")
    world.send("B", "#team")
    world.add("#team", "A")
    assert (world.sees("A"), world.history("A", "#team")) == ([], [])
    world.send("B", "#team")
    assert (world.seqs("A", "#team"), world.unread("A", "#team")) == ([2], 1)


def test_new_members_may_see_everything_as_read() -> None:
    world = World("A", "B", profile=policy(history_for_new_members="all"))
    world.group("#team", "B")
    world.send("B", "#team")
    world.add("#team", "A")
    assert (world.seqs("A", "#team"), world.unread("A", "#team")) == ([1], 0)


@pytest.mark.parametrize(("value", "seen"), [("since-join", [4]), ("all", [1, 2, 4])])
def test_what_a_member_who_comes_back_sees(value: str, seen: list[int]) -> None:
    world = World("A", "B", profile=policy(rejoin_history=value))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.send("B", "#team")
    world.leave("A", "#team")
    world.send("B", "#team")
    world.add("#team", "A")
    world.send("B", "#team")
    assert (world.seqs("A", "#team"), world.history("A", "#team")) == (seen, seen)
    assert world.unread("A", "#team") == len(seen)


def test_leaving_removes_the_entry_and_leaves_the_past_readable() -> None:
    world = World("A", "B")
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.leave("A", "#team")
    world.send("B", "#team")
    assert (world.sees("A"), world.history("A", "#team")) == ([], [1])


@pytest.mark.parametrize("how", ["leave", "remove", "dismiss"])
def test_leaving_may_keep_the_entry_to_be_read(how: str) -> None:
    world = World("A", "B", profile=policy(leave="keep-read-only"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    if how == "leave":
        world.leave("A", "#team")
    elif how == "remove":
        world.remove("#team", "A")
    else:
        world.dismiss("#team")
    if how != "dismiss":
        world.send("B", "#team")
    assert (world.seqs("A", "#team"), world.unread("A", "#team")) == ([1], 1)
    world.flag("A", "#team", "pinned")
    refused = world.refuses(world.text("A", "#team"))
    assert refused == ("dismissed" if how == "dismiss" else "not-a-member")
    world.delete("A", "#team")
    assert world.sees("A") == []


def test_a_blocked_sender_may_be_told_that_all_is_well() -> None:
    world = World("A", "B", profile=policy(block_feedback="pretend"))
    world.do(SetAccess("A", "B", "block", True))
    world.do(world.text("B", "A"))
    (answer,) = world.said
    assert isinstance(answer, Accepted)
    assert (answer.seq, answer.message) == (0, None)
    assert (world.sees("A"), world.sees("B")) == ([], [])
    assert world.server.state.last_seq("A@B") == 0


def test_only_allowed_senders_may_write_where_the_profile_says_so() -> None:
    world = World("A", "B", profile=policy(person_allow_list=True))
    assert world.refuses(world.text("B", "A")) == "not-allowed"
    world.do(SetAccess("A", "B", "allow", True))
    world.send("B", "A")
    world.send("A", "A")
    assert world.refuses(world.text("A", "B")) == "not-allowed"


def test_the_list_may_be_ordered_by_the_users_own_changes() -> None:
    world = World("A", "B", "C", profile=policy(list_order="row-update"))
    world.send("B", "A")
    world.wait(SECOND)
    world.send("C", "A")
    world.wait(SECOND)
    world.send("B", "A")
    assert world.sees("A") == ["C", "B"]
    (event,) = world.told("A", "web")
    assert event.entry is not None
    assert event.entry.order[1] == 0
    world.read("A", "B")
    assert world.sees("A") == ["B", "C"]
    world.flag("A", "C", "muted")
    assert world.sees("A") == ["C", "B"]
    world.send("A", "B")
    assert world.sees("A") == ["B", "C"]


def test_a_membership_is_no_change_of_the_users_own() -> None:
    world = World("A", "B", profile=policy(list_order="row-update"))
    world.group("#team", "A", "B")
    world.wait(SECOND)
    world.send("B", "A")
    world.wait(SECOND)
    world.send("B", "#team")
    assert world.sees("A") == ["#team", "B"]


def test_what_a_peer_deletes_for_both_is_no_change_of_the_users_own() -> None:
    world = World("A", "B", "C", profile=policy(list_order="row-update", delete_scope="two-way"))
    world.send("B", "A")
    world.send("B", "A")
    world.wait(SECOND)
    world.send("C", "A")
    world.wait(SECOND)
    world.delete("B", "A", up_to=1)
    assert world.entry("A", "B").deleted_to == 1
    assert world.sees("A") == ["C", "B"]


def test_a_limited_list_answers_the_newest_and_no_deltas_when_full() -> None:
    world = World("A", "B", "C", "D", profile=policy(list_limit=2))
    for sender in "BCD":
        world.send(sender, "A")
    assert (world.sees("A"), world.total("A")) == (["D", "C"], 2)
    assert world.server.entry("A", "B") is None
    cursor = world.sync("A").cursor
    world.send("B", "A")
    answer = world.sync("A", cursor=cursor)
    assert (answer.full, [entry.chat for entry in answer.entries]) == (True, ["B", "D"])


def test_a_list_that_was_ever_cut_is_answered_whole_also_when_it_is_short_again() -> None:
    """What was cut off comes up by the deletion of others: nothing of it has changed."""
    world = World("A", "B", "C", "D", profile=policy(list_limit=2))
    for sender in "BCD":
        world.send(sender, "A")
    cursor = world.sync("A").cursor
    for chat in "DC":
        world.delete("A", chat)
    answer = world.sync("A", cursor=cursor)
    assert (answer.full, [entry.chat for entry in answer.entries]) == (True, ["B"])


def test_a_list_that_was_never_cut_is_told_what_changed() -> None:
    world = World("A", "B", "C", profile=policy(list_limit=2))
    for sender in "BC":
        world.send(sender, "A")
    cursor = world.sync("A").cursor
    world.send("B", "A")
    answer = world.sync("A", cursor=cursor)
    assert (answer.full, [entry.chat for entry in answer.entries]) == (False, ["B"])


def test_a_pretended_send_is_answered_alike_when_it_is_sent_again() -> None:
    world = World("A", "B", profile=policy(block_feedback="pretend"))
    world.do(SetAccess("A", "B", "block", True))
    world.do(world.text("B", "A"))
    first = world.accepted()
    world.do(world.text("B", "A"))
    again = world.accepted()
    assert (again.message_id, again.seq, again.duplicate) == (first.message_id, 0, True)
    world.wait(8 * DAY)
    world.do(world.text("B", "A"))
    assert world.accepted().message_id != first.message_id
    assert (world.sees("A"), world.sees("B")) == ([], [])


def test_sequence_difference_ends_where_the_last_membership_ended() -> None:
    world = World(
        "A",
        "B",
        profile=policy(
            unread_counts="sequence-difference", leave="keep-read-only", rejoin_history="all"
        ),
    )
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.remove("#team", "A")
    world.send("B", "#team")
    assert world.unread("A", "#team") == 1
    world.add("#team", "A")
    assert world.unread("A", "#team") == 2
    world.dismiss("#team")
    assert world.unread("A", "#team") == 2


def test_a_chat_with_oneself_is_never_unread_however_it_is_counted() -> None:
    world = World("A", profile=policy(unread_counts="sequence-difference", own_send_reads=False))
    world.send("A", "A")
    assert (world.unread("A", "A"), world.total("A")) == (0, 0)


def test_what_a_message_takes_out_of_the_archive_keeps_its_place_by_the_users_last_change() -> None:
    world = World("A", "B", "C", profile=policy(list_order="row-update"))
    world.send("B", "A")
    world.send("C", "A")
    world.flag("A", "B", "archived")
    world.wait(SECOND)
    world.read("A", "C")
    world.wait(SECOND)
    world.send("B", "A")
    assert not world.entry("A", "B").archived
    assert world.sees("A") == ["C", "B"]
