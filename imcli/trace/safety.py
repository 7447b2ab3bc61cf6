"""What must be true of one conversation as a list shows it, judged after each step.

`agrees` compares an entry with the ledger; nearly always that is all. Where it says no, `explain`
asks each predicate of the table which invariant the difference breaks: every predicate is a pure
function of a `Look` and gives (expected, actual) or None.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from imcli.model.actions import (
    Action,
    Clear,
    Delete,
    MarkUnread,
    Read,
    Send,
    SetFlag,
)
from imcli.model.entities import Entry, Message
from imcli.trace.records import Part
from imcli.trace.verdicts import Broken
from imcli.trace.words import (
    channel_words,
    contrast,
    deed,
    entry_words,
    message_words,
    seqs,
    up_to,
    within,
)

Finding = tuple[str, str] | None


class Look(msgspec.Struct, frozen=True):
    """One look: the part as it must be, the entry as it is, and as it was at the last look.

    `messages` are the newest visible sequence numbers, as many as were asked for. `first` says
    that there was no look before, so that nothing can be said about what went back.
    """

    action: Action
    done: bool
    part: Part
    entry: Entry | None
    before: Entry | None
    first: bool
    messages: list[int]

    @property
    def mine(self) -> bool:
        """Tell whether the action was this user's, about this conversation."""
        action = self.action
        return isinstance(action, OWN) and (action.user, action.chat) == (
            self.part.user,
            self.part.chat,
        )


OWN = (Send, Delete, Clear, Read, MarkUnread, SetFlag)


def agrees(part: Part, entry: Entry | None, limit: int) -> bool:
    """Tell whether a list's entry is, in every fact, what the ledger expects."""
    if entry is None:
        return not part.is_listed
    if not part.is_listed:
        return False
    # One comparison of two values costs a fraction of one per field.
    return entry == expected_entry(part, limit, entry)


def expected_entry(part: Part, limit: int, like: Entry | None = None) -> Entry:
    """Give the entry that a listed part must have, its place in the list being as in `like`."""
    last = part.last
    if limit < 2:
        messages: tuple[Message, ...] = (last,) if last is not None and limit else ()
    else:
        log = part.channel.log
        messages = tuple([log[seq - 1] for seq in part.newest(limit)])
    return Entry(
        part.chat,
        part.number,
        last,
        messages,
        part.mark,
        part.cut,
        part.pinned,
        part.muted,
        part.archived,
        part.marked,
        like.order if like is not None else (),
        like.floor if like is not None else 0,
    )


def explain(look: Look) -> list[Broken]:
    """Say which invariants a difference breaks: at least one."""
    user, chat = look.part.user, look.part.chat
    found = [
        Broken(number, user, chat, *finding)
        for number, predicate in PREDICATES.items()
        if (finding := predicate(look)) is not None
    ]
    return found or [Broken(14, user, chat, *_contrast(look))]


def _contrast(look: Look) -> tuple[str, str]:
    """Say what the list must have and what it has, where they differ."""
    wanted = None
    if look.part.is_listed:
        wanted = expected_entry(look.part, len(look.messages), look.entry)
    return contrast(wanted, look.entry)


def last_words(seq: int) -> str:
    """Say which message stands last."""
    return f"{seqs([seq] if seq else [])} as the last message"


def seqs_of(entry: Entry) -> list[int]:
    """Give the sequence numbers that an entry shows."""
    return [message.seq for message in entry.messages]


# The predicates


def _lost(look: Look) -> Finding:
    if look.entry is None:
        if look.part.is_listed and not look.part.deletes:
            return "listed, its messages being there", "not listed"
        return None
    there = seqs_of(look.entry)
    log = look.part.channel.log
    missing = [seq for seq in look.messages if seq not in there]
    if missing and look.part.is_listed:
        return f"{seqs(look.messages)} in the list", f"an entry without {seqs(missing)}"
    for message in look.entry.messages:
        if message.seq <= len(log) and message != log[message.seq - 1]:
            return f"{message_words(log[message.seq - 1])} unchanged", message_words(message)
    return None


def _stays_away(look: Look) -> Finding:
    if look.part.is_listed and look.entry is None and look.part.deletes:
        return f"listed with {seqs(look.messages)}", "not listed"
    return None


def _below_floor(look: Look) -> Finding:
    if look.entry is None:
        return None
    low = [seq for seq in seqs_of(look.entry) if seq <= look.part.cut]
    return (f"nothing {up_to(look.part.cut)}", seqs(low)) if low else None


def _wrong_unread(look: Look) -> Finding:
    if look.entry is None or not look.part.is_listed or look.entry.unread == look.part.number:
        return None
    return f"{look.part.number} unread", f"{look.entry.unread} unread"


def _absurd_unread(look: Look) -> Finding:
    if look.entry is None:
        return None
    most = len(look.part.channel.log)
    if 0 <= look.entry.unread <= most:
        return None
    return f"a number from 0 to {most}", f"{look.entry.unread} unread"


def _own_unread(look: Look) -> Finding:
    if not (isinstance(look.action, Send) and look.mine and look.entry and look.done):
        return None
    was = look.before.unread if look.before is not None else 0
    if look.entry.unread <= max(was, look.part.number):
        return None
    return f"at most {was} unread after an own send", f"{look.entry.unread} unread"


def _went_back(look: Look) -> Finding:
    if look.entry is None or look.before is None:
        return None
    if look.entry.deleted_to < look.before.deleted_to:
        return (
            f"deleted {up_to(look.before.deleted_to)} or further",
            f"deleted {up_to(look.entry.deleted_to)}",
        )
    marking = isinstance(look.action, MarkUnread) and look.mine
    if (
        look.entry.read_to < look.before.read_to
        and not marking
        and look.entry.read_to != look.part.mark
    ):
        return f"read {up_to(look.before.read_to)} or further", f"read {up_to(look.entry.read_to)}"
    return None


def _hole(look: Look) -> Finding:
    if look.entry is None or not look.entry.messages:
        return None
    there = seqs_of(look.entry)
    holes = [seq for seq in look.messages if there[0] < seq < there[-1] and seq not in there]
    return ("no gap", f"{seqs(holes)} missing between the others") if holes else None


def _refused_effect(look: Look) -> Finding:
    if look.done:
        return None
    expected, actual = _contrast(look)
    return f"{expected} as before", actual


def _no_effect(look: Look) -> Finding:
    if not (look.done and look.mine):
        return None
    return _contrast(look)


def _preview(look: Look) -> Finding:
    if look.entry is None or not look.part.is_listed:
        return None
    newest = max(look.part.newest(1), default=0)
    last = look.entry.last.seq if look.entry.last is not None else 0
    return None if newest == last else (last_words(newest), last_words(last))


def _outsider(look: Look) -> Finding:
    if look.entry is None:
        return None
    part = look.part
    if not (part.present or part.read_only):
        return "nothing listed without a membership", entry_words(look.entry)
    outside = [m.seq for m in look.entry.messages if m.seq > part.cut and not part.within(m.seq)]
    return (f"messages {within(part.spans)}", seqs(outside)) if outside else None


def _dismissed(look: Look) -> Finding:
    if look.entry is None or not look.part.channel.dismissed or look.part.read_only:
        return None
    return "not listed after the dismissal", entry_words(look.entry)


def _revived(look: Look) -> Finding:
    if look.entry is None or look.part.is_listed or look.before is not None or look.first:
        return None
    return f"still not listed after {deed(look.action)}", entry_words(look.entry)


def _foreign(look: Look) -> Finding:
    if look.entry is None:
        return None
    key = look.part.channel.key
    strange = [m.channel for m in look.entry.messages if m.channel != key]
    if look.entry.chat == look.part.chat and not strange:
        return None
    return (
        f"{look.part.chat} with messages of {channel_words(key)}",
        f"{look.entry.chat} with some of {channel_words(strange[0] if strange else key)}",
    )


PREDICATES: dict[int, Callable[[Look], Finding]] = {
    1: _lost,
    2: _stays_away,
    3: _below_floor,
    4: _wrong_unread,
    5: _absurd_unread,
    6: _own_unread,
    7: _went_back,
    12: _hole,
    13: _refused_effect,
    14: _no_effect,
    15: _preview,
    17: _outsider,
    18: _dismissed,
    19: _revived,
    20: _foreign,
}
"""Which invariants a wrong entry may break; the others are judged on answers and events."""
