"""How each version counts: the measured arithmetic, and what no term explains."""

from __future__ import annotations

import pytest

from imcli.model.entities import Entry, Message
from imcli.trace.counting import Term, by_window, explained, reckon, rule_of

VERSIONS = ((2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 2, 0), (2, 2, 1), (2, 2, 2), (2, 2, 3), (2, 2, 5))


def window(senders: str) -> tuple[Message, ...]:
    """Messages from 1 on, each from the user of a letter."""
    return tuple(
        Message("A@B", seq, seq, f"c{seq}", sender=sender) for seq, sender in enumerate(senders, 1)
    )


def counted(version: tuple[int, ...], senders: str, asked: int, read_to: int = 0) -> int:
    messages = window(senders)
    own = max((m.seq for m in messages if m.sender == "A"), default=0)
    return reckon(rule_of(version), read_to, messages[-asked:], "A", own).unread


@pytest.mark.parametrize(
    ("version", "counts"),
    [
        ((2, 1, 3), (3, 3, 3)),
        ((2, 1, 4), (0, 3, 3)),
        ((2, 2, 1), (0, 3, 3)),
        ((2, 2, 2), (3, 3, 3)),
        ((2, 2, 5), (2, 2, 2)),
    ],
)
def test_e19_an_own_message_first_and_two_answers(
    version: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    """A, B, B with nothing read, asked with 10, 2 and 1 messages."""
    assert tuple(counted(version, "ABB", asked) for asked in (3, 2, 1)) == counts


@pytest.mark.parametrize(
    ("version", "counts"),
    [((2, 2, 0), (4, 0, 4)), ((2, 2, 5), (1, 1, 1))],
)
def test_e20_an_own_message_before_the_last(
    version: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    assert tuple(counted(version, "BBAB", asked) for asked in (4, 2, 1)) == counts


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_read_does_not_count(version: tuple[int, ...]) -> None:
    assert counted(version, "BBB", 3, read_to=3) == 0
    assert counted(version, "BBB", 3, read_to=1) == 2
    assert counted(version, "BBB", 3, read_to=9) == 0


def entry(senders: str, unread: int, read_to: int) -> Entry:
    messages = window(senders)
    return Entry("B", unread=unread, read_to=read_to, messages=messages, last=messages[-1])


@pytest.mark.parametrize(
    ("version", "senders", "unread", "read_to", "row", "term"),
    [
        ((2, 1, 3), "BBB", 2, 1, 1, "read"),
        ((2, 1, 3), "BBB", 3, 0, 0, "nothing"),
        ((2, 1, 3), "BBB", 2, 3, 3, "stored"),
        ((2, 1, 3), "BAB", 1, 2, 0, "read"),
        ((2, 2, 0), "ABB", 0, 1, 0, "own oldest"),
        ((2, 2, 0), "BBA", 3, 0, 0, "nothing"),
        ((2, 2, 2), "BBA", 0, 3, 0, "own newest"),
        ((2, 2, 5), "BAB", 1, 2, 0, "own send"),
        ((2, 2, 5), "BBA", 0, 3, 0, "own newest"),
        ((2, 2, 5), "BBB", 3, 1, 1, "unexplained"),
        ((2, 2, 5), "BBB", 2, 3, 3, "unexplained"),
    ],
)
def test_the_term_that_won_is_found(
    version: tuple[int, ...], senders: str, unread: int, read_to: int, row: int, term: Term
) -> None:
    own = senders.rfind("A") + 1
    found = explained(rule_of(version), entry(senders, unread, read_to), "A", row, own)
    assert found.term == term


def test_an_entry_without_messages_is_not_explained() -> None:
    assert explained(rule_of((2, 2, 5)), Entry("B"), "A", 0, 0).term == "unexplained"


def test_a_count_that_depends_on_what_is_asked_for_is_told() -> None:
    messages = window("ABB")
    assert by_window(rule_of((2, 2, 0)), 0, messages, "A", 1) == ((1, 3), (3, 0))
    assert by_window(rule_of((2, 2, 5)), 0, messages, "A", 1) == ((1, 2),)
