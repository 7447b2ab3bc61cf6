from __future__ import annotations

import pytest

from tests.scenario.language import THREE, problems_of, scenario_text, wrong

SENT = (
    "B sends A as m1",
    "A sends #team as g1",
    "C sends A 2 messages as c",
    "backend sends A from C as k1",
    "C resends k1 as k2",
)
OTHER = "`c1` is a message of A and C, not of A and B"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A reads B up to c1", OTHER),
        ("A.phone reads C up to m1", "`m1` is a message of A and B, not of A and C"),
        ("A deletes B up to c2", "`c2` is a message of A and C, not of A and B"),
        ("A deletes #team up to m1", "`m1` is a message of A and B, not of #team"),
        ("A reads B up to g1", "`g1` is a message of #team, not of A and B"),
        ("A reads B up to k1", "`k1` is a message of A and C, not of A and B"),
        ("A reads B up to k2", "`k2` is a message of A and C, not of A and B"),
        ("assert A sees B with read up to c1", OTHER),
        ("assert A sees B with deleted up to c1", OTHER),
        ("assert A.phone shows B with last c1", OTHER),
        ("assert A sees B with messages m1, c1", OTHER),
        ("assert a new device of A sees B with last c1", OTHER),
        ("assert the server keeps B for A with read up to c1", OTHER),
        ("assert B's history with A is m1, c1", OTHER),
        ("assert A's history with B contains c1", OTHER),
        ("assert A sees B or A sees B with last c1", OTHER),
        (
            "assert m1 and c1 are one message",
            "`c1` is a message of A and C, and `m1` one of A and B",
        ),
    ],
)
def test_a_message_of_another_conversation_is_refused(line: str, message: str) -> None:
    assert wrong(*SENT, line, head=THREE) == [message]


def test_the_place_of_a_foreign_label_is_its_own_and_the_right_ones_are_named() -> None:
    (problem,) = problems_of(scenario_text(*SENT, "A reads B up to c1", head=THREE))
    assert (problem.span.line, problem.span.column, problem.span.length) == (10, 17, 2)
    assert problem.expected == "one that was sent to this conversation; there is m1"


@pytest.mark.parametrize(
    "line",
    [
        "A reads B up to m1",
        "B deletes A up to m1",
        "B reads #team up to g1",
        "A reads C up to k2",
        "assert C sees A with last k1, read up to c1",
        "assert A's history with B does not contain c1",
        "assert A received m1 before c1",
        "assert B did not receive c1",
        "assert c1 was accepted",
        "assert k1 and k2 are one message",
    ],
)
def test_where_any_message_may_be_meant_any_is_right(line: str) -> None:
    assert wrong(*SENT, line, head=THREE) == []


def test_a_repeated_label_belongs_where_it_was_sent() -> None:
    lines = ("repeat 2:", "  B sends A as m", "  C sends A as c", "  A reads B up to c")
    assert wrong(*lines, head=THREE) == [
        "`c` is a message of A and C, not of A and B",
    ]
    assert wrong(*lines[:-1], "  A reads B up to m", head=THREE) == []


def test_a_label_in_an_own_verb_belongs_where_the_call_sent_it() -> None:
    tail = "[verbs]\n'X follows Y' = ['X sends Y as m1', 'C reads Y up to m1']\n"
    assert wrong("A follows B", head=THREE, tail=tail) == [
        "`m1` is a message of A and B, not of B and C"
    ]
    assert wrong("C follows B", head=THREE, tail=tail) == []


def test_what_is_left_out_is_the_other_user() -> None:
    assert wrong("B sends as m1", "assert A sees the conversation with last m1") == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A.phone B c1 *", OTHER),
        ("A B m1 c1", OTHER),
        ("* B c1 *", "`c1` is a message of A and C"),
        ("A.phone #team g1 m1", "`m1` is a message of A and B, not of #team"),
    ],
)
def test_a_cell_holds_messages_of_its_rows_conversation(row: str, message: str) -> None:
    table = ("assert table:", "  device conversation last read", f"  {row}")
    assert wrong(*SENT, *table, head=THREE) == [message]


@pytest.mark.parametrize("row", ["A * c1 *", "* B m1 *", "C A c1 c1", "* #team g1 -"])
def test_a_cell_may_hold_what_is_sent_there(row: str) -> None:
    table = ("assert table:", "  device conversation last read", f"  {row}")
    assert wrong(*SENT, *table, head=THREE) == []
