"""Assertions of one block are judged in different worlds; each failure is explained by its own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.scenario.events import CaseFinished, Failure, TableRow
from imcli.scenario.running import rerun
from imcli.scenario.running.explain import ANSWERS, CACHES
from imcli.scenario.running.run import Options, run
from imcli.targets.simulated import open_simulated
from tests.scenario.language import read

EXPIRES = "B sends A as m1 with expire 5s"
LOSES = ("B sends A as m1", "link A.phone drops 1 message", "B sends A as m2")
PHONES = 'users = ["A", "B"]\n'


def failures(*lines: str) -> tuple[Failure, ...]:
    *_, last = run(read(*lines, head=PHONES), open_simulated("reference"), Options())
    assert isinstance(last, CaseFinished)
    return last.case.failures


def row(failure: Failure, device: str = "A.phone") -> TableRow:
    assert failure.table is not None
    return next(each for each in failure.table.rows if each.device == device)


def test_a_failure_before_the_clock_moved_is_shown_what_there_was_then() -> None:
    (first,) = failures(
        EXPIRES, "assert A sees B with 9 unread", "assert within 10s A does not see B"
    )
    assert row(first).cells[0].value == "1"
    assert first.table is not None
    assert first.table.legend.startswith("changed by step 1 (")
    assert first.because == ("Unread of B for A: counted from the beginning: m1, which makes 1.",)


def test_what_a_timed_assertion_changed_is_told_with_its_own_step() -> None:
    first, second = failures(
        *LOSES,
        "assert A shows B with 9 unread",
        "assert within 10s A received m2",
        "assert A shows B with 8 unread",
    )
    assert [row(each).cells[0].value for each in (first, second)] == ["1", "2"]
    assert second.table is not None
    assert second.table.legend == "changed by step 5 (assert within 10s A received m2)"
    assert "A.phone does not have m2." in first.because
    assert not any("does not have" in sentence for sentence in second.because)


def test_a_conversation_that_went_in_the_middle_of_a_block_went_at_that_assertion() -> None:
    (found,) = failures(EXPIRES, "assert A sees B", "assert for 6s B sees A", "assert A sees B")[1:]
    assert row(found).note == ("expected listed; absent since step 3 (assert for 6s B sees A)")
    assert found.because[0] == "B was listed from step 1 to step 2 (on A.phone)."


def test_assertions_that_are_judged_in_one_world_are_one_look() -> None:
    first, second = failures(
        "B sends A as m1", "assert A sees B with 2 unread", "assert A sees B with 3 unread"
    )
    assert [row(each).cells[0].expected for each in (first, second)] == ["2 unread", "3 unread"]
    assert row(second).cells[0].changed


def test_no_more_worlds_are_kept_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerun, "MOMENTS_MAX", 2)
    found = failures("B sends A as m1", *["assert within 1s A sees B with 2 unread"] * 4)
    assert [each.table is not None for each in found] == [True, True, False, False]
    assert all(each.disagreements for each in found)
    found = failures("B sends A as m1", *["assert within 1s A's history with B is empty"] * 3)
    assert [bool(each.because) for each in found] == [True, True, False]


def test_a_window_that_ends_early_is_explained_by_the_moment_in_which_it_did() -> None:
    first, second = failures(
        EXPIRES, "assert for 1m A sees B", "assert within 1m A sees B with 1 unread"
    )
    assert first.judged == "did not hold after 5 s of 1 m"
    assert row(first).note == "expected listed; absent since step 2 (assert for 1m A sees B)"
    assert row(second).note.endswith("absent since step 2 (assert for 1m A sees B)")


def test_a_deadline_that_passed_names_what_is_still_to_come() -> None:
    (found,) = failures("B sends A with expire 60s", "assert within 59s A does not see B")
    assert found.judged == "waited for 59 s; still running: an expiry in 1s"


def test_each_failure_has_the_view_of_which_it_speaks() -> None:
    sees, shows = failures(
        *LOSES, "assert A sees B with 9 unread", "assert A shows B with 9 unread"
    )
    assert [row(each).cells[0].value for each in (sees, shows)] == ["2", "1"]
    captions = [each.table.caption for each in (sees, shows) if each.table is not None]
    assert captions == [ANSWERS, CACHES]


DEEDS = st.sampled_from(
    [
        "B sends A",
        "B sends A with expire 3s",
        "link A.phone drops 1 message",
        "A deletes B",
        "A reads B",
        "wait 1s",
    ]
)
CLAIMS = st.builds(
    "assert {}A {} B with {} unread".format,
    st.sampled_from(["", "within 4s ", "for 4s ", "within 9s "]),
    st.sampled_from(["sees", "shows"]),
    st.integers(0, 3),
)


@given(st.lists(DEEDS, min_size=1, max_size=4), st.lists(CLAIMS, min_size=1, max_size=5))
def test_a_table_has_what_the_claim_above_it_saw(deeds: list[str], claims: list[str]) -> None:
    for failure in failures(*deeds, *claims):
        (found,) = failure.disagreements
        said = re.search(r"with (\d+) unread instead", found.said)
        if said is None:
            assert row(failure).note.startswith("expected ")
        else:
            assert row(failure).cells[0].value == said[1]
