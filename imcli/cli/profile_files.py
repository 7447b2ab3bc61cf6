"""Profiles by name or from a file: what `--profile` and `sim:PROFILE` may say.

A profile of one's own is a TOML file of switches over a built-in one (`extends`), as the tables in
scenario files are. What ends in `.toml` is a file; everything else is a name. Such a profile is
called after its file, and what is read is a value, so that other processes need no file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imcli.model.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from imcli.cli.world import World
    from imcli.simulator.profiles import Profile

BYTES_MAX = 64 * 1024
SWITCH_HINT = "`imcli show-profile reference` lists the switches and their values"


def is_file(text: str) -> bool:
    """Tell whether a profile is named by its file.

    >>> is_file("mine.toml"), is_file("wukongim-2.1.3")
    (True, False)
    """
    return text.endswith(".toml")


def profile_of(world: World, text: str) -> Profile:
    """Give the profile that a name or a file means.

    Raises:
        InvalidInput: there is no such profile or file, or the file is invalid.
    """
    from imcli.simulator.profiles import build_profile, load_profile

    if not is_file(text):
        return load_profile(text)
    table = read_table(world.path(text), text)
    name = os.path.basename(text).removesuffix(".toml")
    try:
        return build_profile(table, name=name)
    except InvalidInput as error:
        if error.problems:
            told = tuple(f"{text}: {problem}" for problem in error.problems)
            raise InvalidInput(f"{text} is invalid", problems=told, hint=error.hint) from None
        raise InvalidInput(f"{text}: {error}", hint=error.hint) from None


def read_table(path: str, shown: str) -> dict[str, object]:
    """Read the table of a profile file.

    Raises:
        InvalidInput: it cannot be read, is too long, or is no TOML.
    """
    from imcli.cli.text_files import text_of, toml_of, unreadable

    try:
        with open(path, "rb") as file:
            body = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise unreadable(shown, error) from None
    if len(body) > BYTES_MAX:
        raise InvalidInput(f"{shown} is no profile: it is longer than {BYTES_MAX} bytes")
    return toml_of(text_of(body, shown), shown)


def switched(world: World, text: str, switches: list[str], default: str) -> Profile | None:
    """Give a profile with some switches changed (`NAME=VALUE`); None where nothing was asked for.

    Raises:
        InvalidInput: there is no such profile or file, or the file is invalid.
        UsageError: a switch or its value does not exist.
    """
    from imcli.simulator.profiles import build_profile

    if not switches:
        return profile_of(world, text) if text else None
    parent = profile_of(world, text or default)
    try:
        return build_profile(dict(map(switch_value, switches)), parent=parent)
    except InvalidInput as error:
        raise UsageError(f"--switch: {'; '.join(error.problems)}", hint=SWITCH_HINT) from None


def switch_value(text: str) -> tuple[str, object]:
    """Read one switch as a profile's file would have it.

    >>> switch_value("flush_interval=1s"), switch_value("own_send_reads=false")
    (('flush_interval', '1s'), ('own_send_reads', False))
    >>> switch_value("list_limit=10")
    ('list_limit', 10)

    Raises:
        UsageError: it has no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--switch is {text!r}, and must be NAME=VALUE", hint=SWITCH_HINT)
    if value in ("true", "false"):
        return name, value == "true"
    return name, int(value) if value.isascii() and value.isdigit() else value
