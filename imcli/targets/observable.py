"""What a user can observe, written down so that two looks can be compared, and told to a person.

Messages are called by their ids and places in a log by their numbers (`message 7`, `seq 3`).
Whoever knows what a scenario calls them can put that in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imcli.model.entities import Entry, Message


def list_facts(
    entries: Sequence[Entry], whole: str = "the list", each: str = "the conversation with"
) -> Iterator[tuple[str, str]]:
    """State a list: which conversations it has, in order, and what it says of each.

    >>> list(list_facts([Entry("A", 1)]))
    [('the list', 'A'), ('the conversation with A', '1 unread, no message')]
    """
    yield whole, ", ".join(entry.chat for entry in entries)
    for entry in entries:
        yield f"{each} {entry.chat}", entry_text(entry)


def shown_facts(device: str, entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """State what a device shows."""
    return list_facts(entries, f"what {device} shows", f"what {device} shows of")


def entry_text(entry: Entry) -> str:
    """Write an entry so that equal means equal for a person who looks.

    >>> entry_text(Entry("A", 1, read_to=2, pinned=True))
    '1 unread, no message, read up to seq 2, pinned'
    """
    marks = (("read", entry.read_to), ("deleted", entry.deleted_to))
    reached = (f"{what} up to seq {seq}" for what, seq in marks if seq)
    with_messages = messages_text(entry.messages) or "no message"
    return ", ".join((f"{entry.unread} unread", with_messages, *reached, *entry.flags))


def messages_text(messages: Iterable[Message]) -> str:
    """Name messages in their order."""
    return ", ".join(f"message {message.message_id}" for message in messages)
