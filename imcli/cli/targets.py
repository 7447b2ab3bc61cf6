"""What `--target` names: `embedded`, `sim`, `sim:PROFILE` or `http://host:port`.

Here targets are understood; `desk.py` opens one for an admin verb, `pool.py` for scenarios. The
libraries behind a target are loaded when it is opened.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from imcli.cli.config import state_folder
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.shell import Shell

LOCAL_HOSTS = ("localhost", "::1")


class Place(NamedTuple):
    """A target as it was written, understood."""

    written: str
    kind: Literal["embedded", "sim", "live"]
    profile: str = ""
    url: str = ""

    @property
    def local(self) -> bool:
        """Whether nothing of anybody else's can be destroyed there without asking."""
        if self.kind != "live":
            return True
        from urllib.parse import urlsplit

        host = urlsplit(self.url).hostname or ""
        numeric = host.replace(".", "").isdecimal()
        return host in LOCAL_HOSTS or (numeric and host.startswith("127."))


def parse_target(text: str) -> Place:
    """Understand a target.

    >>> parse_target("sim:requests").profile, parse_target("http://127.0.0.1:5001").local
    ('requests', True)

    Raises:
        UsageError: it is none of the four forms.
    """
    if text == "embedded":
        return Place(text, "embedded")
    if text == "sim":
        return Place(text, "sim")
    if text.startswith("sim:") and len(text) > 4:
        return Place(text, "sim", profile=text[4:])
    if text.startswith(("http://", "https://")):
        check_url(text)
        return Place(text, "live", url=text)
    from imcli.cli.suggest import did_you_mean

    near = did_you_mean(text, ("sim", "embedded"))
    if (
        not near
        and text.replace(".", "").replace(":", "").replace("-", "").isalnum()
        and ":" in text
    ):
        near = f"did you mean http://{text}?"
    raise UsageError(
        f"{text!r} is no target",
        hint=near or "targets are embedded, sim, sim:PROFILE and http://HOST:PORT",
    )


def check_url(text: str) -> None:
    """Refuse an address that has no host, a port that is none, or a secret in it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        broken = not parts.hostname or parts.port == 0
    except ValueError:
        broken = True
    if broken:
        raise UsageError("the target's address is broken", hint="it looks like http://HOST:5001")
    if parts.username or parts.password:
        raise UsageError("no secrets in an address", hint="set IMCLI_TOKEN in the environment")


def verb_place(shell: Shell) -> Place:
    """The target of an admin verb, by precedence."""
    place = parse_target(shell.setting("target", "embedded").value)
    if place.kind == "live" and shell.options.profile:
        raise UsageError(
            "--profile is for embedded and simulated servers: a live one is what it is"
        )
    if place.kind == "live" and shell.options.state:
        raise UsageError("--state is for the embedded server")
    return place


def scenario_places(shell: Shell, written: list[str]) -> list[Place]:
    """The targets of a scenario run: those given, else the one of the settings, else `sim`.

    `embedded` means a state file of each case's own, never the user's.
    """
    chosen = written or [shell.setting("target", "sim").value]
    return [parse_target(text) for text in dict.fromkeys(chosen)]


def state_path(shell: Shell) -> str:
    """The state file of the embedded server, by precedence."""
    default = os.path.join(state_folder(shell.world), "state.db")
    return shell.world.path(shell.setting("state", default).value)


def token(shell: Shell) -> str:
    """The manager token of a live server: from the environment, never from a flag."""
    return shell.world.env.get("IMCLI_TOKEN", "")
