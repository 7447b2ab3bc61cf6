"""What an invariant says is wrong, in words: places in a log, entries, messages, and deeds.

Only what is broken is put into words, so nothing here needs to be quick. A place is written
`seq 3`, as in every other text about a run, so that whoever knows labels can put them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    CreateGroup,
    Delete,
    Dismiss,
    MarkUnread,
    Read,
    RemoveMembers,
    Restart,
    Send,
    SetAccess,
    SetFlag,
)
from imcli.model.entities import ENTRY_FLAGS, Entry, Message
from imcli.trace.records import OPEN

SHOWN_MAX = 10

FLAG_VERBS = {"pinned": "pins", "muted": "mutes", "archived": "archives"}


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


def entry_words(entry: Entry | None) -> str:
    """Say what an entry of a list has.

    >>> entry_words(Entry("B", 2, read_to=1, pinned=True)), entry_words(None)
    ('2 unread, no last message, read up to seq 1, deleted up to nothing, pinned', 'not listed')
    """
    if entry is None:
        return "not listed"
    return ", ".join([*_marks(entry), *entry.flags])


def contrast(one: Entry | None, two: Entry | None) -> tuple[str, str]:
    """Say two looks at one conversation, by the facts in which they differ.

    >>> contrast(Entry("B", 2, read_to=1, pinned=True), Entry("B", 3, read_to=1))
    ('2 unread, pinned', '3 unread, not pinned')
    """
    if one is None or two is None or one == two:
        return entry_words(one), entry_words(two)
    pairs = zip(_all_facts(one), _all_facts(two), strict=True)
    differing = [(mine, other) for mine, other in pairs if mine != other]
    if not differing:  # it is not in what is said of entries
        return entry_words(one), f"{entry_words(two)}, in another place"
    return ", ".join(mine for mine, _ in differing), ", ".join(other for _, other in differing)


def _all_facts(entry: Entry) -> tuple[str, ...]:
    messages = seqs(message.seq for message in entry.messages)
    shown = f"shown with {messages}" if entry.messages else "shown without messages"
    return (*_marks(entry), *_flags(entry), shown)


def _marks(entry: Entry) -> tuple[str, ...]:
    last = f"last {seqs([entry.last.seq])}" if entry.last is not None else "no last message"
    marks = (f"read {up_to(entry.read_to)}", f"deleted {up_to(entry.deleted_to)}")
    return (f"{entry.unread} unread", last, *marks)


def _flags(entry: Entry) -> tuple[str, ...]:
    return tuple(
        words if getattr(entry, field) else f"not {words}" for field, words in ENTRY_FLAGS.items()
    )


def message_words(message: Message) -> str:
    """Say which message it is and what it holds.

    >>> message_words(Message("A@B", 3, 7, "c1", "B", "hi"))
    'seq 3 (number 7, from B: "hi")'
    """
    return (
        f'seq {message.seq} (number {message.message_id}, from {message.sender}: "{message.text}")'
    )


def channel_words(channel: str) -> str:
    """Name a channel as people do.

    >>> channel_words("A@B"), channel_words("#team")
    ('the chat of A and B', '#team')
    """
    first, between, second = channel.partition("@")
    return f"the chat of {first} and {second}" if between else channel


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
    """Say what was done, as a scenario says it.

    >>> from imcli.model.actions import AddMembers, Pull, Read
    >>> deed(Read("A", "phone", "B", 3)), deed(AddMembers("#g", ("B", "C")))
    ('"A reads B up to seq 3"', '"admin adds B, C to #g"')
    >>> deed(Pull("A", "phone", "B"))
    'a "pull" of A'
    """
    said = sentence(action)
    if said:
        return f'"{said}"'
    name, user = words_of_type(action), getattr(action, "user", "")
    return f'{"an" if name[0] in "aeiou" else "a"} "{name}"{f" of {user}" if user else ""}'


def sentence(action: Action) -> str:
    """Say what a person did to a conversation, a group or a list; "" for anything else.

    Nobody is the administrator, and no device is named.
    """
    match action:
        case Send(user=user, chat=chat):
            return f"{user} sends {chat}"
        case Delete(user=user, chat=chat):
            bound = f" up to seq {action.up_to}" if action.up_to else ""
            return f"{user} deletes {chat}{' for both' if action.for_both else ''}{bound}"
        case Clear(user=user, chat=chat):
            return f"{user} clears {chat}"
        case Read(user=user, chat=chat):
            return f"{user} reads {chat}" + (f" up to seq {action.up_to}" if action.up_to else "")
        case MarkUnread(user=user, chat=chat, count=count):
            return f"{user} marks {chat} unread" + ("" if count is None else f" {count}")
        case SetFlag(user=user, chat=chat, flag=flag, on=on):
            return f"{user} {'' if on else 'un'}{FLAG_VERBS[flag]} {chat}"
        case SetAccess(owner=owner, member=member, access=access, on=on):
            verb = access if on else {"block": "unblock", "allow": "disallow"}[access]
            place = f" in {owner}" if owner[:1] == "#" else ""
            return f"{'admin' if place else owner} {verb}s {member}{place}"
        case CreateGroup(group=group, members=members):
            return f"{action.user or 'admin'} creates {group} with {', '.join(members)}"
        case Dismiss(group=group):
            return f"{action.user or 'admin'} dismisses {group}"
        case AddMembers(group=group, members=members):
            return f"{action.user or 'admin'} adds {', '.join(members)} to {group}"
        case RemoveMembers(group=group, members=members):
            return f"{action.user or 'admin'} removes {', '.join(members)} from {group}"
        case Restart():
            return "server restarts"
        case _:
            return ""
