"""The step of a node: its words with the values of the matrix in them, read once.

A step in which no matrix name stands is the same in every case of its file, so it is read once per
file; any other, once per way of filling it. What is no sentence is noted where it stands.
"""

from __future__ import annotations

from imcli.scenario.reading.draft import Draft
from imcli.scenario.reading.matrix import fill_tokens
from imcli.scenario.reading.nearest import claim_at, describe_fault
from imcli.scenario.reading.said import Step, StepFault, Tokens
from imcli.scenario.reading.steps import read_step
from imcli.scenario.reading.written import Node
from imcli.scenario.table.tokens import LexFault


def step_of(draft: Draft, node: Node) -> Step | None:
    """Read a node's step; None where it is none (noted).

    Of an assertion with several claims, those that are right are left, so that their names are
    checked with the rest.
    """
    steps = draft.context.steps
    tokens = node.tokens
    key: object = id(node)
    if node.varies:
        tokens = fill_tokens(tokens, draft.values)
        key = (id(node), tuple(token.text for token in tokens))
    if key in steps:
        return steps[key]
    step: Step | None = None
    try:
        step = read_step(tokens, draft.context.verbs)
    except StepFault as fault:
        _note(draft, node, tokens, fault)
        step = fault.right
    except LexFault as fault:
        span = node.place.span(tokens[0].start, tokens[-1].end)
        draft.problems.add(span, fault.message, fault.expected)
    steps[key] = step
    return step


def _note(draft: Draft, node: Node, tokens: Tokens, fault: StepFault) -> None:
    for one in (fault, *fault.more):
        span = node.place.span(one.start, one.end)
        if draft.problems.full:
            draft.problems.add(span, one.message)
            continue
        shown = claim_at(tokens, one.start) if fault.more or fault.right else tokens
        expected, nearest, message = describe_fault(one, shown, draft.context)
        draft.problems.add(span, message, expected, nearest, draft.hint(node))
