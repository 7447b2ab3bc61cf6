"""The live target: what it adds to a step, and how many devices one process can drive.

The server is `imcli serve` in a process of its own. What a step costs beside the server's own
answer is measured by doing the same with as little as possible: the same bytes over a plain socket.
The driver is the target's own devices: a thousand in a ring, each with a cache, each message
acknowledged, received once, in order and unchanged. Rates are per second of this process.
"""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import statistics
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from benchmarks.figures import Figure
from benchmarks.serve import SERVE, program
from imcli.model.actions import Send
from imcli.model.entities import DeviceSpec
from imcli.model.questions import Received, Seen
from imcli.targets.base import Cast
from imcli.targets.live import LiveTarget, OpenLive, open_live
from imcli.targets.live.devices import Device, Devices
from imcli.targets.live.session import Sent, Session
from imcli.targets.live.world import World
from imcli.wire import codes
from imcli.wire.client import ClientSession, Connected, Identity
from imcli.wire.names import Names
from imcli.wire.packets import Recv, Sendack

DEVICES = 1_000
ROUNDS = 40
STEPS = 1_000
PHONE = DeviceSpec("phone")
STALLED_S = 300
LEAST_MS = 0.001
"""What is less than this is noise of the machine."""


def measure(scale: float) -> list[Figure]:
    """Measure what a step costs, and how much the ring carries over each transport."""
    ports = [word for option in ("--http", "--ws", "--tcp") for word in (option, "127.0.0.1:0")]
    with program((*SERVE, *ports)) as line:
        ready = json.loads(line)
        figures = overhead(ready, max(20, int(STEPS * scale)))
        for what, word, bar in (("TCP", "tcp", 5_000), ("WebSocket", "ws", 2_500)):
            size = max(10, int(DEVICES * scale))
            rate, beside = ring(
                f"{ready['http']}?devices={word}", size, max(2, int(ROUNDS * scale))
            )
            said = f"driven over {what}, {size:,} devices"
            figures.append(Figure(said, rate, "messages/s", bar, False, beside))
    return figures


# What a step adds


def overhead(ready: dict[str, str], steps: int) -> list[Figure]:
    """Compare a send and a look of the target with the bare exchange of the same bytes."""
    opener = open_live(ready["http"])
    target = opener(Cast((("A", (PHONE,)), ("B", (PHONE,)))))
    numbers = itertools.count(1)

    def send() -> None:
        target.perform(Send("A", "phone", "B", "hi", f"n{next(numbers)}"))

    def look() -> None:
        target.observe(Seen("B", "phone"))

    bare_send, bare_look = BareSender(ready), BareReader(ready, target)
    try:
        figures = [
            added("a send through a device", send, bare_send, steps),
            added("a look at a list", look, bare_look, steps),
            added(
                "a look at what arrived",
                lambda: target.observe(Received("B", "phone")),
                None,
                steps,
            ),
        ]
    finally:
        target.close()
        opener.close()
        bare_send.close()
        bare_look.close()
    return figures


def added(
    what: str, step: Callable[[], object], bare: Callable[[], object] | None, steps: int
) -> Figure:
    """Give what a step costs this process more than the bare exchange; both are done in turns."""
    spent, whole, bare_spent, alone = 0.0, [0.0], 0.0, [0.0]
    for _ in range(steps):
        wall, processor = _took(step)
        spent += processor
        whole.append(wall)
        if bare is not None:
            wall, processor = _took(bare)
            bare_spent += processor
            alone.append(wall)
    more = (spent - bare_spent) * 1000 / steps
    medians = f"{statistics.median(whole) * 1000:.2f} and {statistics.median(alone) * 1000:.2f} ms"
    beside = f"medians on the wall {medians}"
    return Figure(f"live: {what} adds", max(LEAST_MS, more), "ms", 1, True, beside)


def _took(work: Callable[[], object]) -> tuple[float, float]:
    """Give seconds on the wall and of this process."""
    began, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - processor


class BareSender:
    """Sends a message on a socket of its own and reads until its answer is there."""

    def __init__(self, ready: dict[str, str]) -> None:
        host, _, port = ready["tcp"].rpartition("/")[2].partition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._session = ClientSession(Identity("bare", "bare"), bytes(range(32)))
        self._numbers = itertools.count(1)
        self._say(self._session.connect(0), Connected)

    def _say(self, data: bytes, wanted: type[object]) -> None:
        self._socket.sendall(data)
        while not any(
            isinstance(h, wanted) for h in self._session.receive(self._socket.recv(65_536))
        ):
            pass

    def __call__(self) -> None:
        """Send a message and wait for its answer."""
        number = f"n{next(self._numbers)}"
        self._say(self._session.send("other", 1, b'{"content":"hi","type":1}', number)[1], Sendack)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class BareReader:
    """Asks for the list that a look asks for, on a connection that is kept."""

    def __init__(self, ready: dict[str, str], target: LiveTarget) -> None:
        parts = urlsplit(ready["http"])
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        uid = target.names.user_id("B")
        self._body = json.dumps({"uid": uid, "version": 0, "msg_count": 20}).encode()

    def __call__(self) -> None:
        """Ask once."""
        headers = {"content-type": "application/json"}
        self._connection.request("POST", "/conversation/sync", self._body, headers)
        self._connection.getresponse().read()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


# How much one process drives


class Runner(Device):
    """A device in the ring: sends the next message as soon as the last is answered."""

    ring: Ring
    place: int
    sent = 0
    received = 0

    def next(self) -> None:
        """Send the next message, unless all are sent."""
        if self.sent == self.ring.rounds or self.session is None:
            return
        self.sent += 1
        peer = self.ring.runners[(self.place + 1) % len(self.ring.runners)]
        payload = text(self.place, self.sent)
        number = f"{self.place}-{self.sent}"
        self.session.send(peer.uid, 1, payload, number, flags=codes.RED_DOT, expire=0)

    def session_answered(self, session: Session, sent: Sent) -> None:
        """Hold the answer against what it must be, and go on."""
        if sent.ack is None or sent.ack.message_seq != self.sent:
            self.ring.fail(f"{self.key}: {sent.why or sent.ack} is the answer to {self.sent}")
        self.ring.acked += 1
        self.next()
        self.ring.look()

    def session_heard(self, session: Session, recv: Recv) -> None:
        """Hold a message against what must come next, and let the cache have it."""
        self.received += 1
        before = self.place - 1 if self.place else len(self.ring.runners) - 1
        if (recv.message_seq, recv.payload) != (self.received, text(before, self.received)):
            self.ring.fail(f"{self.key}: {recv} came instead of number {self.received}")
        super().session_heard(session, recv)
        self.ring.arrived += 1
        self.ring.look()


def text(place: int, number: int) -> bytes:
    """Give the payload of a device's n-th message."""
    return msgspec.json.encode({"content": f"message {number} of {place}", "type": 1})


class Ring:
    """All devices, and how far they are."""

    def __init__(self, world: World, size: int, rounds: int) -> None:
        self.rounds = rounds
        self.acked = self.arrived = 0
        self.error = ""
        self.over = threading.Event()
        self.runners = [Runner(world, f"u{place}", PHONE) for place in range(size)]
        for place, runner in enumerate(self.runners):
            runner.ring, runner.place = self, place

    def fail(self, why: str) -> None:
        """Note the first thing that went wrong."""
        self.error = self.error or why
        self.over.set()

    def look(self) -> None:
        """Find out whether it is over."""
        if self.acked == self.arrived == self.rounds * len(self.runners):
            self.over.set()


def ring(url: str, size: int, rounds: int) -> tuple[float, str]:
    """Let every device send so many messages; give the rate, and what else is to be said.

    Raises:
        RuntimeError: a message did not arrive as it was sent, or not at all.
    """
    opener = open_live(url)
    try:
        return _driven(opener, size, rounds)
    finally:
        opener.close()


def _driven(opener: OpenLive, size: int, rounds: int) -> tuple[float, str]:
    assert opener.run is not None, "the server offers what was asked for"
    world = World(opener.run, Names(f"ring{time.monotonic_ns()}-"))
    around = Ring(world, size, rounds)
    failed = Devices(world, ()).connect(around.runners)
    if failed:
        raise RuntimeError(f"{len(failed)} devices could not connect")
    began, mine = time.perf_counter(), time.process_time()
    for runner in around.runners:
        runner.next()
    if not around.over.wait(STALLED_S) or around.error:
        raise RuntimeError(around.error or f"{around.acked} acked, {around.arrived} arrived")
    wall, mine = time.perf_counter() - began, time.process_time() - mine
    count = size * rounds
    return count / mine, f"{count / wall:,.0f} a second on the wall, with the server beside it"
