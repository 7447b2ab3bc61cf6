"""Doing what a script or an operator says to a world of real connections.

Most of it is an action of the simulated server, whose events the world brings to the sockets: a
fault on a link takes hold of what is pushed there, a kick says goodbye. What an action cannot know
is that sockets are real: a link that dies is a socket that is cut, and a server that restarts has
no open socket at all, of whatever kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    Crash,
    CreateUser,
    Drop,
    Fault,
    Restart,
    Send,
    SetClock,
)
from imcli.model.entities import DeviceKey, is_group
from imcli.model.events import Refused
from imcli.serve.script import WebhookFault

if TYPE_CHECKING:
    from imcli.serve.world import World


def act(world: World, action: Action | WebhookFault) -> str:
    """Do one thing to a world; gives why it was refused, or "".

    Where it names a user and no device, a link or a clock is that of each device of the user.
    """
    match action:
        case WebhookFault():
            return fail_webhooks(world, action)
        case Drop(user=user, device=device):
            return _cut(world, user, device)
        case Fault(user=user, device="") | SetClock(user=user, device="") if user:
            names = _devices(world, user)
            said = [act(world, replace(action, device=name)) for name in names]
            return next(filter(None, said), "") if names else f"{user} has no device"
        case Send(client_msg_no="", user=user, chat=chat):
            for uid in (user, *(() if is_group(chat) else (chat,))):
                world.server.apply(CreateUser(uid))
            return _apply(world, replace(action, client_msg_no=f"script-{world.state.order + 1}"))
        case _:
            return _apply(world, action)


def fail_webhooks(world: World, fault: WebhookFault) -> str:
    """Let calls of webhooks fail."""
    if world.hooks is None:
        return "there is no webhook (--webhook URL names one)"
    world.hooks.fail(fault.fail)
    world.hooks.lose(fault.lose)
    return ""


def _devices(world: World, user: str) -> list[str]:
    owner = world.state.users.get(user)
    return [] if owner is None else list(owner.devices)


def _apply(world: World, action: Action) -> str:
    events = world.server.apply(action)
    world.route(events)
    if isinstance(action, Restart | Crash):
        for connection in list(world.connections):
            connection.drop("the server restarts")
        for callback in world.on_restart:
            callback()
    first = events[0] if events else None
    return first.detail or first.reason if isinstance(first, Refused) else ""


def _cut(world: World, user: str, device: str) -> str:
    """Cut sockets, without a word on either side."""
    seated = world.seats.of_user(user)
    chosen = [each for each in seated if device in ("", each.name.device)]
    for connection in chosen:
        connection.drop("its link was cut")
    return "" if chosen else f"{DeviceKey(user, device) if device else user} is not connected"
