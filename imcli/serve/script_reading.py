"""Reading the script of a served server: a text becomes a `Script`, or all that is wrong with it.

Nothing is known here of time or of connections. Every problem is named with its place, as for
scenario files, whose sentences and words of complaint are used.
"""

from __future__ import annotations

import msgspec

from imcli.model.actions import (
    Action,
    Crash,
    Disconnect,
    Drop,
    Fault,
    Flush,
    Kick,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetGroupFlag,
    Wait,
)
from imcli.scenario.reading.nearest import describe_fault
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.said import Sentence, StepFault
from imcli.scenario.reading.steps import read_step
from imcli.scenario.reading.written import Place
from imcli.scenario.syntax import Span
from imcli.scenario.table.patterns import Reading, Slots, match_parts
from imcli.scenario.table.sentences import DETAILS, RESERVED
from imcli.scenario.table.tokens import LexFault, Token, cut_line, read_text
from imcli.scenario.table.values import is_name
from imcli.serve.script import (
    MOMENTS,
    OWN,
    Deed,
    Line,
    Moment,
    MomentForm,
    Script,
    WebhookFault,
)
from imcli.targets.renaming import Names

TEXT_BYTES_MAX = 1 << 20
LINES_MAX = 10_000
EVERY_MS_MIN = 100

Tokens = tuple[Token, ...]

DONE_TO_CLIENTS = (
    Fault,
    Restart,
    Crash,
    Flush,
    SetClock,
    Kick,
    SetGroupFlag,
    SetAccess,
    Drop,
    Disconnect,
    Wait,
)
"""What may be done: nothing that only a client can say. A message of the back end may, too."""


def parse_script(text: str, file: str) -> Script:
    """Read a script.

    Args:
        text: the script.
        file: what it is called in messages.

    Raises:
        InvalidScenario: it is none; every problem is named with its place.
    """
    lines = text.split("\n")
    problems = Problems()
    reader = _Reader(problems)
    if len(lines) > LINES_MAX or len(text) > TEXT_BYTES_MAX:
        problems.add(Span(file, 1, 1), f"a script has at most {LINES_MAX:,} lines and 1 MiB")
    else:
        for number, line in enumerate(lines, 1):
            reader.read(line.rstrip("\r"), Place(file, number, 1))
    problems.raise_if_any(lines)
    return Script(reader.renamed())


class _Reader:
    """Reads lines one by one; names may be declared anywhere."""

    users: tuple[str, ...] = ()
    verb_names: tuple[str, ...] = ()

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._ids: dict[str, str] = {}
        self._lines: list[Line] = []

    def read(self, line: str, place: Place) -> None:
        try:
            steps = cut_line(line).steps
        except LexFault as fault:
            self._complain(place, fault.start, fault.end, fault.message, fault.expected)
            return
        if not steps:
            return
        first, *others = steps
        if first[0].text == "where":
            self._declare(first, place)
            if others:
                self._complain_at(place, others[0][0], "a name stands on a line of its own")
            return
        colon = next((at for at, token in enumerate(first) if token.kind == "colon"), len(first))
        moment = self._moment(first[:colon], place, has_colon=colon < len(first))
        if moment is None:
            return
        said = [tokens for tokens in (first[colon + 1 :], *others) if tokens]
        if not said:
            self._complain_at(place, first[-1], "nothing is to be done", "a sentence")
            return
        self._lines.append(Line(place.span(0, len(line)), moment, self._deeds(said, place)))

    # Names

    def _declare(self, tokens: Tokens, place: Place) -> None:
        """Read `where A is "10001"`."""
        shape = [token.kind for token in tokens[1:]]
        if shape not in (["word", "word", "string"], ["group", "word", "string"]) or (
            tokens[2].text != "is"
        ):
            self._complain_at(place, tokens[-1], "this is no name of an id", 'where A is "10001"')
            return
        name, real = tokens[1].text, read_text(tokens[3].text)
        if not is_name(name.removeprefix("#")) or name in RESERVED:
            self._complain_at(place, tokens[1], "this cannot be a name", "letters, digits and _")
        if name in self._ids:
            self._complain_at(place, tokens[1], f"`{name}` has an id already")
        self._ids[name] = f"#{real}" if name[:1] == "#" else real

    def renamed(self) -> tuple[Line, ...]:
        """Give the lines, with real ids in the place of names."""
        names = Names(self._ids)
        return tuple(
            msgspec.structs.replace(
                line,
                moment=names.struct(line.moment),
                deeds=tuple(_renamed(deed, names) for deed in line.deeds),
            )
            for line in self._lines
        )

    # Moments

    def _moment(self, tokens: Tokens, place: Place, *, has_colon: bool) -> Moment | None:
        """Read what stands before the colon; None: it was complained of."""
        if not tokens:
            message = "a line begins with a moment"
            self._complain(place, 0, 1, message, " | ".join(form.pattern for form in MOMENTS))
            return None
        best = Reading(tokens, RESERVED, DETAILS)
        for form in MOMENTS:
            reading, slots = Reading(tokens, RESERVED, DETAILS), Slots()
            end = match_parts(form.parts, reading, 0, slots)
            if end == len(tokens) and has_colon:
                return self._checked(form, slots, tokens, place)
            if end >= 0:
                reading.miss(end, ":", "a colon is missing" if end == len(tokens) else "")
            if reading.furthest > best.furthest:
                best = reading
        if best.furthest <= 0:
            best.expected = [
                *dict.fromkeys(form.kind for form in MOMENTS),
                "where",
            ]
        self._complain_of(best, place)
        return None

    def _checked(
        self, form: MomentForm, slots: Slots, tokens: Tokens, place: Place
    ) -> Moment | None:
        if form.kind == "every" and slots.duration_ms < EVERY_MS_MIN:
            self._complain_at(place, tokens[1], f"that is more often than every {EVERY_MS_MIN} ms")
            return None
        return Moment(
            form.kind, slots.duration_ms, form.event, slots.user, slots.device, slots.chat
        )

    # Deeds

    def _deeds(self, said: list[Tokens], place: Place) -> tuple[Deed, ...]:
        deeds: list[Deed] = []
        wait_ms = 0
        for tokens in said:
            what = self._what(tokens, place)
            if isinstance(what, Wait):
                wait_ms += what.duration_ms
            elif what is not None:
                text = " ".join(token.text for token in tokens)
                deeds.append(Deed(wait_ms, text, what))
        return tuple(deeds)

    def _what(self, tokens: Tokens, place: Place) -> Action | WebhookFault | None:
        """Read one sentence; None: it was complained of."""
        if tokens[0].text == "webhooks":
            return self._own(tokens, place)
        try:
            step = read_step(tokens)
        except StepFault as fault:
            expected, nearest, message = describe_fault(fault, tokens, self)
            self._complain(place, fault.start, fault.end, message, expected, nearest)
            return None
        if not isinstance(step, Sentence):
            self._complain_at(place, tokens[0], "a script does something, and claims nothing")
            return None
        if step.ending is not None:
            self._complain_at(place, tokens[-1], "a script expects nothing of what it does")
            return None
        action = step.row.build(step.slots)
        if isinstance(action, Send) and not action.device and step.row.name == "backend-send":
            return action
        if isinstance(action, DONE_TO_CLIENTS):
            return action
        self._complain_at(place, tokens[0], "only a client can do this, and clients are real here")
        return None

    def _own(self, tokens: Tokens, place: Place) -> WebhookFault | None:
        best = Reading(tokens, RESERVED, DETAILS)
        for form, build in OWN.values():
            reading, slots = Reading(tokens, RESERVED, DETAILS), Slots()
            end = match_parts(form.parts, reading, 0, slots)
            if end == len(tokens):
                return build(slots)
            if end >= 0:
                reading.miss(end, "the end of the sentence")
            if reading.furthest > best.furthest:
                best = reading
        self._complain_of(best, place)
        return None

    # Complaints

    def _complain_of(self, reading: Reading, place: Place) -> None:
        at, tokens = max(reading.furthest, 0), reading.tokens
        fault = StepFault(
            reading.message
            or (f"`{tokens[at].text}` does not fit here" if at < len(tokens) else ""),
            tokens[at].start if at < len(tokens) else tokens[-1].end,
            tokens[at].end if at < len(tokens) else tokens[-1].end + 1,
            tuple(reading.expected) or tuple(form.pattern for form in MOMENTS),
        )
        expected, _, message = describe_fault(fault, tokens, self)
        self._complain(
            place, fault.start, fault.end, message or "the sentence stops too early", expected
        )

    def _complain_at(self, place: Place, token: Token, message: str, expected: str = "") -> None:
        self._complain(place, token.start, token.end, message, expected)

    def _complain(
        self,
        place: Place,
        start: int,
        end: int,
        message: str,
        expected: str = "",
        nearest: str = "",
    ) -> None:
        self._problems.add(place.span(start, end), message, expected, nearest)


def _renamed(deed: Deed, names: Names) -> Deed:
    if isinstance(deed.what, WebhookFault):
        return deed
    return msgspec.structs.replace(deed, what=names.struct(deed.what))
