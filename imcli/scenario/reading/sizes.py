"""How many steps a case has, counted before any is made.

A line can stand for a million steps (`repeat`, `5000 messages`, own verbs in own verbs), so limits
are asked first. Counting reads every step, and so notes whatever is no sentence.
"""

from __future__ import annotations

from imcli.scenario.reading.draft import Draft
from imcli.scenario.reading.node_step import step_of
from imcli.scenario.reading.own_verbs import body_of, misfit
from imcli.scenario.reading.said import Assertion, Call, Opening, Sentence
from imcli.scenario.reading.written import Node

STEPS_MAX = 50_000
"""Expanded steps of one case: as many as run and are explained in less than 200 MB."""

ALL_STEPS_MAX = 100_000
"""Expanded steps of all cases of one file."""


def measure(draft: Draft, nodes: tuple[Node, ...]) -> int:
    """Count the steps of which nodes are the short form.

    Raises:
        Abandon: there are too many; the problem has been noted.
    """
    total = 0
    for node in nodes:
        total += 1 if type(node.said) is Assertion else _size(draft, node)
        if total > STEPS_MAX:
            draft.refuse(node, f"the case has more than {STEPS_MAX:,} steps when expanded")
    return total


def _size(draft: Draft, node: Node) -> int:
    match node.said or step_of(draft, node):
        case Sentence() as said:
            return (said.slots.number or 0) if said.row.name == "send-many" else 1
        case Opening(kind="repeat", times=times):
            return times * measure(draft, node.children)
        case Opening():
            return measure(draft, node.children)
        case Call() as call:
            return _size_of_call(draft, call)
        case _:
            return 1


def _size_of_call(draft: Draft, call: Call) -> int:
    verb = draft.context.verbs[call.verb]
    if misfit(verb, call.arguments) is not None:
        return 1
    draft.context.called.add(verb.name)
    body = body_of(draft, verb, call.arguments)
    sizes = draft.context.sizes
    if id(body) not in sizes:
        sizes[id(body)] = measure(draft, body)
    return sizes[id(body)]
