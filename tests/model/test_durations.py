"""Durations: what is written is read back, and nothing is longer than a hundred years."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.model.durations import DURATION_MAX_MS, duration_ms, format_duration, spell_duration


@given(st.integers(0, DURATION_MAX_MS))
def test_what_is_written_is_read_back(duration: int) -> None:
    assert duration_ms(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["", "5", "5 s", "-5s", "5y", "1.5s", "36501d", "9" * 16 + "s"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert duration_ms(text) is None


@given(st.integers(0, DURATION_MAX_MS))
def test_a_duration_is_said_with_a_unit_of_its_own_word(duration: int) -> None:
    number, unit = spell_duration(duration).split(" ")
    assert float(number) >= 0
    assert duration_ms(f"1{unit}") is not None
