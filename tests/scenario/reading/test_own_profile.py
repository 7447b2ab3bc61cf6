"""What whoever knows profiles says of a file's own one becomes problems with their places."""

from __future__ import annotations

import pytest

from imcli.scenario.reading.own_profile import ProfileFault
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario

REST = 'title = "t"\nusers = ["A", "B"]\nsteps = ["B sends"]\n'


def judge(profile: dict[str, object]) -> list[ProfileFault]:
    """Know one profile and one switch, whose value is a number."""
    faults = []
    if profile.get("extends", "known") != "known":
        faults.append(ProfileFault("extends", "no such profile", "known"))
    for key, value in profile.items():
        if key not in ("extends", "limit"):
            faults.append(ProfileFault(key, "no such switch", "limit", unknown=True))
        elif key == "limit" and not isinstance(value, int):
            faults.append(ProfileFault(key, f"{value!r} is no number"))
    return faults


def problems(text: str) -> list[tuple[int, int, str, str, str]]:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(text, "f.toml", judge)
    return [
        (each.span.line, each.span.column, each.message, each.nearest, each.hint)
        for each in caught.value.found
    ]


def test_a_profile_that_is_right_is_no_problem() -> None:
    for own in ('"known"', '{ extends = "known", limit = 3 }'):
        assert parse_scenario(f"profile = {own}\n{REST}", "f.toml", judge).profile is not None


def test_a_name_that_is_none_stands_where_the_profile_does() -> None:
    found = problems(f'profile = "unknown"\n{REST}')
    assert found == [(1, 11, "no such profile", "known", "")]


def test_a_wrong_key_stands_at_the_key_and_a_wrong_value_at_the_value() -> None:
    found = problems(f'profile = {{ extends = "x", limt = 3, limit = "many" }}\n{REST}')
    assert found == [
        (1, 23, "no such profile", "known", ""),
        (1, 28, "no such switch", "limit", ""),
        (1, 46, "'many' is no number", "", ""),
    ]


def test_a_cell_of_a_matrix_in_which_it_is_wrong_is_named_once() -> None:
    matrix = '[matrix]\nn = [1, "many"]\nm = [1, 2]\n'
    found = problems(f'profile = {{ limit = "$n" }}\n{REST}{matrix}')
    assert found == [(1, 21, "'many' is no number", "", "where n = many, m = 1")]
