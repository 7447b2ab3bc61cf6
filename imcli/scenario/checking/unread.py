"""Why an unread count is what it is: which messages were counted, and from which mark.

By the definition (reference): `floor = max(J - 1, D)`, `base = max(floor, R)`, and unread is the
number of countable messages above it: content from others, without no-red-dot. The mark that stands
highest is the *term* that won. A server that counts otherwise is told from the definition, and if
it merely subtracts sequence numbers, that is said.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.model.entities import Entry, Message, channel_key
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.state_rows import Caller

Term = Literal["nothing", "join", "delete", "read", "own send"]


class UnreadCount(msgspec.Struct, frozen=True):
    """An unread count taken apart.

    `said` is what the server says, `counted` what the definition counts. `base` is the mark from
    which it counts and `term` whose it is. `left_out` are messages above the mark that do not
    count, each with the reason. `last_seq` is the newest message that the user can see.
    """

    user: str
    chat: str
    said: int
    counted: tuple[Message, ...]
    left_out: tuple[tuple[Message, str], ...]
    base: int
    term: Term
    joined: int
    deleted_to: int
    read_to: int
    last_seq: int


def count_unread(
    user: str, entry: Entry, history: tuple[Message, ...], *, joined: int = 0
) -> UnreadCount:
    """Take an unread count apart.

    Args:
        user: whose count it is.
        entry: the conversation as the list answers it.
        history: what the user can read of it, oldest first.
        joined: J, the first sequence number of the present membership; 0 where unknown.
    """
    floor = max(joined - 1, entry.deleted_to, 0)
    base = max(floor, entry.read_to)
    above = [message for message in history if message.seq > base]
    left_out = [(message, _why_not(user, message)) for message in above]
    return UnreadCount(
        user=user,
        chat=entry.chat,
        said=entry.unread,
        counted=tuple(message for message, why in left_out if not why),
        left_out=tuple((message, why) for message, why in left_out if why),
        base=base,
        term=_term(user, entry, history, joined, base),
        joined=joined,
        deleted_to=entry.deleted_to,
        read_to=entry.read_to,
        last_seq=max((message.seq for message in history), default=0),
    )


def _why_not(user: str, message: Message) -> str:
    if message.sender == user:
        return "own"
    if message.kind != "content":
        return message.kind
    return "no red dot" if message.no_red_dot else ""


def _term(user: str, entry: Entry, history: tuple[Message, ...], joined: int, base: int) -> Term:
    """Whose the mark is; joining may move the read mark too, so the join is named first."""
    if base == 0:
        return "nothing"
    if entry.deleted_to == base:
        return "delete"
    if joined - 1 == base:
        return "join"
    own = any(message.seq == base and message.sender == user for message in history)
    return "own send" if own else "read"


MARKS: dict[Term, str] = {
    "nothing": "the beginning",
    "join": "the join",
    "delete": "the delete mark",
    "read": "the read mark",
    "own send": "an own send, which moved the read mark",
}


def unread_sentences(
    count: UnreadCount, names: Caller, says: str = "The server says"
) -> tuple[str, ...]:
    """Say how a count came about, for people; `says` is who has another number."""
    channel = channel_key(count.user, count.chat)
    at = f" ({names.call_seq(channel, count.base)})" if count.base else ""
    counted = spoken((names.call(message) for message in count.counted), "no message")
    other = count.said != len(count.counted)
    defined = " by the language's definition" if other else ""
    first = (
        f"Unread of {count.chat} for {count.user}{defined}: counted from {MARKS[count.term]}{at}: "
        f"{counted}, which makes {len(count.counted)}."
    )
    sentences = [first]
    if count.left_out:
        reasons = spoken(f"{names.call(message)} ({why})" for message, why in count.left_out)
        sentences.append(f"Above the mark and not counted: {reasons}.")
    if other:
        sentences.append(f"{says} {count.said} instead{_other_rule(count)}.")
    return tuple(sentences)


def _other_rule(count: UnreadCount) -> str:
    """Say by which simpler rule the server's number comes about, if one gives it."""
    for mark, ignored in (
        (count.base, "whatever lies between"),
        (count.read_to, "which is counted from the read mark, whatever was deleted"),
    ):
        if count.said == max(0, count.last_seq - mark):
            return f", the difference of sequence numbers ({count.last_seq} - {mark}), {ignored}"
    own = [message for message, why in count.left_out if why == "own"]
    if own and count.said == len(count.counted) + len(own):
        return ", which counts the own messages too"
    return ""
