"""Which pushes are still on their way, so that a step begins when the one before is over.

In the simulator everything that a step causes is there before the next one begins. A real server
answers a send when it is stored; the lists are changed and the pushes written a little later, in
this order (WuKongIM `internal/channel/handler/event_distribute.go`). So when the pushes have
arrived, all else is done, too. Where nobody is online a short pause must do.

What is awaited here is no claim: a push that does not come is no longer awaited after a while.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from imcli.model.actions import (
    Action,
    AddMembers,
    CreateGroup,
    Leave,
    RemoveMembers,
    Send,
    SetMembers,
)
from imcli.model.entities import group_key
from imcli.targets.live.devices import Device, Devices

ARRIVES_MS_MAX = 500
"""The server's pollers tick every 200 ms, and normally do not wait for the tick."""
UNSEEN_MS = 20
"""How long the lists of people who are all offline may lag behind the answer."""


class Members:
    """Who is in which group, as far as the actions of this case tell."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, None]] = {}

    def note(self, action: Action) -> None:
        """A change was done."""
        match action:
            case CreateGroup(group=group, members=members, user=user):
                self._of(group).update(dict.fromkeys((user, *members) if user else members))
            case AddMembers(group=group, members=members):
                self._of(group).update(dict.fromkeys(members))
            case SetMembers(group=group, members=members):
                self._of(group).clear()
                self._of(group).update(dict.fromkeys(members))
            case RemoveMembers(group=group, members=members):
                for member in members:
                    self._of(group).pop(member, None)
            case Leave(group=group, user=user):
                self._of(group).pop(user, None)
            case _:
                pass

    def _of(self, group: str) -> dict[str, None]:
        return self._members.setdefault(group_key(group), {})

    def receivers(self, user: str, chat: str) -> tuple[str, ...]:
        """Name who gets what `user` sends to `chat`."""
        return tuple(self._of(chat)) if chat[:1] == "#" else tuple({user, chat})


class _Push(NamedTuple):
    """A push under way; after `late_ms` nobody waits for it any more."""

    message_id: int
    device: Device
    late_ms: int
    thread: int


def _is_over(push: _Push) -> bool:
    return push.message_id in push.device.arrived or not push.device.online


class Deliveries:
    """The pushes under way to the devices of one world."""

    def __init__(self, devices: Devices) -> None:
        self.members = Members()
        self._devices = devices
        self._world = devices.world
        self._awaited: list[_Push] = []
        self._quiet_at_ms = 0
        self._quiet_for_sends = False
        self.at_once = False
        """Several threads act: each waits for what it caused itself."""

    def expect(self, send: Send, message_id: int, seq: int) -> None:
        """A message was accepted: its pushes are under way."""
        late_ms = self._world.now() + ARRIVES_MS_MAX
        found = [
            _Push(message_id, device, late_ms, threading.get_ident())
            for user in self.members.receivers(send.user, send.chat)
            for device in self._devices.of(user)
            if self._gets(device, send)
        ]
        with self._world.bell:
            self._awaited += found
            if not found:
                self._quiet_at_ms = self._world.now() + UNSEEN_MS
                self._quiet_for_sends = seq <= 1

    @staticmethod
    def _gets(device: Device, send: Send) -> bool:
        sender = device.key.user == send.user and device.key.device == send.device
        return device.online and device.faults.quiet and not sender

    def settle(self, *, delayed: bool = False, to_send: bool = False) -> None:
        """Wait until what is under way has arrived.

        Args:
            delayed: also what links delay.
            to_send: another message comes next. Behind the first of a channel the next one changes
                no more than the one before, so that nothing is waited for where nobody is online.
        """
        with self._world.bell:
            awaited = [push for push in self._awaited if self._concerns(push)]
            quiet_at_ms = 0 if to_send and not self._quiet_for_sends else self._quiet_at_ms
            late_ms = max((push.late_ms for push in awaited), default=quiet_at_ms)
        left_ms = late_ms - self._world.now()
        if left_ms > 0:
            self._world.await_until(lambda: bool(awaited) and all(map(_is_over, awaited)), left_ms)
        if awaited:
            with self._world.bell:
                self._awaited = [push for push in self._awaited if push not in awaited]
        if delayed:
            self.settle_links()

    def _concerns(self, push: _Push) -> bool:
        return not self.at_once or push.thread == threading.get_ident()

    def settle_links(self) -> None:
        """Wait until nothing is delayed by a link or just came out of one."""
        delays = [device.faults.delay_ms for device in self._devices.all()]
        if any(device.faults.under_way for device in self._devices.all()):
            self._world.await_until(self._undelayed, max(delays, default=0) + ARRIVES_MS_MAX)

    def _undelayed(self) -> bool:
        return not any(device.faults.under_way for device in self._devices.all())
