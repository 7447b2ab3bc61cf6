"""What a failing case looked like after each step: it is played again, and watched.

Only a virtual world can be played again exactly, and only a failure is worth it. Looking happens in
a fork where the world has one, so that even a server whose reads change it is not disturbed. On a
real server the report has what was observed anyway: one look at the lists, taken at the failure.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from imcli.model.entities import DeviceKey, Entry
from imcli.model.errors import ImcliError, TargetUnavailable
from imcli.model.questions import ListView, Question, Seen, Shown
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import state_table
from imcli.scenario.events import StateTable
from imcli.scenario.running.judge import is_timed, judge_block
from imcli.scenario.running.play import Logged, Play, Problem, step_name, where
from imcli.scenario.running.program import Block, Program, Unit
from imcli.scenario.running.stored import Look, change_words, removes, stored_by
from imcli.targets.base import Target, fork_method

LOOKS_MAX = 5_000
"""At most so many lists are looked at while a failing case is played again."""
ENTRIES_MAX = 100_000
"""With more conversations than this to look at, only the end is looked at: no "since step"."""
DEVICES_MAX = 12
"""With more devices than this, only those that the failure speaks of are watched."""
MOMENTS_MAX = 20
"""So many worlds are kept in which assertions of one block failed; later ones have no table."""

Lists = dict[DeviceKey, ListView]


class Snapshot(msgspec.Struct, frozen=True):
    """What the watched devices had after a step, and had still after `last`."""

    step: str
    text: str
    lists: Lists
    last: str


class Watched(msgspec.Struct, frozen=True):
    """What one failure is explained by: a snapshot per step (the last is its own), log and names.

    `look` answers one more question at the point of the failure; it may raise `ImcliError`.
    """

    snapshots: tuple[Snapshot, ...]
    log: tuple[Logged, ...]
    names: Names
    look: Look


Views = dict[bool, tuple[Snapshot, ...]]
"""Snapshots of what the server answers (False) and of what the devices show (True), as wanted."""


class Moment(msgspec.Struct, frozen=True):
    """The world in which an assertion was judged, and what was seen before and in it."""

    views: Views
    look: Look


class Rerun(msgspec.Struct, frozen=True):
    """A run that was watched up to where it went wrong, and `last` at that point.

    `moments` are the assertions that failed, by number, since a later one may have moved the clock.
    """

    log: tuple[Logged, ...]
    names: Names
    last: Moment
    moments: dict[int, Moment]

    def at(self, problem: Problem) -> Watched:
        """Give the run as it was when this went wrong, in the view of which it speaks."""
        moment = self.moments.get(problem.number, self.last)
        snapshots = moment.views.get(speaks_of_cache(problem), ())
        return Watched(snapshots, self.log, self.names, moment.look)


def _forgotten(question: Question) -> object:
    raise TargetUnavailable("too much failed to keep every world in which something did")


FORGOTTEN = Moment({}, _forgotten)
"""Stands for the worlds that are too many to keep."""


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

    def keep(self) -> Look:
        """Keep the world as it is now, where it can be forked; gives what looks at it."""
        return self.look if self._fork is None else Forking(self._fork()).look

    def look(self, question: Question) -> object:
        """Look at one thing."""
        world = self._fork() if self._fork is not None else self._target
        return world.observe(question)


def watch_again(program: Program, play: Play, problems: list[Problem]) -> Rerun | None:
    """Play a failing case again in a fresh world and look at the lists after each step.

    Args:
        program: the case, made ready.
        play: a fresh play of it, with a log.
        problems: what went wrong the first time.

    Returns:
        Nothing where it did not go wrong again at the same step, or could not be played.
    """
    try:
        return _Watch(play, problems).play(program)
    except ImcliError:
        return None


class _Watch:
    """A failing case that is played again, with what has been seen of it so far."""

    def __init__(self, play: Play, problems: list[Problem]) -> None:
        self._play = play
        self._problems = problems
        self._eyes = Forking(play.target)
        self._views: dict[bool, list[Snapshot]] = {each: [] for each in views_of(problems)}
        self._moments: dict[int, Moment] = {}
        self._now: Moment | None = None
        self._kept = 0
        self._entries = 0
        self._looking = False
        self._fresh = False
        play.judge = self._judge

    def play(self, program: Program) -> Rerun | None:
        """Play it up to where it went wrong; nothing where that is another place now."""
        first = self._problems[0]
        ahead = sum(map(_looks, program.main))
        every = max(1, LOOKS_MAX // max(1, len(self._keys()) * len(self._views)))
        if ahead <= every:
            self._look("the start", "")
        for unit in program.main:
            self._looking = ahead <= every and self._entries <= ENTRIES_MAX
            ahead -= _looks(unit)
            found = self._unit(unit)
            if found:
                same = any((p.phase, p.number) == (first.phase, first.number) for p in found)
                return self._watched() if same else None
        at_the_end = first.phase == "cleanup" or first.kind == "invariant"
        return self._watched() if at_the_end else None

    def _unit(self, unit: Unit) -> list[Problem]:
        """Play one unit and look; a block of assertions looks by itself."""
        self._fresh = False
        found = _played(self._play, unit, self._eyes) if self._looking else self._play.unit(unit)
        if not self._fresh and (found or self._looking):
            self._look(step_name(unit.phase, unit.number), where(unit)[1])
        return found

    def _judge(self, play: Play, block: Block) -> list[Problem]:
        """Judge a block; whenever time has moved, whoever fails is shown another world."""
        moved = False

        def judged(offset: int, problem: Problem | None) -> None:
            nonlocal moved
            timed = is_timed(block.asserts[offset])
            self._fresh = self._fresh and not (timed or moved)
            moved = timed
            self._statement(block, offset, problem)

        return judge_block(play, block, judged)

    def _statement(self, block: Block, offset: int, problem: Problem | None) -> None:
        """Look after one assertion, where that may show something new."""
        number = block.number + offset
        name = step_name(block.phase, number)
        if self._fresh:
            for snapshots in self._views.values():
                snapshots[-1] = replace(snapshots[-1], last=name)
        elif self._looking or (problem is not None and self._kept < MOMENTS_MAX):
            self._look(name, block.asserts[offset].text)
        if problem is not None:
            self._moments[number] = self._moment()

    def _moment(self) -> Moment:
        """Keep the world of a failure; assertions that were judged in one world share it."""
        if not self._fresh or (self._now is None and self._kept >= MOMENTS_MAX):
            return FORGOTTEN
        if self._now is None:
            self._now = Moment(_frozen(self._views), self._eyes.keep())
            self._kept += 1
        return self._now

    def _keys(self) -> tuple[DeviceKey, ...]:
        return watched_devices(self._play.names, self._problems)

    def _look(self, step: str, text: str) -> None:
        """Look at the lists; of very many conversations only the newest look is kept."""
        for shown, snapshots in self._views.items():
            lists = self._eyes.lists(self._keys(), shown)
            snapshots.append(Snapshot(step, text, lists, step))
            self._entries += sum(len(view.entries) for view in lists.values())
        if self._entries > ENTRIES_MAX:
            for snapshots in self._views.values():
                del snapshots[:-1]
        self._fresh, self._now = True, None

    def _watched(self) -> Rerun:
        last = Moment(_frozen(self._views), self._eyes.look)
        return Rerun(tuple(self._play.log or ()), self._play.names, last, self._moments)


def _frozen(views: dict[bool, list[Snapshot]]) -> Views:
    return {shown: tuple(snapshots) for shown, snapshots in views.items()}


def _looks(unit: Unit) -> int:
    """Count how often a unit is looked at: where claims have times, before and after each."""
    if not isinstance(unit, Block):
        return 1
    return min(len(unit.asserts), 1 + 2 * sum(map(is_timed, unit.asserts)))


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
        play.log[-1] = replace(play.log[-1], stored=words)
    return problems


def watch_now(play: Play, problems: list[Problem]) -> Rerun:
    """Look once at a world in which a case has just failed."""
    eyes = Forking(play.target)
    last = problems[0]
    step = step_name(last.phase, last.number)
    keys = watched_devices(play.names, problems)
    views: Views = {}
    for shown in views_of(problems):
        try:
            lists = eyes.lists(keys, shown)
        except ImcliError:
            lists = {}
        views[shown] = (Snapshot(step, last.text, lists, step),)
    return Rerun(tuple(play.log or ()), play.names, Moment(views, eyes.look), {})


def state_now(play: Play) -> StateTable | None:
    """What everybody sees now, as a state table; nothing where the world cannot be asked."""
    try:
        lists = Forking(play.target).lists(watched_devices(play.names, []), shown=False)
    except ImcliError:
        return None
    return state_table(lists.items(), play.names)


def speaks_of_cache(problem: Problem) -> bool:
    """Tell whether the failure is about what devices show, not about what they would be told."""
    return any(getattr(claim, "source", "") == "shows" for claim in problem.claims)


def views_of(problems: list[Problem]) -> tuple[bool, ...]:
    """Give the views of which failures speak: of answers (False), of caches (True)."""
    return tuple(dict.fromkeys(map(speaks_of_cache, problems)))


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
