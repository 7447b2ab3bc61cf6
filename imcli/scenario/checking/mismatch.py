"""What a claim that does not hold says: who disagrees, and how. Values only."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from imcli.model.entities import DeviceKey
from imcli.model.questions import View
from imcli.scenario.events import Disagreement

Answers = list[tuple[DeviceKey, View]]
"""Who was asked, and what came back; in the order of the cast."""


class Mismatch(msgspec.Struct, frozen=True):
    """A claim that does not hold; at least one disagreement."""

    disagreements: tuple[Disagreement, ...]


def mismatch(disagreements: Iterable[Disagreement]) -> Mismatch | None:
    """Make a mismatch of what disagrees; nothing if nobody does."""
    found = tuple(disagreements)
    return Mismatch(found) if found else None


def one(subject: str, said: str, conversation: str = "") -> Mismatch:
    """Make a mismatch of a single disagreement."""
    return Mismatch((Disagreement(subject, said, conversation),))


SPOKEN_MAX = 60
"""As many names are said; of a longer list its beginning and its end."""
SPOKEN_FIRST, SPOKEN_LAST = 20, 5


def spoken(names: Iterable[str], nothing: str = "nothing") -> str:
    """Say a list, of a very long one only the beginning and the end.

    >>> spoken(["m1", "m2"]), spoken([])
    ('m1, m2', 'nothing')
    """
    said = list(names)
    if len(said) > SPOKEN_MAX:
        left = len(said) - SPOKEN_FIRST - SPOKEN_LAST
        said[SPOKEN_FIRST:-SPOKEN_LAST] = [f"… ({left:,} more) …"]
    return ", ".join(said) or nothing
