"""Settings and where they come from: flag, environment, `imcli.toml`, the user's own file.

The first that says something wins. `KEYS` is the whole vocabulary of both files. Reading TOML costs
start-up time, so its parser is loaded only when there is a file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from typing import NamedTuple

from imcli.cli.profile_files import is_file
from imcli.cli.world import World
from imcli.model.errors import InvalidInput, UsageError

CHOICES: dict[str, tuple[str, ...]] = {
    "target": (),
    "profile": (),
    "state": (),
    "output": ("table", "json", "jsonl", "plain"),
    "color": ("auto", "always", "never"),
}
"""What can be set, with the values allowed; empty means any text."""

KEYS = tuple(CHOICES)
PROJECT_FILE = "imcli.toml"
CONTEXTS_FILE = "contexts.toml"


class Setting(NamedTuple):
    """A value and where it came from, for `--verbose` and for errors."""

    value: str
    source: str


class Settings:
    """Answers what holds for a key; reads files only when neither flag nor environment says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files: list[tuple[str, dict[str, str]]] | None = None

    def get(self, key: str, flag: str, default: str) -> Setting:
        """Look a key up by precedence and check its value.

        Raises:
            UsageError: the value of a flag or of the environment is none of the choices.
            InvalidInput: a configuration file is invalid.
        """
        variable = f"IMCLI_{key.upper()}"
        if flag:
            return checked(key, Setting(flag, f"--{key}"))
        if self.world.env.get(variable):
            return checked(key, Setting(self.world.env[variable], variable))
        if self.files is None:
            self.files = read_files(self.world)
        for path, values in self.files:
            if key in values:
                return Setting(values[key], path)
        return Setting(default, "default")


def checked(key: str, setting: Setting) -> Setting:
    """Refuse a value that is none of the choices of its key."""
    if CHOICES[key]:
        check_choice(setting.source, setting.value, CHOICES[key])
    return setting


def check_choice(where: str, value: str, choices: Collection[str]) -> None:
    """Refuse a value that is none of the choices; `where` is the option or variable that has it.

    Raises:
        UsageError: naming the choices, and the nearest of them.
    """
    if value not in choices:
        from imcli.cli.suggest import did_you_mean

        raise UsageError(
            f"{where} is {value!r}, which is none of {', '.join(choices)}",
            hint=did_you_mean(value, choices),
        )


def state_folder(world: World) -> str:
    """Name the folder of the user's state: the embedded server and defect reports."""
    return own_folder(world, "XDG_STATE_HOME", ".local/state", "user_state_dir")


def user_folder(world: World) -> str:
    """Name the folder of the user's own configuration."""
    return own_folder(world, "XDG_CONFIG_HOME", ".config", "user_config_dir")


def user_file(world: World) -> str:
    """Name the user's own configuration file."""
    return os.path.join(user_folder(world), "config.toml")


def contexts_path(world: World) -> str:
    """Name the file of named live servers; `contexts.py` reads it."""
    return os.path.join(user_folder(world), CONTEXTS_FILE)


def own_folder(world: World, variable: str, below_home: str, elsewhere: str) -> str:
    """Name a folder of the user's own for imcli.

    On Linux two words say where, and platformdirs would cost every command what it takes to load;
    on other systems it knows better.
    """
    if world.env.get(variable):
        return os.path.join(world.env[variable], "imcli")
    system: str = sys.platform
    if system.startswith("linux"):
        return os.path.join(os.path.expanduser("~"), below_home, "imcli")
    import platformdirs

    folder: str = getattr(platformdirs, elsewhere)("imcli", appauthor=False)
    return folder


def project_file(folder: str) -> str | None:
    """Find `imcli.toml` in this folder or the nearest one above."""
    while True:
        candidate = os.path.join(folder, PROJECT_FILE)
        if os.path.lexists(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def read_files(world: World) -> list[tuple[str, dict[str, str]]]:
    """Read the configuration files that exist, the stronger first."""
    project = project_file(world.cwd)
    own = user_file(world)
    paths = [project] if project else []
    paths += [own] if os.path.lexists(own) else []
    return [(path, read_file(path)) for path in paths]


def read_file(path: str) -> dict[str, str]:
    """Read one configuration file; files that it names are relative to it.

    Raises:
        InvalidInput: naming every key that is wrong.
    """
    from imcli.cli.text_files import text_of, toml_of, unreadable

    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise unreadable(path, error) from None
    hint = "that is a configuration file of imcli: mend it, or move it away"
    document = toml_of(text_of(data, path), path, hint=hint)
    problems = [problem for key, value in document.items() if (problem := fault(key, value))]
    if problems:
        raise InvalidInput(f"{path} is invalid", problems=tuple(f"{path}: {p}" for p in problems))
    values = {key: str(value) for key, value in document.items()}
    for key in values:
        if key == "state" or (key == "profile" and is_file(values[key])):
            values[key] = os.path.join(os.path.dirname(path), os.path.expanduser(values[key]))
    return values


def fault(key: str, value: object) -> str:
    """Say what is wrong with one line of a configuration file; "" when nothing is."""
    if key in ("token", "manager_token"):
        return f"{key}: secrets do not belong here; `imcli add-context` keeps one for its owner"
    if key not in CHOICES:
        from imcli.cli.suggest import did_you_mean

        hint = did_you_mean(key, KEYS)
        return f"unknown key {key!r}; {hint or 'the keys are ' + ', '.join(KEYS)}"
    if not isinstance(value, str) or not value:
        return f"{key} must be a text that is not empty"
    if CHOICES[key] and value not in CHOICES[key]:
        return f"{key} is {value!r}, which is none of {', '.join(CHOICES[key])}"
    return ""
