"""Places in TOML: what is passed over in one piece stands where the long way finds it."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest

from imcli.scenario.reading import layout
from imcli.scenario.reading.layout import Layout, Spot
from imcli.scenario.reading.parse import clean_text
from imcli.scenario.reading.toml_text import read_toml
from tests.scenario.reading.test_remembered import CORPUS

NEVER = re.compile(r"(?!)")

TRICKY = """
title = "a # b ] } \\" c"
'quo"ted' = 'x' # comment ]
"wukongim < 2" = { because = "a ] b", claim = 'c } d' }
plain = [1, 2.5, true, 1979-05-27]
deep = [[["a"], { b = ["]"] }], { c.d = 1 }]
long = [\"\"\"a"]\"\"\", '''b']''', ""]
empty = ["", '', {}, []]
many = [
  "x", # a comment ]
  "y",
]
lines = [
  "x",
  { k = "v" },
]
dotted.key.name = [{ a = 1 }]
steps = '''
B sends A "hi" ]
'''
[table]
inside = ["x"]
[table.deeper]
key = { a = ["phone", "web"], b = [] }
[[items]]
a = ["x"]
[[items]]
a = ["y", ["z"]]
"""


def places(text: str) -> tuple[dict[layout.Path, Spot], object, object]:
    found = Layout(text)
    return dict(found.spots), found.header_of, found.statements


def the_long_way(text: str) -> tuple[dict[layout.Path, Spot], object, object]:
    with patch.object(layout, "_USUAL_KEY", NEVER):
        return places(text)


@pytest.mark.parametrize("text", [TRICKY, "x = []", 'x = { a = "\\"]", b = 1 }\ny = [""]\n'])
def test_places_are_the_same_either_way(text: str) -> None:
    assert read_toml(text)
    assert places(text) == the_long_way(text)


def test_places_of_the_corpus_are_the_same_either_way() -> None:
    for path in sorted(CORPUS.rglob("*.toml")):
        text = clean_text(path.read_text(encoding="utf-8"))
        assert places(text) == the_long_way(text), path


def test_a_place_inside_brackets_is_found_when_it_is_asked_for() -> None:
    text = 'users = { A = ["phone", "web"] }\n'
    spot = Layout(text).spot(("users", "A", 1))
    assert spot is not None
    assert text[spot.start : spot.end] == '"web"'
    assert Layout(text).spot(("users", "B", 1)) is None


def test_a_place_is_said_in_lines_and_columns() -> None:
    found = Layout("a = 1\n\nb = 2")
    assert [found.position(offset) for offset in (0, 5, 6, 7, 11)] == [
        (1, 1),
        (1, 6),
        (2, 1),
        (3, 1),
        (3, 5),
    ]
