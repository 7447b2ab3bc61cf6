"""The corpus as its tests see it: every file read once, and one way to run a case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from imcli.cli.running.pool import watch
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import Options, run
from imcli.scenario.syntax import Case
from imcli.targets.simulated import open_simulated

ROOT = Path(__file__).parents[2]
"""The checkout."""


class File(NamedTuple):
    """One scenario file: its path from the checkout with `/`, its text, and its cases."""

    path: str
    text: str
    title: str
    covers: tuple[str, ...]
    cases: tuple[Case, ...]


def _read(path: Path) -> File:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    scenario = parse_scenario(text, name)
    return File(name, text, scenario.title, scenario.covers, tuple(cases(scenario)))


FILES = tuple(_read(path) for path in sorted((ROOT / "scenarios").rglob("*.toml")))


def run_case(
    case: Case,
    *,
    profile: Mapping[str, object] | None = None,
    target: str = "reference",
    orders: int = 0,
) -> CaseResult:
    """Run a case with the invariants watched; `profile` takes the place of the case's own."""
    if profile is not None:
        case = replace(case, profile=dict(profile))
    *_, last = run(case, open_simulated(target), Options(observer=watch, orders=orders))
    assert isinstance(last, CaseFinished)
    return last.case
