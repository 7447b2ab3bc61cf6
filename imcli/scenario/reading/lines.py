"""From the text of `steps` to nodes: lines, indentation, blocks.

Lines are cut by `tokens.py`; here deeper lines are put below the head of their block. A block ends
at the first line that is not deeper. Every fault is noted and reading goes on with the next line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from imcli.scenario.reading.known_lines import Line, line_of
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.written import Node, Place
from imcli.scenario.table.tokens import LexFault, Token

BLOCK_DEPTH_MAX = 8

_VARIABLE = re.compile(r"\$([A-Za-z][A-Za-z0-9_]*)")

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_WITHIN_LINES = frozenset('"\\btfe')
"""The second characters of escapes that stand for one character, which is no line end."""

SourceLine = tuple[str, Place]
"""One line of steps, and where it stands."""

_Placed = tuple[Line, Place]


def string_lines(value: str, raw: str, file: str, line: int, column: int) -> list[SourceLine]:
    """Give the lines of one TOML string.

    `raw` is the string as it stands in the file, quotes and all, at `line` and `column`. Columns
    are exact where the line has no escapes; lines are, unless an escape makes or joins some.
    """
    long = raw[:3] in ("'''", '"""')
    exact = raw[0] == "'" or "\\" not in raw
    if long and not exact and not _breaks_lines(raw):
        return _lines_with_escapes(value, raw, file, line, column)
    if not long or not exact:
        start = column + 1 if exact else column
        place = Place(file, line, start, exact)
        return [(text, place) for text in value.split("\n")]
    if raw[3:4] == "\n":
        line += 1
        column = 1
    else:
        column += 3
    lines = value.split("\n")
    found = [(text, Place(file, number, 1)) for number, text in enumerate(lines, line)]
    if column > 1:
        found[0] = lines[0], Place(file, line, column)
    return found


def _breaks_lines(raw: str) -> bool:
    """Tell whether an escape in a string may stand for a line end, or take one away."""
    return any(escape[1] not in _WITHIN_LINES for escape in _ESCAPE.findall(raw))


def _lines_with_escapes(
    value: str, raw: str, file: str, line: int, column: int
) -> list[SourceLine]:
    """Give the lines of a long string of which each stands on its own line of the file."""
    inner = raw[3:-3]
    if inner[:1] == "\n":
        inner, line, column = inner[1:], line + 1, -2
    found: list[SourceLine] = []
    for number, (text, written) in enumerate(
        zip(value.split("\n"), inner.split("\n"), strict=True), line
    ):
        exact = text == written
        indent = 0 if exact else len(written) - len(written.lstrip(" "))
        start = column + 3 if number == line else 1
        found.append((text, Place(file, number, start + indent, exact)))
    return found


def read_nodes(
    source: Iterable[SourceLine],
    names: Sequence[str],
    problems: Problems,
    *,
    own_verbs: bool = False,
) -> tuple[Node, ...]:
    """Read lines into nodes.

    Args:
        source: the lines.
        names: those of the matrix.
        problems: takes what is wrong.
        own_verbs: the file has sentences of its own, so what a step says is not known here.
    """
    lines: list[_Placed] = []
    blocks = own_verbs or bool(names)
    indent = -1
    for text, place in source:
        try:
            line = line_of(text)
        except LexFault as fault:
            problems.add(place.span(fault.start, fault.end), fault.message, fault.expected)
            continue
        if line.cut.steps:
            lines.append((line, place))
            indent = line.indent if indent < 0 else indent
            blocks = blocks or line.opens or line.indent != indent
    if blocks:
        return _Blocks(lines, frozenset(names), problems, own_verbs).read()
    # Most scenarios: lines one below the other, which say the same in every case.
    return tuple(
        [Node(place, step, (), False, said) for line, place in lines for step, said in line.said()]
    )


class _Blocks:
    """Puts lines below the heads of their blocks."""

    def __init__(
        self, lines: list[_Placed], names: frozenset[str], problems: Problems, own_verbs: bool
    ) -> None:
        self.lines = lines
        self.names = names
        self.problems = problems
        self.own_verbs = own_verbs
        self.at = 0

    def read(self) -> tuple[Node, ...]:
        """Read all lines."""
        return self._block(-1, 0)

    def _block(self, outer: int, depth: int) -> tuple[Node, ...]:
        """Read the lines deeper than `outer`; all of one block stand equally deep."""
        lines = self.lines
        nodes: list[Node] = []
        indent = lines[self.at][0].indent if self.at < len(lines) else 0
        open_to_the_case = self.own_verbs or bool(self.names)
        while self.at < len(lines):
            line, place = lines[self.at]
            if line.indent <= outer:
                break
            if line.indent != indent:
                _complain_of_indent(line, place, indent, self.problems)
            self.at += 1
            if line.opens:
                nodes.append(self._head(line, place, depth))
            elif open_to_the_case:
                for step in line.cut.steps:
                    nodes.append(Node(place, step, (), _varies(step, self.names)))
            else:
                for step, said in line.said():
                    nodes.append(Node(place, step, (), False, said))
        return tuple(nodes)

    def _head(self, line: Line, place: Place, depth: int) -> Node:
        """Read the block below a head."""
        cut = line.cut
        head = cut.steps[-1]
        children: tuple[Node, ...] = ()
        if self.at < len(self.lines) and self.lines[self.at][0].indent > cut.indent:
            if depth >= BLOCK_DEPTH_MAX:
                message = f"blocks are nested deeper than {BLOCK_DEPTH_MAX} levels"
                self.problems.add(place.span(head[0].start, head[-1].end), message)
                self._skip(cut.indent)
            elif _is_table(head):
                first = self.at
                self._skip(cut.indent)
                rows = self.lines[first : self.at]
                children = tuple([_row(*row, self.problems, self.names) for row in rows])
            else:
                children = self._block(cut.indent, depth + 1)
        elif not _is_table(head):
            span = place.span(head[0].start, head[0].end)
            self.problems.add(span, "this block is empty", "deeper lines below it")
        if len(cut.steps) > 1:
            message = "a block stands on a line of its own"
            self.problems.add(place.span(head[0].start, head[-1].end), message)
        varies = _varies(head, self.names) or any(child.varies for child in children)
        return Node(place, head, children, varies)

    def _skip(self, outer: int) -> None:
        while self.at < len(self.lines) and self.lines[self.at][0].indent > outer:
            self.at += 1


def _complain_of_indent(line: Line, place: Place, indent: int, problems: Problems) -> None:
    span = place.span(0, line.indent)
    if line.indent > indent:
        message = "this line is deeper than the one above it, which opens no block"
    else:
        message = "this line is less deep than the others of its block"
    problems.add(span, message, f"{indent} spaces")


def _is_table(step: tuple[Token, ...]) -> bool:
    return len(step) > 1 and step[-2].text == "table"


def _row(line: Line, place: Place, problems: Problems, names: frozenset[str]) -> Node:
    cut = line.cut
    if len(cut.steps) > 1:
        last = cut.steps[1]
        problems.add(place.span(last[0].start, last[-1].end), "a row stands on its own line")
    return Node(place, cut.steps[0], (), _varies(cut.steps[0], names))


def _varies(step: tuple[Token, ...], names: frozenset[str]) -> bool:
    return bool(names) and any(
        found in names
        for token in step
        if "$" in token.text
        for found in _VARIABLE.findall(token.text)
    )
