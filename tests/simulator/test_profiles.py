"""Switches as data: profiles, their values, their durations, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.model.durations import format_duration
from imcli.model.errors import InvalidInput
from imcli.simulator.manual import page
from imcli.simulator.profiles import (
    REFERENCE,
    build_profile,
    builtin_names,
    load_profile,
    parse_duration,
)
from imcli.simulator.switches import OF_THE_REFERENCE, SWITCH_BY_NAME, SWITCHES

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"
PRINT = (
    "python -c \"from imcli.simulator.manual import page; print(page(), end='')\""
    " > docs/profiles.md"
)


def test_the_reference_is_the_first_value_of_every_switch() -> None:
    for switch in SWITCHES:
        if switch.kind == "choice":
            assert REFERENCE.switches()[switch.name] == switch.values[0]
    assert REFERENCE.differences() == {}


def test_every_value_of_a_choice_has_words_of_its_own() -> None:
    for switch in (each for each in SWITCHES if each.kind == "choice"):
        words = [switch.meaning(value) for value in switch.values]
        assert len(set(words)) == len(words)
        assert all(each.startswith(f"{switch.sentence}: ") for each in words)


def test_the_page_of_profiles_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run: {PRINT}"


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_profile_loads_and_says_what_it_is(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert name == "reference" or (profile.about and profile.differences())


@pytest.mark.parametrize(
    ("name", "switch"),
    [
        ("physical-delete", {"delete_kind": "physical"}),
        ("two-way", {"delete_scope": "two-way"}),
        ("keeps-history", {"delete_history": "kept"}),
        ("stays-hidden", {"on_message_after_delete": "stay-hidden"}),
        ("rejects", {"on_message_after_delete": "reject"}),
        ("requests", {"on_message_after_delete": "request"}),
    ],
)
def test_the_small_profiles_differ_in_one_switch(name: str, switch: dict[str, str]) -> None:
    assert load_profile(name).differences() == switch


@pytest.mark.parametrize("name", ["referense", "../reference", "", "wukongim-9.9.9"])
def test_an_unknown_profile_is_an_error_with_a_hint(name: str) -> None:
    with pytest.raises(InvalidInput, match="there is no profile") as caught:
        load_profile(name)
    assert caught.value.hint


def test_a_table_sets_switches_over_a_parent() -> None:
    table: dict[str, object] = {
        "extends": "two-way",
        "resend_after": "250ms",
        "resend_count": 2,
        "own_send_reads": False,
        "about": "mine",
    }
    profile = build_profile(table)
    assert (profile.delete_scope, profile.resend_after, profile.resend_count) == (
        "two-way",
        250,
        2,
    )
    assert profile.name == "two-way+resend_after=250ms,resend_count=2,own_send_reads=False" or (
        profile.name.startswith("two-way+resend_after=")
    )
    assert build_profile({"extends": "two-way"}).name == "two-way"


def test_all_problems_of_a_table_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        build_profile(
            {
                "delete_knd": "physical",
                "zzzz": 1,
                "delete_kind": "gone",
                "own_send_reads": "yes",
                "resend_count": -1,
                "list_limit": True,
                "resend_after": "5",
            }
        )
    problems = caught.value.problems
    assert len(problems) == 7
    assert "did you mean 'delete_kind'" in problems[0]
    assert problems[1] == "there is no switch 'zzzz'"


def test_what_a_version_of_wukongim_does_is_no_choice() -> None:
    assert set(SWITCH_BY_NAME) > OF_THE_REFERENCE
    for name in OF_THE_REFERENCE:
        parent = load_profile("wukongim-2.1.3")
        values = (v == "true" if v in ("true", "false") else v for v in SWITCH_BY_NAME[name].values)
        for value in values:
            table = {"extends": parent.name, name: value}
            if value == getattr(parent, name):
                assert getattr(build_profile(table), name) == value
                continue
            with pytest.raises(InvalidInput, match=f"{name}: no choice over wukongim-2.1.3"):
                build_profile(table)
            assert build_profile({**table, "version": [1, 0]}).version == (1, 0)


def test_durations_are_written_with_the_largest_unit() -> None:
    assert [format_duration(ms) for ms in (0, 250, 5_000, 60_000, 3_600_000, 86_400_000)] == [
        "0s",
        "250ms",
        "5s",
        "1m",
        "1h",
        "1d",
    ]


@pytest.mark.parametrize("text", ["", "5", "5 s", "-5s", "5y", "1e3s", "9999999999999s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)
