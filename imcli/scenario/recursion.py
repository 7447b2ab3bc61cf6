"""Own verbs may use each other, but none may come back to itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imcli.scenario.problems import Problems
from imcli.scenario.written import Node, OwnVerb


def note_recursion(verbs: Sequence[OwnVerb], problems: Problems) -> bool:
    """Note verbs that lead back to themselves; says whether there are any."""
    uses = {verb.name: _used(verb.nodes, {one.name for one in verbs}) for verb in verbs}
    found = False
    for verb in verbs:
        path = _way_back(verb.name, uses)
        if path:
            found = True
            way = " → ".join(path)
            problems.add(verb.span, f"this verb leads back to itself: {way}", "no recursion")
    return found


def _used(nodes: Iterable[Node], names: set[str]) -> list[str]:
    found: list[str] = []
    stack = list(nodes)
    while stack:
        node = stack.pop()
        stack += node.children
        if len(node.tokens) > 1 and node.tokens[1].text in names:
            found.append(node.tokens[1].text)
    return found


def _way_back(start: str, uses: dict[str, list[str]]) -> list[str]:
    """Find a way from a verb to itself, or nothing."""
    before: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for used in uses[name]:
            if used == start:
                way = [start]
                while name != start:
                    way.append(name)
                    name = before[name]
                return [start, *reversed(way[1:]), start]
            if used not in before:
                before[used] = name
                queue.append(used)
    return []
