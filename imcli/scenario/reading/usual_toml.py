"""TOML of the usual shape, read together with its places; everything else is left to tomli.

Nearly every scenario is a title, users, one long string of steps, and a table or two. Such a text
is read here by a handful of patterns in a fraction of the time. What they take is less than TOML:
keys and headers of one part, strings without escapes, small numbers, arrays and inline tables of
those. At the first thing that is anything else, a mistake above all, this gives up and tomli reads
the text from the start: one judge of what is TOML, and one voice that says what is wrong.

The text has been checked before: it holds no control characters but line feeds and tabs.
"""

from __future__ import annotations

import re

from imcli.scenario.reading.layout import Keys, Layout, Path, Spot
from imcli.scenario.reading.toml_text import read_toml

DEPTH_MAX = 4

_BLANK = r"[ \t]*+"
_GAP = r"[ \t\n]*+"
_PLAIN = r'"(?!"")[^"\\\n]*+"' r"|'(?!'')[^'\n]*+'"
"""A string of one line without escapes; never the first quotes of a long one."""

_LONG = r"'''(?:[^']++|'(?!''))*+'''(?!')" r'|"""(?:[^"\\]++|"(?!""))*+"""(?!")'
_LIST = rf"\[{_GAP}(?:(?:{_PLAIN}){_GAP}(?:,{_GAP}|(?=\])))*+\]"
"""An array of such strings."""

_NAME = rf"""([A-Za-z0-9_-]++|"[^"\\\n]*+"|'[^'\n]*+'){_BLANK}={_BLANK}"""
_BEHIND = rf"{_BLANK}(?:#[^\n]*+)?(?:\n(?:[ \t\n]++|#[^\n]*+)*+|\Z)"
"""What may stand behind a statement, to the beginning of the next."""

_BEFORE = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_REST = re.compile(_BEHIND)
_HEADER = re.compile(r"\[([A-Za-z0-9_-]++)\]")
_STATEMENT = re.compile(rf"{_NAME}(?:({_PLAIN})|({_LONG})|({_LIST})){_BEHIND}")
"""A whole statement, as nearly all are: a key, a string or strings, and what follows."""
_KEY = re.compile(_NAME)
_STRING = re.compile(_PLAIN)
_LONG_STRING = re.compile(_LONG)
_STRINGS = re.compile(_LIST)
_EACH_STRING = re.compile(r'"([^"]*+)"' r"|'([^']*+)'")
_SCALAR = re.compile(r"(?:true|false|0|[1-9][0-9]{0,14})(?![^ \t\n,\]}#])")
_OPENING = re.compile(rf"[\[{{]{_BLANK}")
_COMMA = re.compile(rf"{_BLANK},{_BLANK}")
_CLOSING = re.compile(rf"{_BLANK}[\]}}]")

_IS_PLAIN, _IS_LONG = 2, 3
"""The groups of `_STATEMENT` that hold its value; the last one holds an array."""


class _Unusual(Exception):
    """Here stands something that tomli has to read."""


def read_placed_toml(text: str) -> tuple[dict[str, object], Layout]:
    """Read a TOML text, and where everything stands in it.

    Raises:
        TomlFault: it is none.
        TooDeep: arrays or tables are nested deeper than any scenario needs.
    """
    usual = read_usual(text)
    return usual if usual is not None else (read_toml(text), Layout(text))


def read_usual(text: str) -> tuple[dict[str, object], Layout] | None:
    """Read a text of the usual shape; None where it is of any other."""
    reader = _Reader(text)
    try:
        reader.read()
    except _Unusual:
        return None
    return reader.data, Layout(text, reader.keys)


class _Reader:
    """Reads one text, statement by statement."""

    __slots__ = ("data", "keys", "path", "table", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.data: dict[str, object] = {}
        self.table = self.data
        self.path: Path = ()
        self.keys = Keys({}, {}, {}, [])

    def read(self) -> None:
        """Read all statements."""
        text = self.text
        at = _end(_BEFORE.match(text))
        while at < len(text):
            statement = _STATEMENT.match(text, at)
            if statement is not None:
                self._usual(statement)
                at = statement.end()
                continue
            end = self._header(at) if text[at] == "[" else self._pair(at)
            at = _end(_REST.match(text, end))

    def _usual(self, statement: re.Match[str]) -> None:
        """Take a whole statement."""
        at, key_end = statement.span(1)
        which = statement.lastindex
        assert which is not None, "a value stands in every statement"
        start, end = statement.span(which)
        raw = self.text[start:end]
        value: object
        if which == _IS_PLAIN:
            value = raw[1:-1]
        elif which == _IS_LONG:
            value = raw[3:-3].removeprefix("\n")
        else:
            value = _strings(raw)
        self._take(_unquoted(statement[1]), value, Spot(at, key_end, start, end))

    def _take(self, key: str, value: object, spot: Spot) -> None:
        """Take a key that there was not before, with its value and its place."""
        if key in self.table:
            raise _Unusual
        self.table[key] = value
        keys, path = self.keys, (*self.path, key)
        keys.spots[path] = spot
        keys.statements.append((spot.key_start, spot.end))
        if type(value) is not str and self.text[spot.start] in "[{":
            keys.folded[path] = spot.start
        if self.path:
            keys.header_of[path] = self.path

    def _header(self, at: int) -> int:
        """Read the header of a table that there was not before."""
        match = _HEADER.match(self.text, at)
        end = _end(match)
        assert match is not None, "it has an end"
        name = match[1]
        if name in self.data:
            raise _Unusual
        self.table = self.data[name] = {}
        self.path = (name,)
        self.keys.spots[self.path] = Spot(at, end, at, end)
        self.keys.statements.append((at, end))
        return end

    def _pair(self, at: int) -> int:
        """Read a key and its value piece by piece."""
        key, start, key_end = self._key(at)
        value, end = self._value(start, 0)
        self._take(key, value, Spot(at, key_end, start, end))
        return end

    def _key(self, at: int) -> tuple[str, int, int]:
        """Read a key and its `=`; gives where the value begins, and where the key ended."""
        match = _KEY.match(self.text, at)
        start = _end(match)
        assert match is not None, "it has an end"
        return _unquoted(match[1]), start, match.end(1)

    def _value(self, at: int, depth: int) -> tuple[object, int]:
        text = self.text
        first = text[at : at + 1]
        if first in ('"', "'"):
            match = _STRING.match(text, at)
            if match is None:
                return self._long_string(at)
            return text[at + 1 : match.end() - 1], match.end()
        if first == "[":
            return self._array(at, depth)
        if first == "{":
            return self._inline_table(at, depth)
        return self._scalar(at)

    def _long_string(self, at: int) -> tuple[str, int]:
        end = _end(_LONG_STRING.match(self.text, at))
        return self.text[at + 3 : end - 3].removeprefix("\n"), end

    def _scalar(self, at: int) -> tuple[int, int]:
        match = _SCALAR.match(self.text, at)
        end = _end(match)
        word = self.text[at:end]
        return word == "true" if word in ("true", "false") else int(word), end

    def _array(self, at: int, depth: int) -> tuple[list[object], int]:
        match = _STRINGS.match(self.text, at)
        if match is not None:
            end = match.end()
            return _strings(self.text[at:end]), end
        items: list[object] = []
        at = self._into(at, depth)
        while True:
            item, at = self._value(at, depth + 1)
            items.append(item)
            comma = _COMMA.match(self.text, at)
            if comma is None:
                return items, self._out_of(at, "]")
            at = comma.end()

    def _inline_table(self, at: int, depth: int) -> tuple[dict[str, object], int]:
        table: dict[str, object] = {}
        at = self._into(at, depth)
        while True:
            key, start, _ = self._key(at)
            if key in table:
                raise _Unusual
            table[key], at = self._value(start, depth + 1)
            comma = _COMMA.match(self.text, at)
            if comma is None:
                return table, self._out_of(at, "}")
            at = comma.end()

    def _into(self, at: int, depth: int) -> int:
        """Go behind an opening bracket."""
        if depth >= DEPTH_MAX:
            raise _Unusual
        return _end(_OPENING.match(self.text, at))

    def _out_of(self, at: int, bracket: str) -> int:
        """Go behind the closing bracket that belongs to it."""
        end = _end(_CLOSING.match(self.text, at))
        if self.text[end - 1] != bracket:
            raise _Unusual
        return end


def _strings(raw: str) -> list[object]:
    """Take the strings out of an array of plain ones."""
    if "'" not in raw:
        return list(raw.split('"')[1::2])
    return [one or other for one, other in _EACH_STRING.findall(raw)]


def _unquoted(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key


def _end(match: re.Match[str] | None) -> int:
    """Give where a match ends; what does not match is unusual."""
    if match is None:
        raise _Unusual
    return match.end()
