"""What is known of a line from one that was read before is what reading it afresh gives."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.scenario.reading.known_lines import Line, line_of
from imcli.scenario.table.generate import random_program
from imcli.scenario.table.tokens import LexFault, cut_afresh
from tests.scenario.table.test_generate import CASTS

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


def same(text: str) -> bool:
    """Tell whether a line says the same either way, tokens and places included."""
    try:
        afresh = Line(cut_afresh(text))
    except LexFault as fault:
        with pytest.raises(LexFault) as known:
            line_of(text)
        return (known.value.message, known.value.start) == (fault.message, fault.start)
    known_line = line_of(text)
    return (known_line.cut, known_line.said()) == (afresh.cut, afresh.said())


@pytest.mark.parametrize(
    "text",
    [
        'B sends A "hi"',
        'B sends A ""',
        '  B.web sends #team "hi"',
        'B sends "hi"',
        'B sends A   "hi"',
        'B sends A "hi" as m1',
        'B sends A "hi" with topic "t"',
        'B sends A with topic "t"',
        'B sends A # not "a text"',
        'A reads B; B sends A "hi"',
        'B sends A "one"; A sends B "two"',
        'the back end sends A "hi" as B',
        'assert A sees B with last "hi"',
        'A adds device "kiosk:web"',
        'B sends A {"type": 1} "hi"',
        'B sends A "say \\"hi\\""',
        'B sends A "你好"',
        'B sends A "a$b"',
        '"hi"',
        'nothing that is known "hi"',
    ],
)
def test_a_line_with_a_text_says_the_same(text: str) -> None:
    assert same(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(('B sends A "', 'B sends "', "B sends A ", "#", 'A resends m1 "')), texts)
def test_any_text_says_the_same(before: str, text: str) -> None:
    assert same(f'{before}{text}"')


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from(CASTS))
def test_the_lines_of_a_random_program_say_the_same(seed: int, cast: object) -> None:
    for line in random_program(random.Random(seed), cast, 15, blocks=True):  # type: ignore[arg-type]
        assert same(line)


def test_a_text_is_put_only_where_an_empty_one_is_sent() -> None:
    def filled(text: str) -> Line | None:
        return Line(cut_afresh(text)).with_text("hi")

    assert filled('B sends A ""') is not None
    for text in ('assert A sees B with last ""', "A reads B", 'B sends A "" as m1', ""):
        assert filled(text) is None
