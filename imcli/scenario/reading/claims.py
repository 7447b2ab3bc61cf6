"""From an assertion to its claims in a case: names checked, labels and conversations resolved.

Claims that leave nothing to the case have been made already (`said.py`) and only take their place.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.scenario.reading.belongs import claim_belongs
from imcli.scenario.reading.deeds import fill_conversation
from imcli.scenario.reading.draft import Draft, step_ends
from imcli.scenario.reading.matrix import fill_text
from imcli.scenario.reading.said import (
    Assertion,
    ClaimSentence,
    StepFault,
    implies,
    make_assert,
    make_claim,
    needs_of,
)
from imcli.scenario.reading.state_table import TABLE, read_table
from imcli.scenario.reading.steps import read_step
from imcli.scenario.reading.written import Node, Place
from imcli.scenario.syntax import Assert, Claim, KnownFailing
from imcli.scenario.table.patterns import Detail, Slots
from imcli.scenario.table.tokens import LexFault, cut_line


def asserted(draft: Draft, node: Node, said: Assertion) -> Assert:
    """Make an assertion; without the claims whose names are wrong (noted)."""
    if said.whole is not None and not draft.labels.repeating and draft.knows(said.named):
        return _placed(draft, node, said, said.whole)
    right = [
        one
        for one in said.claims
        if draft.right(node, one.named) and claim_belongs(draft, node, one)
    ]
    claims = (
        [_claim(draft, node, one) for one in right] if said.claims else _table(draft, node, said)
    )
    if draft.context.names_claims:
        _remember(draft, claims)
    span = draft.span(node, *step_ends(node))
    needs = [need for one in right for need in needs_of(one)]
    return make_assert(span, said, tuple(claims), needs)


def _placed(draft: Draft, node: Node, said: Assertion, whole: Assert) -> Assert:
    """Put a whole assertion into its place."""
    if draft.context.names_claims:
        _remember(draft, whole.claims)
    call, place = draft.call, node.place
    claims: list[Claim] = []
    for one, claim in zip(said.claims, whole.claims, strict=True):
        claims.append(replace(claim, span=call or place.span(one.start, one.end)))
    span = call or place.span(said.start, said.end)
    return replace(whole, span=span, claims=tuple(claims))


def _table(draft: Draft, node: Node, said: Assertion) -> list[Claim]:
    span = draft.span(node, said.start, said.end)
    table = read_table(node, span, draft.scope, draft.values, draft.problems)
    return [table] if table is not None else []


def _claim(draft: Draft, node: Node, said: ClaimSentence) -> Claim:
    span = draft.span(node, said.start, said.end)
    if said.whole is not None and not (draft.labels.repeating and said.named.labels):
        return replace(said.whole, span=span)
    slots = replace(said.slots)
    if implies(slots):
        fill_conversation(draft, node, slots)
    _relabel(draft, slots)
    return make_claim(span, said.row, slots)


def _remember(draft: Draft, claims: Sequence[Claim]) -> None:
    """Remember an assertion by its whole text, and by each of its alternatives."""
    whole = " or ".join(claim.text for claim in claims)
    for claim in claims:
        draft.claim_texts.setdefault(claim.text, whole)
    draft.claim_texts[whole] = whole


def canonical_claim(draft: Draft, known: KnownFailing) -> str:
    """Read the claim of a known failure and write it as its assertion does; "" if wrong.

    It is an assertion of the case or one of its alternatives, with or without `assert` and a time.
    """
    span = known.claim_span or known.span
    place = Place(span.file, span.line, span.column, exact=False)
    text = fill_text(known.claim, draft.values)
    try:
        steps = cut_line(text).steps
        if steps and steps[0][0].text != "assert":
            steps = cut_line(f"assert {text}").steps
        said = read_step(*steps) if len(steps) == 1 else None
    except (LexFault, StepFault) as fault:
        draft.problems.add(span, f"the claim is none: {fault.message}")
        return ""
    if not isinstance(said, Assertion):
        draft.problems.add(span, "the claim is more than one" if steps else "the claim is empty")
        return ""
    if not said.claims:
        return TABLE
    return " or ".join(_claim(draft, Node(place, steps[0]), one).text for one in said.claims)


def _relabel(draft: Draft, slots: Slots) -> None:
    """Put the newest of a repeated label where the label itself was written."""
    newest = draft.labels.newest
    slots.label = newest(slots.label)
    slots.label2 = newest(slots.label2)
    slots.labels = tuple(newest(label) for label in slots.labels)
    if slots.details:
        slots.details = tuple(Detail(one.row, replace(one.slots)) for one in slots.details)
        for one in slots.details:
            _relabel(draft, one.slots)
