"""From a scenario to its cases: one, or one per cell of its matrix.

This is where it shows whether names exist, so `parse_scenario` comes through here too. How one case
is made is in `expander.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from imcli.scenario.reading.claims import canonical_claim
from imcli.scenario.reading.context import Context
from imcli.scenario.reading.draft import Abandon, Draft
from imcli.scenario.reading.expander import expand
from imcli.scenario.reading.matrix import (
    Values,
    cells,
    fill_profile,
    fill_text,
    written,
)
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.sizes import ALL_STEPS_MAX, measure
from imcli.scenario.reading.suggest import nearest_word
from imcli.scenario.reading.unused_verbs import note_unused_verbs
from imcli.scenario.reading.written import Scenario
from imcli.scenario.syntax import Case, KnownFailing


def iter_cases(scenario: Scenario, problems: Problems | None = None) -> Iterator[Case]:
    """Make the cases of a scenario one after the other, so that a big matrix fits in memory.

    Raises:
        InvalidScenario: a name is unknown, or a limit is passed (only where `problems` is None).
    """
    if problems is None and scenario.ready is not None:
        yield scenario.ready
        return
    found = Problems() if problems is None else problems
    context = Context(scenario, found)
    first = Draft(context, {})
    if not _measured(context, first):
        if problems is None:
            found.raise_if_any(scenario.lines)
        return
    if found.full:
        return
    draft = first
    for draft in _drafts(context, first):
        case = _case(draft)
        if problems is None:
            found.raise_if_any(scenario.lines)
        if case is None:
            return
        yield case
    if problems is not None:
        note_unused_verbs(draft)


def _drafts(context: Context, only: Draft) -> Iterator[Draft]:
    """Begin each case; `only` is that of a file without a matrix."""
    if not context.scenario.matrix:
        yield only
        return
    for values in cells(context.scenario):
        context.forget()
        yield Draft(context, values)


def _measured(context: Context, only: Draft) -> bool:
    """Count the steps of all cases before any is made; False where a limit is passed (noted)."""
    scenario = context.scenario
    nodes = (*scenario.given, *scenario.steps, *scenario.cleanup)
    total = 0
    for draft in _drafts(context, only):
        try:
            total += measure(draft, nodes)
            if total > ALL_STEPS_MAX:
                message = f"the cases of this file have more than {ALL_STEPS_MAX:,} steps in all"
                draft.refuse(nodes[0], message)
        except Abandon:
            return False
    return True


def cases(scenario: Scenario) -> tuple[Case, ...]:
    """Make all cases of a scenario: one, or one per cell of its matrix.

    Raises:
        InvalidScenario: a name is unknown, or a limit is passed.
    """
    return tuple(iter_cases(scenario))


def _case(draft: Draft) -> Case | None:
    scenario, values = draft.context.scenario, draft.values
    try:
        given = expand(draft, scenario.given)
        steps = expand(draft, scenario.steps)
        cleanup = expand(draft, scenario.cleanup)
    except Abandon:
        return None
    known = tuple(_known(one, draft) for one in scenario.known_failing)
    profile = fill_profile(scenario.profile, values)
    assert profile is None or isinstance(profile, dict)
    return Case(
        _case_id(scenario.path, values),
        scenario.path,
        fill_text(scenario.title, values),
        scenario.cast,
        tuple(steps),
        tuple(given),
        tuple(cleanup),
        scenario.covers,
        scenario.tags,
        scenario.needs,
        profile,
        scenario.timing,
        known,
        scenario.lines,
        scenario.about,
    )


def _case_id(path: str, values: Values) -> str:
    if not values:
        return path
    return f"{path}[{','.join(f'{name}={written(value)}' for name, value in values.items())}]"


def _known(one: KnownFailing, draft: Draft) -> KnownFailing:
    """Bring the claim of a known failure into the form in which the case has it."""
    if not one.claim:
        return one
    claim = canonical_claim(draft, one)
    if claim and claim not in draft.claim_texts and not draft.values:
        near = nearest_word(claim, draft.claim_texts)
        draft.problems.add(one.claim_span or one.span, "no step asserts this claim", nearest=near)
    whole = draft.claim_texts.get(claim, claim) or one.claim
    return msgspec.structs.replace(one, claim=whole)
