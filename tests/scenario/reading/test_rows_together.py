from __future__ import annotations

import pytest

from tests.scenario.language import TWO, problems_of, scenario_text, wrong

NOTHING = "a row that says that a device has nothing has `-` in every other cell"
HEADER = "  device   conversation  unread"


def complaints(*rows: str, header: str = HEADER) -> list[tuple[int, int, str]]:
    """Give line, column and message of what is wrong with a table; its first row is in line 6."""
    text = scenario_text("assert table:", header, *(f"  {row}" for row in rows), head=TWO)
    return [(p.span.line, p.span.column, p.message) for p in problems_of(text)]


@pytest.mark.parametrize(
    ("rows", "column", "message"),
    [
        (("A.phone B 1", "A.phone - -"), 3, "A.phone has something by line 6"),
        (("A.phone - -", "A.phone B 1"), 3, "line 6 says that A.phone has nothing"),
        (("A.phone - -", "A.phone - -"), 3, "line 6 is already about A.phone and nothing"),
        (("A.phone B 1", "A.phone B 1"), 3, "line 6 is already about A.phone and B"),
        (("A.phone B 1", "A.phone B 2"), 3, "line 6 is already about A.phone and B"),
        (("A.web B 1", "A B 1"), 3, "line 6 is already about A.web and B"),
        (("A B 1", "A.web - -"), 3, "A.web has something by line 6"),
        (("B.phone A 1", "* - -"), 3, "B.phone has something by line 6"),
        (("A.phone * 1", "A.phone - -"), 3, "A.phone has something by line 6"),
        (("A.web B 1", "A.phone - *"), 13, NOTHING),
        (("A.web B 1", "A.phone - 1"), 13, NOTHING),
        (("A.web B 1", "A.phone * *"), 3, "this row says nothing"),
        (("A.web B 1", "* * *"), 3, "this row says nothing"),
    ],
)  # fmt: skip
def test_rows_that_cannot_all_be_meant_are_refused(
    rows: tuple[str, ...], column: int, message: str
) -> None:
    assert complaints(*rows) == [(7, column, message)]


@pytest.mark.parametrize(
    "rows",
    [
        ("A.phone B 1", "A.web - -", "B A 0"),
        ("A - -", "B - -"),
        ("* - -",),
        ("A.phone * 1", "A.phone * 1", "A.phone B 0"),
        ("A.phone B *", "* * 1"),
        ("A.phone * -",),
    ],
)
def test_rows_that_can_all_be_meant_are_read(rows: tuple[str, ...]) -> None:
    assert complaints(*rows) == []


def test_a_wrong_header_hides_nothing_of_the_rows() -> None:
    header = "  device   conversation  flavour  unread"
    assert complaints("A.phone C sweet x", "A.fone B", "A.web - - 1", header=header) == [
        (5, 26, "unknown column `flavour`"),
        (6, 11, "unknown user `C` (there are A, B)"),
        (6, 19, "an unread count is a number, `-` or `*`"),
        (7, 3, "2 cells below 4 columns"),
        (8, 13, NOTHING),
    ]


def test_a_missing_column_hides_nothing_of_the_rows() -> None:
    assert complaints("A.fone 1", header="  device unread") == [
        (5, 3, "the column `conversation` is missing"),
        (6, 3, "A has no device `fone` here (there are A.phone, A.web)"),
    ]


def test_the_same_row_in_two_tables_is_no_contradiction() -> None:
    table = ("assert table:", HEADER, "  A.phone - -")
    assert wrong(*table, "B sends A", "assert table:", HEADER, "  A.phone B 1") == []


@pytest.mark.parametrize(
    ("row", "nearest"),
    [
        ("A.phone B", "A.phone B *"),
        ("A.phone B 1 2", "A.phone B 1"),
        ("A.phone B one", "*"),
        ("- B 1", "*"),
        ("A.phone - *", "-"),
        ("A.phone team 1", "#team"),
    ],
)
def test_the_nearest_row_or_cell_is_shown(row: str, nearest: str) -> None:
    head = 'users = ["A", "B"]\ngroups = { team = ["A"] }\n'
    text = scenario_text("assert table:", HEADER, f"  {row}", head=head)
    assert [p.nearest for p in problems_of(text)] == [nearest]


def test_the_nearest_header_is_shown() -> None:
    text = scenario_text("assert table:", "  unread device", "  1 A.phone", head=TWO)
    assert [p.nearest for p in problems_of(text)] == ["device conversation unread"]
