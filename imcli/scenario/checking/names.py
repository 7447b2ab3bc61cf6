"""What the names of a case stand for while it runs: labels, devices, and who has been named.

A label is known to the file; the message behind it is known to the server. `Names` is the meeting
place: the runner tells it of every send and every answer, claims ask it whether a message is m1.

A send whose answer never came has no id; its messages are still recognised, by the client message
number that the runner gave it. What has a number only is enough for "A received m1", and not for
"A reads B up to m1": that needs a sequence number, and says so (`LabelProblem`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from imcli.model.actions import Send
from imcli.model.entities import DeviceKey, Message, channel_key, chat_of
from imcli.model.events import Accepted, Event, Refused, Unanswered
from imcli.model.questions import ObservableView
from imcli.targets.base import Cast, Outcome

SendState = Literal["accepted", "refused", "unknown"]

_MESSAGE = re.compile(r"\bmessage (\d+)\b")
_PLACE = re.compile(r"\bseq (\d+)\b")


class LabelProblem(Exception):
    """A step needs something of a label that it does not have; the message says which and why."""


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What became of one labelled send."""

    label: str
    action: Send
    state: SendState = "unknown"
    reason: str = ""
    message_id: int = 0
    seq: int = 0


class Names:
    """Labels, devices and bookkeeping of one run of one case; copied where a run branches."""

    __slots__ = ("_newest", "_owner", "_waiting", "before", "devices", "named", "sends", "sent")

    def __init__(self, cast: Cast) -> None:
        self.sent: dict[str, Sent] = {}
        """What each label stands for."""
        self.sends = 0
        """How many numbers were given to messages."""
        self.devices: dict[str, tuple[DeviceKey, ...]] = {
            user: tuple(DeviceKey(user, spec.name) for spec in specs) for user, specs in cast.users
        }
        """Each user's devices in file order, added ones behind."""
        self.named: dict[DeviceKey, tuple[str, ...]] = {}
        """Labels that earlier `received` claims named, per device."""
        self.before: dict[str, ObservableView] = {}
        """What users could observe just before the previous action, where a claim will ask."""
        self._newest: dict[tuple[str, str], str] = {}
        self._waiting: dict[tuple[str, str], tuple[str, ...]] = {}
        self._owner: dict[int, str] = {}

    def copy(self) -> Names:
        """Branch: what either copy learns, the other does not."""
        twin = Names.__new__(Names)
        twin.sent = dict(self.sent)
        twin.sends = self.sends
        twin.devices = dict(self.devices)
        twin.named = dict(self.named)
        twin.before = dict(self.before)
        twin._newest = dict(self._newest)
        twin._waiting = dict(self._waiting)
        twin._owner = dict(self._owner)
        return twin

    # Who there is

    def keys(self, user: str, device: str) -> tuple[DeviceKey, ...]:
        """Every device that a claim means: this one, or each of the user."""
        return (DeviceKey(user, device),) if device else self.devices.get(user, ())

    def add_device(self, user: str, device: str) -> None:
        """Remember a device that was added on the way."""
        key = DeviceKey(user, device)
        have = self.devices.get(user, ())
        if key not in have:
            self.devices[user] = (*have, key)

    def name(self, key: DeviceKey, labels: Iterable[str]) -> None:
        """Remember that a `received` claim on this device named these."""
        have = self.named.get(key, ())
        self.named[key] = have + tuple(label for label in labels if label not in have)

    # What became of sends

    def begin(self, label: str, action: Send) -> None:
        """A labelled send is about to be done."""
        self.sent[label] = Sent(label, action)
        self._newest[action.user, action.client_msg_no] = label

    def answer(self, label: str, action: Send, outcome: Outcome) -> None:
        """Give a labelled send its own answer, and every other answer in there to its label."""
        own: Event | None = None
        for event in outcome.events:
            if (
                type(event) is Accepted
                and event.client_msg_no == action.client_msg_no
                and event.user == action.user
            ):
                own = event
        if outcome.result == "refused":
            self.sent[label] = Sent(label, action, "refused", outcome.reason)
        elif outcome.result == "ok" and isinstance(own, Accepted):
            self._accept(label, action, own)
        elif outcome.result == "ok":
            self.sent[label] = Sent(label, action, "accepted")
        elif not any(type(event) is Unanswered for event in outcome.events):
            key = (action.user, action.client_msg_no)
            self._waiting[key] = (*self._waiting.get(key, ()), label)
        for event in outcome.events:
            kind = type(event)
            if (kind is Accepted or kind is Refused) and event is not own:
                self._late(event)

    def notice(self, events: tuple[Event, ...]) -> None:
        """Look for answers that come late: an outbox is sent when its device reconnects."""
        for event in events:
            kind = type(event)
            if kind is Accepted or kind is Refused:
                self._late(event)

    def _late(self, event: Event) -> None:
        if not isinstance(event, Accepted | Refused) or not event.client_msg_no:
            return
        key = (event.user or self._waiting_user(event.client_msg_no), event.client_msg_no)
        waiting = self._waiting.get(key, ())
        if waiting:
            self._waiting[key] = waiting[1:]
        label = waiting[0] if waiting else self._newest.get(key)
        if label is None:
            return
        sent = self.sent[label]
        if isinstance(event, Accepted):
            self._accept(label, sent.action, event)
        elif sent.state == "unknown":
            self.sent[label] = Sent(label, sent.action, "refused", event.reason)

    def _waiting_user(self, number: str) -> str:
        """Whose send with this number still waits: a refusal need not say."""
        for (user, waiting_number), labels in self._waiting.items():
            if waiting_number == number and labels:
                return user
        return ""

    def _accept(self, label: str, action: Send, event: Accepted) -> None:
        self.sent[label] = Sent(label, action, "accepted", "", event.message_id, event.seq)
        if event.message_id:
            self._owner.setdefault(event.message_id, label)

    # What claims ask

    def is_message(self, label: str, message: Message) -> bool:
        """Tell whether this message is what the label stands for."""
        sent = self.sent.get(label)
        if sent is None:
            return False
        if sent.message_id:
            return message.message_id == sent.message_id
        return (
            message.client_msg_no == sent.action.client_msg_no
            and message.sender == sent.action.user
            and self._owner.get(message.message_id, label) == label
        )

    def seq(self, label: str, user: str, chat: str) -> int:
        """The sequence number behind a label, as a place in a user's chat.

        Raises:
            LabelProblem: it has none, and why; or it is a place in another conversation.
        """
        sent = self.of(label)
        if channel_of(sent.action) != channel_key(user, chat):
            other = chat_of(sent.action.user, channel_of(sent.action))
            raise LabelProblem(
                f"{label} was sent by {sent.action.user} to {other}: "
                f"it is no place in the conversation of {user} with {chat}"
            )
        if sent.seq:
            return sent.seq
        why = {
            "refused": f"was refused ({sent.reason})",
            "unknown": "has no answer yet",
            "accepted": "was accepted without being stored",
        }[sent.state]
        raise LabelProblem(f"{label} {why}, so it has no sequence number")

    def of(self, label: str) -> Sent:
        """What became of a labelled send.

        Raises:
            LabelProblem: it was not sent yet.
        """
        sent = self.sent.get(label)
        if sent is None:
            raise LabelProblem(f"{label} has not been sent yet")
        return sent

    # How messages are shown

    def call(self, message: Message) -> str:
        """Name a message for people: its label, or its text in quotes.

        The text is a JSON string, as in the language; whoever prints it makes it safe.
        """
        label = self._owner.get(message.message_id)
        if label is not None and label in self.sent:
            newest = self.sent[label].message_id
            return label if newest in (message.message_id, 0) else other_copy(label)
        for name in self.sent:
            if not self.sent[name].message_id and self.is_message(name, message):
                return name
        for name, sent in self.sent.items():
            if is_same_send(sent.action, message):
                return other_copy(name)  # it was stored again
        text = message.text if len(message.text) <= 40 else message.text[:39] + "…"
        return quote(text)

    def call_seq(self, channel: str, seq: int, messages: Iterable[Message] = ()) -> str:
        """Name a place in a channel's log: a label where one stands there, else its number."""
        if not seq:
            return "-"
        from_views = (m for m in messages if m.seq == seq and m.channel == channel)
        for message in from_views:
            if message.message_id in self._owner:
                return self.call(message)
        for sent in self.sent.values():
            if sent.seq == seq and channel_of(sent.action) == channel:
                return sent.label
        return f"seq {seq}"

    def relabelled(self, text: str, channel: str = "") -> str:
        """Write labels in the place of `message 7` and, of one channel, of `seq 3`."""

        def message(found: re.Match[str]) -> str:
            label = self._owner.get(int(found[1]))
            return label if label is not None and label in self.sent else found[0]

        text = _MESSAGE.sub(message, text)
        if not channel:
            return text
        return _PLACE.sub(lambda found: self.call_seq(channel, int(found[1])), text)


def channel_of(send: Send) -> str:
    """Name the channel that a send goes to."""
    return channel_key(send.user, send.chat)


def other_copy(label: str) -> str:
    """Name a message that was stored with the number of another, which has the label."""
    return f"{label}'s other copy"


def is_same_send(send: Send, message: Message) -> bool:
    """Tell whether a message has the number of a send, in its channel."""
    return (
        send.client_msg_no == message.client_msg_no != ""
        and send.user == message.sender
        and channel_of(send) == message.channel
    )


def quote(text: str) -> str:
    r"""Write a text as the language does.

    >>> quote('say "hi"')
    '"say \\"hi\\""'
    """
    return msgspec.json.encode(text).decode()
