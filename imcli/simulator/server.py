"""The simulated server: `Server.apply(action) -> events` is the one door.

The same actions give the same events, byte for byte, on every machine: there is no clock, no
randomness, no input or output here. `laws.py` is the table of what each action means; the law books
have the meaning. Reading methods (`entry`, `listing`, `history`, ...) never change anything and
are what a harness looks through; a fork is cheap and shares everything until it changes.
"""

from __future__ import annotations

from imcli.model import actions as act
from imcli.model.entities import Entry, Message
from imcli.model.events import Event, HistoryPage, ListAnswer, Offline
from imcli.simulator import clock, messages
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.laws import LAWS, Laws
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.sessions import no_device
from imcli.simulator.state import Device, State
from imcli.simulator.wukongim.traits import traits_of


def keeping_of(profile: Profile) -> Keeping:
    """Give the law of keeping that a profile names."""
    traits = traits_of(profile)
    if traits is None:
        return Derived()
    from imcli.simulator.wukongim import laws

    return laws.keeping_of(traits)


def laws_of(profile: Profile) -> Laws:
    """Give the table of laws of a profile."""
    if traits_of(profile) is None:
        return LAWS
    from imcli.simulator.wukongim.laws import WUKONGIM_LAWS

    return WUKONGIM_LAWS


class Server:
    """A server with one profile. Not thread-safe; cheap to make and to fork."""

    __slots__ = ("keeping", "laws", "profile", "state")

    def __init__(self, profile: Profile = REFERENCE, state: State | None = None) -> None:
        self.profile = profile
        self.state = State(profile) if state is None else state
        self.keeping: Keeping = keeping_of(profile)
        self.laws = laws_of(profile)

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
                    return [no_device(user, asking)]
                if device.kicked and isinstance(action, act.Send) and self._is_deaf(device):
                    from imcli.simulator.wukongim.messages import deaf

                    return deaf(self.state, self.keeping, action)
                if not device.session or device.dead:
                    return [Offline(user, asking)]
        return law(self.state, self.keeping, action)

    def _is_deaf(self, kicked: Device) -> bool:
        """Whether the server left the socket of a kicked device open, and the device did, too."""
        traits = traits_of(self.profile)
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

    def entry(self, user: str, chat: str, limit: int = act.LISTED_MESSAGES) -> Entry | None:
        """Give what a full synchronisation lists of one conversation now, or None."""
        return self.keeping.entry(self.state, user, chat, limit)

    def listing(self, user: str, limit: int = act.LISTED_MESSAGES) -> ListAnswer:
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
