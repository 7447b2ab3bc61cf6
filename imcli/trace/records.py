"""What the ledger keeps: channels, and one user's part in each (a `Part`).

Everything derived (what is visible, what is unread, whether it is listed) is computed from sorted
lists of sequence numbers by bisection, straight from the definitions, so that a look costs the
same in a channel of ten messages and of a hundred thousand. No number here was ever asked of a
server.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Literal

from imcli.model.entities import Entry, Message, chat_of, is_group
from imcli.trace.policy import Policy

Held = Literal["", "hidden", "own-hidden", "reject", "request"]

OPEN = 1 << 62
"""The end of a membership that goes on."""


class Channel:
    """One channel's log, and the sequence numbers in it by what they count as.

    `shown` are content and notices, `content` and `countable` what their names say; expired
    messages are taken out of all three. `own` holds the countable ones by sender. `reachable` are
    the devices of present members, as of `version` (see `Ledger.reachable`). `owner` is the token
    of the one ledger that may change it (see `Ledger.fork`).
    """

    __slots__ = (
        "content",
        "countable",
        "dismissed",
        "key",
        "log",
        "own",
        "owner",
        "parts",
        "reachable",
        "shown",
        "version",
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.log: list[Message] = []
        self.shown: list[int] = []
        self.content: list[int] = []
        self.countable: list[int] = []
        self.own: dict[str, list[int]] = {}
        self.parts: dict[str, Part] = {}
        self.reachable: frozenset[tuple[str, str]] = frozenset()
        self.version = -1
        self.dismissed = False
        self.owner: object = None

    def copy(self) -> Channel:
        """Copy deeply enough that a change to one is no change to the other."""
        twin = Channel(self.key)
        twin.log, twin.shown = list(self.log), list(self.shown)
        twin.content, twin.countable = list(self.content), list(self.countable)
        twin.own = {sender: list(seqs) for sender, seqs in self.own.items()}
        twin.parts = {user: part.copy(twin) for user, part in self.parts.items()}
        twin.reachable, twin.version = self.reachable, self.version
        twin.dismissed = self.dismissed
        return twin

    def append(self, message: Message) -> None:
        """Take in a message with a sequence number, as the server ordered it."""
        self.log.append(message)
        if message.kind == "command":
            return
        seq = message.seq
        self.shown.append(seq)
        if message.kind == "content":
            self.content.append(seq)
            if not message.no_red_dot:
                self.countable.append(seq)
                own = self.own.get(message.sender)
                if own is None:
                    self.own[message.sender] = [seq]
                else:
                    own.append(seq)

    def expire(self, seq: int) -> None:
        """Take a message whose time is over out of the lists."""
        message = self.log[seq - 1]
        if message.kind == "command":
            return
        lists = [self.shown]
        if message.kind == "content":
            lists.append(self.content)
            if not message.no_red_dot:
                lists += [self.countable, self.own[message.sender]]
        for seqs in lists:
            at = bisect_left(seqs, seq)
            if seqs[at : at + 1] == [seq]:
                del seqs[at]

    def erase(self, upto: int) -> None:
        """Drop what lies at or below a sequence number, for everybody."""
        for seqs in (self.shown, self.content, self.countable, *self.own.values()):
            del seqs[: bisect_right(seqs, upto)]


class Part:
    """One user's part in a channel: memberships, floor, read mark, flags, what holds it back.

    `spans` are the memberships that are visible, [first, last] sequence number; `past` are all
    that ended. `cut` is D and `mark` is R of the definitions; `hide` is the hide mark of profiles
    that keep history. `record` is False before the first message and after a physical delete.
    `held` is why a deleted conversation stays out of the list whatever arrives. `is_listed`,
    `number` (unread), `last` (the newest visible message, where it is listed) and `share` (of the
    user's total) are worked out by `Ledger` whenever a step touches the part; `stale` says that
    they have to be, by `derive`. `entry` is what the last look at the server saw.
    """

    __slots__ = (
        "archived",
        "channel",
        "chat",
        "cleared",
        "cut",
        "deletes",
        "entry",
        "held",
        "hide",
        "is_listed",
        "kept",
        "known",
        "last",
        "mark",
        "marked",
        "muted",
        "number",
        "past",
        "pinned",
        "present",
        "read_only",
        "record",
        "share",
        "spans",
        "stale",
        "stamp",
        "user",
    )

    def __init__(self, user: str, channel: Channel, first: int) -> None:
        self.user = user
        self.chat = chat_of(user, channel.key)
        self.channel = channel
        self.spans: list[list[int]] = [[first, OPEN]]
        self.past: list[tuple[int, int]] = []
        self.present = True
        self.read_only = False
        self.record = is_group(channel.key)
        self.cut = 0
        self.mark = 0
        self.hide = 0
        self.pinned = self.muted = self.archived = self.marked = False
        self.kept = False
        self.held: Held = ""
        self.deletes = 0
        self.cleared = (0, 0, 0)
        self.is_listed = False
        self.number = 0
        self.last: Message | None = None
        self.share = 0
        self.stale = True
        self.stamp = 0
        self.known = False
        self.entry: Entry | None = None

    def copy(self, channel: Channel) -> Part:
        """Copy into a copy of the channel."""
        twin = Part.__new__(Part)
        for name in Part.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.channel = channel
        twin.spans = [list(span) for span in self.spans]
        twin.past = list(self.past)
        return twin

    @property
    def floor(self) -> int:
        """The highest sequence number that this user can no longer see."""
        first = self.spans[0][0] - 1
        return first if first > self.cut else self.cut

    @property
    def base(self) -> int:
        """Unread counts from here."""
        floor = self.floor
        return floor if floor > self.mark else self.mark

    def was_there(self, seq: int) -> bool:
        """Tell whether this user was a member when a message was accepted, visible now or not."""
        return self.within(seq) or any(first <= seq <= last for first, last in self.past)

    def within(self, seq: int) -> bool:
        """Tell whether a sequence number lies inside a membership."""
        return any(first <= seq <= last for first, last in self.spans)

    def slices(self, seqs: list[int], above: int) -> list[tuple[int, int]]:
        """Give the index ranges of `seqs` that lie above `above` and inside memberships."""
        found = []
        for first, last in self.spans:
            low = bisect_right(seqs, first - 1 if first > above else above)
            high = len(seqs) if last == OPEN else bisect_right(seqs, last)
            if high > low:
                found.append((low, high))
        return found

    def count(self, seqs: list[int], above: int) -> int:
        """Count the `seqs` above `above` and inside memberships."""
        if len(self.spans) == 1:
            first, last = self.spans[0]
            low = bisect_right(seqs, first - 1 if first > above else above)
            high = len(seqs) if last == OPEN else bisect_right(seqs, last)
            return high - low if high > low else 0
        return sum(high - low for low, high in self.slices(seqs, above))

    def newest(self, limit: int) -> list[int]:
        """Give the newest visible sequence numbers, oldest first, at most `limit` (0: all)."""
        shown = self.channel.shown
        if len(self.spans) == 1:
            low, last = bisect_right(shown, self.floor), self.spans[0][1]
            high = len(shown) if last == OPEN else bisect_right(shown, last)
            return shown[max(low, high - limit) : high] if limit else shown[low:high]
        seqs = [seq for low, high in self.slices(shown, self.cut) for seq in shown[low:high]]
        return seqs[-limit:] if limit else seqs

    def derive(self, policy: Policy) -> None:
        """Work out whether it is listed, how much is unread, and which message stands last.

        The common case (one membership that goes on, nothing held back) is written out, because
        this is done for everybody whom a step touches.
        """
        self.stale = False
        spans = self.spans
        if self.held or len(spans) != 1 or not (self.present and self.record):
            self._derive_any(policy)
            return
        channel = self.channel
        floor = spans[0][0] - 1
        if self.cut > floor:
            floor = self.cut
        content = channel.content
        newest = content[-1] if content else 0
        if not (self.kept or (newest > floor and newest > self.hide)):
            self.is_listed = False
            self.number = 0
            return
        self.is_listed = True
        last = channel.shown[-1] if channel.shown else 0
        self.last = channel.log[last - 1] if last > floor else None
        if policy.unread_counts != "visible-content":
            self.number = self.unread(policy)
            return
        countable = channel.countable
        base = floor if floor > self.mark else self.mark
        if not countable or countable[-1] <= base:
            self.number = 0
            return
        number = len(countable) - bisect_right(countable, base)
        own = channel.own.get(self.user)
        if own and own[-1] > base:
            number -= len(own) - bisect_right(own, base)
        self.number = number

    def _derive_any(self, policy: Policy) -> None:
        """Work the same out, straight from the definitions."""
        self.is_listed = self.listed()
        self.number = self.unread(policy) if self.is_listed else 0
        newest = self.newest(1) if self.is_listed else None
        self.last = self.channel.log[newest[0] - 1] if newest else None

    def listed(self) -> bool:
        """Tell whether the user's list has this conversation."""
        if self.held in ("hidden", "request") or not self.record:
            return False
        if not (self.present or self.read_only):
            return False
        if self.kept:
            return True
        if self.held:
            return False
        above = self.hide if self.hide > self.cut else self.cut
        return self.count(self.channel.content, above) > 0

    def unread(self, policy: Policy) -> int:
        """Count what is unread, by the policy's definition; meant for listed ones."""
        if policy.unread_counts == "sequence-difference":
            return self._distance()
        base = self.base
        number = self.count(self.channel.countable, base)
        own = self.channel.own.get(self.user)
        return number - self.count(own, base) if own and number else number

    def _distance(self) -> int:
        """Give L - base, over what is visible at all; a chat with oneself is never unread."""
        if self.chat == self.user:
            return 0
        last = min(len(self.channel.log), self.spans[-1][1])
        firsts = [
            first - 1 for first, end in self.spans if min(end, last) > max(first - 1, self.cut)
        ]
        return max(0, last - max(firsts[0], self.cut, self.mark)) if firsts else 0

    def strangers(self) -> list[int]:
        """Give all visible countable sequence numbers from others, oldest first."""
        countable = self.channel.countable
        log, user = self.channel.log, self.user
        return [
            countable[at]
            for low, high in self.slices(countable, self.cut)
            for at in range(low, high)
            if log[countable[at] - 1].sender != user
        ]

    def order(self) -> tuple[int, int, int, int]:
        """Give what the list sorts by: pinned, time, and order of acceptance."""
        newest = self.newest(1)
        if not newest:
            return (int(self.pinned), *self.cleared)
        last = self.channel.log[newest[0] - 1]
        return (int(self.pinned), last.time_ms, last.message_id, 0)
