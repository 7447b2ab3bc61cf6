"""A folder of scenario files, from parsing to the report, against behave on the same behaviours.

Both are whole programs on one core, of which the processor time counts. imcli runs a simulated
server with two devices each and judges every step by the invariants; behave's steps change a
dictionary.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.behaviours import write_both
from benchmarks.figures import Figure
from benchmarks.timing import IMCLI, spent_seconds

BEHAVE = (sys.executable, "-m", "behave", "--format", "progress", "--no-color")


def measure(scale: float) -> list[Figure]:
    """Measure both in turns; the best of five counts for each."""
    count = max(2, int(1_000 * scale))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_both(folder, count)
        mine, others = [], []
        for _ in range(5 if scale == 1 else 1):
            mine.append(spent_seconds((*IMCLI, "run-scenario", "scenarios"), cwd=folder))
            others.append(spent_seconds((*BEHAVE, "features"), cwd=folder))
    ours, theirs = min(mine), min(others)
    what = f"{count:,} scenario files of 4 to 20 steps, parse to report, invariants on"
    return [Figure(what, ours / theirs, "× behave", 0.4, True, f"{ours:.2f} s, {theirs:.2f} s")]
