"""The steps of one case, made in order: blocks, own verbs and `repeat` are expanded.

Here is the walk alone. What is known meanwhile is in `draft.py`; how a sentence becomes actions, in
`deeds.py`; how an assertion becomes claims, in `claims.py`.
"""

from __future__ import annotations

from imcli.scenario.reading.claims import asserted
from imcli.scenario.reading.deeds import add_deeds
from imcli.scenario.reading.draft import Draft, step_ends
from imcli.scenario.reading.node_step import step_of
from imcli.scenario.reading.own_verbs import body_of, misfit
from imcli.scenario.reading.said import Assertion, Call, Opening, Sentence
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import Do, Step, Together

TABLE_AGAIN = "inside `repeat` stands anything but a table"


def expand(draft: Draft, nodes: tuple[Node, ...]) -> list[Step]:
    """Make the steps of one of the keys that hold steps."""
    steps: list[Step] = []
    for node in nodes:
        _expand(draft, node, steps)
    return steps


def _expand(draft: Draft, node: Node, into: list[Step]) -> None:
    said = node.said or step_of(draft, node)
    if type(said) is Sentence:  # nearly all are one of these two, so: without a match
        add_deeds(draft, node, said, into)
        return
    if type(said) is Assertion:
        if not said.claims and draft.labels.repeating:
            draft.complain(node, node.tokens[0], TABLE_AGAIN, "the table behind the block")
            return
        into.append(asserted(draft, node, said))
        return
    match said:
        case Call() as call:
            _call(draft, node, call, into)
        case Opening(kind="repeat", times=times):
            _repeat(draft, node, times, into)
        case Opening():
            into.append(_together(draft, node))
        case _:
            pass


def _call(draft: Draft, node: Node, call: Call, into: list[Step]) -> None:
    verb = draft.context.verbs[call.verb]
    fault = misfit(verb, call.arguments)
    if fault is not None:
        draft.complain(node, *fault, " ".join(verb.words))
        return
    outer = draft.call
    draft.call = draft.span(node, *step_ends(node))
    for child in body_of(draft, verb, call.arguments):
        _expand(draft, child, into)
    draft.call = outer


def _repeat(draft: Draft, node: Node, times: int, into: list[Step]) -> None:
    if not node.children:  # noted when the lines were read
        return
    draft.labels.enter_repeat()
    for _ in range(times):
        before = len(into)
        for child in node.children:
            _expand(draft, child, into)
        if len(into) == before:
            break
    draft.labels.leave_repeat()


def _together(draft: Draft, node: Node) -> Together:
    branches: list[tuple[Do, ...]] = []
    place: object = None
    line: list[Step] = []
    for child in node.children:
        if child.place != place:
            branches += _branch(line)
            line = []
            place = child.place
            draft.labels.enter_branch()
        _expand_branch(draft, child, line)
    branches += _branch(line)
    draft.labels.leave_branches()
    return Together(draft.span(node, *step_ends(node)), "together:", tuple(branches))


def _expand_branch(draft: Draft, child: Node, into: list[Step]) -> None:
    before = len(into)
    _expand(draft, child, into)
    if any(not isinstance(step, Do) for step in into[before:]):
        del into[before:]
        draft.complain(child, child.tokens[0], "inside `together` stand actions only", "an action")


def _branch(steps: list[Step]) -> list[tuple[Do, ...]]:
    """Make one branch of what a line gave, unless it gave nothing."""
    done = tuple(step for step in steps if isinstance(step, Do))
    return [done] if done else []
