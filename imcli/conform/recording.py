"""Recordings: a program, and everything that a real server answered to it.

Two forms, both JSON lines, one program a line. In the *HTTP* form every step is a request and its
result the answer. In the *session* form devices are connected, too, and a result has what the
device was answered and every frame that reached any device. A session recording says so by an
`online` list in its final observation.
"""

from __future__ import annotations

from typing import Any

import msgspec

from imcli.model.errors import InvalidInput

Json = dict[str, Any]
FORMAT_MAX = 1


class Recording(msgspec.Struct, frozen=True):
    """One recorded program. `mode` is `fast` (a flush after every stored send) or `slow` (none)."""

    v: int
    tag: str
    mode: str
    seed: int
    theme: str
    steps: list[Json]
    results: list[Json]
    final: Json

    @property
    def version(self) -> str:
        """The server's version, as profiles are named after it."""
        return self.tag.split("-")[0].removeprefix("v")

    @property
    def name(self) -> str:
        """What to call it in a report."""
        return f"{self.tag} {self.mode} seed {self.seed}"

    @property
    def has_sessions(self) -> bool:
        """Whether devices were connected."""
        return "online" in self.final


_DECODER = msgspec.json.Decoder(Recording)


def read_recordings(content: bytes, file: str) -> list[Recording]:
    """Read the recordings of one file.

    Raises:
        InvalidInput: a line is no recording, or of a newer format; the message says which line.
    """
    found: list[Recording] = []
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            found.append(_read(line, f"{file}:{number}"))
    if not found:
        raise InvalidInput(f"{file}: there is no recording in it")
    return found


def _read(line: bytes, place: str) -> Recording:
    try:
        recording = _DECODER.decode(line)
    except msgspec.DecodeError as problem:
        raise InvalidInput(f"{place}: not a recording: {problem}") from None
    if recording.v > FORMAT_MAX:
        raise InvalidInput(
            f"{place}: format {recording.v} is newer than this program reads ({FORMAT_MAX})"
        )
    if len(recording.steps) != len(recording.results):
        counts = f"{len(recording.steps)} steps and {len(recording.results)} results"
        raise InvalidInput(f"{place}: {counts}; every step has one")
    return recording
