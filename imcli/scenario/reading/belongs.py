"""Which conversation a label belongs to, and where a message of another one cannot be meant.

A message has its place (its sequence number) in one conversation. A mark (`up to m1`), the content
of an entry (`last m1`, `messages m1, m2`) or of a history is a message of that very conversation:
one of another would mean nothing, or be taken for the message that has the same number here. What
may be any message is not asked: what a device received, what a sender was told, and what a history
does not contain.
"""

from __future__ import annotations

from imcli.model.entities import channel_key
from imcli.scenario.reading.draft import Draft
from imcli.scenario.reading.labels import Labels
from imcli.scenario.reading.said import ClaimSentence, Named
from imcli.scenario.reading.scope import listed
from imcli.scenario.reading.written import Node
from imcli.scenario.table.holes import THE_CONVERSATION
from imcli.scenario.table.patterns import Slots

ANYONE = "*"
"""In a table: a row that is about every device."""


def belong(draft: Draft, node: Node, named: Named, slots: Slots) -> bool:
    """Check that labels are messages of a sentence's conversation; notes those that are not.

    Args:
        draft: the case.
        node: where the sentence stands.
        named: its names, all of them known.
        slots: what stands in it; a sentence without a conversation concerns no label.
    """
    chat = slots.chat
    if chat == THE_CONVERSATION and draft.context.implied:
        chat = draft.context.other(slots.user)
    if not chat:
        return True
    right = True
    for mention in named.mentions:
        if mention.kind != "label":
            continue
        complaint = stranger(draft.labels, mention.name, slots.user, chat)
        if complaint:
            right = False
            draft.complain(node, mention.token, complaint, _own(draft.labels, slots.user, chat))
    return right


def claim_belongs(draft: Draft, node: Node, said: ClaimSentence) -> bool:
    """Check the labels of a claim; of a history, only those that it must contain."""
    if not said.named.labels or said.row.negative:
        return True
    if said.row.name == "one-message":
        return _alike(draft, node, said)
    return belong(draft, node, said.named, said.slots)


def _alike(draft: Draft, node: Node, said: ClaimSentence) -> bool:
    """Check that two messages that are to be one were sent to one conversation."""
    first, second = said.slots.label, said.slots.label2
    one, other = draft.labels.channel(first), draft.labels.channel(second)
    if one == other:
        return True
    message = f"`{second}` is a message of {spoken(other)}, and `{first}` one of {spoken(one)}"
    draft.complain(node, said.named.mentions[-1].token, message)
    return False


def stranger(labels: Labels, name: str, user: str, chat: str) -> str:
    """Say that a label is no message of a user's conversation, or "".

    Args:
        labels: those of the case.
        name: the label, as it is written.
        user: whose conversation it is; `ANYONE` for whoever has it.
        chat: the user or the group that it is with.
    """
    channel = labels.channel(name)
    if not channel or channel == channel_key(user, chat):
        return ""
    if user == ANYONE:
        members = channel.split("@")
        return "" if chat in members else f"`{name}` is a message of {spoken(channel)}"
    there = spoken(channel_key(user, chat))
    return f"`{name}` is a message of {spoken(channel)}, not of {there}"


def _own(labels: Labels, user: str, chat: str) -> str:
    """List the messages that may be meant."""
    channel = channel_key(user, chat)
    names = [name for name in labels.all_names() if labels.channel(name) == channel]
    return listed(names, "one that was sent to this conversation; ")


def spoken(channel: str) -> str:
    """Name a conversation to people.

    >>> spoken("A@B"), spoken("#team")
    ('A and B', '#team')
    """
    return channel.replace("@", " and ")
