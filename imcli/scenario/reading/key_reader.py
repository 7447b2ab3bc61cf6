"""Reading the values of a file: their types, their places, and the one namespace of names.

Whatever is wrong is noted with the place of its key or value, and reading goes on. Which keys there
are is not known here (`keys.py`, `keys_names.py`).
"""

from __future__ import annotations

from imcli.scenario.reading.layout import Layout, Path
from imcli.scenario.reading.lines import SourceLine, read_nodes, string_lines
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.scope import reserved_complaint
from imcli.scenario.reading.suggest import free_name
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import Span
from imcli.scenario.table.sentences import RESERVED
from imcli.scenario.table.tokens import CONTROL
from imcli.scenario.table.values import is_name


class KeyReader:
    """Reads the keys of one file; every problem is noted with the place of its key or value."""

    def __init__(
        self, data: dict[str, object], layout: Layout, file: str, problems: Problems
    ) -> None:
        self.data = data
        self.layout = layout
        self.file = file
        self.problems = problems
        self.taken: dict[str, str] = {}
        self.matrix_names: tuple[str, ...] = ()
        self.own_verbs = "verbs" in data

    def key_span(self, path: Path) -> Span:
        """Give the place of a key."""
        spot = self.layout.spot(path)
        if spot is None:
            return Span(self.file, 1, 1)
        line, column = self.layout.position(spot.key_start)
        return Span(self.file, line, column, max(1, spot.key_end - spot.key_start))

    def value_span(self, path: Path) -> Span:
        """Give the place of a value; of one that spans lines, its beginning."""
        spot = self.layout.spot(path)
        if spot is None:
            return self.key_span(path[:-1]) if path else Span(self.file, 1, 1)
        line, column = self.layout.position(spot.start)
        raw = self.layout.text[spot.start : spot.end]
        return Span(self.file, line, column, max(1, len(raw.split("\n", 1)[0])))

    def wrong(self, path: Path, message: str, expected: str = "", nearest: str = "") -> None:
        """Note that a value is wrong."""
        self.problems.add(self.value_span(path), message, expected, nearest)

    def text(self, key: str, *, required: bool = False, long: bool = False) -> str:
        """Read a key that is one string."""
        value = self.data.get(key)
        if value is None:
            if required:
                self.problems.add(
                    Span(self.file, 1, 1), f"the key `{key}` is missing", f'{key} = "…"'
                )
            return ""
        if not isinstance(value, str):
            self.wrong((key,), f"`{key}` must be a string", f'{key} = "…"')
            return ""
        if required and not value.strip():
            self.wrong((key,), f"`{key}` is empty", "a sentence that states the behaviour")
        self.no_control((key,), value, long=long)
        return value

    def no_control(self, path: Path, value: str, *, long: bool = False) -> None:
        """Note a control character in a text."""
        shown = value.replace("\n", "").replace("\t", "") if long else value
        found = None if shown.isprintable() else CONTROL.search(shown)
        if found:
            self.wrong(path, f"the control character U+{ord(found.group()):04X} in a text")

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """Read a key that is an array of strings."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong((key,), f"`{key}` must be an array of strings", f'{key} = ["…"]')
            return []
        found: list[tuple[Path, str]] = []
        for index, item in enumerate(value):
            if isinstance(item, str) and item:
                self.no_control((key, index), item)
                found.append(((key, index), item))
            else:
                self.wrong((key, index), f"`{key}` must be an array of strings", '"…"')
        return found

    def table(self, key: str) -> dict[str, object]:
        """Give a key that is a table, or note that it is none."""
        value = self.data.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self.wrong((key,), f"`{key}` must be a table", f"{key} = {{ … }}")
        return {}

    def claim_name(self, path: Path, name: str, what: str, *, at_key: bool = False) -> bool:
        """Take a name, or note why it cannot be taken."""
        other = self.taken.get(name)
        if other == what == "a device":
            return True
        place = self.key_span if at_key else self.value_span
        if not is_name(name):
            self.problems.add(
                place(path),
                f"`{name}` is no name",
                "ASCII letters, digits and _, beginning with a letter",
            )
            return False
        if name in RESERVED:
            complaint, nearest = reserved_complaint(name, self.taken)
            self.problems.add(place(path), complaint, nearest=nearest)
            return False
        if other is not None:
            near = free_name(name, self.taken)
            self.problems.add(place(path), f"`{name}` is already the name of {other}", nearest=near)
            return False
        self.taken[name] = what
        return True

    def nodes(self, path: Path, value: object) -> tuple[Node, ...]:
        """Read steps: one string, or an array of strings."""
        lines: list[SourceLine] = []
        if isinstance(value, str):
            lines = self._string(path, value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str):
                    lines += self._string((*path, index), item)
                else:
                    self.wrong((*path, index), "a step is a string", '"A deletes B"')
        else:
            message = f"`{path[-1]}` must be a string or an array of strings"
            self.wrong(path, message, f"{path[-1]} = '''")
        return read_nodes(lines, self.matrix_names, self.problems, own_verbs=self.own_verbs)

    def _string(self, path: Path, value: str) -> list[SourceLine]:
        spot = self.layout.spot(path)
        assert spot is not None, "what has a value has a place"
        line, column = self.layout.position(spot.start)
        return string_lines(value, self.layout.text[spot.start : spot.end], self.file, line, column)
