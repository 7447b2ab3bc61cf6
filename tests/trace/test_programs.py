"""Random programs: what they are made of, and that no profile's promise is broken by them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from imcli.model.actions import Action, Delete, Send
from imcli.model.errors import InvalidInput
from imcli.simulator.profiles import (
    REFERENCE,
    Profile,
    build_profile,
    builtin_names,
    load_profile,
)
from imcli.simulator.switches import SWITCHES
from imcli.trace.programs import MAKERS, random_program
from tests.trace.worlds import broken_by, open_watched, play

CHUNKS = 8
QUICK, SLOW = 500, 20_000
POLICIES = tuple(name for name in builtin_names() if load_profile(name).product == "reference")
PERIODS = ("list_limit", "resend_after", "resend_count", "keeping")
"""Switches that are left alone where switches are combined at random."""


def test_the_same_seed_draws_the_same_program() -> None:
    assert random_program(Random(7)) == random_program(Random(7))
    assert random_program(Random(7)) != random_program(Random(8))


def test_a_program_has_the_size_that_was_asked_for() -> None:
    assert {len(random_program(Random(seed), 25).actions) for seed in range(20)} == {25}


def test_programs_use_the_whole_alphabet() -> None:
    seen: Counter[type[Action]] = Counter()
    options: Counter[str] = Counter()
    for seed in range(150):
        for action in random_program(Random(seed), 60).actions:
            seen[type(action)] += 1
            if isinstance(action, Send):
                for option in ("no_persist", "no_red_dot", "command", "notice", "expire_ms"):
                    options[option] += bool(getattr(action, option))
                options["resend"] += 1
            if isinstance(action, Delete):
                options["up to"] += action.up_to > 0
                options["for both"] += action.for_both
    named = {kind.__name__ for kind in seen}
    everything = {kind.__name__ for kind in Action.__args__}
    assert everything - named == {"CreateUser", "Request"}  # the cast's, and HTTP's
    assert min(options.values()) > 5


def test_every_row_of_the_alphabet_has_a_weight() -> None:
    assert all(weight > 0 for weight, _ in MAKERS)


def test_programs_meet_refusals_returns_and_resends() -> None:
    """What is judged must also occur: no invariant is kept only because nothing was tried."""
    tried: Counter[int] = Counter()
    for seed in range(60):
        _, watch = broken_by(random_program(Random(seed), 40))
        tried.update(n for n, verdict in watch.checker.verdicts().items() if verdict == "holds")
    assert len(tried) == 25
    assert min(tried.values()) >= 5


# Promises kept


def hold(seeds: range, profile: Profile, size: int = 40) -> None:
    for seed in seeds:
        told = play(random_program(Random(seed), size), profile)
        assert not told, f"seed {seed} on {profile.name}: {told[0]}"


@pytest.mark.parametrize("chunk", range(4))
def test_the_reference_keeps_every_invariant(chunk: int) -> None:
    hold(range(chunk * QUICK // 4, (chunk + 1) * QUICK // 4), REFERENCE)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_reference_keeps_every_invariant_over_many_programs(chunk: int) -> None:
    first = 100_000 + chunk * SLOW // CHUNKS
    hold(range(first, first + SLOW // CHUNKS), REFERENCE)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_profile_keeps_what_it_promises(name: str) -> None:
    hold(range(1_000, 1_040), load_profile(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_profile_keeps_what_it_promises_over_many_programs(name: str) -> None:
    hold(range(200_000, 200_600), load_profile(name))


def single_switches() -> list[tuple[str, object]]:
    """Give every switch with every value that is not the reference's."""
    found: list[tuple[str, object]] = []
    for switch in SWITCHES:
        if switch.kind == "choice" and switch.name not in PERIODS:
            found += [(switch.name, value) for value in switch.values[1:]]
        elif switch.kind == "yes-no":
            found.append((switch.name, not switch.default))
    return found


@pytest.mark.parametrize(("switch", "value"), single_switches(), ids=str)
def test_each_switch_value_keeps_what_it_promises(switch: str, value: object) -> None:
    hold(range(2_000, 2_025), build_profile({switch: value}))


def mixed_profile(random: Random) -> Profile:
    """Draw a profile with about a third of the switches set at random."""
    table = {name: value for name, value in single_switches() if random.random() < 0.25}
    try:
        return build_profile(table)
    except InvalidInput:
        return REFERENCE


def test_random_combinations_of_switches_keep_what_they_promise() -> None:
    for seed in range(120):
        hold(range(seed, seed + 1), mixed_profile(Random(seed)))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_many_random_combinations_of_switches_keep_what_they_promise(chunk: int) -> None:
    for seed in range(10_000 + chunk * 400, 10_000 + (chunk + 1) * 400):
        hold(range(seed, seed + 1), mixed_profile(Random(seed)))


def test_the_settled_invariants_hold_after_each_step_too() -> None:
    for seed in range(12):
        assert not play(random_program(Random(seed), 30), each_step=True)


# Determinism

SCRIPT = """
import sys
from random import Random
from imcli.trace.programs import random_program
from imcli.trace.trace import Trace, dump_lines
from tests.trace.worlds import open_watched
program = random_program(Random(int(sys.argv[1])), 150)
target, watch = open_watched(program)
trace = Trace()
for action in program.actions:
    outcome = target.perform(action, queue=True)
    assert not watch.after(action, outcome)
    trace.record(action, outcome.events)
sys.stdout.buffer.write(b"".join(dump_lines(trace)))
sys.stdout.write(target.server.digest())
"""


def run_elsewhere(seed: int, hash_seed: str) -> bytes:
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": root}
    command = [sys.executable, "-c", SCRIPT, str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, cwd=root)
    return done.stdout


def test_a_program_gives_the_same_events_and_digest_whatever_the_hash_seed() -> None:
    one, two = run_elsewhere(5, "1"), run_elsewhere(5, "2")
    assert len(one.splitlines()) == 152
    assert one == two


def test_a_program_gives_the_same_events_and_digest_twice_in_one_process() -> None:
    program = random_program(Random(11), 80)
    seen = []
    for _ in range(2):
        target, _ = open_watched(program)
        events = [target.perform(action, queue=True).events for action in program.actions]
        seen.append((events, target.server.digest()))
    assert seen[0] == seen[1]
