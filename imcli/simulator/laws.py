"""The table of laws: what each action means, and whose device must be online for it.

The law books have the meaning; what WuKongIM does otherwise is in `wukongim/laws.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imcli.model import actions as act
from imcli.model.events import Done, Event, Refused
from imcli.simulator import channels, clock, messages, process, sessions
from imcli.simulator.conversations.base import Keeping, Refusal, Result
from imcli.simulator.sessions import no_user
from imcli.simulator.state import State
from imcli.simulator.telling import tell

Law = Callable[[State, Keeping, Any], list[Event]]
Laws = dict[type, tuple[Law, str]]


def _kept(name: str) -> Law:
    """Make a law of an operation on conversations: refuse, or do it and tell the devices."""

    def law(state: State, keeping: Keeping, action: Any) -> list[Event]:
        if action.user not in state.users:
            return [no_user(action.user)]
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


LAWS: Laws = {
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
