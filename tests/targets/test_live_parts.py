"""The parts of the live target that need no server: what is waited for, what is taken away."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    Action,
    AddMembers,
    CreateGroup,
    Delete,
    Dismiss,
    Kick,
    MarkUnread,
    Read,
    Send,
    SetAccess,
    SetGroupFlag,
    SetMembers,
)
from imcli.model.entities import Entry
from imcli.targets.live.flush import PendingRows
from imcli.targets.live.made import Made


def awaited(version: tuple[int, ...], chat: str, *seqs: int) -> dict[str, list[str]]:
    """Give the chats whose rows are waited for, per user, after B sent messages with these seqs."""
    rows = PendingRows(version)
    for seq in seqs:
        rows.stored(Send("B", "", chat, "hi", f"n{seq}"), seq)
    return {user: [c for u, c in rows._awaited if u == user] for user in rows.users()}


@pytest.mark.parametrize(
    ("version", "chat", "seqs", "expected"),
    [
        ((2, 2, 5), "A", (1,), {"B": ["A"], "A": ["B"]}),
        ((2, 2, 5), "A", (2,), {}),
        ((2, 2, 5), "#team", (1,), {}),
        ((2, 1, 4), "A", (1,), {}),
        ((2, 1, 3), "A", (1,), {"B": ["A"], "A": ["B"]}),
        ((2, 1, 3), "A", (2,), {"B": ["A"]}),
        ((2, 1, 3), "#team", (2,), {"B": ["#team"]}),
        ((), "A", (1, 2), {"B": ["A"], "A": ["B"]}),
    ],
)
def test_rows_are_waited_for_where_the_version_makes_them(
    version: tuple[int, ...], chat: str, seqs: tuple[int, ...], expected: dict[str, list[str]]
) -> None:
    assert awaited(version, chat, *seqs) == expected


def test_an_old_server_must_show_the_senders_newest_mark() -> None:
    rows = PendingRows((2, 1, 3))
    rows.stored(Send("B", "", "A", "hi", "n1"), 4)
    rows.shown("B", (Entry("A", read_to=3), Entry("C", read_to=9)))
    assert rows.users() == ("B",)
    rows.shown("B", (Entry("A", read_to=4),))
    assert rows.users() == ()


@pytest.mark.parametrize(("version", "awaited"), [((2, 1, 3), ()), ((2, 1, 5), ("B",))])
def test_after_a_mark_that_went_back_an_old_server_need_not_show_the_senders_newest(
    version: tuple[int, ...], awaited: tuple[str, ...]
) -> None:
    rows = PendingRows(version)
    rows.stored(Send("B", "", "#team", "hi", "n1"), 4)
    rows._awaited["B", "#team"] = 4
    rows.changed(MarkUnread("B", "", "#team", 2))
    rows.shown("B", (Entry("#team", read_to=2),))
    assert rows.users() == awaited


@pytest.mark.parametrize(
    ("version", "awaited"), [((2, 1, 3), ("B",)), ((2, 1, 5), ("B", "A")), ((2, 2, 5), ("B", "A"))]
)
def test_a_deletion_takes_what_waits_out_of_memory_up_to_2_1_3(
    version: tuple[int, ...], awaited: tuple[str, ...]
) -> None:
    rows = PendingRows(version)
    rows.stored(Send("B", "", "A", "hi", "n1"), 1)
    rows.changed(Delete("A", "", "B"))
    assert rows.users() == awaited


@pytest.mark.parametrize(
    ("action", "undoing"),
    [
        (Send("B", "", "A", "hi", "n1"), (Delete("B", "", "A"), Delete("A", "", "B"))),
        (Read("A", "", "B"), (Delete("A", "", "B"),)),
        (MarkUnread("A", "", "B", 1), (Delete("A", "", "B"),)),
        (
            CreateGroup("#team", ("B",), user="A"),
            (Delete("A", "", "#team"), Delete("B", "", "#team"), Dismiss("#team")),
        ),
        (AddMembers("team", ("C",)), (Delete("C", "", "#team"), Dismiss("#team"))),
        (SetMembers("#team", ("C",)), (Delete("C", "", "#team"), Dismiss("#team"))),
        (SetGroupFlag("#team", "banned", on=True), (Dismiss("#team"),)),
        (Send("B", "", "#team", "hi", "n1"), (Dismiss("#team"),)),
        (SetAccess("A", "B", "block", on=True), (SetAccess("A", "B", "block", on=False),)),
        (SetAccess("A", "B", "block", on=False), ()),
        (Kick("A"), ()),
    ],
)
def test_each_action_is_undone_by_these(action: Action, undoing: tuple[Action, ...]) -> None:
    made = Made()
    made.note(action)
    assert made.undoing() == undoing


def test_what_was_made_twice_is_undone_once_and_what_was_taken_off_not_at_all() -> None:
    made = Made()
    for action in (
        Read("A", "", "B"),
        Read("A", "", "B"),
        SetAccess("A", "B", "block", on=True),
        SetAccess("A", "B", "block", on=False),
    ):
        made.note(action)
    assert made.undoing() == (Delete("A", "", "B"),)
    assert made.staying() == ()


def test_messages_stay_and_are_named_once_per_log() -> None:
    made = Made()
    for user, chat in (("B", "A"), ("A", "B"), ("A", "#team")):
        made.note(Send(user, "", chat, "hi", "n1"))
    assert [line.partition(":")[0] for line in made.staying()] == [
        "the messages of A@B",
        "the messages of #team",
    ]


def test_what_may_be_listed_again_after_its_deletion_is_named() -> None:
    made = Made()
    made.note(CreateGroup("#team", ("A", "C")))
    made.note(Send("B", "", "A", "hi", "n1"))
    made.note(Send("A", "", "#team", "hi", "n2"))
    rows = PendingRows((2, 2, 5))
    rows.stored(Send("B", "", "A", "hi", "n1"), 1)
    new = made.staying(rows.undeletable(), groups_return=rows.groups_return)
    assert [line.partition(":")[0] for line in new[2:]] == [
        "B's conversation with A",
        "A's conversation with B",
    ]
    old = PendingRows((2, 1, 3))
    old.stored(Send("B", "", "A", "hi", "n1"), 1)
    named = made.staying(old.undeletable(), groups_return=old.groups_return)
    assert [line.partition(":")[0] for line in named[2:]] == [
        "A's conversation with #team",
        "C's conversation with #team",
    ]


def test_what_was_seen_to_be_stored_is_gone_for_good_when_it_is_deleted() -> None:
    rows = PendingRows((2, 2, 5))
    rows.stored(Send("B", "", "A", "hi", "n1"), 1)
    rows.shown("A", (Entry("B"),))
    rows.shown("B", (Entry("A"),))
    assert (rows.undeletable(), rows.groups_return) == ((), False)
