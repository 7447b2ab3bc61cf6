"""Completion: what may stand next in a sentence that is not finished."""

from __future__ import annotations

from imcli.scenario.table.patterns import Reading, Row, Slots, match_parts
from imcli.scenario.table.rows import ActionRow
from imcli.scenario.table.sentences import ACTIONS, BLOCKS, DETAILS, RESERVED
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.sentences_details import ENDINGS
from imcli.scenario.table.tokens import LexFault, Token, cut_line

_SUMMARIES = ("FACTS", "OPTIONS", "fact", "option")


def complete(prefix: str) -> list[str]:
    """List what may stand next: literal words, and holes by their names in capitals.

    A word that is half written is completed; holes are offered only for a word not yet begun.

    >>> complete("A un")
    ['unpins', 'unmutes', 'unarchives', 'unblocks']
    """
    parted = _parted(prefix)
    if parted is None:
        return []
    tokens, partial = parted
    words = _next(tokens)
    if not partial:
        return words
    return [word for word in words if word.startswith(partial) and word != partial]


def half_written(prefix: str) -> str:
    """Give the word that `complete` completes, or "".

    >>> half_written("A un"), half_written("A ")
    ('un', '')
    """
    parted = _parted(prefix)
    return parted[1] if parted else ""


def _parted(prefix: str) -> tuple[tuple[Token, ...], str] | None:
    """Part the last step into whole words and the one that is begun; None: there are no words."""
    try:
        cut = cut_line(prefix)
    except LexFault:
        return None
    begun = bool(cut.steps) and not prefix.endswith((" ", ";"))
    tokens = cut.steps[-1] if cut.steps and not prefix.rstrip().endswith(";") else ()
    return (tokens[:-1], tokens[-1].text) if begun and tokens else (tokens, "")


def _next(tokens: tuple[Token, ...]) -> list[str]:
    if not tokens:
        heads = [block.pattern.split()[0] for block in BLOCKS]
        return list(dict.fromkeys([*heads, *_after((), ACTIONS)]))
    if tokens[0].text != "assert":
        return _after(tokens, ACTIONS)
    rest = tokens[1:]
    times = ["within", "for", "table:"] if not rest else []
    if rest and rest[0].text in ("within", "for"):
        if len(rest) == 1:
            return ["DURATION"]
        rest = rest[2:]
        times = [] if rest else ["table:"]
    while any(token.text == "or" for token in rest):
        rest = rest[next(i for i, token in enumerate(rest) if token.text == "or") + 1 :]
        times = []
    return list(dict.fromkeys([*times, *_after(rest, CLAIMS)]))


def _after(tokens: tuple[Token, ...], rows: tuple[Row, ...]) -> list[str]:
    """Gather what each row that fits so far would take next."""
    found: dict[str, None] = {}
    for row in rows:
        reading = Reading(tokens, RESERVED, DETAILS)
        end = match_parts(row.parts, reading, 0, Slots())
        if end >= 0 and end < len(tokens):
            _read_ending(reading, row, end)
        if reading.furthest == len(tokens):
            found.update(dict.fromkeys(reading.expected))
        if end == len(tokens) and tokens:
            ends = isinstance(row, ActionRow) and row.ends
            found.update(dict.fromkeys(("but", "and") if ends else ()))
            found.update(dict.fromkeys(() if isinstance(row, ActionRow) else ("or",)))
    return [word for word in found if word not in _SUMMARIES]


def _read_ending(reading: Reading, row: Row, at: int) -> None:
    if isinstance(row, ActionRow) and row.ends:
        for ending in ENDINGS:
            match_parts(ending.parts, reading, at, Slots())
