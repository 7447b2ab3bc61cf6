"""No input makes the reader hang, grow without bound, or raise anything but its own error."""

from __future__ import annotations

import tracemalloc

import pytest

from imcli.scenario.reading.parse import FILE_SIZE_MAX, parse_scenario
from imcli.scenario.reading.problems import PROBLEMS_MAX, InvalidScenario, visible
from tests.scenario.language import TWO, problems_of, scenario_text, wrong

TOO_MANY = "the case has more than 50,000 steps when expanded"


@pytest.mark.parametrize(
    "lines",
    [
        ("repeat 1000000000:", "  B sends"),
        ("repeat 1000:", "  repeat 1000:", "    B sends"),
        ("B sends 1000000000 messages",),
        ("repeat 1000:", "  B sends 1000 messages"),
    ],
)
def test_a_case_of_too_many_steps_is_refused_before_it_is_made(lines: tuple[str, ...]) -> None:
    tracemalloc.start()
    assert wrong(*lines) == [TOO_MANY]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_own_verbs_that_double_each_other_are_stopped() -> None:
    verbs = ['"X v0 Y" = "X sends Y 9000 messages"']
    verbs += [f'"X v{i} Y" = "X v{i - 1} Y; X v{i - 1} Y"' for i in range(1, 40)]
    assert wrong("A v39 B", tail="[verbs]\n" + "\n".join(verbs)) == [TOO_MANY]


def test_a_matrix_of_millions_is_refused_before_it_is_made() -> None:
    tail = "[matrix]\n" + "\n".join(f"p{i} = {list(range(100))}" for i in range(4))
    assert wrong("B sends", tail=tail) == ["the matrix has 100,000,000 cases, more than 10,000"]


def test_all_cases_together_have_a_bound_too() -> None:
    tail = f"[matrix]\nn = {list(range(40))}\n"
    assert wrong("B sends 40000 messages", tail=tail) == [
        "the cases of this file have more than 100,000 steps in all"
    ]


def test_a_file_of_more_than_a_mebibyte_is_refused() -> None:
    text = scenario_text("B sends") + "#" * FILE_SIZE_MAX
    assert [p.message for p in problems_of(text)] == ["the file is larger than 1 MiB"]


def test_thousands_of_problems_are_counted_and_a_hundred_shown() -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(scenario_text(*["A delets B"] * 5_000), "x.toml")
    assert len(caught.value.found) == PROBLEMS_MAX
    assert caught.value.message == "5,000 problems in x.toml"
    assert caught.value.problems[-1] == "x.toml: and 4,900 more problems"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[" * 3_000 + "]" * 3_000, "brackets or keys are nested too deeply"),
        ("[" * 60 + "]" * 60, "arrays or tables are nested too deeply"),
        ("{a=" * 60 + "1" + "}" * 60, "arrays or tables are nested too deeply"),
        ("9" * 5_000, "a number or date in this file is out of range"),
    ],
)
def test_toml_that_is_too_much_is_refused(value: str, message: str) -> None:
    text = f'title = "x"\n{TWO}x = {value}\nsteps = "wait 1s"\n'
    assert message in [p.message for p in problems_of(text)]


def test_a_very_long_line_is_shown_around_its_fault() -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(scenario_text("wait 1s;" * 5_000 + "A delets B"), "x.toml")
    (message,) = caught.value.problems
    assert len(message) < 600
    assert "A delets B" in message
    assert "^^^^^^" in message


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028"])
def test_control_characters_in_the_file_are_refused_at_their_place(character: str) -> None:
    (problem,) = problems_of(scenario_text(f'B sends "x{character}"'))
    assert problem.message == f"the control character U+{ord(character):04X}"
    assert (problem.span.line, problem.span.column) == (4, 11)


@pytest.mark.parametrize("escape", ["\\u0000", "\\u001b", "\\u2028"])
def test_control_characters_by_escape_are_refused_in_titles_and_steps(escape: str) -> None:
    assert len(problems_of(f'title = "x{escape}"\nsteps = "wait 1s"\n')) == 1
    assert len(problems_of(f'title = "x"\nsteps = "wait 1s {escape}"\n')) == 1


def test_control_characters_inside_a_text_are_welcome_as_json_escapes() -> None:
    assert wrong('B sends "\\u001b[31m[bold]\\u202e"') == []


def test_what_a_problem_shows_cannot_steer_a_terminal() -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(scenario_text('B sends "\u202e" \u200b'), "\x1b[31mx.toml")
    (message,) = caught.value.problems
    assert visible(message.replace("\n", "")) == message.replace("\n", "")
    assert "\\u202e" in message


@pytest.mark.parametrize(("text", "columns"), [("你好", 4), ("สวัสดี", 4), ("हुआ", 2), ("❤\ufe0f", 2)])
def test_a_caret_stands_below_wide_letters_and_below_those_with_marks(
    text: str, columns: int
) -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(scenario_text(f'B sends "{text}" nwo'), "x.toml")
    lines = caught.value.problems[0].split("\n")
    assert lines[2] == "     │ " + " " * (11 + columns) + "^^^"
