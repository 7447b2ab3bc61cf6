"""The life of the server process: flush, restart, crash.

Every session ends with the process; frames and timers of links are gone with it. What is durable is
the keeping's business; messages always are.
"""

from __future__ import annotations

from collections.abc import Iterable

from imcli.model.actions import Crash, Flush, Restart
from imcli.model.entities import DeviceKey
from imcli.model.events import Done, Event, Flushed, ServerRestarted
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.sessions import end_as
from imcli.simulator.state import State, User


def flush(state: State, keeping: Keeping, action: Flush) -> list[Event]:
    """Write what is only in memory now."""
    return [Done(), Flushed(keeping.flush(state))]


def restart(state: State, keeping: Keeping, action: Restart) -> list[Event]:
    """Stop in good order and start again."""
    return _end(state, keeping, crashed=False)


def crash(state: State, keeping: Keeping, action: Crash) -> list[Event]:
    """Be killed and start again."""
    return _end(state, keeping, crashed=True)


def _end(state: State, keeping: Keeping, *, crashed: bool) -> list[Event]:
    return [Done(), *end_process(state, keeping, list(state.users.items()), crashed=crashed)]


def end_process(
    state: State, keeping: Keeping, people: Iterable[tuple[str, User]], *, crashed: bool
) -> list[Event]:
    """End the process and begin anew.

    Args:
        state: the tables.
        keeping: the law by which conversations are kept.
        people: everybody, or at least whoever has a session or is a system account.
        crashed: nobody had time for anything.
    """
    events: list[Event] = []
    ended_with = state.session_count
    keeping.ended(state, crashed=crashed)
    for user, owner in people:
        if owner.system != owner.listed_system:
            state.user_w(user).system = owner.listed_system
        for name, device in list(owner.devices.items()):
            if device.session:
                online = not device.dead
                end_as(state, DeviceKey(user, name), "crash" if crashed else "restart", events)
                if online:  # who had lost the link comes back by a login of its own
                    state.device_w(user, name).ended_with = ended_with
    state.timers = [timer for timer in state.timers if timer[2] == "flush"]
    state.under_way = 0
    state.frames = {}
    events.append(ServerRestarted(crashed))
    return events
