"""May a case run on a target at all? If not, the reason in one sentence.

A case needs what it declares and what its sentences imply. A step that says how the target may
refuse it is tried anyway. A case with a profile of its own runs on plain `sim` and on `embedded`; a
named profile or a live server is another world, so there it is skipped, unless `--profile` was
given, which wins. Where time is real, a case that says itself that it waits longer than its limit
is not begun: nothing could come of it but the limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from imcli.model.actions import Wait
from imcli.model.durations import spell_duration
from imcli.model.errors import InvalidInput
from imcli.scenario.syntax import Assert, Case, Do, Step, Together
from imcli.targets.base import OpenTarget, OwnProfiles

PLACE = re.compile(r" \(line \d+: .*\)$", re.DOTALL)
"""Where a reason says which sentence it is about."""
WANTS_PROFILE = "wants profile "
PLAIN = ("sim", "embedded")
"""The targets that are made anew for each case, with whatever profile it wants."""
UNSUPPORTED = "unsupported"


def skip_reason(case: Case, open_target: OpenTarget, profile: str = "") -> str:
    """Say why a case cannot run on this target; an empty text where it can."""
    identity = open_target.identity
    if case.profile is not None and not profile and identity.name not in PLAIN:
        return f"{WANTS_PROFILE}{profile_words(case.profile)}"
    capabilities, name = open_target.capabilities, identity.name
    if case.profile is not None and not profile and isinstance(open_target, OwnProfiles):
        with suppress(InvalidInput):  # then it cannot be opened, which is said there
            capabilities = open_target.capabilities_with(case.profile)
            name = f"{name} with profile {profile_words(case.profile)}"
    for need in case.needs:
        if need not in capabilities:
            return f'needs "{need}", which {name} does not have'
    for step in _steps(case, needing=True):
        for need in step.needs:
            if need not in capabilities and not tries_anyway(step):
                return (
                    f'needs "{need}", which {name} does not have '
                    f"(line {step.span.line}: {step.text})"
                )
    return "" if "time" in capabilities else _too_long(case)


def without_target(reason: str, name: str) -> str:
    """Leave out of a reason on which target it is, for where that is said beside it.

    >>> without_target('needs "settings", which sim does not have (line 4: A pins B)', "sim")
    'needs "settings" (line 4: A pins B)'
    """
    return reason.replace(f", which {name} does not have", "", 1)


def shared_reason(reason: str, name: str) -> str:
    """Leave out of a reason what is that of one case alone: its sentence, its profile.

    >>> shared_reason('needs "settings", which sim does not have (line 4: A pins B)', "sim")
    'needs "settings"'
    >>> shared_reason("wants profile reference with delete_scope = two-way", "sim:two-way")
    'wants a profile of its own'
    """
    if reason.startswith(WANTS_PROFILE):
        return "wants a profile of its own"
    return PLACE.sub("", without_target(reason, name))


def _too_long(case: Case) -> str:
    """Say so where the waits that are written down fill the limit of real time."""
    written_ms = sum(map(_written_ms, _steps(case)))
    if written_ms < case.timing.limit_ms:
        return ""
    waits, limit = map(spell_duration, (written_ms, case.timing.limit_ms))
    return f"waits for {waits}, and its limit is {limit} of real time (timing.limit)"


def _written_ms(step: Do | Assert) -> int:
    if isinstance(step, Assert):
        return step.for_ms or 0
    return step.action.duration_ms if isinstance(step.action, Wait) else 0


def _steps(case: Case, *, needing: bool = False) -> Iterator[Do | Assert]:
    """Give every action and assertion; of those outside blocks, at will, only what needs something.

    Most steps need nothing, and every case is asked.
    """
    step: Step
    for step in (*case.given, *case.steps, *case.cleanup):
        if isinstance(step, Together):
            for branch in step.branches:
                yield from branch
        elif step.needs or not needing:
            yield step


def tries_anyway(step: Do | Assert) -> bool:
    """Tell whether a step says how a target may refuse it that lacks what the step needs."""
    if not isinstance(step, Do) or step.ending is None:
        return False
    ending = step.ending
    return ending.kind == "may" or (ending.kind == "refused" and ending.reason == UNSUPPORTED)


def profile_of(case: Case, profile: str) -> tuple[dict[str, object] | None, list[str]]:
    """Choose the profile that the world is opened with, and what must be said about it."""
    if case.profile is None:
        return None, []
    words = profile_words(case.profile)
    if profile:
        return None, [f"its own profile {words} gave way to --profile {profile}"]
    return case.profile, []


def profile_words(profile: dict[str, object]) -> str:
    """Name a case's own profile.

    >>> profile_words({"extends": "reference", "delete_scope": "two-way"})
    'reference with delete_scope = two-way'
    >>> profile_words({"extends": "requests", "person_allow_list": True})
    'requests with person_allow_list = true'
    """
    parent = str(profile.get("extends", "reference"))
    switches = [f"{name} = {_toml(value)}" for name, value in profile.items() if name != "extends"]
    return f"{parent} with {', '.join(switches)}" if switches else parent


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
