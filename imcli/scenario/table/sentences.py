"""THE table of sentences: everything that can be said, each sentence once.

The rows stand in `sentences_actions.py`, `sentences_server.py`, `sentences_details.py` and
`sentences_claims.py`; here they become one table with its indexes. Parser, formatter, "did you
mean", `docs/language.md`, completion, the words that no name may be, and the generator of random
programs all read this table and nothing else. A sentence is found by its key word: the literal word
that stands first (`wait`) or second (`sends`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from imcli.scenario.table.patterns import DetailRow, Row, key_word, literal_words
from imcli.scenario.table.rows import ActionRow, ClaimRow
from imcli.scenario.table.sentences_actions import USER_ACTIONS
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.sentences_details import ENDINGS, FACTS, OPTIONS
from imcli.scenario.table.sentences_server import SERVER_ACTIONS


class BlockWord(msgspec.Struct, frozen=True):
    """A sentence that frames others: how it reads, what it means, one example."""

    name: str
    pattern: str
    meaning: str
    example: str


BLOCKS: tuple[BlockWord, ...] = (
    BlockWord(
        "assert",
        "assert [within DURATION | for DURATION] CLAIM [or CLAIM]",
        "a claim must hold: at once, before a deadline (`within`), or for a whole window (`for`)",
        "assert within 2s A sees B or A sees #team",
    ),
    BlockWord(
        "together",
        "together:",
        "each deeper line is one branch, and the branches have no order among them; actions only",
        "together:\n  A deletes B\n  B sends A",
    ),
    BlockWord(
        "repeat",
        "repeat COUNT:",
        "does the deeper lines, but no table, so often; a label `m` made inside names m1, m2, …",
        "repeat 3:\n  B sends A as m",
    ),
    BlockWord(
        "table",
        "assert [within DURATION | for DURATION] table:",
        "the state table itself: a header line and one line per device and conversation",
        "assert table:\n  device   conversation  unread  last\n  A.phone  B             1       m1",
    ),
)

ACTIONS: tuple[ActionRow, ...] = (*USER_ACTIONS, *SERVER_ACTIONS)
SENTENCES: tuple[Row, ...] = (*ACTIONS, *ENDINGS, *OPTIONS, *CLAIMS, *FACTS)
ROW_BY_NAME: dict[str, Row] = {row.name: row for row in SENTENCES}
assert len(ROW_BY_NAME) == len(SENTENCES), "every row has a name of its own"

DETAILS: dict[str, tuple[DetailRow, ...]] = {"option": OPTIONS, "fact": FACTS}

_FRAME_WORDS = ("assert", "within", "for", "or", "together", "repeat", "table", "conversation")
_TIMES_WORDS = ("once", "twice", "times", "time")
RESERVED: frozenset[str] = frozenset(
    (
        *_FRAME_WORDS,
        *_TIMES_WORDS,
        *(word for row in SENTENCES for word in literal_words(row.parts)),
    )
)
"""The literal words of the table. No name may be one of them."""

AnyRow = TypeVar("AnyRow", bound=Row)
Index = tuple[dict[str, tuple[AnyRow, ...]], dict[str, tuple[AnyRow, ...]]]


def _index(rows: Iterable[AnyRow]) -> Index[AnyRow]:
    """Group rows by key word: those whose key word stands first, those where it stands second."""
    found: Index[AnyRow] = ({}, {})
    for row in rows:
        position, word = key_word(row.parts)
        found[position][word] = (*found[position].get(word, ()), row)
    return found


ACTION_INDEX: Index[ActionRow] = _index(ACTIONS)
CLAIM_INDEX: Index[ClaimRow] = _index(CLAIMS)


def candidates(index: Index[AnyRow], first: str, second: str) -> tuple[AnyRow, ...]:
    """Find the rows that a sentence with these first two words may be."""
    return index[0].get(first) or index[1].get(second) or ()
