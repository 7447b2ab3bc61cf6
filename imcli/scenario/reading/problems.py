"""What is wrong with a file: each problem with its place, and all of them at once.

A `Problem` is data; `render_problem` makes the message that people read: `file:line:column`, the
source line with a caret, what was expected, the nearest valid sentence. What came from the file is
text: control characters and invisible ones are shown as escapes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from imcli.model.columns import width
from imcli.model.errors import InvalidInput
from imcli.scenario.syntax import Span

PROBLEMS_MAX = 100
SHOWN_WIDTH_MAX = 120
SAID_MAX = 500
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: where, what, what would be right, and the nearest that is right."""

    span: Span
    message: str
    expected: str = ""
    nearest: str = ""
    hint: str = ""


class InvalidScenario(InvalidInput):
    """A scenario is invalid. `found` are its problems as data, `problems` as complete messages."""

    def __init__(self, found: Sequence[Problem], lines: Sequence[str], more: int = 0) -> None:
        self.found = tuple(found)
        count = len(self.found) + more
        noun = "problem" if count == 1 else "problems"
        file = self.found[0].span.file
        messages = [render_problem(problem, lines) for problem in self.found]
        if more:
            messages.append(f"{visible(file)}: and {more:,} more problems")
        super().__init__(f"{count:,} {noun} in {visible(file)}", problems=tuple(messages))


class Problems:
    """A collector: keeps the first hundred problems in full and counts the others."""

    __slots__ = ("_seen", "found", "more")

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.more = 0
        self._seen: set[tuple[Span, str]] = set()

    def add(
        self, span: Span, message: str, expected: str = "", nearest: str = "", hint: str = ""
    ) -> None:
        """Note a problem; the same one at the same place is noted once."""
        key = (span, message)
        if key in self._seen:
            return
        if len(self.found) >= PROBLEMS_MAX:
            self.more += 1
            return
        self._seen.add(key)
        self.found.append(Problem(span, message, expected, nearest, hint))

    @property
    def full(self) -> bool:
        """Tell whether further problems are only counted, so that no work is lost on them."""
        return len(self.found) >= PROBLEMS_MAX

    def raise_if_any(self, lines: Sequence[str]) -> None:
        """Raise all that was noted, in the order of the file.

        Raises:
            InvalidScenario: something was noted.
        """
        if self.found:
            found = sorted(self.found, key=lambda p: (p.span.line, p.span.column))
            raise InvalidScenario(found, lines, self.more)


def visible(text: str) -> str:
    r"""Show control and invisible characters as escapes, so that no terminal obeys them.

    >>> visible("a\x1b[31m\u202e")
    'a\\u001b[31m\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in _INVISIBLE else c for c in text)


def render_problem(problem: Problem, lines: Sequence[str]) -> str:
    """Write a problem as people read it: several lines, without one at the end."""
    span = problem.span
    out = [f"{visible(span.file)}:{span.line}:{span.column}  {_said(problem.message)}"]
    if 1 <= span.line <= len(lines):
        out += _source(lines[span.line - 1], span)
    if problem.expected:
        out.append(f"  expected: {_said(problem.expected)}")
    if problem.nearest:
        out.append(f"  nearest:  {_said(problem.nearest)}")
    if problem.hint:
        out.append(f"  hint: {_said(problem.hint)}")
    return "\n".join(out)


def _said(text: str) -> str:
    """Show what is said about a place, cut where a word of the file makes it endless."""
    cut = text if len(text) <= SAID_MAX else f"{text[:SAID_MAX]}…"
    return visible(cut)


def _source(line: str, span: Span) -> list[str]:
    """Show the line and a caret under the place; of a long line, the part around it."""
    at = max(0, min(span.column - 1, len(line)))
    first = max(0, at - SHOWN_WIDTH_MAX // 2) if len(line) > SHOWN_WIDTH_MAX else 0
    shown = line[first : first + SHOWN_WIDTH_MAX]
    lead = visible(line[first:at])
    marked = visible(line[at : min(at + span.length, first + SHOWN_WIDTH_MAX)])
    number = f"{span.line:>4}"
    before = "…" if first else ""
    after = "…" if first + SHOWN_WIDTH_MAX < len(line) else ""
    return [
        f"{number} │ {before}{visible(shown)}{after}",
        f"     │ {' ' * (width(lead) + len(before))}{'^' * max(1, width(marked))}",
    ]
