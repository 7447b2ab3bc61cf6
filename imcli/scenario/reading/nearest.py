"""What a step that is none was meant to be: the nearest sentence of the table.

First each unknown word is replaced with the nearest literal word, and the step read again. Where
that gives no sentence, the row that fitted best is shown as its pattern and its example.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

from msgspec.structs import replace

from imcli.model.reasons import REASON_BY_NAME
from imcli.scenario.reading.said import Assertion, Sentence, StepFault
from imcli.scenario.reading.steps import read_step, write_step
from imcli.scenario.reading.suggest import free_name, nearest_word
from imcli.scenario.table.holes import HOLES, METHODS
from imcli.scenario.table.patterns import Word
from imcli.scenario.table.sentences import ACTION_INDEX, ACTIONS, CLAIM_INDEX, RESERVED
from imcli.scenario.table.sentences_details import FACTS, OPTIONS
from imcli.scenario.table.tokens import LexFault, Token
from imcli.scenario.table.values import is_name

_VARIABLE = re.compile(r"\$[A-Za-z][A-Za-z0-9_]*")
TOKENS_MAX = 40
WIDTH_MAX = 200
ITEM_MAX = 5
"""So many words an item of a list has at most: `deleted up to m1`, and one to spare."""


class Names(Protocol):
    """What has to be known of a file: its users and its own verbs."""

    users: tuple[str, ...]

    @property
    def verb_names(self) -> Iterable[str]:
        """The second words of the file's own sentences."""


def describe_fault(
    fault: StepFault, tokens: tuple[Token, ...], names: Names
) -> tuple[str, str, str]:
    """Give what was expected, the nearest valid sentence, and the message."""
    nearest = nearest_sentence(tokens, names, fault)
    if not nearest and fault.row is not None:
        nearest = fault.row.example
    return _expected(fault), nearest, _message(fault, tokens)


def _message(fault: StepFault, tokens: tuple[Token, ...]) -> str:
    """Say more where a name is missing because the word is one of the language."""
    token = next((one for one in tokens if one.start == fault.start), None)
    if token is None:
        return fault.message
    if token.kind == "group":
        return f"{fault.message}; a comment is written `# {token.text[1:]}`"
    if token.kind != "word":
        return fault.message
    if token.text[:1] == "$":
        return f"unknown matrix name `{token.text}`"
    inside = _VARIABLE.search(token.text)
    if inside:
        return f"`{inside[0]}` stands for a whole word, or inside a text"
    if "NEWLABEL" in fault.expected and token.text in RESERVED:
        near = free_name(token.text, RESERVED)
        return f"`{token.text}` is a word of the language; a free name is {near}"
    return fault.message


def _expected(fault: StepFault) -> str:
    """Write what would have been right: words as they are, holes with what they accept."""
    if any(word in ("FACTS", "fact") for word in fault.expected):
        return f"facts: {', '.join(row.pattern for row in FACTS)}"
    if any(word in ("OPTIONS", "option") for word in fault.expected):
        return f"options: {', '.join(row.pattern for row in OPTIONS)}"
    parts: list[str] = []
    for expected in fault.expected:
        if expected == "REASON":
            parts.append(f"a reason: {', '.join(REASON_BY_NAME)}")
            continue
        kind = HOLES.get(expected)
        parts.append(kind.meaning.replace("`", "") if kind else expected)
    return " | ".join(dict.fromkeys(parts))


def word_meant(tokens: tuple[Token, ...], token: Token) -> str:
    """Give the sentence in which an unknown name is the nearest word of the language, or ""."""
    at = next((i for i, one in enumerate(tokens) if one.start == token.start), -1)
    if at < 0 or tokens[at].kind != "word" or len(tokens[at].text) <= 2:
        return ""
    near = nearest_word(tokens[at].text, RESERVED_LIST)
    mended = (*tokens[:at], replace(tokens[at], text=near), *tokens[at + 1 :]) if near else ()
    return _read([mended]) if mended else ""


def nearest_sentence(
    tokens: tuple[Token, ...], names: Names, fault: StepFault | None = None
) -> str:
    """Find a valid sentence near these tokens, or ""."""
    if len(tokens) > TOKENS_MAX or tokens[-1].end - tokens[0].start > WIDTH_MAX:
        return ""
    ways = (
        _begun(list(tokens), names),
        _mended_at(list(tokens), fault),
        _other_words(list(tokens)),
        _mended(list(tokens), names),
    )
    return _read(chain.from_iterable(ways))


def _read(ways: Iterable[Sequence[Token]]) -> str:
    """Write the first of these that is a sentence; "" where none is."""
    for mended in ways:
        try:
            step = read_step(tuple(mended))
        except (StepFault, LexFault):
            continue
        if isinstance(step, Sentence | Assertion):
            return write_step(step)
    return ""


BEGINNINGS: Sequence[str] = sorted(["assert", *ACTION_INDEX[0]])
"""The words with which a sentence begins that does not begin with a user."""


def _begun(tokens: list[Token], names: Names) -> Iterable[list[Token]]:
    """Give the step with a better first word, where that is nobody's name."""
    first = tokens[0].text
    if first in BEGINNINGS or first.partition(".")[0] in names.users:
        return
    near = nearest_word(first, BEGINNINGS)
    if near:
        yield [replace(tokens[0], kind="word", text=near), *tokens[1:]]


_NAMED_IN: dict[str, Iterable[str]] = {"REASON": REASON_BY_NAME, "METHOD": METHODS}
"""Holes in which stands one of a few names, which are no words of the language."""


def _mended_at(tokens: list[Token], fault: StepFault | None) -> Iterable[list[Token]]:
    """Give the step with the faulty word replaced by the nearest that was expected there."""
    at = next((i for i, one in enumerate(tokens) if fault and one.start == fault.start), -1)
    if fault is None or at < 0 or tokens[at].kind != "word":
        return
    expected: Iterable[str] = fault.expected
    if at == 1:
        expected = (*expected, *ACTION_INDEX[1])
    elif tokens[0].text == "assert" and at == (4 if tokens[1].text in ("within", "for") else 2):
        expected = (*expected, *CLAIM_INDEX[1])
    known = [word for word in expected if word in RESERVED]
    known += [name for hole in fault.expected for name in _NAMED_IN.get(hole, ())]
    near = nearest_word(tokens[at].text, known)
    if near:
        yield [*tokens[:at], replace(tokens[at], text=near), *tokens[at + 1 :]]
    if "," in fault.expected:
        yield [*tokens[:at], Token("comma", ",", 0, 0), *tokens[at:]]
    if tokens[at - 1].kind == "comma" and not fault.expected:  # one item of a list is too much
        for behind in range(at + 1, min(at + ITEM_MAX, len(tokens)) + 1):
            yield [*tokens[: at - 1], *tokens[behind:]]


def _other_words(tokens: list[Token]) -> Iterable[list[Token]]:
    """Give what is said in words, or an order, that are not the language's."""
    texts = [token.text for token in tokens]
    if "table" in texts[:3]:
        yield [_word("assert"), _word("table"), Token("colon", ":", 0, 0)]
    if texts[0] == "assert" and "not" in texts[2:4]:
        said = [token for token in tokens if token.text != "not"]
        if len(said) > 2:
            bare = _word(_BARE.get(said[2].text, said[2].text))
            for lead in ("does", "did"):
                yield [*said[:2], _word(lead), _word("not"), bare, *said[3:]]
    if texts[0] == "assert" and len(texts) > 3 and texts[-2] in ("within", "for"):
        yield [tokens[0], *tokens[-2:], *tokens[1:-2]]
    verb = texts[1] if len(texts) > 1 else ""
    for row in ACTIONS:
        first, second = row.parts[0], row.parts[1]
        if isinstance(first, Word) and isinstance(second, Word) and second.text == verb:
            yield [_word(first.text), *tokens[1:]]


_BARE = {"sees": "see", "shows": "show", "received": "receive", "receives": "receive"}
"""Verbs of claims as they stand behind `does not` and `did not`."""


def _word(text: str) -> Token:
    return Token("word", text, 0, 0)


def claim_at(tokens: tuple[Token, ...], start: int) -> tuple[Token, ...]:
    """Give the one claim of an assertion that stands at a place, as an assertion by itself."""
    first, last = 1, len(tokens)
    for at, token in enumerate(tokens):
        if token.text == "or" and token.start < start:
            first = at + 1
        elif token.text == "or" and token.start >= start:
            last = min(last, at)
    return (tokens[0], *tokens[first:last])


def _mended(tokens: list[Token], names: Names) -> Iterable[list[Token]]:
    """Give better versions of a step: with words mended, with `assert`, or without it."""
    first = tokens[0]
    if first.text != "assert" and len(tokens) > 1 and _is_claim(tokens):
        yield [replace(first, kind="word", text="assert"), *tokens]
    if first.text == "assert" and len(tokens) > 2:
        yield tokens[1:]
    known = (*RESERVED_LIST, *names.verb_names)
    mended = [_mend(token, known) if _is_odd(token, names) else token for token in tokens]
    if mended != tokens:
        yield mended
        if mended[0].text != "assert" and len(mended) > 1 and _is_claim(mended):
            yield [replace(mended[0], kind="word", text="assert"), *mended]


RESERVED_LIST: Sequence[str] = sorted(RESERVED)


def _is_claim(tokens: Sequence[Token]) -> bool:
    return tokens[0].text in CLAIM_INDEX[0] or (
        tokens[1].text in CLAIM_INDEX[1] and tokens[1].text not in ACTION_INDEX[1]
    )


def _is_odd(token: Token, names: Names) -> bool:
    """Tell whether a word is neither of the language nor a user of the file."""
    return (
        token.kind == "word"
        and len(token.text) > 2
        and token.text not in RESERVED
        and token.text not in REASON_BY_NAME
        and token.text.split(".")[0] not in names.users
        and is_name(token.text.replace("-", "_"))
    )


def _mend(token: Token, known: Iterable[str]) -> Token:
    near = nearest_word(token.text, known)
    return replace(token, text=near) if near else token
