"""Groups: joining, leaving, coming back, being dismissed, and who may do what."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    AddMembers,
    CreateGroup,
    Dismiss,
    Leave,
    RemoveMembers,
    SetAccess,
    SetFlag,
    SetGroupFlag,
    SetMembers,
)
from imcli.model.events import Done, MembersChanged
from tests.simulator.world import World, policy


@pytest.fixture
def world() -> World:
    world = World("A", "B", "C", "D")
    world.group("#team", "A", "B")
    return world


def test_the_creator_is_a_member(world: World) -> None:
    world.do(CreateGroup("#new", ("B",), "A", "phone"))
    assert world.said[1] == MembersChanged("#new", 0, ("A", "B"))
    world.send("A", "#new")
    assert world.sees("B") == ["#new"]


def test_adding_a_present_member_changes_nothing(world: World) -> None:
    world.send("A", "#team")
    before = world.server.digest()
    world.add("#team", "B")
    assert world.said == [Done()]
    assert world.server.digest() == before


def test_removing_an_absent_member_changes_nothing(world: World) -> None:
    before = world.server.digest()
    world.remove("#team", "C")
    assert world.server.digest() == before


def test_a_member_sees_from_the_join_on(world: World) -> None:
    world.send("A", "#team")
    world.add("#team", "C")
    message = world.send("A", "#team")
    assert (world.seqs("C", "#team"), world.unread("C", "#team")) == ([2], 1)
    assert world.got("C", "phone") == [message.message_id]


def test_the_first_members_see_from_the_beginning(world: World) -> None:
    world.send("A", "#team")
    assert world.seqs("B", "#team") == [1]


def test_who_left_gets_nothing_new_and_keeps_the_past(world: World) -> None:
    world.send("A", "#team")
    world.leave("B", "#team")
    message = world.send("A", "#team")
    assert message.message_id not in world.got("B", "phone")
    assert (world.sees("B"), world.history("B", "#team")) == ([], [1])
    assert world.refuses(world.text("B", "#team")) == "not-a-member"


def test_leaving_is_told_by_an_event_and_by_a_tombstone(world: World) -> None:
    world.send("A", "#team")
    cursor = world.sync("B").cursor
    world.leave("B", "#team")
    (event,) = world.told("B", "web")
    assert (event.change, event.entry) == ("left", None)
    assert world.sync("B", cursor=cursor).tombstones == (("#team", 0),)


def test_coming_back_starts_after_what_was_missed_and_keeps_the_floor(world: World) -> None:
    world.send("A", "#team")
    world.delete("B", "#team")
    world.flag("B", "#team", "muted")
    world.leave("B", "#team")
    world.send("A", "#team")
    world.add("#team", "B")
    world.send("A", "#team")
    entry = world.entry("B", "#team")
    assert (world.seqs("B", "#team"), entry.unread, entry.deleted_to) == ([3], 1, 1)
    assert (entry.read_to, entry.muted) == (2, True)
    assert world.history("B", "#team") == [3]


def test_a_membership_without_messages_hides_earlier_ones_too(world: World) -> None:
    world.send("A", "#team")
    world.leave("B", "#team")
    world.send("A", "#team")
    world.add("#team", "B")
    world.leave("B", "#team")
    assert world.history("B", "#team") == []


def test_joining_leaving_and_joining_an_empty_group_keeps_settings(world: World) -> None:
    world.flag("B", "#team", "muted")
    world.leave("B", "#team")
    world.add("#team", "B")
    world.send("A", "#team")
    assert world.entry("B", "#team").muted
    assert world.seqs("B", "#team") == [1]


def test_setting_members_keeps_those_who_stay_as_they_are(world: World) -> None:
    world.send("A", "#team")
    world.do(SetMembers("#team", ("B", "C")))
    assert world.said[1] == MembersChanged("#team", 1, ("C",), ("A",))
    world.send("B", "#team")
    assert world.seqs("B", "#team") == [1, 2]
    assert (world.sees("A"), world.seqs("C", "#team")) == ([], [2])


def test_dismissing_is_final(world: World) -> None:
    world.send("A", "#team")
    world.dismiss("#team")
    assert (world.sees("A"), world.history("A", "#team")) == ([], [1])
    assert world.refuses(world.text("A", "#team")) == "dismissed"
    assert world.refuses(AddMembers("#team", ("C",))) == "dismissed"
    assert world.refuses(CreateGroup("#team", ("A",))) == "dismissed"
    assert world.refuses(CreateGroup("#team", ("ghost",))) == "dismissed"
    assert world.refuses(SetGroupFlag("#team", "banned", True)) == "dismissed"
    before = world.server.digest()
    world.dismiss("#team")
    assert world.server.digest() == before


def test_dismissing_is_told_to_every_member(world: World) -> None:
    world.send("A", "#team")
    world.dismiss("#team")
    for user in "AB":
        (event,) = world.told(user, "phone")
        assert event.change == "dismissed"


def test_a_group_without_members_can_be_dismissed(world: World) -> None:
    world.do(SetMembers("#team", ()))
    world.dismiss("#team")
    assert world.refuses(CreateGroup("#team", ("A",))) == "dismissed"


def test_only_members_manage_a_group(world: World) -> None:
    for action in (
        AddMembers("#team", ("D",), "C", "phone"),
        RemoveMembers("#team", ("A",), "C", "phone"),
        SetMembers("#team", ("C",), "C", "phone"),
        Dismiss("#team", "C", "phone"),
        Leave("C", "phone", "#team"),
    ):
        assert world.refuses(action) == "not-a-member"
    world.do(AddMembers("#team", ("D",), "B", "phone"))


@pytest.mark.parametrize(
    "action",
    [
        CreateGroup("team", ("A",)),
        CreateGroup("#", ("A",)),
        CreateGroup("#a@b", ("A",)),
        CreateGroup("#team", ("A",)),
        CreateGroup("#new", ("ghost",)),
        CreateGroup("#new", ("A", "")),
        CreateGroup("#new", (), "ghost"),
        AddMembers("#team", ("ghost",)),
        AddMembers("#none", ("A",)),
        AddMembers("A@B", ("A",)),
        RemoveMembers("#team", ("ghost",)),
        SetMembers("#team", ("",)),
        Dismiss("#none"),
        Leave("A", "phone", "#none"),
        SetAccess("", "A", "block", True),
        SetAccess("A", "ghost", "block", True),
        SetAccess("#none", "A", "block", True),
        SetGroupFlag("#none", "muted", True),
        SetFlag("A", "phone", "ghost", "pinned", True),
    ],
)
def test_what_cannot_be_is_invalid(world: World, action: AddMembers) -> None:
    world.send("A", "B")
    assert world.refuses(action) == "invalid"


def test_settings_of_a_group_are_its_members_own(world: World) -> None:
    assert world.refuses(SetFlag("C", "phone", "#team", "pinned", True)) == "not-a-member"
    world.leave("B", "#team")
    assert world.refuses(SetFlag("B", "phone", "#team", "pinned", True)) == "not-a-member"


def test_an_archive_of_one_who_left_is_left_alone() -> None:
    world = World("A", "B", profile=policy(leave="keep-read-only"))
    world.group("#team", "A", "B")
    world.send("A", "#team")
    world.flag("B", "#team", "archived")
    world.leave("B", "#team")
    world.send("A", "#team")
    assert world.entry("B", "#team").archived
    assert not world.told("B", "phone")


def test_a_conversation_kept_by_a_clear_is_there_again_after_a_rejoin(world: World) -> None:
    world.send("A", "#team")
    world.clear("B", "#team")
    world.leave("B", "#team")
    assert world.sees("B") == []
    world.add("#team", "B")
    assert world.entry("B", "#team").last is None
