"""A case made ready to run: its steps as units, with what must be known ahead of time.

Consecutive assertions form one unit, because all of them are judged before the case stops. An
action knows whose view has to be taken just before it: only where a claim behind it will ask
("B is not affected"), since looking costs more than doing.
"""

from __future__ import annotations

import msgspec

from imcli.model.actions import AddDevice, Connect
from imcli.scenario.events import Phase
from imcli.scenario.syntax import Assert, Case, Do, NotAffected, Step, Together


class Act(msgspec.Struct, frozen=True, gc=False):
    """One action. `connect` is the second half of "adds device", where no step says it."""

    phase: Phase
    number: int
    do: Do
    watch: tuple[str, ...] = ()
    connect: Connect | None = None


class Parallel(msgspec.Struct, frozen=True, gc=False):
    """A `together` block; `block` counts them from 0."""

    phase: Phase
    number: int
    together: Together
    block: int
    watch: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True, gc=False):
    """Consecutive assertions; `number` is that of the first."""

    phase: Phase
    number: int
    asserts: tuple[Assert, ...]


Unit = Act | Parallel | Block


class Program(msgspec.Struct, frozen=True):
    """A case as units. `main` is `given` and `steps` together; `blocks` are branch lengths."""

    main: tuple[Unit, ...]
    cleanup: tuple[Unit, ...]
    blocks: tuple[tuple[int, ...], ...]
    steps: int


def prepare(case: Case) -> Program:
    """Make a case ready to run."""
    lengths: list[tuple[int, ...]] = []
    main = _units("given", case.given, lengths, [])
    main = _units("steps", case.steps, lengths, main)
    cleanup = _units("cleanup", case.cleanup, lengths, [])
    count = len(case.given) + len(case.steps) + len(case.cleanup)
    return Program(tuple(main), tuple(cleanup), tuple(lengths), count)


def _units(
    phase: Phase, steps: tuple[Step, ...], lengths: list[tuple[int, ...]], units: list[Unit]
) -> list[Unit]:
    """Add the units of a phase behind those that come before it."""
    block: list[Assert] = []
    for number, step in enumerate(steps, 1):
        if type(step) is Assert:
            block.append(step)
            continue
        if block:
            _close(units, phase, number, block)
            block = []
        if type(step) is Do:
            if type(step.action) is AddDevice:
                follower = steps[number] if number < len(steps) else None
                units.append(Act(phase, number, step, (), connects(step.action, follower)))
            else:
                units.append(Act(phase, number, step))
        elif type(step) is Together:
            units.append(Parallel(phase, number, step, len(lengths)))
            lengths.append(tuple(len(branch) for branch in step.branches))
    if block:
        _close(units, phase, len(steps) + 1, block)
    return units


def _close(units: list[Unit], phase: Phase, after: int, block: list[Assert]) -> None:
    """Add a block of assertions; the action before it learns of whom they will ask."""
    watch: dict[str, None] = {}
    for step in block:
        for claim in step.claims:
            if type(claim) is NotAffected:
                watch[claim.user] = None
    if watch:
        _watch(units, tuple(watch))
    units.append(Block(phase, after - len(block), tuple(block)))


def _watch(units: list[Unit], users: tuple[str, ...]) -> None:
    """Have the last action look at these users first; in `given` a block may stand behind it."""
    for at in range(len(units) - 1, -1, -1):
        unit = units[at]
        if not isinstance(unit, Block):
            both = dict.fromkeys((*unit.watch, *users))
            units[at] = msgspec.structs.replace(unit, watch=tuple(both))
            return


def connects(add: AddDevice, follower: Step | None) -> Connect | None:
    """`A adds device tablet` also connects it, unless the next step does."""
    connect = Connect(add.user, add.device)
    return None if isinstance(follower, Do) and follower.action == connect else connect
