"""Messages that clients have not acknowledged: when they are sent again, and when no more.

The simulated links take what arrives for received, but on a real socket arriving is not receiving:
from there on it is the client's acknowledgement that counts. As in the real server each connection
has a list of its own, which dies with it, and a resend is the same bytes again. Of each connection
only the next moment is kept in order, so that what is acknowledged in time costs nothing later.

Source: WuKongIM `manager_retry.go`, `retry_queue.go`; measured. The real server looks at its list
every 30 s; here a message is sent again when its time has come.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec

from imcli.model.entities import Message
from imcli.serve.connection import Connection
from imcli.simulator.profiles import Profile
from imcli.wire.packets import Recv


class Unacknowledged(msgspec.Struct, frozen=True, gc=False):
    """A message that a client has not confirmed: when it is sent again, and how often it was.

    `recv` is how it was written, where that cannot be said of the message alone.
    """

    due_ms: int
    message: Message
    attempt: int
    recv: Recv | None = None


class Resends:
    """The lists of all connections.

    Args:
        profile: says after which time and how often.
        most: messages that wait for one client; what comes then is not sent again.
        push: sends a message once more.
        given_up: is told of what is not sent again any more.
    """

    def __init__(
        self,
        profile: Profile,
        most: int,
        push: Callable[[Connection, Unacknowledged], None],
        given_up: Callable[[Connection, Message], None],
    ) -> None:
        self._after_ms = max(profile.resend_after, 1)
        self._count_max = profile.resend_count
        self._most = most
        self._push = push
        self._given_up = given_up
        self._due: list[tuple[int, int, Connection]] = []
        self._number = 0

    def next_ms(self) -> int | None:
        """Say when something may have to be sent again; None: never."""
        return self._due[0][0] if self._due else None

    def expect(
        self,
        connection: Connection,
        message: Message,
        attempt: int,
        now_ms: int,
        recv: Recv | None = None,
    ) -> None:
        """Wait for a client's acknowledgement."""
        waiting = connection.unacknowledged
        if len(waiting) >= self._most:
            return
        due_ms = now_ms + self._after_ms
        waiting[message.message_id] = Unacknowledged(due_ms, message, attempt, recv)
        if not connection.scheduled:
            self._schedule(connection, due_ms)

    def _schedule(self, connection: Connection, due_ms: int) -> None:
        """Look at a connection again when its oldest message is due."""
        self._number += 1
        connection.scheduled = True
        heapq.heappush(self._due, (due_ms, self._number, connection))

    def catch_up(self, now_ms: int) -> None:
        """Send again whatever is due."""
        while self._due and self._due[0][0] <= now_ms:
            self._look_at(heapq.heappop(self._due)[2], now_ms)

    def _look_at(self, connection: Connection, now_ms: int) -> None:
        connection.scheduled = False
        waiting = connection.unacknowledged
        for message_id, found in list(waiting.items()):
            if found.due_ms > now_ms:
                if not connection.scheduled:
                    self._schedule(connection, found.due_ms)
                return
            del waiting[message_id]
            if found.attempt > self._count_max:
                self._given_up(connection, found.message)
            else:
                self._push(connection, found)
