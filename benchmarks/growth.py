"""What a step costs as a world grows: curves that ought to be flat.

A step is a send, a read, a send and a delete in turn, with the per-step invariants on. It is
measured in worlds of growing size, and the cost in the largest is given as a multiple of the cost
in the smallest. In a group, every member has a view of a message that the invariants judge, so
there the cost is per member.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.figures import Figure
from benchmarks.timing import seconds
from benchmarks.worlds import cast_of, names, watched
from imcli.model.actions import Action, Delete, Read, Send, Synchronise
from imcli.simulator.server import Server

FLAT = 1.5
"""A curve is flat where the largest world costs at most so many times what the smallest costs."""

STEPS = 400


def measure(scale: float) -> list[Figure]:
    """Measure every curve."""
    curves: tuple[tuple[str, Callable[[int], float], Sequence[int]], ...] = (
        ("messages in a conversation", with_messages, (1_000, 10_000, 100_000)),
        ("users", with_users, (10, 100, 1_000)),
        ("conversations of a user", with_conversations, (10, 100, 1_000)),
        ("members of a group, per member", with_members, (10, 100, 1_000)),
    )
    return [_curve(what, cost, sizes, scale) for what, cost, sizes in curves] + [
        _synchronise(scale)
    ]


def _curve(what: str, cost: Callable[[int], float], sizes: Sequence[int], scale: float) -> Figure:
    scaled = [max(4, int(size * scale)) for size in sizes]
    costs = [cost(size) * 1e6 for size in scaled]
    points = ", ".join(f"{size:,}: {c:.0f} µs" for size, c in zip(scaled, costs, strict=True))
    title = f"cost of a step by {what}"
    return Figure(title, costs[-1] / costs[0], "×", FLAT, True, points)


def mixed(user: str, peer: str, count: int, tag: str) -> list[Action]:
    """Give a run of steps in one conversation: sends both ways, reads and deletes."""
    found: list[Action] = []
    for n in range(0, count, 4):
        found += [
            Send(peer, "phone", user, "hi", f"{tag}{n}"),
            Read(user, "phone", peer),
            Send(user, "web", peer, "hello", f"{tag}{n + 1}"),
            Delete(user, "web", peer),
        ]
    return found


def _per_step(server: Server, actions: list[Action]) -> float:
    """Give the cost of one of these; done once, since doing them changes the world."""
    return seconds(lambda: [server.apply(action) for action in actions], turns=1) / len(actions)


def _best(server: Server, runs: Sequence[list[Action]]) -> float:
    return min(_per_step(server, actions) for actions in runs)


def with_messages(size: int) -> float:
    """The cost in a conversation that already has so many messages."""
    server, _ = watched(cast_of(("A", "B")))
    for n in range(size):
        server.apply(Send("B", "phone", "A", "hi", f"c{n}"))
    return _best(server, [mixed("A", "B", STEPS, f"m{turn}-") for turn in range(5)])


def with_users(size: int) -> float:
    """The cost among so many users, each of whom writes to the next."""
    crowd = names(size)
    server, _ = watched(cast_of(crowd))
    for n, user in enumerate(crowd):
        server.apply(Send(user, "phone", crowd[(n + 1) % size], "hi", f"c{n}"))
    return _best(server, [mixed("u0", "u1", STEPS, f"m{turn}-") for turn in range(5)])


def with_conversations(size: int) -> float:
    """The cost for a user who has so many conversations."""
    crowd = names(size)
    server, _ = watched(cast_of(("A", *crowd)))
    for n, user in enumerate(crowd):
        server.apply(Send(user, "phone", "A", "hi", f"c{n}"))
    return _best(server, [mixed("A", "u0", STEPS, f"m{turn}-") for turn in range(5)])


def with_members(size: int) -> float:
    """The cost of a message in a group of so many, per member."""
    crowd = names(size)
    server, _ = watched(cast_of(crowd, [("team", tuple(crowd))]))
    runs: list[list[Action]] = [
        [Send("u0", "phone", "#team", "hi", f"c{turn}-{n}") for n in range(max(4, 2_000 // size))]
        for turn in range(5)
    ]
    return _best(server, runs) / size


def _synchronise(scale: float) -> Figure:
    """An answer holds every total, so it grows with the list; measured, and no bar."""
    sizes = [max(4, int(size * scale)) for size in (10, 100, 1_000)]
    costs: list[float] = []
    for size in sizes:
        server, _ = watched(cast_of(("A", *names(size))))
        for n, user in enumerate(names(size)):
            server.apply(Send(user, "phone", "A", "hi", f"c{n}"))
        ask = Synchronise("A", "phone", cursor=server.state.order)
        costs.append(seconds(lambda s=server, a=ask: s.apply(a)) * 1e6)  # type: ignore[misc]
    points = ", ".join(f"{size:,}: {c:,.0f} µs" for size, c in zip(sizes, costs, strict=True))
    what = "an incremental synchronisation per listed conversation"
    return Figure(what, costs[-1] / sizes[-1], "µs", None, True, points)
