"""The simulated server: `Server.apply(action) -> events` is the one door.

The same actions give the same events, byte for byte, on every machine: there is no clock, no
randomness, no input or output here. `LAWS` is the table of what each action means; the law books
have the meaning. Reading methods (`entry`, `listing`, `history`, ...) never change anything and
are what a harness looks through; a fork is cheap and shares everything until it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imcli.model import actions as act
from imcli.model.entities import Entry, Message
from imcli.model.events import Done, Event, HistoryPage, ListAnswer, Offline, Refused
from imcli.simulator import channels, clock, messages, process, sessions
from imcli.simulator.conversations.base import Keeping, Refusal, Result
from imcli.simulator.conversations.marked_rows import MarkedRows
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.conversations.rows import Rows
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.state import Device, State
from imcli.simulator.telling import tell
from imcli.simulator.wukongim import groups as wukongim_groups
from imcli.simulator.wukongim import history as wukongim_history
from imcli.simulator.wukongim import messages as wukongim_messages
from imcli.simulator.wukongim.traits import TRAITS

Law = Callable[[State, Keeping, Any], list[Event]]


def _kept(name: str) -> Law:
    """Make a law of an operation on conversations: refuse, or do it and tell the devices."""

    def law(state: State, keeping: Keeping, action: Any) -> list[Event]:
        if action.user not in state.users:
            return [Refused("invalid", f"there is no user {action.user}")]
        result: Result = getattr(keeping, name)(state, action)
        if isinstance(result, Refusal):
            return [Refused(result.reason, result.detail)]
        events: list[Event] = [Done()]
        if result:
            tell(state, keeping, result, (action.user, action.device), events)
        return events

    return law


def _unsupported(state: State, keeping: Keeping, action: Any) -> list[Event]:
    return [Refused("unsupported", "the simulated server has no HTTP side")]


LAWS: dict[type, tuple[Law, str]] = {
    act.Send: (messages.send, "user"),
    act.Delete: (_kept("delete"), "user"),
    act.Read: (_kept("read"), "user"),
    act.Clear: (_kept("clear"), "user"),
    act.MarkUnread: (_kept("mark_unread"), "user"),
    act.SetFlag: (_kept("set_flag"), "user"),
    act.Accept: (_kept("accept"), "user"),
    act.Open: (messages.open_window, "user"),
    act.Synchronise: (messages.synchronise, "user"),
    act.Pull: (messages.pull, "user"),
    act.CreateUser: (sessions.create_user, ""),
    act.AddDevice: (sessions.add_device, ""),
    act.Connect: (sessions.connect, ""),
    act.Disconnect: (sessions.disconnect, ""),
    act.Drop: (sessions.drop, ""),
    act.Kick: (sessions.kick, ""),
    act.CreateGroup: (channels.create_group, "user"),
    act.AddMembers: (channels.add_members, "user"),
    act.RemoveMembers: (channels.remove_members, "user"),
    act.SetMembers: (channels.set_members, "user"),
    act.Leave: (channels.leave, "user"),
    act.Dismiss: (channels.dismiss, "user"),
    act.SetAccess: (channels.set_access, "owner"),
    act.SetGroupFlag: (channels.set_group_flag, ""),
    act.Wait: (clock.wait, ""),
    act.Flush: (process.flush, ""),
    act.Restart: (process.restart, ""),
    act.Crash: (process.crash, ""),
    act.Fault: (clock.fault, ""),
    act.SetClock: (clock.set_clock, ""),
    act.Request: (_unsupported, ""),
}
"""Action -> its law, and the field that names the user whose device must be online ("": none)."""


WUKONGIM_LAWS: dict[type, tuple[Law, str]] = {
    **LAWS,
    act.Kick: (sessions.kick_kind, ""),
    act.Send: (wukongim_messages.send, "user"),
    act.Pull: (wukongim_history.pull, "user"),
    act.CreateGroup: (wukongim_groups.create_group, "user"),
    act.AddMembers: (wukongim_groups.add_members, "user"),
    act.RemoveMembers: (wukongim_groups.remove_members, "user"),
    act.SetMembers: (wukongim_groups.set_members, "user"),
    act.Leave: (wukongim_groups.leave, "user"),
    act.Dismiss: (wukongim_groups.dismiss, "user"),
    act.SetAccess: (wukongim_groups.set_access, "owner"),
    act.SetGroupFlag: (wukongim_groups.set_group_flag, ""),
}
"""What WuKongIM does otherwise; the same of its versions read their `Traits`."""


def keeping_of(profile: Profile) -> Keeping:
    """Give the law of keeping that a profile names."""
    traits = TRAITS.get(profile.version) if profile.product == "wukongim" else None
    if traits is None:
        return Derived()
    return Rows(traits) if traits.keeping == "rows" else MarkedRows(traits)


class Server:
    """A server with one profile. Not thread-safe; cheap to make and to fork."""

    __slots__ = ("keeping", "laws", "profile", "state")

    def __init__(self, profile: Profile = REFERENCE, state: State | None = None) -> None:
        self.profile = profile
        self.state = State(profile) if state is None else state
        self.keeping: Keeping = keeping_of(profile)
        self.laws = WUKONGIM_LAWS if profile.version in TRAITS else LAWS

    def apply(self, action: act.Action) -> list[Event]:
        """Do one action and give everything it caused, in order.

        Raises:
            TargetUnavailable: a wait met more timers than one step may.
        """
        law, owner = self.laws[type(action)]
        if owner:
            asking: str = action.device  # type: ignore[union-attr]  # those laws name one
            if asking:
                user: str = action.user if owner == "user" else getattr(action, owner)  # type: ignore[union-attr]
                asker = self.state.users.get(user)
                device = None if asker is None else asker.devices.get(asking)
                if device is None:
                    return [Refused("invalid", f"there is no device {user}.{asking}")]
                if device.kicked and isinstance(action, act.Send) and self._is_deaf(device):
                    return wukongim_messages.deaf(self.state, self.keeping, action)
                if not device.session or device.dead:
                    return [Offline(user, asking)]
        return law(self.state, self.keeping, action)

    def _is_deaf(self, kicked: Device) -> bool:
        """Whether the server left the socket of a kicked device open, and the device did, too."""
        traits = TRAITS.get(self.profile.version)
        left_open = traits is not None and traits.kicked_socket == "left-open"
        return left_open and not kicked.dead

    def settle(self) -> list[Event]:
        """Let every delivery under way arrive; timers for later are not awaited."""
        events: list[Event] = []
        clock.settle(self.state, self.keeping, events)
        return events

    def advance_to(self, until_ms: int) -> list[Event]:
        """Move the clock to a time, letting timers act on the way."""
        events: list[Event] = []
        clock.advance_to(self.state, self.keeping, until_ms, events)
        return events

    def fork(self) -> Server:
        """Give a server that goes its own way from here."""
        return self._with(self.state.fork())

    def aside(self) -> Server:
        """Give a server to try something on, which is let go before this one does anything."""
        return self._with(self.state.aside())

    def _with(self, state: State) -> Server:
        twin = Server.__new__(Server)
        twin.profile = self.profile
        twin.keeping = self.keeping
        twin.laws = self.laws
        twin.state = state
        return twin

    def close(self) -> None:
        """End it; a simulated server holds nothing that must be given back."""

    def digest(self) -> str:
        """Give 64 hexadecimal digits, equal exactly for equal states."""
        return self.state.digest()

    # Reading

    def key_of(self, user: str, chat: str) -> str:
        """Name the channel behind a user's chat, as this server does."""
        return self.keeping.key_of(user, chat)

    def entry(self, user: str, chat: str, limit: int = 20) -> Entry | None:
        """Give what a full synchronisation lists of one conversation now, or None."""
        return self.keeping.entry(self.state, user, chat, limit)

    def listing(self, user: str, limit: int = 20) -> ListAnswer:
        """Give what a full synchronisation answers now (for no device in particular)."""
        return self.keeping.listing(self.state, act.Synchronise(user, "", message_count=limit))

    def kept(self, user: str, chat: str) -> Entry | None:
        """Give the stored record of a conversation, or None."""
        return self.keeping.kept_entry(self.state, user, self.key_of(user, chat))

    def history(self, user: str, chat: str) -> tuple[Message, ...]:
        """Give the whole history that the user can pull, oldest first."""
        found: list[Message] = []
        start = 0
        while True:
            pull = act.Pull(user, "", chat, start, 0, messages.PAGE_LIMIT_MAX)
            (page,) = messages.pull(self.state, self.keeping, pull)
            if not isinstance(page, HistoryPage):
                return ()
            found += page.messages
            if not page.more:
                return tuple(found)
            start = page.messages[-1].seq + 1
