"""What two states still have in common, where one is a fork of the other.

A fork shares every value until somebody changes it, so whoever asks what an action has done to a
fork need not look at all that the fork would answer: what is still the same object has not changed.
Answers follow from the state alone (a law has no state of its own), so a user of whom nothing
differs is answered alike. The question is answered carefully: whoever is not named is certainly
answered alike, and whoever is named may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imcli.simulator.state import State


def perhaps_unlike(one: State, two: State, users: Sequence[str]) -> Sequence[str]:
    """Name the users of whom anything that their lists and histories are made of may differ.

    Which devices are online, and on what links, is no part of it: an answer to nobody in
    particular does not depend on them.
    """
    if not (
        one.now == two.now
        and one.logs == two.logs
        and one.channels == two.channels
        and one.users.keys() == two.users.keys()
        and _alike(one.waiting, two.waiting)
        and one.cached_lists == two.cached_lists
        and one.tags == two.tags
        and one.offered == two.offered
    ):
        return users
    mine, theirs = one.records, two.records
    return [user for user in users if not _alike(mine.get(user), theirs.get(user))]


def _alike(one: Mapping[str, object] | None, two: Mapping[str, object] | None) -> bool:
    """Compare two tables, and the order in which they are read."""
    if one is two:
        return True
    return one is not None and two is not None and one == two and list(one) == list(two)
