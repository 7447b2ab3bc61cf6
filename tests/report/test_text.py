"""Text from elsewhere is harmless, and takes as many columns as a terminal gives it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.report.text import cut, fenced, markdown, pad, safe, width, wrap, xml, xml_lines

TEXTS = st.text(max_size=60)


@given(TEXTS)
def test_safe_text_has_nothing_invisible_in_it(text: str) -> None:
    shown = safe(text)
    assert all(c.isprintable() or c == " " or c.isspace() for c in shown)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=40))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


ESCAPES = [
    ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
    ("\u202eevil", "\\u{202e}evil"),
    ("zero\u200bwidth", "zero\\u{200b}width"),
    ("\ufeff", "\\u{feff}"),
    ("\x9b31m", "\\u{9b}31m"),
    ("\u2028", "\\u{2028}"),
    ("\U000e0041", "\\u{e0041}"),
    ("\x00", "\\u{0}"),
    ("a\r\nb\tc", "a\\r\\nb\\tc"),
    ("\ud800", "\\u{d800}"),
    ("full\u3000width", "full\u3000width"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPES)
def test_what_acts_or_hides_is_shown(text: str, shown: str) -> None:
    assert safe(text) == shown


WIDTHS = [
    ("abc", 3),
    ("会话", 4),
    ("ｆｕｌｌ", 8),
    ("한국어", 6),
    ("👍", 2),
    ("e\u0301", 1),
    ("❤\ufe0f", 2),
    ("👍\ufe0f", 2),
    ("é", 1),
]


@pytest.mark.parametrize(("text", "columns"), WIDTHS)
def test_widths_are_those_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(pad(text, 12)) == 12


@given(TEXTS.map(safe), st.integers(1, 30))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns
    assert cut(text, 1000) == text


@given(TEXTS.map(safe), st.integers(8, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, columns: int) -> None:
    lines = wrap(text, columns, "  ", "  ")
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(TEXTS)
def test_xml_of_any_text_is_read_back_as_safe_text(text: str) -> None:
    element = ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>')
    assert (element.text or "") == element.attrib["b"] == safe(text)


def test_lines_stay_lines_in_xml() -> None:
    assert xml_lines("a<\nb\x00") == "a&lt;\nb\\u{0}"


@given(TEXTS)
def test_nothing_closes_a_fence(text: str) -> None:
    lines = fenced(f"before\n{text}\nafter").split("\n")
    fence = lines[0].removesuffix("text")
    assert lines[-1] == fence
    assert not any(line.strip().startswith(fence) for line in lines[1:-1])


def test_markdown_has_no_markup_mentions_or_references() -> None:
    shown = markdown("<img> [a](b) `c` **d** @all #12 | ~e~")
    assert "\\<img\\>" in shown
    assert "\\[a\\](b)" in shown
    assert "@all" not in shown
    assert "#12" not in shown
