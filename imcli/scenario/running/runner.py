"""All runs of one case on one target: in which orders, how often, and what is known of a failure.

A case ends at the first of its runs that does not pass. A failure in a virtual world is played a
second time and watched; in a real one it is looked at once, on the spot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

import msgspec

from imcli.model.errors import Defect, ImcliError
from imcli.scenario.events import (
    NOT_REMOVED,
    CaseResult,
    Failure,
    Negative,
    RunEvent,
    StateTable,
    StepDone,
    StepRecord,
)
from imcli.scenario.running.branches import grow
from imcli.scenario.running.broken import findings, headline
from imcli.scenario.running.judge import judge_block
from imcli.scenario.running.orders import Plan, Plans, TooManyOrders, plan_orders
from imcli.scenario.running.play import Clock, Logged, Observer, Play, Problem, step_name, where
from imcli.scenario.running.program import Unit, prepare
from imcli.scenario.running.results import order_texts, reproduce, topics, verdict
from imcli.scenario.running.skip import profile_of, profile_words
from imcli.scenario.syntax import Case, Span
from imcli.targets.base import OpenTarget, Target
from imcli.targets.exchange import Exchanges, Recorded


class Options(msgspec.Struct, frozen=True):
    """How to run a case.

    Args:
        profile: `--profile`, which wins over the case's own.
        seed: of the target and of random orders; repeats count up from it.
        orders: how many *other* orders of `together` blocks than the declared one, or all.
        repeat: how many times.
        step_events: yield a `StepDone` per step (consecutive assertions are one).
        show: also look at the state at the end (`final`) or after each step (`each`).
        clock: real time in seconds, monotonic.
        observer: makes the checker of invariants for one run.
        reproduce: the command that reproduces a failure, where it is no `run-scenario`.
        command_options: further options of that command (`--check each-step`).
        meanings: says how a profile differs from the reference, by its name, by a case's own
            switches, and by what failed (see `topics`).
    """

    profile: str = ""
    seed: int = 0
    orders: int | Literal["all"] = 0
    repeat: int = 1
    step_events: bool = False
    show: Literal["failures", "final", "each"] = "failures"
    clock: Clock | None = None
    observer: Callable[[Case, Target], Observer] | None = None
    reproduce: str = ""
    command_options: tuple[str, ...] = ()
    meanings: Callable[[str, dict[str, object] | None, Collection[str]], Sequence[str]] | None = (
        None
    )


DEFAULT = Options()


def unwatched(case: Case, problems: list[Problem]) -> tuple[Failure, ...]:
    """Make the failures of a case that nobody watched: without tables."""
    from imcli.scenario.running.explain import explain

    return explain(case, problems, None)


def _table(play: Play) -> StateTable | None:
    from imcli.scenario.running.rerun import state_now

    return state_now(play)


def _noted(target: Target) -> Exchanges:
    return target.exchanges() if isinstance(target, Recorded) else Exchanges()


class Ended(msgspec.Struct, frozen=True):
    """One run that did not pass, or the last one that did."""

    problems: tuple[Problem, ...] = ()
    failures: tuple[Failure, ...] = ()
    negatives: tuple[Negative, ...] = ()
    trace: tuple[StepRecord, ...] = ()
    plan: Plan = ()
    repeat: int = 0
    seed: int = 0
    table: StateTable | None = None
    noted: Exchanges = Exchanges()


class Runner:
    """All runs of one case on one target."""

    def __init__(self, case: Case, open_target: OpenTarget, options: Options) -> None:
        self.case = case
        self.open_target = open_target
        self.options = options
        self.identity = open_target.identity
        self.program = prepare(case)
        self.profile, self.notes = profile_of(case, options.profile)
        self.ended = Ended()
        self.runs = 0
        self.steps = 0
        self.plans: Plans | None = None
        self._steps_wanted = options.step_events or options.show == "each"

    # Many runs

    def play_all(self) -> Iterator[RunEvent]:
        """Play every repeat in every order, until one does not pass."""
        for repeat in range(1, self.options.repeat + 1):
            seed = self.options.seed + repeat - 1
            try:
                plans = plan_orders(self.program.blocks, self.options.orders, seed)
            except TooManyOrders as error:
                self.ended = self._without_world(str(error), "limit")
                return
            self.plans = plans
            yield from self._orders(plans, repeat, seed)
            if self.ended.problems:
                return

    def _orders(self, plans: Plans, repeat: int, seed: int) -> Iterator[RunEvent]:
        each = iter(plans.each)
        if plans.count == 1:
            yield from self._run(next(each), repeat, seed)
            return
        branched = self._branching(plans, repeat, seed)
        if branched:
            return
        for plan in each:
            yield from self._run(plan, repeat, seed)
            if self.ended.problems:
                return

    # One run

    def _open(self, seed: int) -> Target | None:
        try:
            return self.open_target(self.case.cast, profile=self.profile, seed=seed)
        except Defect:
            raise
        except ImcliError as error:
            self.ended = self._without_world(error.message, "target")
            return None

    def _play(self, target: Target, plan: Plan, log: list[Logged] | None) -> Play:
        make = self.options.observer
        observer = make(self.case, target) if make is not None else None
        return Play(self.case, target, judge_block, plan, self.options.clock, observer, log)

    def _run(self, plan: Plan, repeat: int, seed: int) -> Iterator[RunEvent]:
        """Open a world, play the case in it once, close it."""
        target = self._open(seed)
        if target is None:
            return
        self.identity = target.identity
        self.runs += 1
        try:
            play = self._play(target, plan, None if target.virtual else [])
            problems: list[Problem] = []
            for unit in self.program.main:
                problems = play.unit(unit)
                self.steps += 1
                if self._steps_wanted:
                    yield self._step_done(play, unit, problems)
                if problems:
                    break
            cleaned: list[StepDone] = []
            self._finish(play, problems, plan, repeat, seed, cleaned)
            yield from cleaned
        finally:
            self._close(target)

    def _close(self, target: Target) -> None:
        left = target.close()
        self.notes += [f"{NOT_REMOVED}{what}" for what in left]

    def _finish(
        self,
        play: Play,
        problems: list[Problem],
        plan: Plan,
        repeat: int,
        seed: int,
        cleaned: list[StepDone],
    ) -> None:
        """Ask the observer a last time, look at a failure, and clean up (noted in `cleaned`)."""
        if not problems and play.observer is not None:
            problems = self._last_words(play, play.observer)
        failures, trace = self._explained(play, problems, plan, seed) if problems else ((), ())
        table = _table(play) if self.options.show != "failures" else None
        if not any(problem.kind == "target" for problem in problems):
            problems, failures = self._clean_up(play, problems, failures, cleaned)
        elif self.program.cleanup:
            self.notes.append("cleanup was not run, because the target is gone")
        if problems and self.profile is not None:
            self.notes.append(f"the case has its own profile: {profile_words(self.profile)}")
        if problems and self.options.meanings is not None:
            about = topics(problems)
            self.notes += self.options.meanings(self.identity.profile, self.profile, about)
        noted = _noted(play.target) if problems else Exchanges()
        self.ended = Ended(
            tuple(problems),
            failures,
            tuple(play.negatives),
            trace,
            plan,
            repeat,
            seed,
            table,
            noted,
        )

    def _last_words(self, play: Play, observer: Observer) -> list[Problem]:
        broken = observer.finish()
        if not broken or not self.program.main:
            return []
        unit = self.program.main[-1]
        span, text = where(unit)
        now = play.target.now()
        said = headline(broken, play.names)
        found = findings(broken, play.names)
        return [
            Problem(
                "failed", "invariant", unit.phase, unit.number, span, text, said, found, at_ms=now
            )
        ]

    def _clean_up(
        self,
        play: Play,
        problems: list[Problem],
        failures: tuple[Failure, ...],
        cleaned: list[StepDone],
    ) -> tuple[list[Problem], tuple[Failure, ...]]:
        """Run every step of `cleanup`; what fails there spoils a pass and nothing else.

        A case that was stopped by its limit of time is cleaned up as well, in as much again.
        """
        if play.clock is not None and any(problem.kind == "limit" for problem in problems):
            play.deadline = play.clock() + self.case.timing.limit_ms / 1000
        for unit in self.program.cleanup:
            found = play.unit(unit)
            self.steps += 1
            if self._steps_wanted:
                cleaned.append(self._step_done(play, unit, found))
            if found and not problems:
                failures = unwatched(self.case, found)
                problems = [msgspec.structs.replace(p, verdict="error") for p in found]
            elif found:
                self.notes.append(f"cleanup: {found[0].text}: {found[0].headline}")
        return problems, failures

    def _step_done(self, play: Play, unit: Unit, problems: list[Problem]) -> StepDone:
        return StepDone(
            self.case.case_id,
            self.identity.name,
            unit.phase,
            step_name(unit.phase, unit.number),
            where(unit)[1],
            play.target.now(),
            problems[0].headline if problems else "",
            _table(play) if self.options.show == "each" else None,
        )

    # Failures

    def _explained(
        self, play: Play, problems: list[Problem], plan: Plan, seed: int
    ) -> tuple[tuple[Failure, ...], tuple[StepRecord, ...]]:
        """Play a failure again and watch, where the world is virtual; else look once, now."""
        from imcli.scenario.running import failing  # costly at start-up, and most cases pass

        if not play.target.virtual:
            return failing.explain_now(self.case, play, problems)
        target = self._second_world(seed)
        again = self._play(target, plan, []) if target is not None else None
        failures, trace, same = failing.explain_again(self.case, self.program, again, problems)
        if not same:
            self.notes.append("played again, it did not fail in the same place")
        return failures, trace

    def _second_world(self, seed: int) -> Target | None:
        try:
            return self.open_target(self.case.cast, profile=self.profile, seed=seed)
        except Defect:
            raise
        except ImcliError:
            return None

    def lose(self, message: str) -> None:
        """Nobody knows how the case ended, because whoever ran it is gone."""
        place = Span(self.case.path, 1, 1)
        problem = Problem("unknown", "target", "steps", 1, place, self.case.title, message)
        self.ended = self._unseen(problem)

    def _without_world(self, message: str, kind: Literal["target", "limit"]) -> Ended:
        """The case could not begin."""
        first = self.program.main[0] if self.program.main else None
        span, text = where(first) if first else (Span(self.case.path, 1, 1), self.case.title)
        return self._unseen(Problem("error", kind, "steps", 1, span, text, message))

    def _unseen(self, problem: Problem) -> Ended:
        """It ended so, and nobody watched."""
        return Ended((problem,), unwatched(self.case, [problem]), seed=self.options.seed)

    def _branching(self, plans: Plans, repeat: int, seed: int) -> bool:
        """Play the orders in forks of one world; False where that cannot be done.

        A fork that does not pass is left, and that order is run from the start, so that failures
        are found and explained in one way only.
        """
        if self._steps_wanted or self.options.show != "failures":
            return False
        if "time" not in self.open_target.capabilities:
            return False  # a real world has no forks, and is costly to open
        target = self._open(seed)
        if target is None:
            return True
        try:
            tree = grow(self._play(target, (), None), self.program)
            if tree is None:
                return False
            for plan, clean in tree.play(plans.each):
                if not clean:
                    for _ in self._run(plan, repeat, seed):
                        pass
                    if self.ended.problems:
                        return True
                    self.runs -= 1
                self.runs += 1
                self.steps += self.program.steps
            self.ended = Ended((), (), tuple(tree.negatives), (), (), repeat, seed)
            return True
        finally:
            target.close()

    # The result

    def result(self) -> CaseResult:
        """What all runs together came to."""
        ended = self.ended
        problems = ended.problems
        plans = self.plans
        failed = bool(problems)
        word = verdict(problems)
        several = plans is not None and plans.count > 1
        return CaseResult(
            case_id=self.case.case_id,
            path=self.case.path,
            title=self.case.title,
            target=self.identity,
            result=word,
            reason=problems[0].headline if failed and word != "failed" else "",
            failures=ended.failures,
            notes=tuple(dict.fromkeys(self.notes)),
            negatives=ended.negatives,
            trace=ended.trace,
            reproduce=self._reproduce() if failed else "",
            order=order_texts(self.program, ended.plan) if failed and several else (),
            orders=plans.count if plans is not None else 1,
            repeat=ended.repeat if failed and self.options.repeat > 1 else 0,
            runs=self.runs,
            steps=self.steps,
            seed=ended.seed,
            covers=self.case.covers,
            tags=self.case.tags,
            table=ended.table,
            exchanges=ended.noted.all,
            exchanges_left_out=ended.noted.left_out,
        )

    def _reproduce(self) -> str:
        options = self.options
        words: list[str] = []
        if options.profile:
            words += ["--profile", options.profile]
        if self.ended.seed:
            words += ["--seed", str(self.ended.seed)]
        if options.orders:
            words += ["--orders", str(options.orders)]
        words += options.command_options
        return options.reproduce or reproduce(self.case, self.open_target.identity.name, words)
