"""Where things stand in a TOML text that is known to be well formed.

tomli tells what a file says, not where. This walks the same text once more and remembers the place
of every key and every value, so that a complaint about a key, or about the fifth word of a step,
can point at it. It decides nothing about TOML: whatever tomli refused never comes here.

Most files are right, and of those only the places of steps are asked for. So where a text was read
by `usual_toml.py`, the places of its keys come from there, and a value in brackets is looked into
only when somebody asks for a place inside it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

import msgspec

from imcli.scenario.reading.toml_text import read_toml_string

Path = tuple[str | int, ...]

DEPTH_MAX = 16

COUNTED_MAX = 4
"""So many places are found by counting lines: of a file that is right, few are asked for."""

_SKIP = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*+"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class Spot(msgspec.Struct, frozen=True):
    """A place in the text: offsets of a key and of its value."""

    key_start: int
    key_end: int
    start: int
    end: int


class Keys(msgspec.Struct, frozen=True):
    """The places of the keys of a text, as `Layout` finds them; they are the layout's from then on.

    `folded` are the values in brackets that nobody has looked into, and where each begins.
    """

    spots: dict[Path, Spot]
    folded: dict[Path, int]
    header_of: dict[Path, Path]
    statements: list[tuple[int, int]]


class TooDeep(Exception):
    """Arrays or tables are nested deeper than any scenario needs."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Layout:
    """Places in one TOML text. Offsets are those of the text; `position` makes lines of them.

    Lines end with a line feed and nothing else: other line ends are control characters, which no
    file may hold.
    """

    def __init__(self, text: str, keys: Keys | None = None) -> None:
        self.text = text
        self._line_starts: list[int] = []
        self._asked = 0
        self._arrays: dict[Path, int] = {}
        found = Keys({}, {}, {}, []) if keys is None else keys
        self._spots, self._folded = found.spots, found.folded
        self.header_of = found.header_of
        """Per key that stands below a table header: the table."""
        self.statements = found.statements
        """Where each `key = value` and each header of a table begins and ends."""
        if keys is None:
            self._scan()

    def position(self, offset: int) -> tuple[int, int]:
        """Give the line and column, from 1, of an offset."""
        self._asked += 1
        if self._asked <= COUNTED_MAX:
            start = self.text.rfind("\n", 0, offset) + 1
            return self.text.count("\n", 0, start) + 1, offset - start + 1
        if not self._line_starts:
            self._line_starts = [0, *accumulate(map(len, self.text.splitlines(keepends=True)))]
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    @property
    def spots(self) -> dict[Path, Spot]:
        """The places of all keys and values."""
        for path in tuple(self._folded):
            self._unfold(path)
        return self._spots

    def spot(self, path: Path) -> Spot | None:
        """Give the place of a key and its value, or of an item of an array."""
        spot = self._spots.get(path)
        if spot is None and self._folded:
            for length in range(1, len(path)):
                self._unfold(path[:length])
            spot = self._spots.get(path)
        return spot

    def _unfold(self, path: Path) -> None:
        """Look into a value that was passed over."""
        start = self._folded.pop(path, -1)
        if start >= 0:
            self._value(start, path, 0)

    def _scan(self) -> None:
        text = self.text
        table: Path = ()
        at = self._skip(0)
        while at < len(text):
            start = at
            if text[at] == "[":
                table, at = self._header(at)
            else:
                at = self._pair(at, table, 0)
            self.statements.append((start, at))
            at = self._skip(at)

    def _skip(self, at: int) -> int:
        match = _SKIP.match(self.text, at)
        return match.end() if match else at

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _header(self, at: int) -> tuple[Path, int]:
        double = self.text.startswith("[[", at)
        keys, end = self._key(at + (2 if double else 1))
        path = self._inside(keys[:-1])
        if double:
            whole = (*path, keys[-1])
            index = self._arrays.get(whole, -1) + 1
            self._arrays[whole] = index
            table: Path = (*whole, index)
            self._spots.setdefault(whole, Spot(at, end + 2, at, end + 2))
        else:
            table = (*path, keys[-1])
        end = self.text.index("]", end) + (2 if double else 1)
        self._spots[table] = Spot(at, end, at, end)
        for depth in range(1, len(table)):
            self._spots.setdefault(table[:depth], Spot(at, end, at, end))
        return table, end

    def _inside(self, keys: tuple[str, ...]) -> Path:
        """Follow keys to where they lead, into the newest item of an array of tables."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path

    def _key(self, at: int) -> tuple[tuple[str, ...], int]:
        """Read a dotted key; the end is that of its last part."""
        keys: list[str] = []
        while True:
            at = self._blank(at)
            if self.text[at] in "\"'":
                match = _STRING.match(self.text, at)
                assert match is not None, "tomli has read this key"
                keys.append(_unquote(match.group()))
            else:
                match = _BARE.match(self.text, at)
                assert match is not None, "tomli has read this key"
                keys.append(match.group())
            end = match.end()
            at = self._blank(end)
            if at >= len(self.text) or self.text[at] != ".":
                return tuple(keys), end
            at += 1

    def _pair(self, at: int, table: Path, depth: int) -> int:
        keys, key_end = self._key(at)
        start = self._blank(self._blank(key_end) + 1)
        path = (*table, *keys)
        end = self._value(start, path, depth)
        self._spots[path] = Spot(at, key_end, start, end)
        for length in range(len(table) + 1, len(path)):
            self._spots.setdefault(path[:length], Spot(at, key_end, start, end))
        if table:
            self.header_of[path] = table
        return end

    def _value(self, at: int, path: Path, depth: int) -> int:
        if depth > DEPTH_MAX:
            raise TooDeep(at)
        first = self.text[at]
        if first in "\"'":
            match = _STRING.match(self.text, at)
            assert match is not None, "tomli has read this string"
            return match.end()
        if first == "[":
            return self._array(at, path, depth)
        if first == "{":
            return self._inline_table(at, path, depth)
        match = _SCALAR.match(self.text, at)
        assert match is not None, "tomli has read this value"
        return at + len(match.group().rstrip())

    def _array(self, at: int, path: Path, depth: int) -> int:
        index = 0
        at = self._skip(at + 1)
        while self.text[at] != "]":
            item = (*path, index)
            end = self._value(at, item, depth + 1)
            self._spots[item] = Spot(at, end, at, end)
            index += 1
            at = self._skip(end)
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return at + 1

    def _inline_table(self, at: int, path: Path, depth: int) -> int:
        at = self._skip(at + 1)
        while self.text[at] != "}":
            at = self._skip(self._pair_inside(at, path, depth + 1))
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return at + 1

    def _pair_inside(self, at: int, path: Path, depth: int) -> int:
        keys, key_end = self._key(at)
        start = self._skip(self._skip(key_end) + 1)
        whole = (*path, *keys)
        end = self._value(start, whole, depth)
        self._spots[whole] = Spot(at, key_end, start, end)
        for length in range(len(path) + 1, len(whole)):
            self._spots.setdefault(whole[:length], Spot(at, key_end, start, end))
        return end


def _unquote(quoted: str) -> str:
    if quoted[0] == "'" or "\\" not in quoted:
        return quoted[1:-1]
    return read_toml_string(quoted)
