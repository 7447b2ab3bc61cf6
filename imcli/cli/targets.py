"""What `--target` names: `embedded`, `sim`, `sim:PROFILE`, `http://host:port`, or a context.

Here targets are understood; `verbs/desk.py` opens one for an admin verb, `running/pool.py` for
scenarios. The libraries behind a target are loaded when it is opened.

A verb that is told nothing goes to the current context (`imcli use-context`), else to the embedded
server. Scenarios do not: they make users and messages, and run in this process unless a target is
named.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from imcli.cli.config import Setting, contexts_path, state_folder, user_file
from imcli.cli.text_files import is_there
from imcli.model.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from imcli.cli.contexts import Context, Contexts
    from imcli.cli.shell import Shell
    from imcli.cli.tokens import Secret


class Place(NamedTuple):
    """A target as it was written, understood; `context` is the one that was named, if one was."""

    written: str
    kind: Literal["embedded", "sim", "live"]
    profile: str = ""
    url: str = ""
    context: Context | None = None

    @property
    def api(self) -> str:
        """The address of its HTTP API, without what is said behind it about devices."""
        return self.url.partition("?")[0]

    @property
    def local(self) -> bool:
        """Whether nothing of anybody else's can be destroyed there without asking."""
        if self.kind != "live":
            return True
        from imcli.cli.address import is_loopback

        return is_loopback(self.url)


FORMS = "targets are embedded, sim, sim:PROFILE, http://HOST:PORT, or a context"


def parse_target(text: str) -> Place | None:
    """Understand a target that says itself what it is; None may be a context's name.

    >>> parse_target("sim:requests").profile, parse_target("http://127.0.0.1:5001").local
    ('requests', True)

    Raises:
        UsageError: it is an address, and broken.
    """
    if text == "embedded":
        return Place(text, "embedded")
    if text == "sim":
        return Place(text, "sim")
    if text.startswith("sim:") and len(text) > 4:
        return Place(text, "sim", profile=text[4:])
    if text.lower().startswith(("http://", "https://")):
        from imcli.cli.address import check_url

        check_url(text)
        return Place(text, "live", url=text)
    return None


def place_of(shell: Shell, text: str) -> Place:
    """Understand a target of any form.

    Raises:
        UsageError: it is none; the nearest is named.
        InvalidInput: the file of contexts is damaged.
    """
    place = parse_target(text)
    if place is not None:
        return place
    from imcli.cli.contexts import read_contexts

    contexts = read_contexts(shell.world)
    context = contexts.named(text)
    if context is None:
        raise no_target(text, contexts)
    return Place(text, "live", url=context.url, context=context)


def no_target(text: str, contexts: Contexts) -> UsageError:
    """Answer what is no target with what may have been meant."""
    from imcli.cli.address import looks_like_host
    from imcli.cli.suggest import did_you_mean

    known = ("sim", "embedded", *(context.name for context in contexts.all))
    near = did_you_mean(text, known)
    if not near and looks_like_host(text):
        near = f"did you mean http://{text}?"
    return UsageError(f"{text!r} is no target", hint=near or FORMS)


def verb_place(shell: Shell) -> Place:
    """The target of an admin verb, by precedence; asked once per command."""
    if shell.place is None:
        shell.place = found_place(shell)
    return shell.place


def found_place(shell: Shell) -> Place:
    """Find the target of an admin verb."""
    setting = shell.setting("target", "")
    place = current_place(shell, setting) or place_named(shell, setting, "embedded")
    if place.kind == "live" and shell.options.profile:
        raise UsageError(
            "--profile is for embedded and simulated servers: a live one is what it is"
        )
    if place.kind != "embedded" and shell.options.state:
        raise UsageError("--state is for the embedded server")
    if place.profile and shell.options.profile not in ("", place.profile):
        raise UsageError("--profile and --target sim:PROFILE name different profiles")
    return place


def place_named(shell: Shell, setting: Setting, otherwise: str) -> Place:
    """Understand the target of a setting; what is wrong with it is told with where it came from.

    Raises:
        UsageError: a flag or the environment names none.
        InvalidInput: a configuration file names none.
    """
    try:
        return place_of(shell, setting.value or otherwise)
    except UsageError as error:
        if setting.source in ("--target", "default"):
            raise
        said = f"target in {setting.source}: {error.message}"
        if setting.source == "IMCLI_TARGET":
            raise UsageError(said, hint=error.hint) from None
        raise InvalidInput(said, hint=error.hint) from None


def current_place(shell: Shell, setting: Setting) -> Place | None:
    """The current context, where nothing stronger than the user's own file names a target.

    `--state` names a file of the embedded server, which no context is.

    Raises:
        InvalidInput: the file of contexts is damaged, or names a current one that is not there.
    """
    weak = setting.source in ("default", user_file(shell.world))
    if not weak or shell.options.state:
        return None
    if not is_there(contexts_path(shell.world)):
        return None
    from imcli.cli.contexts import read_contexts

    contexts = read_contexts(shell.world)
    if not contexts.current:
        return None
    context = contexts.named(contexts.current)
    if context is None:
        raise InvalidInput(
            f"{contexts.path}: current is {contexts.current!r}, and there is no such context",
            hint="imcli use-context NAME, or imcli use-context embedded",
        )
    shell.note(f"target is {context.name} (current context, from {contexts.path})")
    return Place(context.name, "live", url=context.url, context=context)


def scenario_places(shell: Shell, written: list[str]) -> list[Place]:
    """The targets of a scenario run: those given, else the one of the settings, else `sim`.

    `embedded` means a state file of each case's own, never the user's.
    """
    if not written:
        return [place_named(shell, shell.setting("target", ""), "sim")]
    return [place_of(shell, text) for text in dict.fromkeys(written)]


def state_path(shell: Shell) -> str:
    """The state file of the embedded server, by precedence."""
    default = os.path.join(state_folder(shell.world), "state.db")
    return shell.world.path(shell.setting("state", default).value)


def token_for(shell: Shell, place: Place) -> Secret:
    """The manager token of a live server: from the environment, else from its context.

    Raises:
        InvalidInput: the context's file with the token is missing, or others may read it.
    """
    from imcli.cli.contexts import token_of
    from imcli.cli.tokens import Secret

    given = shell.world.env.get("IMCLI_TOKEN", "")
    if given:
        shell.note("the manager token is that of IMCLI_TOKEN")
        return Secret(given)
    if place.context is None:
        return Secret()
    if place.context.token_source:
        shell.note(f"the manager token is that of the context {place.context.name}")
    return token_of(place.context)
