"""How each WuKongIM computes the unread count of a list entry, and which term of it won.

WuKongIM does not count messages, it subtracts numbers: the newest message's from a mark's. What the
mark is has changed three times, so an answer is explained by its version:

- The mark is the row's read mark R: the count is `last - R` where `last` is above R.
- From 2.1.4 to 2.2.1, an own message at the *oldest* place of the answer makes the count 0 (A9), so
  that the count depends on how many messages were asked for. From 2.2.2 on it is the newest place.
- From 2.2.3 on the user's own last message S is a mark too, if it is above R.
- Up to 2.1.3 `setUnread` stores a count, which is answered while nothing is above R (A37).

Source: WuKongIM `internal/api/conversation.go:syncUserConversation`; measured, 2.1.3 to 2.2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from imcli.model.entities import Entry, Message

Term = Literal["nothing", "read", "own send", "own newest", "own oldest", "stored", "unexplained"]
Place = Literal["nowhere", "oldest", "newest"]


class Rule(msgspec.Struct, frozen=True):
    """What a version does.

    `own_place` is where in the answer an own message makes the count 0; `own_is_mark` says that the
    own last message is a mark; `stores_count` that a stored count may be answered; `raises_mark`
    that an own message raises the row's mark, in memory first.
    """

    since: tuple[int, ...]
    own_place: Place
    own_is_mark: bool = False
    stores_count: bool = False
    raises_mark: bool = False


RULES: tuple[Rule, ...] = (
    Rule((2, 2, 3), "newest", own_is_mark=True),
    Rule((2, 2, 2), "newest"),
    Rule((2, 1, 4), "oldest"),
    Rule((), "nowhere", stores_count=True, raises_mark=True),
)
"""The newest first."""


def rule_of(version: tuple[int, ...]) -> Rule:
    """Give the rule of a version."""
    return next(rule for rule in RULES if version >= rule.since)


class Reckoned(msgspec.Struct, frozen=True):
    """A count as a version makes it: the mark from which was subtracted, and whose it is."""

    unread: int
    mark: int
    term: Term


def reckon(
    rule: Rule, read_to: int, window: Sequence[Message], user: str, own_last: int
) -> Reckoned:
    """Compute the count as the server does.

    Args:
        rule: of its version.
        read_to: R of the row.
        window: the messages of the answer, oldest first; at least one.
        user: whose list it is.
        own_last: the number of the user's own last message, 0 where there is none.
    """
    last = window[-1].seq
    found = Reckoned(max(0, last - read_to), read_to, "read" if read_to else "nothing")
    if rule.own_is_mark and read_to < own_last and last >= read_to:
        closer = Reckoned(last - own_last, own_last, "own send")
        found = closer if closer.unread < found.unread else found
    if rule.own_place == "nowhere":
        return found
    judged = window[0] if rule.own_place == "oldest" else window[-1]
    if judged.sender == user:
        term: Term = "own oldest" if rule.own_place == "oldest" else "own newest"
        return Reckoned(0, judged.seq, term)
    return found


def explained(rule: Rule, entry: Entry, user: str, row_read_to: int, own_last: int) -> Reckoned:
    """Find the term that gives what an entry says; *unexplained* where none does.

    The row that was answered may be another than the stored one (pending, cached), so the mark that
    the entry states is tried too.
    """
    window = entry.messages
    if not window:
        return Reckoned(entry.unread, entry.read_to, "unexplained")
    for read_to in (row_read_to, entry.read_to, own_last, 0):
        found = reckon(rule, read_to, window, user, own_last)
        if (found.unread, found.mark) == (entry.unread, entry.read_to):
            return found
    if rule.stores_count and window[-1].seq <= entry.read_to and entry.unread > 0:
        return Reckoned(entry.unread, entry.read_to, "stored")
    return Reckoned(entry.unread, entry.read_to, "unexplained")


def by_window(
    rule: Rule, read_to: int, window: Sequence[Message], user: str, own_last: int
) -> tuple[tuple[int, int], ...]:
    """Say how the count depends on how many messages a client asks for: (asked for, count).

    Only where it changes; one pair where it never does.
    """
    found: list[tuple[int, int]] = []
    for asked in range(1, len(window) + 1):
        unread = reckon(rule, read_to, window[-asked:], user, own_last).unread
        if not found or found[-1][1] != unread:
            found.append((asked, unread))
    return tuple(found)
