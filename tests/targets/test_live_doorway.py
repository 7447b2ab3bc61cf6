"""Opening and closing connections apart from each other, and the pause before the first word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from imcli.model.entities import DeviceSpec
from imcli.targets.live.devices import Device
from imcli.targets.live.doorway import GAP_MS, PATIENCE_MS, Doorway
from imcli.targets.live.lines import FIRST_WORD_MS, TcpLine
from imcli.targets.live.loop import WRITE, Loop
from imcli.targets.live.session import Session
from imcli.targets.live.world import World
from imcli.wire.names import Names


class Time:
    """A clock that only sleeping moves; also the loop that a doorway needs."""

    def __init__(self) -> None:
        self.ms = 10_000
        self.closed_ms = 0
        self.slept: list[int] = []

    def clock(self) -> int:
        return self.ms

    def sleep(self, duration_ms: int) -> None:
        self.slept.append(duration_ms)
        self.ms += duration_ms


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def doorway(time: Time) -> Doorway:
    return Doorway(cast(Loop, time), time.sleep)


def test_nobody_opens_just_after_a_close(doorway: Doorway, time: Time) -> None:
    with doorway.opening():
        assert time.slept == []
    time.closed_ms = time.ms - 20
    with doorway.opening():
        assert time.slept == [GAP_MS - 20]


def test_nobody_waits_for_ever_for_others_who_close(doorway: Doorway, time: Time) -> None:
    def closes_again(duration_ms: int) -> None:
        time.sleep(duration_ms)
        time.closed_ms = time.ms

    busy = Doorway(cast(Loop, time), closes_again)
    time.closed_ms = time.ms
    with busy.opening():
        assert sum(time.slept) == PATIENCE_MS


def test_closing_waits_until_nobody_opens_and_begins_a_gap(doorway: Doorway, time: Time) -> None:
    order: list[str] = []

    def closes() -> None:
        with doorway.closing():
            order.append("closed")

    closer = threading.Thread(target=closes)
    with doorway.opening():
        closer.start()
        order.append("opened")
    closer.join(10)
    assert order == ["opened", "closed"]
    assert time.closed_ms == time.ms


class StubLoop:
    """Does at once what the loop's thread would do, and keeps what is for later."""

    def __init__(self) -> None:
        self.later_ms: list[int] = []
        self.work: list[Callable[[], object]] = []
        self.closed_ms = 0

    def clock(self) -> int:
        return 0

    def call(self, work: Callable[[], object]) -> None:
        work()

    def later(self, delay_ms: int, work: Callable[[], object]) -> None:
        self.later_ms.append(delay_ms)
        self.work.append(work)

    def watch(self, *_: object) -> None: ...

    def forget(self, *_: object) -> None: ...


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def opened_line(server: socket.socket) -> tuple[TcpLine, StubLoop, list[str]]:
    told: list[str] = []
    owner = SimpleNamespace(
        line_opened=lambda: told.append("opened"), line_ended=lambda *_: told.append("ended")
    )
    loop = StubLoop()
    address = (socket.AF_INET, server.getsockname())
    line = TcpLine(cast(Loop, loop), address, cast("object", owner))  # type: ignore[arg-type]
    line.open()
    connection, _ = server.accept()
    connection.close()
    line.ready(WRITE)
    return line, loop, told


def test_the_first_word_is_said_a_little_after_the_connection_came_about(
    listening: socket.socket,
) -> None:
    line, loop, told = opened_line(listening)
    assert (loop.later_ms, told) == ([FIRST_WORD_MS], [])
    loop.work[0]()
    assert told == ["opened"]
    line.close()


def test_nothing_is_said_on_a_line_that_was_closed_meanwhile(listening: socket.socket) -> None:
    line, loop, told = opened_line(listening)
    line.close()
    loop.work[0]()
    assert told == []


def test_a_lost_try_of_a_device_that_was_online_is_no_lost_connection() -> None:
    """The device dials again while it is online, and the server never sees the new connection."""
    lost = SimpleNamespace(state="over", why="reset", open=lambda: None)
    run = SimpleNamespace(session=lambda *_: lost, wall=lambda: 0)
    world = SimpleNamespace(
        names=Names(),
        run=run,
        transcript=None,
        troubles=[],
        bell=threading.Condition(),
        ring=lambda: None,
    )
    device = Device(cast(World, world), "A", DeviceSpec("phone"))
    device.wanted = True
    device.dial()
    device.session_changed(cast(Session, lost))
    assert world.troubles == []
