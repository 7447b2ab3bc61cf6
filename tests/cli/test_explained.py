"""`explain-scenario`: every step as it was resolved, and no need that nobody has."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.cli.running.explained import explained
from tests.cli.conftest import Run
from tests.scenario.language import read

HEAD = 'users = ["A", "B"]\n'


def lines(*steps: str) -> list[str]:
    return [line.strip() for line in explained(read(*steps, head=HEAD)).split("\n")]


@pytest.mark.parametrize("ending", ["and may be refused", "but is refused with unsupported"])
def test_what_is_tried_anyway_needs_nothing(ending: str) -> None:
    found = lines('backend sends A "hi" from B', f"A pins B {ending}")
    assert not any(line.startswith("needs settings") for line in found)


def test_what_must_be_done_or_is_refused_otherwise_is_needed() -> None:
    for step in ("A pins B", "A pins B but is refused with blocked"):
        assert any(line.startswith("needs settings") for line in lines("B sends A", step))


def test_a_needy_step_in_a_branch_is_named_even_if_another_is_tried_anyway() -> None:
    found = lines("together:", "  A clears B and may be refused", "  A pins B")
    needs = [line.split()[1] for line in found if line.startswith("needs ")]
    assert "settings" in needs
    assert "clear" not in needs


def test_branches_and_rows_of_tables_stand_among_the_steps() -> None:
    found = lines(
        "together:",
        "  B sends A as m1; A deletes B",
        "  A sends B",
        "assert table:",
        "  device  conversation  last",
        "  A.phone  B  m1",
        '  B.phone  A  "日本"',
    )
    at = found.index("1  together:")
    assert found[at + 1 : at + 7] == [
        'B sends A "message 1" as m1; A deletes B',
        'A sends B "message 2"',
        "2  assert table:",
        "device   conversation  last",
        "A.phone  B             m1",
        'B.phone  A             "日本"',
    ]


def test_a_file_that_is_explained_without_needs_runs_where_they_are_missing(
    imcli: Run, tmp_path: Path
) -> None:
    steps = '["B sends A", "A pins B and may be refused"]'
    path = tmp_path / "tried.toml"
    path.write_text(f'title = "Tried"\nusers = ["A", "B"]\nsteps = {steps}\n', encoding="utf-8")
    assert "settings" not in imcli("explain-scenario", str(path)).out
    assert imcli("run-scenario", str(path), "--target", "sim:wukongim-2.1.5").status == 0
