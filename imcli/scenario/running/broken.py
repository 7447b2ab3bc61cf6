"""What the invariants say is wrong, in the words of the scenario: with its labels, and not endless.

The checker knows places in a log (`seq 3`), the scenario knows what it called them (`m3`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from imcli.model.entities import channel_key
from imcli.scenario.checking.names import Names
from imcli.scenario.events import Disagreement

SAID_MAX = 5

_ABOUT = re.compile(r" is broken for (\S+) with (\S+): ")


def headline(broken: Sequence[str], names: Names) -> str:
    """Say in one line what is broken: the first of them, and how many more."""
    more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"{labelled(broken[0].rstrip('.'), names)}{more}"


def findings(broken: Sequence[str], names: Names) -> tuple[Disagreement, ...]:
    """Give each broken invariant as somebody who disagrees, with the scenario's labels."""
    found = [_finding(labelled(sentence.rstrip("."), names)) for sentence in broken[:SAID_MAX]]
    if len(broken) > SAID_MAX:
        found.append(
            Disagreement("the invariants", f"are broken {len(broken) - SAID_MAX} times more")
        )
    return tuple(found)


def _finding(sentence: str) -> Disagreement:
    """Take a sentence apart: which invariant, and what of it.

    >>> found = _finding("invariant 16 (totals add up) is broken for A: expected 1, got 2")
    >>> found.subject, found.said
    ('invariant 16 (totals add up)', 'is broken for A: expected 1, got 2')
    """
    subject, broken, said = sentence.partition(" is broken")
    return Disagreement(subject, f"is broken{said}" if broken else "is broken")


def labelled(sentence: str, names: Names) -> str:
    """Write the labels of places in the conversation that a sentence is about."""
    about = _ABOUT.search(sentence)
    if about is None:
        return sentence
    return names.relabelled(sentence, channel_key(about[1], about[2]))
