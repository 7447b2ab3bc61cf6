"""What a failing case looked like after each step: it is played again, and watched.

Only a virtual world can be played again exactly, and only a failure is worth it. Looking happens in
a fork where the world has one, so that even a server whose reads change it is not disturbed. On a
real server the report has what was observed anyway: one look at the lists, taken at the failure.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from imcli.model.entities import DeviceKey, Entry
from imcli.model.errors import ImcliError
from imcli.model.questions import ListView, Question, Seen, Shown
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import state_table
from imcli.scenario.events import StateTable
from imcli.scenario.running.play import Logged, Play, Problem, step_name, where
from imcli.scenario.running.program import Block, Program, Unit
from imcli.scenario.running.stored import change_words, removes, stored_by
from imcli.targets.base import Target

LOOKS_MAX = 5_000
"""At most so many lists are looked at while a failing case is played again."""
ENTRIES_MAX = 100_000
"""With more conversations than this to look at, only the end is looked at: no "since step"."""
DEVICES_MAX = 12
"""With more devices than this, only those that the failure speaks of are watched."""

Lists = dict[DeviceKey, ListView]


class Snapshot(msgspec.Struct, frozen=True):
    """What the watched devices had after a step."""

    step: str
    text: str
    lists: Lists


class Watched(msgspec.Struct, frozen=True):
    """A run that was watched: a snapshot per step (the last is the failure's), log and names.

    `look` answers one more question at the point of the failure; it may raise `ImcliError`.
    """

    snapshots: tuple[Snapshot, ...]
    log: tuple[Logged, ...]
    names: Names
    look: Callable[[Question], object]


class Forking:
    """Looks at a target through a fork where it has one."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._fork = fork_method(target)

    def lists(self, keys: tuple[DeviceKey, ...], shown: bool) -> Lists:
        """Look at the lists of some devices."""
        world = self._fork() if self._fork is not None else self._target
        found: Lists = {}
        for user, device in keys:
            view = world.observe(Shown(user, device) if shown else Seen(user, device))
            assert isinstance(view, ListView)
            found[DeviceKey(user, device)] = view
        return found

    def look(self, question: Question) -> object:
        """Look at one thing."""
        world = self._fork() if self._fork is not None else self._target
        return world.observe(question)


def fork_method(target: Target) -> Callable[[], Target] | None:
    """The optional `fork() -> Target` of virtual targets: an independent copy of the world."""
    return getattr(target, "fork", None) if target.virtual else None


def watch_again(program: Program, play: Play, problems: list[Problem]) -> Watched | None:
    """Play a failing case again in a fresh world and look at the lists after each step.

    Args:
        program: the case, made ready.
        play: a fresh play of it, with a log.
        problems: what went wrong the first time.

    Returns:
        Nothing where it did not go wrong again at the same step, or could not be played.
    """
    keys = watched_devices(play.names, problems)
    shown = speaks_of_cache(problems)
    every = max(1, LOOKS_MAX // max(1, len(keys)))
    eyes = Forking(play.target)
    stop = (problems[0].phase, problems[0].number)
    total = len(program.main)
    snapshots: list[Snapshot] = []
    seen = 0
    try:
        if total <= every:
            snapshots.append(Snapshot("the start", "", eyes.lists(keys, shown)))
        for index, unit in enumerate(program.main):
            close = total - index <= every
            found = _played(play, unit, eyes) if close else play.unit(unit)
            if found or (close and seen <= ENTRIES_MAX):
                keys = watched_devices(play.names, problems)
                snapshots.append(_snapshot(unit, eyes.lists(keys, shown)))
                seen += sum(len(view.entries) for view in snapshots[-1].lists.values())
                if seen > ENTRIES_MAX:
                    del snapshots[:-1]
            if found:
                same = any((p.phase, p.number) == stop for p in found)
                return _watched(snapshots, play, eyes) if same else None
    except ImcliError:
        return None
    if problems[0].phase == "cleanup" or problems[0].kind == "invariant":
        return _watched(snapshots, play, eyes)
    return None


def _played(play: Play, unit: Unit, eyes: Forking) -> list[Problem]:
    """Play a unit; the log learns what a delete left of the stored record."""
    action = removes(unit)
    if action is None:
        return play.unit(unit)
    before = stored_by(eyes.look, action.user, action.chat)
    problems = play.unit(unit)
    after = stored_by(eyes.look, action.user, action.chat)
    if play.log:
        words = change_words(action, before, after, play.names)
        play.log[-1] = msgspec.structs.replace(play.log[-1], stored=words)
    return problems


def watch_now(play: Play, problems: list[Problem]) -> Watched:
    """Look once at a world in which a case has just failed."""
    eyes = Forking(play.target)
    try:
        lists = eyes.lists(watched_devices(play.names, problems), speaks_of_cache(problems))
    except ImcliError:
        lists = {}
    last = problems[0]
    snapshot = Snapshot(step_name(last.phase, last.number), last.text, lists)
    return _watched([snapshot], play, eyes)


def state_now(play: Play) -> StateTable | None:
    """What everybody sees now, as a state table; nothing where the world cannot be asked."""
    try:
        lists = Forking(play.target).lists(watched_devices(play.names, []), shown=False)
    except ImcliError:
        return None
    return state_table(lists.items(), play.names)


def _snapshot(unit: Unit, lists: Lists) -> Snapshot:
    number = unit.number + len(unit.asserts) - 1 if isinstance(unit, Block) else unit.number
    return Snapshot(step_name(unit.phase, number), where(unit)[1], lists)


def _watched(snapshots: list[Snapshot], play: Play, eyes: Forking) -> Watched:
    return Watched(tuple(snapshots), tuple(play.log or ()), play.names, eyes.look)


def speaks_of_cache(problems: list[Problem]) -> bool:
    """Tell whether the failure is about what devices show, not about what they would be told."""
    return any(
        getattr(claim, "source", "") == "shows" for problem in problems for claim in problem.claims
    )


def watched_devices(names: Names, problems: list[Problem]) -> tuple[DeviceKey, ...]:
    """The devices whose lists explain a failure, in the order of the cast."""
    everybody = tuple(key for keys in names.devices.values() for key in keys)
    if len(everybody) <= DEVICES_MAX:
        return everybody
    spoken_of = {
        word
        for problem in problems
        for claim in problem.claims
        for word in (getattr(claim, "user", ""), getattr(claim, "chat", ""))
    }
    spoken_of |= {d.subject.partition(".")[0] for p in problems for d in p.disagreements}
    chosen = tuple(key for key in everybody if key.user in spoken_of)
    return (chosen or everybody)[:DEVICES_MAX]


def entry_of(snapshot: Snapshot, key: DeviceKey, chat: str) -> Entry | None:
    """Find a conversation of a device in a snapshot."""
    view = snapshot.lists.get(key)
    if view is None:
        return None
    return next((entry for entry in view.entries if entry.chat == chat), None)
