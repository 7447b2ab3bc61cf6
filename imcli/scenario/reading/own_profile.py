"""The profile of a file: a name, or switches over one; and where it stands if it is wrong.

Which profiles and switches there are is known to the simulator, which this room does not know. So
whoever reads files hands in a function that judges a profile, and what it finds wrong becomes a
problem with a place, among all the others of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from imcli.scenario.reading.key_reader import KeyReader
from imcli.scenario.reading.keys import TOP_KEYS
from imcli.scenario.reading.matrix import cells, fill_profile, written
from imcli.scenario.reading.written import Scenario

EXTENDS = "extends"


class ProfileFault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a profile: at which key, what, and the nearest that is right.

    `unknown`: it is the key itself that is wrong, and not its value.
    """

    key: str
    message: str
    nearest: str = ""
    unknown: bool = False


JudgeProfile = Callable[[dict[str, object]], Sequence[ProfileFault]]
"""Says what is wrong with a profile; nothing where it is right."""


def read_profile(reader: KeyReader) -> dict[str, object] | None:
    """Read the profile: a name, or switches over one."""
    value = reader.data.get("profile")
    if value is None or isinstance(value, dict):
        return value
    if isinstance(value, str):
        reader.no_control(("profile",), value)
        return {EXTENDS: value}
    expected = 'profile = "reference", or profile = { delete_scope = "two-way" }'
    reader.wrong(("profile",), "`profile` must be a string or a table", expected)
    return None


def note_profile(reader: KeyReader, scenario: Scenario, judge: JudgeProfile) -> None:
    """Note what is wrong with the profile of a file, in any of its cases."""
    by_name = isinstance(reader.data.get("profile"), str)
    for profile, hint in _profiles(scenario):
        if reader.problems.full:
            return
        for fault in judge(profile):
            if fault.key in TOP_KEYS:
                continue  # it landed there (noted)
            path = ("profile",) if by_name else ("profile", fault.key)
            span = (reader.key_span if fault.unknown else reader.value_span)(path)
            reader.problems.add(span, fault.message, nearest=fault.nearest, hint=hint)


def _profiles(scenario: Scenario) -> Iterator[tuple[dict[str, object], str]]:
    """Give the different profiles of a file's cases, and which case each belongs to."""
    own = scenario.profile
    if own is None:
        return
    if not scenario.matrix:
        yield own, ""
        return
    seen: set[str] = set()
    for values in cells(scenario):
        profile = fill_profile(own, values)
        assert isinstance(profile, dict), "a table stays one"
        if repr(profile) not in seen:
            seen.add(repr(profile))
            where = ", ".join(f"{name} = {written(value)}" for name, value in values.items())
            yield profile, "" if profile == own else f"where {where}"
