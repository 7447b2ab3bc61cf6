"""Replaying a recording through a profile, and finding the first answer that differs.

Pure: `conform(recording, profile)` makes a server, does the steps, and compares answer by answer.
`fast` recordings are replayed with two complete flushes after every stored send, as they were made.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from imcli.conform.http_steps import HttpReplay
from imcli.conform.judged import Divergence, Judged, judged, step_text
from imcli.conform.recording import Json, Recording
from imcli.conform.session_steps import SessionReplay
from imcli.conform.state_rows import state_rows
from imcli.model.errors import InvalidInput, UsageError
from imcli.simulator.profiles import Profile, builtin_names, load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.traits import traits_of


class Replay(Protocol):
    """Does the steps of one form of recording."""

    server: Server

    def do(self, step: Json, expected: Json) -> Json:
        """Do one step and give the result in the form of the recording."""

    def final(self, expected: Json) -> Json:
        """Give the final observation in the form of the recording."""


@cache
def wukongim_profile(name: str) -> Profile:
    """Load a profile that recordings can be replayed on.

    Raises:
        InvalidInput: there is no such profile.
        UsageError: it is none of WuKongIM.
    """
    profile = load_profile(name)
    if traits_of(profile) is None:
        raise UsageError(
            f"{name} answers as no real server does",
            hint=f"recordings are replayed on {', '.join(wukongim_names())}",
        )
    return profile


def wukongim_names() -> tuple[str, ...]:
    """Name the profiles that recordings can be replayed on."""
    return tuple(name for name in builtin_names() if traits_of(load_profile(name)) is not None)


def profile_for(recording: Recording) -> Profile:
    """Give the profile of a recording's own version.

    Raises:
        InvalidInput: there is none; the message says where the recording stands.
    """
    try:
        return wukongim_profile(f"wukongim-{recording.version}")
    except InvalidInput:
        raise InvalidInput(
            f"{recording.place or recording.name}: no profile answers as {recording.tag!r}",
            hint=f"choose one with --profile: {', '.join(wukongim_names())}",
        ) from None


def replay_of(recording: Recording, profile: Profile) -> Replay:
    """Make a fresh server and whatever does this recording's steps on it."""
    server = Server(profile)
    return (
        SessionReplay(server, recording)
        if recording.has_sessions
        else HttpReplay(server, recording)
    )


def conform(recording: Recording, profile: Profile) -> Judged:
    """Replay a recording and compare every answer, and the final observation."""
    replay = replay_of(recording, profile)
    return judged(recording, profile.name, _first_divergence(recording, replay))


def _first_divergence(recording: Recording, replay: Replay) -> Divergence | None:
    for number, step in enumerate(recording.steps, 1):
        expected = recording.results[number - 1]
        answer = replay.do(step, expected)
        if answer != expected:
            asked = step_text(step)
            return _divergence(recording, replay, number, ("", asked), expected, answer)
    final = replay.final(recording.final)
    for part, expected in recording.final.items():
        answers = final.get(part)
        if answers != expected:
            name, wanted, got = _inside(part, expected, answers)
            where = (name, "what is there after the last step")
            return _divergence(recording, replay, 0, where, wanted, got)
    return None


def _inside(part: str, expected: Any, answers: Any) -> tuple[str, Any, Any]:
    """Say where in the final observation the difference is."""
    if isinstance(expected, dict) and isinstance(answers, dict):
        for name, wanted in expected.items():
            if answers.get(name) != wanted:
                return f"{part} {name}", wanted, answers.get(name)
    return part, expected, answers


def _divergence(
    recording: Recording,
    replay: Replay,
    step: int,
    where: tuple[str, str],
    expected: Any,
    answer: Any,
) -> Divergence:
    done = recording.steps[: step or len(recording.steps)]
    texts = tuple(map(step_text, done))
    return Divergence(step, *where, expected, answer, texts, state_rows(replay.server))
