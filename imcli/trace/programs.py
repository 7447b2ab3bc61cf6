"""Random programs: casts and actions drawn from a `random.Random` that the caller gives.

Programs are small and crowded on purpose: a handful of people, most of what happens in one or two
conversations, so that deletes, sends and synchronisations meet. `MAKERS` is the table of what is
made how often; several of its rows are short bursts that real products got wrong (a delete just
before or after a send, between two synchronisations, a state write right after a delete).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import get_args

import msgspec

from imcli.model.actions import (
    Accept,
    AccessList,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Crash,
    CreateGroup,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Fault,
    FaultKind,
    Flag,
    Flush,
    GroupFlag,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Pull,
    Read,
    RemoveMembers,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
    Wait,
)
from imcli.model.entities import DEVICE_KINDS, DeviceSpec, channel_key, is_group

USERS = ("A", "B", "C", "D")
DEVICES = ("phone", "web", "desktop")
GROUPS = ("#team", "#club")
WAITS_MS = (1, 500, 5_000, 31_000, 61_000, 660_000)
"""Just beyond what servers time with: a resend, flushes of 30 s and 60 s, caches of 10 minutes."""


class Program(msgspec.Struct, frozen=True):
    """A cast (as `targets.base.Cast` takes it) and what is done, in order."""

    users: tuple[tuple[str, tuple[DeviceSpec, ...]], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    actions: tuple[Action, ...]


class Draft:
    """A program in the making: who there is, what was sent so far, and the source of chance."""

    __slots__ = ("devices", "favourite", "groups", "numbers", "random", "sends", "sent", "users")

    def __init__(self, random: Random) -> None:
        self.random = random
        self.users = USERS[: random.randint(2, len(USERS))]
        self.devices = {user: DEVICES[: random.choice((1, 2, 2, 3))] for user in self.users}
        self.groups = {name: self._some_users() for name in GROUPS[: random.choice((0, 1, 1, 2))]}
        self.favourite = (self.users[0], random.choice((self.users[1], *self.groups)))
        self.sends: list[Send] = []
        self.sent: dict[str, int] = {}
        self.numbers = 0

    def _some_users(self) -> tuple[str, ...]:
        return tuple(user for user in self.users if user == "A" or self.random.random() < 0.7)

    # Choosing

    def pair(self) -> tuple[str, str]:
        """Choose a user and a chat of that user, most often of the favourite conversation."""
        user, chat = self.favourite
        if self.random.random() < 0.3:
            user = self.random.choice(self.users)
            chat = self.random.choice((*self.users, *self.groups))
            return user, chat
        if self.random.random() < 0.4:
            return (self.random.choice(self.users), chat) if is_group(chat) else (chat, user)
        return user, chat

    def other(self, user: str, chat: str) -> tuple[str, str]:
        """Give the conversation as somebody else in it names it."""
        if is_group(chat):
            return self.random.choice([each for each in self.users if each != user]), chat
        return chat, user

    def device(self, user: str) -> str:
        """Choose a device of a user, now and then none at all (the app's back end)."""
        return "" if self.random.random() < 0.05 else self.random.choice(self.devices[user])

    def bound(self, user: str, chat: str) -> int:
        """Choose a sequence number: around the newest one, or any."""
        newest = self.sent.get(channel_key(user, chat), 0)
        return max(1, newest + self.random.choice((-2, -1, 0, 1)))

    def group(self) -> str:
        """Choose a group, there or not."""
        return self.random.choice(tuple(self.groups) or GROUPS)

    # Sending

    def send(self, user: str, chat: str, option: str = "", value: int = 0) -> Send:
        """Make a send with a number of its own."""
        self.numbers += 1
        number = f"c{self.numbers}"
        message = Send(user, self.device(user), chat, f"message {self.numbers}", number)
        if option:
            message = msgspec.structs.replace(message, **{option: value})
        self.sends.append(message)
        if not message.no_persist:
            key = channel_key(user, chat)
            self.sent[key] = self.sent.get(key, 0) + 1
        return message


def random_program(random: Random, size: int = 40) -> Program:
    """Draw a program of about `size` actions."""
    draft = Draft(random)
    makers = [maker for _, maker in MAKERS]
    weights = [weight for weight, _ in MAKERS]
    actions: list[Action] = []
    for maker in random.choices(makers, weights, k=size):
        actions += maker(draft)
        if len(actions) >= size:
            break
    users = tuple(
        (user, tuple(DeviceSpec(name, DEVICE_KINDS[name]) for name in draft.devices[user]))
        for user in draft.users
    )
    return Program(users, tuple(draft.groups.items()), tuple(actions[:size]))


# What is made. Each gives one action or a short burst.


def _send(draft: Draft) -> Sequence[Action]:
    return [draft.send(*draft.other(*draft.pair()))]


def _special_send(draft: Draft) -> Sequence[Action]:
    option = draft.random.choice(("no_persist", "no_red_dot", "command", "notice", "expire_ms"))
    value = draft.random.choice(WAITS_MS) if option == "expire_ms" else True
    return [draft.send(*draft.pair(), option, value)]


def _resend(draft: Draft) -> Sequence[Action]:
    return [draft.random.choice(draft.sends[-5:])] if draft.sends else []


def _delete(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    up_to = draft.bound(user, chat) if draft.random.random() < 0.3 else 0
    both = draft.random.random() < 0.1
    return [Delete(user, draft.device(user), chat, both, up_to)]


def _delete_and_send(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    delete = Delete(user, draft.device(user), chat)
    send = draft.send(*draft.other(user, chat))
    return [delete, send] if draft.random.random() < 0.6 else [send, delete]


def _delete_and_write(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    write = draft.random.choice((_read, _mark, _flag, _clear, _special_send))(draft)
    return [Delete(user, draft.device(user), chat), *write, draft.send(*draft.other(user, chat))]


def _delete_between_synchronisations(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    device = draft.random.choice(draft.devices[user])
    delete = Delete(user, draft.device(user), chat)
    return [Synchronise(user, device), delete, Synchronise(user, device)]


def _offline_delete(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    away = draft.random.choice(draft.devices[user])
    back = Connect(user, away)
    send = draft.send(*draft.other(user, chat))
    return [Disconnect(user, away), send, Delete(user, draft.device(user), chat), back]


def _clear(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    return [Clear(user, draft.device(user), chat)]


def _read(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    up_to = draft.bound(user, chat) if draft.random.random() < 0.4 else 0
    return [Read(user, draft.device(user), chat, up_to)]


def _mark(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    return [MarkUnread(user, draft.device(user), chat, draft.random.choice((None, 1, 1, 2, 9)))]


def _flag(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    flag: Flag = draft.random.choice(get_args(Flag))
    return [SetFlag(user, draft.device(user), chat, flag, draft.random.random() < 0.7)]


def _accept(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    return [Accept(user, draft.device(user), chat)]


def _synchronise(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    device = draft.random.choice(draft.devices[user])
    return [
        draft.random.choice(
            (
                Synchronise(user, device),
                Synchronise(user, device),
                Synchronise(user, device, -1),
                Synchronise(user, device, only_unread=True),
                Synchronise(user, device, message_count=1),
                Synchronise(user, device, page=draft.random.randint(1, 2), page_size=1),
                Synchronise(user, device, chats=(chat,)),
            )
        )
    ]


def _pull(draft: Draft) -> Sequence[Action]:
    user, chat = draft.pair()
    device = draft.device(user)
    up = draft.random.random() < 0.5
    page = Pull(user, device, chat, draft.bound(user, chat), 0, draft.random.randint(1, 5), up)
    return [draft.random.choice((Open(user, device, chat), Pull(user, device, chat), page))]


def _come_and_go(draft: Draft) -> Sequence[Action]:
    user = draft.random.choice(draft.users)
    device = draft.random.choice(draft.devices[user])
    away = draft.random.choice((Disconnect, Drop, Kick))(user, device)
    if draft.random.random() < 0.5:
        return [Connect(user, device)]
    return [away] if draft.random.random() < 0.4 else [away, *_send(draft), Connect(user, device)]


def _new_device(draft: Draft) -> Sequence[Action]:
    user = draft.random.choice(draft.users)
    free = [name for name in DEVICES if name not in draft.devices[user]]
    if not free:
        return []
    draft.devices[user] = (*draft.devices[user], free[0])
    return [AddDevice(user, free[0], DEVICE_KINDS[free[0]]), Connect(user, free[0])]


def _membership(draft: Draft) -> Sequence[Action]:
    group = draft.group()
    user, other = draft.random.choice(draft.users), draft.random.choice(draft.users)
    acting = user if draft.random.random() < 0.5 else ""
    device = draft.random.choice(draft.devices[acting]) if acting else ""
    own = draft.random.choice(draft.devices[user])
    return [
        draft.random.choice(
            (
                AddMembers(group, (other,), acting, device),
                AddMembers(group, (other,), acting, device),
                RemoveMembers(group, (other,), acting, device),
                SetMembers(group, tuple(dict.fromkeys((user, other))), acting, device),
                Leave(user, own, group),
                CreateGroup(group, (other,), user, own),
            )
        )
    ]


def _rejoin(draft: Draft) -> Sequence[Action]:
    group, user = draft.group(), draft.random.choice(draft.users)
    between = draft.send("A", group) if draft.random.random() < 0.7 else Flush()
    return [RemoveMembers(group, (user,)), between, AddMembers(group, (user,))]


def _dismiss(draft: Draft) -> Sequence[Action]:
    group, user = draft.group(), draft.random.choice(draft.users)
    again = (CreateGroup(group, draft.users), AddMembers(group, (user,)), draft.send(user, group))
    return [Dismiss(group), draft.random.choice(again)]


def _permission(draft: Draft) -> Sequence[Action]:
    user, other = draft.random.choice(draft.users), draft.random.choice(draft.users)
    group = draft.group()
    access: AccessList = draft.random.choice(get_args(AccessList))
    flag: GroupFlag = draft.random.choice(get_args(GroupFlag))
    on = draft.random.random() < 0.5
    owner = draft.random.choice((user, user, group))
    device = draft.random.choice(draft.devices[user]) if owner == user else ""
    access_change = SetAccess(owner, other, access, on, device)
    return [access_change if draft.random.random() < 0.8 else SetGroupFlag(group, flag, on)]


def _wait(draft: Draft) -> Sequence[Action]:
    return [Wait(draft.random.choice(WAITS_MS))]


def _fault(draft: Draft) -> Sequence[Action]:
    user = draft.random.choice(draft.users)
    device = draft.random.choice(draft.devices[user])
    kind: FaultKind = draft.random.choice(get_args(FaultKind))
    wait_ms = draft.random.choice((1, 500)) if kind == "delays" else 0
    return [Fault(user, device, kind, draft.random.randint(1, 2), wait_ms)]


def _process(draft: Draft) -> Sequence[Action]:
    return [draft.random.choice((Flush(), Flush(), Restart(), Crash()))]


def _clock(draft: Draft) -> Sequence[Action]:
    user = draft.random.choice(("", *draft.users))
    device = draft.random.choice(draft.devices[user]) if user else ""
    return [SetClock(draft.random.choice((3_600_000, 0, -3_600_000)), user, device)]


MAKERS: tuple[tuple[int, Callable[[Draft], Sequence[Action]]], ...] = (
    (24, _send),
    (8, _special_send),
    (4, _resend),
    (8, _delete),
    (8, _delete_and_send),
    (5, _delete_and_write),
    (3, _delete_between_synchronisations),
    (3, _offline_delete),
    (3, _clear),
    (6, _read),
    (5, _mark),
    (5, _flag),
    (1, _accept),
    (6, _synchronise),
    (4, _pull),
    (5, _come_and_go),
    (1, _new_device),
    (5, _membership),
    (2, _rejoin),
    (1, _dismiss),
    (4, _permission),
    (4, _wait),
    (4, _fault),
    (2, _process),
    (1, _clock),
)
"""(how often, what): the alphabet with its weights."""
