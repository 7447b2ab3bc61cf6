"""A known failure that stands alone is written on one line, and nothing else is."""

from __future__ import annotations

import tomllib

import pytest

from imcli.scenario.reading.format import format_scenario
from imcli.scenario.reading.lone_failure import WIDTH

HEAD = 'title = "x"\nusers = ["A", "B"]\nsteps = "B sends A"\n'
TABLE = '\n[known_failing]\n"wukongim < 2.1.5" = "A#1"\n'
LINE = 'known_failing = { "wukongim < 2.1.5" = "A#1" }\n'


def test_a_lone_known_failure_is_written_on_one_line_behind_what_stands_above() -> None:
    assert format_scenario(HEAD + TABLE) == HEAD + LINE
    assert format_scenario(HEAD + LINE) == HEAD + LINE


def test_what_the_file_says_is_the_same_afterwards() -> None:
    assert tomllib.loads(format_scenario(HEAD + TABLE)) == tomllib.loads(HEAD + TABLE)


def test_tables_below_it_stay_tables() -> None:
    below = '\n[timing]\nwithin = "2s"\n'
    assert format_scenario(HEAD + TABLE + below) == HEAD + LINE + below


def test_a_comment_above_it_stays_above_it() -> None:
    assert format_scenario(HEAD + "\n# why\n" + TABLE.lstrip()) == HEAD + "\n# why\n" + LINE


@pytest.mark.parametrize(
    "table",
    [
        TABLE + '"wukongim = 2.2.0" = "A#2"\n',
        TABLE.rstrip() + "    # since 2.1.5\n",
        TABLE.replace("]\n", "]\n# why\n"),
        '\n[known_failing]\n"sim" = { because = "A#1", claim = "A sees B" }\n',
        f'\n[known_failing]\n"sim" = "{"long " * (WIDTH // 5)}"\n',
        '\n[timing]\nwithin = "2s"\n' + TABLE,
    ],
    ids=["two of them", "a comment behind", "a comment inside", "a claim", "too long", "below"],
)
def test_every_other_table_stays_a_table(table: str) -> None:
    head = HEAD.replace('"B sends A"', '["B sends A", "assert A sees B"]')
    assert format_scenario(head + table) == head + table


def test_a_line_may_be_as_wide_as_the_bar_and_no_wider() -> None:
    room = WIDTH - len('known_failing = { "sim" = "" }')
    for extra, lines in ((0, 4), (1, 6)):
        table = f'\n[known_failing]\n"sim" = "{"x" * (room + extra)}"\n'
        assert format_scenario(HEAD + table).count("\n") == lines
