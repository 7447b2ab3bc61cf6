"""What an invariant says is wrong, in words: places in a log, entries, messages, and deeds.

Only what is broken is put into words, so nothing here needs to be quick. A place is written
`seq 3`, as in every other text about a run, so that whoever knows labels can put them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from imcli.model.actions import Action
from imcli.model.entities import Entry, Message
from imcli.trace.records import OPEN

SHOWN_MAX = 10


def seqs(numbers: Iterable[int], nothing: str = "no message") -> str:
    """Name places in a log.

    >>> seqs([1, 2]), seqs([])
    ('seq 1, seq 2', 'no message')
    """
    found = list(numbers)
    more = len(found) - SHOWN_MAX
    said = ", ".join(f"seq {number}" for number in found[:SHOWN_MAX])
    return (f"{said} and {more} more" if more > 0 else said) or nothing


def up_to(number: int) -> str:
    """Name a mark.

    >>> up_to(3), up_to(0)
    ('up to seq 3', 'up to nothing')
    """
    return f"up to seq {number}" if number else "up to nothing"


def within(spans: Iterable[Sequence[int]]) -> str:
    """Name the spans of a membership.

    >>> within([[1, 1], [3, OPEN]]), within([])
    ('from seq 1 to seq 1, and from seq 3 on', 'at no time')
    """
    said = [
        f"from seq {first} on" if last >= OPEN else f"from seq {first} to seq {last}"
        for first, last in spans
    ]
    return ", and ".join(said) or "at no time"


def facts(
    unread: int, newest: Iterable[int], read_to: int, deleted_to: int, flags: Iterable[str]
) -> str:
    """Say what an entry of a list has, or must have."""
    said = f"{unread} unread, newest {seqs(newest)}, read {up_to(read_to)}"
    flagged = "".join(f", {flag}" for flag in flags)
    return f"{said}, deleted {up_to(deleted_to)}{flagged}"


def entry_words(entry: Entry) -> str:
    """Say what an entry of a list has."""
    names = ("pinned", "muted", "archived", "marked_unread")
    flags = [name.replace("_", " ") for name in names if getattr(entry, name)]
    newest = [message.seq for message in entry.messages][-3:]
    if not newest and entry.last is not None:
        newest = [entry.last.seq]
    return facts(entry.unread, newest, entry.read_to, entry.deleted_to, flags)


def message_words(message: Message) -> str:
    """Say which message it is and what it holds.

    >>> message_words(Message("A@B", 3, 7, "c1", "B", "hi"))
    'seq 3 (number 7, from B: "hi")'
    """
    return (
        f'seq {message.seq} (number {message.message_id}, from {message.sender}: "{message.text}")'
    )


def value_words(value: object) -> str:
    """Say one thing that two looks may answer differently.

    >>> value_words(("A", "B")), value_words(()), value_words(3), value_words(None)
    ('A, B', 'nothing', '3', 'nothing')
    """
    match value:
        case None:
            return "nothing"
        case Entry():
            return entry_words(value)
        case Message():
            return message_words(value)
        case tuple() | list():
            if value and all(isinstance(each, Message) for each in value):
                return seqs(each.seq for each in value)
            return ", ".join(value_words(each) for each in value) or "nothing"
        case _:
            return str(value)


def words_of_type(value: object) -> str:
    """Name a kind of action or event: `AddMembers` is "add members"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(value).__name__).lower()


def deed(action: Action) -> str:
    """Name what was done.

    >>> from imcli.model.actions import AddMembers, Read
    >>> deed(Read("A", "phone", "B")), deed(AddMembers("#g", ("B",)))
    ('a "read"', 'an "add members"')
    """
    name = words_of_type(action)
    return f'{"an" if name[0] in "aeiou" else "a"} "{name}"'
