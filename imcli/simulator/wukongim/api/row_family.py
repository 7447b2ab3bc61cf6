"""WuKongIM's versions behind the API: rows, windows of the whole log, nothing is refused.

A send is answered before anything is checked or stored, so that a refused one is answered like any
other. Lists may name anybody and stand before their owner does. Members may be blank (A21).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imcli.model.actions import (
    AccessList,
    Action,
    AddMembers,
    Crash,
    CreateGroup,
    GroupFlag,
    MarkUnread,
    Read,
    RemoveMembers,
    Send,
    SetAccess,
    SetMembers,
)
from imcli.model.entities import Message
from imcli.model.events import Accepted, Event
from imcli.simulator.conversations import row_table
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.conversations.row_list import Ask, channel_entries, list_entries
from imcli.simulator.record import Record
from imcli.simulator.server import Server
from imcli.simulator.state import Channel, State, User
from imcli.simulator.wukongim import commands, history
from imcli.simulator.wukongim.api.family import (
    Desk,
    Family,
    Flags,
    ListAsk,
    Sent,
    Stored,
    Window,
)
from imcli.simulator.wukongim.api.fields import BadRequest
from imcli.simulator.wukongim.api.names import address, key_of_internal
from imcli.simulator.wukongim.api.objects import Form, Json, written_conversation
from imcli.simulator.wukongim.groups import set_allow_list
from imcli.simulator.wukongim.ids import key_of
from imcli.simulator.wukongim.messages import channel_at, send_apart

TAGS: dict[tuple[int, ...], str] = {
    (2, 1, 3): "v2.1.3-20250210",
    (2, 1, 4): "v2.1.4-20250319",
    (2, 1, 5): "v2.1.5-20250424",
    (2, 2, 0): "v2.2.0-20250426",
    (2, 2, 5): "v2.2.5-20260422",
}


class NoAnswer(Exception):
    """The process ends before it can answer."""


class RowFamily(Family):
    """The profiles that keep rows."""

    silent_unless_said = True
    panics = True

    def __init__(self, keeping: RowKeeping) -> None:
        self.keeping = keeping
        self.traits = keeping.traits
        self.form = Form(keeping.traits.streams, True)

    def version(self, server: Server) -> str:
        """Name the tag."""
        return TAGS.get(server.profile.version, "")

    def check(self, events: Sequence[Event]) -> None:
        """What is refused is answered like anything else."""

    def know(self, state: State, users: Iterable[str]) -> None:
        """Make users known, whatever they are called."""
        for user in users:
            if user not in state.users:
                state.add_user(user)

    def waiting(self, state: State) -> int:
        """2.1.3 counts its updates, later ones say 0."""
        return len(state.waiting) if self.traits.keeping == "rows" else 0

    # Messages

    def send(self, desk: Desk, action: Send) -> Sent:
        """Send; a refused message has an id all the same, and none is told its number."""
        desk.know(action.user)
        if action.chat[:1] != "#":
            desk.know(action.chat)
        for event in desk.apply(action):
            if isinstance(event, Accepted):
                return Sent(event.message_id)
        return Sent(desk.state.next_order())

    def send_apart(self, desk: Desk, action: Send, receivers: Sequence[str]) -> None:
        """Send into a channel of its own, which keeps no conversations (A22)."""
        desk.know(action.user, *receivers)
        desk.events += send_apart(desk.state, action, receivers)

    def window(self, desk: Desk, user: str, chat: str, window: Window) -> tuple[list[Message], int]:
        """Answer the log to anybody; a look makes the channel known."""
        key = key_of(user, chat)
        if key not in desk.state.channels:
            if key[:1] != "#":
                desk.know(*key.split("@", 1))
            channel_at(desk.state, key)
        log = desk.state.logs.get(key)
        start, end, limit, upwards = window
        return history.window(log, start, end, limit, upwards=upwards)

    def key_of_internal(self, internal: str) -> str:
        """Take the id as it is written: the wrong order is no channel."""
        return key_of_internal(internal)

    def last_seq(self, state: State, key: str) -> int | None:
        """A channel that was never touched is an error (A25)."""
        return state.last_seq(key) if key in state.channels else None

    def may_read(self, server: Server, user: str, key: str, message: Message) -> bool:
        """Everybody may."""
        return True

    def finds_numbers(self) -> bool:
        """It never does (A24)."""
        return False

    def missed(self, desk: Desk, user: str, limit: int) -> list[list[Message]]:
        """Give what rows of commands have not read."""
        return commands.missed(desk.state, self.keeping, user, limit)

    def acknowledge(self, desk: Desk, user: str) -> None:
        """Move the read marks of those rows."""
        commands.acknowledge(desk.state, self.keeping, user)

    # Conversations

    def listing(self, desk: Desk, ask: ListAsk) -> list[Json]:
        """Give the list; any positive version acts as `only_unread`."""
        only_unread = ask.version > 0 or ask.only_unread
        rows = self.keeping.rows(desk.state, ask.user)
        wanted = Ask(ask.user, ask.message_count, only_unread, ask.known, *ask[5:7])
        return [
            written_conversation(entry, self.form)
            for entry in list_entries(desk.state, self.traits, rows, wanted)
            if address(entry.chat)[1] not in ask.excluded or entry.chat in ask.known
        ]

    def by_channels(self, desk: Desk, user: str, chats: Sequence[str], count: int) -> list[Json]:
        """Give one object per chat, whatever is stored or deleted (A16)."""
        found = []
        for entry in channel_entries(desk.state, self.traits, user, chats, count):
            row = desk.state.record(user, key_of(user, entry.chat)) or Record()
            found.append(written_conversation(entry, self.form, row.touched_ms))
        return found

    def keys(self, desk: Desk, user: str) -> list[str]:
        """Name the channels of the rows, deleted ones too where D hides them (A15)."""
        return [key for key, _ in self.keeping.rows(desk.state, user)]

    def stored(self, server: Server, user: str) -> list[Stored]:
        """Give the rows, past caches and what waits; D is not shown."""
        state, found = server.state, []
        for key, row in state.all_records(user):
            last = state.last_seq(key)
            unread = last - row.read_to if last >= row.read_to else row.stored_unread
            found.append(Stored(key, unread, last, row.read_to, row.touched_ms, {}))
        return found

    def read(self, desk: Desk, user: str, chat: str, upto: int) -> None:
        """Do `clearUnread`; the number is declared and never read."""
        desk.apply(Read(user, "", chat))

    def mark_unread(self, desk: Desk, user: str, chat: str, count: int) -> None:
        """Do `setUnread`."""
        desk.apply(MarkUnread(user, "", chat, count))

    # Channels

    def create(
        self, desk: Desk, chat: str, named: Sequence[str], flags: Flags, *, reset: bool
    ) -> None:
        """Make it or overwrite it; with a blank member the flags are not reached."""
        if reset:
            desk.apply(CreateGroup(chat, ()))
            self.add_members(desk, chat, named, reset=True)
        else:
            kept = tuple(filter(None, named))
            self._with_members(desk, chat, named, CreateGroup(chat, kept))
        if all(named):
            _write_flags(desk.state, chat, flags)

    def set_flags(self, desk: Desk, channel_id: str, chat: str, flags: Flags) -> None:
        """Write the flags of whatever is named; a person's are those of one sender."""
        if chat[:1] == "#":
            _write_flags(desk.state, chat, flags)
            return
        key = key_of_internal(channel_id)
        if key:
            desk.know(*key.split("@", 1))
            _write_flags(desk.state, key, flags)
        else:
            desk.know(chat)
            owner = desk.state.user_w(chat)
            owner.flags, owner.dismissed = _named(flags), flags.dismissed

    def add_members(self, desk: Desk, chat: str, named: Sequence[str], *, reset: bool) -> None:
        """Add members; the channel is made by being named."""
        kept = tuple(uid for uid in named if uid)
        action = SetMembers(chat, kept) if reset else AddMembers(chat, kept)
        self._with_members(desk, chat, named, action)

    def _with_members(self, desk: Desk, chat: str, named: Sequence[str], action: Action) -> None:
        """Do it, or what comes of a blank member: nothing, an end, or an error after the fact."""
        blank = self.traits.blank_member if "" in named else "skipped"
        match blank:
            case "skipped":
                desk.apply(action)
            case "fatal":
                desk.apply(Crash())
                raise NoAnswer
            case "refused":
                fresh = chat not in desk.state.channels
                channel_at(desk.state, chat)
                desk.know(*named)
                channel = desk.state.channel_w(chat)
                channel.members = {**channel.members, **dict.fromkeys(named, 1)}
                raise BadRequest("添加频道失败！" if fresh else "添加订阅者失败！")

    def remove_members(self, desk: Desk, chat: str, named: Sequence[str]) -> None:
        """Take them away, members or not."""
        desk.apply(RemoveMembers(chat, tuple(named)))

    def remove_everybody(self, desk: Desk, chat: str) -> None:
        """Take the members away; rows stay (A27)."""
        channel_at(desk.state, chat)
        desk.state.channel_w(chat).members = {}
        self.keeping.new_tag(desk.state, chat)

    def forget_tag(self, state: State, chat: str) -> None:
        """The list of receivers gets a new key with the next message."""
        self.keeping.new_tag(state, chat)

    def access(self, desk: Desk, owner: str, uid: str, access: AccessList, *, on: bool) -> None:
        """Write one name."""
        self._holder(desk, owner)
        desk.know(uid)
        desk.apply(SetAccess(owner, uid, access, on))

    def replace_list(self, desk: Desk, owner: str, access: AccessList, uids: Sequence[str]) -> None:
        """Write a whole list; rows of the denied go, where `blacklist_add` takes them too."""
        holder = self._holder(desk, owner)
        if isinstance(holder, Channel) and access == "allow":
            set_allow_list(desk.state, owner, uids)
        else:
            setattr(holder, "blocked" if access == "block" else "allowed", dict.fromkeys(uids, 1))
        if access == "block" and self.traits.deny_deletes_rows:
            for uid in uids:
                row_table.remove(desk.state, uid, owner)

    def _holder(self, desk: Desk, owner: str) -> Channel | User:
        """Give what holds the list; made by being named."""
        if owner[:1] == "#":
            channel_at(desk.state, owner)
            return desk.state.channel_w(owner)
        desk.know(owner)
        return desk.state.user_w(owner)

    # Users

    def may_quit(self, state: State, user: str, flag: int) -> bool:
        """Only where a token was given for that kind."""
        owner = state.users.get(user)
        return owner is not None and flag in owner.tokens


def _named(flags: Flags) -> dict[GroupFlag, int]:
    return {flag: 1 for flag, on in flags.of_group() if on}


def _write_flags(state: State, key: str, flags: Flags) -> None:
    channel_at(state, key)
    channel = state.channel_w(key)
    channel.flags = _named(flags)
    channel.dismissed = flags.dismissed
