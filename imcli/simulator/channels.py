"""The law book of groups, membership and permission lists.

Any member may manage a group; roles belong to the app. Adding a present member changes nothing.
Dismissing ends every membership, and the id is never used again.
"""

from __future__ import annotations

from collections.abc import Sequence

from imcli.model.actions import (
    AddMembers,
    CreateGroup,
    Dismiss,
    Leave,
    RemoveMembers,
    SetAccess,
    SetGroupFlag,
    SetMembers,
)
from imcli.model.entities import is_group
from imcli.model.events import Done, Event, MembersChanged, Refused
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.sessions import invalid_id, no_user
from imcli.simulator.state import State
from imcli.simulator.telling import tell


def create_group(state: State, keeping: Keeping, action: CreateGroup) -> list[Event]:
    """Create a group; the creator is a member."""
    group = action.group
    existing = state.channels.get(group)
    if existing is not None and existing.dismissed:
        return [Refused("dismissed", f"{group} was dismissed; its id is not used again")]
    named = (*action.members, action.user) if action.user else action.members
    refused = _bad_group_name(group) or _unknown_users(state, named)
    if refused is not None:
        return [refused]
    if existing is not None:
        return [Refused("invalid", f"{group} exists")]
    first = (action.user, *action.members) if action.user else action.members
    members = dict.fromkeys(first, 1)
    state.add_channel(group, members)
    keeping.joined(state, group, tuple(members), tuple(members))
    return [Done(), MembersChanged(group, 0, tuple(members))]


def _bad_group_name(group: str) -> Refused | None:
    if not is_group(group):
        return Refused("invalid", f"a group is written #name, not {group}")
    return invalid_id(group[1:])


def _unknown_users(state: State, users: Sequence[str]) -> Refused | None:
    for user in users:
        if user not in state.users:
            return no_user(user)
    return None


def _may_manage(state: State, group: str, user: str, members: Sequence[str]) -> Refused | None:
    """Refuse what cannot be done to a group, in the order of `REASONS`."""
    channel = state.channels.get(group)
    if channel is None or not is_group(group):
        return Refused("invalid", f"there is no group {group}")
    if channel.dismissed:
        return Refused("dismissed", f"{group} was dismissed")
    if user and user not in channel.members:
        return Refused("not-a-member", f"{user} is not a member of {group}")
    return _unknown_users(state, members)


def add_members(state: State, keeping: Keeping, action: AddMembers) -> list[Event]:
    """Begin memberships of those who are not present."""
    refused = _may_manage(state, action.group, action.user, action.members)
    if refused is not None:
        return [refused]
    return _change_members(state, keeping, action, action.members, ())


def remove_members(state: State, keeping: Keeping, action: RemoveMembers) -> list[Event]:
    """End memberships of those who are present."""
    refused = _may_manage(state, action.group, action.user, action.members)
    if refused is not None:
        return [refused]
    return _change_members(state, keeping, action, (), action.members)


def set_members(state: State, keeping: Keeping, action: SetMembers) -> list[Event]:
    """Replace the list; whoever stays keeps everything."""
    refused = _may_manage(state, action.group, action.user, action.members)
    if refused is not None:
        return [refused]
    gone = tuple(u for u in state.channels[action.group].members if u not in action.members)
    return _change_members(state, keeping, action, action.members, gone)


def leave(state: State, keeping: Keeping, action: Leave) -> list[Event]:
    """End one's own membership."""
    refused = _may_manage(state, action.group, action.user, ())
    if refused is not None:
        return [refused]
    return _change_members(state, keeping, action, (), (action.user,))


def dismiss(state: State, keeping: Keeping, action: Dismiss) -> list[Event]:
    """End a group for ever; idempotent."""
    channel = state.channels.get(action.group)
    if channel is not None and channel.dismissed:
        return [Done()]
    refused = _may_manage(state, action.group, action.user, ())
    if refused is not None:
        return [refused]
    everybody = tuple(state.channels[action.group].members)
    state.channel_w(action.group).dismissed = True
    return _change_members(state, keeping, action, (), everybody)


def _change_members(
    state: State,
    keeping: Keeping,
    action: AddMembers | RemoveMembers | SetMembers | Leave | Dismiss,
    joining: Sequence[str],
    leaving: Sequence[str],
) -> list[Event]:
    group = action.group
    members = state.channels[group].members
    gone = tuple(dict.fromkeys(user for user in leaving if user in members))
    new = tuple(dict.fromkeys(user for user in joining if user not in members))
    dismissed = state.channels[group].dismissed
    if not gone and not new and not dismissed:
        return [Done()]
    channel = state.channel_w(group)
    channel.members = {u: 1 for u in members if u not in gone} | dict.fromkeys(new, 1)
    channel.former = {u: 1 for u in (*channel.former, *gone) if u not in new}
    changes = list(keeping.left(state, group, gone)) if gone else []
    if new:
        changes += keeping.joined(state, group, new, joining)
    events: list[Event] = [
        Done(),
        MembersChanged(group, state.last_seq(group), new, gone, dismissed),
    ]
    tell(state, keeping, changes, (action.user, action.device), events)
    return events


def set_access(state: State, keeping: Keeping, action: SetAccess) -> list[Event]:
    """Put somebody on, or take somebody off, a black or white list; idempotent."""
    if is_group(action.owner):
        refused = _may_manage(state, action.owner, "", (action.member,))
    else:
        refused = _unknown_users(state, (action.owner, action.member))
    if refused is not None:
        return [refused]
    holder = state.channel_w(action.owner) if is_group(action.owner) else state.user_w(action.owner)
    name = "blocked" if action.access == "block" else "allowed"
    old: dict[str, int] = getattr(holder, name)
    if (action.member in old) != action.on:
        without = {user: 1 for user in old if user != action.member}
        setattr(holder, name, {**without, action.member: 1} if action.on else without)
    return [Done()]


def set_group_flag(state: State, keeping: Keeping, action: SetGroupFlag) -> list[Event]:
    """Ban or mute a group, or undo it; idempotent."""
    refused = _may_manage(state, action.group, "", ())
    if refused is not None:
        return [refused]
    channel = state.channel_w(action.group)
    flags = {flag: 1 for flag in channel.flags if flag != action.flag}
    channel.flags = {**flags, action.flag: 1} if action.on else flags
    return [Done()]
