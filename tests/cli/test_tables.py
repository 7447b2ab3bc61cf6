from __future__ import annotations

import json

import pytest

from imcli.cli.output import carries_only_ascii, json_text, listing, single
from imcli.cli.tables import Row, Table, aligned, drawn, tabbed
from imcli.cli.text import columns_of
from tests.cli.conftest import stream

HOSTILE = [
    "[/oops]",
    "[bold]x[/bold]",
    "\x1b[31mred",
    "a\0b",
    "abc\u202edef",
    "zero\u200bwidth",
    "会话",
    "👩‍👩‍👧 emoji",
    "tab\there",
    "two\nlines",
    "\x9b31m",
    "\\n",
    '<a href="x">',
    "| # _ *",
]


def table(*texts: str) -> Table:
    rows = tuple(Row((text, "12"), {"text": text, "count": 12}) for text in texts)
    return Table(("text", "count"), rows, numbers=("count",))


def safe_for_a_terminal(text: str) -> bool:
    return all(char == "\n" or char.isprintable() or char == "\u3000" for char in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_in_every_format(text: str) -> None:
    for form in ("table", "json", "jsonl", "plain"):
        for terminal in (False, True):
            shown = listing(
                table(text), form, terminal=terminal, columns=80, color=False, ascii_only=False
            )
            assert safe_for_a_terminal(shown.replace("\t", " ") if form == "plain" else shown)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_gives_the_text_back_unchanged(text: str, ascii_only: bool) -> None:
    record = {"text": text}
    assert json.loads(json_text(record, indent=2, ascii_only=ascii_only)) == record
    assert json_text(record, indent=0, ascii_only=True).isascii()


@pytest.mark.parametrize("text", ["[/oops]", "[bold]x[/bold]", "会话"])
def test_a_drawn_table_takes_markup_for_text(text: str) -> None:
    assert text in drawn(table(text), columns=60, color=False)


def test_a_drawn_table_keeps_to_sixty_columns() -> None:
    shown = drawn(table("long " * 40, "会话" * 40), columns=60, color=False)
    assert max(columns_of(line) for line in shown.split("\n")) <= 60


def test_a_long_cell_makes_no_other_line_long_in_a_pipe() -> None:
    texts = ("x" * 50_000, "会话", "y" * 120)
    rows = tuple(Row((text, "end"), {}) for text in texts)
    head, long, *others = aligned(Table(("text", "kind"), rows)).split("\n")
    assert long == "x" * 50_000 + "  end"
    assert {columns_of(line[: line.rindex("end")]) for line in others} == {122}
    assert head.index("kind") == 122


def test_a_drawn_table_breaks_sentences_and_no_names() -> None:
    cells = ("history_for_new_members", "visible-content " * 3, "what a new member can read " * 3)
    rows = (Row(cells, {}), Row(("leave", "-", "-"), {}))
    switches = Table(("switch", "value", "meaning"), rows)
    for columns in (40, 60, 80):
        text = drawn(switches, columns=columns, color=False)
        assert "history_for_new_members" in text
        assert max(map(len, text.split("\n"))) <= columns
    assert drawn(switches, columns=40, color=False).startswith(
        "switch   history_for_new_members\n"
        "value    visible-content visible-content\n"
        "         visible-content\n"
    )
    assert drawn(switches, columns=60, color=False).startswith("switch  ")


def test_a_drawn_table_has_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" in drawn(table("a"), columns=60, color=True)
    assert "\x1b[" not in drawn(table("a"), columns=60, color=False)


def test_columns_are_aligned_by_what_a_terminal_shows() -> None:
    lines = aligned(table("会话", "e\u0301", "abcd")).split("\n")
    assert {columns_of(line) for line in lines} == {columns_of(lines[0])}


def test_plain_rows_are_split_by_tabs_and_lines_only() -> None:
    shown = tabbed(table("tab\there", "two\nlines", "back\\slash"))
    assert [line.split("\t") for line in shown.split("\n")] == [
        ["tab\\there", "12"],
        ["two\\nlines", "12"],
        ["back\\\\slash", "12"],
    ]


def test_an_empty_listing_is_an_empty_array() -> None:
    empty = table()
    assert listing(empty, "json", terminal=False, columns=80, color=False, ascii_only=False) == "[]"
    assert listing(empty, "jsonl", terminal=False, columns=80, color=False, ascii_only=False) == ""


def test_a_single_result_has_the_same_four_formats() -> None:
    record = {"a": 1}
    assert single(record, "done", ("x", "y"), "table", ascii_only=False) == "done"
    assert single(record, "done", ("x", "y"), "plain", ascii_only=False) == "x\ty"
    assert single(record, "done", ("x", "y"), "jsonl", ascii_only=False) == '{"a":1}'
    assert json.loads(single(record, "done", ("x", "y"), "json", ascii_only=False)) == record


def test_a_stream_without_utf_gets_ascii() -> None:
    made = stream()
    assert not carries_only_ascii(made)
    made.encoding = "latin-1"
    assert carries_only_ascii(made)
