"""What an invariant says is wrong reads as a sentence: no brackets, no names of the code."""

from __future__ import annotations

import re
from random import Random

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    Delete,
    Dismiss,
    MarkUnread,
    Read,
    RemoveMembers,
    Restart,
    Send,
    SetAccess,
    SetFlag,
)
from imcli.model.entities import Entry, Message
from imcli.simulator.profiles import builtin_names, load_profile
from imcli.trace.programs import random_program
from imcli.trace.words import (
    channel_words,
    contrast,
    deed,
    entry_words,
    message_words,
    seqs,
    value_words,
    within,
)
from tests.trace.test_by_hand import PLAYS
from tests.trace.test_planted import PLANTS
from tests.trace.worlds import Stage, broken_by

MESSAGE = Message("A@B", 3, 7, "c1", "B", "hi")
ENTRY = Entry("B", unread=2, last=MESSAGE, messages=(MESSAGE,), read_to=1, pinned=True)


def test_an_entry_is_said_in_facts() -> None:
    assert (
        entry_words(ENTRY)
        == "2 unread, last seq 3, read up to seq 1, deleted up to nothing, pinned"
    )
    assert "no last message" in entry_words(Entry("B"))


def test_two_entries_are_said_by_what_differs() -> None:
    muted = replace(ENTRY, read_to=2, muted=True)
    assert contrast(ENTRY, muted) == (
        "read up to seq 1, not muted",
        "read up to seq 2, muted",
    )
    assert contrast(ENTRY, None)[1] == "not listed"
    older = replace(MESSAGE, seq=2)
    assert contrast(ENTRY, replace(ENTRY, messages=(older, MESSAGE))) == (
        "shown with seq 3",
        "shown with seq 2, seq 3",
    )


def test_two_entries_that_differ_in_nothing_that_is_said_are_not_said_alike() -> None:
    one, two = contrast(ENTRY, replace(ENTRY, order=(1,)))
    assert one != two


def test_a_long_list_of_places_is_cut() -> None:
    assert seqs(range(1, 1001)).endswith("seq 10 and 990 more")


CODE = re.compile(r"[\[\]{}<>=]|\w\(|\(\)|\b(None|True|False)\b|\w_\w|'[^ ]*'")
"""Whatever would give away that a text was made by a program for programmers."""


@pytest.mark.parametrize(
    "text",
    [
        value_words((MESSAGE, MESSAGE)),
        value_words(ENTRY),
        value_words(("A", ENTRY)),
        value_words(()),
        message_words(MESSAGE),
        within([(1, 2)]),
        channel_words("A@B"),
        deed(Dismiss("#g", "A", "phone")),
    ],
)
def test_no_text_is_a_representation_of_the_code(text: str) -> None:
    assert CODE.search(text) is None


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Send("A", "phone", "B", "hi", "c"), "A sends B"),
        (Delete("A", "", "B"), "A deletes B"),
        (Delete("A", "", "B", True), "A deletes B for both"),
        (Clear("A", "", "B"), "A clears B"),
        (Read("A", "", "B"), "A reads B"),
        (MarkUnread("A", "", "B", None), "A marks B unread"),
        (MarkUnread("A", "", "B", 2), "A marks B unread 2"),
        (SetFlag("A", "", "B", "pinned", True), "A pins B"),
        (SetFlag("A", "", "#g", "archived", False), "A unarchives #g"),
        (SetAccess("A", "B", "allow", False), "A disallows B"),
        (SetAccess("#g", "B", "block", True), "admin blocks B in #g"),
        (AddMembers("#g", ("B",), "A", "phone"), "A adds B to #g"),
        (RemoveMembers("#g", ("B", "C")), "admin removes B, C from #g"),
        (Restart(), "server restarts"),
    ],
)
def test_a_deed_is_said_as_a_scenario_says_it(action: Action, said: str) -> None:
    assert deed(action) == f'"{said}"'


# Whatever is found


def check(told: str) -> None:
    """See that a whole finding reads as text; its sentence comes from the table."""
    said = told.partition(": ")[2]
    expected, _, actual = said.removeprefix("expected ").partition(", got ")
    assert CODE.search(said) is None, told
    assert expected != actual.partition(". ")[0], told


@pytest.mark.parametrize("number", PLANTS)
def test_whatever_a_planted_fault_breaks_is_said_in_words(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    PLANTS[number](monkeypatch)
    found = 0
    for seed in range(40):
        _, watch = broken_by(random_program(Random(seed), 40), each_step=seed % 4 == 0)
        for broken in watch.checker.broken:
            check(str(broken))
        found += len(watch.checker.broken)
    assert found > 0


@pytest.mark.parametrize("name", PLAYS)
def test_whatever_is_broken_by_hand_is_said_in_words(name: str) -> None:
    for broken in PLAYS[name][1](Stage()):
        check(str(broken))


@pytest.mark.parametrize("name", [n for n in builtin_names() if n.startswith("wukongim")])
def test_whatever_a_real_servers_anomalies_break_is_said_in_words(name: str) -> None:
    for seed in range(8):
        _, watch = broken_by(random_program(Random(seed), 40), load_profile(name))
        for broken in watch.checker.broken:
            check(str(broken))
