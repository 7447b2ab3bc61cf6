"""Calling a sentence of the file's own: does the call fit, and its steps with the holes filled."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from imcli.scenario.reading.draft import Draft
from imcli.scenario.reading.matrix import (
    Values,
    fill_tokens,
)
from imcli.scenario.reading.written import Node, OwnVerb
from imcli.scenario.table.tokens import Token


def misfit(verb: OwnVerb, tokens: tuple[Token, ...]) -> tuple[Token, str] | None:
    """Say which token of a call does not fit the verb's pattern, and why; None where all do."""
    words = verb.words
    for at, token in enumerate(tokens):
        if at >= len(words):
            return token, f"`{token.text}` is too much"
        if words[at] not in verb.holes and words[at] != token.text:
            return token, f"`{token.text}` does not fit here"
    if len(tokens) < len(words):
        return tokens[-1], "the sentence stops too early"
    return None


def body_of(draft: Draft, verb: OwnVerb, tokens: tuple[Token, ...]) -> tuple[Node, ...]:
    """Fill arguments that fit into a verb's steps, once per way of calling it."""
    key = (verb.name, tuple(token.text for token in tokens), draft.key)
    bodies = draft.context.bodies
    found = bodies.get(key)
    if found is None:
        found = bodies[key] = fill_verb(verb, tokens, draft.values)
    return found


def fill_verb(verb: OwnVerb, tokens: tuple[Token, ...], values: Values) -> tuple[Node, ...]:
    """Give a verb's steps with the arguments of a call that fits."""
    filled = {
        word: token for word, token in zip(verb.words, tokens, strict=True) if word in verb.holes
    }
    return tuple(_fill_node(node, filled, values) for node in verb.nodes)


def _fill_node(node: Node, filled: dict[str, Token], values: Values) -> Node:
    """Put arguments where a verb's holes stand; places stay those of the verb."""
    tokens = tuple(fill_hole(token, filled) for token in node.tokens)
    if node.varies:
        tokens = fill_tokens(tokens, values)
    children = tuple(_fill_node(child, filled, values) for child in node.children)
    return Node(node.place, tokens, children)


def fill_hole(token: Token, filled: Mapping[str, Token]) -> Token:
    """Put an argument where a token is a hole, or begins with one, as in `X.web`."""
    if token.kind == "word":
        name, dot, rest = token.text.partition(".")
    elif token.kind == "group":
        name, dot, rest = token.text[1:], "", ""
    else:
        return token
    argument = filled.get(name)
    if argument is None:
        return token
    if token.kind == "group" and argument.kind == "group":
        return replace(token, text=argument.text)
    return replace(token, kind=argument.kind, text=f"{argument.text}{dot}{rest}")
