"""The law book of users, devices and sessions: who is online, and who must go.

A session is one device's open connection. The login rule `replace` lets a master device of a kind
end the older sessions of that kind; slaves coexist. A device that was kicked stays `kicked` until
it connects again.
"""

from __future__ import annotations

from collections.abc import Iterable

from imcli.model.actions import AddDevice, Connect, CreateUser, Disconnect, Drop, Kick
from imcli.model.entities import FORBIDDEN_ID_CHARACTERS, DeviceKey
from imcli.model.events import Done, EndedBecause, Event, Refused, SessionEnded, SessionStarted
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.delivery import end_session
from imcli.simulator.state import Device, State


def invalid_id(name: str) -> Refused | None:
    """Refuse an id that no channel could be named after."""
    if not name:
        return Refused("invalid", "an id is empty")
    for character in FORBIDDEN_ID_CHARACTERS:
        if character in name:
            return Refused("invalid", f"an id must not contain {character}")
    return None


def no_user(name: str) -> Refused:
    """Refuse what is asked of or for a user that is not known."""
    return Refused("invalid", f"there is no user {name}")


def no_device(user: str, device: str) -> Refused:
    """Refuse what is asked of a device that its user does not have."""
    return Refused("invalid", f"there is no device {user}.{device}")


def create_user(state: State, keeping: Keeping, action: CreateUser) -> list[Event]:
    """Make a user known."""
    refused = invalid_id(action.user)
    if refused is not None:
        return [refused]
    if action.user not in state.users:
        state.add_user(action.user)
    return [Done()]


def add_device(state: State, keeping: Keeping, action: AddDevice) -> list[Event]:
    """Register a device of a known user."""
    if action.user not in state.users:
        return [no_user(action.user)]
    if not action.device:
        return [Refused("invalid", "a device's name is empty")]
    if action.device in state.users[action.user].devices:
        return [Done()]
    device = Device(action.kind, action.level, 0, False, False, None, 0, state.now, [], {})
    state.user_w(action.user).devices[action.device] = device
    state.session_version += 1
    if not action.online:
        return [Done()]
    _begin(state, device)
    return [Done(), SessionStarted(action.user, action.device)]


def _begin(state: State, device: Device) -> None:
    state.session_count += 1
    state.session_version += 1
    device.session = state.session_count
    device.kicked = False
    device.dead = False


def connect(state: State, keeping: Keeping, action: Connect) -> list[Event]:
    """Open a session; an older one of the same device ends without a word.

    Devices that were online together before the server was restarted are so after it, too.
    """
    if state.device(action.user, action.device) is None:
        return [no_device(action.user, action.device)]
    key = DeviceKey(action.user, action.device)
    device = state.device_w(*key)
    if device.session:
        end_session(state, key)
    events: list[Event] = [Done()]
    if state.profile.login_rule == "replace" and device.level == "master":
        for name, other in list(state.users[action.user].devices.items()):
            if name == action.device or not other.session or other.kind != device.kind:
                continue
            if not device.ended_with or other.ended_with != device.ended_with:
                end_as(state, DeviceKey(action.user, name), "replaced", events)
    _begin(state, device)
    events.append(SessionStarted(action.user, action.device))
    return events


def end_as(state: State, key: DeviceKey, because: EndedBecause, events: list[Event]) -> None:
    """End a session and say why; who is kicked or replaced is marked as kicked.

    A link that was dead then stays dead: some servers leave the socket of a kicked device open.
    """
    before = state.device(*key)
    was_dead = before is not None and before.dead
    device = end_session(state, key)
    if because in ("kicked", "replaced"):
        device.kicked, device.dead = True, was_dead
    events.append(SessionEnded(key.user, key.device, because))


def disconnect(state: State, keeping: Keeping, action: Disconnect) -> list[Event]:
    """End a session with a goodbye; idempotent."""
    device = state.device(action.user, action.device)
    if device is None:
        return [no_device(action.user, action.device)]
    events: list[Event] = [Done()]
    if device.session:
        end_as(state, DeviceKey(action.user, action.device), "goodbye", events)
    elif device.kicked:
        state.device_w(action.user, action.device).dead = True
    return events


def drop(state: State, keeping: Keeping, action: Drop) -> list[Event]:
    """Kill a link; the server goes on believing in the session until resends are in vain."""
    device = state.device(action.user, action.device)
    if device is None:
        return [no_device(action.user, action.device)]
    if device.session or device.kicked:
        state.device_w(action.user, action.device).dead = True
        state.session_version += 1
    return [Done()]


def kick(state: State, keeping: Keeping, action: Kick) -> list[Event]:
    """End one session of a user, or all."""
    user = state.users.get(action.user)
    if user is None or (action.device and action.device not in user.devices):
        name = f"{action.user}.{action.device}" if action.device else action.user
        return [Refused("invalid", f"there is no {name}")]
    return end_all(state, action.user, [action.device] if action.device else list(user.devices))


def kick_kind(state: State, keeping: Keeping, action: Kick) -> list[Event]:
    """End the sessions of all devices of one's kind: WuKongIM knows no device, but its kind.

    Source: WuKongIM `internal/api/user.go:quitUserDevice`, all versions.
    """
    kicked = state.device(action.user, action.device) if action.device else None
    if kicked is None or action.alone:
        return kick(state, keeping, action)
    devices = state.users[action.user].devices
    return end_all(state, action.user, [n for n, d in devices.items() if d.kind == kicked.kind])


def end_all(state: State, user: str, names: Iterable[str]) -> list[Event]:
    """Kick those of these devices that have a session."""
    events: list[Event] = [Done()]
    for name in names:
        if state.users[user].devices[name].session:
            end_as(state, DeviceKey(user, name), "kicked", events)
    return events
