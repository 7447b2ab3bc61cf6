"""The nearest word: what a mistyped name, key or verb was meant to be.

A small edit distance (insert, remove, replace, swap neighbours); nothing is suggested that is not
near. The nearest *sentence* is in `nearest.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

WORD_LENGTH_MAX = 40


def distance(one: str, other: str, limit: int) -> int:
    """Count the edits between two words, up to `limit`; more than that is `limit + 1`.

    >>> distance("delets", "deletes", 2), distance("steps", "setps", 2), distance("a", "xyz", 1)
    (1, 1, 2)
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row = row, [i]
        for j, b in enumerate(other, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if before and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = previous
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def nearest_word(word: str, choices: Iterable[str]) -> str:
    """Find the choice that is near enough to be what was meant, or "".

    >>> nearest_word("titel", ["title", "tags"]), nearest_word("zebra", ["title", "tags"])
    ('title', '')
    """
    if len(word) > WORD_LENGTH_MAX:
        return ""
    limit = 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
    best, best_distance = "", limit + 1
    for choice in choices:
        found = distance(word.lower(), choice.lower(), limit)
        if found < best_distance and found < len(choice):
            best, best_distance = choice, found
    return best


def free_name(name: str, taken: Iterable[str]) -> str:
    """Find the nearest name that is still free: the name and the smallest number that helps.

    >>> free_name("server", ["server", "server1"])
    'server2'
    """
    used = set(taken)
    number = 1
    while f"{name}{number}" in used:
        number += 1
    return f"{name}{number}"
