"""Taking time: processor time of a function here, that or wall time of whole programs in turns."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

IMCLI = (sys.executable, "-c", "import sys; from imcli.cli.app import main; sys.exit(main())")
"""The console script, without the search for it."""


OURS = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in OURS}
"""As after an installation: what is imported has been compiled once, and a pipe is a pipe."""


def seconds(work: Callable[[], object], *, turns: int = 5) -> float:
    """Give the processor time of one call: the best of some turns."""
    best = float("inf")
    for _ in range(turns):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return max(best, 1e-9)


def wall_seconds(command: Sequence[str], *, cwd: Path, expected: Sequence[int] = (0,)) -> float:
    """Run a program to its end and give the time on the wall.

    Raises:
        RuntimeError: it ended with another status than expected, so the time means nothing.
    """
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    spent = time.perf_counter() - start
    if done.returncode not in expected:
        end = (done.stdout + done.stderr)[-1000:]
        raise RuntimeError(f"{command} ended with {done.returncode}: ... {end}")
    return spent


def spent_seconds(command: Sequence[str], *, cwd: Path) -> float:
    """Run a program to its end and give the processor time that it and its children took.

    Raises:
        RuntimeError: it did not end well, so the time means nothing.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_seconds(command, cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def paired_ratio(first: Callable[[], float], second: Callable[[], float], turns: int) -> float:
    """Measure two things in turns and give the median of first / second."""
    first(), second()  # the first time of anything is about the disk
    return statistics.median(first() / second() for _ in range(turns))
