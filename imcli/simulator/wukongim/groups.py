"""WuKongIM's groups, member lists, deny and allow lists: nothing is checked, everything is made.

Source: WuKongIM `internal/api/channel.go`. A group comes into being by being named; to create it
again overwrites its flags and adds members. Lists may name anybody and may stand before the group
does. What each route does to conversation rows differs by version (`Traits`).
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
from imcli.simulator.conversations import row_table
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.record import Record
from imcli.simulator.sessions import invalid_id
from imcli.simulator.state import Channel, State
from imcli.simulator.wukongim.ids import key_of
from imcli.simulator.wukongim.messages import channel_of
from imcli.simulator.wukongim.traits import TRAITS, Traits


def _group(state: State, group: str) -> Channel | Refused:
    refused = invalid_id(group[1:]) if is_group(group) else Refused("invalid", "not a group")
    return refused if refused is not None else channel_of(state, "", group)


def create_group(state: State, keeping: Keeping, action: CreateGroup) -> list[Event]:
    """`/channel`: overwrite the flags, add members."""
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    channel = state.channel_w(action.group)
    channel.flags = {}
    channel.dismissed = False
    members = (action.user, *action.members) if action.user else action.members
    return _add(state, keeping, action.group, members)


def add_members(state: State, keeping: Keeping, action: AddMembers) -> list[Event]:
    """`/channel/subscriber_add`."""
    found = _group(state, action.group)
    return (
        [found]
        if isinstance(found, Refused)
        else _add(state, keeping, action.group, action.members)
    )


def set_members(state: State, keeping: Keeping, action: SetMembers) -> list[Event]:
    """`/channel/subscriber_add` with `reset`: all leave, rows stay, the named come anew (A27)."""
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    gone = tuple(user for user in found.members if user not in action.members)
    state.channel_w(action.group).members = {}
    events = _add(state, keeping, action.group, action.members)
    if gone:
        events.append(MembersChanged(action.group, state.last_seq(action.group), (), gone))
    return events


def _add(state: State, keeping: Keeping, group: str, named: Sequence[str]) -> list[Event]:
    members = state.channels[group].members
    new = tuple(dict.fromkeys(user for user in named if user not in members))
    for user in new:
        if user not in state.users:
            state.add_user(user)
    if new:
        state.channel_w(group).members = {**members, **dict.fromkeys(new, 1)}
    if named:
        keeping.joined(state, group, new, tuple(dict.fromkeys(named)))
    return [Done(), MembersChanged(group, state.last_seq(group), new)]


def remove_members(state: State, keeping: Keeping, action: RemoveMembers) -> list[Event]:
    """`/channel/subscriber_remove`: members or not, the named lose their rows (or not: A27)."""
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    return _remove(state, keeping, action.group, action.members)


def leave(state: State, keeping: Keeping, action: Leave) -> list[Event]:
    """Leaving is the app's word for being removed."""
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    return _remove(state, keeping, action.group, (action.user,))


def _remove(state: State, keeping: Keeping, group: str, named: Sequence[str]) -> list[Event]:
    members = state.channels[group].members
    gone = tuple(user for user in named if user in members)
    state.channel_w(group).members = {user: 1 for user in members if user not in gone}
    keeping.left(state, group, tuple(named))
    return [Done(), MembersChanged(group, state.last_seq(group), (), gone)]


def dismiss(state: State, keeping: Keeping, action: Dismiss) -> list[Event]:
    """`/channel/delete`: set `disband`; messages, members and rows stay."""
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    state.channel_w(action.group).dismissed = True
    return [Done()]


def set_group_flag(state: State, keeping: Keeping, action: SetGroupFlag) -> list[Event]:
    """`/channel/info` with the flags that the group had; only 2.2.0 can mute a group (A29)."""
    if action.flag == "muted" and TRAITS[state.profile.version].send_ban != "stops":
        return [
            Refused("unsupported", "WuKongIM of this version has no `send_ban` that stops anybody")
        ]
    found = _group(state, action.group)
    if isinstance(found, Refused):
        return [found]
    channel = state.channel_w(action.group)
    others = {name: 1 for name in channel.flags if name != action.flag}
    channel.flags = {**others, action.flag: 1} if action.on else others
    return [Done()]


def set_access(state: State, keeping: Keeping, action: SetAccess) -> list[Event]:
    """Deny and allow lists, and what they do to rows (H11, A26, H18)."""
    group = is_group(action.owner)
    found = _group(state, action.owner) if group else invalid_id(action.owner)
    if isinstance(found, Refused):
        return [found]
    _write_list(state, action, group=group)
    traits = TRAITS[state.profile.version]
    if action.access == "block":
        _deny_row(state, traits, action)
    elif action.on and not group and traits.allow_rows:
        key = key_of(action.member, action.owner)
        channel_of(state, action.member, action.owner)
        new = row_table.touched(state, Record())
        row_table.insert(state, traits, action.member, key, new)
    return [Done()]


def _write_list(state: State, action: SetAccess, *, group: bool) -> None:
    holder = state.channel_w(action.owner) if group else state.user_w(action.owner)
    name = "blocked" if action.access == "block" else "allowed"
    old: dict[str, int] = getattr(holder, name)
    without = {user: 1 for user in old if user != action.member}
    new = {**without, action.member: 1} if action.on else without
    setattr(holder, name, new)
    if isinstance(holder, Channel) and action.access == "allow":
        holder.allow_emptied = not new and (bool(old) or holder.allow_emptied)


def set_allow_list(state: State, group: str, users: Sequence[str]) -> None:
    """`/channel/whitelist_set`: replace the list; an empty one lifts it."""
    channel_of(state, "", group)
    channel = state.channel_w(group)
    channel.allowed = dict.fromkeys(users, 1)
    channel.allow_emptied = False


def _deny_row(state: State, traits: Traits, action: SetAccess) -> None:
    """The row of the channel by its verbatim id: for a person that is no row of any pair."""
    if action.on:
        if traits.deny_deletes_rows:
            row_table.remove(state, action.member, action.owner)
    elif traits.undeny == "delete":
        row_table.remove(state, action.member, action.owner)
    elif traits.undeny == "insert":
        new = row_table.touched(state, Record())
        row_table.insert(state, traits, action.member, action.owner, new)
