"""A real device's connection is spoilt at every frame: no claim is judged by what it does not know.

The same case is played over a proxy that does something to one frame. Whatever it is, the case ends
in time, as an error or as unknown, with a sentence that says whose connection it was; or it passes,
where the frame was of no importance. It never fails: nothing that the server did was wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import Options, run
from imcli.targets.clocks import monotonic_ms
from imcli.targets.live import Patience, open_live
from tests.targets.bad_link import KINDS, Kind, Spoil, Way, bad_link
from tests.targets.served import Served, served

CASE = """
title = "A talk"
users = ["A", "B"]
timing = { within = "400ms", settle = "20ms", limit = "60s" }
steps = '''
B sends A "hi" as m1
assert A received m1 once
assert A shows B with 1 unread, last m1
A sends B "yes" as m2
assert m2 was accepted
assert B received m2 once
assert A shows B with 0 unread
B sends A "well" as m3
assert A received m3 once
assert A did not receive m2
'''
"""
SHORT = Patience(answered_ms=400, connack_ms=1500, life_ms=400)
FRAMES = {"up": 7, "down": 6}
"""CONNECT, RECVACK, PING, SEND, RECVACK ...; CONNACK, RECV, PONG, SENDACK, RECV ..."""
ABOUT = ("A.phone", "no SENDACK within 400 ms", "the server told A that message")
"""Every sentence speaks of the device, or of what it did not get or got otherwise."""
EVERYWHERE = [
    Spoil(kind, way, frame)
    for kind in KINDS
    for way in ("up", "down")
    for frame in range(FRAMES[way])
]
OVER_WS = [
    Spoil(kind, way, frame + 1, transport="ws")
    for kind in KINDS
    for way in ("up", "down")
    for frame in range(FRAMES[way])
    if not (kind == "flip" and way == "up" and frame == 1)  # an acknowledgement: nobody looks
]
"""The same behind the handshake; a flipped bit may stand in the frame of WebSocket, too."""
QUICK = [Spoil(kind, way, 1) for kind in KINDS for way in ("up", "down")]
QUICK += [Spoil(kind, "down", 2, transport="ws") for kind in KINDS]


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as running:
        yield running


def played(server: Served, spoil: Spoil) -> tuple[CaseResult, int, bool]:
    told = server.house.tcp if spoil.transport == "tcp" else server.house.ws
    host, _, port = told.rpartition("/")[2].partition(":")
    with bad_link((host, int(port)), spoil) as link:
        with server.advertising(link.address):
            opener = open_live(f"{server.url}?devices={spoil.transport}", patience=SHORT)
        try:
            (case,) = cases(parse_scenario(CASE, "example.toml"))
            began = monotonic_ms()
            *_, last = run(case, opener, Options(clock=lambda: monotonic_ms() / 1000))
            took = monotonic_ms() - began
        finally:
            opener.close()
        assert isinstance(last, CaseFinished)
        return last.case, took, link.spoilt.is_set()


def holds(server: Served, spoil: Spoil) -> None:
    result, took, spoilt = played(server, spoil)
    said = " ".join(failure.headline for failure in result.failures)
    assert result.result in ("error", "unknown", "passed"), (result.result, said)
    assert took < 30_000
    if result.result != "passed":
        assert any(words in said for words in ABOUT), said
    assert spoilt


@pytest.mark.parametrize("spoil", QUICK, ids=str)
def test_a_spoilt_connection_is_never_the_servers_fault(server: Served, spoil: Spoil) -> None:
    holds(server, spoil)


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [*EVERYWHERE, *OVER_WS], ids=str)
def test_whichever_frame_is_spoilt_it_is_not_the_servers_fault(
    server: Served, spoil: Spoil
) -> None:
    holds(server, spoil)


def test_a_connection_that_was_lost_before_it_began_is_tried_again(server: Served) -> None:
    result, _, spoilt = played(server, Spoil("cut", "up", 0, times=2))
    assert (result.result, spoilt) == ("passed", True)


def test_who_is_never_let_in_is_given_up(server: Served) -> None:
    result, _, _ = played(server, Spoil("cut", "up", 0))
    assert result.result == "error"
    said = "A.phone could not connect: the server never answered CONNECT, again and again"
    assert said in result.failures[0].headline


HARMFUL: list[tuple[Kind, Way, int, str, str]] = [
    ("cut", "down", 1, "unknown", "A.phone lost its connection: it closed the connection"),
    ("stall", "down", 1, "unknown", "A.phone's connection gives no sign of life for 400 ms"),
    ("flip", "down", 1, "unknown", "what A.phone heard cannot be right: a message does not verify"),
    (
        "garbage",
        "down",
        1,
        "unknown",
        "A.phone heard cannot be right: it sent a frame of the unknown type 15",
    ),
    ("stall", "down", 0, "error", "A.phone could not connect: no CONNACK within 1500 ms"),
    ("stall", "up", 3, "unknown", "no SENDACK within 400 ms"),
    ("cut", "up", 3, "unknown", "the connection of A.phone ended: it closed the connection"),
    ("flip", "up", 3, "unknown", "what A.phone sent could not be read: reason 9"),
    ("flip", "down", 3, "unknown", "the server told A that message c2 is"),
]


@pytest.mark.parametrize(("kind", "way", "frame", "verdict", "sentence"), HARMFUL)
def test_the_sentence_says_what_became_of_the_connection(
    server: Served, kind: Kind, way: Way, frame: int, verdict: str, sentence: str
) -> None:
    result, _, _ = played(server, Spoil(kind, way, frame))
    assert result.result == verdict
    assert sentence in " ".join(failure.headline for failure in result.failures)
