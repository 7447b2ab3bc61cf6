"""Lines and steps that were read before are remembered: nobody may see a difference."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario
from imcli.scenario.reading.said import StepFault
from imcli.scenario.reading.steps import read_afresh, read_step
from imcli.scenario.table.tokens import LexFault, cut_afresh, cut_line

CORPUS = Path(__file__).parents[3] / "scenarios"


def corpus_lines() -> list[str]:
    files = sorted(CORPUS.rglob("*.toml"))
    return [line for path in files for line in path.read_text(encoding="utf-8").split("\n")]


def both(line: str) -> tuple[object, object]:
    """Cut and read a line twice: as everybody does, and with nothing remembered."""
    found: list[object] = []
    for cut, read in ((cut_line, read_step), (cut_afresh, read_afresh)):
        try:
            found.append([read(step) for step in cut(line).steps])
        except (LexFault, StepFault) as fault:
            found.append((type(fault), fault.message, fault.start, fault.end))
    return found[0], found[1]


def test_what_is_remembered_is_what_would_be_read() -> None:
    lines = corpus_lines()
    assert len(lines) > 1_000
    for line in lines + random.Random(1).sample(lines, len(lines)):
        remembered, afresh = both(line)
        assert remembered == afresh, line


def test_the_same_words_at_another_place_are_complained_of_there() -> None:
    near, far = both("A snds B"), both("    A snds B")
    assert near[0] == near[1]
    assert far[0] == far[1]
    assert near[0] != far[0]


def test_making_cases_changes_nothing_that_is_remembered() -> None:
    text = """
    title = "x"
    users = ["A", "B"]
    steps = '''
    B sends
    B sends "hi" as m1
    repeat 3:
      B sends "again" as m2
      A reads the conversation up to m2
      assert A sees the conversation with last m2
    B sends 3 messages
    '''
    """
    plain = text.replace("\n    ", "\n")
    first = cases(parse_scenario(plain, "x.toml"))
    assert cases(parse_scenario(plain, "x.toml")) == first


def test_one_label_in_two_lines_that_are_the_same_is_still_one_too_many() -> None:
    steps = 'B sends "hi" as m1\nB sends "hi" as m1'
    with pytest.raises(InvalidScenario) as raised:
        parse_scenario(f"title = 'x'\nusers = ['A', 'B']\nsteps = '''\n{steps}\n'''\n", "x.toml")
    (problem,) = raised.value.found
    assert problem.span.line == 5
    assert "m1" in problem.message


@pytest.mark.parametrize(
    "users",
    [
        '{ A = ["phone"], B = ["phone", "web"] }',
        '{ A = ["phone", "kiosk:web:slave"], B = ["pc"] }',
        '{ A = ["phone", "phone"] }',
        '{ A = ["phone"], phone = ["web"] }',
        '{ A = ["nonsense"], B = ["phone"] }',
        '{ sees = ["phone"] }',
        '{ "1A" = ["phone"] }',
        "{ A = [] }",
        '{ A = "phone" }',
        "{ A = [1] }",
        '{ A = ["A:web"] }',
        '{ A = ["phone"], title = ["phone"] }',
        "{ }",
    ],
)
def test_users_who_are_read_in_passing_are_those_of_a_closer_look(
    monkeypatch: pytest.MonkeyPatch, users: str
) -> None:
    text = f'title = "x"\nusers = {users}\nsteps = "A sends B as m1; A.phone reads B"\n'

    def outcome() -> object:
        try:
            return cases(parse_scenario(text, "x.toml"))
        except InvalidScenario as error:
            return error.problems

    quick = outcome()
    monkeypatch.setattr("imcli.scenario.reading.keys_names._plain", lambda table: None)
    assert outcome() == quick
