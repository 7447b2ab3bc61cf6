"""The table of invariants, and the page printed from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.simulator.switches import SWITCH_BY_NAME
from imcli.trace.catalogue import INVARIANTS, judged, manual
from imcli.trace.convergence import CHECKS
from imcli.trace.safety import PREDICATES

PAGE = Path(__file__).parents[2] / "docs" / "invariants.md"
PRINT = (
    "python -c \"from imcli.trace.catalogue import manual; print(manual(), end='')\""
    " > docs/invariants.md"
)


def test_there_are_twenty_five_with_a_name_and_a_sentence_each() -> None:
    assert [row.number for row in INVARIANTS] == list(range(1, 26))
    assert len({row.name for row in INVARIANTS}) == 25
    assert all(row.sentence.endswith(".") for row in INVARIANTS)


def test_what_needs_a_second_view_is_checked_when_settled_and_the_rest_after_each_step() -> None:
    settled = {row.number for row in INVARIANTS if row.when == "settled"}
    assert settled == set(CHECKS) == {8, 9, 21, 22, 23, 24}
    assert not settled & set(PREDICATES)


def test_exceptions_name_switches_and_values_that_profiles_have() -> None:
    for row in INVARIANTS:
        for switch, value in row.exceptions:
            assert str(value) in SWITCH_BY_NAME[switch].values[1:]


@pytest.mark.parametrize(
    ("switch", "value", "excepted"),
    [
        ("on_message_after_delete", "stay-hidden", {2}),
        ("delete_kind", "physical", {3, 7}),
        ("delete_history", "kept", {3}),
        ("block_feedback", "pretend", {1, 14}),
        ("delete_scope", "two-way", {8}),
        ("delete_scope", "one-way", set()),
    ],
)
def test_a_switch_value_declares_its_exceptions(
    switch: str, value: str, excepted: set[int]
) -> None:
    assert set(range(1, 26)) - judged({switch: value}) == excepted


def test_the_manual_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), f"print it anew: {PRINT}"
