"""A server with people on it, in few words.

`World("A", "B")` has users with a `phone` and a `web` each, all online. What is done must succeed;
`refuses` asks for a refusal and sees to it that nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from imcli.model.actions import (
    Accept,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    CreateGroup,
    CreateUser,
    Delete,
    Disconnect,
    Dismiss,
    Fault,
    FaultKind,
    Flag,
    Leave,
    MarkUnread,
    Pull,
    Read,
    RemoveMembers,
    Send,
    SetFlag,
    Synchronise,
    Wait,
)
from imcli.model.entities import Entry, Message
from imcli.model.events import (
    Accepted,
    ConversationPushed,
    Event,
    HistoryPage,
    ListAnswer,
    Offline,
    Pushed,
    Refused,
)
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.server import Server

SECOND = 1_000
DAY = 86_400_000


def policy(**switches: object) -> Profile:
    """The reference with some switches set."""
    return replace(REFERENCE, name="test", **switches)


class World:
    """A server, what it said last (`said`), and everything it ever said (`events`)."""

    def __init__(
        self, *users: str, profile: Profile = REFERENCE, devices: Iterable[str] = ("phone", "web")
    ) -> None:
        self.server = Server(profile)
        self.said: list[Event] = []
        self.events: list[Event] = []
        self.number = 0
        for user in users:
            self.do(CreateUser(user))
            for device in devices:
                kind = "web" if device == "web" else "app"
                self.do(AddDevice(user, device, kind, "master", True))  # type: ignore[arg-type]

    # Doing

    def apply(self, action: Action) -> list[Event]:
        self.said = self.server.apply(action)
        self.events += self.said
        return self.said

    def do(self, action: Action) -> list[Event]:
        events = self.apply(action)
        assert not isinstance(events[0], Refused | Offline), events[0]
        return events

    def refuses(self, action: Action) -> str:
        before = self.server.digest()
        (answer,) = self.apply(action)
        assert isinstance(answer, Refused), answer
        assert self.server.digest() == before, "refused means nothing changed"
        return answer.reason

    def send(
        self,
        sender: str,
        chat: str,
        text: str = "hi",
        *,
        device: str = "phone",
        number: str = "",
        no_persist: bool = False,
        no_red_dot: bool = False,
        command: bool = False,
        notice: bool = False,
        expire_ms: int = 0,
    ) -> Message:
        """Send, and give the message that was accepted."""
        self.number += 1
        number = number or f"c{self.number}"
        self.do(
            Send(
                sender,
                device,
                chat,
                text,
                number,
                "",
                no_persist,
                no_red_dot,
                command,
                notice,
                expire_ms,
            )
        )
        message = self.accepted().message
        assert message is not None
        return message

    def text(self, sender: str, chat: str, number: str = "x", device: str = "phone") -> Send:
        return Send(sender, device, chat, "hi", number)

    def accepted(self) -> Accepted:
        (answer,) = [event for event in self.said if isinstance(event, Accepted)]
        return answer

    def delete(self, user: str, chat: str, up_to: int = 0, *, both: bool = False) -> None:
        self.do(Delete(user, "phone", chat, both, up_to))

    def clear(self, user: str, chat: str) -> None:
        self.do(Clear(user, "phone", chat))

    def read(self, user: str, chat: str, up_to: int = 0) -> None:
        self.do(Read(user, "phone", chat, up_to))

    def mark(self, user: str, chat: str, count: int | None = None) -> None:
        self.do(MarkUnread(user, "phone", chat, count))

    def flag(self, user: str, chat: str, flag: Flag, on: bool = True) -> None:
        self.do(SetFlag(user, "phone", chat, flag, on))

    def accept(self, user: str, chat: str) -> None:
        self.do(Accept(user, "phone", chat))

    def group(self, group: str, *members: str) -> None:
        self.do(CreateGroup(group, members))

    def add(self, group: str, *members: str) -> None:
        self.do(AddMembers(group, members))

    def remove(self, group: str, *members: str) -> None:
        self.do(RemoveMembers(group, members))

    def leave(self, user: str, group: str) -> None:
        self.do(Leave(user, "phone", group))

    def dismiss(self, group: str) -> None:
        self.do(Dismiss(group))

    def wait(self, duration_ms: int) -> list[Event]:
        return self.do(Wait(duration_ms))

    def offline(self, user: str, device: str = "web") -> None:
        self.do(Disconnect(user, device))

    def online(self, user: str, device: str = "web") -> None:
        self.do(Connect(user, device))

    def fault(
        self, user: str, device: str, kind: FaultKind, count: int = 0, duration_ms: int = 0
    ) -> list[Event]:
        return self.do(Fault(user, device, kind, count, duration_ms))

    # Looking

    def entry(self, user: str, chat: str) -> Entry:
        entry = self.server.entry(user, chat)
        assert entry is not None, f"{user} does not see {chat}"
        return entry

    def sees(self, user: str) -> list[str]:
        return [entry.chat for entry in self.server.listing(user).entries]

    def unread(self, user: str, chat: str) -> int:
        return self.entry(user, chat).unread

    def total(self, user: str) -> int:
        return self.server.listing(user).total_unread

    def seqs(self, user: str, chat: str) -> list[int]:
        """What the entry has."""
        return [message.seq for message in self.entry(user, chat).messages]

    def history(self, user: str, chat: str) -> list[int]:
        return [message.seq for message in self.server.history(user, chat)]

    def page(self, user: str, chat: str, **bounds: int) -> tuple[list[int], bool]:
        pull = Pull(user, "", chat)
        bounds_of = {name: value for name, value in bounds.items() if name != "ascending"}
        pull = replace(pull, **bounds_of, ascending=bool(bounds.get("ascending", 1)))
        (page,) = self.do(pull)
        assert isinstance(page, HistoryPage)
        return [message.seq for message in page.messages], page.more

    def sync(self, user: str, device: str = "web", cursor: int | None = None) -> ListAnswer:
        return self.ask(Synchronise(user, device, cursor))

    def ask(self, action: Synchronise) -> ListAnswer:
        (answer,) = self.do(action)
        assert isinstance(answer, ListAnswer)
        return answer

    def got(self, user: str, device: str) -> list[int]:
        """Message ids that reached a device by push, in order."""
        return [
            event.message.message_id
            for event in self.events
            if isinstance(event, Pushed) and (user, device) in event.devices
        ]

    def told(self, user: str, device: str) -> list[ConversationPushed]:
        """What a device was told of conversations by the last thing done."""
        return [
            event
            for event in self.said
            if isinstance(event, ConversationPushed)
            and event.user == user
            and device in event.devices
        ]
