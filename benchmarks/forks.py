"""What a fork costs, against reaching the same state by doing everything again."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.timing import seconds
from benchmarks.worlds import cast_of, names
from imcli.model.actions import Action, Send
from imcli.simulator.server import Server
from imcli.targets.simulated import SimulatedTarget, open_simulated


def measure(scale: float) -> list[Figure]:
    """Measure a fork with one send in it, in worlds of two sizes."""
    return [
        _fork("a fork and a send in it, 100 messages", 2, max(2, int(100 * scale))),
        _fork("a fork and a send in it, 10,000 messages, 100 users", 100, int(10_000 * scale)),
    ]


def _fork(what: str, users: int, messages: int) -> Figure:
    crowd = names(users)
    actions: list[Action] = [
        Send(crowd[n % users], "phone", crowd[(n + 1) % users], "hi", f"c{n}")
        for n in range(max(messages, 2))
    ]
    more = Send(crowd[0], "phone", crowd[1], "hi", "one more")

    def again() -> Server:
        target = open_simulated()(cast_of(crowd))
        assert isinstance(target, SimulatedTarget)
        for action in actions:
            target.server.apply(action)
        return target.server

    server = again()
    times = 100
    forks = seconds(lambda: [server.fork().apply(more) for _ in range(times)]) / times
    replay = seconds(again)
    against = f"{replay / forks:,.0f} × quicker than doing it again"
    return Figure(what, forks * 1e6, "µs", None, True, against)
