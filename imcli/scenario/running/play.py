"""One case played once in one world: actions, what they may end in, and the bookkeeping.

The hot path is `Play.do`: a step that goes well makes no value but the action with its number and
formats nothing. Everything else (a refusal, a broken invariant, a claim that fails) becomes a
`Problem`, and the case stops. How claims are judged in time is written in `judge.py`; what a
problem looks like to a reader, in `explain.py`; how an action may end, in `endings.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec
from msgspec.structs import replace

from imcli.model.actions import Action, AddDevice, Connect, Flush, Send
from imcli.model.errors import TargetUnavailable
from imcli.model.questions import Observable, ObservableView
from imcli.scenario.checking.check_others import observable_changes
from imcli.scenario.checking.names import LabelProblem, Names
from imcli.scenario.events import Disagreement, Negative, Phase
from imcli.scenario.running.at_once import may_be_at_once, play_at_once
from imcli.scenario.running.broken import findings, headline
from imcli.scenario.running.endings import Verdict, ended
from imcli.scenario.running.orders import Order, Plan
from imcli.scenario.running.program import Act, Block, Parallel, Unit, connects
from imcli.scenario.syntax import Case, Claim, Do, Span
from imcli.targets.base import Outcome, Target

Kind = Literal["claim", "action", "invariant", "target", "limit"]
Clock = Callable[[], float]
Before = tuple[tuple[str, ObservableView], ...]
"""What each user could observe before an action that must change nothing."""


class Observer(Protocol):
    """Somebody who watches every action of a case: the checker of invariants.

    An observer may also have `fork(target) -> Observer`; then orders of `together` need not be run
    from the start while it watches.
    """

    def after(self, action: Action, outcome: Outcome) -> list[str]:
        """An action was done; returns a sentence per invariant that is broken now."""

    def finish(self) -> list[str]:
        """The case is over; returns a sentence per invariant that is broken at its end."""


class Problem(msgspec.Struct, frozen=True):
    """Why a case stopped, before it is explained."""

    verdict: Verdict
    kind: Kind
    phase: Phase
    number: int
    span: Span
    text: str
    headline: str
    disagreements: tuple[Disagreement, ...] = ()
    claims: tuple[Claim, ...] = ()
    judged: str = ""
    at_ms: int = 0


class Logged(msgspec.Struct, frozen=True):
    """One action of the log: what was asked, when it was over, and what came of it.

    `stored` says what it left of a stored record, where that was looked at.
    """

    phase: Phase
    number: int
    text: str
    at_ms: int
    outcome: Outcome | None
    stored: str = ""


class Play:
    """One case in one world.

    `log` is None where nobody will want to read it; `alike` is the target's `answers_alike`.
    """

    __slots__ = (
        "alike",
        "case",
        "clock",
        "deadline",
        "judge",
        "log",
        "names",
        "negatives",
        "observer",
        "plan",
        "target",
    )

    def __init__(
        self,
        case: Case,
        target: Target,
        judge: Callable[[Play, Block], list[Problem]],
        plan: Plan,
        clock: Clock | None = None,
        observer: Observer | None = None,
        log: list[Logged] | None = None,
    ) -> None:
        self.case = case
        self.target = target
        self.alike: bool = getattr(target, "answers_alike", False)
        self.judge = judge
        self.plan = plan
        self.clock = clock
        self.deadline = clock() + case.timing.limit_ms / 1000 if clock is not None else 0.0
        self.observer = observer
        self.log = log
        self.names = Names(case.cast)
        self.negatives: list[Negative] = []

    def fork(self, target: Target, observer: Observer | None) -> Play:
        """Branch: go on from here in a copy of the world."""
        twin = Play.__new__(Play)
        twin.case, twin.judge, twin.clock, twin.deadline = (
            self.case,
            self.judge,
            self.clock,
            self.deadline,
        )
        twin.target, twin.plan, twin.observer = target, self.plan, observer
        twin.alike = self.alike
        twin.log = None if self.log is None else list(self.log)
        twin.names = self.names.copy()
        twin.negatives = list(self.negatives)
        return twin

    def unit(self, unit: Unit) -> list[Problem]:
        """Play one unit; an empty list means that all is well."""
        if self.clock is not None and self.clock() > self.deadline:
            return [self.late(unit)]
        try:
            if type(unit) is Act:
                problem = self.act(unit)
                return [problem] if problem is not None else []
            if type(unit) is Block:
                return self.judge(self, unit)
            assert isinstance(unit, Parallel)
            return self.parallel(unit)
        except TargetUnavailable as error:
            span, text = where(unit)
            return [
                Problem("unknown", "target", unit.phase, unit.number, span, text, error.message)
            ]

    def late(self, unit: Unit) -> Problem:
        """The real-time limit of the case has passed."""
        span, text = where(unit)
        headline = (
            f"the case took longer than its limit of {self.case.timing.limit_ms / 1000:g} s "
            f"(`timing.limit`)"
        )
        return Problem("error", "limit", unit.phase, unit.number, span, text, headline)

    def act(self, unit: Act) -> Problem | None:
        """Play an action, after a look at those of whom a claim will say "is not affected"."""
        if unit.watch:
            self.look_before(unit.watch)
        if type(unit.do.action) is Flush and self.clock is not None:
            problem = self._flush(unit, self.clock)
        else:
            problem = self.do(unit.do, unit.phase, unit.number)
        if problem is None and unit.connect is not None:
            return self._connect(unit.do, unit.phase, unit.number, unit.connect)
        return problem

    def _flush(self, unit: Act, clock: Clock) -> Problem | None:
        """Wait until the server has written, which is the server's time and not the case's.

        A real one writes once in one to five minutes, so a case that begins at the wrong moment
        would be over its limit by nothing of its own. The target bounds the wait.
        """
        began = clock()
        problem = self.do(unit.do, unit.phase, unit.number)
        self.deadline += clock() - began
        return problem

    def _connect(self, do: Do, phase: Phase, number: int, connect: Connect) -> Problem | None:
        """Play the second half of "adds device": the new device comes online."""
        outcome = self.target.perform(connect)
        self.names.notice(outcome.events)
        if self.log is not None:
            text = f"{connect.user}.{connect.device} connects"
            self.log.append(Logged(phase, number, text, self.target.now(), outcome))
        if self.observer is not None:
            broken = self.observer.after(connect, outcome)
            if broken:
                return self._broken(do, phase, number, broken)
        return self._ended(do, phase, number, outcome, ())

    def parallel(self, unit: Parallel) -> list[Problem]:
        """Play the branches of a `together` block in the order of the plan, or at once."""
        if unit.watch:
            self.look_before(unit.watch)
        order = self.plan[unit.block]
        if not self.target.virtual and may_be_at_once(self.target, unit, order):
            return play_at_once(self, unit)
        for at in range(len(order)):
            problem = self.branch_step(unit, order, at)
            if problem is not None:
                return [problem]
        return []

    def branch_step(self, unit: Parallel, order: Order, at: int) -> Problem | None:
        """Play the step at one place of an order: the next one of the branch that stands there."""
        branch = order[at]
        return self.branch_do(unit, unit.together.branches[branch], order[:at].count(branch))

    def branch_do(self, unit: Parallel, branch: tuple[Do, ...], at: int) -> Problem | None:
        """Play one step of a branch; a device that is added comes online with it."""
        do = branch[at]
        problem = self.do(do, unit.phase, unit.number)
        if problem is None and type(do.action) is AddDevice:
            connect = connects(do.action, branch[at + 1] if at + 1 < len(branch) else None)
            if connect is not None:
                return self._connect(do, unit.phase, unit.number, connect)
        return problem

    def look_before(self, users: tuple[str, ...]) -> None:
        """Remember what users can observe now; claims behind the next action compare with it."""
        self.names.before = {user: self.observable(user) for user in users}

    def observable(self, user: str) -> ObservableView:
        """Everything that a user can observe now, once what is under way is done."""
        self.target.settle()
        view = self.target.observe(Observable(user))
        assert isinstance(view, ObservableView)
        return view

    # One action

    def do(self, do: Do, phase: Phase, number: int) -> Problem | None:
        """Do one action and judge how it ended."""
        ending = do.ending
        names = self.names
        label = do.label
        try:
            action = self._action(do)
        except LabelProblem as error:
            return Problem("error", "action", phase, number, do.span, do.text, str(error))
        if ending is None and self.observer is None:
            before: Before = ()
            outcome = self.target.perform(action)
        else:
            before = self._all() if ending is not None and ending.kind == "refused" else ()
            outcome = self.target.perform(
                action, queue=ending is not None and ending.kind == "no-answer"
            )
        if type(action) is Send and (label or do.resend_of):
            names.answer(label or do.resend_of, action, outcome)
        elif names.sent:
            names.notice(outcome.events)
        if self.log is not None:
            self.log.append(Logged(phase, number, do.text, self.target.now(), outcome))
        if self.observer is not None:
            broken = self.observer.after(action, outcome)
            if broken:
                return self._broken(do, phase, number, broken)
        if outcome.result == "ok" and ending is None:
            if type(action) is AddDevice:
                names.add_device(action.user, action.device)
            return None
        return self._ended(do, phase, number, outcome, before)

    def _action(self, do: Do) -> Action:
        """The action with what is known only now: numbers of messages, places of labels."""
        action = do.action
        if type(action) is Send:
            return self._send(do, action)
        if do.refs:
            changes = {
                field: self.names.seq(label, action.user, action.chat)  # type: ignore[union-attr]
                for field, label in do.refs
            }
            return replace(action, **changes)
        return action

    def _send(self, do: Do, action: Send) -> Send:
        names = self.names
        if do.resend_of:
            action = names.of(do.resend_of).action
            names.begin(do.label or do.resend_of, action)
            return action
        if not do.number_written:
            names.sends += 1
            action = replace(action, client_msg_no=f"c{names.sends}")
        if do.label:
            names.begin(do.label, action)
        return action

    def _all(self) -> Before:
        return tuple((user, self.observable(user)) for user in self.names.devices)

    def _broken(self, do: Do, phase: Phase, number: int, broken: list[str]) -> Problem:
        return Problem(
            "failed",
            "invariant",
            phase,
            number,
            do.span,
            do.text,
            headline(broken, self.names),
            findings(broken, self.names),
            at_ms=self.target.now(),
        )

    # How it ended

    def _ended(
        self,
        do: Do,
        phase: Phase,
        number: int,
        outcome: Outcome,
        before: Before,
    ) -> Problem | None:
        found = ended(do.ending, outcome)
        if found is None and before:
            changes = self._changes(before)
            if changes:
                found = "failed", f"was refused, and yet something changed: {changes}"
        if found is None:
            return None
        verdict, headline = found
        now = self.target.now()
        return Problem(verdict, "action", phase, number, do.span, do.text, headline, at_ms=now)

    def _changes(self, before: Before) -> str:
        found: list[str] = []
        for user, view in before:
            changes = observable_changes(user, view, self.observable(user), self.names)
            found.extend(f"{user}: {change}" for change in changes)
        return "; ".join(found)


def where(unit: Unit) -> tuple[Span, str]:
    """The place and the text of a unit."""
    if isinstance(unit, Act):
        return unit.do.span, unit.do.text
    if isinstance(unit, Block):
        return unit.asserts[0].span, unit.asserts[0].text
    return unit.together.span, unit.together.text


def step_name(phase: Phase, number: int) -> str:
    """Name a step for people.

    >>> step_name("steps", 4), step_name("given", 1)
    ('step 4', 'given 1')
    """
    return f"{'step' if phase == 'steps' else phase} {number}"
