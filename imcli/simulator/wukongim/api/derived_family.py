"""The reference and the profiles over it behind the API: what a good server answers here.

It has every route of the newest version and none of the anomalies. Lists, histories and single
messages honour the floor; a `version` is the number of a change and asks for what changed since; a
read mark may name a message; a send is answered when it is stored, with its number, and counts as
unread unless its header says `red_dot: 0`. Whoever is named is known, since nobody registers here;
all else that the profile refuses is a 400 that names the reason. What a list knows besides (flags,
D) stands in fields of its own, which others ignore.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from imcli.model.actions import (
    AccessList,
    AddMembers,
    CreateGroup,
    Dismiss,
    MarkUnread,
    Pull,
    Read,
    RemoveMembers,
    Send,
    SetAccess,
    SetGroupFlag,
    SetMembers,
    Synchronise,
)
from imcli.model.entities import ENTRY_FLAGS, Entry, Message, channel_key
from imcli.model.events import (
    Accepted,
    ConversationPushed,
    Event,
    HistoryPage,
    ListAnswer,
    Refused,
)
from imcli.simulator.conversations.derived import is_expired
from imcli.simulator.server import Server
from imcli.simulator.sessions import invalid_id
from imcli.simulator.state import Channel, State
from imcli.simulator.wukongim.api.family import (
    Declined,
    Desk,
    Family,
    Flags,
    ListAsk,
    Sent,
    Stored,
    Window,
    listed,
)
from imcli.simulator.wukongim.api.fields import BadRequest
from imcli.simulator.wukongim.api.names import address
from imcli.simulator.wukongim.api.objects import Form, Json, written_conversation
from imcli.simulator.wukongim.traits import Traits

ROUTES = Traits(
    "marked-rows",
    "first",
    "newest",
    pages=True,
    by_channel=True,
    later_routes=True,
    excludes=True,
    streams=False,
    send_ban="stops",
    own_marks=True,
)
"""Which routes and fields there are; the laws of rows in it are never asked."""

WHOLE = Form(streams=False, first_flags_lost=False)


class DerivedFamily(Family):
    """The profiles that derive their lists."""

    traits = ROUTES
    form = WHOLE
    silent_unless_said = False
    panics = False

    def version(self, server: Server) -> str:
        """Name the profile: there is no release of WuKongIM that it would be."""
        return server.profile.name

    def check(self, events: Sequence[Event]) -> None:
        """A refusal is said."""
        if events and isinstance(events[0], Refused):
            raise Declined(events[0].reason, events[0].detail)

    def know(self, state: State, users: Iterable[str]) -> None:
        """Make users known; the server itself refuses an id that cannot be."""
        for user in users:
            if user not in state.users and invalid_id(user) is None:
                state.add_user(user)

    def waiting(self, state: State) -> int:
        """Nothing is only in memory."""
        return 0

    # Messages

    def send(self, desk: Desk, action: Send) -> Sent:
        """Send; the answer has the number, since the message is stored."""
        desk.know(action.user)
        if action.chat[:1] != "#":
            desk.know(action.chat)
        accepted = next(e for e in desk.apply(action) if isinstance(e, Accepted))
        return Sent(accepted.message_id, accepted.seq)

    def send_apart(self, desk: Desk, action: Send, receivers: Sequence[str]) -> None:
        """Send each its own command, so that nobody who is away misses it."""
        for receiver in dict.fromkeys(receivers):
            number = f"{action.client_msg_no}{receiver}"
            self.send(desk, replace(action, chat=receiver, client_msg_no=number))

    def window(self, desk: Desk, user: str, chat: str, window: Window) -> tuple[list[Message], int]:
        """Give what the user may see; `start` 0 downwards is the newest."""
        start, end, limit, upwards = window
        ascending = upwards and bool(start or end)
        pull = Pull(user, "", chat, start, end, limit, ascending)
        page = desk.server.apply(pull)[0]
        if not isinstance(page, HistoryPage):
            return [], 0
        return list(page.messages), int(page.more)

    def key_of_internal(self, internal: str) -> str:
        """Take the two users in any order."""
        first, between, second = internal.partition("@")
        return channel_key(first, second) if between and "@" not in second else ""

    def last_seq(self, state: State, key: str) -> int | None:
        """A channel that was never touched has no message."""
        return state.last_seq(key)

    def may_read(self, server: Server, user: str, key: str, message: Message) -> bool:
        """Tell whether it is inside what the user sees of the channel."""
        if message.kind == "command" or is_expired(server.state, message):
            return False
        spans = server.keeping.history_spans(server.state, user, key) if user else ()
        return not user or any(above < message.seq <= upto for above, upto in spans)

    def finds_numbers(self) -> bool:
        """It does."""
        return True

    def missed(self, desk: Desk, user: str, limit: int) -> list[list[Message]]:
        """Give the commands that any device of the user has still to get, the oldest first."""
        state = desk.state
        owner = state.users.get(user)
        missed = {pair for d in (owner.devices.values() if owner else ()) for pair in d.missed}
        logged = ((state.logs.get(key), seq) for key, seq in missed)
        found = [m for log, seq in logged if log is not None and (m := log.get(seq)) is not None]
        found.sort(key=lambda message: message.message_id)
        given = found[: limit or None]
        state.offered[user] = tuple((message.channel, message.seq) for message in given)
        return [given] if given else []

    def acknowledge(self, desk: Desk, user: str) -> None:
        """No device has to get again what was last given."""
        given = set(desk.state.offered.pop(user, ()))
        if not given:
            return
        for device in desk.state.user_w(user).devices.values():
            device.missed = [pair for pair in device.missed if pair not in given]

    # Conversations

    def listing(self, desk: Desk, ask: ListAsk) -> list[Json]:
        """Give the list: all of it, what changed since a version, or a page."""
        action = Synchronise(
            ask.user,
            "",
            only_unread=ask.only_unread,
            message_count=max(ask.message_count, 0),
            page=ask.page,
            page_size=ask.page_size,
        )
        found = []
        for entry in self._entries(desk, action):
            if address(entry.chat)[1] in ask.excluded and entry.chat not in ask.known:
                continue
            version = _version(desk.state, ask.user, entry.chat)
            fresh = _above(entry, ask.known.get(entry.chat, 0))
            if fresh is not None and version > ask.version:
                found.append(_written(fresh, version))
        return found

    def _entries(self, desk: Desk, action: Synchronise) -> Sequence[Entry]:
        answer = desk.server.apply(action)[0]
        return answer.entries if isinstance(answer, ListAnswer) else ()

    def by_channels(self, desk: Desk, user: str, chats: Sequence[str], count: int) -> list[Json]:
        """Give what is listed of the named chats, in the order in which they were named."""
        action = Synchronise(user, "", message_count=count, chats=tuple(chats))
        listed = {entry.chat: entry for entry in self._entries(desk, action)}
        return [
            _written(listed[chat], _version(desk.state, user, chat))
            for chat in dict.fromkeys(chats)
            if chat in listed
        ]

    def keys(self, desk: Desk, user: str) -> list[str]:
        """Name the channels of what is listed."""
        entries = self._entries(desk, Synchronise(user, "", message_count=0))
        return [channel_key(user, entry.chat) for entry in entries]

    def stored(self, server: Server, user: str) -> list[Stored]:
        """Give the records; what was deleted is there, with its mark."""
        state, found = server.state, []
        for key, record in state.all_records(user):
            entry = server.keeping.kept_entry(state, user, key)
            if entry is not None:
                last = state.last_seq(key)
                marks = _marks(entry)
                row = Stored(key, entry.unread, last, entry.read_to, record.touched_ms, marks)
                found.append(row)
        return found

    def read(self, desk: Desk, user: str, chat: str, upto: int) -> None:
        """Mark as read, up to a message where one is named."""
        desk.apply(Read(user, "", chat, upto))

    def mark_unread(self, desk: Desk, user: str, chat: str, count: int) -> None:
        """Mark the newest so many as unread."""
        desk.apply(MarkUnread(user, "", chat, count))

    # Channels

    def create(
        self, desk: Desk, chat: str, named: Sequence[str], flags: Flags, *, reset: bool
    ) -> None:
        """Make the group, or add members to it or replace them, and write its flags."""
        self.add_members(desk, chat, named, reset=reset)
        self._write_flags(desk, chat, flags)

    def set_flags(self, desk: Desk, channel_id: str, chat: str, flags: Flags) -> None:
        """Write the flags of a group; persons have none."""
        if chat[:1] != "#":
            raise Declined("unsupported", "flags are a group's; lists are who keeps persons apart")
        self.create(desk, chat, (), flags, reset=False)

    def _write_flags(self, desk: Desk, chat: str, flags: Flags) -> None:
        """Write what differs: a dismissal is for ever."""
        channel = desk.state.channels[chat]
        if flags.dismissed:
            desk.apply(Dismiss(chat))
            return
        for flag, on in flags.of_group():
            if bool(channel.flags.get(flag)) != on:
                desk.apply(SetGroupFlag(chat, flag, on))

    def add_members(self, desk: Desk, chat: str, named: Sequence[str], *, reset: bool) -> None:
        """Add members or replace them; the group is made by being named."""
        if any(not uid.strip() for uid in named):
            raise BadRequest("订阅者不能为空！")
        desk.know(*named)
        channel = desk.state.channels.get(chat)
        if channel is None or channel.dismissed:
            desk.apply(CreateGroup(chat, tuple(named)))
        elif reset:
            desk.apply(SetMembers(chat, tuple(named)))
        elif named:
            desk.apply(AddMembers(chat, tuple(named)))

    def remove_members(self, desk: Desk, chat: str, named: Sequence[str]) -> None:
        """Take away who is one."""
        present = tuple(uid for uid in named if uid in desk.state.users)
        desk.apply(RemoveMembers(chat, present))

    def remove_everybody(self, desk: Desk, chat: str) -> None:
        """Take all members away."""
        desk.apply(SetMembers(chat, ()))

    def forget_tag(self, state: State, chat: str) -> None:
        """Whom a message reaches is never remembered wrongly."""

    def access(self, desk: Desk, owner: str, uid: str, access: AccessList, *, on: bool) -> None:
        """Write one name."""
        if owner[:1] != "#":
            desk.know(owner)
        desk.know(uid)
        desk.apply(SetAccess(owner, uid, access, on))

    def replace_list(self, desk: Desk, owner: str, access: AccessList, uids: Sequence[str]) -> None:
        """Take off who is not named, put on who is."""
        for uid in listed(desk.state, owner, access):
            if uid not in uids:
                self.access(desk, owner, uid, access, on=False)
        for uid in uids:
            self.access(desk, owner, uid, access, on=True)

    # Users

    def may_quit(self, state: State, user: str, flag: int) -> bool:
        """Whoever is connected can be asked to go."""
        return user in state.users


def _version(state: State, user: str, chat: str) -> int:
    """Number the last change of a conversation: a message, or something that the user did."""
    key = channel_key(user, chat)
    record = state.record(user, key)
    channel = state.channels.get(key) or Channel(key)
    return max(record.changed if record is not None else 0, channel.order)


def _above(entry: Entry, known: int) -> Entry | None:
    """Leave out the messages that a client has; None: it has them all."""
    if not known:
        return entry
    if entry.last is None or entry.last.seq <= known:
        return None
    return replace(entry, messages=tuple(m for m in entry.messages if m.seq > known))


def _written(entry: Entry, version: int) -> Json:
    return written_conversation(entry, WHOLE) | {"version": version} | _marks(entry)


def written_change(event: ConversationPushed) -> Json:
    """Write what devices are told of a conversation: as the list has it now, without messages.

    Where the list has it no more there are `listed` 0, the marks and the flags; neither `listed`
    nor D where that is not told.
    """
    entry = event.entry or event.unlisted or Entry(event.chat, deleted_to=event.deleted_to)
    written = _written(entry, event.cursor)
    del written["recents"]
    if event.untold:
        return {"change": event.change, **written}
    written["deleted_to_msg_seq"] = event.deleted_to
    return {"change": event.change, "listed": int(event.entry is not None), **written}


def _marks(entry: Entry) -> Json:
    """Write D and the flags."""
    flags = {name: int(getattr(entry, name)) for name in ENTRY_FLAGS}
    return {"deleted_to_msg_seq": entry.deleted_to, **flags}
