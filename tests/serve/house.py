"""A served world inside a test: real sockets on loopback, in the event loop of the test itself."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from imcli.serve import notes
from imcli.serve.addresses import Address, listen, shown
from imcli.serve.clock import Clock, RealClock, VirtualClock
from imcli.serve.rules import Limits, Rules
from imcli.serve.running import listening
from imcli.serve.world import World
from imcli.simulator.profiles import Profile, load_profile
from imcli.simulator.server import Server
from imcli.targets.clocks import wall_ms
from imcli.wire.client import ClientSession, Connected, Heard, Identity
from imcli.wire.dialects import dialect_of
from imcli.wire.packets import Recv, Sendack

LIMITS = Limits()
PLAY_S = 120
"""A test that takes longer hangs."""
Json = dict[str, Any]


def played(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Make an ordinary test of one that awaits."""

    @functools.wraps(test)
    def play() -> None:
        asyncio.run(asyncio.wait_for(_awaited(test), PLAY_S))

    # pytest would ask the wrapped function for fixtures by its own signature: there are none.
    del play.__wrapped__
    return play


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


class House:
    """A served world, what it told, and clients of it."""

    def __init__(self, world: World, sockets: dict[str, socket.socket], told: list[Any]) -> None:
        self.world = world
        self.told = told
        self.http, self.ws, self.tcp = (shown(sockets[o]) for o in ("--http", "--ws", "--tcp"))
        self.breaks: Exception | None = None
        """What the next commit raises."""
        self.failures: list[Exception] = []
        self._opened: list[Device] = []

    @property
    def tcp_port(self) -> int:
        return int(self.tcp.rpartition(":")[2])

    def told_of(self, kind: type[notes.Note]) -> list[Any]:
        return [note for note in self.told if isinstance(note, kind)]

    def commit(self) -> None:
        if self.breaks is not None:
            raise self.breaks

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a socket and say nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.tcp_port)
        self._opened.append(Device(reader, writer, ClientSession(Identity(""))))
        return reader, writer

    async def knock(self, uid: str, **more: Any) -> Device:
        """Open a socket and introduce a device; whether it is let in is not awaited."""
        reader, writer = await self.raw()
        device = Device(reader, writer, session(uid, self.world.version, **more))
        writer.write(device.session.connect(wall_ms()))
        return device

    async def client(self, uid: str, **more: Any) -> Device:
        """Connect a device."""
        device = await self.knock(uid, **more)
        await device.hear(Connected)
        return device

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """Ask the HTTP API."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.ask("POST", path, raw, **headers)

    async def ask(
        self, method: str, path: str, raw: bytes = b"", **headers: str
    ) -> tuple[int, Any]:
        status, _, body = await self.request(method, path, raw, **headers)
        return status, msgspec.json.decode(body) if body[:1] in (
            b"{",
            b"[",
            b"n",
        ) else body.decode()

    async def request(
        self, method: str, path: str, raw: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Make one HTTP request on a connection of its own."""
        host, _, port = self.http.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [f"{method} {path} HTTP/1.1", "host: x", f"content-length: {len(raw)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + raw)
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        found = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in rest)}
        return int(first.split()[1]), found, body

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, without a time."""
        while not holds():
            await asyncio.sleep(0)

    async def close(self) -> None:
        for device in self._opened:
            device.writer.close()
        await asyncio.sleep(0)


class Device:
    """A client over TCP that does what it is told, and no more."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: ClientSession
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.session = wire
        self.heard: list[Heard] = []

    async def hear(self, kind: type[Any]) -> Any:
        """Wait for something of a kind; what comes before it is passed over."""
        while True:
            while self.heard:
                first = self.heard.pop(0)
                if isinstance(first, kind):
                    return first
            data = await self.reader.read(65_536)
            assert data, f"the server closed before it said {kind.__name__}"
            self.heard += self.session.receive(data)

    async def end(self) -> list[Heard]:
        """Wait for the end of the socket, and give what was said before."""
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65_536):
                self.heard += self.session.receive(data)
        return self.heard

    def say(self, chat: str, text: str = "hi", **more: Any) -> str:
        """Send a message and give its number."""
        number = f"n{next(_NUMBERS)}"
        group = chat[:1] == "#"
        payload = more.pop("payload", msgspec.json.encode({"type": 1, "content": text}))
        where = (chat.removeprefix("#"), 2 if group else 1)
        self.writer.write(self.session.send(*where, payload, number, flags=2, **more)[1])
        return number

    async def send(self, chat: str, text: str = "hi", **more: Any) -> Sendack:
        """Send a message and wait for its answer."""
        self.say(chat, text, **more)
        ack: Sendack = await self.hear(Sendack)
        return ack

    async def receive(self, *, ack: bool = True) -> Recv:
        """Wait for a message, and acknowledge it."""
        recv: Recv = await self.hear(Recv)
        if ack:
            self.writer.write(self.session.ack(recv))
        return recv

    def close(self) -> None:
        self.writer.close()


_NUMBERS = itertools.count(1)


def session(
    uid: str,
    server: tuple[int, ...],
    *,
    device: str = "d",
    flag: int = 0,
    token: str = "",
    version: int = 4,
    json: bool = False,
) -> ClientSession:
    """Make the wire's half of a client; its secret is no secret."""
    secret = bytes(range(32))
    dialect = dialect_of(server) if json else None
    return ClientSession(Identity(uid, device, flag, token), secret, version, dialect)


@contextlib.asynccontextmanager
async def house(
    profile: str | Profile = "wukongim-2.2.5",
    *,
    virtual: bool = False,
    limits: Limits = LIMITS,
    **rules: Any,
) -> AsyncIterator[House]:
    """Serve a world for the time of a block."""
    server = Server(load_profile(profile) if isinstance(profile, str) else profile)
    told: list[Any] = []
    clock: Clock = (
        VirtualClock(1_700_000_000_000) if virtual else RealClock(wall_ms(), time.monotonic)
    )
    world = World(
        server,
        clock,
        time.monotonic,
        asyncio.get_running_loop(),
        lambda count: bytes(range(1, count + 1)),
        rules=Rules(limits=limits, **rules),
        commit=lambda: served.commit(),
        failed=lambda error: served.failures.append(error),
        tell=told.append,
    )
    with contextlib.ExitStack() as stack:
        sockets = {
            option: stack.enter_context(listen(option, Address("127.0.0.1", 0)))
            for option in ("--http", "--ws", "--tcp")
        }
        served = House(world, sockets, told)
        async with listening(world, sockets):
            yield served
            await served.close()
