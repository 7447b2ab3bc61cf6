"""Ways that are only there for speed give what the plain ways give, in random programs."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from imcli.model.entities import Entry
from imcli.simulator.conversations.derived import derive_entry, make_entry
from imcli.simulator.profiles import REFERENCE, Profile, builtin_names, load_profile
from imcli.simulator.server import Server
from imcli.targets.base import Cast, Identity
from imcli.targets.simulated import SimulatedTarget
from imcli.trace.programs import random_program

PROFILES = [p for p in map(load_profile, builtin_names()) if p.product == "reference"]
COUNTS = (0, 1, 3, 20)


def servers(seed: int, profile: Profile, size: int = 60) -> Iterator[Server]:
    """Give a server after each action of a random program, and every third time a fork too."""
    program = random_program(Random(seed), size)
    cast = Cast(program.users, program.groups)
    target = SimulatedTarget(Server(profile), Identity("sim", "sim", "reference"), cast)
    forks: list[Server] = []
    for number, action in enumerate(program.actions):
        target.perform(action)
        yield target.server
        if number % 3 == 0:
            forks.append(target.server.fork())
        for fork in forks[-2:]:  # the other way on from there: later actions, one left out
            fork.apply(program.actions[(number * 7 + 1) % size])
            yield fork


def entries(server: Server, *, plain: bool) -> list[Entry | None]:
    state = server.state
    make = derive_entry if plain else make_entry
    return [
        make(state, user, key, record, count)
        for user in state.users
        for key, record in state.all_records(user)
        for count in COUNTS
    ]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_an_entry_that_is_remembered_is_the_one_that_would_be_derived(profile: Profile) -> None:
    for seed in range(8):
        for server in servers(seed, profile):
            entries(server, plain=False)  # what this one remembers, the next step must not believe
            assert entries(server, plain=False) == entries(server, plain=True)


def test_a_usual_entry_is_what_the_definitions_give(monkeypatch: pytest.MonkeyPatch) -> None:
    quick: list[list[Entry | None]] = []
    for seed in range(8):
        quick += [entries(server, plain=True) for server in servers(seed, REFERENCE)]
    monkeypatch.setattr(Profile, "usual_lists", property(lambda profile: False))
    slow: list[list[Entry | None]] = []
    for seed in range(8):
        slow += [entries(server, plain=True) for server in servers(seed, REFERENCE)]
    assert quick == slow
