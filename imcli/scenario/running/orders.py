"""The orders in which the branches of a `together` block can be done.

A block is known here by the lengths of its branches. An order is a sequence of branch numbers: each
occurrence of a number is the next step of that branch, so the steps of a branch keep their order.
The declared order, one branch after the other, is always the first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import random

ORDERS_MAX = 100_000
"""More orders of one case than this are refused: 8 independent steps have 40,320."""

Order = tuple[int, ...]
Plan = tuple[Order, ...]
"""One order for each block of a case."""


class TooManyOrders(Exception):
    """`--orders all` would run the case more often than `ORDERS_MAX`."""


class Plans(msgspec.Struct, frozen=True):
    """How many orders a case has, how many of them are to run, and which."""

    total: int
    count: int
    each: tuple[Plan, ...] | Iterator[Plan]


def count_orders(lengths: Sequence[int]) -> int:
    """Count the orders of one block.

    >>> count_orders([1, 1, 1]), count_orders([2, 1]), count_orders([])
    (6, 3, 1)
    """
    product = math.factorial(sum(lengths))
    for length in lengths:
        product //= math.factorial(length)
    return product


def declared_order(lengths: Sequence[int]) -> Order:
    """One branch after the other.

    >>> declared_order([2, 1])
    (0, 0, 1)
    """
    return tuple(branch for branch, length in enumerate(lengths) for _ in range(length))


def all_orders(lengths: Sequence[int]) -> Iterator[Order]:
    """Every order once, the declared one first.

    >>> list(all_orders([2, 1]))
    [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    """
    left = list(lengths)
    chosen: list[int] = []

    def choose() -> Iterator[Order]:
        if len(chosen) == sum(lengths):
            yield tuple(chosen)
            return
        for branch, count in enumerate(left):
            if count:
                left[branch] -= 1
                chosen.append(branch)
                yield from choose()
                chosen.pop()
                left[branch] += 1

    yield from choose()


def random_order(lengths: Sequence[int], rng: random.Random) -> Order:
    """Draw an order; every one is as likely as any other."""
    order = list(declared_order(lengths))
    rng.shuffle(order)
    return tuple(order)


def plan_orders(
    blocks: Sequence[Sequence[int]], orders: int | Literal["all"], seed: int = 0
) -> Plans:
    """Choose the orders in which to run a case, sorted: the declared one is the least.

    Args:
        blocks: the lengths of the branches of each `together` block.
        orders: how many others than the declared one, or all of them.
        seed: of the random choice.

    Raises:
        TooManyOrders: all were asked for and there are more than `ORDERS_MAX`.
    """
    total = math.prod(count_orders(block) for block in blocks)
    declared = tuple(declared_order(block) for block in blocks)
    if orders == 0 or total == 1:
        return Plans(total, 1, (declared,))
    if orders == "all" and total > ORDERS_MAX:
        raise TooManyOrders(
            f"its `together` blocks have {total:,} orders, more than the {ORDERS_MAX:,} that "
            f"`--orders all` runs; choose some with `--orders N`"
        )
    if orders == "all" or orders >= total - 1:
        return Plans(total, total, itertools.product(*map(all_orders, blocks)))
    import random  # slow to import, and few runs ask for other orders

    wanted = min(orders, ORDERS_MAX)
    return Plans(
        total, wanted + 1, tuple(sorted(_draw(blocks, declared, wanted, random.Random(seed))))
    )


def _draw(
    blocks: Sequence[Sequence[int]], declared: Plan, wanted: int, rng: random.Random
) -> Iterator[Plan]:
    """The declared plan, then as many different others; fewer than all there are."""
    seen = {declared}
    yield declared
    while len(seen) <= wanted:
        plan = tuple(random_order(block, rng) for block in blocks)
        if plan not in seen:
            seen.add(plan)
            yield plan
