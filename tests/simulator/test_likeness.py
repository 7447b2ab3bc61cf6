"""What a fork has in common with where it came from, and that nobody is told otherwise."""

from __future__ import annotations

from random import Random

import pytest

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    CreateGroup,
    Delete,
    Disconnect,
    Fault,
    Read,
    Restart,
    Send,
    SetFlag,
    Wait,
)
from imcli.simulator.likeness import perhaps_unlike
from imcli.simulator.profiles import builtin_names, load_profile
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.targets.base import Cast, Identity
from imcli.targets.simulated import SimulatedTarget
from imcli.trace.programs import random_program
from tests.simulator.world import World


def two_people() -> Server:
    world = World("A", "B", "C")
    world.do(CreateGroup("#t", ("A", "B")))
    world.send("B", "A")
    world.send("B", "#t")
    return world.server


def alike_for(one: State, two: State, user: str) -> bool:
    return user not in perhaps_unlike(one, two, [user])


def seen(server: Server, user: str) -> object:
    chats = [*server.state.users, "#t", "#team", "#club"]
    listing = server.listing(user)
    return (
        [(entry, listing.total_unread, listing.requests) for entry in listing.entries],
        [server.history(user, chat) for chat in chats],
    )


@pytest.mark.parametrize(
    ("action", "user"),
    [
        (Read("A", "phone", "B"), "A"),
        (Delete("A", "phone", "B"), "A"),
        (SetFlag("A", "phone", "#t", "pinned", True), "A"),
        (Send("B", "phone", "A", "hi", "n9"), "A"),
        (Send("B", "phone", "A", "hi", "n9"), "B"),
        (AddMembers("#t", ("C",)), "C"),
        (Wait(1), "A"),
    ],
    ids=str,
)
def test_whoever_is_answered_something_else_is_not_called_alike(action: Action, user: str) -> None:
    server = two_people()
    fork = server.fork()
    assert alike_for(fork.state, server.state, user)
    fork.apply(action)
    assert not alike_for(fork.state, server.state, user)


@pytest.mark.parametrize(
    ("action", "user"),
    [
        (Read("A", "phone", "B"), "B"),
        (Clear("A", "phone", "B"), "B"),
        (Read("B", "phone", "A"), "B"),  # an own message has read it before
        (Restart(), "A"),
        (Disconnect("A", "web"), "A"),
        (Fault("A", "phone", "holds"), "A"),
    ],
    ids=str,
)
def test_whoever_is_not_concerned_is_called_alike(action: Action, user: str) -> None:
    server = two_people()
    fork = server.fork()
    fork.apply(action)
    assert alike_for(fork.state, server.state, user)


def test_an_unknown_user_is_not_like_a_known_one() -> None:
    server = two_people()
    fork = server.fork()
    fork.state.add_user("D")
    assert not alike_for(fork.state, server.state, "D")


def test_the_order_in_which_records_are_read_counts() -> None:
    server = two_people()
    fork = server.fork()
    records = fork.state.records_w("A")
    first = next(iter(records))
    records[first] = records.pop(first)
    assert records == server.state.records["A"]
    assert not alike_for(fork.state, server.state, "A")


@pytest.mark.parametrize("name", builtin_names())
def test_whoever_is_called_alike_is_answered_alike(name: str) -> None:
    """In forks of random programs; most users of most forks are called alike."""
    called = 0
    for seed in range(6):
        program = random_program(Random(seed), 60)
        cast = Cast(program.users, program.groups)
        identity = Identity("sim", "sim", "reference")
        target = SimulatedTarget(Server(load_profile(name)), identity, cast)
        for number, action in enumerate(program.actions):
            target.perform(action)
            fork = target.server.fork()
            fork.apply(program.actions[(number * 7 + 1) % 60])
            for user in fork.state.users:
                if alike_for(fork.state, target.server.state, user):
                    called += 1
                    one, two = fork.fork(), target.server.fork()  # a look may change a server
                    assert seen(one, user) == seen(two, user)
    assert called > 300
