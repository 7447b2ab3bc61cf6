"""The simulator by itself: random actions, with and without the per-step invariants.

The programs are those of the property tests: small, crowded, every kind of action, refused ones
too. Hypothesis' rule-based state machine drives the same server beside them, with three rules, to
show what its own machinery costs.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from benchmarks.figures import Figure
from benchmarks.timing import seconds
from benchmarks.worlds import cast_of, programs, watched
from imcli.model.actions import Action, Delete, Read, Send
from imcli.simulator.server import Server


def measure(scale: float) -> list[Figure]:
    """Measure actions per second alone, judged, and under Hypothesis."""
    work = programs(max(2, int(1_000 * scale)), 100)
    count = sum(map(len, work))
    alone = count / seconds(lambda: play_alone(work))
    judged = count / seconds(lambda: play_judged(work))
    machine = machine_rate(max(2, int(200 * scale)))
    beside = f"{alone / machine:,.0f} × Hypothesis' state machine over the same server"
    judged_beside = f"{alone / judged:.1f} × the time without"
    return [
        Figure("random actions on the simulator alone", alone, "actions/s", 100_000, False, beside),
        Figure(
            "the same with the per-step invariants",
            judged,
            "actions/s",
            50_000,
            False,
            judged_beside,
        ),
    ]


def play_alone(work: tuple[tuple[Action, ...], ...]) -> None:
    """Play every program on a server of its own."""
    for actions in work:
        apply = Server().apply
        for action in actions:
            apply(action)


def play_judged(work: tuple[tuple[Action, ...], ...]) -> None:
    """Play every program on a server that is watched from the start.

    Raises:
        RuntimeError: an invariant is broken, so the time means nothing.
    """
    for actions in work:
        server, watch = watched(cast_of(()))
        apply = server.apply
        for action in actions:
            apply(action)
        if watch.server.found:
            raise RuntimeError(f"an invariant is broken: {watch.server.found[0]}")
        watch.target.close()


def machine_rate(examples: int) -> float:
    """Give the actions per second of a Hypothesis state machine over the same server."""
    done = 0

    class Machine(RuleBasedStateMachine):
        """Sends, reads and deletes between two users."""

        def __init__(self) -> None:
            super().__init__()
            self.server, _ = watched(cast_of(("A", "B")))

        def _do(self, action: Action) -> None:
            nonlocal done
            done += 1
            self.server.apply(action)

        @rule(user=st.sampled_from("AB"), text=st.text(max_size=5))
        def send(self, user: str, text: str) -> None:
            """Send to the other one."""
            self._do(Send(user, "phone", "BA"["AB".index(user)], text, f"c{done}"))

        @rule(user=st.sampled_from("AB"), up_to=st.integers(0, 5))
        def read(self, user: str, up_to: int) -> None:
            """Read up to a message."""
            self._do(Read(user, "phone", "BA"["AB".index(user)], up_to))

        @rule(user=st.sampled_from("AB"))
        def delete(self, user: str) -> None:
            """Delete the conversation."""
            self._do(Delete(user, "phone", "BA"["AB".index(user)]))

    once = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    spent = seconds(lambda: run_state_machine_as_test(Machine, settings=once), turns=1)
    return done / spent
