"""Hostile scenario files at their limits: short messages, bounded lists, nothing that hangs."""

from __future__ import annotations

import pytest

from imcli.model.errors import InvalidInput
from imcli.scenario.checking.mismatch import SPOKEN_MAX, spoken
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import SAID_MAX

HEAD = 'title = "t"\nusers = ["A", "B"]\n'


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as caught:
        cases(parse_scenario(text, "x.toml"))
    return caught.value.problems


@pytest.mark.parametrize(
    "step",
    [
        "x" * 300_000,
        "B sends A with payload " + "[" * 5_000 + "]" * 5_000,
        "B sends A with number " + "9" * 100_000,
        "assert A sees " + ", ".join(["Z"] * 20_000),
    ],
)
def test_a_word_without_an_end_does_not_make_a_message_without_an_end(step: str) -> None:
    found = problems(f"{HEAD}steps = '''\n{step}\n'''")
    assert found
    assert all(len(said) < 4 * SAID_MAX for said in found)


@pytest.mark.parametrize("text", ["\ud800", "\ufeff\ufeff", "\0", "[" * 100_000, "a." * 50_000])
def test_what_is_hardly_a_file_is_refused(text: str) -> None:
    assert problems(text)


def test_a_number_beyond_all_numbers_is_no_json() -> None:
    for value in ("1e999", "NaN", "[-Infinity]"):
        assert problems(f"{HEAD}steps = '''\nB sends A with payload {{\"a\": {value}}}\n'''")


def test_a_very_long_list_is_said_by_its_two_ends() -> None:
    names = [f"m{n}" for n in range(1, 100_001)]
    assert spoken(names).startswith("m1, m2, ")
    assert spoken(names).endswith(
        ", m20, … (99,975 more) …, m99996, m99997, m99998, m99999, m100000"
    )
    assert spoken(names[:SPOKEN_MAX]).count("m") == SPOKEN_MAX
