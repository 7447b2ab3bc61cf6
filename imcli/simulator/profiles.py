"""Profiles: what a server is like, as small files over the table of switches (`switches.py`).

A profile is a name, a parent, and the switches that differ; the built-in ones are the TOML files in
the folder beside this file. Reading those files is the one thing here that is not pure: they are
part of the program.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Any

import msgspec

from imcli.model.durations import DAY_MS, duration_ms
from imcli.model.errors import InvalidInput
from imcli.simulator.switches import OF_THE_REFERENCE, SWITCH_BY_NAME, SWITCHES, Switch


class Profile(msgspec.Struct, frozen=True):
    """What a server is like. Fields are the switches; durations are in milliseconds.

    `product` and `version` say which real server it answers as, if any.
    """

    name: str = "reference"
    extends: str = ""
    about: str = ""
    product: str = "reference"
    version: tuple[int, ...] = ()
    delete_kind: str = "logical"
    delete_scope: str = "one-way"
    delete_history: str = "hidden"
    delete_bound: str = "ordered"
    on_message_after_delete: str = "reappear"
    on_own_send_after_delete: str = "reappear"
    sync_deletes: str = "push-and-tombstone"
    unread_counts: str = "visible-content"
    total_counts_muted: bool = True
    own_send_reads: bool = True
    mark_unread: str = "any"
    clear_history: str = "separate"
    archive_on_message: str = "return"
    resend: str = "deduplicate"
    history_for_new_members: str = "none"
    rejoin_history: str = "since-join"
    leave: str = "remove"
    block_feedback: str = "refuse"
    person_allow_list: bool = False
    login_rule: str = "coexist"
    list_order: str = "last-message"
    list_limit: int = 0
    tombstone_retention: int = 30 * DAY_MS
    resend_after: int = 5_000
    resend_count: int = 5
    resend_window: int = 7 * DAY_MS
    flush_interval: int = 0
    list_cache_ttl: int = 0

    @property
    def usual_lists(self) -> bool:
        """Tell whether lists count visible content and are ordered by the last message."""
        return self.unread_counts == "visible-content" and self.list_order == "last-message"

    def switches(self) -> dict[str, Any]:
        """Give every switch with its value here."""
        return {switch.name: getattr(self, switch.name) for switch in SWITCHES}

    def differences(self) -> dict[str, Any]:
        """Give the switches that differ from the reference, in the order of the table."""
        return {
            s.name: getattr(self, s.name) for s in SWITCHES if getattr(self, s.name) != s.default
        }


REFERENCE = Profile()
assert all(getattr(REFERENCE, s.name) == s.default for s in SWITCHES), "one default, one place"


def parse_duration(text: str) -> int:
    """Read a duration with its unit, in milliseconds.

    >>> parse_duration("30d"), parse_duration("5s"), parse_duration("250ms")
    (2592000000, 5000, 250)

    Raises:
        ValueError: it is none, or longer than a hundred years.
    """
    found = duration_ms(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration such as 5s, 250ms or 30d")
    return found


def builtin_names() -> tuple[str, ...]:
    """Name the built-in profiles, the reference first, then by name."""
    from importlib import resources

    folder = resources.files("imcli.simulator") / "profiles"
    names = sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml"))
    return ("reference", *names)


def load_profile(name: str) -> Profile:
    """Load a built-in profile.

    Raises:
        InvalidInput: there is no such profile; the message names the nearest.
    """
    if name == "reference":
        return REFERENCE
    import tomllib  # slow to import, and the reference is no file
    from importlib import resources

    file = resources.files("imcli.simulator") / "profiles" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) or not file.is_file():
        near = difflib.get_close_matches(name, builtin_names(), 1)
        hint = f"did you mean {near[0]}?" if near else "`imcli list-profiles` lists them"
        raise InvalidInput(f"there is no profile {name!r}", hint=hint)
    return build_profile(tomllib.loads(file.read_text(encoding="utf-8")), name=name)


def as_profile(profile: str | Profile) -> Profile:
    """Give a profile itself, or the built-in one of a name.

    Raises:
        InvalidInput: there is no such profile.
    """
    return load_profile(profile) if isinstance(profile, str) else profile


def build_profile(
    table: dict[str, Any], *, name: str = "", parent: Profile | None = None
) -> Profile:
    """Make a profile of a table of switches over a parent.

    Args:
        table: switches, and what else a profile's file says.
        name: what it is called; after what differs by default.
        parent: what it differs from; by default the one that the table `extends`, or the reference.

    Raises:
        InvalidInput: a switch or value does not exist; every problem is listed.
    """
    extended = table.get("extends", "reference")
    if parent is None:
        parent = load_profile(extended) if isinstance(extended, str) else REFERENCE
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in DESCRIPTIONS:
            if wrong := DESCRIPTIONS[key](value):
                problems.append(f"{key}: {value!r} is not {wrong}")
            else:
                values[key] = tuple(value) if key == "version" else value
        elif key in SWITCH_BY_NAME:
            try:
                values[key] = _read_value(SWITCH_BY_NAME[key], value)
            except ValueError as problem:
                problems.append(f"{key}: {problem}")
                continue
            if _is_law(key, table, parent) and values[key] != getattr(parent, key):
                problems.append(
                    f"{key}: no choice over {parent.name}, which does what its version does"
                )
        else:
            problems.append(_unknown_switch(key))
    if problems:
        raise InvalidInput(
            "the profile is invalid: " + "; ".join(problems), problems=tuple(problems)
        )
    return msgspec.structs.replace(parent, **{"name": name or _describe(parent, values), **values})


def _is_law(key: str, table: dict[str, Any], parent: Profile) -> bool:
    """Tell whether a switch is no choice over this parent: no keeping of rows would follow it."""
    other = "version" in table or "product" in table
    return parent.product == "wukongim" and not other and key in OF_THE_REFERENCE


def _no_text(value: object) -> str:
    return "" if isinstance(value, str) else "a text"


def _no_version(value: object) -> str:
    whole = isinstance(value, list) and all(type(each) is int and each >= 0 for each in value)
    return "" if whole else "a list of whole numbers such as [2, 2, 5]"


DESCRIPTIONS: dict[str, Callable[[object], str]] = {
    "extends": _no_text,
    "about": _no_text,
    "product": _no_text,
    "version": _no_version,
}
"""What a profile says besides its switches, and what a value of each fails to be ("": nothing)."""


def _describe(parent: Profile, values: dict[str, Any]) -> str:
    """Name a profile that has no name of its own after what differs."""
    own = [f"{k}={v}" for k, v in values.items() if k in SWITCH_BY_NAME]
    return f"{parent.name}+{','.join(own)}" if own else parent.name


def _unknown_switch(key: str) -> str:
    near = difflib.get_close_matches(key, SWITCH_BY_NAME, 1)
    return f"there is no switch {key!r}" + (f", did you mean {near[0]!r}?" if near else "")


def _read_value(switch: Switch, value: object) -> object:
    """Check one value against the table and give it as `Profile` holds it."""
    match switch.kind:
        case "choice":
            if value not in switch.values:
                raise ValueError(f"{value!r} is none of {', '.join(switch.values)}")
            return value
        case "yes-no":
            if not isinstance(value, bool):
                raise ValueError(f"{value!r} is neither true nor false")
            return value
        case "number":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
                raise ValueError(f"{value!r} is not a whole number from 0 to 1000000000")
            return value
        case "duration":
            return parse_duration(str(value))
