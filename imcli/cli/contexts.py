"""Contexts: names for live servers, with what is needed to reach each.

They live in `contexts.toml` of the user's configuration folder, a file for its owner alone because
it may hold manager tokens. Here it is read and understood; `context_edit.py` writes it. A token is
never shown: it has no field in anything that is printed, and `Secret` has no text but dots.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from imcli.cli.address import check_url
from imcli.cli.config import contexts_path
from imcli.cli.private import read_private
from imcli.cli.text_files import is_there, toml_of
from imcli.cli.tokens import Secret, token_in
from imcli.cli.world import World
from imcli.model.errors import InvalidInput, UsageError

TRANSPORTS = ("tcp", "ws", "jsonrpc", "tcp-jsonrpc", "ws-jsonrpc", "none")
"""How devices connect (`MANNERS` of `targets/live/door.py`): the binary protocol, or JSON-RPC."""
TEXT_KEYS = ("url", "token", "token_file", "transport", "restart", "crash")
RESERVED = ("sim", "embedded")
NAME_LENGTH_MAX = 64


class Context(NamedTuple):
    """One live server by name. `restart` and `crash` are shell commands, "" where there is none."""

    name: str
    url: str
    token: Secret = Secret()
    token_file: str = ""
    transport: str = ""
    restart: str = ""
    crash: str = ""

    @property
    def token_source(self) -> str:
        """Where the manager token is, never what it is: `stored`, a file's path, or ""."""
        return self.token_file or ("stored" if self.token else "")


class Contexts(NamedTuple):
    """What the file says. `current` is "" where verbs go to the embedded server."""

    path: str
    current: str = ""
    all: tuple[Context, ...] = ()

    def named(self, name: str) -> Context | None:
        """Find a context."""
        return next((context for context in self.all if context.name == name), None)

    def known(self, name: str) -> Context:
        """Find a context that must be there.

        Raises:
            UsageError: there is none of that name; the nearest is named.
        """
        found = self.named(name)
        if found is None:
            raise UsageError(f"there is no context {name!r}", hint=self.near(name))
        return found

    def near(self, name: str) -> str:
        """Say what may have been meant."""
        from imcli.cli.suggest import did_you_mean

        names = [context.name for context in self.all]
        if not names:
            return f"there are none yet: imcli add-context {name} http://HOST:5001"
        return did_you_mean(name, names) or f"the contexts are {', '.join(names)}"


def read_contexts(world: World) -> Contexts:
    """Read the file; there need not be one.

    Raises:
        InvalidInput: it is damaged, or others may read it.
    """
    path = contexts_path(world)
    if not is_there(path):
        return Contexts(path)
    return understood(path, parsed(path, read_private(path)))


def parsed(path: str, text: str) -> dict[str, object]:
    """Take the text as TOML.

    Raises:
        InvalidInput: naming the place.
    """
    return toml_of(text, path, hint="mend the file or move it away; it was left as it is")


def understood(path: str, document: dict[str, object]) -> Contexts:
    """Make values of the tables.

    Raises:
        InvalidInput: naming everything that is wrong; values are not repeated, some are secret.
    """
    problems = [f"unknown key {key!r}" for key in document if key not in ("current", "contexts")]
    tables = document.get("contexts", {})
    current = document.get("current", "")
    if not isinstance(current, str):
        problems.append("current must be a text")
    if not isinstance(tables, dict):
        problems.append("contexts must be a table")
        tables = {}
    found: list[Context] = []
    for name, table in tables.items():
        wrong = faults(name, table)
        problems += [f"contexts.{name}: {fault}" for fault in wrong]
        if not wrong:
            found.append(context_of(path, name, table))
    if problems:
        raise InvalidInput(f"{path} is invalid", problems=tuple(f"{path}: {p}" for p in problems))
    return Contexts(path, str(current), tuple(found))


def faults(name: str, table: object) -> list[str]:
    """Say what is wrong with one table."""
    from imcli.cli.suggest import did_you_mean

    found = [fault] if (fault := name_fault(name)) else []
    if not isinstance(table, dict):
        return [*found, "must be a table"]
    for key, value in table.items():
        if key not in TEXT_KEYS:
            hint = did_you_mean(key, TEXT_KEYS) or f"the keys are {', '.join(TEXT_KEYS)}"
            found.append(f"unknown key {key!r}; {hint}")
        elif not isinstance(value, str):
            found.append(f"{key} must be a text")
    found += url_faults(table.get("url"))
    transport = table.get("transport", "")
    if transport and transport not in TRANSPORTS:
        found.append(f"transport is none of {', '.join(TRANSPORTS)}")
    if table.get("token") and table.get("token_file"):
        found.append("either token or token_file, not both")
    return found


def url_faults(url: object) -> list[str]:
    """Say what is wrong with an address, without repeating it."""
    if not isinstance(url, str) or not url:
        return ["url is missing"]
    try:
        check_url(url)
    except UsageError as error:
        return [f"url: {error.message}"]
    return []


def context_of(path: str, name: str, table: dict[str, str]) -> Context:
    """Make a value of a table that is right; a token's file is relative to the file."""
    given = {key: table.get(key, "") for key in TEXT_KEYS if key != "token"}
    if given["token_file"]:
        token_file = os.path.expanduser(given["token_file"])
        given["token_file"] = os.path.join(os.path.dirname(path), token_file)
    return Context(name, token=Secret(table.get("token", "")), **given)


def name_fault(name: str) -> str:
    """Say why a text can be no context's name; "" when it can."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum() and name[:1].isalpha()):
        return f"{name!r} is no name: letters, digits and - _ . are, beginning with a letter"
    if len(name) > NAME_LENGTH_MAX:
        return f"a name of more than {NAME_LENGTH_MAX} characters"
    return f"{name!r} means a target already" if name in RESERVED else ""


def token_of(context: Context) -> Secret:
    """Give the manager token of a context.

    Raises:
        InvalidInput: its file is missing, or others may read it.
    """
    return token_in(context.token_file) if context.token_file else context.token
