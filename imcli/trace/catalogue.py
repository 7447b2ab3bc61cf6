"""THE table of invariants: what must be true of every good server, one row each.

A row says the invariant's number and name (by which reports call it), its sentence (what a reader
is told when it breaks), when it is checked, and which switch values of a profile declare an
exception. Whoever judges looks exceptions up here; nothing else in the room decides them. The
manual page is printed from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

When = Literal["step", "settled"]


class Invariant(NamedTuple):
    """One row. `exceptions` are (switch, value): a profile with one of them is not judged."""

    number: int
    name: str
    sentence: str
    when: When
    exceptions: tuple[tuple[str, object], ...] = ()


PHYSICAL = ("delete_kind", "physical")
STAYS_HIDDEN = ("on_message_after_delete", "stay-hidden")
REQUESTS = ("on_message_after_delete", "request")
KEEPS_HISTORY = ("delete_history", "kept")
TWO_WAY = ("delete_scope", "two-way")
UNTOLD = ("sync_deletes", "on-full-sync")
PRETENDS = ("block_feedback", "pretend")

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        1,
        "nothing accepted is lost",
        "A message that was accepted with a sequence number can be read, unchanged, by every "
        "member whose membership covers it and who has not deleted it.",
        "step",
        (PRETENDS,),
    ),
    Invariant(
        2,
        "return after delete",
        "After a delete, the next content message brings the conversation back on every device.",
        "step",
        (STAYS_HIDDEN, REQUESTS),
    ),
    Invariant(
        3,
        "nothing below the floor comes back",
        "Nothing at or below the delete floor is ever shown again, on any read path.",
        "step",
        (PHYSICAL, KEEPS_HISTORY),
    ),
    Invariant(
        4,
        "unread equation",
        "The unread number equals its definition: the countable visible messages after the base.",
        "step",
    ),
    Invariant(
        5,
        "unread is a small natural number",
        "Unread is never negative, never wrapped, and never above the number of messages.",
        "step",
    ),
    Invariant(
        6,
        "own messages are never unread",
        "What a user sends never raises that user's own unread number, on any device.",
        "step",
        (("unread_counts", "sequence-difference"),),
    ),
    Invariant(
        7,
        "marks never go back",
        "Delete floor, read mark and start of membership never go back, but for an explicit "
        "mark-unread or a rejoin.",
        "step",
        (PHYSICAL,),
    ),
    Invariant(
        8,
        "my delete is mine",
        "A delete, read mark or flag of one user changes nothing that any other user can see.",
        "settled",
        (TWO_WAY,),
    ),
    Invariant(
        9,
        "commands are idempotent",
        "Doing the same delete, clear, flag, list or membership command twice is the same as once.",
        "settled",
    ),
    Invariant(
        10,
        "one send is one message",
        "However often a send is repeated with the same number, there is one message, and every "
        "answer names it.",
        "step",
        (("resend", "store-again"),),
    ),
    Invariant(
        11,
        "one order for all",
        "Sequence numbers of a channel are dense and rise with acceptance, every reader sees that "
        "order, and a list stands in the order of its rule.",
        "step",
    ),
    Invariant(
        12,
        "gaps are explained",
        "Every sequence number that a reader misses was a command, expired, or lies outside the "
        "reader's membership.",
        "step",
    ),
    Invariant(
        13,
        "refused means no effect",
        "A refused action uses no sequence number, reaches no device and changes no list.",
        "step",
    ),
    Invariant(
        14,
        "accepted means effect",
        "What was answered as done can be seen to be done at the next look.",
        "step",
        (PRETENDS,),
    ),
    Invariant(
        15,
        "the preview is the newest visible message",
        "The last message of a conversation is the newest one that its user can see, or none.",
        "step",
    ),
    Invariant(
        16,
        "totals add up",
        "The total unread is the sum over the listed conversations that count.",
        "step",
    ),
    Invariant(
        17,
        "non-members see nothing new",
        "Nobody is shown or sent a message from outside their memberships, and no send of a "
        "non-member is accepted.",
        "step",
    ),
    Invariant(
        18,
        "dismissal is final",
        "After a dismissal there is no new message, no new member, and no use of the name again.",
        "step",
    ),
    Invariant(
        19,
        "only content revives",
        "A conversation that is not listed becomes listed only by a content message, a clear, an "
        "acceptance or a membership; not by commands, notices, marks, flags or settings.",
        "step",
    ),
    Invariant(
        20,
        "an account's data stays in that account's devices",
        "Answers and pushes go to devices of the users they belong to, and to no other.",
        "step",
    ),
    Invariant(
        21,
        "incremental equals full",
        "A cache brought up to date by an incremental synchronisation equals a full one.",
        "settled",
        (UNTOLD,),
    ),
    Invariant(
        22,
        "devices converge",
        "After synchronising, all devices of a user show the same list, facts and order.",
        "settled",
        (UNTOLD,),
    ),
    Invariant(
        23,
        "pages partition the list",
        "The pages of any size are disjoint, keep the list's order, cover it, and end.",
        "settled",
    ),
    Invariant(
        24,
        "a restart is invisible",
        "Restarting the server in good order changes nothing that any user can see.",
        "settled",
    ),
    Invariant(
        25,
        "read endpoints agree",
        "The list's messages are in the history, and a list by channel is the list restricted.",
        "step",
    ),
)

BY_NUMBER: dict[int, Invariant] = {row.number: row for row in INVARIANTS}
assert tuple(BY_NUMBER) == tuple(range(1, len(INVARIANTS) + 1)), "numbered without a gap"


def judged(switches: Mapping[str, object]) -> frozenset[int]:
    """Say which invariants a profile with these switch values promises.

    >>> sorted(set(BY_NUMBER) - judged({"delete_kind": "physical"}))
    [3, 7]
    """
    excepted = {number for number, switch, value in _EXCEPTIONS if switches.get(switch) == value}
    return _NUMBERS - excepted


_NUMBERS = frozenset(BY_NUMBER)
_EXCEPTIONS = tuple((row.number, *exception) for row in INVARIANTS for exception in row.exceptions)


def manual() -> str:
    """Print the manual page, in Markdown."""
    return "\n".join([*_HEAD, *(_row(row) for row in INVARIANTS), *_TAIL, ""])


def _row(row: Invariant) -> str:
    excepted = ", ".join(f"`{switch} = {value}`" for switch, value in row.exceptions) or "-"
    when = "after each step" if row.when == "step" else "when settled"
    return f"| {row.number} | {row.name} | {row.sentence} | {when} | {excepted} |"


_HEAD = (
    "# Invariants",
    "",
    "What is true of every good server, whatever is asked of it. The simulator's reference profile",
    "keeps all of them. This page is printed from the table in `imcli/trace/catalogue.py`.",
    "",
    "| # | name | what must be true | checked | not judged with |",
    "|---|---|---|---|---|",
)

_TAIL = (
    "",
    "*After each step*: on the (user, conversation) pairs that the step touched, from a ledger",
    "kept beside the server, so that the cost of a step does not depend on the size of an account.",
    "",
    "*When settled*: these need a second view or a second run of the server. `run-scenario` checks",
    "them after each delete, restart and membership change, random programs at their end, and",
    "`--check each-step` after every step.",
    "",
    "A verdict is *holds*, *broken* or *unknown*: an invariant that nothing has put to the test,",
    "or that the profile declares an exception from, has not been shown to hold.",
)
