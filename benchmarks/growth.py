"""What a step costs as a world grows: curves that ought to be flat.

A step is a send, a read, a send and a delete in turn, with the per-step invariants on. It is
measured in worlds of growing size, and the cost in the largest is given as a multiple of the cost
in the smallest. In a group, every member has a view of a message that the invariants judge, so
there the cost is per member.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from benchmarks.figures import Figure
from benchmarks.worlds import cast_of, names, watched
from imcli.model.actions import Action, Delete, Read, Send, Synchronise
from imcli.simulator.server import Server

FLAT = 1.5
"""A curve is flat where the largest world costs at most so many times what the smallest costs."""

STEPS = 400
TURNS = 7

Turn = Callable[[int], float]
"""Does some steps in a world, under a number of its own, and gives the seconds that one took."""


def measure(scale: float) -> list[Figure]:
    """Measure every curve."""
    curves: tuple[tuple[str, Callable[[int], Turn], Sequence[int]], ...] = (
        ("messages in a conversation", with_messages, (1_000, 10_000, 100_000)),
        ("users", with_users, (10, 100, 1_000)),
        ("conversations of a user", with_conversations, (10, 100, 1_000)),
        ("members of a group, per member", with_members, (10, 100, 1_000)),
        ("conversations of a user who synchronises after it", with_deltas, (10, 100, 1_000)),
    )
    return [_curve(what, make, sizes, scale) for what, make, sizes in curves]


def _curve(what: str, make: Callable[[int], Turn], sizes: Sequence[int], scale: float) -> Figure:
    """Make all worlds of a curve, and measure them in turns; the best turn of each counts."""
    scaled = [max(4, int(size * scale)) for size in sizes]
    turns = [make(size) for size in scaled]
    costs = [float("inf")] * len(sizes)
    for number in range(TURNS):
        costs = [min(cost, turn(number)) for cost, turn in zip(costs, turns, strict=True)]
    points = ", ".join(f"{n:,}: {cost * 1e6:.0f} µs" for n, cost in zip(scaled, costs, strict=True))
    return Figure(f"cost of a step by {what}", costs[-1] / costs[0], "×", FLAT, True, points)


def mixed(server: Server, user: str, peer: str) -> Turn:
    """Take turns in one conversation: sends both ways, reads and deletes."""

    def turn(number: int) -> float:
        actions: list[Action] = []
        for n in range(0, STEPS, 4):
            actions += [
                Send(peer, "phone", user, "hi", f"m{number}-{n}"),
                Read(user, "phone", peer),
                Send(user, "web", peer, "hello", f"m{number}-{n + 1}"),
                Delete(user, "web", peer),
            ]
        return _per_step(server, actions)

    return turn


def _per_step(server: Server, actions: list[Action]) -> float:
    """Give the processor time of one; without a full collection before, which a run has rarely."""
    start = time.process_time()
    for action in actions:
        server.apply(action)
    return (time.process_time() - start) / len(actions)


def with_messages(size: int) -> Turn:
    """A conversation that already has so many messages."""
    server, _ = watched(cast_of(("A", "B")))
    for n in range(size):
        server.apply(Send("B", "phone", "A", "hi", f"c{n}"))
    return mixed(server, "A", "B")


def with_users(size: int) -> Turn:
    """So many users, each of whom writes to the next."""
    crowd = names(size)
    server, _ = watched(cast_of(crowd))
    for n, user in enumerate(crowd):
        server.apply(Send(user, "phone", crowd[(n + 1) % size], "hi", f"c{n}"))
    return mixed(server, "u0", "u1")


def with_conversations(size: int) -> Turn:
    """A user who has so many conversations."""
    crowd = names(size)
    server, _ = watched(cast_of(("A", *crowd)))
    for n, user in enumerate(crowd):
        server.apply(Send(user, "phone", "A", "hi", f"c{n}"))
    return mixed(server, "A", "u0")


def with_members(size: int) -> Turn:
    """A group of so many; the cost of a message is per member."""
    crowd = names(size)
    server, _ = watched(cast_of(crowd, [("team", tuple(crowd))]))

    def turn(number: int) -> float:
        count = max(4, 2_000 // size)
        actions: list[Action] = [
            Send("u0", "phone", "#team", "hi", f"c{number}-{n}") for n in range(count)
        ]
        return _per_step(server, actions) / size

    return turn


def with_deltas(size: int) -> Turn:
    """A user with so many conversations, one of whose devices asks after each message for news."""
    crowd = names(size)
    server, _ = watched(cast_of(("A", *crowd)))
    for n, user in enumerate(crowd):
        server.apply(Send(user, "phone", "A", "hi", f"c{n}"))

    def turn(number: int) -> float:
        start = time.process_time()
        for n in range(STEPS // 2):
            cursor = server.state.order
            server.apply(Send("u0", "phone", "A", "hi", f"m{number}-{n}"))
            server.apply(Synchronise("A", "phone", cursor))
        return (time.process_time() - start) / (STEPS // 2)

    return turn
