"""Servers to measure: bare, with a checker at their door, and with a crowd in them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache

from imcli.model.actions import Action, AddDevice, CreateGroup, CreateUser
from imcli.model.entities import DeviceSpec
from imcli.simulator.server import Server
from imcli.targets.base import Cast
from imcli.targets.simulated import SimulatedTarget, open_simulated
from imcli.targets.watched import Watch
from imcli.trace.programs import Program, random_program

TWO_DEVICES = (DeviceSpec("phone", "app"), DeviceSpec("web", "web"))


def prologue(program: Program) -> list[Action]:
    """Give the actions that make a program's cast."""
    actions: list[Action] = [CreateUser(user) for user, _ in program.users]
    for user, devices in program.users:
        actions += [AddDevice(user, d.name, d.kind, d.level, True) for d in devices]
    actions += [CreateGroup(group, members) for group, members in program.groups]
    return actions


@cache
def programs(count: int, size: int) -> tuple[tuple[Action, ...], ...]:
    """Draw random programs; each begins with what makes its cast."""
    drawn = (random_program(random.Random(seed), size) for seed in range(count))
    return tuple((*prologue(program), *program.actions) for program in drawn)


def names(count: int) -> list[str]:
    """Name that many users."""
    return [f"u{number}" for number in range(count)]


def cast_of(users: Iterable[str], groups: Sequence[tuple[str, tuple[str, ...]]] = ()) -> Cast:
    """Give a cast in which everybody has two devices."""
    return Cast(tuple((user, TWO_DEVICES) for user in users), tuple(groups))


def watched(cast: Cast) -> tuple[Server, Watch]:
    """Open a simulated world whose every action is judged by the invariants."""
    target = open_simulated()(cast)
    assert isinstance(target, SimulatedTarget)
    watch = Watch(target)
    return watch.server, watch
