"""Examining a real server: facts of one that is well, of one that is not, and of none at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from imcli.targets.examined import Examination
from imcli.targets.live import probe
from imcli.targets.live.probe import examine
from imcli.wire.binary import encode
from imcli.wire.packets import Connack
from tests.targets.fake_wukongim import FakeWuKongIM

TOLD_MS = 1_795_646_710_914
"""The clock of the fake server."""
Answer = Callable[[socket.socket], None]


def lets_in(line: socket.socket) -> None:
    line.sendall(encode(Connack(server_version=4), 4))


def says_nothing(line: socket.socket) -> None:
    line.recv(65_536)


def closes(line: socket.socket) -> None:
    line.close()


@contextmanager
def door(answer: Answer) -> Iterator[str]:
    """A port for devices; what stands behind it answers each CONNECT in one way."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    with suppress(OSError), line:
                        if line.recv(65_536):
                            answer(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def examined(server: FakeWuKongIM, token: str = "", wall_ms: int = TOLD_MS) -> Examination:
    return examine(server.url, token=token, wall_ms=lambda: wall_ms)


def test_a_server_that_is_well_tells_everything() -> None:
    with FakeWuKongIM() as server, door(lets_in) as tcp:
        server.world.route = {"tcp_addr": tcp, "ws_addr": f"ws://{tcp}", "wss_addr": ""}
        found = examined(server)
        asked = {path.partition("?")[0] for _, path, _ in server.asked}
    assert (found.why_not, found.health, found.slots, found.leaderless) == ("", "", 1, 0)
    assert found.varz.numbers == (2, 2, 5)
    assert [(each.transport, each.opened) for each in found.openings] == [("tcp", tcp), ("ws", tcp)]
    assert found.device_tokens == "free"
    assert found.clock_ahead_ms == 0
    assert (found.token_wanted, found.token_accepted) == (False, True)
    assert asked == {"/health", "/varz", "/cluster/allslot", "/connz", "/route"}


@pytest.mark.parametrize("answer", [says_nothing, closes])
def test_a_device_that_gets_no_answer_wants_a_token(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "LOGIN_SECONDS", 0.05)
    with FakeWuKongIM() as server, door(answer) as tcp:
        server.world.route = {"tcp_addr": tcp, "ws_addr": ""}
        assert examined(server).device_tokens == "wanted"


def test_what_does_not_open_says_why() -> None:
    with FakeWuKongIM() as server:
        server.world.route = {"tcp_addr": "127.0.0.1:1", "ws_addr": "nonsense"}
        tcp, ws = (found := examined(server)).openings
    assert (tcp.opened, tcp.why) == ("", "connection refused")
    assert ws.why == "that is no address"
    assert found.device_tokens == "unknown"


def test_an_address_that_is_told_wrong_may_open_where_the_api_is() -> None:
    with FakeWuKongIM() as server, door(lets_in) as tcp:
        port = tcp.rpartition(":")[2]
        server.world.route = {"tcp_addr": f"no-such-host.invalid:{port}", "ws_addr": ""}
        (opening,) = examined(server).openings
    assert opening.opened == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("given", "accepted"), [("", False), ("wrong-token", False), ("right-token", True)]
)
def test_the_manager_token_is_tried_with_and_without(given: str, accepted: bool) -> None:
    with FakeWuKongIM(token="right-token") as server:
        found = examined(server, given)
    assert (found.token_wanted, found.token_given, found.token_accepted) == (
        True,
        bool(given),
        accepted,
    )
    assert bool(found.varz.version) == accepted


def test_a_server_that_is_not_ready_says_so() -> None:
    with FakeWuKongIM() as server:
        server.misbehave["/health"] = lambda _: (500, b'{"status":"error","message":"no slots"}')
        server.world.leader = 0
        found = examined(server)
    assert "no slots" in found.health
    assert (found.slots, found.leaderless) == (1, 1)


def test_clocks_that_differ_are_told_with_their_error() -> None:
    with FakeWuKongIM() as server:
        assert examined(server, wall_ms=TOLD_MS - 5_000).clock_ahead_ms == 5_000
        server.misbehave["/connz"] = lambda _: (200, b'{"connections":[],"now":"late"}')
        assert examined(server).clock_ahead_ms is None
        server.misbehave["/connz"] = lambda _: (404, b"404 page not found")
        assert examined(server).clock_ahead_ms is None


def test_what_is_no_wukongim_is_named() -> None:
    with FakeWuKongIM() as server:
        server.misbehave["/varz"] = lambda _: (404, b"404 page not found")
        assert "is not the HTTP API of WuKongIM 2.x" in examined(server).why_not
        server.misbehave["/varz"] = lambda _: (200, b"<html>")
        assert "is not the HTTP API of WuKongIM 2.x" in examined(server).why_not
        server.misbehave["/health"] = lambda _: None
        assert "/health" in examined(server).why_not


def test_nobody_there_is_told_in_the_words_of_the_system() -> None:
    found = examine("http://127.0.0.1:1", token="", wall_ms=lambda: 0)
    assert found.why_not == "cannot connect to http://127.0.0.1:1: connection refused"
