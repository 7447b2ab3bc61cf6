"""Deleting, as the reference does it."""

from __future__ import annotations

import pytest

from imcli.model.actions import Delete, Synchronise
from imcli.model.events import ConversationPushed, ListAnswer
from tests.simulator.world import DAY, World


@pytest.fixture
def world() -> World:
    return World("A", "B", "C")


def test_a_delete_takes_the_conversation_out_of_the_list(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    assert world.sees("A") == []
    assert world.history("A", "B") == []


def test_the_next_content_message_brings_it_back_with_only_what_is_new(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A")
    world.delete("A", "B")
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (world.seqs("A", "B"), entry.unread, entry.deleted_to, entry.read_to) == ([3], 1, 2, 2)
    assert world.history("A", "B") == [3]


def test_an_own_send_brings_it_back(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    world.send("A", "B")
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([2], 0)


def test_a_delete_clears_pin_archive_and_mark_but_leaves_mute(world: World) -> None:
    world.send("B", "A")
    for flag in ("pinned", "muted", "archived"):
        world.flag("A", "B", flag)
    world.mark("A", "B")
    world.delete("A", "B")
    world.send("B", "A")
    entry = world.entry("A", "B")
    flags = (entry.pinned, entry.archived, entry.marked_unread, entry.muted)
    assert flags == (False, False, False, True)


def test_a_delete_is_idempotent(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    before = world.server.digest()
    world.delete("A", "B")
    assert world.server.digest() == before
    assert not any(isinstance(event, ConversationPushed) for event in world.said)


def test_a_delete_affects_nobody_else(world: World) -> None:
    world.send("B", "A")
    world.send("A", "B")
    before = world.server.listing("B").entries
    world.delete("A", "B")
    assert world.server.listing("B").entries == before
    assert world.history("B", "A") == [1, 2]
    assert not world.told("B", "phone")


def test_a_delete_reuses_no_sequence_number(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    world.delete("B", "A")
    assert world.send("B", "A").seq == 2


@pytest.mark.parametrize("chat", ["B", "nobody", "#nothing", "#empty", "#foreign"])
def test_deleting_what_is_not_there_is_accepted_and_leaves_no_record(
    world: World, chat: str
) -> None:
    world.group("#empty", "A")
    world.group("#foreign", "B", "C")
    world.send("B", "#foreign")
    before = world.server.digest()
    world.delete("A", chat)
    assert world.server.digest() == before


@pytest.mark.parametrize("what", ["command", "no_persist", "notice"])
def test_only_content_brings_it_back(world: World, what: str) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    if what == "command":
        world.send("B", "A", command=True)
    elif what == "notice":
        world.send("B", "A", notice=True)
    else:
        world.send("B", "A", no_persist=True)
    assert world.sees("A") == []


def test_marks_and_settings_do_not_bring_it_back_but_show_when_it_returns(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    world.read("A", "B")
    world.mark("A", "B", 1)
    world.flag("A", "B", "pinned")
    world.flag("A", "B", "muted")
    assert world.sees("A") == []
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (entry.pinned, entry.muted, entry.unread) == (True, True, 1)


def test_an_online_device_is_told_by_an_event_with_the_floor(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B")
    (event,) = world.told("A", "web")
    assert (event.change, event.entry, event.deleted_to, event.chat) == ("deleted", None, 1, "B")


def test_an_offline_device_is_told_by_a_tombstone(world: World) -> None:
    world.send("B", "A")
    cursor = world.sync("A").cursor
    world.offline("A")
    world.delete("A", "B")
    world.online("A")
    answer = world.sync("A", cursor=cursor)
    assert (answer.full, answer.entries, answer.tombstones) == (False, (), (("B", 1),))
    assert world.sync("A", cursor=answer.cursor).tombstones == ()


def test_a_tombstone_is_not_told_of_what_has_returned(world: World) -> None:
    world.send("B", "A")
    cursor = world.sync("A").cursor
    world.offline("A")
    world.delete("A", "B")
    world.send("B", "A")
    world.online("A")
    answer = world.sync("A", cursor=cursor)
    assert answer.tombstones == ()
    assert [m.seq for m in answer.entries[0].messages] == [2]


@pytest.mark.parametrize("what", ["clear", "read", "mark", "flag"])
def test_other_changes_are_told_by_an_event_or_the_changed_entry(world: World, what: str) -> None:
    world.send("B", "A")
    world.send("C", "A")
    cursor = world.sync("A").cursor
    if what == "clear":
        world.clear("A", "B")
    elif what == "read":
        world.read("A", "B")
    elif what == "mark":
        world.mark("A", "B")
    else:
        world.flag("A", "B", "pinned")
    (event,) = world.told("A", "web")
    assert event.entry is not None
    answer = world.sync("A", cursor=cursor)
    assert [entry.chat for entry in answer.entries] == ["B"]


def test_a_cursor_older_than_the_retention_is_answered_from_scratch(world: World) -> None:
    world.send("B", "A")
    world.send("C", "A")
    cursor = world.sync("A").cursor
    world.offline("A")
    world.delete("A", "B")
    world.wait(30 * DAY)
    world.online("A")
    (just_in_time,) = world.server.fork().apply(Synchronise("A", "web", cursor))
    assert isinstance(just_in_time, ListAnswer)
    assert just_in_time.tombstones == (("B", 1),)
    world.wait(1)
    answer = world.sync("A", cursor=cursor)
    assert (answer.full, answer.tombstones) == (True, ())
    assert [entry.chat for entry in answer.entries] == ["C"]


def test_every_read_path_honours_the_floor(world: World) -> None:
    for _ in range(3):
        world.send("B", "A")
    world.delete("A", "B")
    world.send("B", "A")
    by_channel = world.ask(Synchronise("A", "web", chats=("B",)))
    assert [m.seq for m in by_channel.entries[0].messages] == [4]
    assert world.page("A", "B", start=1)[0] == [4]
    assert world.page("A", "B", ascending=0)[0] == [4]
    assert world.seqs("A", "B") == [4]


def test_a_bound_leaves_later_messages_alone(world: World) -> None:
    for _ in range(4):
        world.send("B", "A")
    world.delete("A", "B", 2)
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([3, 4], 2)


def test_a_bound_that_comes_late_changes_nothing(world: World) -> None:
    for _ in range(4):
        world.send("B", "A")
    world.delete("A", "B", 3)
    world.flag("A", "B", "pinned")
    before = world.server.digest()
    world.delete("A", "B", 2)
    assert world.server.digest() == before


def test_a_bound_above_the_newest_counts_as_the_newest(world: World) -> None:
    world.send("B", "A")
    world.delete("A", "B", 99)
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.seqs("A", "B") == [2]


def test_a_negative_bound_is_invalid(world: World) -> None:
    world.send("B", "A")
    assert world.refuses(Delete("A", "phone", "B", up_to=-1)) == "invalid"


def test_deleting_for_both_is_unsupported_in_the_reference(world: World) -> None:
    world.send("B", "A")
    assert world.refuses(Delete("A", "phone", "B", for_both=True)) == "unsupported"


def test_deleting_a_group_leaves_its_members_alone(world: World) -> None:
    world.group("#team", "A", "B", "C")
    world.send("B", "#team")
    world.delete("A", "#team")
    assert (world.sees("A"), world.sees("C")) == ([], ["#team"])
    world.send("C", "#team")
    assert (world.seqs("A", "#team"), world.seqs("C", "#team")) == ([2], [1, 2])


def test_nobody_can_delete_for_a_stranger(world: World) -> None:
    assert world.refuses(Delete("ghost", "", "A")) == "invalid"
