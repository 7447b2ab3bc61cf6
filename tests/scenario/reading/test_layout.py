"""Places in TOML: of everything that a text says, where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from imcli.scenario.reading import layout
from imcli.scenario.reading.layout import Layout
from imcli.scenario.reading.toml_text import read_toml

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


def test_every_value_of_a_text_has_its_place() -> None:
    found = Layout(TRICKY)
    for path, value in leaves(read_toml(TRICKY)):
        spot = found.spot(path)
        assert spot is not None, path
        raw = TRICKY[spot.start : spot.end]
        assert read_toml(f"x = {raw}") == {"x": value}, path


def leaves(value: object, path: layout.Path = ()) -> Iterator[tuple[layout.Path, object]]:
    """Give every value that is no table made of headers, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


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
