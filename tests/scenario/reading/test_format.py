from __future__ import annotations

import tomllib

import pytest

from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.format import format_scenario
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario
from tests.scenario.reading.test_parse import SEED, SHORTEST

UNTIDY = (
    '''

  # head
title="x"   # c
users =["A",  "B"]


# about the scene
given='B sends  3 message as m'
about = """
keep   this
"""
steps = """

   repeat   2:
         B  sends "x"   as k # c


         # deep
         together:
           A deletes B; B   sends
           B reads A


   assert table:
        device conversation unread   last
        A.phone B * "a  b"   # row
        B.phone   A   - -
   assert   A’s history with B is m1 , m2  or A sees B with last k2, 2 unread
   A  greets   B

"""
cleanup = ["wait  1s", 'B sends "it"', "B sends \\"it's\\""]
[timing]
within="2s"
[matrix]
n=[1]
[verbs]
"X greets Y" = "X  sends   Y '''.rstrip()
    + ' \\"$n\\""\n'
)

TIDY = """\
# head
title = "x"   # c
users = ["A",  "B"]

# about the scene
given = 'B sends 3 messages as m'
about = \"\"\"
keep   this
\"\"\"
steps = '''
repeat 2:
  B sends "x" as k           # c

  # deep
  together:
    A deletes B; B sends
    B reads A

assert table:
  device   conversation  unread  last
  A.phone  B             *       "a  b"  # row
  B.phone  A             -       -
assert A's history with B is m1, m2 or A sees B with 2 unread, last k2
A greets B
'''
cleanup = ["wait 1s", 'B sends "it"', "B sends \\"it's\\""]

[timing]
within = "2s"

[matrix]
n = [1]

[verbs]
"X greets Y" = "X sends Y \\"$n\\""
"""


@pytest.mark.parametrize("text", [SEED, SHORTEST, TIDY])
def test_what_is_canonical_stays_as_it_is(text: str) -> None:
    assert format_scenario(text) == text


def test_what_is_untidy_becomes_canonical_and_keeps_its_comments() -> None:
    assert format_scenario(UNTIDY) == TIDY


def test_formatting_changes_nothing_that_a_file_says() -> None:
    before, after = (cases(parse_scenario(text, "x.toml")) for text in (UNTIDY, TIDY))
    assert [[step.text for step in case.steps] for case in before] == [
        [step.text for step in case.steps] for case in after
    ]
    assert [case.title for case in before] == [case.title for case in after]


def test_a_text_that_is_empty_is_a_text_all_the_same() -> None:
    """Without it the case would write a text of its own: `message 1`."""
    text = SHORTEST.replace('["B sends"', '["B sends A \\"\\""')
    assert text != SHORTEST
    assert format_scenario(text) == text


def test_a_comment_behind_a_step_keeps_its_column_where_it_can() -> None:
    text = SHORTEST.replace(
        '["B sends"', "'''\nB  sends     # one\nB sends   A \"long\" # two\n'''\n#"
    )
    lines = format_scenario(text).split("\n")
    assert lines[3] == "B sends      # one"
    assert lines[4] == 'B sends A "long"   # two'


@pytest.mark.parametrize(
    "line", ["B sends A \"it'''s\\\\n\"", "A deletes B  # it'''s", 'B sends A ""  # \\"""\'\'\'']
)
def test_steps_that_hold_the_end_of_a_long_string_stay_whole(line: str) -> None:
    escaped = line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text = f'title = "x"\nusers = ["A", "B"]\nsteps = """\n{escaped}\n"""\n'
    formatted = format_scenario(text)
    assert format_scenario(formatted) == formatted
    assert tomllib.loads(formatted)["steps"] == f"{line}\n"


def test_steps_with_matrix_names_keep_their_words() -> None:
    steps = "steps = '''\nB   sends  $n messages ;A.$d deletes B\n'''\n"
    text = f'title = "x"\nusers = ["A", "B"]\n{steps}'
    text += '\n[matrix]\nn = [1, 2]\nd = ["phone"]\n'
    assert "\nB sends $n messages; A.$d deletes B\n" in format_scenario(text)


def test_a_file_that_is_wrong_is_not_formatted() -> None:
    with pytest.raises(InvalidScenario):
        format_scenario(SHORTEST.replace("deletes", "delets"))


def test_no_hidden_character_of_a_text_stays_hidden() -> None:
    steps = 'B sends A "a\u202eb"\nB sends A "$n\u2066"\nA greets "\ufeff"\n'
    text = f"title = \"x\"\nusers = [\"A\", \"B\"]\nsteps = '''\n{steps}'''\n"
    text += "[matrix]\nn = [1]\n[verbs]\n\"X greets Y\" = 'X sends B Y'\n"
    formatted = format_scenario(text)
    assert formatted.isascii()
    assert format_scenario(formatted) == formatted
    before, after = (cases(parse_scenario(one, "x.toml")) for one in (text, formatted))
    assert [step.text for step in before[0].steps] == [step.text for step in after[0].steps]
