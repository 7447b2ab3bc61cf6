"""Other processes for `--jobs`: how they are made, and what each of them can do.

What goes to another process must be found there by name, so the makers of targets and observers are
functions of this module. An interrupt belongs to the one who was asked; it tells its workers, and
each of them breaks off the case under way and answers what it had finished.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from imcli.cli.profile_files import profile_of
from imcli.cli.running.restarting import ShellCommand
from imcli.cli.targets import Place, parse_target, token_for
from imcli.cli.tokens import Secret
from imcli.model.errors import InvalidInput, UsageError
from imcli.simulator.profiles import Profile
from imcli.targets.base import OpenTarget, Target

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from imcli.cli.shell import Shell
    from imcli.scenario.events import RunEvent
    from imcli.scenario.running.run import Observer
    from imcli.scenario.running.run import Options as RunOptions
    from imcli.scenario.syntax import Case

JOBS_MAX = 256
LAWS_APART = ("delete_kind", "own_send_reads", "flush_interval", "list_cache_ttl")
"""The switches in which the versions of WuKongIM are not like each other."""


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
            from imcli.targets.embedded import open_embedded_case

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


def meanings(name: str, own: dict[str, object] | None) -> list[str]:
    """Say each switch in which the profile of a failing case is not the reference, in words.

    A WuKongIM differs in many; of those it is the few by which its versions differ.
    """
    from imcli.cli.profiles import shown_value
    from imcli.simulator.profiles import build_profile, load_profile
    from imcli.simulator.switches import SWITCHES

    try:
        profile = build_profile(own) if own is not None else load_profile(name)
    except InvalidInput:
        return []
    told = profile.differences()
    if profile.product != "reference":
        told = {name: value for name, value in told.items() if name in {*LAWS_APART, *(own or {})}}
    return [
        f"{each.name} = {shown_value(each.name, getattr(profile, each.name))}: "
        f"{each.meaning(getattr(profile, each.name))}"
        for each in SWITCHES
        if each.name in told
    ]


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


def must_travel(*values: object) -> None:
    """Fail here where something cannot be sent to another process: there it would wait for ever."""
    import pickle

    pickle.dumps(values)


@contextmanager
def open_pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Make processes and end them, also after an interrupt."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A fork is ten times as quick to start as a fresh interpreter, and safe here: this program has
    # one thread. Where the system's own libraries do not survive a fork, a fresh one is started.
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(method)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=await_interrupts)
    try:
        yield pool
    except BaseException:
        # What is under way is of no use any more, and might take long.
        for child in multiprocessing.active_children():
            child.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def interrupt_workers() -> None:
    """Ask every worker to end: what it had finished comes back."""
    import multiprocessing

    for child in multiprocessing.active_children():
        if child.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGINT)


class Worker:
    """What a worker knows about itself; a process has one."""

    stopped = False
    working = False


def await_interrupts() -> None:
    """Get ready, in a worker, to be told to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end_work)


def end_work(number: int, frame: object) -> None:
    """Break off what this worker does, once; between two pieces of work only take note."""
    Worker.stopped = True
    if Worker.working:
        Worker.working = False
        raise KeyboardInterrupt


def work_until_stopped(
    cases: tuple[Case, ...],
    target_names: tuple[str, ...],
    make_target: Callable[[str], OpenTarget],
    options: RunOptions,
) -> list[RunEvent]:
    """Run some cases in this process; after an interrupt give those that had finished."""
    from imcli.scenario.running.suite import run_chunk

    Worker.working = True
    try:
        if Worker.stopped:
            return []
        return run_chunk(cases, target_names, make_target, options)
    except KeyboardInterrupt:
        return []
    finally:
        Worker.working = False
