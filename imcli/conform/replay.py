"""Replaying a recording through a profile, and finding the first answer that differs.

Pure: `conform(recording, profile)` makes a server, does the steps, and compares answer by answer.
`fast` recordings are replayed with two complete flushes after every stored send, as they were made.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from imcli.conform.answers import final_observation
from imcli.conform.http_steps import HttpReplay
from imcli.conform.recording import Json, Recording
from imcli.conform.session_steps import SessionReplay
from imcli.simulator.profiles import Profile
from imcli.simulator.server import Server


class Replay(Protocol):
    """Does the steps of one form of recording."""

    server: Server

    def do(self, step: Json, expected: Json) -> Json:
        """Do one step and give the result in the form of the recording."""

    def final(self, expected: Json) -> Json:
        """Give the final observation in the form of the recording."""


class Divergence(msgspec.Struct, frozen=True):
    """The first answer that the profile does not explain.

    `step` counts from 1; 0 stands for the final observation, and `part` then says where in it.
    """

    step: int
    part: str
    recorded: Any
    simulated: Any


class Judged(msgspec.Struct, frozen=True):
    """One recording after its replay: `divergence` is None where every answer agreed."""

    recording: str
    profile: str
    steps: int
    divergence: Divergence | None = None


def replay_of(recording: Recording, profile: Profile) -> Replay:
    """Make a fresh server and whatever does this recording's steps on it."""
    server = Server(profile)
    fast = recording.mode == "fast"
    return SessionReplay(server, fast) if recording.has_sessions else HttpReplay(server, fast)


def conform(recording: Recording, profile: Profile) -> Judged:
    """Replay a recording and compare every answer, and the final observation."""
    divergence = _first_divergence(recording, replay_of(recording, profile))
    return Judged(recording.name, profile.name, len(recording.steps), divergence)


def _first_divergence(recording: Recording, replay: Replay) -> Divergence | None:
    for number, step in enumerate(recording.steps, 1):
        expected = recording.results[number - 1]
        answer = replay.do(step, expected)
        if answer != expected:
            return Divergence(number, "", expected, answer)
    final = replay.final(recording.final)
    for part, expected in recording.final.items():
        answers = final.get(part)
        if answers != expected:
            return _inside(part, expected, answers)
    return None


def _inside(part: str, expected: Any, answers: Any) -> Divergence:
    """Say where in the final observation the difference is."""
    if isinstance(expected, dict) and isinstance(answers, dict):
        for name, wanted in expected.items():
            if answers.get(name) != wanted:
                return Divergence(0, f"{part} {name}", wanted, answers.get(name))
    return Divergence(0, part, expected, answers)


__all__ = ["Divergence", "Judged", "Replay", "conform", "final_observation", "replay_of"]
