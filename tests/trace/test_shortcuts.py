"""Judging by what has changed finds what judging everything finds, planted faults included."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from imcli.device.cache import DeviceCache
from imcli.model.actions import Synchronise
from imcli.model.entities import DeviceKey
from imcli.model.questions import ListView
from imcli.simulator.profiles import Profile, builtin_names, load_profile
from imcli.targets.simulated import SimulatedTarget
from imcli.targets.watched import SimulatedWorld, Watch
from imcli.trace.catalogue import BY_NUMBER
from imcli.trace.convergence import judge_settled
from imcli.trace.invariants import SETTLES
from imcli.trace.probe import World
from imcli.trace.programs import random_program
from imcli.trace.verdicts import Broken
from tests.trace.test_planted import PLANTS
from tests.trace.test_programs import mixed_profile
from tests.trace.worlds import open_watched


class PlainWorld(SimulatedWorld):
    """A world that takes nothing for the same without a look, and synchronises every cache."""

    def perhaps_unlike(self, other: World, users: Sequence[str]) -> Sequence[str]:
        return users

    def fork(self) -> SimulatedWorld:
        return PlainWorld(self.server.fork(), self.target)

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        state = self.server.state
        lists: list[tuple[str, ListView]] = []
        for name in state.users[user].devices:
            cache: DeviceCache = self.target._caches.of(DeviceKey(user, name)).copy()
            cursor = None if self.server.profile.product == "wukongim" else cache.cursor
            ask = Synchronise(user, name, cursor, cache.seqs())
            cache.feed([self.server.keeping.listing(state, ask)])
            lists.append((name, cache.view(state.now)))
        whole = self.server.listing(user)
        return (*lists, ("", ListView(whole.entries, whole.total_unread, whole.requests)))


def judged_twice(
    target: SimulatedTarget, watch: Watch, *, scoped: bool, action: object
) -> tuple[list[Broken], list[Broken]]:
    """Judge two forks of a world, since a look may change it: quickly, and plainly."""
    found: list[list[Broken]] = []
    examined: list[set[int]] = []
    for kind in (SimulatedWorld, PlainWorld):
        fork = target.fork()
        other = watch.fork(fork)
        out: list[Broken] = []
        checker = other.checker
        about = action if scoped else None
        examined.append(
            judge_settled(checker.ledger, kind(other.server, fork), about, checker.judged, out)  # type: ignore[arg-type]
        )
        found.append(out)
    assert examined[0] == examined[1]
    return found[0], found[1]


def compare(seeds: range, profile: Profile, size: int = 40) -> int:
    """Compare both ways after every step that has something settled judged; counts the finds."""
    finds = 0
    for seed in seeds:
        program = random_program(Random(seed), size)
        target, watch = open_watched(program, profile)
        for number, action in enumerate(program.actions):
            target.perform(action, queue=True)
            if type(action) in SETTLES or number % 9 == 8:
                scoped = type(action) in SETTLES
                quick, plain = judged_twice(target, watch, scoped=scoped, action=action)
                assert quick == plain, f"seed {seed}, step {number} on {profile.name}"
                finds += len(quick)
    return finds


@pytest.mark.parametrize("name", builtin_names())
def test_settled_invariants_are_judged_as_if_everything_were_looked_at(name: str) -> None:
    profile = load_profile(name)
    finds = compare(range(5), profile)
    assert (finds > 0) is (profile.product == "wukongim")


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(8))
def test_the_same_over_many_programs_and_combinations_of_switches(chunk: int) -> None:
    for seed in range(50_000 + chunk * 250, 50_000 + (chunk + 1) * 250):
        compare(range(seed, seed + 1), mixed_profile(Random(seed)))


@pytest.mark.parametrize("number", BY_NUMBER, ids=lambda n: f"{n}-{PLANTS[n].__name__}")
def test_with_a_planted_fault_too(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTS[number](monkeypatch)
    compare(range(3), load_profile("reference"))


def test_planted_faults_of_settled_invariants_are_among_what_was_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in (8, 9, 21, 22, 23, 24):
        with monkeypatch.context() as patch:
            PLANTS[number](patch)
            assert compare(range(18), load_profile("reference")) > 0, number
