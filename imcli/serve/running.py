"""A served server from its first socket to its last: starting, waiting, ending in good order.

Sockets are bound before anything else, so that whatever is wrong is said before anybody is served.
The first SIGINT or SIGTERM ends the server: no new client, what is under way is committed and
told, every socket is closed. A state that cannot be written ends it, too: an answer that is not
durable must not leave.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, TextIO

import msgspec

from imcli.serve import notes
from imcli.serve.addresses import Address, listen, refuse_open, shown
from imcli.serve.caller import Caller, Poster
from imcli.serve.clock import Clock, RealClock, VirtualClock
from imcli.serve.http import HttpServer
from imcli.serve.player import Player
from imcli.serve.process import Report, cost_the_offender, signals
from imcli.serve.rules import Rules
from imcli.serve.script import Script
from imcli.serve.sockets import factory_of
from imcli.serve.tcp import TcpClient
from imcli.serve.telling import Teller
from imcli.serve.world import World
from imcli.serve.ws import WsClient
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.server import Server
from imcli.targets.clocks import wall_ms
from imcli.targets.open_files import open_files
from imcli.targets.sqlite_store import Store, open_store

Render = Callable[[notes.Note], str]


class Plan(NamedTuple):
    """What to serve, and where. `quiet` tells nothing but that the server is ready.

    `profile` None means that of the state file; `default` is for a file that has none, and for a
    server without a file. `state` is the file in which everything is kept; empty: nowhere.
    `webhook` is the address of an app that is told what happens; empty: none is.
    """

    profile: Profile | None
    http: Address
    ws: Address
    tcp: Address
    rules: Rules = Rules()
    virtual_time: bool = False
    quiet: bool = False
    state: str = ""
    default: Profile = REFERENCE
    script: Script | None = None
    webhook: str = ""

    def addresses(self) -> dict[str, Address]:
        """Give each address by its option."""
        return {"--http": self.http, "--ws": self.ws, "--tcp": self.tcp}


def serve(plan: Plan, stream: TextIO, render: Render, report: Report) -> None:
    """Serve until somebody wants it to end.

    Args:
        plan: what and where.
        stream: where lines are written.
        render: makes a line of a note.
        report: writes a report of a defect and says where it is.

    Raises:
        UsageError: an address is none, or too open, or the state file has another profile.
        TargetUnavailable: a port is in use, or the state cannot be read or written.
    """
    refuse_open(plan.addresses(), plan.rules.manager_token)
    limits = plan.rules.limits
    fitting = limits._replace(connections=min(limits.connections, open_files()))
    plan = plan._replace(rules=plan.rules._replace(limits=fitting))
    with contextlib.ExitStack() as stack:
        sockets = {
            option: stack.enter_context(listen(option, address))
            for option, address in plan.addresses().items()
        }
        kept = stack.enter_context(Kept(plan))
        asyncio.run(_Running(plan, sockets, kept, stream, render, report).run())


AFTER_A_CRASH = (
    "the last server on this state was killed: this one comes up as after a crash, without what "
    "its profile had only in memory"
)


class Kept:
    """The simulated server, in a file or in memory, and what makes a turn of it durable."""

    def __init__(self, plan: Plan) -> None:
        self._store: Store | None = None
        self.crashed = False
        if plan.state:
            self._store = open_store(plan.state, plan.profile, default=plan.default)
            self.server = self._store.server
            self.crashed = self._store.crashed
        else:
            self.server = Server(plan.profile or plan.default)
        self._time_matters = plan.virtual_time

    def commit(self) -> None:
        """Make durable what happened in a turn.

        Raises:
            TargetUnavailable: it cannot be written.
        """
        if self._store is not None:
            self._store.commit(time_matters=self._time_matters)

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.close()


class _Running:
    """One run; everything that needs the event loop."""

    def __init__(
        self,
        plan: Plan,
        sockets: dict[str, socket.socket],
        kept: Kept,
        stream: TextIO,
        render: Render,
        report: Report,
    ) -> None:
        self._plan = plan
        self._sockets = sockets
        self._kept = kept
        self._stream = stream
        self._render = render
        self._report = report
        self._ended = asyncio.Event()
        self._error: Exception | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        teller = Teller(self._stream, self._render, loop.call_soon, held=True)
        world = self._world(loop, None if self._plan.quiet else teller)
        say = _sayer(world, teller)
        loop.set_exception_handler(cost_the_offender(self._report, say))
        world.defect = lambda error: say(self._report(error))
        with signals(loop, self._ended.set):
            await self._serve(world, teller)
        teller.close()
        if self._error is not None:
            raise self._error

    def _world(self, loop: asyncio.AbstractEventLoop, teller: Teller | None) -> World:
        server = self._kept.server
        return World(
            server,
            self._clock(server),
            time.monotonic,
            loop,
            os.urandom,
            rules=self._plan.rules,
            commit=self._kept.commit,
            failed=self._fail,
            tell=teller,
        )

    def _clock(self, server: Server) -> Clock:
        if self._plan.virtual_time:
            return VirtualClock(max(wall_ms(), server.state.now))
        return RealClock(wall_ms(), time.monotonic, server.state.now)

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._ended.set()

    async def _serve(self, world: World, teller: Teller) -> None:
        async with listening(world, self._sockets), accompanied(world, self._plan):
            ready = self._ready(world)
            world.around = msgspec.structs.replace(
                world.around,
                tcp_addr=ready.tcp.removeprefix("tcp://"),
                ws_addr=ready.ws,
                api_url=ready.http,
            )
            world.begin()
            teller.begin(ready)
            if self._kept.crashed:
                world.note(notes.Happened(world.now_ms, AFTER_A_CRASH))
            await self._ended.wait()

    def _ready(self, world: World) -> notes.Ready:
        return notes.Ready(
            world.clock.now_ms(),
            world.server.profile.name,
            f"http://{shown(self._sockets['--http'])}",
            f"ws://{shown(self._sockets['--ws'])}",
            f"tcp://{shown(self._sockets['--tcp'])}",
        )


def _sayer(world: World, teller: Teller) -> Callable[[str], None]:
    """Say something about the server itself, also where nothing else is said."""
    return lambda what: teller(notes.Happened(world.now_ms, what))


@contextlib.asynccontextmanager
async def listening(world: World, sockets: dict[str, socket.socket]) -> AsyncIterator[None]:
    """Serve a world on bound sockets, by their options, for the time of a block."""
    loop = asyncio.get_running_loop()
    http = HttpServer(world)
    world.on_restart.append(http.cut)
    api = asyncio.create_task(http.serve(sockets=[sockets["--http"]]))
    await http.listens.wait()
    tcp = await loop.create_server(factory_of(TcpClient, world), sock=sockets["--tcp"])
    ws = await loop.create_server(factory_of(WsClient, world), sock=sockets["--ws"])
    sweeping = asyncio.create_task(_sweep(world))
    try:
        yield
    finally:
        sweeping.cancel()
        tcp.close()
        ws.close()
        end(world)
        http.should_exit = True
        await api


@contextlib.asynccontextmanager
async def accompanied(world: World, plan: Plan) -> AsyncIterator[None]:
    """Let a world have its script and its webhooks, for the time of a block."""
    if plan.webhook:
        loop = asyncio.get_running_loop()
        caller = Caller(world, plan.webhook, loop.call_soon_threadsafe, Poster())
    if plan.script is not None:
        Player(world, plan.script)
    try:
        yield
    finally:
        if plan.webhook:
            await caller.finish()


async def _sweep(world: World) -> None:
    while True:
        await asyncio.sleep(world.rules.limits.sweep_s)
        world.sweep()


def end(world: World) -> None:
    """End every session, as a server does that stops: it tells nobody and closes the sockets."""
    world.begin()
    links = [connection.link for connection in world.connections]
    for connection in list(world.connections):
        connection.close("the server stops")
    world.turns.end()
    if world.turns.broken:
        for link in links:
            link.abort()
