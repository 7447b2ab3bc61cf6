"""Which connection is which device of the simulated server, and whom a newcomer sends away.

A connection that is let in takes a *seat*: a device of its user. Seats have short names and are
used again: the first app of a user is `phone`, the first browser `web`, the first desktop client
`desktop`, and a second one beside it `phone2`. A client that makes a new device id for each
connection, as the JavaScript SDK does, so returns to the seat that it left, and nothing grows.

Source of who must go: WuKongIM `internal/user/handler/event_connect.go`; measured on all versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from imcli.model.entities import DeviceKey, DeviceKind
from imcli.serve.connection import Connection, Seat
from imcli.simulator.state import State

KINDS: dict[int, tuple[DeviceKind, str]] = {
    0: ("app", "phone"),
    1: ("web", "web"),
    2: ("pc", "desktop"),
}
"""Device flag -> the kind of a device, and the name of its seat."""
ELSEWHERE = "login in other device"


def kind_of_flag(flag: int) -> tuple[DeviceKind, str]:
    """Give the kind and the name of a device flag; servers take any byte.

    >>> kind_of_flag(1), kind_of_flag(99)
    (('web', 'web'), ('app', 'flag99'))
    """
    return KINDS.get(flag) or ("app", f"flag{flag}")


class Farewell(NamedTuple):
    """A connection that must go because another came; `reason` None: it is not told."""

    connection: Connection
    reason: str | None


class Seats:
    """Every connection that was let in, by user and by device."""

    def __init__(self) -> None:
        self._by_key: dict[DeviceKey, Connection] = {}
        self._by_user: dict[str, list[Connection]] = {}
        self.watchers: list[Callable[[Seat, bool], None]] = []
        """Are told who sat down (True) or stood up, right after it."""

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_key.values()))

    def at(self, key: DeviceKey) -> Connection | None:
        """Give the connection on a seat."""
        return self._by_key.get(key)

    def of_user(self, user: str) -> list[Connection]:
        """Give a user's connections, the oldest first."""
        return list(self._by_user.get(user, ()))

    def free_name(self, state: State, user: str, flag: int) -> str:
        """Name the first seat of a kind on which nobody sits."""
        base = kind_of_flag(flag)[1]
        name, count = base, 1
        while self._is_taken(state, DeviceKey(user, name)):
            count += 1
            name = f"{base}{count}"
        return name

    def _is_taken(self, state: State, key: DeviceKey) -> bool:
        device = state.device(*key)
        return key in self._by_key or (device is not None and device.session > 0)

    def sit(self, connection: Connection) -> None:
        """Put a connection on its seat."""
        self._by_key[connection.name] = connection
        self._by_user.setdefault(connection.name.user, []).append(connection)
        self._tell(connection, True)

    def rise(self, connection: Connection) -> None:
        """Take a connection off its seat; idempotent."""
        if self._by_key.get(connection.name) is connection:
            del self._by_key[connection.name]
        others = self._by_user.get(connection.name.user, [])
        if connection in others:
            others.remove(connection)
            if not others:
                del self._by_user[connection.name.user]
            self._tell(connection, False)

    def _tell(self, connection: Connection, sits: bool) -> None:
        for watcher in self.watchers:
            assert connection.seat is not None, "only who was let in sits"
            watcher(connection.seat, sits)

    def sent_away(self, newcomer: Connection) -> list[Farewell]:
        """Say who must go because somebody came: only devices of the same flag are compared.

        A device that comes again ends its older connection without a word; a master device ends
        the others of its flag, and tells them.
        """
        seat = newcomer.seat
        assert seat is not None, "a newcomer was let in"
        found: list[Farewell] = []
        for other in self._by_user.get(seat.key.user, ()):
            if other is newcomer or other.leaving or other.seat is None:
                continue
            if other.seat.flag != seat.flag:
                continue
            if other.seat.device_id == seat.device_id:
                found.append(Farewell(other, None))
            elif seat.master:
                found.append(Farewell(other, ELSEWHERE))
        return found
