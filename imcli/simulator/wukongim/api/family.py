"""What differs between families of profiles behind one and the same HTTP API.

WuKongIM's versions keep rows, check next to nothing and have their anomalies; the reference and the
small profiles over it derive lists, know their members and say no. A route reads and checks its
request and asks the family for the rest; no route knows which it has. `row_family.py` and
`derived_family.py` are the two; `Desk` is as much of a request as they need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from imcli.model.actions import AccessList, Action, GroupFlag, Send
from imcli.model.entities import Message
from imcli.model.events import Event
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.simulator.wukongim.api.objects import Form, Json
from imcli.simulator.wukongim.traits import Traits


class Declined(Exception):
    """The server refuses what was asked; `reason` is a name of `REASONS`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Desk(Protocol):
    """As much of a request as a family needs."""

    server: Server
    events: list[Event]

    @property
    def state(self) -> State:
        """The server's tables."""

    def apply(self, action: Action) -> list[Event]:
        """Do one action."""

    def know(self, *users: str) -> None:
        """Make users known."""


class ListAsk(NamedTuple):
    """What `/conversation/sync` is asked for; `known` are (chat, newest seq) that a client has."""

    user: str
    message_count: int
    version: int
    only_unread: bool
    known: dict[str, int]
    page: int
    page_size: int
    excluded: bytes


class Window(NamedTuple):
    """What `/channel/messagesync` is asked for."""

    start: int
    end: int
    limit: int
    upwards: bool


class Sent(NamedTuple):
    """What a sender is told: the message's id, and its number where the server says one."""

    message_id: int
    seq: int | None = None


class Stored(NamedTuple):
    """One stored row of a conversation, as `/cluster/conversations` shows it."""

    key: str
    unread: int
    last: int
    read_to: int
    touched_ms: int
    more: Json


class Flags(NamedTuple):
    """The flags of a channel, written all at once."""

    banned: bool
    muted: bool
    dismissed: bool

    def of_group(self) -> tuple[tuple[GroupFlag, bool], ...]:
        """Give every flag that a group has besides being dismissed, and whether it is set."""
        return ("banned", self.banned), ("muted", self.muted)


class Family(ABC):
    """One family. What is asked for is done or declined (`Declined`), or read and changed nowhere.

    Attributes:
        traits: which routes and fields there are.
        form: how messages are written.
        silent_unless_said: a message without the flag `red_dot` has none.
        panics: a list without a user's id ends in the store and not in an answer (A33).
    """

    traits: Traits
    form: Form
    silent_unless_said: bool
    panics: bool

    @abstractmethod
    def version(self, server: Server) -> str:
        """Name the version, as `/varz` does."""

    @abstractmethod
    def check(self, events: Sequence[Event]) -> None:
        """See whether the server said no."""

    @abstractmethod
    def know(self, state: State, users: Iterable[str]) -> None:
        """Make users known."""

    @abstractmethod
    def waiting(self, state: State) -> int:
        """Count the updates of conversations that are only in memory, as `/varz` does."""

    # Messages

    @abstractmethod
    def send(self, desk: Desk, action: Send) -> Sent:
        """Send as the back end does."""

    @abstractmethod
    def send_apart(self, desk: Desk, action: Send, receivers: Sequence[str]) -> None:
        """Send a command to named receivers."""

    @abstractmethod
    def window(self, desk: Desk, user: str, chat: str, window: Window) -> tuple[list[Message], int]:
        """Give a window of a history, oldest first, and what the server says of `more`."""

    @abstractmethod
    def key_of_internal(self, internal: str) -> str:
        """Name the channel that a person channel's internal id means; "" for what is none."""

    @abstractmethod
    def last_seq(self, state: State, key: str) -> int | None:
        """Give the number of a channel's newest message; None is an error."""

    @abstractmethod
    def may_read(self, server: Server, user: str, key: str, message: Message) -> bool:
        """Tell whether a message of a channel is for a user to read ("": for the back end)."""

    @abstractmethod
    def finds_numbers(self) -> bool:
        """Tell whether `/message` finds a message by its client number alone."""

    @abstractmethod
    def missed(self, desk: Desk, user: str, limit: int) -> list[list[Message]]:
        """Give the commands that a user has not acknowledged, per channel."""

    @abstractmethod
    def acknowledge(self, desk: Desk, user: str) -> None:
        """Take the commands that were last given as read."""

    # Conversations

    @abstractmethod
    def listing(self, desk: Desk, ask: ListAsk) -> list[Json]:
        """Give a user's conversations."""

    @abstractmethod
    def by_channels(self, desk: Desk, user: str, chats: Sequence[str], count: int) -> list[Json]:
        """Give the conversations of named chats."""

    @abstractmethod
    def keys(self, desk: Desk, user: str) -> list[str]:
        """Name the channels of a user's conversations."""

    @abstractmethod
    def stored(self, server: Server, user: str) -> list[Stored]:
        """Give a user's stored rows."""

    @abstractmethod
    def read(self, desk: Desk, user: str, chat: str, upto: int) -> None:
        """Mark as read."""

    @abstractmethod
    def mark_unread(self, desk: Desk, user: str, chat: str, count: int) -> None:
        """Mark as unread."""

    # Channels

    @abstractmethod
    def create(
        self, desk: Desk, chat: str, named: Sequence[str], flags: Flags, *, reset: bool
    ) -> None:
        """Make a channel or overwrite its flags, and add members or replace them."""

    @abstractmethod
    def set_flags(self, desk: Desk, channel_id: str, chat: str, flags: Flags) -> None:
        """Overwrite the flags of a channel; `channel_id` is the id as it was written."""

    @abstractmethod
    def add_members(self, desk: Desk, chat: str, named: Sequence[str], *, reset: bool) -> None:
        """Add members, or replace them."""

    @abstractmethod
    def remove_members(self, desk: Desk, chat: str, named: Sequence[str]) -> None:
        """Take members away."""

    @abstractmethod
    def remove_everybody(self, desk: Desk, chat: str) -> None:
        """Take all members away."""

    @abstractmethod
    def forget_tag(self, state: State, chat: str) -> None:
        """Forget whom messages of a channel reach; it is found out anew."""

    @abstractmethod
    def access(self, desk: Desk, owner: str, uid: str, access: AccessList, *, on: bool) -> None:
        """Put somebody on, or take somebody off, a list."""

    @abstractmethod
    def replace_list(self, desk: Desk, owner: str, access: AccessList, uids: Sequence[str]) -> None:
        """Replace a list."""

    # Users

    @abstractmethod
    def may_quit(self, state: State, user: str, flag: int) -> bool:
        """Tell whether `/user/device_quit` ends the sessions of a user's devices of a kind."""


def listed(state: State, owner: str, access: AccessList) -> tuple[str, ...]:
    """Name who is on a list of a group or of a user; nobody where there is no such owner."""
    holder = state.channels.get(owner) if owner[:1] == "#" else state.users.get(owner)
    if holder is None:
        return ()
    return tuple(holder.blocked if access == "block" else holder.allowed)
