"""Events and answers in words, for the trace of a failing case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from imcli.model.entities import DeviceKey
from imcli.model.events import (
    Accepted,
    ChangeKind,
    ConversationPushed,
    Done,
    Event,
    Flushed,
    HistoryPage,
    ListAnswer,
    Lost,
    MembersChanged,
    Offline,
    Pushed,
    Refused,
    Response,
    ServerRestarted,
    SessionEnded,
    SessionStarted,
    Stored,
    Unanswered,
)
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.names import Names
from imcli.targets.base import Outcome


def answer_text(outcome: Outcome) -> str:
    """Say what the one who asked learned."""
    reason = f" ({outcome.reason})" if outcome.reason else ""
    detail = f": {outcome.detail}" if outcome.detail else ""
    return f"{outcome.result}{reason}{detail}"


def event_texts(events: Sequence[Event], names: Names, *, link: bool = False) -> tuple[str, ...]:
    """Say what was seen to happen, an event a line; what only repeats the answer is left out.

    A message is pushed in the step in which it is sent; in another one, it reaches a device. `link`
    says that the step did something to a link, which can only let through what it had held.
    """
    fresh = sent_in(events)
    texts: list[str] = []
    for late, some in groupby(events, lambda event: _late(event, fresh)):
        if late is None:
            texts += filter(None, (event_text(event, names) for event in some))
        else:
            texts.append(f"{'released: ' if link else ''}{_reached(some, *late, names)}")
    return tuple(texts)


def sent_in(events: Iterable[Event]) -> frozenset[int]:
    """Give the ids of the messages that were sent in a step."""
    return frozenset(
        event.message.message_id if isinstance(event, Stored) else event.message_id
        for event in events
        if isinstance(event, Stored | Accepted)
    )


Late = tuple[tuple[DeviceKey, ...], int]


def _late(event: Event, fresh: frozenset[int]) -> Late | None:
    """Give to whom, and at which attempt, a message came that was sent in an earlier step."""
    if not isinstance(event, Pushed) or event.message.message_id in fresh:
        return None
    return event.devices, event.attempt


def _reached(
    events: Iterable[Event], devices: tuple[DeviceKey, ...], attempt: int, names: Names
) -> str:
    messages = spoken(names.call(event.message) for event in events if isinstance(event, Pushed))
    return f"{messages} reached {spoken(map(str, devices), 'nobody')}{_again(attempt)}"


def _again(attempt: int) -> str:
    return f" (attempt {attempt}: no acknowledgement had come)" if attempt > 1 else ""


def event_text(event: Event, names: Names) -> str:
    """Say one event."""
    match event:
        case Done() | Refused() | Stored():
            return ""
        case Accepted(message_id=message_id, seq=seq, duplicate=duplicate):
            known = ", known already" if duplicate else ""
            return f"accepted as seq {seq}, id {message_id}{known}"
        case Unanswered(user=user, device=device, done=done):
            return f"{user}.{device} got no answer{', though the server did it' if done else ''}"
        case Offline(user=user, device=device):
            return f"{user}.{device} is offline"
        case ListAnswer(user=user, device=device, full=full, entries=entries):
            kind = "a full" if full else "an incremental"
            chats = spoken(f"{e.chat} ({e.unread} unread)" for e in entries)
            gone = f"; gone: {spoken(c for c, _ in event.tombstones)}" if event.tombstones else ""
            return f"{user}.{device} got {kind} list: {chats}{gone}"
        case HistoryPage(user=user, device=device, chat=chat, messages=messages):
            return f"{user}.{device} got history with {chat}: {spoken(map(names.call, messages))}"
        case Response(label=label, status=status, body=body):
            return f"{label or 'answer'}: status {status}, body {body}"
        case MembersChanged(group=group, joined=joined, left=left, dismissed=dismissed):
            return _membership(group, joined, left, dismissed)
        case SessionStarted(user=user, device=device):
            return f"{user}.{device} is online"
        case SessionEnded(user=user, device=device, because=because):
            return f"{user}.{device} is offline ({because})"
        case Flushed(rows=rows):
            return f"{rows} row{'' if rows == 1 else 's'} written"
        case ServerRestarted(crashed=crashed):
            return f"the server {'crashed and came' if crashed else 'came'} up again"
        case Pushed(message=message, devices=devices, attempt=attempt):
            to = spoken(map(str, devices), "nobody")
            return f"{names.call(message)} pushed to {to}{_again(attempt)}"
        case Lost(message=message, devices=devices):
            return f"{names.call(message)} was lost on the link to {spoken(map(str, devices))}"
        case ConversationPushed():
            keys = names.devices.get(event.user, ())
            return _told(keys, event.user, event.devices, _change(event))


def _membership(group: str, joined: tuple[str, ...], left: tuple[str, ...], dismissed: bool) -> str:
    parts = [f"{spoken(joined)} joined"] if joined else []
    parts += [f"{spoken(left)} no longer belong{'s' * (len(left) == 1)} to it"] if left else []
    if dismissed:
        return f"{group} was dismissed"
    return f"{group}: {', '.join(parts)}"


def _told(keys: Iterable[DeviceKey], user: str, devices: tuple[str, ...], what: str) -> str:
    """Say which of a user's devices were told, and, where it may matter, which were not."""
    told = [f"{user}.{device}" for device in devices]
    missed = [str(key) for key in keys if key.device not in devices]
    if not told:
        return f"no device of {user} was told that {what}"
    verb = "was" if len(told) == 1 else "were"
    return f"{spoken(told)} {verb} told that {what}" + (f", {spoken(missed)} not" if missed else "")


CHANGES: dict[ChangeKind, str] = {
    "deleted": "{chat} was deleted",
    "cleared": "the history with {chat} was cleared",
    "read": "{chat} was read",
    "marked": "{chat} now has {unread} unread{flags}",
    "flags": "{chat} now has {unread} unread{flags}",
    "accepted": "the request from {chat} was accepted",
    "returned": "{chat} is back with what had waited",
    "joined": "{user} is a member of {chat}",
    "left": "{user} is no member of {chat} any more",
    "dismissed": "{chat} was dismissed",
}
"""What a device is told of a conversation."""


def _change(event: ConversationPushed) -> str:
    """Say what devices are told, and that it is about a conversation that is not listed."""
    entry = event.entry or event.unlisted
    words = CHANGES[event.change].format(
        user=event.user,
        chat=event.chat,
        unread=0 if entry is None else entry.unread,
        flags="" if entry is None else "".join(f", {flag}" for flag in entry.flags),
    )
    if event.entry is not None or event.untold:
        return words
    hidden = event.change in ("read", "marked", "flags", "accepted")
    return f"{words}, and not listed" if hidden else words
