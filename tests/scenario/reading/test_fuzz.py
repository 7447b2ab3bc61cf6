"""Whatever text comes, there is a scenario or one clear error."""

from __future__ import annotations

import random
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.format import format_scenario
from imcli.scenario.reading.parse import parse_scenario, parse_try
from imcli.scenario.reading.problems import InvalidScenario
from imcli.scenario.table.complete import complete
from imcli.scenario.table.generate import random_program
from imcli.scenario.table.sentences import RESERVED
from tests.scenario.reading.test_parse import SEED
from tests.scenario.table.test_generate import CASTS, as_file

WORDS = st.sampled_from(
    [
        *sorted(RESERVED),
        "A",
        "B",
        "A.web",
        "m1",
        "#team",
        "3",
        "5s",
        '"x"',
        ",",
        ":",
        ";",
        "{}",
        "$n",
        "$",
        "'s",
        "’s",
        "-1",
        "\t",
        "#",
    ]
)


def survives(text: str) -> bool:
    """Read a text; what comes of it is a case or a complaint with a place, nothing else."""
    try:
        scenario = parse_scenario(text, "x.toml")
    except InvalidScenario as error:
        return bool(error.found) and all(message for message in error.problems)
    formatted = format_scenario(text)
    return len(cases(scenario)) > 0 and format_scenario(formatted) == formatted


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
@example("[[")
@example("x = [[[[")
@example('"" = 1')
@example("a.b.c = 1\n[a.b]\n")
@example("[matrix.exclude]\nn = 1\n")
@example("[[users]]\nA = 1\n")
@example("[[known_failing]]\n")
@example("[verbs]\n'' = ''\n")
@example("users = []\ntitle = ''\nsteps = [[]]\n")
@example("known_failing = {'*' = {because = 1, claim = 2}}")
def test_any_text_is_read_or_refused(text: str) -> None:
    assert survives(text)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=8), max_size=5))
def test_any_words_of_the_language_are_read_or_refused(lines: list[list[str]]) -> None:
    steps = "\n".join(" ".join(words) for words in lines)
    head = (
        'title = "x"\nusers = { A = ["phone", "web"], B = ["phone"] }\nmatrix = { n = [1, "A"] }\n'
    )
    assert survives(f"{head}steps = '''\n{steps}\n'''\n")


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 1 << 32))
def test_a_scenario_with_a_few_changed_characters_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    text = SEED if rng.random() < 0.5 else as_file(CASTS[0], random_program(rng, CASTS[0], 8))
    characters = list(text)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(characters))
        match rng.randrange(3):
            case 0:
                del characters[at]
            case 1:
                characters.insert(at, rng.choice("\"'{}[]#;:,=\n\t \x00A1$\\"))
            case _:
                other = rng.randrange(len(characters))
                characters[at], characters[other] = characters[other], characters[at]
    assert survives("".join(characters))


@settings(max_examples=80, deadline=None)
@given(st.lists(WORDS, max_size=10))
def test_any_words_can_be_tried_and_completed(words: list[str]) -> None:
    text = " ".join(words)
    assert all(isinstance(word, str) for word in complete(text))
    with suppress(InvalidScenario):
        assert parse_try(text).path == "try"
