"""Several targets side by side: a row per case, and below the rows why cases were not run."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imcli.cli.running.columns import NAMED, ColumnsReport
from imcli.report.text import width
from imcli.scenario.events import (
    CaseFinished,
    CaseResult,
    Failure,
    Result,
    RunFinished,
    RunStarted,
)
from imcli.scenario.syntax import Span
from imcli.targets.base import Identity
from tests.cli.conftest import Run

COLUMNS = 80
SIM = Identity("sim", "sim", "reference")
OLD = Identity("sim:wukongim-2.1.3", "sim", "wukongim", (2, 1, 3))
NEW = Identity("sim:wukongim-2.1.5", "sim", "wukongim", (2, 1, 5))


def case(name: str, target: Identity, result: Result = "passed", reason: str = "") -> CaseResult:
    return CaseResult(name, name, "A title", target, result, reason)


def lacks(target: Identity, line: int = 1) -> str:
    return f'needs "settings", which {target.name} does not have (line {line}: A pins B)'


def below(*rows: tuple[CaseResult, ...], whole: bool = True) -> list[str]:
    """What stands between the rows and the last line."""
    lines: list[str] = []
    report = ColumnsReport(lines.append, columns=COLUMNS, color=False, show="failures", whole=whole)
    report.handle(RunStarted("imcli", tuple(case.target for case in rows[0]), len(rows)))
    for row in rows:
        for each in row:
            report.handle(CaseFinished(each))
    report.handle(RunFinished((("passed", 1),), 0))
    assert lines[-1] == "1 passed"
    return [line for line in lines[1 + len(rows) : -1] if line]


def test_a_case_that_was_skipped_says_why_below_the_rows() -> None:
    row = (case("a.toml", SIM), case("a.toml", OLD, "skipped", lacks(OLD)))
    assert below(row) == [f"skipped          a.toml  on sim:wukongim-2.1.3  {lacks(OLD)}"]


def test_a_known_failure_says_its_reason() -> None:
    row = (case("a.toml", SIM), case("a.toml", OLD, "known failure", "WuKongIM#343"))
    assert below(row) == ["known failure    a.toml  on sim:wukongim-2.1.3  WuKongIM#343"]


def test_targets_with_one_reason_share_a_line() -> None:
    row = tuple(case("a.toml", each, "skipped", lacks(each)) for each in (OLD, NEW))
    assert below(row) == [
        "skipped          a.toml  on sim:wukongim-2.1.3, sim:wukongim-2.1.5"
        '  needs "settings" (line 1: A pins B)'
    ]


def unusable(name: str, why: str, result: Result = "error") -> CaseResult:
    place = Span(name, 1, 1)
    failure = Failure("target", place, "", "steps", "step 1", "B sends", why)
    return replace(case(name, OLD, result, why), failures=(failure,))


def test_a_target_that_is_no_use_is_shown_with_the_first_case_and_the_others_are_counted() -> None:
    rows = [(case(f"{n}.toml", SIM), unusable(f"{n}.toml", "it is down")) for n in range(5)]
    found = below(*rows)
    assert found[0] == "4 more in error on sim:wukongim-2.1.3: it is down"
    assert "\n".join(found).count("B sends: it is down.") == 1


def test_what_was_not_said_before_is_shown_in_full() -> None:
    rows = [
        (case("a.toml", SIM), unusable("a.toml", "it is down")),
        (case("b.toml", SIM), unusable("b.toml", "it is busy")),
        (case("c.toml", SIM), unusable("c.toml", "it is down", "unknown")),
    ]
    found = "\n".join(below(*rows))
    assert "more in error" not in found
    assert (found.count("it is down."), found.count("it is busy.")) == (2, 1)


def test_many_cases_with_one_reason_are_counted() -> None:
    def rows(count: int) -> list[tuple[CaseResult, ...]]:
        return [
            (case(f"{n}.toml", SIM), case(f"{n}.toml", OLD, "skipped", lacks(OLD, n)))
            for n in range(count)
        ]

    assert below(*rows(NAMED)) == [
        'skipped          0.toml, 1.toml, 2.toml  on sim:wukongim-2.1.3  needs "settings"'
    ]
    assert below(*rows(40)) == [
        'skipped          0.toml and 39 more cases  on sim:wukongim-2.1.3  needs "settings"'
    ]


def test_on_a_terminal_a_reason_is_broken_and_not_cut() -> None:
    row = (case("a.toml", SIM), case("a.toml", OLD, "skipped", lacks(OLD)))
    found = below(row, whole=False)
    assert len(found) == 2
    assert max(map(width, found)) <= COLUMNS
    assert found[-1].endswith("(line 1: A pins B)")


@pytest.mark.parametrize("result", ["failed", "error", "unknown", "unexpected pass"])
def test_what_is_shown_in_full_is_not_said_twice(result: Result) -> None:
    row = (case("a.toml", SIM), case("a.toml", OLD, result, "why"))
    assert not [line for line in below(row) if line.startswith(f"{result:<15}  a.toml  on")]


def test_where_every_case_ran_nothing_stands_below_the_rows() -> None:
    assert below((case("a.toml", SIM), case("a.toml", OLD))) == []


def test_trying_on_two_servers_says_why_one_of_them_was_left_out(imcli: Run) -> None:
    line = "B sends A; A pins B"
    ran = imcli("try", line, "--target", "sim", "--target", "sim:wukongim-2.1.5")
    assert ran.lines[1].split() == ["passed", "skipped", "try"]
    assert ran.lines[3].startswith("skipped          try  on sim:wukongim-2.1.5  needs")
    assert lacks(NEW) in ran.out
