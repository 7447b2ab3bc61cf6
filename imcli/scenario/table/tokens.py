"""Cutting one line of steps into tokens.

Words, quoted texts, `{…}`, `#group`, commas, colons, semicolons and the possessive `'s`. What a
word means is decided by the patterns (`patterns.py`), never here. A token remembers where it begins
in its line, so that every later complaint can point at it. `’` is read as `'`; tabs and control
characters are refused; `#` directly before a letter is a group, and before anything else a comment.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import msgspec

TokenKind = Literal[
    "word", "string", "json", "group", "comma", "colon", "semicolon", "possessive", "bad"
]


class Token(msgspec.Struct, frozen=True, gc=False):
    """One token: its kind, its text as written (`'s` for both apostrophes), and its place."""

    kind: TokenKind
    text: str
    start: int
    end: int


class LexFault(Exception):
    """A line cannot be cut; `start` and `end` are offsets in the line."""

    def __init__(self, message: str, start: int, end: int, expected: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.expected = expected


class CutLine(msgspec.Struct, frozen=True, gc=False):
    """The steps of a line (cut at `;`), and its comment with where it begins (-1: none).

    `indent` are the spaces before it. `opens` says that its last step is the head of a block.
    """

    steps: tuple[tuple[Token, ...], ...]
    comment: str = ""
    comment_start: int = -1
    indent: int = 0
    opens: bool = False


BLOCK_WORDS = ("together", "repeat", "assert", "table")
"""The first words of a step that is the head of a block, where a colon ends it."""

JSON_DEPTH_MAX = 32
_CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
CONTROL = re.compile(f"[{_CONTROLS}]")
_HIDDEN = re.compile(f"[{_CONTROLS}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""What a text is written without: control characters, whatever turns the direction of writing, and
what has no width. Joiners (U+200C, U+200D) stay: they are parts of words and of emoji."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_TOKEN = re.compile(
    r"""([ ]*)(
      [^\ ",;:\#{}'’]++
    | "(?:[^"\\]++|\\.)*+"
    | \#[A-Za-z][A-Za-z0-9_]*+
    | \#.*
    | ['’]s(?![A-Za-z0-9_])
    | .
    )""",
    re.VERBOSE | re.DOTALL,
)
"""Spaces and a token; what kind it is shows in how it begins."""

_KINDS = {
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    "{": "json",
    "}": "bad",
    '"': "string",
    "#": "group",
    "'": "possessive",
    "’": "possessive",
}
_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')

SHORT = 200
"""Lines up to this length are remembered, since a folder of files says the same many times."""
REMEMBERED = 2_048


def cut_line(line: str) -> CutLine:
    """Cut a line into steps and a comment.

    Raises:
        LexFault: a tab, a control character, an unfinished text or object, a stray character.
    """
    return _cut_short(line) if len(line) <= SHORT else cut_afresh(line)


def cut_afresh(line: str) -> CutLine:
    """Cut a line as `cut_line` does, without remembering it."""
    control = None if line.isprintable() else CONTROL.search(line)
    if control:
        _refuse_control(line, control.start())
    indent = len(line) - len(line.lstrip(" "))
    if line[indent : indent + 1] == "#":
        return CutLine((), line[indent:].rstrip(), indent, indent)
    found, comment_start = _cut(line, len(line.rstrip(" ")))
    steps = tuple([tuple(step) for step in found if step])
    comment = line[comment_start:].rstrip() if comment_start >= 0 else ""
    return CutLine(steps, comment, comment_start, indent, bool(steps) and _is_head(steps[-1]))


_cut_short = lru_cache(REMEMBERED)(cut_afresh)


def _is_head(step: tuple[Token, ...]) -> bool:
    return step[-1].kind == "colon" and step[0].text in BLOCK_WORDS


def _cut(line: str, length: int) -> tuple[list[list[Token]], int]:
    """Cut a line into steps, some of them empty; and give where its comment begins."""
    step: list[Token] = []
    steps = [step]
    at = 0
    while True:
        for blanks, text in _TOKEN.findall(line, at, length):
            start = at + len(blanks)
            at = start + len(text)
            match _KINDS.get(text[0], "word"):
                case "word" | "comma" | "colon" as kind:
                    step.append(Token(kind, text, start, at))
                case "string" if len(text) > 1:
                    if "\\" in text:
                        read_text(text, start)
                    step.append(Token("string", text, start, at))
                case "semicolon":
                    step = []
                    steps.append(step)
                case "group" if text[1:2].isalpha() and text[1].isascii():
                    step.append(Token("group", text, start, at))
                case "group":
                    return steps, start
                case "possessive" if len(text) > 1:
                    step.append(Token("possessive", "'s", start, at))
                case "json":
                    at = _end_of_json(line, start)
                    step.append(Token("json", line[start:at], start, at))
                    break  # what stands in it is no token
                case _:
                    _refuse_character(line, start)
        else:
            return steps, -1


def _end_of_json(line: str, start: int) -> int:
    depth = 0
    for part in _JSON_PART.finditer(line, start):
        text = part.group()
        if text in "{[":
            depth += 1
            if depth > JSON_DEPTH_MAX:
                raise LexFault(
                    f"JSON is nested deeper than {JSON_DEPTH_MAX} levels", part.start(), part.end()
                )
        elif text in "}]":
            depth -= 1
            if depth == 0:
                return part.end()
    raise LexFault("this { is never closed on its line", start, start + 1, "JSON on one line")


def _refuse_control(line: str, at: int) -> None:
    if line[at] == "\t":
        raise LexFault("a tab; steps are indented with spaces", at, at + 1, "spaces")
    raise LexFault(f"the control character U+{ord(line[at]):04X}", at, at + 1)


def _refuse_character(line: str, at: int) -> None:
    character = line[at]
    if character == '"':
        raise LexFault('this text has no closing "', at, len(line), 'a text such as "hi"')
    if character in "'’":
        raise LexFault("texts stand in double quotes", at, at + 1, 'a text such as "hi"')
    raise LexFault(f"a stray {character}", at, at + 1)


def read_text(quoted: str, start: int = 0) -> str:
    r"""Read a JSON string as it stands in a line.

    Raises:
        LexFault: a wrong escape, or half of a surrogate pair.

    >>> read_text('"say \\"hi\\""')
    'say "hi"'
    """
    if "\\" not in quoted:
        return quoted[1:-1]
    import json  # slow to import, and few texts have escapes

    try:
        text = json.loads(quoted)
    except ValueError as error:
        raise LexFault(
            "a wrong escape in this text", start, start + len(quoted), 'a JSON string: \\" \\\\ \\n'
        ) from error
    assert isinstance(text, str)
    if _LONE_SURROGATE.search(text):
        raise LexFault("half of a surrogate pair in this text", start, start + len(quoted))
    return text


def write_text(text: str) -> str:
    r"""Write a text as the JSON string that `read_text` reads back; invisible characters escaped.

    >>> write_text('say "hi"\n')
    '"say \\"hi\\"\\n"'
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    import json

    return _without_hidden(json.dumps(text, ensure_ascii=False))


def _without_hidden(quoted: str) -> str:
    """Write hidden characters inside JSON strings as escapes."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)


def read_json(text: str, start: int = 0) -> str:
    """Bring JSON text into its canonical form: one space after `,` and `:`, keys as written.

    Raises:
        LexFault: it is not JSON.
    """
    import json

    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        canonical = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "it is out of range"
        raise LexFault(f"this is not JSON: {detail}", start, start + len(text), "JSON") from error
    if _LONE_SURROGATE.search(canonical):
        raise LexFault("half of a surrogate pair in this JSON", start, start + len(text))
    return _without_hidden(canonical)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def join_tokens(tokens: tuple[Token, ...]) -> str:
    """Write tokens as one canonical line: one space between, none before `,` `:` and `'s`.

    Texts stay as they are written, but for hidden characters.
    """
    parts: list[str] = []
    for token in tokens:
        if parts and token.kind not in ("comma", "colon", "possessive"):
            parts.append(" ")
        quoted = token.kind in ("string", "json")
        parts.append(_without_hidden(token.text) if quoted else token.text)
    return "".join(parts)
