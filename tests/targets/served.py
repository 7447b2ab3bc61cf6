"""A served world in a thread of its own, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from imcli.model.actions import Action
from imcli.serve.acting import act
from imcli.simulator.profiles import load_profile
from tests.serve.house import House, house

FLUSH_MS = 100
"""How often the served world stores its rows: a test has not the minutes of a real server."""
READY_S = 30


class Served:
    """A house with an event loop that runs elsewhere."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self.house = house
        self.url = f"http://{house.http}"
        self._loop = loop

    def call(self, work: Callable[[], None]) -> None:
        """Do something in the served world's loop, and wait until it is done."""
        done = threading.Event()

        def act() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(act)
        assert done.wait(READY_S)

    def do(self, action: Action) -> None:
        """Let something happen to the server that no client can cause."""
        world = self.house.world

        def act_now() -> None:
            world.begin()
            act(world, action)

        self.call(act_now)

    @contextmanager
    def advertising(self, address: str) -> Iterator[None]:
        """Let the server tell another address of its ports for clients, during a block."""
        world = self.house.world
        before = world.around
        other = msgspec.structs.replace(before, tcp_addr=address, ws_addr=f"ws://{address}")
        self.call(lambda: setattr(world, "around", other))
        try:
            yield
        finally:
            self.call(lambda: setattr(world, "around", before))


@contextmanager
def served(
    profile: str = "wukongim-2.2.5", *, flush_ms: int = FLUSH_MS, **rules: Any
) -> Iterator[Served]:
    """Serve a world for the time of a block."""
    shortened = msgspec.structs.replace(load_profile(profile), flush_interval=flush_ms)
    ready = threading.Event()
    found: list[Served] = []
    over: list[Callable[[], object]] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        over.append(lambda: loop.call_soon_threadsafe(stop.set))
        async with house(shortened, **rules) as opened:
            tcp, ws = opened.tcp.removeprefix("tcp://"), f"ws://{opened.ws}"
            around = opened.world.around
            opened.world.around = msgspec.structs.replace(around, tcp_addr=tcp, ws_addr=ws)
            opened.world.begin()
            found.append(Served(opened, loop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    assert ready.wait(READY_S)
    try:
        yield found[0]
    finally:
        over[0]()
        thread.join(READY_S)
