"""A channel's log: accepted messages by dense sequence number, and counts over ranges of them.

Ranges are (above, up to]: `above` is excluded, `upto` included, as floors and marks are. `Log` is
the interface; `ListLog` keeps it in memory. Forks share the lists: each log has its own `last`,
appends in place while nobody else has appended, and copies otherwise. The counts are answered by
bisection in lists of sequence numbers, so no cost depends on the length of the log.

A log also remembers for a while the client numbers of messages that were answered and that no log
has: passed on without being kept, or dropped in silence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from imcli.model.entities import Entry, Message

NEVER = 1 << 62
"""A time that does not come."""

Memo = dict[tuple[str, int], tuple[object, int, Entry | None, bool]]
"""(user, number of messages) -> record, `last`, the entry derived of them, and if it is usual.

What is derived of a log before `calm_until` is true while the record and `last` are the same."""


class Unkept(NamedTuple):
    """A message that was answered and that no log has; `accepted_ms` is virtual time."""

    sender: str
    client_msg_no: str
    message_id: int
    accepted_ms: int


class Log(Protocol):
    """What the law books need of a channel's log."""

    @property
    def memo(self) -> Memo | None:
        """What was derived from this log, if it remembers; whoever reads it asks if it is true."""

    @property
    def last(self) -> int:
        """L: the highest sequence number, 0 when there is none."""

    @property
    def newest(self) -> Message | None:
        """The message at `last`, or None (there is none, or it was erased)."""

    @property
    def has_expiring(self) -> bool:
        """Whether any message of the log expires."""

    @property
    def calm_until(self) -> int:
        """The time before which no message of the log has expired; meant for logs with a memo."""

    def get(self, seq: int) -> Message | None:
        """Give the message at a seq, or None (never there, or erased)."""

    def append(self, message: Message) -> None:
        """Add the next message; its `seq` is `last + 1`."""

    def find(self, sender: str, client_msg_no: str) -> Message | None:
        """Give the newest message of a sender with this client number, or None."""

    def page(self, above: int, upto: int, limit: int, *, newest: bool = False) -> list[Message]:
        """Give the messages of a range, commands included, oldest first.

        At most `limit` of them (0: all), counted from the oldest, or with `newest` from the end.
        """

    def visible(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the newest `limit` messages of a range that are no commands, oldest first."""

    def visible_after(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the oldest `limit` messages of a range that are no commands, oldest first."""

    def count_content(self, above: int, upto: int) -> int:
        """Count content messages in a range, expired ones included."""

    def count_countable(self, above: int, upto: int, without: str) -> int:
        """Count messages in a range that make unread for everybody but `without`."""

    def countable_from_end(self, upto: int, without: str, above: int, n: int) -> int:
        """Give the seq of the n-th newest countable message not of `without` in a range.

        The oldest one where there are fewer; 0 where there is none.
        """

    def last_by(self, sender: str) -> int:
        """Give the seq of the newest message of a sender, whatever its kind; 0: none."""

    def expiring(self, above: int, upto: int) -> list[Message]:
        """Give the messages of a range that expire at some time."""

    def erase(self, upto: int) -> None:
        """Drop every message up to a seq but commands; numbers are never used again.

        A command is no history: a device that was away has still to get it.
        """

    def remember(self, unkept: Unkept, forget_before_ms: int) -> None:
        """Remember a message that is not kept, and forget those accepted before a time."""

    def remembered(self, sender: str, client_msg_no: str) -> Unkept | None:
        """Give what is remembered of a sender with this client number, or None."""

    def all_remembered(self) -> list[Unkept]:
        """Give all that is remembered, the oldest first."""

    def fork(self) -> Log:
        """Give a log that shares everything until either is appended to."""


def is_countable(message: Message) -> bool:
    """Tell whether a message makes unread for others.

    >>> is_countable(Message("A@B", 1, 1, "c1", "A"))
    True
    >>> is_countable(Message("A@B", 1, 1, "c1", "A", kind="notice"))
    False
    """
    return message.kind == "content" and not message.no_red_dot


class _Data:
    """The lists that forks share."""

    __slots__ = (
        "content",
        "countable",
        "erased",
        "expiring",
        "memo",
        "messages",
        "numbers",
        "own",
        "sent",
        "visible",
    )

    def __init__(self) -> None:
        self.messages: list[Message | None] = []
        self.visible: list[int] = []
        self.content: list[int] = []
        self.countable: list[int] = []
        self.own: dict[str, list[int]] = {}
        self.sent: dict[str, list[int]] = {}
        self.expiring: list[int] = []
        self.numbers: dict[tuple[str, str], int] = {}
        self.memo: Memo = {}
        self.erased: dict[int, Message] = {}  # without their text: a resend is still recognised

    def add(self, message: Message) -> None:
        """Put a message at the end of every list it belongs to."""
        seq = message.seq
        self.messages.append(message)
        sent = self.sent.get(message.sender)
        if sent is None:
            self.sent[message.sender] = [seq]
        else:
            sent.append(seq)
        self.numbers[message.sender, message.client_msg_no] = seq
        if message.expires_ms:
            self.expiring.append(seq)
        if message.kind == "command":
            return
        self.visible.append(seq)
        if message.kind == "content":
            self.content.append(seq)
            if not message.no_red_dot:
                self.countable.append(seq)
                own = self.own.get(message.sender)
                if own is None:
                    self.own[message.sender] = [seq]
                else:
                    own.append(seq)

    def until(self, last: int) -> _Data:
        """Copy what stands up to a seq."""
        twin = _Data()
        twin.messages = self.messages[:last]
        for name in ("visible", "content", "countable", "expiring"):
            seqs: list[int] = getattr(self, name)
            setattr(twin, name, seqs[: bisect_right(seqs, last)])
        twin.own = {who: seqs[: bisect_right(seqs, last)] for who, seqs in self.own.items()}
        twin.sent = {who: seqs[: bisect_right(seqs, last)] for who, seqs in self.sent.items()}
        twin.numbers = {key: seq for key, seq in self.numbers.items() if seq <= last}
        twin.erased = dict(self.erased)
        return twin


def _between(seqs: Sequence[int], above: int, upto: int) -> int:
    """Count the numbers of an ascending list in a range; mostly it is the end of the list."""
    if not seqs or seqs[-1] <= above:
        return 0
    end = len(seqs) if seqs[-1] <= upto else bisect_right(seqs, upto)
    return end - bisect_right(seqs, above, 0, end)


class ListLog:
    """A log in memory; what is derived from it (`memo`) is shared by forks with its messages."""

    __slots__ = (
        "_data",
        "_owns_unkept",
        "_unkept",
        "calm_until",
        "key",
        "last",
        "memo",
        "newest",
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.last = 0
        self._data = _Data()
        self.newest: Message | None = None
        self.memo: Memo | None = self._data.memo
        self.calm_until = NEVER
        self._unkept: dict[tuple[str, str], Unkept] = {}
        self._owns_unkept = True

    @property
    def has_expiring(self) -> bool:
        """Whether any message of the log expires."""
        return bool(self._data.expiring)

    def fork(self) -> ListLog:
        """Give a log that shares everything until either is appended to."""
        twin = ListLog.__new__(ListLog)
        twin.key = self.key
        twin.last = self.last
        twin.newest = self.newest
        twin._data = self._data
        twin.memo = self.memo
        twin.calm_until = self.calm_until
        twin._unkept = self._unkept
        twin._owns_unkept = self._owns_unkept = False
        return twin

    def append(self, message: Message) -> None:
        """Add the next message; its `seq` is `last + 1`."""
        data = self._data
        if len(data.messages) != self.last:  # another fork went on with the shared lists
            data = self._data = data.until(self.last)
            self.memo = data.memo
        self.last += 1
        self.newest = message
        data.add(message)
        if 0 < message.expires_ms < self.calm_until:
            self.calm_until = message.expires_ms

    def get(self, seq: int) -> Message | None:
        """Give the message at a seq, or None."""
        return self._data.messages[seq - 1] if 0 < seq <= self.last else None

    def find(self, sender: str, client_msg_no: str) -> Message | None:
        """Give the newest message of a sender with this client number, or None."""
        seq = self._data.numbers.get((sender, client_msg_no), 0)
        return (self.get(seq) or self._data.erased.get(seq)) if seq else None

    def page(self, above: int, upto: int, limit: int, *, newest: bool = False) -> list[Message]:
        """Give the messages of a range, commands included, oldest first."""
        upto = min(upto, self.last)
        found = [m for m in self._data.messages[max(above, 0) : upto] if m is not None]
        if limit and len(found) > limit:
            return found[-limit:] if newest else found[:limit]
        return found

    def visible(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the newest `limit` messages of a range that are no commands, oldest first."""
        seqs, messages = self._data.visible, self._data.messages
        if len(seqs) == len(messages):  # no command, nothing erased: a place is a number
            return messages[max(above, upto - limit) : upto]  # type: ignore[return-value]
        end = len(seqs) if not seqs or seqs[-1] <= upto else bisect_right(seqs, upto)
        start = end - limit
        if start < 0 or (start < end and seqs[start] <= above):
            start = bisect_right(seqs, above)
        return [m for seq in seqs[start:end] if (m := messages[seq - 1]) is not None]

    def visible_after(self, above: int, upto: int, limit: int) -> list[Message]:
        """Give the oldest `limit` messages of a range that are no commands, oldest first."""
        seqs, messages = self._data.visible, self._data.messages
        if len(seqs) == len(messages):  # no command, nothing erased: a place is a number
            return messages[above : min(upto, above + limit)]  # type: ignore[return-value]
        start = bisect_right(seqs, above)
        end = min(bisect_right(seqs, upto), start + limit)
        return [m for seq in seqs[start:end] if (m := messages[seq - 1]) is not None]

    def count_content(self, above: int, upto: int) -> int:
        """Count content messages in a range, expired ones included."""
        return _between(self._data.content, above, upto)

    def count_countable(self, above: int, upto: int, without: str) -> int:
        """Count messages in a range that make unread for everybody but `without`."""
        data = self._data
        seqs = data.countable
        if not seqs or seqs[-1] <= above:
            return 0
        if seqs[-1] <= upto:  # nearly always: the range reaches to the end
            count = len(seqs) - bisect_right(seqs, above)
        else:
            count = _between(seqs, above, upto)
        own = data.own.get(without)
        return count - _between(own, above, upto) if own and count else count

    def countable_from_end(self, upto: int, without: str, above: int, n: int) -> int:
        """Give the seq of the n-th newest countable message not of `without` in a range."""
        found = 0
        seqs = self._data.countable
        for index in range(bisect_right(seqs, upto) - 1, bisect_right(seqs, above) - 1, -1):
            message = self._data.messages[seqs[index] - 1]
            if message is not None and message.sender != without:
                found = seqs[index]
                n -= 1
                if n == 0:
                    break
        return found

    def last_by(self, sender: str) -> int:
        """Give the seq of the newest message of a sender, whatever its kind; 0: none."""
        sent = self._data.sent.get(sender)
        upto = bisect_right(sent, self.last) if sent else 0
        return sent[upto - 1] if sent and upto else 0

    def expiring(self, above: int, upto: int) -> list[Message]:
        """Give the messages of a range that expire at some time."""
        seqs = self._data.expiring
        chosen = seqs[bisect_right(seqs, above) : bisect_right(seqs, upto)]
        return [m for seq in chosen if (m := self._data.messages[seq - 1]) is not None]

    def erase(self, upto: int) -> None:
        """Drop every message up to a seq but commands; numbers are never used again."""
        if not self._data.visible or self._data.visible[0] > upto:
            return
        data = self._data = self._data.until(self.last)
        self.memo = data.memo
        for index in range(min(upto, self.last)):
            message = data.messages[index]
            if message is not None and message.kind != "command":
                data.erased[message.seq] = msgspec.structs.replace(message, text="", payload="")
                data.messages[index] = None
        for seqs in (data.visible, data.content, data.countable, *data.own.values()):
            del seqs[: bisect_right(seqs, upto)]
        data.expiring = [seq for seq in data.expiring if data.messages[seq - 1] is not None]
        self.newest = self.get(self.last)

    def remember(self, unkept: Unkept, forget_before_ms: int) -> None:
        """Remember a message that is not kept, and forget those accepted before a time."""
        if not self._owns_unkept:
            self._unkept, self._owns_unkept = dict(self._unkept), True
        known = self._unkept
        while known and next(iter(known.values())).accepted_ms < forget_before_ms:
            del known[next(iter(known))]
        known.pop((unkept.sender, unkept.client_msg_no), None)
        known[unkept.sender, unkept.client_msg_no] = unkept

    def remembered(self, sender: str, client_msg_no: str) -> Unkept | None:
        """Give what is remembered of a sender with this client number, or None."""
        return self._unkept.get((sender, client_msg_no)) if self._unkept else None

    def all_remembered(self) -> list[Unkept]:
        """Give all that is remembered, the oldest first."""
        return list(self._unkept.values())
