"""Selecting cases by their tags: `"delete and not slow"`, `"(group or order) and not live"`.

`not` binds closest, then `and`, then `or`. The expression is read once, into a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from imcli.model.errors import UsageError

Predicate = Callable[[frozenset[str]], bool]

WORDS = re.compile(r"\s*(?:(\()|(\))|([^\s()]+))")
NESTING_MAX = 50


def tag_predicate(expression: str) -> Predicate:
    """Read a tag expression.

    >>> wanted = tag_predicate("delete and not slow")
    >>> wanted(frozenset({"delete"})), wanted(frozenset({"delete", "slow"}))
    (True, False)

    Raises:
        UsageError: it cannot be read; the message says at which column.
    """
    reader = _Reader(expression)
    predicate = reader.either(0)
    reader.end()
    return predicate


class _Reader:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.words = [
            (match.group(0).strip(), match.end() - len(match.group(0).strip()) + 1)
            for match in WORDS.finditer(expression)
        ]
        self.at = 0

    def peek(self) -> str:
        return self.words[self.at][0] if self.at < len(self.words) else ""

    def take(self, word: str) -> bool:
        if self.peek() == word:
            self.at += 1
            return True
        return False

    def either(self, depth: int) -> Predicate:
        left = self.both(depth)
        while self.take("or"):
            left = _any_of(left, self.both(depth))
        return left

    def both(self, depth: int) -> Predicate:
        left = self.negated(depth)
        while self.take("and"):
            left = _all_of(left, self.negated(depth))
        return left

    def negated(self, depth: int) -> Predicate:
        if depth > NESTING_MAX:
            raise self.wrong("at most 50 levels")
        if self.take("not"):
            inner = self.negated(depth + 1)
            return lambda tags: not inner(tags)
        if self.take("("):
            inner = self.either(depth + 1)
            if not self.take(")"):
                raise self.wrong("a closing parenthesis")
            return inner
        word = self.peek()
        if word in ("", ")", "and", "or"):
            raise self.wrong("a tag")
        self.at += 1
        return lambda tags: word in tags

    def end(self) -> None:
        if self.at < len(self.words):
            raise self.wrong("`and`, `or` or the end")

    def wrong(self, expected: str) -> UsageError:
        if self.at < len(self.words):
            word, column = self.words[self.at]
            found = f"{word!r} at column {column}"
        else:
            found = "the end"
        return UsageError(
            f"--tag {self.expression!r}: expected {expected}, found {found}",
            hint='write it like --tag "delete and not slow"',
        )


def _any_of(left: Predicate, right: Predicate) -> Predicate:
    return lambda tags: left(tags) or right(tags)


def _all_of(left: Predicate, right: Predicate) -> Predicate:
    return lambda tags: left(tags) and right(tags)
