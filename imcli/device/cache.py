"""A client device's cache: what it shows without asking.

It is fed by what reaches the device and by nothing else: pushed messages, pushed changes, the
answers to its own sends and synchronisations. It judges by the reference's definitions (floor,
read mark, countable), because that is what a well-made client does; where a server's policy makes
that judgement wrong, the server says so by an event with the entry as the list has it.

A device knows the newest messages of a conversation, not all of them: `unseen_unread` counts what
is unread among those that it does not have. Over a slow link things arrive late or in another
order. Whatever a device is told of a conversation says how it was at one place in the one order of
messages and changes (`told`): what is older than that and comes later changes no fact any more.

Some servers tell of no change (WuKongIM: A28). There a device knows of its own changes what it
asked for, and no more: what it read is read, as far as it has it, and it lists nothing by that.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

import msgspec

from imcli.model.entities import Entry, Message, chat_of
from imcli.model.events import Accepted, ConversationPushed, Event, ListAnswer, Pushed
from imcli.model.questions import ListView


class Cached(msgspec.Struct):
    """One conversation as the device has it; `listed` is False for what only left its marks.

    `order` is the place that the list gave it, `apart` whether that goes by something else than
    the newest message. `told` is the number of the change up to which the facts are the server's.
    `floor` is below everything that may be seen in this membership.
    """

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
    apart: bool = False
    told: int = 0
    floor: int = 0


def _seq(message: Message) -> int:
    return message.seq


class DeviceCache:
    """What one device of one user believes. Feed it events; ask it for a `ListView`.

    What servers differ in: `muted_count` says that the total has muted conversations in it,
    `counts_expired` that a message goes on being counted when its time is over, `orders_rows` that
    the place in the list never goes by a message, `told_of_changes` that the server tells devices
    what was changed.
    """

    __slots__ = (
        "arrivals",
        "conversations",
        "counts_expired",
        "cursor",
        "device",
        "muted_count",
        "orders_rows",
        "requests",
        "told_of_changes",
        "user",
    )

    def __init__(
        self,
        user: str,
        device: str,
        *,
        muted_count: bool = True,
        counts_expired: bool = False,
        orders_rows: bool = False,
        told_of_changes: bool = True,
    ) -> None:
        self.user = user
        self.device = device
        self.muted_count = muted_count
        self.counts_expired = counts_expired
        self.orders_rows = orders_rows
        self.told_of_changes = told_of_changes
        self.cursor: int | None = None
        self.conversations: dict[str, Cached] = {}
        self.arrivals: list[Message] = []
        self.requests: tuple[str, ...] = ()

    def copy(self) -> DeviceCache:
        """Copy, so that a look at what would be does not change what is."""
        twin = DeviceCache(
            self.user,
            self.device,
            muted_count=self.muted_count,
            counts_expired=self.counts_expired,
            orders_rows=self.orders_rows,
            told_of_changes=self.told_of_changes,
        )
        twin.cursor = self.cursor
        twin.requests = self.requests
        twin.arrivals = list(self.arrivals)
        twin.conversations = {
            chat: msgspec.structs.replace(each, messages=list(each.messages))
            for chat, each in self.conversations.items()
        }
        return twin

    def forget(self) -> None:
        """Throw the lists away, as before a synchronisation from scratch."""
        self.conversations = {}
        self.cursor = None

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
            self._take(event.message)

    def _accepted(self, event: Accepted) -> None:
        """An own send is in the log; also where the first answer was lost and a resend told it."""
        mine = event.user == self.user and event.device == self.device
        if mine and event.message is not None:
            self._take(event.message)

    def _changed(self, event: ConversationPushed) -> None:
        if event.user != self.user or self.device not in event.devices:
            return
        if event.cursor < (self.cursor or 0):
            return  # a late one, which the last answer covers
        if self.told_of_changes or event.change not in ("read", "marked"):
            self._set_entry(event)
        else:
            self._did(event)

    def _did(self, event: ConversationPushed) -> None:
        """The device read or marked a conversation, and nobody tells it what became of that."""
        cached = self.conversations.get(event.chat)
        if cached is None or not cached.listed:
            return
        if event.change == "read":
            newest = cached.messages[-1].seq if cached.messages else 0
            cached.read_to, cached.unseen_unread = max(cached.read_to, newest), 0
        elif event.entry is not None:
            cached.read_to, cached.unseen_unread = event.entry.read_to, 0
            left = event.entry.unread - self._count(cached, event.now_ms)
            cached.unseen_unread = max(0, left)

    def _answered(self, event: ListAnswer) -> None:
        if event.user != self.user or event.device != self.device:
            return
        if event.full:
            self.conversations = {}
        for chat, deleted_to in event.tombstones:
            cached = self._conversation(chat)
            self._unlist(cached, deleted_to)
            cached.messages = []
            cached.told = event.cursor
        for marks in event.unlisted:
            self._set_unlisted(self._conversation(marks.chat), marks)
        for entry in event.entries:
            self._merge(entry, event)
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
        if message.message_id <= max(cached.told, self.cursor or 0):
            self._take_late(cached, message)
            return
        insort(cached.messages, message, key=_seq)
        if message.kind == "content":
            cached.listed = True
            if message.sender == self.user and message.seq > cached.read_to:
                cached.read_to = message.seq
                cached.marked_unread = False
                cached.unseen_unread = 0

    def _take_late(self, cached: Cached, message: Message) -> None:
        """Take in a message that the server has told about already: the facts are as they are.

        Older than the oldest that the device has, it may be from an earlier membership.
        """
        if cached.listed and cached.messages and message.seq > cached.messages[0].seq:
            before = self._count(cached, 0)
            insort(cached.messages, message, key=_seq)
            if self._count(cached, 0) > before:
                cached.unseen_unread = max(0, cached.unseen_unread - 1)

    @staticmethod
    def _has(cached: Cached, message: Message) -> bool:
        at = bisect_left(cached.messages, message.seq, key=_seq)
        return at < len(cached.messages) and cached.messages[at].seq == message.seq

    def _set_entry(self, event: ConversationPushed) -> None:
        """Take over an entry (without its messages) or that there is none.

        What the device has that was sent later comes on top of that: an event may be late.
        """
        cached = self._conversation(event.chat)
        if event.cursor < cached.told:
            return
        cached.told = event.cursor
        newer = self._take_newer(cached, event.cursor) if self.told_of_changes else ()
        if event.entry is None:
            self._take_away(cached, event)
        else:
            self._put_in_place(cached, event.entry, event)
        for message in newer:
            self._take(message)

    @staticmethod
    def _take_newer(cached: Cached, number: int) -> Sequence[Message]:
        """Take out the messages that came after a change; nearly always there are none."""
        messages = cached.messages
        if not messages or messages[-1].message_id <= number:
            return ()
        newer = [m for m in messages if m.message_id > number]
        cached.messages = messages[: len(messages) - len(newer)]
        return newer

    def _put_in_place(self, cached: Cached, entry: Entry, event: ConversationPushed) -> None:
        """Take over an entry; what is below its floor goes, and its messages join the others."""
        self._set_floor(cached, event.deleted_to)
        floor = max(cached.deleted_to, entry.floor)
        cached.messages = [m for m in cached.messages if m.seq > floor]
        newest = (entry.last,) if entry.last is not None else ()
        for message in entry.messages or newest:
            if not self._has(cached, message):
                insort(cached.messages, message, key=_seq)
        cached.listed = True
        self._set_facts(cached, entry, event.now_ms)

    def _set_floor(self, cached: Cached, deleted_to: int) -> None:
        """Take over D, which goes back only where the server says so of a record that is gone."""
        least = 0 if self.told_of_changes else cached.deleted_to
        cached.deleted_to = max(least, deleted_to)

    def _take_away(self, cached: Cached, event: ConversationPushed) -> None:
        """Take over that a conversation is not in the list, unless nobody was to be told that."""
        if not (event.untold and self._goes_on(cached, event)):
            self._unlist(cached, event.deleted_to)
            if event.change in ("left", "dismissed", "joined"):
                cached.messages = []
        if event.unlisted is not None:
            self._set_unlisted(cached, event.unlisted)

    @staticmethod
    def _goes_on(cached: Cached, event: ConversationPushed) -> bool:
        """Tell whether the device lists what was deleted elsewhere, and does not know of that.

        It knows where it has the floor already and content that the server holds back above it.
        """
        if not cached.listed or cached.deleted_to < event.deleted_to:
            return cached.listed
        marks = event.unlisted
        bound = event.deleted_to if marks is None else max(event.deleted_to, marks.read_to)
        return not any(m.seq > bound and m.kind == "content" for m in cached.messages)

    def _unlist(self, cached: Cached, deleted_to: int) -> None:
        """It is no longer in the list: nothing that the device has of it is unread."""
        newest = cached.messages[-1].seq if cached.messages else 0
        self._set_floor(cached, deleted_to)
        cached.messages = [m for m in cached.messages if m.seq > cached.deleted_to]
        cached.read_to = max(cached.read_to, cached.deleted_to, newest)
        cached.listed = cached.pinned = cached.archived = cached.marked_unread = False
        cached.unseen_unread = 0
        cached.order = ()

    def _merge(self, entry: Entry, answer: ListAnswer) -> None:
        """Take over an entry with its messages; older ones that are still visible stay."""
        cached = self._conversation(entry.chat)
        cached.deleted_to = entry.deleted_to
        news = entry.messages or ((entry.last,) if entry.last is not None else ())
        oldest = news[0].seq if news else 0
        floor = max(entry.deleted_to, entry.floor)
        kept = [m for m in cached.messages if floor < m.seq < oldest]
        cached.messages = kept + list(news)
        cached.listed = True
        cached.told = answer.cursor
        self._set_facts(cached, entry, answer.now_ms)

    def _set_unlisted(self, cached: Cached, marks: Entry) -> None:
        """Take over marks of what is not in the list; its floor goes up where they tell one."""
        self._set_marks(cached, marks)
        cached.deleted_to = max(cached.deleted_to, marks.deleted_to)
        cached.floor = max(cached.floor, marks.floor)

    @staticmethod
    def _set_marks(cached: Cached, entry: Entry) -> None:
        cached.read_to = entry.read_to
        cached.pinned = entry.pinned
        cached.muted = entry.muted
        cached.archived = entry.archived
        cached.marked_unread = entry.marked_unread

    def _set_facts(self, cached: Cached, entry: Entry, now_ms: int) -> None:
        self._set_marks(cached, entry)
        cached.floor = entry.floor
        cached.order = entry.order
        last, order = entry.last, entry.order
        by_message = order[3:] if last is None else (last.time_ms, last.message_id)
        cached.apart = self.orders_rows or (len(order) > 2 and order[1:3] != by_message)
        cached.unseen_unread = 0
        cached.unseen_unread = max(0, entry.unread - self._count(cached, now_ms))

    # Showing

    def _count(self, cached: Cached, now_ms: int) -> int:
        """Count the unread messages that the device has, and those it only knows the number of.

        Messages stand in order, so that only those behind the mark need a look.
        """
        user, mark = self.user, max(cached.read_to, cached.deleted_to)
        count = cached.unseen_unread
        if self.counts_expired:
            now_ms = 0
        for message in reversed(cached.messages):
            if message.seq <= mark:
                break
            if (
                message.sender != user
                and message.kind == "content"
                and not message.no_red_dot
                and not 0 < message.expires_ms <= now_ms
            ):
                count += 1
        return count

    def view(self, now_ms: int) -> ListView:
        """Give what the device shows at a time of the server's clock, in the list's order."""
        entries = [
            entry
            for cached in self.conversations.values()
            if cached.listed and (entry := self._entry(cached, now_ms)) is not None
        ]
        if len(entries) > 1:
            entries.sort(key=lambda entry: entry.order, reverse=True)
        total = sum([e.unread for e in entries if self.muted_count or not e.muted])
        return ListView(tuple(entries), total, self.requests)

    def _entry(self, cached: Cached, now_ms: int) -> Entry | None:
        messages = tuple([m for m in cached.messages if not 0 < m.expires_ms <= now_ms])
        last = messages[-1] if messages else None
        expired = len(messages) < len(cached.messages)
        if expired and not cached.order[3:] and not any(m.kind == "content" for m in messages):
            return None  # as far as the device knows, nothing is left
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
            self._order(cached, last),
            cached.floor,
        )

    @staticmethod
    def _order(cached: Cached, last: Message | None) -> tuple[int, ...]:
        """Give the place in the list.

        It goes by the newest message, unless the server says with an entry that it orders by
        something else; then the server tells the new place after every message.
        """
        pinned, kept = int(cached.pinned), cached.order[3:]
        if cached.apart:
            return (pinned, *cached.order[1:])
        if last is None:
            return (pinned, *(kept or cached.order[1:3]), *kept)
        return (pinned, last.time_ms, last.message_id, *kept)
