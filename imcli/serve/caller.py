"""Making the calls of webhooks: the companion of a world that tells an app what happens.

`webhooks.py` says which call is due; here it is made, by a thread, after the turn in which it came
about was committed, and its end is brought back into the event loop. An app that is slow, silent or
gone costs nobody else anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3

from imcli.model.entities import Message
from imcli.model.errors import UsageError
from imcli.serve import notes
from imcli.serve.connection import Seat
from imcli.serve.webhooks import Call, Hooks
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX

if TYPE_CHECKING:
    from imcli.serve.world import World

THREADS = 8
LAST_S = 5.0
"""How long a server that stops waits for its last call."""
TIMEOUT = urllib3.Timeout(connect=5, read=10)
"""Seconds. Source: WuKongIM `internal/webhook/webhook.go:New`, 2.2.5."""

Soon = Callable[..., object]
"""Calls something in the event loop; called by threads."""


def parse_webhook(url: str) -> str:
    """Check an address.

    Raises:
        UsageError: it is none that can be posted to.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"--webhook {url!r} is no address", hint="it looks like http://127.0.0.1:8080/hook"
        )
    return url


class Poster:
    """Posts with a pool of connections; follows and repeats nothing. Used by several threads."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=TIMEOUT)

    def post(self, url: str, body: bytes) -> str:
        """Post a body to an address; gives why it failed, or ""."""
        headers = {"Content-Type": "application/json"}
        try:
            answer = self._pool.request("POST", url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return f"no answer ({type(error).__name__})"
        return "" if answer.status == 200 else f"the answer is {answer.status}"

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class Caller:
    """Tells an app what happens in a world.

    Args:
        world: where it happens.
        url: whom to tell.
        soon: calls something in the event loop, from any thread.
        poster: makes the calls.
    """

    def __init__(self, world: World, url: str, soon: Soon, poster: Poster) -> None:
        self.hooks = Hooks(world.server.profile.version, world.now_ms)
        self._world = world
        self._url = url
        self._soon = soon
        self._poster = poster
        self._threads = ThreadPoolExecutor(THREADS, "webhooks")
        self._closed = False
        world.hooks = self.hooks
        world.passing.companions.append(self)
        world.on_stored.append(self._stored)
        world.seats.watchers.append(self._seated)

    async def finish(self) -> None:
        """Make the last call, for a server that stops, and no further ones."""
        self._closed = True
        call = self.hooks.last(self._world.now_ms)
        if call is not None:
            ending = self._threads.submit(self._poster.post, self._address(call), call.body)
            with contextlib.suppress(TimeoutError):
                why = await asyncio.wait_for(asyncio.wrap_future(ending), LAST_S)
                self._tell(call, why)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._poster.close()

    # What happens

    def _stored(self, message: Message) -> None:
        state = self._world.state
        channel = state.channels.get(message.channel.removesuffix(COMMAND_SUFFIX))
        receivers = channel.members if channel is not None else ()
        absent = [uid for uid in receivers if not self._has_master(uid)]
        self.hooks.stored(message, absent, self._world.now_ms)

    def _has_master(self, uid: str) -> bool:
        seated = self._world.seats.of_user(uid)
        return any(each.seat is not None and each.seat.master for each in seated)

    def _seated(self, seat: Seat, online: bool) -> None:
        others = self._world.seats.of_user(seat.key.user)
        of_flag = sum(each.seat is not None and each.seat.flag == seat.flag for each in others)
        counts = (of_flag, len(others))
        uid, now = seat.key.user, self._world.now_ms
        self.hooks.seated(uid, seat.flag, seat.conn, counts, now, online=online)

    # Calls

    def due_ms(self) -> int | None:
        """Say when the next call is due, or None."""
        return self.hooks.due_ms()

    def play(self, now_ms: int) -> None:
        """Make the calls that are due, once the turn is committed."""
        while (call := self.hooks.take(now_ms)) is not None:
            self._world.turns.after(functools.partial(self._call, call))

    def _address(self, call: Call) -> str:
        return f"{self._url}?event={call.event}"

    def _call(self, call: Call) -> None:
        if self._closed:
            return
        if call.fate == "fail":
            self._soon(self._answered, call, "it is not made, as it was told")
            return
        future = self._threads.submit(self._poster.post, self._address(call), call.body)
        future.add_done_callback(functools.partial(self._ended, call))

    def _ended(self, call: Call, future: Future[str]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        self._soon(self._answered, call, repr(error) if error else future.result())

    def _answered(self, call: Call, why: str) -> None:
        world = self._world
        world.begin()
        if call.fate == "lose":
            why = "its answer is lost, as it was told"
        self.hooks.answered(call, not why, world.now_ms)
        self._tell(call, why)

    def _tell(self, call: Call, why: str) -> None:
        world = self._world
        world.note(notes.Hooked(world.now_ms, call.event, call.size, why))
