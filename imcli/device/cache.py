"""A client device's cache: what it shows without asking.

It is fed by what reaches the device and by nothing else: pushed messages, pushed changes, the
answers to its own sends and synchronisations. It judges by the reference's definitions (floor,
read mark, countable), because that is what a well-made client does; where a server's policy makes
that judgement wrong, the server says so by an event with the entry as the list has it.

A device knows the newest messages of a conversation, not all of them: `unseen_unread` counts what
is unread among those that it does not have.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

import msgspec

from imcli.model.entities import Entry, Message, chat_of
from imcli.model.events import Accepted, ConversationPushed, Event, ListAnswer, Pushed
from imcli.model.questions import ListView


class Cached(msgspec.Struct):
    """One conversation as the device has it; `listed` is False for what only left its marks."""

    chat: str
    listed: bool = False
    messages: list[Message] = []
    unseen_unread: int = 0
    read_to: int = 0
    deleted_to: int = 0
    pinned: bool = False
    muted: bool = False
    archived: bool = False
    marked_unread: bool = False
    order: tuple[int, ...] = ()


def _seq(message: Message) -> int:
    return message.seq


class DeviceCache:
    """What one device of one user believes. Feed it events; ask it for a `ListView`."""

    __slots__ = ("arrivals", "conversations", "cursor", "device", "requests", "user")

    def __init__(self, user: str, device: str) -> None:
        self.user = user
        self.device = device
        self.cursor: int | None = None
        self.conversations: dict[str, Cached] = {}
        self.arrivals: list[Message] = []
        self.requests: tuple[str, ...] = ()

    def copy(self) -> DeviceCache:
        """Copy, so that a look at what would be does not change what is."""
        twin = DeviceCache(self.user, self.device)
        twin.cursor = self.cursor
        twin.requests = self.requests
        twin.arrivals = list(self.arrivals)
        twin.conversations = {
            chat: msgspec.structs.replace(each, messages=list(each.messages))
            for chat, each in self.conversations.items()
        }
        return twin

    def seqs(self) -> tuple[tuple[str, int], ...]:
        """Give the newest seq that the device has, per listed chat."""
        return tuple(
            (chat, each.messages[-1].seq)
            for chat, each in self.conversations.items()
            if each.listed and each.messages
        )

    # Feeding

    def feed(self, events: Iterable[Event]) -> None:
        """Take what reached this device out of a stream of events; the rest is not for it."""
        for event in events:
            kind = type(event)
            if kind is Pushed:
                self._pushed(event)  # type: ignore[arg-type]  # `kind` says so; this is hot
            elif kind is Accepted:
                self._accepted(event)  # type: ignore[arg-type]
            elif kind is ConversationPushed:
                self._changed(event)  # type: ignore[arg-type]
            elif kind is ListAnswer:
                self._answered(event)  # type: ignore[arg-type]

    def _pushed(self, event: Pushed) -> None:
        if (self.user, self.device) in event.devices:
            self.arrivals.append(event.message)
            if self.cursor is None or event.message.message_id > self.cursor:
                self._take(event.message)  # else a late one, which the last answer covers

    def _accepted(self, event: Accepted) -> None:
        mine = event.user == self.user and event.device == self.device
        if mine and event.message is not None and not event.duplicate:
            self._take(event.message)

    def _changed(self, event: ConversationPushed) -> None:
        if event.user == self.user and self.device in event.devices:
            self._set_entry(event.chat, event.entry, event.deleted_to)

    def _answered(self, event: ListAnswer) -> None:
        if event.user != self.user or event.device != self.device:
            return
        if event.full:
            self.conversations = {}
        for chat, deleted_to in event.tombstones:
            self._set_entry(chat, None, deleted_to)
        for entry in event.entries:
            self._merge(entry)
        self.arrivals += event.commands
        self.requests = event.requests
        if not event.partial:
            self.cursor = event.cursor

    # Merging

    def _conversation(self, chat: str) -> Cached:
        found = self.conversations.get(chat)
        if found is None:
            found = self.conversations[chat] = Cached(chat, messages=[])
        return found

    def _take(self, message: Message) -> None:
        """Merge one message: it may list the conversation, and an own one reads it."""
        if message.kind == "command" or not message.seq:
            return
        cached = self._conversation(chat_of(self.user, message.channel))
        if message.seq <= cached.deleted_to or self._has(cached, message):
            return
        insort(cached.messages, message, key=_seq)
        if message.kind == "content":
            cached.listed = True
            if message.sender == self.user and message.seq > cached.read_to:
                cached.read_to = message.seq
                cached.marked_unread = False
                cached.unseen_unread = 0

    @staticmethod
    def _has(cached: Cached, message: Message) -> bool:
        return any(each.message_id == message.message_id for each in reversed(cached.messages))

    def _set_entry(self, chat: str, entry: Entry | None, deleted_to: int) -> None:
        """Take over an entry (without its messages) or that there is none."""
        cached = self._conversation(chat)
        cached.deleted_to = max(cached.deleted_to, deleted_to)
        cached.messages = [m for m in cached.messages if m.seq > cached.deleted_to]
        cached.listed = entry is not None
        if entry is None:
            cached.pinned = cached.archived = cached.marked_unread = False
            cached.unseen_unread = 0
            cached.read_to = max(cached.read_to, cached.deleted_to)
            return
        if entry.last is not None and not self._has(cached, entry.last):
            insort(cached.messages, entry.last, key=_seq)
        self._set_facts(cached, entry)

    def _merge(self, entry: Entry) -> None:
        """Take over an entry with its messages; older ones that are still visible stay."""
        cached = self._conversation(entry.chat)
        cached.deleted_to = entry.deleted_to
        known = {m.message_id for m in entry.messages}
        oldest = entry.messages[0].seq if entry.messages else 0
        kept = [
            m
            for m in cached.messages
            if entry.deleted_to < m.seq < oldest and m.message_id not in known
        ]
        cached.messages = kept + list(entry.messages)
        cached.listed = True
        self._set_facts(cached, entry)

    def _set_facts(self, cached: Cached, entry: Entry) -> None:
        cached.read_to = entry.read_to
        cached.pinned = entry.pinned
        cached.muted = entry.muted
        cached.archived = entry.archived
        cached.marked_unread = entry.marked_unread
        cached.order = entry.order
        cached.unseen_unread = 0
        cached.unseen_unread = max(0, entry.unread - self._count(cached, 0))

    # Showing

    def _count(self, cached: Cached, now_ms: int) -> int:
        """Count the unread messages that the device has, and those it only knows the number of."""
        base = max(cached.read_to, cached.deleted_to)
        return cached.unseen_unread + sum(
            m.seq > base
            and m.sender != self.user
            and m.kind == "content"
            and not m.no_red_dot
            and not 0 < m.expires_ms <= now_ms
            for m in cached.messages
        )

    def view(self, now_ms: int) -> ListView:
        """Give what the device shows at a time of the server's clock, in the list's order."""
        entries = [
            entry
            for cached in self.conversations.values()
            if cached.listed and (entry := self._entry(cached, now_ms)) is not None
        ]
        entries.sort(key=lambda entry: entry.order, reverse=True)
        return ListView(tuple(entries), sum(e.unread for e in entries), self.requests)

    def _entry(self, cached: Cached, now_ms: int) -> Entry | None:
        messages = tuple(m for m in cached.messages if not 0 < m.expires_ms <= now_ms)
        expired = len(messages) < len(cached.messages)
        if expired and not any(m.kind == "content" for m in messages):
            return None  # as far as the device knows, nothing is left
        last = messages[-1] if messages else None
        pinned = 1 if cached.pinned else 0
        newer = (pinned, last.time_ms, last.message_id) if last is not None else ()
        return Entry(
            cached.chat,
            self._count(cached, now_ms),
            last,
            messages,
            max(cached.read_to, 0),
            cached.deleted_to,
            cached.pinned,
            cached.muted,
            cached.archived,
            cached.marked_unread,
            newer or cached.order,
        )
