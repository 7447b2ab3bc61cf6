"""What an invariant says is wrong reads as a sentence: no brackets, no names of the code."""

from __future__ import annotations

import re

import pytest

from imcli.model.actions import Delete, SetFlag
from imcli.model.entities import Entry, Message
from imcli.trace.words import deed, entry_words, message_words, seqs, value_words, within

MESSAGE = Message("A@B", 3, 7, "c1", "B", "hi")
ENTRY = Entry("B", unread=2, last=MESSAGE, messages=(MESSAGE,), read_to=1, pinned=True)


def test_an_entry_is_said_in_facts() -> None:
    assert (
        entry_words(ENTRY)
        == "2 unread, newest seq 3, read up to seq 1, deleted up to nothing, pinned"
    )


def test_an_entry_without_messages_names_its_last() -> None:
    assert "newest seq 3" in entry_words(Entry("B", last=MESSAGE))
    assert "newest no message" in entry_words(Entry("B"))


def test_a_long_list_of_places_is_cut() -> None:
    assert seqs(range(1, 1001)).endswith("seq 10 and 990 more")


@pytest.mark.parametrize(
    "text",
    [
        value_words((MESSAGE, MESSAGE)),
        value_words(ENTRY),
        value_words(("A", ENTRY)),
        value_words(()),
        message_words(MESSAGE),
        within([(1, 2)]),
        deed(Delete("A", "phone", "B")),
        deed(SetFlag("A", "phone", "B", "pinned", True)),
    ],
)
def test_no_text_is_a_representation_of_the_code(text: str) -> None:
    assert re.search(r"[\[\]_=]|\w\(|None|True", text) is None
