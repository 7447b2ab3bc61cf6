"""From the text of `steps` to nodes: lines, indentation, blocks.

Lines are cut by `tokens.py`; here deeper lines are put below the head of their block. A block ends
at the first line that is not deeper. Every fault is noted and reading goes on with the next line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.written import Node, Place
from imcli.scenario.table.tokens import LexFault, Token, cut_line

BLOCK_DEPTH_MAX = 8

_VARIABLE = re.compile(r"\$([A-Za-z][A-Za-z0-9_]*)")


SourceLine = tuple[str, Place]
"""One line of steps, and where it stands."""


class _Cut(msgspec.Struct, frozen=True, gc=False):
    indent: int
    place: Place
    steps: tuple[tuple[Token, ...], ...]


def string_lines(value: str, raw: str, file: str, line: int, column: int) -> list[SourceLine]:
    """Give the lines of one TOML string.

    `raw` is the string as it stands in the file, quotes and all, at `line` and `column`. Columns
    are exact where the string has no escapes.
    """
    long = raw[:3] in ("'''", '"""')
    exact = raw[0] == "'" or "\\" not in raw
    if not long or not exact:
        start = column + 1 if exact else column
        place = Place(file, line, start, exact)
        return [(text, place) for text in value.split("\n")]
    if raw[3:4] == "\n":
        line += 1
        column = 1
    else:
        column += 3
    first, *others = value.split("\n")
    return [
        (first, Place(file, line, column)),
        *((text, Place(file, number, 1)) for number, text in enumerate(others, line + 1)),
    ]


def read_nodes(
    source: Iterable[SourceLine], names: Sequence[str], problems: Problems
) -> tuple[Node, ...]:
    """Read lines into nodes. `names` are those of the matrix."""
    cuts: list[_Cut] = []
    for text, place in source:
        try:
            cut = cut_line(text)
        except LexFault as fault:
            problems.add(place.span(fault.start, fault.end), fault.message, fault.expected)
            continue
        if cut.steps:
            cuts.append(_Cut(len(text) - len(text.lstrip(" ")), place, cut.steps))
    nodes, _ = _block(cuts, 0, -1, 0, frozenset(names), problems)
    return tuple(nodes)


def _block(
    cuts: list[_Cut], at: int, outer: int, depth: int, names: frozenset[str], problems: Problems
) -> tuple[list[Node], int]:
    """Read the lines deeper than `outer`; all of one block stand equally deep."""
    nodes: list[Node] = []
    indent = cuts[at].indent if at < len(cuts) else 0
    while at < len(cuts) and cuts[at].indent > outer:
        cut = cuts[at]
        if cut.indent != indent:
            _complain_of_indent(cut, indent, problems)
        at += 1
        if not _is_head(cut.steps[-1]):
            for step in cut.steps:
                nodes.append(Node(cut.place, step, (), _varies(step, names)))
            continue
        head = cut.steps[-1]
        children: list[Node] = []
        if at < len(cuts) and cuts[at].indent > cut.indent:
            if depth >= BLOCK_DEPTH_MAX:
                message = f"blocks are nested deeper than {BLOCK_DEPTH_MAX} levels"
                problems.add(cut.place.span(head[0].start, head[-1].end), message)
                at = _skip(cuts, at, cut.indent)
            elif _is_table(head):
                end = _skip(cuts, at, cut.indent)
                children = [_row(one, problems, names) for one in cuts[at:end]]
                at = end
            else:
                children, at = _block(cuts, at, cut.indent, depth + 1, names, problems)
        if len(cut.steps) > 1:
            message = "a block stands on a line of its own"
            problems.add(cut.place.span(head[0].start, head[-1].end), message)
        varies = _varies(head, names) or any(child.varies for child in children)
        nodes.append(Node(cut.place, head, tuple(children), varies))
    return nodes, at


def _complain_of_indent(cut: _Cut, indent: int, problems: Problems) -> None:
    span = cut.place.span(0, cut.indent)
    if cut.indent > indent:
        message = "this line is deeper than the one above it, which opens no block"
    else:
        message = "this line is less deep than the others of its block"
    problems.add(span, message, f"{indent} spaces")


def _skip(cuts: list[_Cut], at: int, outer: int) -> int:
    while at < len(cuts) and cuts[at].indent > outer:
        at += 1
    return at


def _is_head(step: tuple[Token, ...]) -> bool:
    return step[-1].kind == "colon" and step[0].text in ("together", "repeat", "assert", "table")


def _is_table(step: tuple[Token, ...]) -> bool:
    return len(step) > 1 and step[-2].text == "table"


def _row(cut: _Cut, problems: Problems, names: frozenset[str]) -> Node:
    if len(cut.steps) > 1:
        last = cut.steps[1]
        problems.add(cut.place.span(last[0].start, last[-1].end), "a row stands on its own line")
    return Node(cut.place, cut.steps[0], (), _varies(cut.steps[0], names))


def _varies(step: tuple[Token, ...], names: frozenset[str]) -> bool:
    return bool(names) and any(
        found in names
        for token in step
        if "$" in token.text
        for found in _VARIABLE.findall(token.text)
    )
