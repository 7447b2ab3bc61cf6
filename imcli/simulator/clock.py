"""Virtual time: it moves only when an action says so, and every timer on the way acts in order.

A timer is (due, number, kind, user, device, two numbers). `deliver` timers are deliveries under
way (a link's delay); the others are promises for later: `resend` of an unacknowledged push, `flush`
of rows in memory. A step meets at most `TIMER_EVENTS_MAX` timers.
"""

from __future__ import annotations

import heapq

from imcli.model.actions import Fault, SetClock, Wait
from imcli.model.durations import format_duration
from imcli.model.entities import DeviceKey
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Done, Event, Flushed
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.delivery import arrive, release, resend
from imcli.simulator.sessions import no_device
from imcli.simulator.state import Link, State

TIMER_EVENTS_MAX = 1_000_000


def wait(state: State, keeping: Keeping, action: Wait) -> list[Event]:
    """Let time pass."""
    events: list[Event] = [Done()]
    advance_to(state, keeping, state.now + max(action.duration_ms, 0), events)
    return events


def advance_to(state: State, keeping: Keeping, until_ms: int, events: list[Event]) -> None:
    """Move the clock, letting every timer act that falls due on the way.

    Raises:
        TargetUnavailable: more timers fell due than one step may meet.
    """
    met = 0
    while state.timers and state.timers[0][0] <= until_ms:
        met += 1
        if met > TIMER_EVENTS_MAX:
            raise TargetUnavailable(
                f"more than {TIMER_EVENTS_MAX:,} timer events in one step",
                hint="wait for a shorter time, or lengthen flush_interval or resend_after",
            )
        _fire(state, keeping, events)
    state.now = max(state.now, until_ms)


def _fire(state: State, keeping: Keeping, events: list[Event]) -> None:
    due, _, kind, user, device, first, second = heapq.heappop(state.timers)
    state.now = max(state.now, due)
    if kind == "resend":
        resend(state, user, device, first, second, events)
    elif kind == "deliver":
        state.under_way -= 1
        arrive(state, DeviceKey(user, device), first, second, events)
    elif kind == "flush" and due == state.flush_due:  # one that was done by hand leaves its timer
        events.append(Flushed(keeping.flush(state)))


def settle(state: State, keeping: Keeping, events: list[Event]) -> None:
    """Let every delivery under way arrive, moving time where a link delays it."""
    while state.under_way:
        due = min(timer[0] for timer in state.timers if timer[2] == "deliver")
        advance_to(state, keeping, due, events)


def next_due(state: State) -> int | None:
    """Say when the next timer acts, or None."""
    return state.timers[0][0] if state.timers else None


def running(state: State) -> tuple[str, ...]:
    """Name the timers that still run and mean something, each once, soonest first."""
    names: dict[str, None] = {}
    for due, _, kind, user, device, first, second in sorted(state.timers):
        if kind == "resend":
            owner = state.device(user, device)
            if owner is None or owner.session != first or second not in owner.pending:
                continue
            names[f"a resend to {user}.{device} in {format_duration(due - state.now)}"] = None
        elif kind == "flush" and due == state.flush_due and _writes(state):
            names[f"the server's next flush in {format_duration(due - state.now)}"] = None
    return tuple(names)


def _writes(state: State) -> bool:
    """Tell whether anything waits for a flush: a crash or a mark may have left it nothing to do."""
    return any(each.users or each.everyone for each in state.waiting.values())


def set_clock(state: State, keeping: Keeping, action: SetClock) -> list[Event]:
    """Set a clock wrong: the server's, or a device's (which the server never believes)."""
    if not action.user:
        state.clock_offset_ms = action.offset_ms
        return [Done()]
    if state.device(action.user, action.device) is None:
        return [no_device(action.user, action.device)]
    state.device_w(action.user, action.device).clock_offset_ms = action.offset_ms
    return [Done()]


def fault(state: State, keeping: Keeping, action: Fault) -> list[Event]:
    """Put a fault on a device's link, or take all of them away."""
    if state.device(action.user, action.device) is None:
        return [no_device(action.user, action.device)]
    device = state.device_w(action.user, action.device)
    if device.link is None:
        device.link = Link(held=[])
    events: list[Event] = [Done()]
    _set_fault(state, action, device.link, events)
    if device.link is not None and device.link.is_clean():
        device.link = None
    state.session_version += 1
    return events


def _set_fault(state: State, action: Fault, link: Link, events: list[Event]) -> None:
    key = DeviceKey(action.user, action.device)
    match action.kind:
        case "drops-messages":
            link.drop_messages += action.count
        case "drops-sends":
            link.drop_sends += action.count
        case "loses-acks":
            link.lose_acks += action.count
        case "duplicates-messages":
            link.duplicate_messages += action.count
        case "delays":
            link.delay_ms = action.duration_ms
        case "holds":
            link.holding = True
        case "releases":
            release(state, key, reverse=False, events=events)
        case "releases-reversed":
            release(state, key, reverse=True, events=events)
        case "heals":
            link.drop_messages = link.drop_sends = link.lose_acks = 0
            link.duplicate_messages = link.delay_ms = 0
            release(state, key, reverse=False, events=events)
