"""The ledger: what must be true, worked out again from actions and events."""

from __future__ import annotations

from random import Random

import pytest

from imcli.model.actions import (
    Accept,
    AddMembers,
    Clear,
    CreateGroup,
    Delete,
    MarkUnread,
    Read,
    RemoveMembers,
    SetFlag,
)
from imcli.model.entities import Entry
from imcli.model.events import Done, MembersChanged
from imcli.trace.policy import policy_of
from imcli.trace.programs import random_program
from imcli.trace.records import Part
from imcli.trace.recount import naive_unread, naive_visible
from tests.trace.test_programs import mixed_profile
from tests.trace.worlds import HandWorld, Stage, broken_by, open_watched


def part_of(stage: Stage, user: str = "A", chat: str = "B") -> Part:
    part = stage.checker.ledger.part(user, chat)
    assert part is not None
    return part


def deleted(stage: Stage) -> None:
    """A deletes the conversation with B, and the world does it."""
    del stage.world.entries["A", "B"]
    stage.do(Delete("A", "phone", "B"), Done())


def test_unread_counts_what_others_sent_above_the_read_mark() -> None:
    stage = Stage()
    stage.talk(3)
    assert (part_of(stage).number, part_of(stage, "B", "A").number) == (3, 0)
    stage.do(Read("A", "phone", "B", 2), Done())
    assert part_of(stage).number == 1
    stage.do(Read("A", "phone", "B", 1), Done())
    assert part_of(stage).mark == 2


def test_a_delete_moves_floor_and_mark_and_clears_all_flags_but_mute() -> None:
    stage = Stage()
    stage.talk(2)
    for flag in ("pinned", "muted", "archived"):
        stage.do(SetFlag("A", "phone", "B", flag, True), Done())
    deleted(stage)
    part = part_of(stage)
    assert (part.cut, part.mark, part.is_listed) == (2, 2, False)
    assert (part.pinned, part.muted, part.archived) == (False, True, False)


def test_an_older_named_delete_changes_nothing() -> None:
    stage = Stage()
    stage.talk(3)
    stage.do(Delete("A", "phone", "B", up_to=2), Done())
    stage.do(Delete("A", "phone", "B", up_to=1), Done())
    assert (part_of(stage).cut, part_of(stage).number) == (2, 1)


def test_a_clear_keeps_the_entry_and_a_delete_ends_that() -> None:
    stage = Stage()
    stage.talk()
    stage.do(Clear("A", "phone", "B"), Done())
    assert (part_of(stage).is_listed, part_of(stage).number) == (True, 0)
    deleted(stage)
    assert not part_of(stage).is_listed


def test_a_clear_lists_what_was_deleted_and_what_never_was() -> None:
    stage = Stage()
    stage.talk()
    deleted(stage)
    stage.do(Clear("A", "phone", "B"), Done())
    stage.do(Clear("A", "phone", "C"), Done())
    assert (part_of(stage).is_listed, part_of(stage, "A", "C").is_listed) == (True, True)


def test_a_clear_and_a_lower_read_leave_the_unread_flag() -> None:
    stage = Stage()
    stage.talk(2)
    stage.do(Read("A", "phone", "B"), Done())
    stage.do(MarkUnread("A", "phone", "B"), Done())
    stage.do(Clear("A", "phone", "B"), Done())
    stage.do(Read("A", "phone", "B", 1), Done())
    assert part_of(stage).marked


def test_a_two_way_delete_ends_what_the_peer_kept_by_a_clear() -> None:
    stage = Stage(delete_scope="two-way")
    stage.talk()
    stage.do(Clear("B", "phone", "A"), Done())
    assert part_of(stage, "B", "A").is_listed
    deleted(stage)
    assert not part_of(stage, "B", "A").is_listed


@pytest.mark.parametrize(
    ("kind", "policy", "own", "listed"),
    [
        ("logical", "reject", "stay-hidden", [False, True]),
        ("logical", "request", "stay-hidden", [False, False]),
        ("logical", "request", "reappear", [True, True]),
        ("physical", "reject", "reappear", [True, True]),
    ],
)
def test_what_an_own_send_and_an_answer_list_after_a_delete(
    kind: str, policy: str, own: str, listed: list[bool]
) -> None:
    switches = {"delete_kind": kind, "on_message_after_delete": policy}
    stage = Stage(**switches, on_own_send_after_delete=own)
    stage.talk()
    deleted(stage)
    found: list[bool] = []
    for sender, chat, seq in (("A", "B", 2), ("B", "A", 3)):
        action, _, events = stage.send(sender, chat, seq)
        stage.do(action, *events)
        found.append(part_of(stage).is_listed)
    assert found == listed


def test_a_request_without_a_record_is_listed_whole_when_it_is_accepted() -> None:
    stage = Stage(delete_kind="physical", on_message_after_delete="request")
    stage.talk()
    deleted(stage)
    action, _, events = stage.send("B", "A", 2)
    stage.do(action, *events)
    assert not part_of(stage).is_listed
    stage.do(Accept("A", "phone", "B"), Done())
    assert (part_of(stage).is_listed, part_of(stage).number) == (True, 2)


def test_a_clear_and_a_return_erase_as_a_delete_does() -> None:
    stage = Stage(delete_history="erased")
    stage.do(CreateGroup("#team", ("A", "B")), Done(), MembersChanged("#team", 0, ("A", "B")))
    for seq in (1, 2):
        action, _, events = stage.send("B", "#team", seq)
        stage.do(action, *events)
        stage.do(Clear("A", "phone", "#team"), Done())
        if seq == 1:
            stage.do(Clear("B", "phone", "#team"), Done())
            assert part_of(stage, "B", "#team").channel.shown == []
    assert part_of(stage, "B", "#team").channel.shown == [2]
    gone = MembersChanged("#team", 2, (), ("B",))
    stage.do(RemoveMembers("#team", ("B",)), Done(), gone)
    stage.do(AddMembers("#team", ("B",)), Done(), MembersChanged("#team", 2, ("B",)))
    assert part_of(stage, "B", "#team").channel.shown == []


def test_a_chat_with_oneself_is_never_unread_by_difference_either() -> None:
    stage = Stage(unread_counts="sequence-difference", own_send_reads=False)
    action, _, events = stage.send("A", "A", 1)
    stage.do(action, *events)
    assert part_of(stage, "A", "A").number == 0


@pytest.mark.parametrize(("count", "mark"), [(1, 2), (2, 1), (9, 0)])
def test_marking_unread_sets_the_mark_before_the_nth_newest(count: int, mark: int) -> None:
    stage = Stage()
    stage.talk(3)
    stage.do(Read("A", "phone", "B"), Done())
    stage.do(MarkUnread("A", "phone", "B", count), Done())
    assert (part_of(stage).mark, part_of(stage).number) == (mark, 3 - mark)


def test_a_bare_mark_sets_the_flag_alone_and_reading_clears_it() -> None:
    stage = Stage()
    stage.talk()
    stage.do(MarkUnread("A", "phone", "B"), Done())
    assert (part_of(stage).marked, part_of(stage).mark) == (True, 0)
    stage.do(Read("A", "phone", "B"), Done())
    assert not part_of(stage).marked


@pytest.mark.parametrize(("rejoin", "visible"), [("since-join", [3]), ("all", [1, 3])])
def test_a_rejoin_shows_what_the_policy_says_and_never_the_gap(
    rejoin: str, visible: list[int]
) -> None:
    stage = Stage(rejoin_history=rejoin)
    stage.do(CreateGroup("#team", ("A", "B")), Done(), MembersChanged("#team", 0, ("A", "B")))
    for seq in (1, 2, 3):
        if seq == 2:
            gone = MembersChanged("#team", 1, (), ("A",))
            stage.do(RemoveMembers("#team", ("A",)), Done(), gone)
        if seq == 3:
            stage.do(AddMembers("#team", ("A",)), Done(), MembersChanged("#team", 2, ("A",)))
        action, _, events = stage.send("B", "#team", seq)
        stage.do(action, *events)
    assert part_of(stage, "A", "#team").newest(0) == visible


def test_a_message_whose_time_is_over_is_neither_visible_nor_unread() -> None:
    stage = Stage()
    action, _, events = stage.send("B", "A", 1, expires_ms=50)
    stage.do(action, *events)
    assert part_of(stage).number == 1
    stage.world.now = 50
    stage.do(Read("C", "phone", "B"), Done())
    assert (part_of(stage).is_listed, part_of(stage).newest(0)) == (False, [])


def test_a_policy_with_an_unknown_kind_of_value_is_refused() -> None:
    with pytest.raises(Exception, match="Expected `bool`"):
        policy_of({"own_send_reads": "sometimes"})


@pytest.mark.parametrize("seed", range(30))
def test_bisection_counts_as_going_through_every_message_does(seed: int) -> None:
    _, watch = broken_by(random_program(Random(seed), 60))
    ledger = watch.checker.ledger
    for channel in ledger.channels.values():
        for part in channel.parts.values():
            seen = naive_visible(part, ledger.now_ms)
            visible = [message.seq for message in seen]
            assert part.newest(0) == visible
            assert part.newest(2) == visible[-2:]
            assert part.newest(1) == visible[-1:]
            if part.is_listed:
                assert part.number == part.unread(ledger.policy) == naive_unread(ledger, part, seen)


class CountingWorld(HandWorld):
    """Counts how often it is looked at."""

    looks = 0

    def entry(self, user: str, chat: str, limit: int = 20) -> Entry | None:
        self.looks += 1
        return super().entry(user, chat, limit)


@pytest.mark.parametrize("size", [1, 50])
def test_a_step_looks_at_what_it_touched_however_large_the_account_is(size: int) -> None:
    stage = Stage()
    world = CountingWorld()
    stage.checker._entry = world.entry
    for number in range(size):
        group = f"#g{number}"
        stage.do(CreateGroup(group, ("A", "B")), MembersChanged(group, 0, ("A", "B")))
    world.looks = 0
    action, _, events = stage.send("B", "A", 1)
    stage.do(action, *events)
    assert world.looks == 2


# Counting on


def test_what_is_counted_on_is_what_the_definitions_give() -> None:
    """After every step, for every part: also for those that a message only made one more of."""
    for seed in range(60):
        program = random_program(Random(seed), 60)
        target, watch = open_watched(program, mixed_profile(Random(seed)))
        ledger = watch.checker.ledger
        for action in program.actions:
            target.perform(action, queue=True)
            for channel in ledger.channels.values():
                for part in channel.parts.values():
                    again = part.copy(channel)
                    again.derive(ledger.policy)
                    assert (part.is_listed, part.number) == (again.is_listed, again.number)
                    assert not part.is_listed or part.last is again.last
