"""The tables of the simulated server: everything it knows, and nothing it does.

All state is here, in plain tables of plain values, so that it can be forked, digested and kept in
a database. The law books (`messages.py`, `channels.py`, ...) read and change it; they have no
state of their own.

Two things make forks cheap. A table is a dict that a fork copies shallowly; a value in it that
can change (`User`, `Channel`, `Log`) is *owned* by one fork at a time: whoever wants to change it
asks `user_w`, `channel_w`, `log_w` or `records_w`, which copy a value that might be shared.
Everything else (`Record`, `Message`, `Waiting`) is frozen and is replaced. `waiting`,
`cached_lists`, `tags` and `offered` (commands last given, per user) are the small tables of
keepings that write rows.

The seam for durable targets: `users`, `channels`, `logs` and `records` are reached only through
`table[key]` (KeyError: there is none), `table.get(key)`, `key in table` and, for the values of
`records`, `all_records(uid)`; so a target may put dict subclasses there that read one value from a
database when it is first asked for. `Log` is the interface of a channel's log. `scalars()` and
`restore_scalars()` carry the rest. What changed is found by comparing encodings: every value is a
msgspec Struct.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import msgspec

from imcli.model.actions import GroupFlag
from imcli.model.entities import DeviceKey, DeviceKind, DeviceLevel, channel_key
from imcli.simulator.log import ListLog, Log
from imcli.simulator.profiles import Profile
from imcli.simulator.record import Record
from imcli.simulator.survey import Survey
from imcli.simulator.waiting import CachedList, Waiting

SESSION_VERSION_AT = 5
"""The place of `session_version` in `State.scalars()`."""


class Link(msgspec.Struct):
    """The faults on one device's link; counts are of frames still to come."""

    drop_messages: int = 0
    drop_sends: int = 0
    lose_acks: int = 0
    duplicate_messages: int = 0
    delay_ms: int = 0
    holding: bool = False
    held: list[tuple[int, int]] = []  # (frame number in `State.frames`, attempt)

    def is_clean(self) -> bool:
        """Tell whether frames pass untouched, now and until the next fault."""
        return not (
            self.drop_messages
            or self.drop_sends
            or self.lose_acks
            or self.duplicate_messages
            or self.delay_ms
            or self.holding
            or self.held
        )


class Device(msgspec.Struct):
    """One device as the server knows it.

    `session` is 0 while it is offline, else a number that no other session has. `dead` says that
    the link died and the server has not noticed, or, of one that was kicked, that it hung up.
    `missed` are commands (channel, seq) to give at the next synchronisation, `pending` pushes
    without an acknowledgement: message id to attempt. `synced_ms` is when it was last answered a
    list. `ended_with` is not 0 where the last session ended with the process: the newest session's
    number then, the same for all that ended with it.
    """

    kind: DeviceKind = "app"
    level: DeviceLevel = "master"
    session: int = 0
    dead: bool = False
    kicked: bool = False
    link: Link | None = None
    clock_offset_ms: int = 0
    synced_ms: int = 0
    missed: list[tuple[str, int]] = []
    pending: dict[int, int] = {}
    ended_with: int = 0

    def copy(self) -> Device:
        """Copy deeply enough that a change to one is no change to the other."""
        link = self.link
        if link is not None:
            link = msgspec.structs.replace(link, held=list(link.held))
        return msgspec.structs.replace(
            self, link=link, missed=list(self.missed), pending=dict(self.pending)
        )


class User(msgspec.Struct):
    """A user's devices in the order they were made, and the user's own black and white list.

    The dicts but `devices` are replaced, never changed. `tokens` are what the app gave for each
    device flag (0 app, 1 web, 2 pc): the token, "" once it was withdrawn, and the level (1 master,
    0 slave). `flags` and `dismissed` are what was written for the user as a sender. `system` says
    that the user passes checks of senders, `listed_system` that this outlives the process.
    """

    devices: dict[str, Device] = {}
    blocked: dict[str, int] = {}
    allowed: dict[str, int] = {}
    tokens: dict[int, tuple[str, int]] = {}
    flags: dict[GroupFlag, int] = {}
    dismissed: bool = False
    system: bool = False
    listed_system: bool = False
    plugin: str = ""


class Channel(msgspec.Struct):
    """What is known of a channel besides its log. The dicts are replaced, never changed.

    `members` are the present ones in the order they came, `former` those who have been. `alert`
    are users for whom a message needs a closer look (archived, held back, record gone). `order` is
    the number of the last change that a delta must tell: the newest message. `allow_emptied` says
    that a white list was emptied entry by entry, which some servers go on asking.
    """

    key: str
    members: dict[str, int] = {}
    dismissed: bool = False
    flags: dict[GroupFlag, int] = {}
    blocked: dict[str, int] = {}
    allowed: dict[str, int] = {}
    alert: dict[str, int] = {}
    order: int = 0
    allow_emptied: bool = False
    former: dict[str, int] = {}


class Fanout(msgspec.Struct):
    """Whom a message of a channel reaches just now: devices with clean links, others, offline."""

    version: int
    members: dict[str, int]
    clean: tuple[DeviceKey, ...]
    odd: tuple[DeviceKey, ...]
    absent: tuple[DeviceKey, ...]
    without: dict[tuple[str, str], tuple[DeviceKey, ...]] = {}


class State:
    """Everything one simulated server knows."""

    __slots__ = (
        "_own_channels",
        "_own_logs",
        "_own_records",
        "_own_users",
        "cached_lists",
        "channels",
        "clock_offset_ms",
        "fanouts",
        "flush_due",
        "frames",
        "logs",
        "now",
        "offered",
        "order",
        "passing",
        "profile",
        "recent",
        "records",
        "session_count",
        "session_version",
        "stamp",
        "surveys",
        "tags",
        "timer_count",
        "timers",
        "under_way",
        "users",
        "waiting",
    )

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.passing = False
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.logs: dict[str, Log] = {}
        self.records: dict[str, dict[str, Record]] = {}
        self.waiting: dict[str, Waiting] = {}
        self.cached_lists: dict[str, CachedList] = {}
        self.tags: dict[str, int] = {}
        self.offered: dict[str, tuple[tuple[str, int], ...]] = {}
        self.flush_due = 0
        self.now = 0
        self.clock_offset_ms = 0
        self.stamp = 0
        self.order = 0
        self.session_count = 0
        self.session_version = 0
        self.timers: list[tuple[int, int, str, str, str, int, int]] = []
        self.timer_count = 0
        self.under_way = 0
        self.frames: dict[int, object] = {}
        self.fanouts: dict[str, Fanout] = {}
        self.surveys: dict[str, Survey] = {}
        self.recent: dict[str, int] = {}
        self._own_users: set[str] = set()
        self._own_channels: set[str] = set()
        self._own_logs: set[str] = set()
        self._own_records: set[str] = set()

    # Numbers and time

    def next_order(self) -> int:
        """Give the next number of the one order that all messages and changes stand in."""
        self.order += 1
        return self.order

    def stamp_ms(self) -> int:
        """Give the server's time for something that happens now; it never goes back.

        A clock that is set back would otherwise reorder lists and lose things from deltas.
        """
        stamp = self.now + self.clock_offset_ms
        if stamp > self.stamp:
            self.stamp = stamp
        return self.stamp

    def add_timer(
        self,
        due_ms: int,
        kind: str,
        user: str = "",
        device: str = "",
        first: int = 0,
        second: int = 0,
    ) -> None:
        """Make something happen at a time; what it means is the business of `clock.py`."""
        self.timer_count += 1
        heapq.heappush(self.timers, (due_ms, self.timer_count, kind, user, device, first, second))

    # Reading

    def device(self, user: str, device: str) -> Device | None:
        """Find a device, or None."""
        owner = self.users.get(user)
        return None if owner is None else owner.devices.get(device)

    def record(self, user: str, key: str) -> Record | None:
        """Find a user's record of a channel, or None."""
        records = self.records.get(user)
        return None if records is None else records.get(key)

    def all_records(self, user: str) -> Iterable[tuple[str, Record]]:
        """Give all (channel key, record) of a user, in the order they were made."""
        records = self.records.get(user)
        return () if records is None else list(records.items())

    def last_seq(self, key: str) -> int:
        """Give L of a channel; 0 where there is none."""
        log = self.logs.get(key)
        return 0 if log is None else log.last

    # Changing

    def user_w(self, user: str) -> User:
        """Give a user that may be changed."""
        owner = self.users[user]
        if user not in self._own_users:
            self._own_users.add(user)
            devices = {name: device.copy() for name, device in owner.devices.items()}
            owner = msgspec.structs.replace(owner, devices=devices)
            self.users[user] = owner
        return owner

    def add_user(self, user: str) -> User:
        """Make a user known."""
        self._own_users.add(user)
        self.users[user] = owner = User()
        return owner

    def device_w(self, user: str, device: str) -> Device:
        """Give a device that may be changed."""
        return self.user_w(user).devices[device]

    def channel_w(self, key: str) -> Channel:
        """Give a channel that may be changed."""
        channel = self.channels[key]
        if key not in self._own_channels:
            self._own_channels.add(key)
            self.channels[key] = channel = msgspec.structs.replace(channel)
        return channel

    def add_channel(self, key: str, members: dict[str, int]) -> Channel:
        """Make a channel with an empty log."""
        self._own_channels.add(key)
        self.channels[key] = channel = Channel(key, members)
        self.add_log(key)
        return channel

    def add_log(self, key: str) -> None:
        """Make an empty log."""
        self._own_logs.add(key)
        self.logs[key] = self.new_log(key)

    def person_channel(self, user: str, chat: str) -> Channel:
        """Give the person channel of two users, made when it is first needed."""
        key = channel_key(user, chat)
        channel = self.channels.get(key)
        if channel is None:
            first, second = sorted((user, chat))
            channel = self.add_channel(key, {first: 1, second: 1})
        return channel

    def new_log(self, key: str) -> Log:
        """Make an empty log; a durable target makes another kind."""
        return ListLog(key)

    def log_w(self, key: str) -> Log:
        """Give a log that may be appended to."""
        if key not in self._own_logs:
            self._own_logs.add(key)
            self.logs[key] = self.logs[key].fork()
        return self.logs[key]

    def records_w(self, user: str) -> dict[str, Record]:
        """Give a user's records as a table that may be changed; what changes is not known."""
        if self.surveys:
            self.surveys.pop(user, None)
        return self._own_table(user)

    def set_record(self, user: str, key: str, record: Record) -> None:
        """Replace one record."""
        table = self.records[user] if user in self._own_records else self._own_table(user)
        table[key] = record
        if self.surveys and user in self.surveys:
            self.surveys[user].noted.add(key)

    def _own_table(self, user: str) -> dict[str, Record]:
        records = self.records.get(user)
        if records is None:
            self._own_records.add(user)
            records = self.records[user] = {}
        elif user not in self._own_records:
            self._own_records.add(user)
            records = self.records[user] = dict(records)
        return records

    def note_message(self, key: str, order: int) -> None:
        """Remember in which order channels got their newest messages, where that is asked for."""
        if self.surveys:
            self.recent.pop(key, None)
            self.recent[key] = order

    # Whole

    def fork(self) -> State:
        """Make a state that shares everything with this one until either changes it."""
        twin = self.aside()
        twin.passing = self.passing
        self._owns_nothing()
        return twin

    def aside(self) -> State:
        """Make a state to try something in, which is thrown away before this one changes.

        It is a fork; but this one goes on owning what it owns, so that it need not copy it again,
        and what is derived in passing is not remembered in the place of what this one derived.
        """
        twin = State.__new__(type(self))
        twin.profile = self.profile
        twin.passing = True
        twin.users = dict(self.users)
        twin.channels = dict(self.channels)
        twin.logs = dict(self.logs)
        twin.records = dict(self.records)
        twin.waiting = dict(self.waiting)
        twin.cached_lists = dict(self.cached_lists)
        twin.tags = dict(self.tags)
        twin.offered = dict(self.offered)
        twin.timers = list(self.timers)
        twin.frames = dict(self.frames)
        twin.fanouts = dict(self.fanouts)
        twin.surveys = {}
        twin.recent = {}
        twin.restore_scalars(self.scalars())
        twin._owns_nothing()
        return twin

    def _owns_nothing(self) -> None:
        """Whoever wants to change a value copies it first."""
        self._own_users, self._own_channels = set(), set()
        self._own_logs, self._own_records = set(), set()

    def scalars(self) -> tuple[int, ...]:
        """Give the numbers that are no table."""
        return (
            self.now,
            self.clock_offset_ms,
            self.stamp,
            self.order,
            self.session_count,
            self.session_version,
            self.timer_count,
            self.under_way,
            self.flush_due,
        )

    def restore_scalars(self, scalars: tuple[int, ...]) -> None:
        """Put back what `scalars` gave."""
        (
            self.now,
            self.clock_offset_ms,
            self.stamp,
            self.order,
            self.session_count,
            self.session_version,
            self.timer_count,
            self.under_way,
            self.flush_due,
        ) = scalars

    def digest(self) -> str:
        """Give 64 hexadecimal digits that are equal exactly for equal states.

        Independent of process, hash seed and Python version: a canonical encoding is hashed.
        `session_version` only serves a cache and is left out.
        """
        scalars = list(self.scalars())
        scalars[SESSION_VERSION_AT] = 0
        whole = [
            scalars,
            list(self.users.items()),
            list(self.channels.items()),
            [(key, log.page(0, log.last, 0)) for key, log in self.logs.items()],
            [(user, list(records.items())) for user, records in self.records.items()],
            sorted(self.waiting.items()),
            sorted(self.cached_lists.items()),
            sorted(self.tags.items()),
            sorted(self.timers),
            sorted(self.frames.items()),
        ]
        if self.offered:
            whole.append(sorted(self.offered.items()))
        whole += [(key, known) for key, log in self.logs.items() if (known := log.all_remembered())]
        import hashlib  # slow to import, and most worlds are compared with none

        return hashlib.sha256(msgspec.msgpack.encode(whole)).hexdigest()
