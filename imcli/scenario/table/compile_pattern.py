"""From a written pattern to its parts, once, when the table is made.

Brackets become groups, capitals holes, everything else literal words.
"""

from __future__ import annotations

import re

from imcli.scenario.table.holes import HOLES
from imcli.scenario.table.patterns import (
    Group,
    Hole,
    Part,
    Word,
)

_PATTERN_TOKEN = re.compile(r"[\[\]]|[^\s\[\]]+")


def compile_pattern(pattern: str) -> tuple[Part, ...]:
    """Turn a written pattern into parts.

    >>> compile_pattern("ACTOR deletes CHAT")[1]
    Word(text='deletes', plural='')
    """
    words = _PATTERN_TOKEN.findall(pattern.replace("'s", " 's"))
    parts, end = _compile(words, 0)
    assert end == len(words), f"a bracket too many in {pattern!r}"
    return tuple(parts)


def _compile(words: list[str], at: int) -> tuple[list[Part], int]:
    parts: list[Part] = []
    while at < len(words) and words[at] != "]":
        if words[at] == "[":
            inner, at = _compile(words, at + 1)
            assert words[at] == "]", "an unclosed bracket"
            parts.append(_group(tuple(inner)))
        else:
            parts.append(_part(words[at]))
        at += 1
    return parts, at


def _part(word: str) -> Part:
    kind = HOLES.get(word)
    if kind is not None:
        return Hole(kind.name, kind.field, kind.read, kind.write)
    singular, slash, ending = word.partition("/")
    return Word(singular, singular + ending if slash else "")


def _group(parts: tuple[Part, ...]) -> Group:
    fields = [part.field for part in parts if isinstance(part, Hole)]
    lead = parts[0] if isinstance(parts[0], Word) else None
    if fields:
        return Group(parts, field=fields[0], lead=lead)
    return Group(parts, words=" ".join(p.text for p in parts if isinstance(p, Word)), lead=lead)
