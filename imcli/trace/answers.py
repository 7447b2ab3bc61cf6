"""What must be true of single events: answers, pushes, and what was told to the one who asked.

One function per kind of event, in a table. Each looks at one event beside the ledger as it stands
after the step, and appends what is broken. What a list shows of a conversation is judged in
`safety.py`; here it is judged whether answers are those of the ledger and went to the right place.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from imcli.model.actions import Action, Pull, Send, Synchronise
from imcli.model.entities import Entry, Message, channel_key, chat_of
from imcli.model.events import (
    Accepted,
    ConversationPushed,
    Event,
    HistoryPage,
    ListAnswer,
    MembersChanged,
    Pushed,
    Stored,
)
from imcli.trace.ledger import Ledger
from imcli.trace.records import Part
from imcli.trace.safety import Look, agrees, explain
from imcli.trace.verdicts import Broken
from imcli.trace.words import (
    channel_words,
    message_words,
    seqs,
    up_to,
    within,
    words_of_type,
)

Judge = Callable[[Ledger, Action, Event, list[Broken]], None]


def _stored(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is Stored
    message = event.message
    if not message.seq or not message.client_msg_no:
        return
    key = (message.channel, message.sender, message.client_msg_no)
    known = ledger.sends.get(key)
    ledger.sends[key] = message, ledger.now_ms
    if known is None:
        return
    first, then_ms = known
    if ledger.now_ms - then_ms <= ledger.policy.resend_window:
        chat = chat_of(message.sender, message.channel)
        one, two = f"one message, seq {first.seq}", f"seq {message.seq} as well"
        out.append(Broken(10, message.sender, chat, one, two))


def _accepted(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is Accepted
    if not isinstance(action, Send):
        return
    if not event.seq:
        _numberless(ledger, action, event, out)
        return
    ledger.repeats += event.duplicate
    message = event.message
    if (
        message is not None
        and message is ledger.newest
        and event.message_id == message.message_id
        and event.seq == message.seq
    ):
        return  # nearly always: the very message that this step put in its place in the log
    user, chat = action.user, action.chat
    channel = ledger.channels.get(message.channel if message else channel_key(user, chat))
    if channel is None or event.seq > len(channel.log):
        out.append(Broken(14, user, chat, f"a message at seq {event.seq}", "none there"))
        return
    stored = channel.log[event.seq - 1]
    if event.duplicate:
        _, then_ms = ledger.sends.get((channel.key, user, action.client_msg_no), (stored, 0))
        if ledger.now_ms - then_ms > ledger.policy.resend_window:
            wanted = "a new message, the window for resends being over"
            out.append(Broken(14, user, chat, wanted, f"the answer of seq {event.seq}"))
    if stored.message_id != event.message_id:
        number = 10 if event.duplicate else 14
        wanted = f"message {stored.message_id}"
        out.append(Broken(number, user, chat, wanted, f"message {event.message_id}"))


def _numberless(ledger: Ledger, action: Send, event: Accepted, out: list[Broken]) -> None:
    """Judge an answer without a sequence number: a resend is told the same message again."""
    if not (action.client_msg_no and event.message_id):
        return
    key = (channel_key(action.user, action.chat), action.user, action.client_msg_no)
    first, then_ms = ledger.numberless.get(key, (0, 0))
    if not first or ledger.now_ms - then_ms > ledger.policy.resend_window:
        ledger.numberless[key] = event.message_id, ledger.now_ms
    elif first != event.message_id:
        wanted, actual = f"message {first} again", f"message {event.message_id}"
        out.append(Broken(10, action.user, action.chat, wanted, actual))


EFFECTS = frozenset({Stored, Pushed, ConversationPushed, MembersChanged})


def judge_refusal(action: Action, events: Sequence[Event], out: list[Broken]) -> None:
    """Judge what happened in a step that was refused: nothing may have."""
    for event in events:
        if type(event) in EFFECTS:
            user = getattr(action, "user", "")
            chat = getattr(action, "chat", "") or getattr(action, "group", "")
            what = f"an event: {words_of_type(event)}"
            out.append(Broken(13, user, chat, "no effect of a refused action", what))


def _pushed(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is Pushed
    message = event.message
    channel = ledger.channels.get(message.channel)
    devices = event.devices
    if channel is None:
        out.append(
            Broken(20, "", message.channel, "no push of an unknown channel", message_words(message))
        )
        return
    if ledger.reachable(channel).issuperset(devices):
        return
    for user, device in devices:
        part = channel.parts.get(user)
        if part is None or device not in ledger.devices.get(user, ()):
            wanted = f"messages of {channel_words(message.channel)} at its members only"
            actual = f"{message_words(message)} pushed to {user}.{device}"
            out.append(Broken(20, user, message.channel, wanted, actual))
        elif not part.present and message.seq and not part.was_there(message.seq):
            wanted = f"nothing from outside the membership, {within(part.past)}"
            out.append(Broken(17, user, part.chat, wanted, f"seq {message.seq} was pushed"))


def _told(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is ConversationPushed
    own = ledger.devices.get(event.user, ())
    for device in event.devices:
        if device not in own:
            wanted = f"news for devices of {event.user} only"
            out.append(
                Broken(20, event.user, event.chat, wanted, f"news for {device!s}, which is none")
            )


# Lists


def _listed(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is ListAnswer
    if not isinstance(action, Synchronise):
        return
    user = action.user
    if (event.user, event.device) != (user, action.device):
        out.append(Broken(20, user, "", f"an answer to {user}", f"one to {event.user}"))
        return
    limited = ledger.policy.list_limit > 0
    total = ledger.totals.get(user, 0)
    if event.total_unread != total and not limited:
        out.append(
            Broken(16, user, "", f"{total} unread in total", f"{event.total_unread} in total")
        )
    for entry in event.entries:
        judge_entry(ledger, action, entry, out)
    if event.full and not limited:
        judge_list(ledger, user, ledger.parts(user), event, out)
    _rest(ledger, event, out)


def judge_entry(ledger: Ledger, action: Synchronise, entry: Entry, out: list[Broken]) -> None:
    """Judge one entry of an answer by itself, whatever the answer leaves out."""
    part = ledger.part(action.user, entry.chat)
    if part is None:
        out.append(
            Broken(20, action.user, entry.chat, "no conversation without a part in it", "it listed")
        )
    elif not agrees(part, entry, action.message_count):
        messages = part.newest(action.message_count) if action.message_count else []
        out.extend(explain(Look(action, True, part, entry, entry, False, messages)))


def judge_list(
    ledger: Ledger, user: str, parts: Sequence[Part], event: ListAnswer, out: list[Broken]
) -> None:
    """Judge a full list as a whole: nothing missing of a user's `parts`, and in its order."""
    answered = [entry.chat for entry in event.entries]
    there = set(answered)
    for part in parts:
        if part.is_listed and part.chat not in there:
            out.append(Broken(2 if part.deletes else 1, user, part.chat, "listed", "not listed"))
    if len(answered) < 2:
        return
    known = [each for chat in answered if (each := ledger.part(user, chat)) is not None]
    orders = [each.order() for each in known if not ledger.skewed or each.newest(1)]
    if ledger.policy.list_order == "last-message" and orders != sorted(orders, reverse=True):
        out.append(
            Broken(
                11, user, "", "pinned first, then newest first", f"the list {', '.join(answered)}"
            )
        )


def _rest(ledger: Ledger, event: ListAnswer, out: list[Broken]) -> None:
    """Judge what an answer has besides entries: tombstones and commands."""
    user = event.user
    for chat, _ in event.tombstones:
        part = ledger.part(user, chat)
        if part is not None and part.is_listed:
            out.append(Broken(14, user, chat, "listed", "told that it is gone"))
    for message in event.commands:
        part = ledger.part(user, chat_of(user, message.channel))
        if part is None:
            out.append(
                Broken(
                    20,
                    user,
                    message.channel,
                    "own commands only",
                    f"the command {seqs([message.seq])}",
                )
            )
        elif not part.was_there(message.seq):
            out.append(
                Broken(17, user, part.chat, f"commands {within(part.spans)}", seqs([message.seq]))
            )


# Histories


def _history(ledger: Ledger, action: Action, event: Event, out: list[Broken]) -> None:
    assert type(event) is HistoryPage
    part = ledger.part(event.user, event.chat)
    if part is None:
        if event.messages:
            out.append(
                Broken(
                    17, event.user, event.chat, "no history", seqs(m.seq for m in event.messages)
                )
            )
        return
    judge_page(part, event.messages, out)
    if isinstance(action, Pull) and not (action.start or action.end or event.more):
        judge_whole(part, event.messages, out)


def judge_page(part: Part, messages: Sequence[Message], out: list[Broken]) -> None:
    """Judge messages of a history: each allowed, each right, none left out in between."""
    found_seqs = [message.seq for message in messages]
    if not found_seqs:
        return
    cut, log = part.cut, part.channel.log
    between = visible_between(part, found_seqs[0], found_seqs[-1])
    if between == found_seqs and all(log[m.seq - 1] == m for m in messages):
        return
    there = set(found_seqs)
    low = [seq for seq in found_seqs if seq <= cut]
    outside = [seq for seq in found_seqs if seq > cut and not part.within(seq)]
    holes = [seq for seq in between if seq not in there]
    wrong = [m.seq for m in messages if m.seq > len(log) or log[m.seq - 1] != m]
    hidden = [s for s in found_seqs if s not in set(between) and s not in low and s not in outside]
    for number, expected, found, actual in (
        (11, "rising sequence numbers", found_seqs if found_seqs != sorted(there) else [], "{}"),
        (3, f"nothing {up_to(cut)} in a history", low, "{} in it"),
        (17, f"a history {within(part.spans)}", outside, "{} in it"),
        (12, "no gap in a history", holes, "one without {}"),
        (1, "messages as they were accepted", wrong, "{} changed"),
        (25, "a history of what a list may show", hidden, "{} in it, which is no longer visible"),
    ):
        if found:
            out.append(Broken(number, part.user, part.chat, expected, actual.format(seqs(found))))


def judge_whole(part: Part, messages: Sequence[Message], out: list[Broken]) -> None:
    """Judge a history that claims to reach both ends of what its user can see."""
    there = {message.seq for message in messages}
    missing = [seq for seq in part.newest(0) if seq not in there]
    if missing:
        out.append(Broken(1, part.user, part.chat, f"{seqs(missing)} in the history", "not there"))


def visible_between(part: Part, first: int, last: int) -> list[int]:
    """Give the visible sequence numbers from `first` to `last`, both included."""
    shown = part.channel.shown
    return [
        shown[at]
        for low, high in part.slices(shown, part.cut)
        for at in range(max(low, bisect_left(shown, first)), min(high, bisect_right(shown, last)))
    ]


JUDGES: dict[type[Event], Judge] = {
    Stored: _stored,
    Accepted: _accepted,
    Pushed: _pushed,
    ConversationPushed: _told,
    ListAnswer: _listed,
    HistoryPage: _history,
}
"""Who judges which event; the others say nothing that could be wrong by itself."""
