"""Recordings: a program, and everything that a real server answered to it.

Two forms, both JSON lines, one program a line. In the *HTTP* form every step is a request and its
result the answer. In the *session* form devices are connected, too, and a result has what the
device was answered and every frame that reached any device. A session recording says so by an
`online` list in its final observation.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import force_setattr

from imcli.conform.shapes import check
from imcli.model.errors import InvalidInput

Json = dict[str, Any]
FORMAT_MAX = 1
PROBLEMS_MAX = 20


class Recording(msgspec.Struct, frozen=True):
    """One recorded program. `mode` is `fast` (a flush after every stored send) or `slow` (none).

    `place` is the file and the line that it was read from.
    """

    v: int
    tag: str
    mode: str
    seed: int
    theme: str
    steps: list[Json]
    results: list[Json]
    final: Json
    place: str = ""

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

    @property
    def form(self) -> str:
        """The form's name: `sessions` or `http`."""
        return "sessions" if self.has_sessions else "http"


_DECODER = msgspec.json.Decoder(Recording)


def read_recordings(content: bytes, file: str) -> list[Recording]:
    """Read the recordings of one file.

    Raises:
        InvalidInput: lines are no recordings, or of a newer format; the message says which.
    """
    found: list[Recording] = []
    problems: list[str] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(_read(line, f"{file}:{number}"))
        except InvalidInput as problem:
            problems.append(problem.message)
            if len(problems) == PROBLEMS_MAX:
                break
    if len(problems) == 1:
        raise InvalidInput(problems[0])
    if problems:
        least = "at least " if len(problems) == PROBLEMS_MAX else ""
        count = f"{least}{len(problems)} lines"
        raise InvalidInput(f"{file}: {count} are no recordings", problems=tuple(problems))
    if not found:
        raise InvalidInput(f"{file}: there is no recording in it")
    return found


def _read(line: bytes, place: str) -> Recording:
    try:
        recording = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise InvalidInput(f"{place}: not a recording: {problem}") from None
    if recording.v > FORMAT_MAX:
        raise InvalidInput(
            f"{place}: format {recording.v} is newer than this program reads ({FORMAT_MAX})"
        )
    wrong = check(line)
    if wrong:
        raise InvalidInput(f"{place}: not a recording: {wrong}")
    force_setattr(recording, "place", place)  # it is new: nobody has seen it yet
    return recording
