"""What is wrong with the own profiles of scenario files: the simulator's word for their reader.

The room of scenarios does not know the simulator, so the function that judges a profile is handed
to it from here. Most files have no profile, and the simulator is asked for those that have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from imcli.model.errors import InvalidInput

if TYPE_CHECKING:
    from imcli.scenario.reading.own_profile import JudgeProfile, ProfileFault
    from imcli.simulator.profiles import Profile


def profile_judge() -> JudgeProfile:
    """Make a judge of profiles that remembers those that were right."""
    right: set[str] = set()

    def judge(profile: dict[str, object]) -> list[ProfileFault]:
        written = repr(profile)
        if written in right:
            return []
        found = faults_of(profile)
        if not found:
            right.add(written)
        return found

    return judge


def faults_of(profile: dict[str, object]) -> list[ProfileFault]:
    """List what is wrong with a profile, key by key."""
    from imcli.simulator.profiles import build_profile

    try:
        build_profile(profile)
    except InvalidInput:
        parent = _parent(profile)
        return [fault for key, value in profile.items() for fault in _at(key, value, parent)]
    return []


def _parent(profile: dict[str, object]) -> Profile | None:
    """Give what a profile extends, where that is a profile."""
    from imcli.simulator.profiles import build_profile

    if "version" in profile or "product" in profile:
        return None  # then it is another server than its parent
    try:
        return build_profile({"extends": profile.get("extends", "reference")})
    except InvalidInput:
        return None


def _at(key: str, value: object, parent: Profile | None) -> Iterator[ProfileFault]:
    """Judge one key of a profile by itself, over its parent."""
    from imcli.scenario.reading.own_profile import ProfileFault
    from imcli.simulator.profiles import DESCRIPTIONS, build_profile
    from imcli.simulator.switches import SWITCH_BY_NAME

    try:
        build_profile({key: value}, parent=None if key == "extends" else parent)
    except InvalidInput as error:
        said = (error.problems or (error.message,))[0].removeprefix(f"{key}: ")
        unknown = key not in SWITCH_BY_NAME and key not in DESCRIPTIONS
        yield ProfileFault(key, f"{said} ({error.hint})" if error.hint else said, "", unknown)
