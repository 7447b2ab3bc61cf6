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
    main = (*_units("given", case.given, lengths), *_units("steps", case.steps, lengths))
    cleanup = _units("cleanup", case.cleanup, lengths)
    count = len(case.given) + len(case.steps) + len(case.cleanup)
    return Program(main, tuple(cleanup), tuple(lengths), count)


def _units(phase: Phase, steps: tuple[Step, ...], lengths: list[tuple[int, ...]]) -> list[Unit]:
    units: list[Unit] = []
    index, count = 0, len(steps)
    while index < count:
        step = steps[index]
        number = index + 1
        index += 1
        if isinstance(step, Do):
            follower = steps[index] if index < count else None
            watch = _watched(steps, index) if isinstance(follower, Assert) else ()
            connect = _connect(step, follower) if type(step.action) is AddDevice else None
            units.append(Act(phase, number, step, watch, connect))
        elif isinstance(step, Assert):
            while index < count and isinstance(steps[index], Assert):
                index += 1
            asserts = tuple(s for s in steps[number - 1 : index] if isinstance(s, Assert))
            units.append(Block(phase, number, asserts))
        else:
            units.append(Parallel(phase, number, step, len(lengths), _watched(steps, index)))
            lengths.append(tuple(len(branch) for branch in step.branches))
    return units


def _watched(steps: tuple[Step, ...], index: int) -> tuple[str, ...]:
    """The users of whom the assertions from here on say that the action left them alone."""
    users: dict[str, None] = {}
    while index < len(steps):
        step = steps[index]
        if not isinstance(step, Assert):
            break
        for claim in step.claims:
            if type(claim) is NotAffected:
                users[claim.user] = None
        index += 1
    return tuple(users)


def _connect(do: Do, follower: Step | None) -> Connect | None:
    """`A adds device tablet` also connects it, unless the next step does."""
    assert isinstance(do.action, AddDevice)
    connect = Connect(do.action.user, do.action.device)
    return None if isinstance(follower, Do) and follower.action == connect else connect
