"""A scenario as it was written: keys, and steps that are not yet expanded.

Between the text of a file and its cases. A `Node` is one step or one block with its deeper lines;
its tokens may still hold `$name` of the matrix and holes of own verbs. `Place` maps an offset in a
line of steps back to the file.
"""

from __future__ import annotations

import msgspec

from imcli.scenario.reading.said import Step
from imcli.scenario.syntax import Case, KnownFailing, Span, Timing
from imcli.scenario.table.tokens import Token
from imcli.targets.base import Capability, Cast

MatrixValue = str | int | bool


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a line of steps stands. `exact` False: every offset is at `column`."""

    file: str
    line: int
    column: int
    exact: bool = True

    def span(self, start: int, end: int) -> Span:
        """Give the place of the characters from `start` to `end` of the line of steps."""
        if not self.exact:
            return Span(self.file, self.line, self.column)
        length = end - start
        return Span(self.file, self.line, self.column + start, length if length > 1 else 1)


class Node(msgspec.Struct, frozen=True, gc=False):
    """One step, or a block with its children. `varies`: a matrix name stands in it.

    `said` is what the step says where that is known already: it is the same in every case, and no
    sentence of the file's own.
    """

    place: Place
    tokens: tuple[Token, ...]
    children: tuple[Node, ...] = ()
    varies: bool = False
    said: Step | None = None


class OwnVerb(msgspec.Struct, frozen=True, gc=False):
    """A sentence of the file's own: its pattern's words, which of them are holes, its steps."""

    name: str
    words: tuple[str, ...]
    holes: tuple[str, ...]
    nodes: tuple[Node, ...]
    span: Span


class Scenario(msgspec.Struct, frozen=True):
    """One file. `cases(scenario)` makes of it what can be run.

    `matrix` is a table of values per name; `exclude` are combinations left out. `lines` are the
    lines of the file, for showing them. `profile` is the name of a profile, or switches over one.
    `ready` is the one case of a file without a matrix, which reading the file has made already.
    """

    path: str
    title: str
    lines: tuple[str, ...]
    cast: Cast
    steps: tuple[Node, ...]
    given: tuple[Node, ...] = ()
    cleanup: tuple[Node, ...] = ()
    about: str = ""
    covers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    needs: tuple[Capability, ...] = ()
    profile: dict[str, object] | None = None
    timing: Timing = Timing()
    matrix: tuple[tuple[str, tuple[MatrixValue, ...]], ...] = ()
    exclude: tuple[tuple[tuple[str, MatrixValue], ...], ...] = ()
    known_failing: tuple[KnownFailing, ...] = ()
    verbs: tuple[OwnVerb, ...] = ()
    ready: Case | None = None
