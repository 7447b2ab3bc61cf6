"""Recounting from nothing: every number again, from whole histories, by the plainest reading.

Counters kept for speed (the server's and the ledger's) are compared, at the end of a program, with
what counting message by message gives. This is slow on purpose and shares no code with either.
"""

from __future__ import annotations

from imcli.model.actions import Synchronise
from imcli.model.entities import Message
from imcli.trace.answers import judge_entry, judge_list, judge_page, judge_whole
from imcli.trace.ledger import Ledger
from imcli.trace.probe import Probe
from imcli.trace.records import Part
from imcli.trace.verdicts import Broken
from imcli.trace.words import entry_words, seqs, value_words


def naive_visible(part: Part, now_ms: int) -> list[Message]:
    """Give what a user can see of a channel, message by message, straight from the definition."""
    return [
        message
        for message in part.channel.log
        if message.kind != "command"
        and message.seq > part.cut
        and any(first <= message.seq <= last for first, last in part.spans)
        and not 0 < message.expires_ms <= now_ms
    ]


def naive_unread(ledger: Ledger, part: Part) -> int:
    """Count what is unread, message by message."""
    if ledger.policy.unread_counts == "sequence-difference":
        return part.unread(ledger.policy)
    return sum(
        message.kind == "content"
        and not message.no_red_dot
        and message.sender != part.user
        and message.seq > part.mark
        for message in naive_visible(part, ledger.now_ms)
    )


def judge_recount(ledger: Ledger, probe: Probe, out: list[Broken]) -> None:
    """Compare lists, histories, unread and totals of everybody with a recount."""
    for user in ledger.devices:
        total = 0
        for part in ledger.parts(user):
            total += _recount_part(ledger, probe, part, out)
        listing = probe.listing(user)
        looked = Synchronise(user, "", message_count=20)
        for entry in listing.entries:
            judge_entry(ledger, looked, entry, out)
            if entry != probe.entry(user, entry.chat):
                alone = value_words(probe.entry(user, entry.chat))
                listed = f"asked for alone what stands in the list: {entry_words(entry)}"
                out.append(Broken(25, user, entry.chat, listed, alone))
        if ledger.policy.list_limit:
            continue
        judge_list(ledger, user, listing, out)
        if listing.total_unread != total:
            out.append(Broken(16, user, "", f"{total} unread in total", f"{listing.total_unread}"))


def _recount_part(ledger: Ledger, probe: Probe, part: Part, out: list[Broken]) -> int:
    """Recount one conversation; returns what it adds to its user's total."""
    history = tuple(probe.history(part.user, part.chat))
    judge_page(part, history, out)
    if part.present or ledger.policy.delete_history != "erased":
        judge_whole(part, history, out)
    entry = probe.entry(part.user, part.chat)
    if entry is None:
        return 0
    there = {message.seq for message in history}
    beyond = [message.seq for message in entry.messages if message.seq not in there]
    if beyond:
        out.append(
            Broken(25, part.user, part.chat, f"{seqs(beyond)} in the history too", "not there")
        )
    unread = naive_unread(ledger, part)
    if entry.unread != unread:
        expected, actual = f"{unread} unread by recount", f"{entry.unread}"
        out.append(Broken(4, part.user, part.chat, expected, actual))
    assert not part.is_listed or unread == part.number, "the ledger counts as its definition says"
    return unread if ledger.policy.total_counts_muted or not part.muted else 0
