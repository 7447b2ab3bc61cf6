"""What it costs to start: commands against an interpreter that imports typer and rich.

Each command is run in turns with the interpreter, and the median of the ratios counts.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.timing import IMCLI, paired_ratio, wall_seconds

BASE = (sys.executable, "-c", "import typer, rich")
BAR = 1.4
COMMANDS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("imcli --version", ("--version",), 0),
    ("imcli --help", ("--help",), 0),
    ("a typing mistake", ("sned", "B", "A", "hi"), 2),
    ("an embedded verb up to its first file", ("send", "B", "A", "hi", "--dry-run"), 0),
)
"""What is shown, the arguments, and the status that the command ends with."""


def measure(scale: float) -> list[Figure]:
    """Measure every command."""
    turns = max(1, int(15 * scale))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            Figure(f"start: {what}", _ratio(folder, words, status, turns), "×", BAR, True)
            for what, words, status in COMMANDS
        ]


def _ratio(folder: Path, words: tuple[str, ...], status: int, turns: int) -> float:
    def ours() -> float:
        return wall_seconds((*IMCLI, *words), cwd=folder, expected=(status,))

    def base() -> float:
        return wall_seconds(BASE, cwd=folder)

    return paired_ratio(ours, base, turns)
