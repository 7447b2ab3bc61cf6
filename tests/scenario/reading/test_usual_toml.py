"""TOML of the usual shape: what is read without tomli is what tomli reads, places and all."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imcli.scenario.reading.layout import Layout
from imcli.scenario.reading.parse import clean_text
from imcli.scenario.reading.toml_text import TomlFault, read_toml
from imcli.scenario.reading.usual_toml import read_placed_toml, read_usual
from imcli.scenario.table.tokens import CONTROL
from tests.scenario.reading.test_layout import TRICKY
from tests.scenario.reading.test_remembered import CORPUS

PIECES = st.sampled_from(
    [
        *("a", "b", "title", "1", '"quoted key"', "'literal key'", "steps", "a.b", '""'),
        *("=", " = ", "=", "\t=\t", "\n", "\n", "\n\n", " ", ",", ", ", ",\n  ", "."),
        *("[", "]", "[ ", " ]", "{", "}", "{ ", " }", "[a]", "[b]", "[a.b]", "[[a]]", "[ a ]"),
        *('"text"', "'text'", '""', "''", '"a ] b"', "'} c'", '"it\'s"', "'say \"x\"'"),
        *('"', "'", '"""', "'''", '"""x"""', "'''\nx\n'''", "'''it's''''", '"""a""""'),
        *("1", "0", "00", "-1", "+1", "1.5", "1_000", "1979-05-27", "true", "false", "truex"),
        *("# comment", '# ] } "', "\\\\", "\\n", "\\u0041", "é", "\u2029", "\x85", "0x1", "inf"),
    ]
)
STATEMENTS = st.sampled_from(
    [
        'title = "x"',
        "title = 'x' # said",
        'users = { A = ["phone", "web"], B = [] }',
        'users = ["A", "B"]',
        "steps = '''\nB sends A \"hi\"\n'''",
        "steps = [\n  'B sends A',  # why\n]",
        "steps = [\n  'B sends A',\n  \"A deletes B\"\n]",
        "matrix = { n = [1, 20, true], exclude = [{ n = 1 }] }",
        "[known_failing]",
        '"wukongim < 2.1.5" = { because = "x", claim = "A sees B" }',
        '"*" = "x"',
        "format = 1",
        'about = """\nlong\n"""',
        "a.b = 1",
        "[verbs]",
        "",
        "# a comment",
    ]
)


def check(text: str) -> bool:
    """Hold a text against tomli; says whether it is of the usual shape."""
    usual = read_usual(text)
    if usual is None:
        return False
    data, layout = usual
    assert data == read_toml(text)
    other = Layout(text)
    assert layout.spots == other.spots
    assert layout.header_of == other.header_of
    assert layout.statements == other.statements
    assert list(map(layout.position, range(len(text)))) == list(
        map(other.position, range(len(text)))
    )
    return True


def may_come(text: str) -> bool:
    """Tell whether a text comes so far: control characters are refused before."""
    return not CONTROL.search(text.replace("\n", "").replace("\t", ""))


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14))
@example(["a", "=", '"""x"""', "\n"])
def test_pieces_of_toml_are_read_as_tomli_reads_them(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert not may_come(text) or check(text) in (True, False)


@settings(max_examples=200, deadline=None)
@given(st.lists(STATEMENTS, max_size=8), st.integers(0, 1 << 32))
def test_statements_are_read_as_tomli_reads_them(lines: list[str], seed: int) -> None:
    text = "\n".join(lines)
    assert check(text) in (True, False)
    rng = random.Random(seed)
    for _ in range(3):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice("\"'{}[]#;:,=\n\t A1$\\.") + text[at + rng.randrange(2) :]
        assert check(text) in (True, False)


def test_the_corpus_is_read_as_tomli_reads_it_and_most_of_it_here() -> None:
    texts = [clean_text(path.read_text(encoding="utf-8")) for path in CORPUS.rglob("*.toml")]
    assert sum(check(text) for text in texts) > 0.9 * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        TRICKY,
        "a = 1\na = 2",
        "[a]\n[a]",
        "a = {}\n[a]",
        "a = { b = 1, b = 2 }",
        "a = [1 2]",
        "a = [1}",
        "a = {b = 1]",
        "a = 1 b = 2",
        "a = [[[[[[1]]]]]]",
        'a = "\\n"',
        "a = '''it's''''",
        "a = 1979-05-27",
        "a =",
        "a",
        "[a",
        "[a] b",
        "a = '''x",
    ],
)
def test_what_is_unusual_or_wrong_is_left_to_tomli(text: str) -> None:
    assert read_usual(text) is None
    assert told(lambda: read_placed_toml(text)[0]) == told(lambda: read_toml(text))


def told(read: Callable[[], object]) -> object:
    """Give what was read, or what is wrong and where."""
    try:
        return read()
    except TomlFault as fault:
        return fault.message, fault.line, fault.column, fault.hint


def test_what_is_usual_is_read_here() -> None:
    text = 'a = "x"\nb = { c = [1, true, "y"], d = { e = [] } }\n[f]\n"g h" = 0  # end'
    assert check(text)
    assert read_placed_toml(text)[0] == {
        "a": "x",
        "b": {"c": [1, True, "y"], "d": {"e": []}},
        "f": {"g h": 0},
    }
