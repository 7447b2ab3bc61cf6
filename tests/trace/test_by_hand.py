"""Each invariant has a trace made by hand that breaks it; a right one leaves it whole.

The world here is a stub that answers what it was told to, so that the checker is shown saying no
without any simulator.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    CreateGroup,
    Delete,
    Dismiss,
    MarkUnread,
    Open,
    Pull,
    Read,
    RemoveMembers,
    Restart,
    Send,
    SetFlag,
    Synchronise,
)
from imcli.model.entities import DeviceKey, Entry
from imcli.model.events import (
    Accepted,
    ConversationPushed,
    Done,
    HistoryPage,
    ListAnswer,
    MembersChanged,
    Pushed,
    Refused,
    Stored,
)
from imcli.model.questions import ListView
from imcli.trace.catalogue import BY_NUMBER
from imcli.trace.verdicts import Broken
from tests.trace.worlds import HandWorld, Stage, numbers

DAY = 86_400_000
Play = Callable[[Stage], list[Broken]]
PLAYS: dict[str, tuple[int, Play]] = {}


def breaks(number: int) -> Callable[[Play], Play]:
    def keep(play: Play) -> Play:
        PLAYS[f"{number}-{play.__name__}"] = number, play
        return play

    return keep


def settled_after(stage: Stage, on_apply: Callable[[HandWorld, Action], None]) -> list[Broken]:
    stage.world.on_apply = on_apply
    return stage.checker.settled(stage.world)


def group(stage: Stage, *members: str) -> None:
    stage.do(CreateGroup("#team", members), Done(), MembersChanged("#team", 0, members))


@breaks(1)
def an_accepted_message_is_not_listed(stage: Stage) -> list[Broken]:
    action, message, events = stage.send("B", "A", 1)
    stage.put("B", "A", message, read_to=1)
    return stage.do(action, *events)


@breaks(1)
def a_message_is_not_in_the_history(stage: Stage) -> list[Broken]:
    first, second = stage.talk(2)
    return stage.do(
        Pull("A", "phone", "B"), HistoryPage("A", "phone", "B", (first,), False)
    ) + stage.do(Pull("A", "phone", "B"), HistoryPage("A", "phone", "B", (second,), False))


@breaks(1)
def a_message_was_changed(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    page = HistoryPage("A", "phone", "B", (replace(first, text="other"),), False)
    return stage.do(Open("A", "phone", "B"), page)


@breaks(2)
def it_stays_away_after_a_delete(stage: Stage) -> list[Broken]:
    stage.talk()
    del stage.world.entries["A", "B"]
    assert not stage.do(Delete("A", "phone", "B"), Done())
    action, second, events = stage.send("B", "A", 2)
    stage.put("B", "A", *stage.world.histories["B", "A"], second, read_to=2)
    return stage.do(action, *events)


@breaks(3)
def old_messages_return_with_it(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    del stage.world.entries["A", "B"]
    stage.do(Delete("A", "phone", "B"), Done())
    action, second, events = stage.send("B", "A", 2)
    stage.put("B", "A", first, second, read_to=2)
    stage.put("A", "B", second, unread=1, read_to=1, deleted_to=1)
    assert not stage.do(action, *events)
    wrong = replace(stage.world.entries["A", "B"], messages=(first, second))
    answer = ListAnswer("A", "phone", True, 1, (wrong,), total_unread=1)
    return stage.do(Synchronise("A", "phone"), answer)


@breaks(3)
def the_history_goes_below_the_floor(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    del stage.world.entries["A", "B"]
    stage.do(Delete("A", "phone", "B"), Done())
    return stage.do(Open("A", "phone", "B"), HistoryPage("A", "phone", "B", (first,), False))


@breaks(4)
def unread_counts_one_too_many(stage: Stage) -> list[Broken]:
    action, message, events = stage.send("B", "A", 1)
    stage.put("A", "B", message, unread=2)
    stage.put("B", "A", message, read_to=1)
    return stage.do(action, *events)


@breaks(5)
def unread_is_negative(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    stage.put("A", "B", first, unread=-1, read_to=1)
    return stage.do(Read("A", "phone", "B"), Done())


@breaks(6)
def an_own_message_is_unread(stage: Stage) -> list[Broken]:
    action, message, events = stage.send("A", "B", 1)
    stage.put("A", "B", message, unread=1, read_to=1)
    stage.put("B", "A", message, unread=1)
    return stage.do(action, *events)


@breaks(7)
def the_read_mark_goes_back(stage: Stage) -> list[Broken]:
    messages = stage.talk(2)
    stage.put("A", "B", *messages, read_to=2)
    assert not stage.do(Read("A", "phone", "B"), Done())
    stage.put("A", "B", *messages, unread=1, read_to=1)
    return stage.do(Read("A", "phone", "B", 1), Done())


@breaks(7)
def the_floor_goes_back(stage: Stage) -> list[Broken]:
    messages = stage.talk(2)
    stage.put("A", "B", messages[1], unread=1, read_to=1, deleted_to=1)
    assert not stage.do(Delete("A", "phone", "B", up_to=1), Done())
    stage.put("A", "B", *messages, read_to=2)
    return stage.do(Read("A", "phone", "B"), Done())


@breaks(8)
def a_delete_takes_the_peers_entry(stage: Stage) -> list[Broken]:
    stage.talk()

    def both(world: HandWorld, action: Action) -> None:
        if isinstance(action, Delete | Clear | SetFlag):
            world.entries.clear()

    return settled_after(stage, both)


@breaks(9)
def a_flag_toggles(stage: Stage) -> list[Broken]:
    stage.talk()

    def toggle(world: HandWorld, action: Action) -> None:
        for key, entry in world.entries.items():
            world.entries[key] = replace(entry, pinned=not entry.pinned)

    return settled_after(stage, toggle)


@breaks(10)
def a_resend_is_another_message(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    again = replace(first, seq=2, message_id=2)
    stage.put("A", "B", first, again, unread=2)
    stage.put("B", "A", first, again, read_to=2)
    accepted = Accepted("B", "phone", "c1", 2, 2, again)
    return stage.do(Send("B", "phone", "A", "hi", "c1"), Stored(again), accepted)


@breaks(10)
def a_resend_is_answered_with_another_id(stage: Stage) -> list[Broken]:
    stage.talk()
    accepted = Accepted("B", "phone", "c1", 77, 1, None, True)
    return stage.do(Send("B", "phone", "A", "hi", "c1"), accepted)


@breaks(10)
def a_resend_is_another_message_by_the_servers_wrong_clock(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    again = replace(first, seq=2, message_id=2, time_ms=9 * DAY)
    stage.put("A", "B", first, again, unread=2)
    stage.put("B", "A", first, again, read_to=2)
    accepted = Accepted("B", "phone", "c1", 2, 2, again)
    return stage.do(Send("B", "phone", "A", "hi", "c1"), Stored(again), accepted)


@breaks(10)
def a_resend_of_what_is_stored_nowhere_is_answered_with_another_id(stage: Stage) -> list[Broken]:
    send = Send("B", "phone", "A", "hi", "c1")
    assert not stage.do(send, Accepted("B", "phone", "c1", 5, 0))
    assert not stage.do(send, Accepted("B", "phone", "c1", 5, 0, None, True))
    return stage.do(send, Accepted("B", "phone", "c1", 6, 0))


@breaks(11)
def a_sequence_number_is_left_out(stage: Stage) -> list[Broken]:
    action, _, events = stage.send("B", "A", 2)
    return stage.do(action, *events)


@breaks(11)
def a_list_stands_in_another_order(stage: Stage) -> list[Broken]:
    stage.talk()
    action, second, events = stage.send("C", "A", 1, time_ms=9)
    second = replace(second, message_id=9)
    stage.put("A", "C", second, unread=1)
    stage.put("C", "A", second, read_to=1)
    stage.do(action, Stored(second), events[1])
    entries = (stage.world.entries["A", "B"], stage.world.entries["A", "C"])
    return stage.do(
        Synchronise("A", "phone"), ListAnswer("A", "phone", True, 1, entries, total_unread=2)
    )


@breaks(12)
def the_history_has_a_hole(stage: Stage) -> list[Broken]:
    first, _, third = stage.talk(3)
    page = HistoryPage("A", "phone", "B", (first, third), False)
    return stage.do(Open("A", "phone", "B"), page)


@breaks(13)
def a_refused_send_is_pushed(stage: Stage) -> list[Broken]:
    action, message, _ = stage.send("B", "A", 1)
    push = Pushed(message, (DeviceKey("A", "phone"),))
    return stage.do(action, Refused("blocked", client_msg_no="c1"), push)


@breaks(13)
def a_refused_read_reads(stage: Stage) -> list[Broken]:
    messages = stage.talk()
    stage.put("A", "B", *messages, read_to=1)
    return stage.do(Read("A", "phone", "B"), Refused("unsupported"))


@breaks(14)
def a_pin_is_not_there(stage: Stage) -> list[Broken]:
    stage.talk()
    return stage.do(SetFlag("A", "phone", "B", "pinned", True), Done())


@breaks(14)
def an_accepted_message_was_never_stored(stage: Stage) -> list[Broken]:
    action, message, _ = stage.send("B", "A", 1)
    return stage.do(action, Accepted("B", "phone", "c1", 1, 1, message))


@breaks(14)
def a_resend_long_after_the_window_is_not_stored(stage: Stage) -> list[Broken]:
    stage.talk()
    stage.world.now = 8 * DAY
    accepted = Accepted("B", "phone", "c1", 1, 1, None, True)
    return stage.do(Send("B", "phone", "A", "hi", "c1"), accepted)


@breaks(15)
def the_preview_is_an_older_message(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    action, second, events = stage.send("B", "A", 2)
    stage.put("A", "B", first, second, unread=2, last=first)
    stage.put("B", "A", first, second, read_to=2)
    return stage.do(action, *events)


@breaks(16)
def the_total_is_not_the_sum(stage: Stage) -> list[Broken]:
    stage.talk(2)
    answer = replace(stage.world.listing("A"), device="phone", total_unread=3)
    return stage.do(Synchronise("A", "phone"), answer)


@breaks(16)
def the_total_is_wrong_at_the_end(stage: Stage) -> list[Broken]:
    stage.talk(2)
    stage.world.extra_total = 1
    return stage.checker.recount()


@breaks(17)
def who_was_removed_goes_on_reading(stage: Stage) -> list[Broken]:
    group(stage, "A", "B")
    stage.do(RemoveMembers("#team", ("A",)), Done(), MembersChanged("#team", 0, (), ("A",)))
    action, message, events = stage.send("B", "#team", 1)
    stage.put("B", "#team", message, read_to=1)
    return stage.do(action, *events, Pushed(message, (DeviceKey("A", "phone"),)))


@breaks(17)
def a_send_of_a_stranger_is_stored(stage: Stage) -> list[Broken]:
    group(stage, "A", "B")
    action, message, events = stage.send("C", "#team", 1)
    stage.put("A", "#team", message, unread=1)
    stage.put("B", "#team", message, unread=1)
    return stage.do(action, *events)


@breaks(18)
def a_dismissed_group_takes_members(stage: Stage) -> list[Broken]:
    group(stage, "A", "B")
    stage.do(Dismiss("#team"), Done(), MembersChanged("#team", 0, (), ("A", "B"), True))
    return stage.do(AddMembers("#team", ("C",)), Done(), MembersChanged("#team", 0, ("C",)))


@breaks(18)
def a_dismissed_group_takes_messages(stage: Stage) -> list[Broken]:
    group(stage, "A", "B")
    stage.do(Dismiss("#team"), Done(), MembersChanged("#team", 0, (), ("A", "B"), True))
    action, _, events = stage.send("A", "#team", 1)
    return stage.do(action, *events)


@breaks(19)
def a_mark_brings_it_back(stage: Stage) -> list[Broken]:
    stage.talk()
    del stage.world.entries["A", "B"]
    stage.do(Delete("A", "phone", "B"), Done())
    stage.put("A", "B", marked_unread=True, read_to=1, deleted_to=1)
    return stage.do(MarkUnread("A", "phone", "B"), Done())


@breaks(20)
def a_stranger_gets_a_push(stage: Stage) -> list[Broken]:
    action, message, events = stage.send("B", "A", 1)
    stage.put("A", "B", message, unread=1)
    stage.put("B", "A", message, read_to=1)
    return stage.do(action, *events, Pushed(message, (DeviceKey("C", "phone"),)))


@breaks(20)
def an_unknown_device_is_told(stage: Stage) -> list[Broken]:
    stage.talk()
    told = ConversationPushed("A", "B", "read", ("tablet",), 1)
    stage.put("A", "B", *stage.world.histories["A", "B"], read_to=1)
    return stage.do(Read("A", "phone", "B"), Done(), told)


@breaks(21)
def a_delta_forgets_a_delete(stage: Stage) -> list[Broken]:
    stage.talk()
    entry = stage.world.entries.pop(("A", "B"))
    stage.world.shown["A"] = (("phone", ListView((entry,), 1)),)
    stage.do(Delete("A", "phone", "B"), Done())
    return stage.checker.settled(stage.world)


@breaks(22)
def two_devices_show_different_lists(stage: Stage) -> list[Broken]:
    stage.talk()
    right = ListView((stage.world.entries["A", "B"],), 1)
    stage.world.shown["A"] = (("phone", right), ("web", ListView(())))
    return stage.checker.settled(stage.world)


@breaks(23)
def pages_leave_one_out(stage: Stage) -> list[Broken]:
    stage.talk()
    copy = stage.world

    def forget(world: HandWorld, action: Action) -> None:
        if isinstance(action, Synchronise):
            world.entries.clear()

    copy.on_apply = forget
    return stage.checker.settled(copy)


@breaks(24)
def a_restart_loses_an_entry(stage: Stage) -> list[Broken]:
    stage.talk()

    def lose(world: HandWorld, action: Action) -> None:
        if isinstance(action, Restart):
            world.entries.clear()

    return settled_after(stage, lose)


@breaks(25)
def the_list_has_what_the_history_lacks(stage: Stage) -> list[Broken]:
    stage.talk(2)
    stage.world.histories["A", "B"] = stage.world.histories["A", "B"][:1]
    return stage.checker.recount()


@breaks(25)
def the_history_has_a_command(stage: Stage) -> list[Broken]:
    (first,) = stage.talk()
    action, command, events = stage.send("B", "A", 2, kind="command")
    assert not stage.do(action, *events)
    page = HistoryPage("A", "phone", "B", (first, command), False)
    return stage.do(Open("A", "phone", "B"), page)


@pytest.mark.parametrize("name", PLAYS)
def test_a_trace_made_by_hand_breaks_it(name: str) -> None:
    number, play = PLAYS[name]
    stage = Stage()
    found = play(stage)
    assert number in numbers(found)
    assert stage.checker.verdicts()[number] == "broken"
    one = next(each for each in found if each.number == number)
    assert one.name == BY_NUMBER[number].name
    assert one.sentence in str(one)
    assert f"invariant {number} " in str(one)
    assert one.expected != one.actual


def test_every_invariant_has_such_a_trace() -> None:
    assert {number for number, _ in PLAYS.values()} == set(BY_NUMBER)


def test_a_right_trace_breaks_nothing_and_settles() -> None:
    stage = Stage()
    messages = stage.talk(3)
    page = HistoryPage("A", "phone", "B", messages, False)
    assert not stage.do(Pull("A", "phone", "B"), page)
    assert not stage.checker.recount()
    assert not stage.checker.settled(stage.world)
    verdicts = stage.checker.verdicts()
    assert verdicts[4] == verdicts[21] == verdicts[24] == "holds"


def test_what_nothing_has_put_to_the_test_is_unknown() -> None:
    assert set(Stage().checker.verdicts().values()) == {"unknown"}


def test_what_the_profile_excepts_is_not_reported_and_stays_unknown() -> None:
    stage = Stage(on_message_after_delete="stay-hidden")
    it_stays_away_after_a_delete(stage)
    assert stage.checker.verdicts()[2] == "unknown"


def test_an_answer_to_somebody_else_is_reported() -> None:
    stage = Stage()
    stage.talk()
    found = stage.do(Synchronise("A", "phone"), ListAnswer("B", "phone", True, 1, ()))
    assert numbers(found) == {20}


def test_a_foreign_conversation_in_a_list_is_reported() -> None:
    stage = Stage()
    answer = ListAnswer("A", "phone", True, 1, (Entry("#other"),))
    assert numbers(stage.do(Synchronise("A", "phone"), answer)) == {20}


def test_a_history_of_a_conversation_one_never_had_is_reported() -> None:
    stage = Stage()
    group(stage, "A", "B")
    _, message, _ = stage.send("B", "#team", 1)
    page = HistoryPage("C", "phone", "#team", (message,), False)
    assert numbers(stage.do(Open("C", "phone", "#team"), page)) == {17}


def test_a_tombstone_of_what_is_listed_is_reported() -> None:
    stage = Stage()
    stage.talk()
    answer = ListAnswer("A", "phone", False, 1, (), (("B", 0),), total_unread=1)
    assert numbers(stage.do(Synchronise("A", "phone", 0), answer)) == {14}


def test_a_command_for_others_is_reported() -> None:
    stage = Stage()
    group(stage, "A", "B")
    _, command, _ = stage.send("B", "#team", 1, kind="command")
    answer = ListAnswer("C", "phone", True, 1, (), commands=(command,))
    assert numbers(stage.do(Synchronise("C", "phone"), answer)) == {20}


def test_a_group_without_anybody_is_nobodys_business() -> None:
    stage = Stage()
    create = CreateGroup("#empty", ())
    stage.do(create, Done(), MembersChanged("#empty", 0))
    assert stage.checker.settled(stage.world, create) == []
