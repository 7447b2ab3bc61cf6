"""Who and what is there, for administrators of a real server: `Directory` over its HTTP API.

A device, to the server, is a user and a kind (app, web, pc) for which a token was registered; a
session is a connection. So a list of devices joins both: what is registered, and what is connected
without. Lists come in pages and are bounded; one that is longer is refused, not cut in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from imcli.model.entities import DeviceKind, DeviceLevel
from imcli.model.errors import TargetUnavailable
from imcli.targets.base import DeviceRow, GroupRow
from imcli.wire import admin
from imcli.wire.answers import Garbled
from imcli.wire.http import Call
from imcli.wire.names import Names

LISTED_MAX = 20_000
NAMES_ARE_IDS = Names()

Ask = Callable[[Call], bytes]
"""Makes a call and gives the body of a good answer."""

_Item = TypeVar("_Item", admin.StoredUser, admin.StoredChannel)

_Read = TypeVar("_Read")


def asked(ask: Ask, call: Call, read: Callable[[bytes], _Read]) -> _Read:
    """Ask, and read the answer.

    Raises:
        TargetUnavailable: it is not what WuKongIM answers.
    """
    try:
        return read(ask(call))
    except Garbled as error:
        said = f"the server answered {call.path} as WuKongIM does not: {error}"
        raise TargetUnavailable(said) from None


class LiveDirectory:
    """Lists users, devices, sessions and groups of one server. Implements `Directory`."""

    def __init__(self, ask: Ask, names: Names = NAMES_ARE_IDS) -> None:
        self.ask = ask
        self._names = names

    def _read(self, call: Call, read: Callable[[bytes], _Read]) -> _Read:
        return asked(self.ask, call, read)

    def register(self, user: str, kind: DeviceKind, level: DeviceLevel, token: str) -> None:
        """Register the token of a device, which makes the user; a master ends older sessions."""
        self.ask(admin.token_call(self._names.user_id(user), kind, level, token))

    def users(self) -> tuple[str, ...]:
        """Name every user that has a token or a connection, in order of name."""
        stored = self._paged(admin.users_call, admin.read_users, "users")
        named = {user.uid for user in stored} | {c.uid for c in self._connections("")}
        return tuple(sorted(map(self._names.user_name, named)))

    def kick_tokenless(self, user: str, kind: DeviceKind | None) -> None:
        """End the connections, of one kind or all, of devices that have no token.

        `/user/device_quit` answers 200 and leaves them (measured, 2.1.3 and 2.2.5).
        """
        uid = self._names.user_id(user)
        stored = {d.kind for d in self._stored(uid)}
        for each in self._connections(uid):
            if each.uid == uid and each.kind not in stored and kind in (None, each.kind):
                self.ask(admin.kick_call(each))

    def _stored(self, uid: str) -> list[admin.StoredDevice]:
        found = self._read(admin.devices_call(uid), admin.read_devices)
        return [device for device in found if device.uid == uid]

    def devices(self, user: str) -> tuple[DeviceRow, ...]:
        """List the devices of a user: what has a token, then what is connected without one."""
        uid = self._names.user_id(user)
        stored = self._stored(uid)
        levels: dict[DeviceKind, DeviceLevel] = {d.kind: d.level for d in reversed(stored)}
        online: set[DeviceKind] = set()
        for connection in self._connections(uid):
            if connection.uid == uid:
                levels.setdefault(connection.kind, connection.level)
                online.add(connection.kind)
        return tuple(
            DeviceRow(user, kind, kind, level, "online" if kind in online else "offline")
            for kind, level in levels.items()
        )

    def sessions(self, user: str = "") -> tuple[DeviceRow, ...]:
        """List the connections, of one user or of everybody; a device is named by its own id."""
        uid = self._names.user_id(user) if user else ""
        return tuple(
            DeviceRow(
                self._names.user_name(each.uid),
                each.device_id or each.kind,
                each.kind,
                each.level,
                "online",
            )
            for each in self._connections(uid)
            if not uid or each.uid == uid
        )

    def groups(self) -> tuple[GroupRow, ...]:
        """List the groups that were created, in order of name, with their present members."""
        stored = self._paged(admin.groups_call, admin.read_channels, "groups")
        rows = [
            GroupRow(
                self._names.chat_name(channel.channel_id, channel.channel_type),
                self._members(channel.channel_id),
                bool(channel.disband),
            )
            for channel in stored
        ]
        return tuple(sorted(rows, key=lambda row: row.group))

    def closed(self, group: str) -> str:
        """Say why nobody can send to a group: `dismissed`, `banned`, or "" where one can."""
        channel_id = self._names.group_id(group)
        found = self._read(admin.group_call(channel_id), admin.read_channels)
        for channel in found:
            if channel.channel_id == channel_id:
                return "dismissed" if channel.disband else "banned" if channel.ban else ""
        return ""

    def members(self, group: str) -> tuple[str, ...]:
        """Name the members of a group, in order of name; none for an unknown one."""
        return self._members(self._names.group_id(group))

    def listed(self, owner: str, access: str) -> tuple[str, ...]:
        """Name who is on a black list (`block`) or a white list (`allow`)."""
        channel_id, channel_type = self._names.address(owner)
        uids = self._read(admin.access_call(channel_id, channel_type, access), admin.read_uids)
        return tuple(map(self._names.user_name, uids))

    def _members(self, channel_id: str) -> tuple[str, ...]:
        uids = self._read(admin.members_call(channel_id), admin.read_uids)
        return tuple(sorted(map(self._names.user_name, uids)))

    def _connections(self, uid: str) -> Iterator[admin.Connection]:
        offset = 0
        while True:
            page = self._read(admin.connections_call(uid, offset=offset), admin.read_connections)
            found = page.connections or []
            yield from found
            offset += len(found)
            if not found or offset >= page.total:
                return
            _refuse_more(offset, "connections")

    def _paged(
        self, call: Callable[[int], Call], read: Callable[[bytes], tuple[_Item, ...]], what: str
    ) -> list[_Item]:
        """Ask for page after page; each begins before the last of the one before."""
        found: list[_Item] = []
        before = 0
        while True:
            page = self._read(call(before), read)
            found += page
            if len(page) < admin.PAGE:
                return found
            if page[-1].created_at in (0, before):
                said = f"the server lists more than {len(found)} {what}, and no page behind them"
                raise TargetUnavailable(said)
            _refuse_more(len(found), what)
            before = page[-1].created_at


def _refuse_more(count: int, what: str) -> None:
    if count >= LISTED_MAX:
        raise TargetUnavailable(f"the server lists more than {LISTED_MAX} {what}")
