"""What a sentence is made of: literal words, typed holes, and parts that may be left out.

A pattern is written as it is read aloud: `ACTOR deletes CHAT [up to LABEL]`. Words in capitals are
holes, brackets may be left out, `message/s` is singular after 1. `compile_pattern` turns it into
parts once; `match_parts` reads tokens with them and `write_parts` writes the one canonical form.
What each kind of hole accepts is in `holes.py`; which sentences there are is in `sentences.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from imcli.model.entities import DeviceSpec
from imcli.scenario.table.tokens import Token


class Slots(msgspec.Struct):
    """What stood in the holes of one sentence. Every field is empty until a hole fills it.

    `device` "" means that none was written. `words` holds the wordy options that were there
    (`only unread`). `details` are facts or options, in the order of the table.
    """

    user: str = ""
    device: str = ""
    peer: str = ""
    chat: str = ""
    chats: tuple[str, ...] = ()
    group: str = ""
    users: tuple[str, ...] = ()
    text: str | None = None
    json: str = ""
    label: str = ""
    label2: str = ""
    labels: tuple[str, ...] = ()
    new: str = ""
    number: int | None = None
    number2: int | None = None
    number3: int | None = None
    duration: str = ""
    duration_ms: int = 0
    reason: str = ""
    method: str = ""
    spec: DeviceSpec | None = None
    words: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()


_EMPTY = Slots()


class Mention(msgspec.Struct, frozen=True, gc=False):
    """A name that a sentence uses, and the token where it does; checked when all is known."""

    kind: str
    name: str
    token: Token


class Word(msgspec.Struct, frozen=True):
    """A literal word; with `plural` both are read, and the number before it decides the writing."""

    text: str
    plural: str = ""


class Hole(msgspec.Struct, frozen=True):
    """A typed hole: what it accepts (`kind`), and the field of `Slots` that it fills."""

    kind: str
    field: str
    read: Callable[[Reading, int, Slots, str], int]
    write: Callable[[Slots, str], str]


class Group(msgspec.Struct, frozen=True):
    """Parts that may be left out together. `words` is their name where they have no hole.

    `lead` is the word with which they begin, if it is one.
    """

    parts: tuple[Part, ...]
    field: str = ""
    words: str = ""
    lead: Word | None = None


Part = Word | Hole | Group


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row of the table has, whatever it builds."""

    name: str
    section: str
    pattern: str
    meaning: str
    example: str
    parts: tuple[Part, ...]
    needs: tuple[str, ...] = ()


class Detail(msgspec.Struct):
    """One fact or one option of a sentence: its row and what stood in its holes."""

    row: DetailRow
    slots: Slots


class DetailRow(Row, frozen=True, kw_only=True):
    """A row of facts or options; `field` is what it says something of, once at most.

    Of those that share a `kind`, only one may stand there.
    """

    field: str
    kind: str = ""
    order: int = 0


class Reading:
    """One attempt to read tokens: the tokens, the names met, and how far any attempt came."""

    __slots__ = (
        "details",
        "expected",
        "furthest",
        "mentions",
        "message",
        "refusal",
        "reserved",
        "tokens",
    )

    def __init__(
        self,
        tokens: tuple[Token, ...],
        reserved: frozenset[str],
        details: dict[str, tuple[DetailRow, ...]],
    ) -> None:
        self.tokens = tokens
        self.reserved = reserved
        self.details = details
        self.mentions: list[Mention] = []
        self.furthest = -1
        self.expected: list[str] = []
        self.message = ""
        self.refusal: tuple[int, str] | None = None
        """The first word that can be read and must not stand there, and why."""

    def refuse(self, at: int, message: str) -> None:
        """Note that what stands at a place can be read and still must not stand there."""
        if self.refusal is None:
            self.refusal = at, message

    def miss(self, at: int, expected: str, message: str = "") -> None:
        """Note what would have been right at a place; only the furthest place is kept.

        A `message` says exactly what is wrong; then nothing else is expected there.
        """
        if at < self.furthest or (at == self.furthest and self.message):
            return
        if at > self.furthest or message:
            self.furthest = at
            self.expected = []
            self.message = message
        if expected not in self.expected:
            self.expected.append(expected)


def match_parts(parts: tuple[Part, ...], reading: Reading, at: int, slots: Slots) -> int:
    """Read tokens from `at` on; returns where it ended, or -1 when they do not fit."""
    tokens = reading.tokens
    count = len(tokens)
    for part in parts:
        if type(part) is Hole:
            found = part.read(reading, at, slots, part.field)
            if found < 0:
                reading.miss(at, part.kind)
                return -1
            at = found
        elif type(part) is Word:
            text = tokens[at].text if at < count else ""
            if text != part.text and (text == "" or text != part.plural):
                reading.miss(at, part.text)
                return -1
            at += 1
        else:
            assert type(part) is Group
            lead = part.lead
            if lead is not None:  # most groups begin with a word, and most are left out
                text = tokens[at].text if at < count else ""
                if text != lead.text and (text == "" or text != lead.plural):
                    reading.miss(at, lead.text)
                    continue
            at = _match_group(part, reading, at, slots)
    return at


def _match_group(group: Group, reading: Reading, at: int, slots: Slots) -> int:
    mentions = len(reading.mentions)
    found = match_parts(group.parts, reading, at, slots)
    if found < 0:
        del reading.mentions[mentions:]
        return at
    if group.words:
        slots.words = (*slots.words, group.words)
    return found


def write_parts(parts: tuple[Part, ...], slots: Slots) -> str:
    """Write the canonical form of what `match_parts` read."""
    words: list[str] = []
    _write(parts, slots, words)
    return " ".join(words)


def _write(parts: tuple[Part, ...], slots: Slots, words: list[str]) -> None:
    for part in parts:
        if type(part) is Hole:
            words.append(part.write(slots, part.field))
        elif type(part) is Word:
            if part.text == "'s":
                words[-1] += "'s"
            else:
                singular = not part.plural or (words and words[-1] == "1")
                words.append(part.text if singular else part.plural)
        elif type(part) is Group and _is_there(part, slots):
            _write(part.parts, slots, words)


def _is_there(group: Group, slots: Slots) -> bool:
    if group.words:
        return group.words in slots.words
    return bool(getattr(slots, group.field) != getattr(_EMPTY, group.field))


def literal_words(parts: tuple[Part, ...]) -> list[str]:
    """List the literal words of a pattern, in order."""
    words: list[str] = []
    for part in parts:
        match part:
            case Word(text=text, plural=plural):
                words.append(text)
                if plural:
                    words.append(plural)
            case Group(parts=inner):
                words += literal_words(inner)
            case Hole():
                pass
    return words


def key_word(parts: tuple[Part, ...]) -> tuple[int, str]:
    """Tell the literal word that identifies a pattern, and whether it comes first or second."""
    for position, part in enumerate(parts[:2]):
        if isinstance(part, Word):
            return position, part.text
    raise AssertionError("every sentence has a literal word in one of its first two places")
