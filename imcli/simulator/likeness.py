"""What two states still have in common, where one is a fork of the other.

A fork shares every value until somebody changes it, so whoever asks what an action has done to a
fork need not look at all that the fork would answer: what is still the same object has not changed.
Answers follow from the state alone (a law has no state of its own), so a user of whom nothing
differs is answered alike. The question is answered carefully: True is certain, False may also mean
that something was written anew as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from imcli.simulator.state import State


def alike_for(one: State, two: State, user: str) -> bool:
    """Tell whether all that a user's lists and histories are made of is the same in both.

    Which devices are online, and on what links, is no part of it: an answer to nobody in
    particular does not depend on them.
    """
    return (
        one.now == two.now
        and _alike(one.records.get(user), two.records.get(user))
        and one.logs == two.logs
        and one.channels == two.channels
        and (user in one.users) == (user in two.users)
        and _alike(one.waiting, two.waiting)
        and one.cached_lists == two.cached_lists
        and one.tags == two.tags
        and one.offered == two.offered
    )


def _alike(one: Mapping[str, object] | None, two: Mapping[str, object] | None) -> bool:
    """Compare two tables, and the order in which they are read."""
    if one is two:
        return True
    return one is not None and two is not None and one == two and list(one) == list(two)
