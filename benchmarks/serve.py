"""A served world under load: a thousand devices, every message checked, on one processor each.

The server is a program of its own and so is the driver's side (this process). A rate is messages
per second of the server's processor time, whole programs included; a message is one SEND with its
SENDACK, one RECV and its RECVACK. The yardstick is a server that only sends back the same bytes,
with the same loop: how much the rest costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.devices import Device, WsDevice, run
from benchmarks.figures import Figure

DEVICES = 1_000
SECONDS = 10.0


@contextlib.contextmanager
def serving(*words: str) -> Iterator[dict[str, str]]:
    """Serve for the time of a block and give the addresses."""
    ports = [word for option in ("--http", "--ws", "--tcp") for word in (option, "127.0.0.1:0")]
    program = subprocess.Popen(
        [sys.executable, "-m", "imcli", "serve", *ports, "--events", "jsonl", *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    try:
        yield json.loads(program.stdout.readline())
    finally:
        program.terminate()
        program.communicate()


def load(kind: type[Device], scale: float, *words: str) -> tuple[int, float, float, float]:
    """Give messages, seconds on the wall, of the server's and of the driver's processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with serving(*words) as ready:
        host, _, port = ready["ws" if kind is WsDevice else "tcp"].rpartition("/")[2].partition(":")
        size = max(10, int(DEVICES * scale))
        began, mine = time.perf_counter(), time.process_time()
        count = asyncio.run(run(host, int(port), kind, size, SECONDS * scale))
        wall, mine = time.perf_counter() - began, time.process_time() - mine
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return count, wall, spent, mine


def measure(scale: float) -> list[Figure]:
    """Measure messages per second over TCP and over WebSocket."""
    figures: list[Figure] = []
    for what, kind, bar in (("TCP", Device, 5_000), ("WebSocket", WsDevice, 2_500)):
        count, wall, spent, mine = load(kind, scale, "--quiet")
        beside = (
            f"{count / wall:,.0f} a second on the wall, driver {mine / count * 1e6:.0f} µs each"
        )
        figures.append(
            Figure(
                f"served over {what}, {max(10, int(DEVICES * scale)):,} devices",
                count / spent,
                "messages/s",
                bar,
                False,
                beside,
            )
        )
    return figures
