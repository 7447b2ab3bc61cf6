"""The switches that say what a delete is, by what each value makes of a conversation."""

from __future__ import annotations

import pytest

from imcli.model.actions import Accept, Delete
from imcli.model.events import ConversationPushed
from imcli.simulator.profiles import load_profile
from tests.simulator.world import World, policy


def deleted(**switches: object) -> World:
    """B wrote two messages, A had read one and deleted the conversation."""
    world = World("A", "B", "C", profile=policy(**switches))
    world.send("B", "A")
    world.read("A", "B")
    world.send("B", "A")
    world.delete("A", "B")
    return world


# delete_kind


def test_a_physical_delete_brings_the_whole_history_back() -> None:
    world = deleted(delete_kind="physical")
    assert world.sees("A") == []
    assert world.server.kept("A", "B") is None
    assert world.history("A", "B") == [1, 2]
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (world.seqs("A", "B"), entry.unread) == ([1, 2, 3], 3)
    assert (entry.read_to, entry.deleted_to) == (0, 0)


def test_after_a_physical_delete_an_own_send_makes_a_record_that_is_read() -> None:
    world = deleted(delete_kind="physical", on_message_after_delete="stay-hidden")
    world.send("B", "A")
    assert world.sees("A") == []
    world.send("A", "B")
    entry = world.entry("A", "B")
    assert (world.seqs("A", "B"), entry.unread, entry.read_to) == ([1, 2, 3, 4], 0, 4)


def test_a_physical_delete_forgets_flags_and_marks() -> None:
    world = World("A", "B", profile=load_profile("physical-delete"))
    world.send("B", "A")
    world.flag("A", "B", "muted")
    world.delete("A", "B")
    world.read("A", "B")
    world.mark("A", "B")
    world.clear("A", "B")
    world.flag("A", "B", "pinned")
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (entry.muted, entry.pinned, entry.marked_unread, entry.unread) == (
        False,
        False,
        False,
        2,
    )


def test_a_physical_delete_is_idempotent() -> None:
    world = deleted(delete_kind="physical")
    before = world.server.digest()
    world.delete("A", "B")
    assert world.server.digest() == before


def test_a_physical_delete_in_a_group_makes_no_member_of_one_who_left() -> None:
    world = World("A", "B", profile=policy(delete_kind="physical"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    world.leave("A", "#team")
    world.send("B", "#team")
    assert world.sees("A") == []
    assert world.history("A", "#team") == [1]


def test_a_physical_delete_in_a_group_returns_to_members() -> None:
    world = World("A", "B", profile=policy(delete_kind="physical"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    world.send("B", "#team")
    assert world.seqs("A", "#team") == [1, 2]


# delete_scope


def test_two_way_deletes_for_both_at_once() -> None:
    world = World("A", "B", "C", profile=load_profile("two-way"))
    world.send("A", "B")
    world.send("A", "B")
    world.flag("B", "A", "pinned")
    world.delete("A", "B")
    assert (world.sees("A"), world.sees("B")) == ([], [])
    (event,) = world.told("B", "phone")
    assert (event.change, event.entry, event.deleted_to) == ("deleted", None, 2)
    world.send("A", "B")
    entry = world.entry("B", "A")
    assert (world.seqs("B", "A"), entry.unread, entry.deleted_to, entry.pinned) == (
        [3],
        1,
        2,
        True,
    )


def test_two_way_takes_what_the_peer_cleared_from_the_peers_list() -> None:
    world = World("A", "B", profile=load_profile("two-way"))
    world.send("A", "B")
    world.clear("B", "A")
    assert world.sees("B") == ["A"]
    world.delete("A", "B")
    assert world.sees("B") == []
    (event,) = world.told("B", "phone")
    assert (event.change, event.entry) == ("deleted", None)


def test_an_older_two_way_delete_leaves_what_the_peer_cleared() -> None:
    world = World("A", "B", profile=load_profile("two-way"))
    world.send("A", "B")
    world.send("A", "B")
    world.clear("B", "A")
    world.delete("A", "B", 1)
    assert world.sees("B") == ["A"]


def test_two_way_gives_the_peers_offline_devices_a_tombstone() -> None:
    world = World("A", "B", profile=policy(delete_scope="two-way"))
    world.send("A", "B")
    cursor = world.sync("B").cursor
    world.offline("B")
    world.delete("A", "B")
    world.online("B")
    assert world.sync("B", cursor=cursor).tombstones == (("A", 1),)


def test_two_way_leaves_groups_to_the_one_who_deletes() -> None:
    world = World("A", "B", profile=policy(delete_scope="two-way"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    assert world.refuses(Delete("A", "phone", "#team", for_both=True)) == "unsupported"
    world.delete("A", "#team")
    assert (world.sees("A"), world.sees("B")) == ([], ["#team"])


def test_asked_deletes_for_both_only_when_asked() -> None:
    world = World("A", "B", profile=policy(delete_scope="asked"))
    world.send("B", "A")
    world.delete("A", "B")
    assert (world.sees("A"), world.sees("B")) == ([], ["A"])
    world.send("B", "A")
    world.delete("A", "B", both=True)
    assert (world.sees("A"), world.sees("B")) == ([], [])


def test_two_way_and_physical_takes_both_records() -> None:
    world = World("A", "B", profile=policy(delete_scope="two-way", delete_kind="physical"))
    world.send("B", "A")
    world.delete("A", "B")
    assert (world.server.kept("A", "B"), world.server.kept("B", "A")) == (None, None)
    world.delete("B", "A")
    world.send("A", "B")
    assert (world.seqs("A", "B"), world.seqs("B", "A")) == ([1, 2], [1, 2])


# delete_history


def test_hidden_history_stays_hidden() -> None:
    world = deleted()
    world.send("B", "A")
    assert (world.history("A", "B"), world.seqs("A", "B")) == ([3], [3])


def test_kept_history_stays_readable_and_returns_read() -> None:
    world = deleted(delete_history="kept")
    assert world.sees("A") == []
    assert world.history("A", "B") == [1, 2]
    world.delete("A", "B")
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (world.seqs("A", "B"), entry.unread, entry.deleted_to) == ([1, 2, 3], 1, 0)
    assert entry.read_to == 2


def test_kept_history_is_listed_only_by_content_after_the_delete() -> None:
    world = deleted(delete_history="kept")
    world.send("B", "A", notice=True)
    assert world.sees("A") == []


def test_erased_history_is_dropped_below_everybodys_floor() -> None:
    world = deleted(delete_history="erased")
    assert world.history("B", "A") == [1, 2]
    world.delete("B", "A")
    log = world.server.state.logs["A@B"]
    assert (log.get(1), log.get(2), log.last) == (None, None, 2)
    assert world.send("B", "A").seq == 3
    assert (world.history("A", "B"), world.history("B", "A")) == ([3], [3])


def test_a_clear_can_be_the_last_that_erases() -> None:
    world = deleted(delete_history="erased", history_for_new_members="all")
    world.group("#team", "A", "B")
    world.send("A", "#team")
    world.delete("A", "#team")
    world.clear("B", "#team")
    world.add("#team", "C")
    assert world.history("C", "#team") == []


def test_coming_back_can_be_what_erases() -> None:
    world = World("A", "B", profile=policy(delete_history="erased"))
    world.group("#team", "A", "B")
    world.send("A", "#team")
    world.delete("A", "#team")
    world.remove("#team", "B")
    log = world.server.state.logs["#team"]
    assert log.get(1) is not None, "who left can still read it"
    world.add("#team", "B")
    assert world.server.state.logs["#team"].get(1) is None


def test_commands_that_wait_for_a_device_are_not_erased() -> None:
    world = World("A", "B", profile=policy(delete_history="erased"))
    world.offline("A")
    world.send("B", "A")
    command = world.send("B", "A", command=True)
    world.delete("A", "B")
    world.delete("B", "A")
    assert world.server.state.logs["A@B"].get(1) is None
    world.online("A")
    assert world.sync("A").commands == (command,)
    assert world.history("A", "B") == []


def test_a_resend_of_an_erased_message_is_still_recognised() -> None:
    world = World("A", "B", profile=policy(delete_history="erased"))
    world.send("B", "A", number="x")
    world.delete("A", "B")
    world.delete("B", "A")
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().seq) == (True, 1)


def test_erasing_does_not_change_a_fork() -> None:
    world = World("A", "B", profile=policy(delete_history="erased"))
    world.send("B", "A")
    world.delete("A", "B")
    fork = world.server.fork()
    world.delete("B", "A")
    assert [m.seq for m in fork.history("B", "A")] == [1]
    assert world.history("B", "A") == []


# delete_bound


def test_ordered_takes_a_bound_and_does_without() -> None:
    world = deleted(delete_bound="ordered")
    assert world.sees("A") == []


def test_named_refuses_a_delete_without_a_bound() -> None:
    world = World("A", "B", profile=policy(delete_bound="named"))
    world.send("B", "A")
    assert world.refuses(Delete("A", "phone", "B")) == "invalid"
    world.delete("A", "B", 1)
    assert world.sees("A") == []


# on_message_after_delete


def test_reappear_lists_it_again() -> None:
    world = deleted()
    world.send("B", "A")
    assert world.sees("A") == ["B"]


def test_stay_hidden_pushes_and_keeps_but_does_not_list() -> None:
    world = deleted(on_message_after_delete="stay-hidden")
    message = world.send("B", "A")
    assert message.message_id in world.got("A", "web")
    assert (world.sees("A"), world.total("A"), world.history("A", "B")) == ([], 0, [3])
    (event,) = world.told("A", "web")
    assert event.entry is None
    world.send("A", "B")
    assert world.seqs("A", "B") == [3, 4]
    world.send("B", "A")
    assert world.unread("A", "B") == 1


def test_stay_hidden_holds_for_groups_and_may_hold_for_own_sends() -> None:
    world = World(
        "A",
        "B",
        profile=policy(
            on_message_after_delete="stay-hidden", on_own_send_after_delete="stay-hidden"
        ),
    )
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    world.send("B", "#team")
    world.send("A", "#team")
    assert world.sees("A") == []


def test_reject_refuses_the_peer_until_the_one_who_deleted_writes() -> None:
    world = deleted(on_message_after_delete="reject")
    assert world.refuses(world.text("B", "A")) == "not-allowed"
    assert world.refuses(world.text("B", "A", device="")) == "not-allowed"
    world.send("C", "A")
    world.send("A", "B")
    assert world.seqs("A", "B") == [3]
    world.send("B", "A")
    assert world.unread("A", "B") == 1


def test_reject_lets_groups_reappear() -> None:
    world = World("A", "B", profile=load_profile("rejects"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    world.send("B", "#team")
    assert world.sees("A") == ["#team"]


def test_request_holds_back_until_it_is_accepted() -> None:
    world = deleted(on_message_after_delete="request")
    assert world.server.listing("A").requests == ()
    message = world.send("B", "A")
    assert message.message_id not in world.got("A", "phone")
    answer = world.server.listing("A")
    assert (answer.entries, answer.total_unread, answer.requests) == ((), 0, ("B",))
    assert world.history("A", "B") == [3]
    world.accept("A", "B")
    (event,) = world.told("A", "web")
    assert event.change == "accepted"
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([3], 1)
    assert world.server.listing("A").requests == ()
    assert world.send("B", "A").message_id in world.got("A", "phone")


def test_what_was_deleted_is_no_request_that_waits_where_the_history_is_kept() -> None:
    world = deleted(on_message_after_delete="request", delete_history="kept")
    assert world.server.listing("A").requests == ()
    world.send("B", "A")
    assert world.server.listing("A").requests == ("B",)
    world.delete("A", "B")
    assert world.server.listing("A").requests == ()


def test_a_physical_delete_rejects_too() -> None:
    world = deleted(delete_kind="physical", on_message_after_delete="reject")
    assert world.refuses(world.text("B", "A")) == "not-allowed"
    world.send("A", "B")
    assert (world.seqs("A", "B"), world.entry("A", "B").read_to) == ([1, 2, 3], 3)
    world.send("B", "A")
    assert world.unread("A", "B") == 1


def test_a_physical_delete_lets_messages_wait_as_requests() -> None:
    world = deleted(delete_kind="physical", on_message_after_delete="request")
    assert world.server.listing("A").requests == ()
    message = world.send("B", "A")
    assert message.message_id not in world.got("A", "phone")
    answer = world.server.listing("A")
    assert (answer.entries, answer.total_unread, answer.requests) == ((), 0, ("B",))
    world.accept("A", "B")
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([1, 2, 3], 3)


def test_a_request_without_a_record_goes_with_another_delete_or_an_own_send() -> None:
    world = deleted(delete_kind="physical", on_message_after_delete="request")
    world.send("B", "A")
    world.delete("A", "B")
    assert world.server.listing("A").requests == ()
    world.send("B", "A")
    assert world.server.listing("A").requests == ("B",)
    world.send("A", "B")
    assert (world.server.listing("A").requests, world.entry("A", "B").read_to) == ((), 5)


@pytest.mark.parametrize("policy_name", ["rejects", "requests"])
def test_a_physical_delete_lets_groups_reappear_all_the_same(policy_name: str) -> None:
    later = load_profile(policy_name).on_message_after_delete
    world = World("A", "B", profile=policy(delete_kind="physical", on_message_after_delete=later))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    world.send("B", "#team")
    assert world.seqs("A", "#team") == [1, 2]


def test_an_own_send_accepts_a_request() -> None:
    world = deleted(on_message_after_delete="request")
    world.send("B", "A")
    world.send("A", "B")
    assert (world.seqs("A", "B"), world.server.listing("A").requests) == ([3, 4], ())


def test_commands_are_pushed_while_a_request_waits() -> None:
    world = deleted(on_message_after_delete="request")
    assert world.send("B", "A", command=True).message_id in world.got("A", "phone")


def test_request_lets_groups_reappear() -> None:
    world = World("A", "B", profile=load_profile("requests"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    world.delete("A", "#team")
    message = world.send("B", "#team")
    assert world.sees("A") == ["#team"]
    assert message.message_id in world.got("A", "phone")


def test_accepting_is_unsupported_where_there_are_no_requests() -> None:
    world = deleted()
    assert world.refuses(Accept("A", "phone", "B")) == "unsupported"


def test_accepting_what_does_not_wait_changes_nothing() -> None:
    world = World("A", "B", profile=policy(on_message_after_delete="request"))
    before = world.server.digest()
    world.accept("A", "B")
    assert world.server.digest() == before


# on_own_send_after_delete


def test_an_own_send_can_leave_it_hidden_until_the_peer_writes() -> None:
    world = deleted(on_own_send_after_delete="stay-hidden")
    world.send("A", "B")
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.seqs("A", "B") == [3, 4]
    world.send("A", "B")
    assert world.sees("A") == ["B"]


def test_an_own_send_can_end_a_refusal_and_list_nothing() -> None:
    world = deleted(on_message_after_delete="reject", on_own_send_after_delete="stay-hidden")
    world.send("A", "B")
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.seqs("A", "B") == [3, 4]


def test_an_own_send_can_leave_a_request_waiting() -> None:
    world = deleted(on_message_after_delete="request", on_own_send_after_delete="stay-hidden")
    world.send("B", "A")
    world.send("A", "B")
    assert (world.sees("A"), world.server.listing("A").requests) == ([], ("B",))
    world.accept("A", "B")
    assert world.seqs("A", "B") == [3, 4]


def test_an_own_message_makes_a_record_anew_that_is_still_held_back() -> None:
    world = deleted(delete_kind="physical", on_own_send_after_delete="stay-hidden")
    world.sync("A")
    world.send("A", "B")
    assert world.sees("A") == []
    assert [m.seq for m in world.server.history("A", "B")] == [1, 2, 3]
    world.send("B", "A")
    assert (world.sees("A"), world.unread("A", "B")) == (["B"], 1)


@pytest.mark.parametrize(
    ("value", "waits"), [("stay-hidden", ()), ("reject", ()), ("request", ("B",))]
)
def test_what_an_own_message_makes_anew_is_held_back_as_before(
    value: str, waits: tuple[str, ...]
) -> None:
    world = deleted(
        delete_kind="physical",
        on_message_after_delete=value,
        on_own_send_after_delete="stay-hidden",
    )
    world.send("A", "B")
    assert (world.sees("A"), world.server.listing("A").requests) == ([], ())
    world.send("B", "A")
    assert world.server.listing("A").requests == waits
    assert world.sees("A") == (["B"] if value == "reject" else [])


def test_a_device_learns_of_a_physical_delete_also_after_an_own_message() -> None:
    world = World(
        "A", "B", profile=policy(delete_kind="physical", on_own_send_after_delete="stay-hidden")
    )
    world.send("B", "A")
    cursor = world.sync("A").cursor
    world.offline("A")
    world.delete("A", "B")
    world.send("A", "B")
    world.online("A")
    assert world.sync("A", cursor=cursor).tombstones == (("B", 0),)


@pytest.mark.parametrize(
    "switches",
    [{"on_own_send_after_delete": "stay-hidden"}, {"on_message_after_delete": "reject"}],
)
def test_what_holds_back_others_or_own_messages_does_not_hold_back_a_clear(
    switches: dict[str, str],
) -> None:
    world = deleted(**switches)
    world.clear("A", "B")
    assert (world.sees("A"), world.entry("A", "B").last) == (["B"], None)
    assert world.server.listing("A") == world.server.fork().listing("A")


@pytest.mark.parametrize("value", ["stay-hidden", "request"])
def test_what_is_not_listed_by_policy_is_not_listed_by_a_clear(value: str) -> None:
    world = deleted(on_message_after_delete=value)
    world.send("B", "A")
    world.clear("A", "B")
    assert world.sees("A") == []


@pytest.mark.parametrize("value", ["reject", "request"])
def test_nobody_waits_for_or_is_refused_by_oneself(value: str) -> None:
    world = World(
        "A",
        profile=policy(on_message_after_delete=value, on_own_send_after_delete="stay-hidden"),
    )
    world.send("A", "A")
    world.delete("A", "A")
    world.send("A", "A")
    assert (world.sees("A"), world.server.listing("A").requests) == ([], ())
    world.clear("A", "A")
    assert world.sees("A") == ["A"]


@pytest.mark.parametrize("value", ["request", "stay-hidden"])
def test_an_own_message_hands_over_what_had_waited(value: str) -> None:
    """Some devices have it, and some do not: nothing of it was pushed, or they were away."""
    world = deleted(on_message_after_delete=value)
    world.offline("A")
    waited = world.send("B", "A")
    world.online("A")
    world.sync("A")
    answer = world.send("A", "B")
    (event,) = world.told("A", "web")
    assert event.entry is not None
    assert (event.change, event.entry.messages) == ("returned", (waited, answer))


def test_what_makes_a_record_anew_hands_over_the_whole_history() -> None:
    world = deleted(delete_kind="physical")
    world.send("B", "A")
    (event,) = world.told("A", "web")
    assert event.entry is not None
    assert [message.seq for message in event.entry.messages] == [1, 2, 3]


# sync_deletes


def test_on_full_sync_tells_other_devices_nothing_but_from_scratch() -> None:
    world = World("A", "B", profile=policy(sync_deletes="on-full-sync"))
    world.send("B", "A")
    cursor = world.sync("A").cursor
    world.delete("A", "B")
    assert world.told("A", "phone")
    assert not world.told("A", "web")
    answer = world.sync("A", cursor=cursor)
    assert (answer.entries, answer.tombstones) == ((), ())
    assert world.sync("A").entries == ()
    before = world.server.digest()
    world.delete("A", "B")
    assert world.server.digest() == before


def test_on_full_sync_nobody_is_told_of_the_peers_deletion() -> None:
    world = World("A", "B", profile=policy(sync_deletes="on-full-sync", delete_scope="two-way"))
    world.send("B", "A")
    world.delete("A", "B")
    assert [event.user for event in world.said if isinstance(event, ConversationPushed)] == ["A"]


@pytest.mark.parametrize("how", ["removed", "left", "dismissed"])
def test_on_full_sync_the_end_of_a_membership_is_told_all_the_same(how: str) -> None:
    world = World("A", "B", profile=policy(sync_deletes="on-full-sync"))
    world.group("#team", "A", "B")
    world.send("B", "#team")
    cursor = world.sync("A").cursor
    if how == "removed":
        world.remove("#team", "A")
    elif how == "left":
        world.leave("A", "#team")
    else:
        world.dismiss("#team")
    assert world.sync("A", cursor=cursor).tombstones == (("#team", 0),)


def test_on_full_sync_a_mark_says_how_it_is_and_not_that_it_was_deleted() -> None:
    world = World("A", "B", profile=policy(sync_deletes="on-full-sync"))
    world.send("B", "A")
    cursor = world.sync("A").cursor
    world.delete("A", "B")
    assert [event.untold for event in world.told("A", "phone")] == [False]
    world.flag("A", "B", "muted")
    (event,) = world.told("A", "web")
    assert (event.entry, event.untold) == (None, True)
    assert event.unlisted is not None
    assert (event.unlisted.muted, event.unlisted.deleted_to) == (True, 0)
    answer = world.sync("A", cursor=cursor)
    assert (answer.tombstones, answer.unlisted) == ((), (event.unlisted,))


@pytest.mark.parametrize("scope", ["one-way", "two-way", "asked"])
@pytest.mark.parametrize("kind", ["logical", "physical"])
@pytest.mark.parametrize("history", ["hidden", "kept", "erased"])
def test_whatever_the_policy_the_sender_keeps_what_was_sent_later(
    scope: str, kind: str, history: str
) -> None:
    world = deleted(delete_scope=scope, delete_kind=kind, delete_history=history)
    world.send("B", "A")
    assert world.seqs("B", "A")[-1] == 3
    assert world.seqs("A", "B")[-1] == 3
