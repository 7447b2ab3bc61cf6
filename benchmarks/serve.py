"""A served world under load: a thousand devices, every message checked, on one processor each.

The server is a program of its own, and this process is its devices. A rate is messages per second
of the server's processor time, its start included; a message is one SEND with its SENDACK and one
RECV with its RECVACK. The yardstick is a server that only sends back the same number of bytes
(`echo.py`): the ratio says what everything costs that is not sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.devices import Device, WsDevice, run
from benchmarks.echo import EchoDevice
from benchmarks.figures import Figure

DEVICES = 1_000
SECONDS = 10.0
SERVE = (sys.executable, "-m", "imcli", "serve", "--events", "jsonl", "--quiet")
ECHO = (sys.executable, "-m", "benchmarks.echo")


class Load(NamedTuple):
    """Messages, and seconds: on the wall, of the server's processor and of the devices'."""

    messages: int
    wall: float
    server: float
    devices: float


@contextlib.contextmanager
def program(words: Sequence[str]) -> Iterator[str]:
    """Run a server for the time of a block and give its first line."""
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline()
    finally:
        server.terminate()
        server.communicate()


def load(words: Sequence[str], kind: type[Device], scale: float) -> Load:
    """Let devices send round on a server."""
    size = max(10, int(DEVICES * scale))
    before = _children()
    with program(words) as line:
        began, mine = time.perf_counter(), time.process_time()
        messages = asyncio.run(run("127.0.0.1", _port(line, kind), kind, size, SECONDS * scale))
        wall, mine = time.perf_counter() - began, time.process_time() - mine
    return Load(messages, wall, _children() - before, mine)


def _port(line: str, kind: type[Device]) -> int:
    if kind is EchoDevice:
        return int(line)
    address: str = json.loads(line)["ws" if kind is WsDevice else "tcp"]
    return int(address.rpartition(":")[2])


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(scale: float) -> list[Figure]:
    """Measure messages per second over TCP, with a state file, and over WebSocket."""
    ports = [word for option in ("--http", "--ws", "--tcp") for word in (option, "127.0.0.1:0")]
    with tempfile.TemporaryDirectory() as folder:
        kept = ("--state", os.path.join(folder, "state.db"))
        plans: tuple[tuple[str, type[Device], tuple[str, ...], int], ...] = (
            ("TCP", Device, (), 5_000),
            ("TCP with a state file", Device, kept, 5_000),
            ("WebSocket", WsDevice, (), 2_500),
        )
        loads = [load((*SERVE, *ports, *more), kind, scale) for _, kind, more, _ in plans]
    echo = load(ECHO, EchoDevice, scale)
    size = max(10, int(DEVICES * scale))
    rates = [
        Figure(
            f"served over {what}, {size:,} devices, every message checked",
            each.messages / each.server,
            "messages/s",
            bar,
            False,
            f"{each.messages / each.wall:,.0f} on the wall; the devices'"
            f" {each.devices / each.messages * 1e6:.0f} µs a message",
        )
        for (what, _, _, bar), each in zip(plans, loads, strict=True)
    ]
    ratio = (loads[0].server / loads[0].messages) / (echo.server / echo.messages)
    against = f"{echo.server / echo.messages * 1e6:.0f} µs to send the same bytes back"
    return [*rates, Figure("a served message", ratio, "×", None, True, against)]
