"""One case in the making: what is known of it so far, and complaining about it.

Steps are made in order, so that a name is known from the step on that makes it. A complaint says
where: the place in the file, and what the place alone does not tell (which call of an own verb,
which cell of the matrix).
"""

from __future__ import annotations

from imcli.scenario.reading.context import Context
from imcli.scenario.reading.matrix import Values, written
from imcli.scenario.reading.nearest import word_meant
from imcli.scenario.reading.said import Named
from imcli.scenario.reading.scope import Scope
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import Span
from imcli.scenario.table.tokens import Token

LEFT_OUT = "{} may be left out only where there are exactly two users and no group"
IMPLIED = "`the conversation` is said only where there are exactly two users and no group"


class Abandon(Exception):
    """The case cannot be made further; the problem has been noted."""


class Draft:
    """What is known of one case while its steps are made."""

    __slots__ = (
        "call",
        "claim_texts",
        "context",
        "key",
        "known",
        "labels",
        "problems",
        "scope",
        "sends",
        "values",
    )

    def __init__(self, context: Context, values: Values) -> None:
        self.context = context
        self.problems = context.problems
        self.values = values
        self.key = tuple(values.items())
        self.scope = Scope(context.scenario, context.groups, context.names)
        self.labels = self.scope.labels
        self.known = self.scope.known
        self.sends = 0
        """How many messages the case has sent: what numbers the texts that were left out."""
        self.call: Span | None = None
        """Where the own verb was called whose steps are being made."""
        self.claim_texts: dict[str, str] = {}
        """Per claim that the case makes: the assertion in which it stands, without its time."""

    def span(self, node: Node, start: int, end: int) -> Span:
        """Give the place of a part of a step; inside an own verb, that of the call."""
        return self.call or node.place.span(start, end)

    def hint(self, node: Node) -> str:
        """Say what the place alone does not: which call, which cell of the matrix."""
        if self.call:
            return f"called in line {self.call.line}"
        if not node.varies:
            return ""
        return f"where {', '.join(f'{n} = {written(value)}' for n, value in self.key)}"

    def complain(self, node: Node, token: Token, message: str, expected: str = "") -> None:
        """Note what is wrong with a token of a step."""
        span = node.place.span(token.start, token.end)
        self.problems.add(span, message, expected, hint=self.hint(node))

    def refuse(self, node: Node, message: str) -> None:
        """Note that a limit is passed, and give the case up.

        Raises:
            Abandon: always.
        """
        first, last = node.tokens[0], node.tokens[-1]
        self.problems.add(node.place.span(first.start, last.end), message)
        raise Abandon

    def knows(self, named: Named) -> bool:
        """Tell whether all names are known ones, where that can be told at a glance."""
        return not named.labels and named.names <= self.known

    def right(self, node: Node, named: Named) -> bool:
        """Check the names of a sentence; notes what is wrong and says whether all is right."""
        if self.knows(named):
            return True
        right = True
        for mention in named.mentions:
            complaint, nearest = self.scope.check(mention.kind, mention.name)
            if complaint:
                right = False
                nearest = nearest or word_meant(node.tokens, mention.token)
                span = node.place.span(mention.token.start, mention.token.end)
                self.problems.add(span, complaint, nearest=nearest, hint=self.hint(node))
        return right

    def other(self, node: Node, user: str) -> str:
        """Give the other user where a send leaves one out, or note that it may not."""
        if not self.context.implied:
            self._note(
                node, node.tokens, LEFT_OUT.format("the receiver"), "write it, as in B sends A"
            )
        return self._other(user)

    def meant(self, node: Node, user: str) -> str:
        """Give the other user where `the conversation` stands, or note that it may not."""
        if not self.context.implied:
            texts = [token.text for token in node.tokens]
            places = (i for i in range(len(texts)) if texts[i : i + 2] == ["the", "conversation"])
            at = next(places, 0)  # unless the matrix says the words
            self._note(node, node.tokens[at : at + 2], IMPLIED, "the name of a user or a #group")
        return self._other(user)

    def _other(self, user: str) -> str:
        if self.context.implied:
            return self.context.other(user)
        return self.context.users[0] if self.context.users else ""

    def _note(self, node: Node, tokens: tuple[Token, ...], message: str, expected: str) -> None:
        span = node.place.span(tokens[0].start, tokens[-1].end)
        self.problems.add(span, message, expected, hint=self.hint(node))


def step_ends(node: Node) -> tuple[int, int]:
    """Give where a node's step begins and ends in its line."""
    return node.tokens[0].start, node.tokens[-1].end
