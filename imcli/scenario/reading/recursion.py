"""Own verbs may use each other, but none may come back to itself, nor may they go too deep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.written import Node, OwnVerb

VERB_DEPTH_MAX = 64
"""How many own verbs may stand inside each other."""


def note_recursion(verbs: Sequence[OwnVerb], problems: Problems) -> bool:
    """Note verbs that lead back to themselves or go too deep; says whether there are any."""
    if not verbs:
        return False
    names = frozenset(verb.name for verb in verbs)
    uses = {verb.name: _used(verb.nodes, names) for verb in verbs}
    spans = {verb.name: verb.span for verb in verbs}
    depths: dict[str, int] = {}
    found = False
    for verb in verbs:
        circle = _measure(verb.name, uses, depths)
        if circle:
            found = True
            message = f"this verb leads back to itself: {' → '.join(circle)}"
            problems.add(spans[circle[0]], message, "no recursion")
        elif depths[verb.name] == VERB_DEPTH_MAX + 1:
            found = True
            problems.add(verb.span, f"own verbs are nested deeper than {VERB_DEPTH_MAX} levels")
    return found


def _used(nodes: Iterable[Node], names: frozenset[str]) -> list[str]:
    found: dict[str, None] = {}
    stack = list(nodes)
    while stack:
        node = stack.pop()
        stack += node.children
        if len(node.tokens) > 1 and node.tokens[1].text in names:
            found[node.tokens[1].text] = None
    return list(found)


def _measure(start: str, uses: Mapping[str, list[str]], depths: dict[str, int]) -> list[str]:
    """Fill in how deep each verb below `start` goes; gives the first circle, if there is one.

    A walk with its own stack: a file can hold more verbs than Python's stack has room for.
    """
    path: list[str] = []
    on_path: set[str] = set()
    stack = [start]
    while stack:
        name = stack[-1]
        if name in depths:
            stack.pop()
        elif name in on_path:
            depths[name] = 1 + max((depths[used] for used in uses[name]), default=0)
            on_path.discard(path.pop())
            stack.pop()
        else:
            path.append(name)
            on_path.add(name)
            circle = next((used for used in uses[name] if used in on_path), "")
            if circle:
                depths.update((one, 0) for one in path)
                return [*path[path.index(circle) :], circle]
            stack += (used for used in uses[name] if used not in depths)
    return []
