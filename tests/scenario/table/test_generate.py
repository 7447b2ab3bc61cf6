from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.model.entities import DeviceSpec
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.format import format_scenario
from imcli.scenario.reading.parse import parse_scenario, parse_sentences
from imcli.scenario.reading.said import Assertion, Call, Opening
from imcli.scenario.reading.steps import read_step, write_step
from imcli.scenario.table.generate import random_program
from imcli.scenario.table.sentences import ACTIONS
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.tokens import cut_line
from imcli.targets.base import Cast

PHONE, WEB = DeviceSpec("phone"), DeviceSpec("web", "web")
PAIR = Cast((("A", (PHONE, WEB)), ("B", (PHONE,))))
GROUP = Cast(
    (("A", (PHONE, WEB)), ("B", (PHONE,)), ("C", (PHONE,))),
    (("#team", ("A", "B")),),
)
HEADS = {
    PAIR: 'users = { A = ["phone", "web"], B = ["phone"] }',
    GROUP: 'users = { A = ["phone", "web"], B = ["phone"], C = ["phone"] }\n'
    'groups = { team = ["A", "B"] }',
}
CASTS = (PAIR, GROUP)


def as_file(cast: Cast, lines: list[str]) -> str:
    steps = "\n".join(lines)
    return f"title = \"Random\"\n{HEADS[cast]}\nsteps = '''\n{steps}\n'''\n"


@pytest.mark.parametrize("cast", CASTS, ids=["two users", "three users and a group"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_a_random_program_is_valid_and_canonical(cast: Cast, seed: int) -> None:
    lines = random_program(random.Random(seed), cast, 12, blocks=True)
    for line in lines:
        (tokens,) = cut_line(line).steps
        step = read_step(tokens)
        assert not isinstance(step, Call)
        if not isinstance(step, Opening):
            assert write_step(step) == line.strip()
    assert len(parse_sentences("\n".join(lines), cast)) > 0


@pytest.mark.parametrize("cast", CASTS, ids=["two users", "three users and a group"])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_formatting_a_random_program_is_the_identity(cast: Cast, seed: int) -> None:
    rng = random.Random(seed)
    lines = random_program(rng, cast, 10, blocks=True)
    text = as_file(cast, lines)
    assert format_scenario(text) == text
    untidy = as_file(cast, [_spread(line, rng) for line in lines])
    assert format_scenario(untidy) == text
    before, after = (cases(parse_scenario(t, "x.toml")) for t in (untidy, text))
    assert [step.text for step in before[0].steps] == [step.text for step in after[0].steps]


def _spread(line: str, rng: random.Random) -> str:
    """Put more spaces where the line has none inside a text."""
    if '"' in line or "{" in line:
        return line + " " * rng.randint(0, 2)
    stripped = line.lstrip(" ")
    indent = line[: len(line) - len(stripped)]
    return indent + stripped.replace(" ", " " * rng.randint(1, 3))


def test_the_same_seed_gives_the_same_program() -> None:
    one, other, third = (random_program(random.Random(seed), GROUP, 50) for seed in (1, 1, 2))
    assert one == other
    assert one != third


def test_every_sentence_of_the_table_is_generated_sooner_or_later() -> None:
    seen: set[str] = set()
    for seed in range(60):
        for line in random_program(random.Random(seed), GROUP, 60):
            (tokens,) = cut_line(line).steps
            step = read_step(tokens)
            if isinstance(step, Assertion):
                seen.update(claim.row.name for claim in step.claims)
            else:
                assert not isinstance(step, Call | Opening)
                seen.add(step.row.name)
    assert [row.name for row in (*ACTIONS, *CLAIMS) if row.name not in seen] == []


def test_a_program_may_be_limited_to_some_rows() -> None:
    deletes = [row for row in ACTIONS if row.name in ("send", "delete")]
    lines = random_program(random.Random(3), PAIR, 40, actions=deletes, claims=())
    assert {line.split()[1] for line in lines} == {"sends", "deletes"}
    assert len(lines) == 40
