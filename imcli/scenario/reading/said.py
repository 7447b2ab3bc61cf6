"""What a step says: sentences as they were read, before anybody asks in which case they stand.

A folder of files says the same many times, so a step that was read is remembered with all that does
not depend on the case. A sentence that leaves nothing to the case (the receiver and the text are
written, nothing is repeated) is *whole*: what it makes is made here, once, and a case takes it with
its own place in it. What is left to the case is done in `deeds.py` and `claims.py`, by the same
functions. Nobody changes what stands here: to change slots, copy them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from imcli.model.actions import Send
from imcli.model.durations import duration_ms
from imcli.scenario.syntax import Assert, Claim, Do, Ending, Span
from imcli.scenario.table.holes import THE_CONVERSATION
from imcli.scenario.table.patterns import Hole, Mention, Part, Row, Slots, write_parts
from imcli.scenario.table.rows import ActionRow, ClaimRow, FactRow, OptionRow
from imcli.scenario.table.sentences import ACTIONS
from imcli.scenario.table.tokens import Token
from imcli.targets.base import Capability

Tokens = tuple[Token, ...]

SENDS = frozenset({"send", "send-many", "backend-send"})
"""The sentences that send; what they leave out is written by the case."""

_LEFT_TO_THE_CASE = frozenset({"send-many", "add-device", "resend"})
"""The sentences that become something else in each case, whatever is written in them."""

THROUGH_DEVICE = frozenset(
    row.name
    for row in ACTIONS
    if row.name != "kick"
    and any(isinstance(part, Hole) and part.kind == "ACTOR" for part in row.parts)
)
"""The sentences that are done through a device: the actor's first where none is written."""

NOWHERE = Span("", 0, 0)
"""Stands for the place in what was made before it is known where it stands."""

_CHECKED = frozenset({"actor", "user", "group"})
_LABELS = frozenset({"label", "answer"})


class StepFault(Exception):
    """A step is no sentence of the table: where, what was expected there, and how far it came.

    Of an assertion with several claims, `more` are the faults of further ones, and `right` is what
    is left of it without them.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        expected: tuple[str, ...] = (),
        row: Row | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.expected = expected
        self.row = row
        self.more: tuple[StepFault, ...] = ()
        self.right: Assertion | None = None


class Named(msgspec.Struct, frozen=True):
    """The names that a sentence uses.

    `names` are those of users, devices and groups; `labels` says that there are labels too.
    `mentions` are all of them, in order, each with its token.
    """

    mentions: tuple[Mention, ...]
    names: frozenset[str]
    labels: bool


class Sentence(msgspec.Struct, frozen=True):
    """One action as it was written.

    `whole` is what it makes where nothing is left to the case, but for the place, and for the
    device where the sentence names none and is done `through` one. `sends`: it sends something.
    """

    row: ActionRow
    slots: Slots
    named: Named
    ending: Ending | None = None
    ending_text: str = ""
    whole: Do | None = None
    through: bool = False
    sends: bool = False


class ClaimSentence(msgspec.Struct, frozen=True):
    """One claim as it was written; `start` and `end` are its place in the line."""

    row: ClaimRow
    slots: Slots
    named: Named
    start: int
    end: int
    whole: Claim | None = None


class Assertion(msgspec.Struct, frozen=True):
    """`assert`, its time, and its claims; none for a `table:`.

    `named` are the names of all of them. `whole` is what they make where each of them is whole.
    """

    claims: tuple[ClaimSentence, ...]
    named: Named
    within: str = ""
    lasting: str = ""
    start: int = 0
    end: int = 0
    whole: Assert | None = None


class Call(msgspec.Struct, frozen=True):
    """A sentence of the file's own: its verb, and the tokens that fill its holes."""

    verb: str
    arguments: Tokens


class Opening(msgspec.Struct, frozen=True):
    """The head of a block: `together:` or `repeat 3:`."""

    kind: str
    times: int = 0


Step = Sentence | Assertion | Call | Opening


# Making what was read


def named(mentions: Collection[Mention]) -> Named:
    """Gather the names of a sentence."""
    names: set[str] = set()
    labels = False
    for one in mentions:
        if one.kind in _CHECKED:
            names.add(one.name)
        elif one.kind in _LABELS:
            labels = True
    return Named(tuple(mentions), frozenset(names), labels)


def sentence(
    row: ActionRow,
    slots: Slots,
    mentions: Collection[Mention],
    ending: Ending | None = None,
    ending_text: str = "",
) -> Sentence:
    """Make an action that was read."""
    through = row.name in THROUGH_DEVICE and not slots.device
    sends = row.name in SENDS
    said = Sentence(row, slots, named(mentions), ending, ending_text, None, through, sends)
    if not _is_whole_action(said):
        return said
    return msgspec.structs.replace(said, whole=make_do(NOWHERE, said, slots, row.parts))


def _is_whole_action(said: Sentence) -> bool:
    slots = said.slots
    if said.row.name in _LEFT_TO_THE_CASE or implies(slots):
        return False
    return not said.sends or (slots.chat != "" and slots.text is not None)


def claim(
    row: ClaimRow, slots: Slots, mentions: Collection[Mention], start: int, end: int
) -> ClaimSentence:
    """Make a claim that was read."""
    whole = None if implies(slots) else make_claim(NOWHERE, row, slots)
    return ClaimSentence(row, slots, named(mentions), start, end, whole)


def assertion(
    claims: tuple[ClaimSentence, ...], within: str, lasting: str, start: int, end: int
) -> Assertion:
    """Make an assertion that was read."""
    together = named([mention for one in claims for mention in one.named.mentions])
    said = Assertion(claims, together, within, lasting, start, end)
    wholes = tuple([one.whole for one in claims if one.whole is not None])
    if len(wholes) < len(claims) or not claims:
        return said
    whole = make_assert(NOWHERE, said, wholes, [need for one in claims for need in needs_of(one)])
    return msgspec.structs.replace(said, whole=whole)


def implies(slots: Slots) -> bool:
    """Tell whether a sentence speaks of `the conversation`, which the case must know."""
    return slots.chat == THE_CONVERSATION or THE_CONVERSATION in slots.chats


# Making what a case takes


def make_do(
    span: Span,
    said: Sentence,
    slots: Slots,
    parts: tuple[Part, ...],
    *,
    device: str = "",
    name: str = "",
) -> Do:
    """Make the action of a sentence.

    Args:
        span: where it stands.
        said: the sentence as it was read.
        slots: what stands in it; its own copy where a `device` is given, which is put into it.
        parts: how it is written.
        device: the device that it is done through, where none is written.
        name: the name of its row, where it is not that of the sentence.
    """
    row = said.row
    text = write_parts(parts, slots)
    if said.ending_text:
        text = f"{text} {said.ending_text}"
    if device:
        slots.device = device
    resend = slots.label if row.name == "resend" else ""
    action = row.build(slots)
    return Do(
        span,
        text,
        name or row.name,
        action,
        _needs(row, slots),
        tuple((field, slots.label) for field in row.refs) if slots.label else (),
        slots.new or resend,
        resend,
        type(action) is Send and action.client_msg_no != "",
        said.ending,
    )


def _needs(row: ActionRow, slots: Slots) -> tuple[Capability, ...]:
    if not row.needs_if and not row.needs_unless and not slots.details:
        return row.needs
    needs = [need for field, need in row.needs_if if getattr(slots, field)]
    needs += [need for field, need in row.needs_unless if getattr(slots, field) is None]
    for detail in slots.details:
        assert isinstance(detail.row, OptionRow), "only options stand after a send"
        needs += detail.row.needs
    return (*row.needs, *needs)


def make_claim(span: Span, row: ClaimRow, slots: Slots) -> Claim:
    """Make the claim of a sentence."""
    return row.build((span, write_parts(row.parts, slots), row.name), slots)


def needs_of(said: ClaimSentence) -> list[Capability]:
    """List what a target must have for a claim to be judged."""
    needs = list(said.row.needs)
    for detail in said.slots.details:
        assert isinstance(detail.row, FactRow), "only facts stand in a claim"
        needs += detail.row.needs
        if "stored-record" in said.row.needs:
            needs += detail.row.kept_needs
    return needs


def assert_head(said: Assertion) -> str:
    """Write `assert` and its time."""
    if said.within:
        return f"assert within {said.within}"
    return f"assert for {said.lasting}" if said.lasting else "assert"


def make_assert(
    span: Span, said: Assertion, claims: tuple[Claim, ...], needs: Iterable[Capability]
) -> Assert:
    """Make the assertion of these claims."""
    return Assert(
        span,
        f"{assert_head(said)} {' or '.join(claim.text for claim in claims)}",
        claims,
        duration_ms(said.within) if said.within else None,
        duration_ms(said.lasting) if said.lasting else None,
        tuple(dict.fromkeys(needs)),
    )
