"""What only administrators ask of WuKongIM's HTTP API: who and what is there, how the server is.

Calls and the values of their answers, as in `http.py` and `answers.py`, which speak of actions and
views. `/connz`, `/user/token` and `/cluster/*` are the same from 2.1.3 to 2.2.5 (measured). What
`/cluster/*` tells is what the node that was asked has stored.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from imcli.model.entities import DEVICE_FLAGS, GROUP, DeviceKind, DeviceLevel
from imcli.wire.answers import garbled
from imcli.wire.forms import BAD_JSON
from imcli.wire.http import Call, post

PAGE = 200
KIND_OF_FLAG: dict[int, DeviceKind] = {flag: kind for kind, flag in DEVICE_FLAGS.items()}
KIND_OF_WORD: dict[str, DeviceKind] = {"app": "app", "web": "web", "pc": "pc"}
MASTER_WORD = "主"
"""`device` of a connection reads `App(主)` for a master and `App(从)` for a slave."""


class Connection(msgspec.Struct, frozen=True):
    """One connection of a device, as `/connz` tells it."""

    id: int
    uid: str
    node_id: int = 0
    device: str = ""
    device_id: str = ""
    uptime: str = ""
    version: int = 0

    @property
    def kind(self) -> DeviceKind:
        """Which kind of device: `App(从)` is an app's."""
        return KIND_OF_WORD.get(self.device.partition("(")[0].lower(), "app")

    @property
    def level(self) -> DeviceLevel:
        """Master or slave."""
        return "master" if MASTER_WORD in self.device else "slave"


class Connections(msgspec.Struct, frozen=True):
    """A page of connections, and the server's clock when it was made."""

    connections: list[Connection] | None = None
    now: str = ""
    total: int = 0

    @property
    def now_ms(self) -> int | None:
        """The server's clock in milliseconds since 1970; None where it cannot be read."""
        return instant_ms(self.now)


class StoredDevice(msgspec.Struct, frozen=True):
    """A device for which a token was registered; the token itself is not read."""

    uid: str
    device_flag: int = 0
    device_level: int = 0

    @property
    def kind(self) -> DeviceKind:
        """Which kind of device."""
        return KIND_OF_FLAG.get(self.device_flag, "app")

    @property
    def level(self) -> DeviceLevel:
        """Master or slave."""
        return "master" if self.device_level == 1 else "slave"


class StoredUser(msgspec.Struct, frozen=True):
    """A user for whom a token was registered."""

    uid: str
    created_at: int = 0


class StoredChannel(msgspec.Struct, frozen=True):
    """A channel with flags of its own."""

    channel_id: str
    channel_type: int = 0
    ban: int = 0
    disband: int = 0
    created_at: int = 0


class Slot(msgspec.Struct, frozen=True):
    """One slot of the cluster; without a leader nothing of it can be done."""

    id: int
    leader_id: int = 0


class Route(msgspec.Struct, frozen=True):
    """Where devices connect, as the server tells them; "" is not offered."""

    tcp_addr: str = ""
    ws_addr: str = ""
    wss_addr: str = ""


class _Data(msgspec.Struct):
    data: list[Any] | None = None


# Calls


def connections_call(uid: str = "", *, offset: int = 0) -> Call:
    """Ask for a page of connections; `uid` is looked for as a part of their users' ids."""
    query = {"offset": offset, "limit": PAGE, **({"uid": uid} if uid else {})}
    return Call("GET", f"/connz?{urlencode(query)}")


def devices_call(uid: str) -> Call:
    """Ask for the devices that have a token."""
    return Call("GET", f"/cluster/devices?{urlencode({'uid': uid, 'limit': PAGE})}")


def users_call(before: int = 0) -> Call:
    """Ask for a page of users, newest first, made before a moment (in nanoseconds)."""
    return Call("GET", f"/cluster/users?{_page(before)}")


def groups_call(before: int = 0) -> Call:
    """Ask for a page of groups, newest first, made before a moment (in nanoseconds).

    A group that has had members added and was never created has no record, and is not named.
    """
    return Call("GET", f"/cluster/channels?channel_type={GROUP}&{_page(before)}")


def group_call(channel_id: str) -> Call:
    """Ask for the record of one group."""
    query = urlencode({"channel_type": GROUP, "channel_id": channel_id})
    return Call("GET", f"/cluster/channels?{query}")


def _page(before: int) -> str:
    return urlencode({"limit": PAGE, **({"offset_created_at": before} if before else {})})


def members_call(channel_id: str) -> Call:
    """Ask for the members of a group."""
    return Call("GET", f"/cluster/channels/{quote(channel_id, safe='')}/{GROUP}/subscribers")


def access_call(channel_id: str, channel_type: int, access: str) -> Call:
    """Ask for the black list (`block`) or the white list (`allow`) of a channel."""
    name = "denylist" if access == "block" else "allowlist"
    return Call("GET", f"/cluster/channels/{quote(channel_id, safe='')}/{channel_type}/{name}")


def token_call(uid: str, kind: DeviceKind, level: DeviceLevel, token: str) -> Call:
    """Register the token of a device; makes the user. A master ends the sessions of its kind."""
    body = {
        "uid": uid,
        "token": token,
        "device_flag": DEVICE_FLAGS[kind],
        "device_level": int(level == "master"),
    }
    return post("/user/token", body)


def kick_call(connection: Connection) -> Call:
    """End one connection. `/user/device_quit` ends only those of devices that have a token."""
    body = {"uid": connection.uid, "conn_id": connection.id, "node_id": connection.node_id}
    return post("/conn/kick", body)


def rows_behind_lists_call(uid: str) -> Call:
    """Ask which channels stand in a user's list before anything deleted is taken out of it."""
    return post("/conversation/channels", {"uid": uid})


SLOTS_CALL = Call("GET", "/cluster/allslot")
ROUTE_CALL = Call("GET", "/route")


# Answers


def read_connections(body: bytes) -> Connections:
    """Read a page of connections.

    Raises:
        Garbled: it is something else.
    """
    return _converted(body, Connections)


def read_devices(body: bytes) -> tuple[StoredDevice, ...]:
    """Read devices."""
    return _data(body, StoredDevice)


def read_users(body: bytes) -> tuple[StoredUser, ...]:
    """Read a page of users."""
    return _data(body, StoredUser)


def read_channels(body: bytes) -> tuple[StoredChannel, ...]:
    """Read a page of channels."""
    return _data(body, StoredChannel)


def read_slots(body: bytes) -> tuple[Slot, ...]:
    """Read the slots of the cluster."""
    return _data(body, Slot)


def read_route(body: bytes) -> Route:
    """Read where devices connect."""
    return _converted(body, Route)


def read_uids(body: bytes) -> tuple[str, ...]:
    """Read a list of ids."""
    return tuple(_all(body, str))


class _Listed(msgspec.Struct, frozen=True):
    channel_id: str
    channel_type: int = 0


def read_rows_behind_lists(body: bytes) -> frozenset[tuple[str, int]]:
    """Read the channels behind a list, by their internal ids."""
    return frozenset((each.channel_id, each.channel_type) for each in _all(body, _Listed))


_T = TypeVar("_T")


def _converted(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except BAD_JSON as error:
        raise garbled(error, body) from None


def _all(body: bytes, kind: type[_T]) -> list[_T]:
    """Read an array, or null for an empty one."""
    return [] if body.strip() == b"null" else _converted(body, list[kind])  # type: ignore[valid-type]


def _data(body: bytes, kind: type[_T]) -> tuple[_T, ...]:
    listed = _converted(body, _Data).data or []
    try:
        return tuple(msgspec.convert(each, kind) for each in listed)
    except msgspec.ValidationError as error:
        raise garbled(error, body) from None


_BEYOND_MICROSECONDS = re.compile(r"(\.\d{6})\d+")


def instant_ms(text: str) -> int | None:
    """Read an instant of RFC 3339, in milliseconds since 1970.

    >>> instant_ms("1970-01-01T00:00:01.914326935Z"), instant_ms("soon")
    (1914, None)
    """
    try:
        found = datetime.fromisoformat(_BEYOND_MICROSECONDS.sub(r"\1", text))
    except ValueError:
        return None
    return int(found.timestamp() * 1000) if found.tzinfo else None
