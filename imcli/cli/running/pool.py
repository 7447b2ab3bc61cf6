"""What goes to other processes with `--jobs`: how targets are opened there, and cases watched.

It must be found there by name, so the makers of targets and observers are functions and values of
this module. The processes themselves are those of `crew.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from imcli.cli.profile_files import profile_of
from imcli.cli.running.restarting import ShellCommand
from imcli.cli.targets import Place, parse_target, token_for
from imcli.cli.tokens import Secret
from imcli.model.errors import UsageError
from imcli.simulator.profiles import Profile
from imcli.targets.base import OpenTarget, Target

if TYPE_CHECKING:
    from imcli.cli.shell import Shell
    from imcli.scenario.events import RunEvent
    from imcli.scenario.running.run import Observer
    from imcli.scenario.running.run import Options as RunOptions
    from imcli.scenario.syntax import Case

JOBS_MAX = 256


class Access(msgspec.Struct, frozen=True):
    """A target that was understood, with what opens it: the token of a live server, a profile."""

    place: Place
    token: Secret
    profile: Profile | None = None


class MakeTarget(msgspec.Struct, frozen=True):
    """Opens targets by name, in whatever process; `known` are those that need more than a name.

    `profile` is for simulated targets and wins over theirs.
    """

    profile: Profile | None = None
    known: dict[str, Access] = {}

    def is_live(self, name: str) -> bool:
        """Whether a target is a real server."""
        access = self.known.get(name)
        place = access.place if access else parse_target(name)
        return place is not None and place.kind == "live"

    def __call__(self, name: str) -> OpenTarget:
        """Open a target that is known, or one whose name says what it is."""
        access = self.known.get(name)
        place = access.place if access else parse_target(name)
        assert place is not None, "a context is known"
        if place.kind == "live":
            return open_real(place, access.token if access else Secret())
        if place.kind == "embedded":
            from imcli.targets.embedded_case import open_embedded_case

            return open_embedded_case(self.profile or "reference", name=place.written)
        from imcli.targets.simulated import open_simulated

        if self.profile:
            return open_simulated(self.profile)
        own = access.profile if access else None
        return open_simulated(own or place.profile or "reference", name=place.written)


def open_real(place: Place, token: Secret) -> OpenTarget:
    """Reach a live server, with what its context says of it."""
    from imcli.targets.live import Hooks, open_live

    def hook(line: str) -> ShellCommand | None:
        return ShellCommand(line, place.written, place.api, token) if line else None

    context = place.context
    hooks = Hooks(hook(context.restart), hook(context.crash)) if context else Hooks()
    devices = context.transport if context else ""
    return open_live(
        place.url, token=token.reveal(), name=place.written, devices=devices, hooks=hooks
    )


def maker_of(shell: Shell, profile: str, places: Sequence[Place]) -> MakeTarget:
    """Make what opens these targets; tokens are looked up here, in the process that was called."""
    known = {place.written: access_to(shell, place) for place in places}
    return MakeTarget(profile_of(shell.world, profile) if profile else None, known)


def access_to(shell: Shell, place: Place) -> Access:
    """Look up what opens a target."""
    own = profile_of(shell.world, place.profile) if place.profile else None
    return Access(place, token_for(shell, place) if place.kind == "live" else Secret(), own)


def watch(case: Case, target: Target) -> Observer:
    """Watch a case with the invariants: per step what is cheap, settled ones where they matter."""
    return watcher(target, each_step=False)


def watch_each_step(case: Case, target: Target) -> Observer:
    """Watch a case with every invariant at every step."""
    return watcher(target, each_step=True)


def watcher(target: Target, *, each_step: bool) -> Observer:
    """Put the checker into a simulated world; a real one cannot be watched.

    A profile that does what some real server does breaks what that server breaks: there a scenario
    is judged by its claims alone, unless every step is to be checked.
    """
    from imcli.targets.watched import watch_of

    wanted = each_step or target.identity.product == "reference"
    found = watch_of(target, each_step=each_step) if wanted else None
    return found or Nobody()


class Nobody:
    """Watches a server that cannot be looked into."""

    def after(self, action: object, outcome: object) -> list[str]:
        """Know nothing."""
        return []

    def finish(self) -> list[str]:
        """Say nothing."""
        return []


OBSERVERS: dict[str, Callable[[Case, Target], Observer]] = {"": watch, "each-step": watch_each_step}


def job_count(text: str, processors: int) -> int:
    """Understand `--jobs`.

    >>> job_count("auto", 8), job_count("3", 8)
    (8, 3)

    Raises:
        UsageError: it is neither a number from 1 nor `auto`.
    """
    if text == "auto":
        return processors
    if text.isdecimal() and 1 <= int(text) <= JOBS_MAX:
        return int(text)
    raise UsageError(f"--jobs is {text!r}, and must be auto or a number from 1 to {JOBS_MAX}")


class Cases:
    """The work of others: a case on a target, by its number; all targets of a case in a row."""

    def __init__(
        self,
        cases: Sequence[Case],
        target_names: Sequence[str],
        make_target: Callable[[str], OpenTarget],
        options: RunOptions,
    ) -> None:
        self._cases = cases
        self._names = target_names
        self._make = make_target
        self._options = options
        self._targets: dict[str, OpenTarget] = {}

    def __len__(self) -> int:
        return len(self._cases) * len(self._names)

    def __call__(self, number: int) -> list[RunEvent]:
        """Run one case on one target, which its first case opens where it is run."""
        from imcli.scenario.running.run import run

        case, column = divmod(number, len(self._names))
        name = self._names[column]
        target = self._targets.get(name) or self._targets.setdefault(name, self._make(name))
        return list(run(self._cases[case], target, self._options))
