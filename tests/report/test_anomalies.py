"""Where anomalies are: ranges of versions, which the corpus must not contradict."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.model.versions import MEASURED
from imcli.report.anomalies import Anomaly, anomalies_of, load_anomalies
from imcli.scenario.reading.known_failing import matches
from imcli.scenario.reading.parse import parse_scenario
from imcli.targets.base import Identity

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def codes(*version: int) -> set[str]:
    return {each.code for each in anomalies_of(version)}


def test_the_famous_bug_is_in_one_version_and_its_successors_have_others() -> None:
    assert "A0" in codes(2, 1, 3)
    assert "A0" not in codes(2, 1, 4)
    assert "A5" in codes(2, 1, 4)
    assert "A5" not in codes(2, 1, 5)
    assert {"A2", "A9"} <= codes(2, 2, 1)
    assert not {"A2", "A9"} & codes(2, 2, 2)
    assert "A10" in codes(2, 2, 2)
    assert "A11" in codes(2, 1, 3) & codes(2, 2, 5)
    assert "A11" not in codes(2, 1, 4)


def test_severe_ones_come_first() -> None:
    found = [each.severity for each in anomalies_of((2, 2, 0))]
    assert found == sorted(found, key=("high", "medium", "low").index)
    assert len(set(found)) == 3


def test_every_anomaly_has_a_severity_and_is_in_some_version() -> None:
    named = [each for each in load_anomalies() if each.code[0] == "A"]
    assert [each.code for each in named] == [f"A{number}" for number in range(38)]
    for each in named:
        assert any(each.holds_at(version) for version in MEASURED), each.code


def test_other_causes_are_of_no_version() -> None:
    assert not Anomaly("W1", "", "").holds_at((2, 2, 5))


@pytest.mark.parametrize("version", MEASURED)
def test_a_cause_named_in_the_corpus_is_in_that_version(version: tuple[int, ...]) -> None:
    there = codes(*version)
    text = ".".join(map(str, version))
    server = Identity(f"sim:wukongim-{text}", "sim", "wukongim", version)
    named = set()
    for path in sorted(SCENARIOS.rglob("*.toml")):
        scenario = parse_scenario(path.read_text(encoding="utf-8"), str(path))
        for known in scenario.known_failing:
            code = known.because.partition(":")[0]
            if code[:1] == "A" and code[1:].isdigit() and matches(known.target, server):
                assert code in there, f"{path.name}: {code} at {text}"
                named.add(code)
    assert len(named) > 3
