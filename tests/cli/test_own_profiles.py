"""Scenario files with a profile of their own that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.cli.running.own_profiles import faults_of, profile_judge
from tests.cli.conftest import Run

GOOD = """\
title = "A deletes"
users = ["A", "B"]
steps = ["B sends", "A deletes B", "assert A does not see B"]
"""
WRONG = """\
profile = { delete_scop = "two-way", list_limit = 1, delete_scope = "foo" }
title = "t"
users = ["A", "B"]
steps = '''
A delets B
'''
"""


COMMANDS = ["run-scenario", "check-scenario", "explain-scenario", "format-scenario"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_mistake_of_a_profile_has_its_place_among_the_others(
    imcli: Run, tmp_path: Path, command: str
) -> None:
    folder = Path("cases")
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "own.toml").write_text(WRONG)
    (tmp_path / folder / "named.toml").write_text(f'# first\nprofile = "refrence"\n{GOOD}')
    ran = imcli(command, "cases")
    assert (ran.status, ran.out) == (3, "")
    assert (
        "cases/named.toml:2:11  there is no profile 'refrence' (did you mean reference?)\n"
        '   2 │ profile = "refrence"\n'
        "     │           ^^^^^^^^^^\n"
    ) in ran.err
    assert "cases/own.toml:1:13  there is no switch 'delete_scop', did you mean" in ran.err
    assert "cases/own.toml:1:69  'foo' is none of one-way, two-way" in ran.err
    assert "cases/own.toml:5:3  unknown action `delets`" in ran.err


def test_a_profile_is_judged_in_every_cell_of_a_matrix(imcli: Run, tmp_path: Path) -> None:
    matrix = '[matrix]\nscope = ["one-way", "both"]\nn = [1, 2]\n'
    text = f'profile = {{ delete_scope = "$scope" }}\n{GOOD}\n{matrix}'
    (tmp_path / "own.toml").write_text(text)
    ran = imcli("check-scenario", "own.toml")
    assert ran.status == 3
    assert "own.toml:1:28  'both' is none of one-way, two-way" in ran.err
    assert "hint: where scope = both, n = 1" in ran.err
    assert ran.err.count("is none of") == 1


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("profile = 5", "own.toml:1:11  `profile` must be a string or a table"),
        ("profile = { extends = 5 }", "own.toml:1:23  5 is not a text"),
        (
            'profile = { extends = "no", flush_interval = "x" }',
            "own.toml:1:23  there is no profile",
        ),
        ("profile.list_limit = -1", "own.toml:1:22  -1 is not a whole number"),
    ],
)
def test_a_mistake_of_a_profile_stands_at_its_value(
    imcli: Run, tmp_path: Path, profile: str, said: str
) -> None:
    (tmp_path / "own.toml").write_text(f"{profile}\n{GOOD}")
    ran = imcli("check-scenario", "own.toml")
    assert (ran.status, ran.out) == (3, "")
    assert said in ran.err


def test_steps_that_landed_in_the_profile_are_no_switch(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'title = "t"\n[profile]\nlist_limit = 1\nsteps = "B sends"\n'
    )
    ran = imcli("check-scenario", "own.toml")
    assert "`steps` landed in [profile]" in ran.err
    assert "switch" not in ran.err


def test_what_was_right_is_remembered_and_what_was_wrong_is_said_again() -> None:
    judge = profile_judge()
    assert [judge({"list_limit": 3}), judge({"list_limit": 3})] == [[], []]
    assert [len(judge({"list_limit": "x"})) for _ in range(2)] == [1, 1]
    assert [fault.unknown for fault in faults_of({"a": 1, "list_order": 2, "resend": "x"})] == [
        True,
        False,
        False,
    ]
