"""The report on recordings: what diverges is shown whole, the rest is named, all is counted."""

from __future__ import annotations

import pytest

from imcli.conform.judged import Divergence, Judged, StateRow, counts
from imcli.report.conformance import NAMED_MAX, NARROW, WHOLE_MAX, report_lines
from imcli.report.text import width

STATE = (StateRow("A", "A@B", 2, True, 1, 0, 0, None, True, 1), StateRow("B", "A@B", 2, False))


def judged(seed: int, divergence: Divergence | None = None) -> Judged:
    place = f"r.jsonl:{seed}"
    return Judged(place, "2.2.5", "slow", "http", seed, "person", "wukongim-2.2.5", 3, divergence)


def diverged(text: str = "m1") -> Divergence:
    recorded = {"status": 200, "convs": [{"ch": "B", "unread": 1}], "note": text}
    simulated = {"status": 200, "convs": [{"ch": "B", "unread": 2}]}
    steps = ("send m1 from B to A", "sync A msg_count=10")
    return Divergence(2, "", "sync A msg_count=10", recorded, simulated, steps, STATE)


def lines(*results: Judged, columns: int = 100) -> list[str]:
    return [text for _, text in report_lines(results, columns)]


def test_agreement_is_counted_and_nothing_else_is_said() -> None:
    assert lines(judged(1), judged(2)) == [
        "wukongim-2.2.5  on 2.2.5 http slow: 2 agree, 0 diverge",
        "2 of 2 recordings agree (6 steps)",
    ]


def test_a_divergence_shows_both_sides_the_steps_and_the_state() -> None:
    said = lines(judged(1), judged(2, diverged()))
    assert said[0] == "r.jsonl:2  diverges on wukongim-2.2.5 at step 2"
    assert "  *  convs[0].unread  1         2" in said
    assert "     status           200       200" in said
    assert '  *  note             "m1"      -' in said
    assert "  *   2  sync A msg_count=10" in said
    assert any(line.split()[:4] == ["A", "A@B", "2", "yes"] for line in said)
    assert said[-1] == "1 of 2 recordings agree (6 steps)"


def test_only_the_first_divergences_are_shown_whole_and_the_others_are_bounded() -> None:
    count = WHOLE_MAX + NAMED_MAX + 5
    said = lines(*(judged(seed, diverged()) for seed in range(count)))
    assert sum("diverges on" in line for line in said) == WHOLE_MAX
    assert "  and 5 more" in said
    assert said[-1] == f"0 of {count} recordings agree ({3 * count} steps)"


def test_the_final_observation_is_named_by_its_part() -> None:
    found = Divergence(0, "rows B", "what is there after the last step", [], [{"ch": "x"}])
    assert lines(judged(1, found))[0].endswith("at after the last step: rows B")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_hostile_texts_are_visible_and_lines_stay_within_the_width(columns: int) -> None:
    said = lines(judged(1, diverged("\x1b[31m" + "x" * 500)), columns=columns)
    assert not any("\x1b" in line for line in said)
    assert max(map(width, said)) <= max(columns, NARROW)


def test_kinds_are_counted_apart() -> None:
    found = counts([judged(1), judged(2, diverged())])
    assert [(each.agree, each.diverge) for each in found] == [(1, 1)]
    assert counts([]) == ()
