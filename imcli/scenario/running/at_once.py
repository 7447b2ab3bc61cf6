"""A `together` block in a world where things really happen at the same time.

Every branch is begun at once, in a thread that the target makes. The runner's own books (labels,
numbers, the log) are kept by one branch at a time: whoever is not waiting for the target holds the
pen. So nothing in `play.py` needs to know. Another order than the declared one is played step by
step there: it can mean nothing else.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from imcli.model.actions import Action
from imcli.model.questions import Question, View
from imcli.scenario.running.orders import Order, declared_order
from imcli.scenario.running.program import Parallel
from imcli.targets.base import AtOnce, Capability, Identity, Outcome, Target

if TYPE_CHECKING:
    from imcli.scenario.running.play import Play, Problem


def may_be_at_once(target: Target, unit: Parallel, order: Order) -> bool:
    """Whether a block is to be begun at once here, and not played in an order."""
    lengths = [len(branch) for branch in unit.together.branches]
    return isinstance(target, AtOnce) and order == declared_order(lengths)


def play_at_once(play: Play, unit: Parallel) -> list[Problem]:
    """Play every branch at the same time; gives the problem of the first that has one."""
    target = play.target
    assert isinstance(target, AtOnce), "somebody looked"
    pen = threading.Lock()
    found: list[Problem | None] = [None] * len(unit.together.branches)

    def branch(number: int) -> None:
        with pen:
            steps = unit.together.branches[number]
            for at in range(len(steps)):
                found[number] = play.branch_do(unit, steps, at)
                if found[number] is not None:
                    return

    play.target = _PenDown(target, pen)
    try:
        target.at_once([lambda n=n: branch(n) for n in range(len(found))])  # type: ignore[misc]
    finally:
        play.target = target
    return [problem for problem in found if problem is not None][:1]


class _PenDown:
    """The target of one branch: while it does something, another branch may keep the books."""

    def __init__(self, target: Target, pen: threading.Lock) -> None:
        self._target = target
        self._pen = pen
        self.identity: Identity = target.identity
        self.capabilities: frozenset[Capability] = target.capabilities
        self.virtual = target.virtual

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do it with the pen laid down."""
        self._pen.release()
        try:
            return self._target.perform(action, queue=queue)
        finally:
            self._pen.acquire()

    def observe(self, question: Question) -> View:
        """Look."""
        return self._target.observe(question)

    def settle(self) -> None:
        """Nothing is awaited in the middle of a block."""

    def advance(self, until_ms: int) -> bool:
        """Let time pass."""
        return self._target.advance(until_ms)

    def now(self) -> int:
        """Tell the time."""
        return self._target.now()

    def timers(self) -> tuple[str, ...]:
        """Name the timers."""
        return self._target.timers()

    def close(self) -> tuple[str, ...]:
        """Whoever opened the target closes it."""
        return ()
