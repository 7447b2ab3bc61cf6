"""Two texts that differ are shown so that the difference can be seen, and beside their labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.model.entities import Entry, Message
from imcli.model.questions import ListView
from imcli.scenario.checking.texts import TEXT_MAX, called_with, told_apart
from imcli.scenario.syntax import Facts
from tests.scenario.builder import sees
from tests.scenario.checking.test_check import M1, names_with, says, table

ALIKE = [
    ("\u00e9", "e\u0301", '"\\u00e9"', '"e\\u0301"'),
    ("hi", "h\u200bi", '"hi"', '"h\\u200bi"'),
    ("a b", "a\u00a0b", '"a b"', '"a\\u00a0b"'),
    ("x", "x\ufe0f", '"x"', '"x\\ufe0f"'),
    ("x", "x\U000e0001", '"x"', '"x\\udb40\\udc01"'),
    ("一\u00e9二", "一e\u0301二", '"一\\u00e9二"', '"一e\\u0301二"'),
]


@pytest.mark.parametrize(("wanted", "seen", "first", "second"), ALIKE)
def test_texts_that_look_alike_are_escaped_where_they_differ(
    wanted: str, seen: str, first: str, second: str
) -> None:
    assert told_apart(wanted, seen) == (first, second)


def test_texts_that_look_different_are_written_as_they_are() -> None:
    assert told_apart("日本", "日米") == ('"日本"', '"日米"')


def test_long_texts_are_shown_where_they_differ() -> None:
    same = "a long beginning that both of the texts have, "
    assert told_apart(f"{same}one", f"{same}two") == ('"…texts have, one"', '"…texts have, two"')
    wanted, seen = told_apart("short", "x" * 100)
    assert (wanted, seen) == ('"short"', f'"{"x" * TEXT_MAX}…"')


def test_a_text_that_goes_on_is_told_from_the_one_that_does_not() -> None:
    wanted, seen = told_apart("x" * 60, "x" * 61)
    assert wanted != seen


@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=120))
def test_two_texts_that_differ_are_never_shown_the_same(same: str, one: str, two: str) -> None:
    if one != two:
        wanted, seen = told_apart(same + one, same + two)
        assert wanted != seen
        assert max(len(wanted), len(seen)) <= 12 * (TEXT_MAX + 4)


def test_a_message_is_called_by_its_label_and_its_text() -> None:
    names = names_with("m1")
    assert called_with(M1, '"hi"', names) == 'm1 ("hi")'
    assert called_with(Message("A@B", 9, 9, "n", "B", "hi"), '"hi"', names) == '"hi"'


def test_a_claim_about_a_text_says_the_text_that_was_seen() -> None:
    entry = Entry("B", last=Message("A@B", 1, 1001, "c1", "B", "\u00e9"))
    claim = sees("A", "B", Facts(last=("text", "e\u0301")), device="phone")
    said = says(claim, ListView((entry,)))
    assert said == 'A.phone sees B with last m1 ("\\u00e9") instead of last "e\\u0301"'
    cells = table('A.phone B "e\\u0301"', columns=("device", "conversation", "last"))
    said = says(cells, ListView((entry,)))
    assert said == 'A.phone sees B with last m1 ("\\u00e9") instead of "e\\u0301"'
