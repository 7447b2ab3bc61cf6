"""Replaying recordings of real servers, and what a profile costs beside the reference.

What is counted as a recorded step: every step of a program, and the observation at its end as seven
more (three lists, three tables of stored rows, one reading of all histories), since each of those
was an answer of the server that is compared like any other. The programs' own steps alone are
shown beside it. Reading the files is not in the time; comparing the answers is.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.timing import seconds
from benchmarks.worlds import programs
from imcli.conform.recording import Recording, read_recordings
from imcli.conform.replay import conform, profile_for, wukongim_names, wukongim_profile
from imcli.model.actions import Action
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.server import Server

RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "wukongim"
OBSERVED_AT_THE_END = 7


def measure(scale: float) -> list[Figure]:
    """Measure steps per second of replays, and the slowest profile against the reference."""
    recordings = recorded(scale)
    steps = sum(len(recording.steps) for recording in recordings)
    whole = steps + OBSERVED_AT_THE_END * len(recordings)
    spent = seconds(lambda: replay(recordings))
    ratio, slowest = slowest_profile(max(2, int(200 * scale)))
    beside = f"{steps / spent:,.0f} steps/s without the observations at the end"
    return [
        Figure(
            "recorded steps replayed and compared", whole / spent, "steps/s", 50_000, False, beside
        ),
        Figure("an action on the slowest profile", ratio, "×", 2, True, f"{slowest} / reference"),
    ]


def recorded(scale: float) -> list[Recording]:
    """Read the recordings of all versions; of each file as many as the scale wants."""
    found: list[Recording] = []
    for file in sorted(RECORDINGS.glob("*.jsonl.gz")):
        each = read_recordings(gzip.decompress(file.read_bytes()), file.name)
        found += each[: max(1, int(len(each) * scale))]
    return found


def replay(recordings: Sequence[Recording]) -> None:
    """Replay every recording.

    Raises:
        RuntimeError: one diverges, so that the time means nothing.
    """
    for recording in recordings:
        if conform(recording, profile_for(recording)).divergence is not None:
            raise RuntimeError(f"{recording.place} diverges")


def slowest_profile(count: int) -> tuple[float, str]:
    """Play random programs on every profile; give the greatest ratio and whose it is."""
    work = programs(count, 100)
    reference = seconds(lambda: play(work, REFERENCE))
    ratios = {
        name: seconds(lambda name=name: play(work, wukongim_profile(name))) / reference  # type: ignore[misc]
        for name in wukongim_names()
    }
    slowest = max(ratios, key=lambda name: ratios[name])
    return ratios[slowest], slowest


def play(work: Sequence[Sequence[Action]], profile: Profile) -> None:
    """Play every program on a server of its own."""
    for actions in work:
        apply = Server(profile).apply
        for action in actions:
            apply(action)
