"""Which orders there are, which are chosen, and that forks and fresh worlds agree on them."""

from __future__ import annotations

import random
from collections import Counter
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.model.actions import Send
from imcli.model.entities import Entry
from imcli.model.questions import ListView, Question, Seen, View
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.running.orders import (
    ORDERS_MAX,
    TooManyOrders,
    all_orders,
    count_orders,
    declared_order,
    plan_orders,
    random_order,
)
from imcli.scenario.running.play import Observer
from imcli.scenario.running.run import Options, run
from imcli.scenario.syntax import Case, Facts, NotAffected
from imcli.targets.base import Target
from imcli.targets.simulated import open_simulated
from tests.scenario.builder import AT, case, claim, sees, send, together
from tests.scenario.scripted import ScriptedOpener, ScriptedTarget, nothing

LENGTHS = st.lists(st.integers(1, 3), min_size=1, max_size=4).filter(lambda ls: sum(ls) <= 7)


@given(LENGTHS)
def test_all_orders_are_all_different_and_as_many_as_counted(lengths: list[int]) -> None:
    orders = list(all_orders(lengths))
    assert len(orders) == len(set(orders)) == count_orders(lengths)
    assert orders[0] == declared_order(lengths)
    assert orders == sorted(orders)
    assert all(Counter(order) == Counter(declared_order(lengths)) for order in orders)


@given(LENGTHS, st.integers(1, 50), st.integers(0, 9))
def test_random_orders_are_different_seeded_and_begin_with_the_declared(
    lengths: list[int], wanted: int, seed: int
) -> None:
    plans = plan_orders([lengths], wanted, seed)
    each = list(plans.each)
    assert len(each) == len(set(each)) == plans.count == min(wanted + 1, plans.total)
    assert each[0] == (declared_order(lengths),)
    assert each == list(plan_orders([lengths], wanted, seed).each)


def test_another_seed_draws_other_orders() -> None:
    assert list(plan_orders([[1] * 8], 5, 1).each) != list(plan_orders([[1] * 8], 5, 2).each)


def test_every_order_is_as_likely_as_any_other() -> None:
    rng = random.Random(1)
    drawn = Counter(random_order([2, 1], rng) for _ in range(3000))
    assert set(drawn) == set(all_orders([2, 1]))
    assert all(850 < count < 1150 for count in drawn.values())


def test_several_blocks_multiply() -> None:
    plans = plan_orders([[1, 1], [2, 1]], "all")
    assert plans.total == 6
    assert len({*plans.each}) == 6


def test_no_block_has_one_order() -> None:
    assert list(plan_orders([], "all").each) == [()]


def test_more_orders_than_the_limit_are_refused_with_its_number() -> None:
    assert plan_orders([[1] * 8], "all").total == factorial(8) < ORDERS_MAX
    with pytest.raises(TooManyOrders, match="3,628,800 orders, more than the 100,000"):
        plan_orders([[1] * 10], "all")


# Forks and fresh worlds


def result(case_: Case, options: Options) -> CaseResult:
    *_, last = run(case_, open_simulated("reference"), options)
    assert isinstance(last, CaseFinished)
    return last.case


class Silent:
    """An observer that cannot be forked, which makes every order run from the start."""

    def after(self, action: object, outcome: object) -> list[str]:
        return []

    def finish(self) -> list[str]:
        return []


def silent(case_: Case, target: Target) -> Observer:
    return Silent()


RACE = together(
    [send("B", "A", "m1"), send("B", "A", "m2")], [send("A", "B", "m3")], [send("B", "A", "m4")]
)
CLAIMS = [
    Facts(last=("label", "m4")),
    Facts(messages=("m1", "m2", "m3", "m4")),
    Facts(messages=("m3", "m1", "m4", "m2")),
    Facts(unread=1),
    Facts(count=4),
]


@pytest.mark.parametrize("facts", CLAIMS)
def test_forks_and_fresh_worlds_find_the_same(facts: Facts) -> None:
    case_ = case(send("B", "A", "m0"), RACE, claim(sees("A", "B", facts)), cast=case().cast)
    forked = result(case_, Options(orders="all"))
    fresh = result(case_, Options(orders="all", observer=silent))
    assert (forked.result, forked.orders, forked.order, forked.runs) == (
        fresh.result,
        fresh.orders,
        fresh.order,
        fresh.runs,
    )
    assert forked.failures == fresh.failures


def test_all_orders_pass_where_the_order_does_not_matter() -> None:
    found = result(case(RACE, claim(sees("A", "B", Facts(count=4)))), Options(orders="all"))
    assert (found.result, found.orders, found.runs) == ("passed", 12, 12)


def test_two_blocks_are_interleaved_each() -> None:
    block = together([send("A", "B")], [send("B", "A")])
    found = result(case(block, block, claim(sees("A", "B", Facts(count=4)))), Options(orders="all"))
    assert (found.result, found.orders, found.runs) == ("passed", 4, 4)


def test_not_affected_works_behind_a_block_in_every_order() -> None:
    block = together([send("A", "B")], [send("B", "A")])
    unaffected = claim(NotAffected(AT, "A is not affected", "", "A"))
    found = result(case(block, unaffected), Options(orders="all"))
    assert found.result == "failed"


def test_a_failure_before_the_block_is_found_once() -> None:
    found = result(case(claim(sees("A", "B")), RACE), Options(orders="all"))
    assert (found.result, found.failures[0].step) == ("failed", "step 1")


class ForkingOpener(ScriptedOpener):
    """Opens scripted worlds that can be forked, and counts how often that was done."""

    def __call__(self, *args: object, **options: object) -> Target:
        target = super().__call__(*args, **options)  # type: ignore[arg-type]
        assert isinstance(target, ScriptedTarget)
        return Forkable(self, target)


class Forkable(ScriptedTarget):
    def __init__(self, opener: ScriptedOpener, origin: ScriptedTarget) -> None:
        super().__init__(opener)
        self.done = list(origin.done)

    def fork(self) -> Forkable:
        return Forkable(self._opener, self)


def test_orders_that_begin_alike_share_their_beginning() -> None:
    performed: list[int] = []

    def look(target: ScriptedTarget, question: Question) -> View:
        if isinstance(question, Seen):
            performed.append(sum(isinstance(action, Send) for action in target.done))
            return ListView((Entry("B"),))
        return nothing(target, question)

    block = together(*([send("B", "A")] for _ in range(4)))
    opener = ForkingOpener(look=look)
    *_, last = run(case(block, claim(sees("A", "B", device="web"))), opener, Options(orders="all"))
    assert isinstance(last, CaseFinished)
    assert (last.case.result, last.case.runs) == ("passed", 24)
    assert performed == [4] * 24
    assert len(opener.opened) == 1
