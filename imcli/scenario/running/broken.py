"""What the invariants say is wrong, in the words of the scenario: with its labels, and not endless.

The checker knows places in a log (`seq 3`), the scenario knows what it called them (`m3`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from imcli.model.entities import channel_key
from imcli.scenario.checking.names import Names

SAID_MAX = 5

_ABOUT = re.compile(r" is broken for (\S+) with (\S+): ")
_PLACE = re.compile(r"\bseq (\d+)\b")


def sentences(broken: Sequence[str], names: Names) -> str:
    """Say several things one after the other, each with the scenario's labels."""
    said = [labelled(sentence.rstrip("."), names) for sentence in broken[:SAID_MAX]]
    if len(broken) > SAID_MAX:
        said.append(f"and {len(broken) - SAID_MAX} more of the kind")
    return "; ".join(said)


def labelled(sentence: str, names: Names) -> str:
    """Write the labels of places in the conversation that a sentence is about."""
    about = _ABOUT.search(sentence)
    if about is None:
        return sentence
    channel = channel_key(about[1], about[2])
    return _PLACE.sub(lambda place: names.call_seq(channel, int(place[1])), sentence)
