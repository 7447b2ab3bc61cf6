"""A folder of scenario files, from parsing to the report, against behave on the same behaviours.

Both are whole programs on one core, of which the processor time counts. imcli runs a simulated
server with two devices each and judges every step by the invariants; behave's steps change a
dictionary.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.behaviours import write_both
from benchmarks.figures import Figure
from benchmarks.timing import IMCLI, spent_seconds

BEHAVE = (sys.executable, "-m", "behave", "--format", "progress", "--no-color")
TURNS = 9


def measure(scale: float) -> list[Figure]:
    """Measure both in turns; of the ratios of the turns the one in the middle counts.

    The machine is now quicker and now slower, and both programs of a turn meet it alike; the best
    time of either would pair the luck of two turns.
    """
    count = max(2, int(1_000 * scale))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_both(folder, count)
        mine, others = [], []
        for _ in range(TURNS if scale == 1 else 1):
            mine.append(spent_seconds((*IMCLI, "run-scenario", "scenarios"), cwd=folder))
            others.append(spent_seconds((*BEHAVE, "features"), cwd=folder))
    ours, theirs = statistics.median(mine), statistics.median(others)
    ratio = statistics.median(m / o for m, o in zip(mine, others, strict=True))
    what = f"{count:,} scenario files of 4 to 20 steps, parse to report, invariants on"
    return [Figure(what, ratio, "× behave", 0.4, True, f"{ours:.2f} s, {theirs:.2f} s")]
