"""Steps per second through the whole runner, with the per-step invariants, two devices each.

Cases are parsed beforehand; everything from opening the world to the last verdict counts, the
checks at the end of a case too.
"""

from __future__ import annotations

from benchmarks.behaviours import as_scenario, behaviour
from benchmarks.cases import parsed, play_all
from benchmarks.figures import Figure
from benchmarks.timing import seconds


def measure(scale: float) -> list[Figure]:
    """Measure long cases, where steps count, and short ones, where opening a world counts."""
    count = max(400, int(40_000 * scale))
    return [
        _rate("steps through the runner, cases of 200 steps", count // 200, 200, 50_000),
        _rate("the same, cases of 12 steps", count // 12, 12, None),
    ]


def _rate(what: str, count: int, size: int, bar: float | None) -> Figure:
    several = [parsed(as_scenario(seed, behaviour(seed, size))) for seed in range(count)]
    spent = seconds(lambda: play_all(several))
    return Figure(what, count * size / spent, "steps/s", bar)
