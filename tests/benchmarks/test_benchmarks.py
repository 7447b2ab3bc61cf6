"""Each benchmark runs at a tiny size; how quick anything is, is no business of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import BEGIN, BENCHMARKS, END, main, measure, with_table
from benchmarks.behaviours import behaviour, write_both
from benchmarks.cases import parsed, play
from benchmarks.figures import Figure, markdown_table

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_at_a_tiny_size(name: str) -> None:
    figures = measure(name, 0.002)
    assert figures
    for figure in figures:
        assert figure.value > 0
        assert all(isinstance(cell, str) for cell in figure.cells())


def test_every_file_that_measures_is_in_the_table() -> None:
    files = sorted(ROOT.glob("benchmarks/*.py"))
    measuring = {file.stem for file in files if "def measure(scale" in file.read_text("utf-8")}
    assert measuring == set(BENCHMARKS)


def test_a_bar_is_met_or_missed_in_its_own_direction() -> None:
    assert Figure("rate", 10, "steps/s", 5).met
    assert not Figure("rate", 4, "steps/s", 5).met
    assert Figure("ratio", 0.3, "×", 0.4, at_most=True).met
    assert not Figure("ratio", 0.5, "×", 0.4, at_most=True).met
    assert Figure("curve", 1, "µs").met is None


def test_the_table_replaces_what_stands_between_the_markers() -> None:
    table = markdown_table([Figure("rate", 10, "steps/s", 5)])
    text = with_table(f"head\n{BEGIN}\nold\n{END}\ntail\n", table)
    assert "old" not in text
    assert "| rate | 10.0 steps/s | ≥ 5.00 steps/s | met |" in text
    assert text.startswith("head\n")
    assert text.endswith("\ntail\n")
    assert with_table(text, table) == text


def test_a_text_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        with_table("head\n", "table")


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sped"])
    assert "there is no benchmark 'sped'" in capsys.readouterr().err


def test_a_behaviour_is_the_same_every_time_and_of_the_size_asked_for() -> None:
    assert behaviour(7, 12) == behaviour(7, 12)
    assert len(behaviour(7, 12)) == 12
    assert behaviour(7, 12) != behaviour(8, 12)


def test_both_ways_of_writing_say_the_same(tmp_path: Path) -> None:
    scenarios, features = write_both(tmp_path, 3)
    for scenario in scenarios.glob("*.toml"):
        case = parsed(scenario.read_text("utf-8"))
        feature = (features / f"{scenario.stem}.feature").read_text("utf-8")
        steps = [line for line in feature.splitlines() if line.startswith("    ")]
        assert len(steps) == len(case.steps)
        assert play(case).result == "passed"


def test_the_readme_has_the_place_for_the_table() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert with_table(text, "table").count("table") >= 1
