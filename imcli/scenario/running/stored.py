"""What a server has stored of a conversation, in words, and what a step made of it.

Two servers answer a delete alike and keep different things: one a mark, the other nothing. What is
kept decides what the next message brings back, so a failing case tells it beside the delete.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.model.actions import Clear, Delete
from imcli.model.entities import Entry, channel_key
from imcli.model.errors import ImcliError
from imcli.model.questions import Kept, KeptView, Question
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.running.program import Act, Unit

Look = Callable[[Question], object]
"""Answers a question about a world, or raises `ImcliError`."""


def record_words(user: str, chat: str, entry: Entry, names: Names) -> str:
    """Say the marks of a stored record: `read up to m2, deleted up to m1`."""
    channel = channel_key(user, chat)
    marks = [
        f"{word} up to {names.call_seq(channel, mark, entry.messages)}"
        for word, mark in (("read", entry.read_to), ("deleted", entry.deleted_to))
        if mark
    ]
    return spoken(marks, "neither read nor deleted")


def stored_by(look: Look, user: str, chat: str) -> KeptView | None:
    """Look at what is stored; nothing where a server does not let anybody look."""
    try:
        view = look(Kept(user, chat))
    except ImcliError:
        return None
    return view if isinstance(view, KeptView) else None


def removes(unit: Unit) -> Delete | Clear | None:
    """Give the action of a step after which the stored record matters."""
    action = unit.do.action if isinstance(unit, Act) else None
    return action if isinstance(action, Delete | Clear) else None


def change_words(
    action: Delete | Clear, before: KeptView | None, after: KeptView | None, names: Names
) -> str:
    """Say what a step left of a stored record; "" where nobody could look."""
    if before is None or after is None:
        return ""
    user, chat = action.user, action.chat
    record = f"the stored record of {chat} for {user}"
    if after.entry is None:
        return f"{record} was removed" if before.entry else f"there was no {record[4:]}"
    words = record_words(user, chat, after.entry, names)
    return f"{record} {'stays' if before.entry else 'is new'}: {words}"
