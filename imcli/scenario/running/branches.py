"""Many orders of one case without playing it from the start each time.

What comes before the first `together` is played once. From there on, orders form a tree: those
that begin alike share what is alike, in forks of one world. The orders come sorted, so the tree is
walked along one path, and only the worlds from which a later order still branches are kept.

Where the world cannot be forked, or somebody watches who cannot be, there is no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from imcli.scenario.events import Negative
from imcli.scenario.running.orders import Order, Plan
from imcli.scenario.running.play import Observer, Play
from imcli.scenario.running.program import Parallel, Program, Unit
from imcli.targets.base import Target, fork_method

Kept = list[tuple[int, Play]]
"""Plays from which orders branch, with how many steps of the block they have behind them."""


class Tree:
    """All orders of one case; made by `grow`, which says whether that is possible."""

    def __init__(
        self, play: Play, fork: Callable[[Play], Play], block: Parallel, rest: tuple[Unit, ...]
    ) -> None:
        self._root = play
        self._fork = fork
        self._block = block
        self._rest = rest

    @property
    def negatives(self) -> list[Negative]:
        """The negative claims that were judged before the first branch."""
        return self._root.negatives

    def play(self, plans: Iterable[Plan]) -> Iterator[tuple[Plan, bool]]:
        """Play every order; yields each with whether all was well."""
        kept: Kept = [(0, self._root)]
        each = iter(plans)
        plan = next(each, None)
        shared = 0
        while plan is not None:
            following = next(each, None)
            ahead = -1 if following is None else common(plan[0], following[0])
            while kept[-1][0] > shared:
                kept.pop()
            yield plan, self._one(plan, kept, ahead)
            plan, shared = following, ahead

    def _one(self, plan: Plan, kept: Kept, ahead: int) -> bool:
        """Play one order from the nearest kept world; keep one where the next order branches."""
        depth, start = kept[-1]
        if depth > ahead and depth:
            kept.pop()
            play = start
        else:
            play = self._fork(start)
        play.plan = plan
        order = plan[0]
        for at in range(depth, len(order)):
            if depth < at <= ahead:
                kept.append((at, self._fork(play)))
            if play.branch_step(self._block, order, at) is not None:
                return False
        return self._end(play)

    def _end(self, play: Play) -> bool:
        if any(play.unit(unit) for unit in self._rest):
            return False
        return play.observer is None or not play.observer.finish()


def common(one: Order, other: Order) -> int:
    """Count how far two orders are alike.

    >>> common((0, 1, 2), (0, 2, 1)), common((0,), (0,))
    (1, 1)
    """
    for index, (a, b) in enumerate(zip(one, other, strict=True)):
        if a != b:
            return index
    return len(one)


def grow(play: Play, program: Program) -> Tree | None:
    """Play a case up to its first `together` and make a tree of what follows.

    Returns:
        Nothing where the world or its observer cannot be forked, or the beginning fails.
    """
    fork_watch = fork_observer(play.observer)
    if fork_method(play.target) is None or (play.observer is not None and fork_watch is None):
        return None
    for index, unit in enumerate(program.main):
        if isinstance(unit, Parallel):
            play.look_before(unit.watch)
            rest = (*program.main[index + 1 :], *program.cleanup)
            return Tree(play, _forker(fork_watch), unit, rest)
        if play.unit(unit):
            return None
    return None


def _forker(
    fork_watch: Callable[[Observer, Target], Observer] | None,
) -> Callable[[Play], Play]:
    """Forks a play with its world and with whoever watches it."""

    def fork(play: Play) -> Play:
        fork_world = fork_method(play.target)
        assert fork_world is not None, "the tree grows in worlds that can be forked"
        world = fork_world()
        watching = fork_watch(play.observer, world) if fork_watch and play.observer else None
        return play.fork(world, watching)

    return fork


def fork_observer(observer: Observer | None) -> Callable[[Observer, Target], Observer] | None:
    """The optional `fork(target) -> Observer` of an observer."""
    return getattr(type(observer), "fork", None) if observer is not None else None
