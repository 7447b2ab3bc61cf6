"""The recordings of five real servers, read once."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from imcli.conform.recording import Recording, read_recordings

FOLDER = Path(__file__).parents[1] / "data" / "wukongim"
VERSIONS = ("2.1.3", "2.1.4", "2.1.5", "2.2.0", "2.2.5")
KINDS = ("wukongim", "sessions")
MODES = ("slow", "fast")


@cache
def recorded(kind: str, version: str, mode: str) -> tuple[Recording, ...]:
    """Give the recordings of one file."""
    name = f"{kind}-{version}-{mode}.jsonl.gz"
    return tuple(read_recordings(gzip.decompress((FOLDER / name).read_bytes()), name))


def all_of(version: str) -> tuple[Recording, ...]:
    """Give all recordings of one version."""
    return tuple(
        recording for kind in KINDS for mode in MODES for recording in recorded(kind, version, mode)
    )
