"""Why a live server's unread count is what it is: which term of its version's formula won.

WuKongIM subtracts numbers, each version from another mark (`trace/counting.py`). So the count is
taken apart as the version makes it, and then held against the messages, because that is where it
differs from what a person would count: own messages and deleted ones have numbers too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imcli.cli.text import visible
from imcli.cli.verbs.explanation import SHOWN_MAX, Explanation
from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import Entry, Message
from imcli.model.versions import version_text
from imcli.trace.counting import Reckoned, Rule, Term, by_window, explained
from imcli.trace.readings import Readings

if TYPE_CHECKING:
    from imcli.cli.verbs.desk import Desk

OLDER = "more than 1000 messages ago"

WINNERS: dict[Term, str] = {
    "nothing": "the beginning: there is no mark",
    "read": "the read mark ({mark})",
    "own send": "the own last message ({mark})",
    "own newest": "nothing: the newest message is an own one ({mark})",
    "own oldest": "nothing: the oldest message of the answer is an own one ({mark}) (A9)",
    "stored": "a count that marking unread has stored, whatever the mark (A37)",
    "unexplained": "no mark that is known: the server says read up to {mark}",
}


def read_beside(desk: Desk, user: str, chat: str) -> Readings:
    """Read the conversation in every place that tells of it."""
    from imcli.targets.live.side_by_side import SideBySide
    from imcli.wire.names import Names

    version = desk.target.identity.version
    return SideBySide(desk.administration.ask, Names(), version).read(user, chat)


def explain_live(readings: Readings, messages: Sequence[Message]) -> Explanation:
    """Explain the count of a conversation that is listed.

    Args:
        readings: what the server tells.
        messages: the log above the mark that `mark_of` gives, oldest first.
    """
    entry = readings.listed
    assert entry is not None, "there is a count"
    found = winner_of(readings)
    above = [m for m in messages if found.mark < m.seq <= readings.last]
    rows = [(m, why_not(readings, entry, m)) for m in above]
    if found.term in ("own newest", "own oldest"):
        rows = []
    text = "\n".join(
        [
            *heading(readings, entry, found),
            *listed(rows),
            "",
            *judgement(readings, entry, found, rows),
        ]
    )
    record = record_of(readings, entry, found, rows)
    cells = (readings.user, readings.chat, str(entry.unread), won(found))
    return Explanation(text, record, cells)


def winner_of(readings: Readings) -> Reckoned:
    """Which term won."""
    assert readings.listed is not None, "there is a count"
    own = readings.own_last or 0
    return explained(readings.rule, readings.listed, readings.user, readings.mark, own)


def won(found: Reckoned) -> str:
    """Say which term won."""
    return WINNERS[found.term].format(mark=found.mark)


def why_not(readings: Readings, entry: Entry, message: Message) -> str:
    """Why nobody would count a message that has a number above the mark; "" for one that counts."""
    if message.sender == readings.user:
        return "own"
    whole = len(entry.messages) < LISTED_MESSAGES
    if whole and entry.messages and message.seq < entry.messages[0].seq:
        return "deleted"
    return "" if message.kind == "content" else message.kind


def heading(readings: Readings, entry: Entry, found: Reckoned) -> list[str]:
    """The count and what it may come from."""
    member = {True: "yes", False: "no", None: "this server does not say"}[readings.member]
    own = OLDER if readings.own_last is None else str(readings.own_last or "-")
    record = "not stored yet"
    if readings.record is not None:
        record = f"read up to {readings.mark}" if readings.mark else "nothing read"
    return [
        f"{visible(readings.user)} has {entry.unread} unread from {visible(readings.chat)}",
        f"  last message     {readings.last or '-'}",
        *([f"  member           {member}"] if readings.chat[:1] == "#" else []),
        f"  stored record    {record}",
        f"  own last message {own}",
        f"  counted from     {won(found)}",
    ]


def listed(rows: Sequence[tuple[Message, str]]) -> list[str]:
    """The messages above the mark, each with what it is to a person."""
    lines = [
        f"  {m.seq:>6}  {visible(m.sender)}: {visible(m.text or m.payload)}  "
        f"({f'counted, though {why}' if why else 'counted'})"
        for m, why in rows[:SHOWN_MAX]
    ]
    if len(rows) > SHOWN_MAX:
        lines.append(f"          ... and {len(rows) - SHOWN_MAX} more")
    return lines


def judgement(
    readings: Readings, entry: Entry, found: Reckoned, rows: Sequence[tuple[Message, str]]
) -> list[str]:
    """Say how the version counts, and how that differs from the messages."""
    version = version_text(readings.version)
    right = sum(not why for _, why in rows)
    lines = []
    if found.term in ("nothing", "read", "own send"):
        sum_said = f"{readings.last} - {found.mark} = {entry.unread}"
        lines.append(f"WuKongIM {version} subtracts numbers: {sum_said}.")
        if right != entry.unread:
            reasons = dict.fromkeys(REASONS.get(why, "") for _, why in rows if why)
            why = f" ({', '.join(filter(None, reasons))})" if any(reasons) else ""
            lines.append(f"The messages that count are {right}{why}.")
    elif found.term == "unexplained":
        lines.append("The count is wrong: no term of this version's count gives it.")
    else:
        lines.append(f"WuKongIM {version} answers {entry.unread} without counting.")
    return [*lines, *window_lines(readings, entry)]


REASONS = {"own": "own messages have numbers too, A10", "deleted": "so have deleted ones, A6"}


def window_lines(readings: Readings, entry: Entry) -> list[str]:
    """Say that the count depends on how many messages a client asks for, where it does."""
    counts = window_counts(readings.rule, readings, entry)
    if len(counts) < 2:
        return []
    said = ", ".join(f"{count} from {asked} on" for asked, count in counts[1:])
    return [
        f"It depends on how many messages a client asks for (A9): {counts[0][1]} with 1, {said}."
    ]


def window_counts(rule: Rule, readings: Readings, entry: Entry) -> tuple[tuple[int, int], ...]:
    """The count by how many messages are asked for."""
    if not entry.messages or readings.own_last is None:
        return ()
    return by_window(rule, readings.mark, entry.messages, readings.user, readings.own_last)


def record_of(
    readings: Readings, entry: Entry, found: Reckoned, rows: Sequence[tuple[Message, str]]
) -> dict[str, object]:
    """The same for programs."""
    counted = [m.seq for m, why in rows if not why]
    return {
        "user": readings.user,
        "conversation": readings.chat,
        "listed": True,
        "unread": entry.unread,
        "counted": counted,
        "not_counted": [{"seq": m.seq, "why": why} for m, why in rows if why],
        "member": readings.member if readings.chat[:1] == "#" else True,
        "deleted_to": None,
        "read_to": readings.mark if readings.record is not None else None,
        "last_seq": readings.last or None,
        "base": found.mark,
        "term": found.term,
        "agrees": entry.unread == len(counted),
        **version_fields(readings, window_counts(readings.rule, readings, entry)),
    }


def version_fields(readings: Readings, windows: Sequence[tuple[int, int]]) -> dict[str, object]:
    """What is said besides where the version of the server is known."""
    return {
        "version": version_text(readings.version),
        "own_last_seq": readings.own_last,
        "by_window": [{"asked_for": asked, "unread": unread} for asked, unread in windows],
    }
