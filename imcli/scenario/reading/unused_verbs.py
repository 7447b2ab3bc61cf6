"""The file's own verbs that no step uses: their lines are checked all the same.

A verb that is used is checked where it is used, with what fills its holes. Of one that is not,
nobody knows what its holes stand for: names, texts, numbers, any word. So a line is wrong only if
it is no sentence whatever they stand for; and a name that is no hole must be one of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from imcli.scenario.reading.draft import LEFT_OUT, Draft
from imcli.scenario.reading.matrix import cells, fill_tokens
from imcli.scenario.reading.nearest import describe_fault
from imcli.scenario.reading.own_verbs import fill_hole, misfit
from imcli.scenario.reading.said import (
    Assertion,
    Call,
    Sentence,
    Step,
    StepFault,
    Tokens,
    implies,
)
from imcli.scenario.reading.scope import all_nodes
from imcli.scenario.reading.steps import read_step
from imcli.scenario.reading.written import Node, OwnVerb
from imcli.scenario.table.patterns import Mention
from imcli.scenario.table.sentences import RESERVED
from imcli.scenario.table.tokens import Token, TokenKind

TRIES_MAX = 20_000
"""How many readings are tried for all verbs of a file; beyond, a line is taken for right."""

CELLS_TRIED = 20
"""With how many cells of the matrix a line is tried."""

_KINDS: tuple[tuple[TokenKind, str], ...] = (
    ("group", "#group"),
    ("string", '"text"'),
    ("json", "{}"),
    *(("word", word) for word in ("1", "1s", "phone", "banned", "GET", *sorted(RESERVED))),
)
"""What a hole may stand for, besides a name: one of each kind, and every word of the language."""

_Wrong = tuple[Token, str, str, str]
"""A token, what is wrong with it, what was expected, and the nearest."""


def note_unused_verbs(draft: Draft) -> None:
    """Note what is wrong in the verbs that nobody called; `draft` is a case that is made."""
    context = draft.context
    unused = [verb for verb in context.scenario.verbs if verb.name not in context.called]
    if not unused:
        return
    checker = _Checker(draft)
    for verb in unused:
        checker.check(verb, verb.nodes)


class _Checker:
    """Checks the bodies of verbs, as long as there are tries."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.verbs = draft.context.verbs
        self.tries = TRIES_MAX
        self.made = set(_made_names(draft))
        self.choices = [
            Token(kind, text, 0, 0)
            for kind, text in (*_KINDS, *(("word", name) for name in self.verbs))
        ]

    def check(self, verb: OwnVerb, nodes: Sequence[Node]) -> None:
        """Check some lines of a verb, and the lines below them."""
        for node in nodes:
            self._line(verb, node)
            if node.children and node.tokens[-2].text != "table":
                self.check(verb, node.children)

    def _line(self, verb: OwnVerb, node: Node) -> None:
        """Check one line: it is right if it is in any of the cases, filled in any way."""
        first: Tokens | None = None
        for tokens in _filled(self.draft, node):
            holes = [hole for hole in verb.holes if _first(tokens, hole) < len(tokens)]
            holes.sort(key=lambda hole: _first(tokens, hole))
            if self._can_be_right(verb, tokens, tokens, holes):
                return
            first = first or tokens
        if first is not None:
            self._note(verb, node, first)

    def _can_be_right(
        self, verb: OwnVerb, written: Tokens, tokens: Tokens, holes: list[str]
    ) -> bool:
        """Tell whether a line is right with some of its holes filled, and `holes` in some way.

        What stands behind the place of a fault has no part in it, so only the holes up to that
        place are filled in other ways.
        """
        self.tries -= 1
        if self.tries < 0:
            return True
        try:
            step = read_step(tokens, self.verbs)
            wrong = self._wrong_names(verb, written, step)
            fault_start = max((token.start for token, *_ in wrong), default=-1)
            if wrong and isinstance(step, Call):
                fault_start = tokens[1].start  # it calls the verb that stands there, in any case
        except StepFault as fault:
            fault_start = fault.start
        right = fault_start < 0
        at = sum(token.start < fault_start for token in tokens)
        if right or not holes or _first(tokens, holes[0]) > at:
            return right
        hole, *others = holes
        return self._can_be_right(verb, written, tokens, others) or any(
            self._can_be_right(verb, written, _with(tokens, hole, choice), others)
            for choice in self.choices
        )

    def _wrong_names(self, verb: OwnVerb, written: Tokens, step: Step) -> list[_Wrong]:
        """List what is wrong with a sentence whose names are neither holes nor known."""
        if isinstance(step, Call):
            fault = misfit(self.verbs[step.verb], step.arguments)
            if fault is None or _is_hole(fault[0], verb):
                return []
            return [(fault[0], fault[1], " ".join(self.verbs[step.verb].words), "")]
        found: list[_Wrong] = []
        if not self.draft.context.implied and _leaves_out(step):
            found.append((written[0], LEFT_OUT.format("the other user"), "", ""))
        if isinstance(step, Sentence | Assertion):
            token_at = {token.start: token for token in written}
            for mention in step.named.mentions:
                token = token_at[mention.token.start]
                if not _is_hole(token, verb) and self._may_be_wrong(mention):
                    complaint, nearest = self.draft.scope.check(mention.kind, mention.name)
                    found += [(token, complaint, "", nearest)] if complaint else []
        return found

    def _note(self, verb: OwnVerb, node: Node, tokens: Tokens) -> None:
        """Note what is wrong with a line, its holes taken for names."""
        problems, hint = self.draft.problems, f"no step uses `{' '.join(verb.words)}`"
        try:
            step = read_step(tokens, self.verbs)
        except StepFault as fault:
            expected, nearest, message = describe_fault(fault, tokens, self.draft.context)
            span = node.place.span(fault.start, fault.end)
            problems.add(span, message, expected, nearest, hint)
            return
        for token, message, expected, nearest in self._wrong_names(verb, tokens, step):
            span = node.place.span(token.start, token.end)
            problems.add(span, message, expected, nearest, hint)

    def _may_be_wrong(self, mention: Mention) -> bool:
        """Tell whether a name is none that some step or verb of the file makes."""
        name = mention.name.partition(".")[2] or mention.name
        return name not in self.made and name.rstrip("0123456789") not in self.made


def _made_names(draft: Draft) -> Iterator[str]:
    """Name the labels and devices that sentences of the file make, wherever they stand."""
    for node in all_nodes(draft.context.scenario):
        for before, token in zip(node.tokens, node.tokens[1:], strict=False):
            if before.text in ("as", "device"):
                yield token.text.strip('"').partition(":")[0]


def _filled(draft: Draft, node: Node) -> Iterator[Tokens]:
    """Give a line as it stands in the cases of its file."""
    if not node.varies:
        yield node.tokens
        return
    for values in islice(cells(draft.context.scenario), CELLS_TRIED):
        yield fill_tokens(node.tokens, values)


def _first(tokens: Tokens, hole: str) -> int:
    """Give the place of the first token that a hole fills; behind the last where it fills none."""
    return next((at for at, token in enumerate(tokens) if _fills(token, hole)), len(tokens))


def _leaves_out(step: Step) -> bool:
    """Tell whether a sentence is complete only where there are two users."""
    if isinstance(step, Sentence):
        return (step.sends and not step.slots.chat) or implies(step.slots)
    return isinstance(step, Assertion) and any(implies(one.slots) for one in step.claims)


def _is_hole(token: Token, verb: OwnVerb) -> bool:
    return any(_fills(token, hole) for hole in verb.holes)


def _fills(token: Token, hole: str) -> bool:
    if token.kind == "group":
        return token.text[1:] == hole
    return token.kind == "word" and token.text.partition(".")[0] == hole


def _with(tokens: Tokens, hole: str, choice: Token) -> Tokens:
    return tuple(fill_hole(token, {hole: choice}) for token in tokens)
