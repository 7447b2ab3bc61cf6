"""Steps per second through the whole runner, with the per-step invariants, two devices each.

Cases are parsed beforehand; everything from opening the world to the last verdict counts, the
recount at the end of a case too. A delete is followed by the invariants that need a second view or
a second run, so it costs much more than a step; it is measured apart. In short cases opening a
world counts as much as the steps.
"""

from __future__ import annotations

from benchmarks.behaviours import as_scenario, behaviour
from benchmarks.cases import parsed, play_all
from benchmarks.figures import Figure
from benchmarks.timing import seconds


def measure(scale: float) -> list[Figure]:
    """Measure long cases, with and without deletes, and short ones."""
    count = max(400, int(40_000 * scale))
    return [
        _rate("steps through the runner, cases of 200 steps", count // 200, 200, False, 50_000),
        _rate("the same, one step in ten a delete", count // 200, 200, True, None),
        _rate("the same, cases of 12 steps", count // 12, 12, True, None),
    ]


def _rate(what: str, count: int, size: int, deletes: bool, bar: float | None) -> Figure:
    texts = (behaviour(seed, size, deletes=deletes) for seed in range(count))
    several = [parsed(as_scenario(number, text)) for number, text in enumerate(texts)]
    spent = seconds(lambda: play_all(several))
    return Figure(what, count * size / spent, "steps/s", bar)
