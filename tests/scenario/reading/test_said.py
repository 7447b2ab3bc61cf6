"""What was made once for all cases is what each case would make: nobody may see a difference."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imcli.scenario.reading import known_lines, lines, node_step, said
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario
from imcli.scenario.reading.said import NOWHERE, THROUGH_DEVICE, Sentence, make_do
from imcli.scenario.reading.steps import read_afresh
from imcli.scenario.table.generate import random_program
from imcli.scenario.table.rows import ActionRow
from imcli.scenario.table.sentences import ACTIONS
from imcli.scenario.table.tokens import cut_line
from imcli.targets.base import Cast
from tests.scenario.reading.test_fuzz import WORDS
from tests.scenario.reading.test_remembered import CORPUS
from tests.scenario.table.test_generate import CASTS, as_file


class Unread(known_lines.Line):
    """A line of which nobody knows what it says."""

    def said(self) -> tuple[known_lines.Said, ...]:
        return tuple((step, None) for step in self.cut.steps)


@contextmanager
def the_long_way() -> Iterator[None]:
    """Let nothing be whole, and nothing be remembered."""
    with (
        patch.object(said, "implies", lambda slots: True),
        patch.object(node_step, "read_step", read_afresh),
        patch.object(lines, "line_of", lambda text: Unread(cut_line(text))),
    ):
        yield


def outcome(text: str) -> object:
    """Give the cases of a file, or all that is wrong with it."""
    try:
        return cases(parse_scenario(text, "x.toml"))
    except InvalidScenario as error:
        return error.found, error.problems


def both_ways(text: str) -> tuple[object, object]:
    quick = outcome(text)
    with the_long_way():
        return quick, outcome(text)


def test_the_long_way_makes_nothing_beforehand() -> None:
    (tokens,) = cut_line('B sends A "hi"').steps
    step = read_afresh(tokens)
    assert isinstance(step, Sentence)
    assert step.whole is not None
    with the_long_way():
        long = read_afresh(tokens)
    assert isinstance(long, Sentence)
    assert long.whole is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from(CASTS))
def test_a_random_program_is_the_same_either_way(seed: int, cast: Cast) -> None:
    text = as_file(cast, random_program(random.Random(seed), cast, 15, blocks=True))
    quick, long = both_ways(text)
    assert quick == long


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=7), max_size=6))
def test_what_is_wrong_is_the_same_either_way(lines: list[list[str]]) -> None:
    steps = "\n".join(" ".join(words) for words in lines)
    head = 'title = "x"\nusers = { A = ["phone", "web"], B = ["phone"] }\n'
    quick, long = both_ways(f"{head}matrix = {{ n = [1, 'A'] }}\nsteps = '''\n{steps}\n'''\n")
    assert quick == long


def test_every_file_of_the_corpus_is_the_same_either_way() -> None:
    for path in sorted(CORPUS.rglob("*.toml")):
        quick, long = both_ways(path.read_text(encoding="utf-8"))
        assert quick == long, path


@pytest.mark.parametrize("row", [row for row in ACTIONS if row.name in THROUGH_DEVICE])
def test_the_device_that_is_put_in_later_stands_in_the_field_device(row: ActionRow) -> None:
    (tokens,) = cut_line(row.example).steps
    step = read_afresh(tokens)
    assert isinstance(step, Sentence)
    slots = replace(step.slots, device="")
    without = make_do(NOWHERE, step, slots, row.parts)
    within = make_do(NOWHERE, step, slots, row.parts, device="tablet")
    assert replace(without.action, device="tablet") == within.action
