from __future__ import annotations

import pytest

from tests.scenario.language import THREE, TWO, problems_of, scenario_text, wrong


def complaints(
    *verbs: str, head: str = TWO, steps: tuple[str, ...] = ("B sends A as k1",)
) -> list[str]:
    return wrong(*steps, head=head, tail="[verbs]\n" + "".join(f"{verb}\n" for verb in verbs))


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("'X zaps' = 'Y reads X'", "unknown user `Y` (there are A, B)"),
        ("'X zaps Y' = 'X sendz Y'", "unknown action `sendz`"),
        ("'X zaps Y' = ['assert X sese Y']", "unknown claim `sese`"),
        ("'X zaps Y' = 'X sends Y foo bar'", "`foo` does not fit here"),
        ("'X zaps Y' = 'X sends Y to Z'", "`to` does not fit here"),
        ("'X zaps Y' = 'X.fone sends Y; X sends Q'", "unknown user `Q` (there are A, B)"),
        ("'X zaps' = 'A.fone sends X'", "A has no device `fone` here (there are A.phone, A.web)"),
        ("'X zaps' = 'X leaves #nowhere'", "unknown group `#nowhere` (there is none)"),
        ("'X zaps' = 'X reads B up to m7'", "unknown label `m7`"),
        ("'X zaps N' = '''\nrepeat N:\n  X sendz B\n'''", "unknown action `sendz`"),
        ("'X zaps N' = '''\nrepeat for N:\n  X sends B\n'''", "`for` does not fit here"),
        ("'X zaps' = 'wait a moment'", "`a` does not fit here"),
        ("'X zaps Y' = 'X zips Y B'\n'X zips Y' = 'X sends Y'", "`B` is too much"),
        ("'X zaps T' = 'X sends T T'", "`T` does not fit here"),
        ("'X zaps' = 'X sends B with command, notices'", "`notices` does not fit here"),
    ],
)
def test_a_line_that_can_be_no_sentence_is_refused_though_nobody_uses_it(
    verb: str, message: str
) -> None:
    assert complaints(verb) == [message]


@pytest.mark.parametrize(
    "verb",
    [
        "'X zaps Y' = ['X sends Y', 'assert Y sees X']",
        "'X zaps T' = 'X sends B T'",
        "'X zaps G' = 'X leaves G; X leaves #G'",
        "'X zaps N' = 'X sends B N messages'",
        "'X zaps N' = 'X sends N messages as m'",
        "'X zaps T' = 'wait T'",
        "'X zaps T' = 'assert within T X.web sees B'",
        "'X zaps D' = 'X adds device D; X.D connects'",
        "'X zaps V Y' = 'X V Y'",
        "'X zaps F' = 'assert X sees B with F'",
        "'X zaps W' = 'assert X W nothing'",
        "'X zaps R' = 'X sends B but is refused with R'",
        "'X zaps J' = 'X sends B with payload J'",
        "'X zaps M' = 'X sends B as M; B reads X up to M'",
        "'X zaps' = 'X sends B as q; B reads X up to q; B reads A up to k1'",
        "'X zaps' = '''\nrepeat 2:\n  X sends B as q\nB reads X up to q2\n'''",
        "'X zaps' = 'A adds device tablet; A.tablet disconnects'",
        "'X zaps Y' = 'X zips Y'\n'X zips Y' = 'X sends Y'",
        "'X zaps Y' = 'X Y B'\n'X zips Y' = 'X sends Y'",
        "'X zaps Y' = '''\ntogether:\n  X sends Y\nassert table:\n  device unread\n  X Y\n'''",
    ],
)  # fmt: skip
def test_a_line_that_may_be_a_sentence_is_left_alone(verb: str) -> None:
    assert complaints(verb) == []


def test_all_that_is_wrong_in_unused_verbs_has_its_place_beside_the_other_mistakes() -> None:
    text = scenario_text(
        "B delets A",
        head='users = ["A", "B"]\n',
        tail="[verbs]\n'X zaps' = 'Y reads X'\n'X greets Y' = 'X sendz Y'\n",
    )
    found = [(p.span.line, p.span.column, p.message, p.hint) for p in problems_of(text)]
    assert found == [
        (4, 3, "unknown action `delets`", ""),
        (7, 13, "unknown user `Y` (there are A, B)", "no step uses `X zaps`"),
        (8, 19, "unknown action `sendz`", "no step uses `X greets Y`"),
    ]


def test_a_verb_that_is_used_is_checked_where_it_is_used_and_once() -> None:
    text = scenario_text("A zaps B", tail="[verbs]\n'X zaps Y' = 'X sendz Y'\n")
    (problem,) = problems_of(text)
    assert problem.message == "unknown action `sendz`"
    assert problem.hint != "no step uses `X zaps Y`"


def test_a_label_of_a_step_that_is_wrong_is_not_unknown_in_an_unused_verb() -> None:
    assert complaints("'X zaps' = 'X reads B up to m1'", steps=("B sendz A as m1",)) == [
        "unknown action `sendz`"
    ]


def test_a_line_is_right_if_it_is_in_any_cell_of_the_matrix() -> None:
    head = f'{TWO}matrix = {{ n = ["1s", "soon"] }}\n'
    assert complaints("'X zaps' = 'wait $n'", head=head) == []
    head = f'{TWO}matrix = {{ n = ["now", "soon"] }}\n'
    assert complaints("'X zaps' = 'wait $n'", head=head) == ["`now` does not fit here"]


def test_hundreds_of_unused_verbs_are_checked_within_bounds() -> None:
    verbs = [f"'X zaps{n} A1 A2 A3 A4' = 'X A1 A2 A3 A4 foo bar'" for n in range(300)]
    assert isinstance(complaints(*verbs), list)


@pytest.mark.parametrize(
    "line", ['X sends "hi"', "X deletes the conversation", "assert X sees the conversation"]
)
def test_what_only_two_users_may_leave_out_is_refused_elsewhere(line: str) -> None:
    message = "the other user may be left out only where there are exactly two users and no group"
    assert complaints(f"'X zaps' = '{line}'") == []
    assert complaints(f"'X zaps' = '{line}'", head=THREE) == [message]
    assert complaints("'X zaps Y' = 'X sends Y'", head=THREE) == []
