"""Recounting from nothing: every number again, from whole histories, by the plainest reading.

Counters kept for speed (the server's and the ledger's) are compared, at the end of a program, with
what counting message by message gives. This is slow on purpose and shares no code with either.
"""

from __future__ import annotations

from imcli.model.actions import Synchronise
from imcli.model.entities import Entry, Message
from imcli.trace.answers import judge_entry, judge_list, judge_page, judge_whole
from imcli.trace.ledger import Ledger
from imcli.trace.probe import Probe
from imcli.trace.records import Part
from imcli.trace.verdicts import Broken
from imcli.trace.words import contrast, seqs


def naive_visible(part: Part, now_ms: int) -> list[Message]:
    """Give what a user can see of a channel, message by message, straight from the definition."""
    log, cut = part.channel.log, part.cut
    return [
        message
        for first, last in part.spans
        for message in log[max(first - 1, 0) : last]  # the log is dense: a place is a number
        if message.seq > cut and message.kind != "command" and not 0 < message.expires_ms <= now_ms
    ]


def naive_unread(ledger: Ledger, part: Part, visible: list[Message]) -> int:
    """Count what is unread of what is visible, message by message."""
    if ledger.policy.unread_counts == "sequence-difference":
        return part.unread(ledger.policy)
    user, mark = part.user, part.mark
    return len(
        [
            message
            for message in visible
            if message.seq > mark
            and message.kind == "content"
            and message.sender != user
            and not message.no_red_dot
        ]
    )


def judge_recount(ledger: Ledger, probe: Probe, out: list[Broken]) -> None:
    """Compare lists, histories, unread and totals of everybody with a recount."""
    parts: dict[str, list[Part]] = {user: [] for user in ledger.devices}
    for channel in ledger.channels.values():
        for user, part in channel.parts.items():
            if user in parts:
                parts[user].append(part)
    for user, own in parts.items():
        _recount_user(ledger, probe, user, own, out)


def _recount_user(
    ledger: Ledger, probe: Probe, user: str, parts: list[Part], out: list[Broken]
) -> None:
    alone = {part.chat: probe.entry(user, part.chat) for part in parts}
    total = sum([_recount_part(ledger, probe, part, alone[part.chat], out) for part in parts])
    listing = probe.listing(user)
    looked = Synchronise(user, "", message_count=20)
    for entry in listing.entries:
        judge_entry(ledger, looked, entry, out)
        chat = entry.chat
        asked = alone[chat] if chat in alone else probe.entry(user, chat)
        if entry != asked:
            listed, by_itself = contrast(entry, asked)
            expected, actual = f"{listed} as in the list", f"{by_itself} when asked for it alone"
            out.append(Broken(25, user, chat, expected, actual))
    if ledger.policy.list_limit:
        return
    judge_list(ledger, user, parts, listing, out)
    if listing.total_unread != total:
        actual = f"{listing.total_unread} in total"
        out.append(Broken(16, user, "", f"{total} unread in total", actual))


def _recount_part(
    ledger: Ledger, probe: Probe, part: Part, entry: Entry | None, out: list[Broken]
) -> int:
    """Recount one conversation; returns what it adds to its user's total."""
    visible = naive_visible(part, ledger.now_ms)
    history = list(probe.history(part.user, part.chat))
    if history != visible:  # else it is whole, in order, and as it was accepted
        judge_page(part, history, out)
        if part.present or ledger.policy.delete_history != "erased":
            judge_whole(part, history, out)
    if entry is None:
        return 0
    if entry.messages != tuple(history[len(history) - len(entry.messages) :]):
        there = {message.seq for message in history}
        beyond = [message.seq for message in entry.messages if message.seq not in there]
        if beyond:
            wanted = f"{seqs(beyond)} of the list in the history too"
            out.append(Broken(25, part.user, part.chat, wanted, "a history without"))
    unread = naive_unread(ledger, part, visible)
    if entry.unread != unread:
        expected, actual = f"{unread} unread by recount", f"{entry.unread} unread"
        out.append(Broken(4, part.user, part.chat, expected, actual))
    assert not part.is_listed or unread == part.number, "the ledger counts as its definition says"
    return unread if ledger.policy.total_counts_muted or not part.muted else 0
