"""One conversation as a real WuKongIM tells it in four places: do they agree; if not, who does not.

The log, the stored record, the synchronised list and the answer by channel are four looks at one
thing. Some differences are how a version is: a row is written only at the next flush, a deletion is
not seen by every call. Those are told from the others, which are faults, and each finding names
the place that is out of step. `compare` is pure: readings in, findings out.

A finding is *wrong* (nothing this version does on purpose explains it), *passing* (legal, and over
by itself, as a row that waits for the flush), *lasting* (legal in this version, and it stays), or
*open* (right or wrong, and these readings cannot tell).

Source: WuKongIM `internal/api/conversation.go`, `internal/manager/manager_conversation.go`; and
measured, 2.1.3 to 2.2.5. The names of anomalies are those of `report/anomalies.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import SYSTEM_USER, Entry, Message, is_group
from imcli.model.versions import CACHE_MENDED, CACHED_SINCE, MARKED_SINCE, PERSONS_SINCE
from imcli.trace.counting import Reckoned, Rule, explained, reckon, rule_of

Where = Literal["log", "record", "list", "by-channel"]
Kind = Literal["wrong", "passing", "lasting", "open"]
PLACES: tuple[Where, ...] = ("log", "record", "list", "by-channel")

ANSWERED_MARK_MAX = 0xFFFF_FFFF


class Readings(msgspec.Struct, frozen=True):
    """What was read, in this order: record, channels, list, by channel, log.

    Args:
        user: whose conversation it is.
        chat: with whom, or `#group`.
        version: of the server.
        log: the newest messages of the log, oldest first.
        record: the stored row; None: there is none.
        listed: the entry of the list; None: it is not listed.
        behind: whether the row stands behind the user's lists, deleted or not (`/conversation/
            channels`); None where that is not known.
        by_channel: the answer by channel; None where the version has none.
        own_last: the number of the user's own last message, 0 where there is none; None where that
            is not known.
        member: of a group; None where that is not known, and for two people.
    """

    user: str
    chat: str
    version: tuple[int, ...]
    log: tuple[Message, ...] = ()
    record: Entry | None = None
    listed: Entry | None = None
    behind: bool | None = None
    by_channel: Entry | None = None
    own_last: int | None = 0
    member: bool | None = None

    @property
    def last(self) -> int:
        """The number of the newest message, 0 where there is none."""
        return self.log[-1].seq if self.log else 0

    @property
    def mark(self) -> int:
        """The record's read mark, as answers tell it (32 bits); 0 without a record."""
        return self.record.read_to & ANSWERED_MARK_MAX if self.record is not None else 0

    @property
    def rule(self) -> Rule:
        """How this version counts."""
        return rule_of(self.version)


class Finding(msgspec.Struct, frozen=True):
    """One difference: who is out of step, how it is meant, and a sentence. `code`: an anomaly's."""

    kind: Kind
    where: Where
    said: str
    code: str = ""


def compare(readings: Readings) -> tuple[Finding, ...]:
    """Compare the four; no finding: they agree.

    Of a server whose version is not known only messages are compared: all else depends on it.
    """
    judges = JUDGES if readings.version else JUDGES[:1]
    return tuple(finding for judge in judges for finding in judge(readings))


def disagreeing(findings: tuple[Finding, ...]) -> tuple[Where, ...]:
    """Name the places that are wrong, or may be."""
    wrong = {finding.where for finding in findings if finding.kind in ("wrong", "open")}
    return tuple(place for place in PLACES if place in wrong)


def settled(findings: tuple[Finding, ...]) -> bool:
    """Tell whether nothing is wrong, open or about to change."""
    return all(finding.kind == "lasting" for finding in findings)


# Messages


def judge_messages(r: Readings) -> Iterator[Finding]:
    """Lists show messages of the log, the newest ones, as they are there."""
    told: tuple[tuple[Where, Entry | None], ...] = (
        ("list", r.listed),
        ("by-channel", r.by_channel),
    )
    for where, entry in told:
        if entry is not None and entry.messages:
            yield from _messages(r, where, entry)


def _messages(r: Readings, where: Where, entry: Entry) -> Iterator[Finding]:
    name = "the list" if where == "list" else "the answer by channel"
    newest = entry.messages[-1].seq
    if newest > r.last:
        said = f"{name} shows message {newest}, and the log ends with {r.last}"
        yield Finding("wrong", where, said)
    elif newest < r.last:
        said = f"{name} ends with message {newest}, the log with {r.last}"
        yield Finding("wrong", where, said)
    known = {message.seq: message for message in r.log}
    for message in entry.messages:
        there = known.get(message.seq)
        if there is not None and there.message_id != message.message_id:
            said = f"{name} has another message {message.seq} than the log"
            yield Finding("wrong", where, said)
            return
    seqs = [message.seq for message in entry.messages]
    missing = sorted(set(range(seqs[0], seqs[-1] + 1)) & set(known) - set(seqs))
    if missing:
        said = f"{name} leaves out message {', '.join(map(str, missing))}, which the log has"
        yield Finding("wrong", where, said)


# Being there


def judge_presence(r: Readings) -> Iterator[Finding]:
    """What has messages has a record, and what has a record is listed."""
    if r.listed is not None and r.record is None:
        yield _not_stored(r)
    elif r.listed is None and r.record is None and r.log:
        yield from _nothing_kept(r)
    elif r.listed is None and r.record is not None and r.log:
        yield _not_listed(r)


def _not_stored(r: Readings) -> Finding:
    """It is listed, and there is no stored record."""
    waits = "not stored yet: it is written at the next flush"
    if r.version < MARKED_SINCE or (r.version >= PERSONS_SINCE and not is_group(r.chat)):
        lost = "; if the process dies before, it is lost (A11)"
        deletes = (
            "" if r.version < MARKED_SINCE else ", and until then a deletion does nothing (A4)"
        )
        return Finding("passing", "record", f"{waits}{deletes}{lost}", "A11")
    if r.version >= CACHED_SINCE:
        said = "the list shows what has no record any more: a cached one, for ten minutes"
        return Finding("wrong", "list", said, "A31")
    return Finding("wrong", "list", "the list shows what has no record")


def _nothing_kept(r: Readings) -> Iterator[Finding]:
    """The log has messages, and neither a record nor the list has anything of them."""
    if is_group(r.chat) and r.member is False:
        said = f"{r.user} is not in {r.chat}, and has no record of it"
        yield Finding("lasting", "record", said)
    elif r.version < MARKED_SINCE:
        said = (
            "there is no record: a deletion removes it, and no message of the other side makes "
            "another (A0); where nothing was deleted it is lost (A11)"
        )
        yield Finding("open", "record", said, "A0")
    elif is_group(r.chat):
        off, code = ("taken off", "A26") if r.version < CACHED_SINCE else ("put on", "H11")
        said = (
            f"{r.user} is in {r.chat} without a record of it: it goes when a member is {off} the "
            f"black list ({code}), else it is lost"
        )
        yield Finding("open", "record", said, code)
    elif r.version < PERSONS_SINCE:
        said = "there is no record: in this version messages between two people make none (A5)"
        yield Finding("wrong", "record", said, "A5")
    else:
        said = (
            "there is no record: it was lost before it was stored (A11), or removed by a version "
            "before 2.1.4; only the first message of a conversation makes one"
        )
        yield Finding("wrong", "record", said, "A11")


def _not_listed(r: Readings) -> Finding:
    """There is a record and messages, and the list shows nothing."""
    if r.chat == SYSTEM_USER:
        return Finding(
            "lasting", "list", "conversations with the system's account are never listed"
        )
    if r.version < MARKED_SINCE:
        return Finding("wrong", "list", "the record is stored, and the list does not show it")
    if r.behind is True:
        said = f"deleted up to its newest message ({r.last}), and not shown before the next"
        return Finding("lasting", "list", said)
    if r.behind is None:
        said = (
            "not listed: deleted up to its newest message, or lost; the server does not say which"
        )
        return Finding("open", "list", said)
    if r.version >= CACHED_SINCE:
        code = "A2" if r.version < CACHE_MENDED else ""
        named = f" ({code})" if code else ""
        said = f"the record is stored, and the list was made without it{named}: a cached one"
        return Finding("wrong", "list", said, code)
    return Finding("wrong", "list", "the record is stored, and the list was made without it")


# Marks and counts


def judge_mark(r: Readings) -> Iterator[Finding]:
    """A read mark lies in the log, unless marking an empty conversation unread made it wrap."""
    if r.record is not None and r.mark == ANSWERED_MARK_MAX:
        said = "its read mark has wrapped around: nothing will ever be unread (A8)"
        yield Finding("lasting", "record", said, "A8")
    elif r.mark > r.last:
        said = f"the record is read up to {r.mark}, and the log ends with {r.last}"
        yield Finding("wrong", "record", said)


def judge_counts(r: Readings) -> Iterator[Finding]:
    """The list's count and mark follow from the record's mark, as this version counts."""
    entry = r.listed
    if entry is None or not entry.messages or r.own_last is None:
        return
    found = explained(r.rule, entry, r.user, r.mark, r.own_last)
    if found.term == "unexplained":
        said = (
            f"the list says {entry.unread} unread, read up to {entry.read_to}: no term of this "
            f"version's count gives that, with a record read up to {r.mark} and {r.last} last"
        )
        yield Finding("wrong", "list", said)
        return
    if found.term == "stored":
        said = f"the list says {entry.unread} unread, a count that marking unread has stored (A37)"
        yield Finding("lasting", "list", said, "A37")
        return
    if r.record is not None and found.term in ("read", "nothing") and found.mark != r.mark:
        yield _other_mark(r, found)
    yield from _hidden_counted(entry, found)


def _hidden_counted(entry: Entry, found: Reckoned) -> Iterator[Finding]:
    """Counts are differences of numbers, so what was deleted counts (A6)."""
    counted = sum(message.seq > found.mark for message in entry.messages)
    if found.unread > counted and len(entry.messages) < LISTED_MESSAGES:
        said = f"the list counts {found.unread} and shows {counted}: what was deleted counts (A6)"
        yield Finding("lasting", "list", said, "A6")


def _other_mark(r: Readings, found: Reckoned) -> Finding:
    """The list counts from another mark than the record has."""
    both = f"the list counts from {found.mark}, and the record is read up to {r.mark}"
    if r.rule.raises_mark and found.mark == r.own_last and found.mark > r.mark:
        said = f"{both}: an own message has raised it, and the record has it at the next flush"
        return Finding("passing", "record", said)
    if r.version >= CACHED_SINCE:
        return Finding("wrong", "list", f"{both}: a cached list, for ten minutes")
    return Finding("wrong", "list", both)


def judge_by_channel(r: Readings) -> Iterator[Finding]:
    """The answer by channel counts from the record, and knows no deletion (A16)."""
    entry = r.by_channel
    if entry is None or not entry.messages:
        if entry is not None and r.log:
            yield Finding("wrong", "by-channel", "the answer by channel has no message of the log")
        return
    yield from _deleted_shown(r, entry)
    if r.own_last is None:
        return
    right = reckon(r.rule, r.mark, entry.messages, r.user, r.own_last)
    if right.unread != entry.unread:
        said = (
            f"the answer by channel says {entry.unread} unread, and with a record read up to "
            f"{r.mark} it is {right.unread}"
        )
        yield Finding("wrong", "by-channel", said)


def _deleted_shown(r: Readings, entry: Entry) -> Iterator[Finding]:
    if r.listed is None:
        if r.record is None:
            said = "the answer by channel is given to whoever asks, listed or not"
            yield Finding("lasting", "by-channel", said)
        elif r.behind:
            said = "the answer by channel shows what was deleted (A16)"
            yield Finding("lasting", "by-channel", said, "A16")
        return
    shown = {message.seq for message in r.listed.messages}
    more = [m.seq for m in entry.messages if m.seq not in shown and m.seq < min(shown, default=0)]
    if more and len(r.listed.messages) < len(entry.messages):
        said = f"the answer by channel shows what was deleted, up to {max(more)} (A16)"
        yield Finding("lasting", "by-channel", said, "A16")


JUDGES: tuple[Callable[[Readings], Iterator[Finding]], ...] = (
    judge_messages,
    judge_presence,
    judge_mark,
    judge_counts,
    judge_by_channel,
)
