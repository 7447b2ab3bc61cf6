from __future__ import annotations

import pytest

from imcli.scenario.reading.said import Assertion, Sentence
from imcli.scenario.reading.steps import read_step, write_step
from imcli.scenario.table.complete import complete
from imcli.scenario.table.patterns import Reading, Row, Slots, match_parts, write_parts
from imcli.scenario.table.sentences import (
    ACTIONS,
    DETAILS,
    RESERVED,
    SENTENCES,
)
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.sentences_details import ENDINGS, FACTS, OPTIONS
from imcli.scenario.table.tokens import cut_line


def fits(row: Row, text: str) -> bool:
    """Tell whether a row reads the whole of a sentence."""
    (tokens,) = cut_line(text).steps
    reading = Reading(tokens, RESERVED, DETAILS)
    return match_parts(row.parts, reading, 0, Slots()) == len(tokens)


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.name)
def test_the_example_of_an_action_is_its_own_canonical_form(row: Row) -> None:
    (tokens,) = cut_line(row.example).steps
    step = read_step(tokens)
    assert isinstance(step, Sentence)
    assert step.row.name == row.name
    assert write_step(step) == row.example


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row.name)
def test_the_example_of_a_claim_is_its_own_canonical_form(row: Row) -> None:
    (tokens,) = cut_line(row.example).steps
    step = read_step(tokens)
    assert isinstance(step, Assertion)
    assert [claim.row.name for claim in step.claims] == [row.name]
    assert write_step(step) == row.example


@pytest.mark.parametrize("row", [*FACTS, *OPTIONS, *ENDINGS], ids=lambda row: row.name)
def test_the_example_of_a_fact_option_or_ending_is_a_canonical_step(row: Row) -> None:
    (tokens,) = cut_line(row.example).steps
    step = read_step(tokens)
    assert isinstance(step, Sentence | Assertion)
    assert write_step(step) == row.example


@pytest.mark.parametrize("rows", [ACTIONS, CLAIMS], ids=["actions", "claims"])
def test_no_example_fits_two_rows(rows: tuple[Row, ...]) -> None:
    for row in rows:
        text = row.example.removeprefix("assert ")
        assert [other.name for other in rows if fits(other, text)] == [row.name]


def test_every_row_says_what_it_means_and_stands_in_a_section() -> None:
    assert [row.name for row in SENTENCES if not (row.meaning and row.section)] == []
    assert len({row.name for row in SENTENCES}) == len(SENTENCES)


def test_every_literal_word_is_reserved_and_no_standard_device_is() -> None:
    assert {"sends", "assert", "unread", "no-persist", "messages", "once"} <= RESERVED
    devices = {"phone", "app", "tablet", "web", "browser", "desktop", "pc", "laptop"}
    assert devices & RESERVED == set()
    assert "B" not in RESERVED


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("B sends A 1 messages", "B sends A 1 message"),
        ("B sends A 2 message as m", "B sends A 2 messages as m"),
        ("assert A sees B with last m1, 1 unread", "assert A sees B with 1 unread, last m1"),
        ("assert A received m1 1 times", "assert A received m1 once"),
        ("assert A received m1 2 times", "assert A received m1 twice"),
        ("assert A’s devices agree", "assert A's devices agree"),
        ('B sends A with number "x",no-persist', 'B sends A with no-persist, number "x"'),
        ('B sends A with payload {"a":1}', 'B sends A with payload {"a": 1}'),
        ('A adds device "tablet:app:master"', "A adds device tablet"),
        ('A adds device "web:app"', 'A adds device "web:app"'),
        ('B sends A "\\u0068i"', 'B sends A "hi"'),
        ("link A.phone loses 1 acks", "link A.phone loses 1 ack"),
        ("A.web syncs with 1 messages", "A.web syncs with 1 message"),
    ],
)
def test_a_sentence_has_one_canonical_form(written: str, canonical: str) -> None:
    for text in (written, canonical):
        (tokens,) = cut_line(text).steps
        step = read_step(tokens)
        assert isinstance(step, Sentence | Assertion)
        assert write_step(step) == canonical


def test_lists_take_names_greedily_and_end_at_a_word_of_the_table() -> None:
    (tokens,) = cut_line("assert A sees B with messages m1, m2, pinned").steps
    step = read_step(tokens)
    assert isinstance(step, Assertion)
    messages, pinned = step.claims[0].slots.details
    assert messages.slots.labels == ("m1", "m2")
    assert pinned.row.field == "pinned"


def test_what_was_read_in_one_way_is_written_in_the_same_way() -> None:
    slots = Slots(user="A", chat="B")
    (row,) = [row for row in ACTIONS if row.name == "delete"]
    assert write_parts(row.parts, slots) == "A deletes B"
    slots.label = "m3"
    assert write_parts(row.parts, slots) == "A deletes B up to m3"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("A un", ["unpins", "unmutes", "unarchives", "unblocks"]),
        ("wait ", ["DURATION"]),
        ("assert A sees B ", ["with", "or", "in"]),
        ("assert within ", ["DURATION"]),
        ("A deletes B but ", ["is", "gets"]),
        ("A deletes B; B sen", ["sends"]),
        ("link A.phone re", ["releases"]),
        ("assert A sees B or A re", ["received"]),
        ('A sends "', []),
    ],
)
def test_completion_offers_what_may_stand_next(prefix: str, words: list[str]) -> None:
    assert complete(prefix) == words


def test_completion_of_nothing_offers_the_beginnings_of_sentences() -> None:
    words = complete("")
    assert {"assert", "together:", "repeat", "ACTOR", "wait", "server"} <= set(words)
    assert "with" not in words
