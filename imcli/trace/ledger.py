"""The ledger: an independent model of what must be true, folded from actions and events.

It believes what a server says happened in its order (`Stored`, `MembersChanged`, refusals), and
works everything else out again: who sees what, what is unread, what is listed. `fold` takes one
action with its events and gives the parts (user, channel) that it touched, and nothing in it takes
longer because an account or a log is large.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from imcli.model.actions import (
    Action,
    Send,
)
from imcli.model.entities import Message, channel_key, chat_of, is_group
from imcli.model.events import Event, MembersChanged, Offline, Refused, Stored, Unanswered
from imcli.trace.deeds import DEEDS, TRIES
from imcli.trace.policy import Policy
from imcli.trace.records import OPEN, Channel, Held, Part
from imcli.trace.verdicts import Broken


def answers_it(event: Refused, action: Action) -> bool:
    """Tell whether a refusal is the answer to this action, and not a late one to a send."""
    if isinstance(action, Send):
        return event.client_msg_no in ("", action.client_msg_no)
    return not event.client_msg_no


class Ledger:
    """Channels, parts and totals, as they must be after the actions folded so far."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.channels: dict[str, Channel] = {}
        self.devices: dict[str, dict[str, None]] = {}
        self.totals: dict[str, int] = {}
        self.sends: dict[tuple[str, str, str], tuple[Message, int]] = {}
        self.numberless: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.now_ms = 0
        self.done = True
        self.skewed = False
        self.step = 0
        self.newest: Message | None = None
        self.newest_id = 0
        self.version = 0
        self.repeats = 0
        self.refusals = 0
        self.touched: list[Part] = []
        self.oddities: list[Broken] = []
        self._expiring: list[tuple[int, str, int]] = []
        self._owner = object()

    def fork(self) -> Ledger:
        """Give a ledger that goes its own way from here.

        Channels are shared until either side wants to change one (`_own`), so that a fork costs
        nothing for what it never touches.
        """
        twin = Ledger.__new__(Ledger)
        twin.__dict__.update(self.__dict__)
        twin.channels = dict(self.channels)
        twin.devices = dict(self.devices)
        twin.totals = dict(self.totals)
        twin.sends = dict(self.sends)
        twin.numberless = dict(self.numberless)
        twin.touched, twin.oddities = [], []
        twin._expiring = list(self._expiring)
        self._owner, twin._owner = object(), object()
        return twin

    def close(self) -> None:
        """Let go of the channels, which their parts hold and which hold their parts."""
        for channel in self.channels.values():
            if channel.owner is self._owner:
                channel.parts = {}
        self.channels = {}

    def _own(self, channel: Channel) -> Channel:
        """Give a channel that may be changed: a copy, where a fork has it too."""
        if channel.owner is not self._owner:
            channel = self.channels[channel.key] = channel.copy()
            channel.owner = self._owner
        return channel

    def fold(self, action: Action, events: Sequence[Event], now_ms: int) -> list[Part]:
        """Take in one step; returns the parts that it touched, each once.

        `now_ms` is server time after the step.
        """
        self.step += 1
        self.done = True
        touched: list[Part] = []
        self.touched = touched
        if self.oddities:
            self.oddities = []
        for event in events:
            if type(event) is Stored:
                self.store(event.message)
                continue
            take = TAKES.get(type(event))
            if take is not None:
                take(self, action, event)
        deed = (DEEDS if self.done else TRIES).get(type(action))
        if deed is not None:
            deed(self, action, self.done)
        if now_ms != self.now_ms:
            self._tick(now_ms)
        for part in touched:
            if part.stale:
                part.derive(self.policy)
            if part.number != part.share or part.muted:
                self._add_up(part)
        return touched

    def _add_up(self, part: Part) -> None:
        """Keep the total of a user up to date."""
        share = 0 if part.muted and not self.policy.total_counts_muted else part.number
        self.totals[part.user] = self.totals.get(part.user, 0) + share - part.share
        part.share = share

    # Looking things up

    def part(self, user: str, chat: str) -> Part | None:
        """Give a user's part in a chat, or None where there has never been one."""
        channel = self.channels.get(channel_key(user, chat))
        return None if channel is None else channel.parts.get(user)

    def parts(self, user: str) -> list[Part]:
        """Give all parts of a user, in the order in which the channels came to be."""
        return [c.parts[user] for c in self.channels.values() if user in c.parts]

    def reach(self, user: str, chat: str) -> Part | None:
        """Give a part, and make a person channel's where it is not there yet."""
        key = channel_key(user, chat)
        channel = self.channels.get(key)
        if channel is None:
            if chat[:1] == "#" or chat not in self.devices:
                return None
            channel = self._open(key)
        elif channel.owner is not self._owner:
            channel = self._own(channel)
        return channel.parts.get(user)

    def _open(self, key: str) -> Channel:
        channel = self.channels[key] = Channel(key)
        channel.owner = self._owner
        if not is_group(key):
            first, _, second = key.partition("@")
            for user in dict.fromkeys((first, second)):
                channel.parts[user] = Part(user, channel, 1)
        return channel

    def reachable(self, channel: Channel) -> frozenset[tuple[str, str]]:
        """Give the devices that a message of this channel may be pushed to."""
        if channel.version != self.version or channel.owner is not self._owner:
            channel = self._own(channel)
            channel.version = self.version
            channel.reachable = frozenset(
                (user, device)
                for user, part in channel.parts.items()
                if part.present
                for device in self.devices.get(user, ())
            )
        return channel.reachable

    def touch(self, part: Part) -> None:
        """Note that the step touched this part; `part.stale` says whether anything changed."""
        if part.stamp != self.step:
            part.stamp = self.step
            self.touched.append(part)

    # What events mean

    def store(self, message: Message) -> None:
        """Take in an accepted message, and do what it does to every member."""
        channel = self.channels.get(message.channel)
        if channel is None:
            channel = self._open(message.channel)
        elif channel.owner is not self._owner:
            channel = self._own(channel)
        if message.seq == 0:
            return
        own = channel.parts.get(message.sender)
        in_place = message.seq == len(channel.log) + 1 and own is not None and own.present
        if not in_place and not self._plausible(channel, message, own):
            return
        channel.append(message)
        self.newest, self.newest_id = message, message.message_id
        if message.expires_ms:
            due = (message.expires_ms, message.channel, message.seq)
            heapq.heappush(self._expiring, due)
        sender, step, touched = message.sender, self.step, self.touched
        content, shown = message.kind == "content", message.kind != "command"
        more = 1 if content and not message.no_red_dot else 0
        plain = self.policy.unread_counts == "visible-content"
        for part in channel.parts.values():
            if part.present:
                if part.stamp != step:
                    part.stamp = step
                    touched.append(part)
                if part.stale or part.archived or part.held or not (plain and part.is_listed):
                    self._arrive(part, message)
                elif part.user == sender and content:
                    self._wrote(part, message)
                elif shown:  # one more message for whoever has the conversation in the list
                    part.last = message
                    part.number += more

    def _plausible(self, channel: Channel, message: Message, part: Part | None) -> bool:
        """Judge a message of a stranger, or out of its place; the latter cannot be taken in."""
        last = len(channel.log)
        if channel.dismissed:
            self._odd(18, message, "no new message after the dismissal", f"seq {message.seq}")
        elif part is None or not part.present:
            self._odd(17, message, "no message of a non-member", f"seq {message.seq}")
        if message.seq != last + 1:
            self._odd(11, message, f"seq {last + 1} as the next message", f"seq {message.seq}")
            return False
        return True

    def _odd(self, number: int, message: Message, expected: str, actual: str) -> None:
        chat = chat_of(message.sender, message.channel)
        self.oddities.append(Broken(number, message.sender, chat, expected, actual))

    def _wrote(self, part: Part, message: Message) -> None:
        """Do what an own message does to whoever has the conversation in the list."""
        part.last = message
        part.marked = False
        if self.policy.own_send_reads:
            part.mark = message.seq
            part.number = 0

    def _arrive(self, part: Part, message: Message) -> None:
        """Do what a stored message does to one member, besides being one more."""
        part.stale = True
        if not (part.record or part.deletes):
            part.record = True
        if message.kind != "content":
            return
        own = message.sender == part.user
        if own:
            part.marked = False
            if self.policy.own_send_reads and part.record:
                part.mark = message.seq
        if part.archived:
            self._unarchive(part)
        if part.held:
            part.held = self._still_held(part.held, own)
        if not part.record:
            self._remake(part, message, own)

    def _unarchive(self, part: Part) -> None:
        policy = self.policy.archive_on_message
        if policy == "return" or (policy == "stay-if-muted" and not part.muted):
            part.archived = False

    def _still_held(self, held: Held, own: bool) -> Held:
        """Say what content makes of a conversation that a delete has put out of the list.

        Where an own send does not list, it ends that others are refused, and nothing else.
        """
        if held == "own-hidden":
            return held if own else ""
        if not own:
            return held
        if self.policy.on_own_send_after_delete == "reappear":
            return ""
        return "own-hidden" if held == "reject" else held

    def _remake(self, part: Part, message: Message, own: bool) -> None:
        """A physical delete took the record away; a message may make a new one.

        An own one does, and is held back where own messages list nothing; another's does where
        messages list again: not under `stay-hidden`, nor where this user's delete refuses them or
        lets them wait.
        """
        stays_hidden = self.policy.on_message_after_delete == "stay-hidden"
        if own or not (part.held or stays_hidden):
            part.record = True
            part.mark = message.seq if own else 0
            if not own or self.policy.on_own_send_after_delete == "reappear" or message.seq == 1:
                part.held = ""
            elif not part.held:
                part.held = "hidden" if stays_hidden else "own-hidden"

    def erase(self, channel: Channel) -> None:
        """Drop what lies at or below every floor, where the profile says so.

        Whoever was a member can still read what lies in past memberships, and so counts.
        """
        if self.policy.delete_history == "erased":
            floors = [part.floor for part in channel.parts.values() if part.spans]
            channel.erase(min(floors, default=0))

    def change_members(self, event: MembersChanged) -> None:
        """Begin and end memberships."""
        channel = self._own(self.channels.get(event.group) or self._open(event.group))
        if channel.dismissed and (event.joined or event.dismissed):
            whom = ", ".join(event.joined)
            odd = Broken(
                18,
                whom,
                event.group,
                "no change after the dismissal",
                f"members added: {whom or 'nobody'}",
            )
            self.oddities.append(odd)
        channel.version = -1
        for user in event.joined:
            self._join(channel, user, event.seq)
        for user in event.left:
            self._leave(channel, user, event.seq)
        if event.dismissed:
            channel.dismissed = True
            for part in channel.parts.values():
                if part.present:
                    self._leave(channel, part.user, event.seq)

    def _join(self, channel: Channel, user: str, seq: int) -> None:
        part = channel.parts.get(user)
        if part is None or not (part.present or part.record):  # new, or nothing is known any more
            everything = seq == 0 or self.policy.history_for_new_members == "all"
            past = part.past if part is not None else []
            part = channel.parts[user] = Part(user, channel, 1 if everything else seq + 1)
            part.past, part.mark = past, seq
        elif not part.present:
            part.present, part.read_only = True, False
            if self.policy.rejoin_history == "all":
                part.spans.append([seq + 1, OPEN])
            else:
                part.spans = [[seq + 1, OPEN]]
                part.mark = max(part.mark, seq)
        part.stale = True
        self.touch(part)
        self.erase(channel)

    def _leave(self, channel: Channel, user: str, seq: int) -> None:
        part = channel.parts[user]
        part.present = False
        part.read_only = self.policy.leave == "keep-read-only"
        part.spans[-1][1] = seq
        part.past.append((part.spans[-1][0], seq))
        part.stale = True
        self.touch(part)

    # Time

    def _tick(self, now_ms: int) -> None:
        """Move time; messages whose time is over are no longer visible to anybody."""
        self.now_ms = now_ms
        while self._expiring and self._expiring[0][0] <= now_ms:
            _, key, seq = heapq.heappop(self._expiring)
            channel = self._own(self.channels[key])
            channel.expire(seq)
            for part in channel.parts.values():
                part.stale = True
                self.touch(part)


# What each event means


def _members_changed(ledger: Ledger, action: Action, event: Event) -> None:
    assert type(event) is MembersChanged
    ledger.change_members(event)


def _refused(ledger: Ledger, action: Action, event: Event) -> None:
    assert type(event) is Refused
    if answers_it(event, action):
        ledger.done = False
        ledger.refusals += 1


def _unanswered(ledger: Ledger, action: Action, event: Event) -> None:
    assert type(event) is Unanswered
    ledger.done = event.done


def _offline(ledger: Ledger, action: Action, event: Event) -> None:
    ledger.done = False


TAKES: dict[type[Event], Callable[[Ledger, Action, Event], None]] = {
    MembersChanged: _members_changed,
    Refused: _refused,
    Unanswered: _unanswered,
    Offline: _offline,
}
"""What the ledger takes from each kind of event beside `Stored`; the others tell it nothing new."""
