"""Lines that were read before, and what they say.

A folder of files says the same many times, so short lines are remembered. Most lines of which no
two are alike differ in the text that is sent and in nothing else: what such a line says is known
from the same line with an empty text, because a text is opaque to the language.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from imcli.model.actions import Send
from imcli.scenario.reading.said import Sentence, Step, StepFault
from imcli.scenario.reading.steps import read_afresh
from imcli.scenario.table.tokens import REMEMBERED, SHORT, CutLine, LexFault, Token, cut_afresh

Said = tuple[tuple[Token, ...], Step | None]

_WITH_TEXT = re.compile(r'([^"]*")([ !#-\[\]-~]+)"')
"""A line with one text, which is its end, plain, and written as it is meant."""


class Line:
    """A line cut into steps, and what they say, once somebody asks."""

    __slots__ = ("_said", "cut", "indent", "opens")

    def __init__(self, cut: CutLine) -> None:
        self.cut = cut
        self.indent = cut.indent
        self.opens = cut.opens
        self._said: tuple[Said, ...] = ()

    def said(self) -> tuple[Said, ...]:
        """Give each step with what it says: None for one that is none by itself."""
        if not self._said:
            self._said = tuple([(step, _read(step)) for step in self.cut.steps])
        return self._said

    def with_text(self, text: str) -> Line | None:
        """Give this line, at whose end an empty text is sent, with another; None: it is no such."""
        said = self.said()
        if len(said) != 1:
            return None
        tokens, step = said[0]
        if type(step) is not Sentence or step.whole is None:
            return None
        last, whole, action = tokens[-1], step.whole, step.whole.action
        if type(action) is not Send or action.text or not last.text == whole.text[-2:] == '""':
            return None
        written = f'"{text}"'
        tokens = (*tokens[:-1], Token("string", written, last.start, last.end + len(text)))
        filled = Line(replace(self.cut, steps=(tokens,)))
        whole = replace(whole, text=whole.text[:-2] + written, action=replace(action, text=text))
        slots = replace(step.slots, text=text)
        filled._said = ((tokens, replace(step, slots=slots, whole=whole)),)
        return filled


def _read(step: tuple[Token, ...]) -> Step | None:
    try:
        return read_afresh(step)
    except (StepFault, LexFault):
        return None


_known: dict[str, Line] = {}
"""At most `REMEMBERED` lines; then it begins anew."""


def line_of(text: str) -> Line:
    """Read a line; what it gives may be shared with others who read the same.

    Raises:
        LexFault: it cannot be cut.
    """
    line = _known.get(text)
    return line if line is not None else _not_known(text)


def _not_known(text: str) -> Line:
    """Read a line afresh, or make it from another; what is made so quickly makes no room."""
    parts = _WITH_TEXT.fullmatch(text)
    line = line_of(f'{parts[1]}"').with_text(parts[2]) if parts is not None else None
    if line is None:
        line = Line(cut_afresh(text))
        if len(_known) >= REMEMBERED:
            _known.clear()
    if len(text) <= SHORT and len(_known) < REMEMBERED:
        _known[text] = line
    return line
