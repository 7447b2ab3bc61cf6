"""Comments stay, wherever TOML and the language allow one, and stay in their order."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.format import format_scenario
from imcli.scenario.reading.parse import parse_scenario

HEAD = 'title = "x"\nusers = ["A", "B"]\nsteps = "B sends A"\n'

PLACES = """\
@title = "x"@
@
users = {@A = ["phone",@"web"@],@B = ["phone"]@}@
covers = [@"a#1"@,@"b#2",@]@

tags=["t"]@
timing  =  { within = "1s" }@
given = '''@
B sends A@
'''@
steps = \"\"\"@
   B sends A "# no comment" as m1@
@
   repeat  2:@
@
        B  sends   A ; A reads B@
@
   assert table:@
@
      device conversation@
@
      A B@
      B A@
@
   assert A  sees B@
   together:@
      A deletes B@
@
      B sends A  @
@
\"\"\"@
cleanup = [@"wait 1s"@,@
'B sends A # c0 a comment that stands in a string'@,@
]@
[known_failing]@
sim="#1"@
@
"wukongim<2" = {@because = "#2"@,@claim = "A sees B"@}@
@
[matrix]@
n=[@1@,@2@]@
[[matrix.exclude]]@
n = 2@
[verbs]@
"X greets Y" = [@"X sends Y"@,@]@
@"""
"""A file in which `@` stands at every place where a comment may."""


def commented(rng: random.Random, likely: float) -> tuple[str, int]:
    """Write the file with comments at some of the places, each with a number of its own."""
    parts = PLACES.replace("\n@\n", "\n" + "@\n" * rng.randint(1, 2)).split("@")
    text, count = parts[0], 0
    for part in parts[1:]:
        in_line = not part.startswith("\n") and part != ""
        if rng.random() < likely:
            count += 1
            text += f"{rng.choice(['', ' ', '   '])}# c{count} text"
            text += "\n" if in_line else ""
        elif in_line and rng.random() < 0.3:
            text += "\n" * rng.randint(1, 3)
        text += part
    return text, count


def comments(text: str) -> list[str]:
    return re.findall(r"# c\d+", text)


def spoken(text: str) -> list[list[str]]:
    return [
        [step.text for step in (*case.given, *case.steps, *case.cleanup)]
        for case in cases(parse_scenario(text, "x.toml"))
    ]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([0.1, 0.5, 1.0]))
def test_a_comment_survives_at_every_place_where_a_file_may_have_one(
    seed: int, likely: float
) -> None:
    rng = random.Random(seed)
    text, count = commented(rng, likely)
    formatted = format_scenario(text)
    assert comments(formatted) == comments(text)
    assert len(comments(text)) == count + 1
    assert format_scenario(formatted) == formatted
    assert spoken(formatted) == spoken(text)
    assert format_scenario(text.replace("\n", "\r\n")) == formatted
    assert format_scenario(text + "\n") == formatted


@pytest.mark.parametrize(
    "end", ["# end", "\n\n# end", "# one\n# end", "   # end", "[timing] # end"]
)
def test_the_last_comment_stays_where_no_line_ends_behind_it(end: str) -> None:
    formatted = format_scenario(HEAD + end)
    assert formatted.endswith("# end\n")
    assert format_scenario(HEAD + end + "\n") == formatted
    assert format_scenario(formatted) == formatted


def test_a_comment_behind_the_last_value_stays_where_no_line_ends_behind_it() -> None:
    assert format_scenario(HEAD.rstrip("\n") + " # end") == HEAD.rstrip("\n") + " # end\n"
