"""Whatever clients say, in whatever order, nothing is raised and nobody else is harmed.

A world without sockets: its loop is a list of callbacks, its links keep what is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.serve.clock import VirtualClock
from imcli.serve.connection import Connection
from imcli.serve.rules import Limits, Rules
from imcli.serve.world import World
from imcli.simulator.profiles import load_profile
from imcli.simulator.server import Server
from imcli.wire import binary, codes
from imcli.wire.client import ClientSession
from imcli.wire.packets import Connect, Ping, Recvack, Send, Sub
from tests.serve.house import session

PROFILES = ("wukongim-2.1.3", "wukongim-2.1.4", "wukongim-2.2.0", "wukongim-2.2.5", "reference")


class Desk:
    """A loop whose callbacks are called when the test says so."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def call_soon(self, callback: Callable[[], None], /) -> None:
        self.soon.append(callback)

    def call_later(self, delay: float, callback: Callable[..., None], /, *args: Any) -> Desk:
        self.later.append((callback, args))
        return self

    def cancel(self) -> None:
        pass

    def turn(self) -> None:
        while self.soon:
            self.soon.pop(0)()

    def time_is_over(self) -> None:
        """Call what was put off, whatever its time."""
        while self.later:
            callback, args = self.later.pop(0)
            callback(*args)
            self.turn()


class Wire:
    """A link that keeps what is written."""

    unread_bytes = 0

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, frames: Sequence[bytes], *, text: bool) -> None:
        self.written += frames

    def close(self) -> None:
        self.closed = True

    abort = close


class Lab:
    """A world, its desk, and a witness who must be served whatever the others do."""

    def __init__(self, profile: str) -> None:
        self.desk = Desk()
        self.clock = VirtualClock(1_700_000_000_000)
        counter = itertools.count()
        self.world = World(
            Server(load_profile(profile)),
            self.clock,
            lambda: float(next(counter)) / 1000,
            self.desk,
            lambda count: bytes(range(1, count + 1)),
            rules=Rules(limits=Limits(connections=50)),
            tell=lambda note: None,
        )
        self.witness, self.session = self.client("witness")

    def open(self) -> Connection:
        link = Wire()
        connection = self.world.open(link, "tcp", "127.0.0.1:1")
        assert connection is not None
        return connection

    def client(self, uid: str, **more: Any) -> tuple[Connection, ClientSession]:
        connection, wire = self.open(), session(uid, self.world.version, **more)
        self.say(connection, wire.connect(self.clock.now_ms()))
        self.hear(connection, wire)
        return connection, wire

    def say(self, connection: Connection, data: bytes) -> None:
        connection.receive(data)
        self.desk.turn()

    def hear(self, connection: Connection, wire: ClientSession) -> list[Any]:
        link = connection.link
        assert isinstance(link, Wire)
        data, link.written = b"".join(link.written), []
        return list(wire.receive(data))

    def assert_served(self) -> None:
        self.hear(self.witness, self.session)
        self.say(self.witness, self.session.ping())
        assert not self.witness.gone
        assert len(self.hear(self.witness, self.session)) == 1


uids = st.sampled_from(
    ["A", "B", "A", "x" * 300, "人", "a:b", "a|b", " A", "____system", "____manager"]
)
channels = st.one_of(uids, st.sampled_from(["", "g", "#g", "a@b", "g____cmd", "A@B", "A@"]))
payloads = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b'{"content":"hi","type":1}', b"null", b'"\\ud83d"', b'{"a":1e999}']),
    st.sampled_from([b"[" * 30_000 + b"]" * 30_000, b'"\xff"']),
)
packets = st.one_of(
    st.builds(
        Send,
        channels,
        st.integers(0, 255),
        payloads,
        st.integers(0, 3),
        st.text(max_size=5),
        setting=st.integers(0, 255),
        expire=st.sampled_from([0, 1, 2**32 - 1]),
        topic=st.text(max_size=5),
        stream_no=st.text(max_size=3),
        flags=st.integers(0, 15),
    ),
    st.builds(Recvack, st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**32 - 1)),
    st.builds(Connect, uids, st.integers(0, 9), st.sampled_from([0, 1, 2, 99]), uids),
    st.just(Ping()),
    st.builds(Sub, st.text(max_size=3), channels, st.integers(0, 255)),
)


def sealed(wire: ClientSession, packet: Any) -> bytes:
    """Write a packet as the client of a session would."""
    try:
        if isinstance(packet, Send):
            return wire.send(
                packet.channel_id,
                packet.channel_type,
                packet.payload,
                packet.client_msg_no,
                flags=packet.flags,
                expire=packet.expire,
                setting=packet.setting,
                topic=packet.topic,
            )[1]
        return binary.encode(packet, wire.version)
    except ValueError:  # it has no form on the wire
        return b""


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(st.tuples(st.integers(0, 3), packets), max_size=30),
    moves=st.lists(st.sampled_from([0, 1, 60_000, 3_600_000]), max_size=3),
)
def test_any_packets_of_any_clients_raise_nothing(
    profile: str, said: list[tuple[int, Any]], moves: list[int]
) -> None:
    lab = Lab(profile)
    clients = [lab.client("A", device="1"), lab.client("A", device="2"), lab.client("B", flag=1)]
    clients.append(lab.client("A", device="1"))
    for place, packet in said:
        connection, wire = clients[place]
        lab.say(connection, sealed(wire, packet))
    for move in moves:
        lab.world.passing.advance_to(lab.clock.now_ms() + move, lab.clock.advance)
        lab.desk.turn()
    lab.assert_served()
    lab.desk.time_is_over()
    lab.world.sweep()
    lab.assert_served()
    for connection, _ in clients:
        connection.lost("the test is over")
        lab.desk.turn()
    assert lab.world.connections == {lab.witness}
    assert len(lab.world.seats) == 1


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=100, deadline=None)
@given(
    greeted=st.booleans(),
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(lambda packet: binary.encode(packet, 4), st.builds(Connect, uids)),
            st.sampled_from(
                [
                    b'{"method":"connect","id":"1","params":{"uid":"A"}}',
                    b'{"method":"send","id":"2","params":{"channelId":"B","channelType":1,"payload":"eA=="}}',
                    b'{"method":"send","id":"3","params":{"channelId":"B","channelType":1,"payload":{"a":1}}}',
                    b'{"method":"recvack","params":{"messageId":"x"}}',
                    b'{"method":"ping","id":"4"}',
                    b'{"method":',
                ]
            ),
        ),
        max_size=8,
    ),
)
def test_any_bytes_raise_nothing(profile: str, greeted: bool, pieces: list[bytes]) -> None:
    lab = Lab(profile)
    connection = lab.client("C")[0] if greeted else lab.open()
    for piece in pieces:
        lab.say(connection, piece)
    lab.assert_served()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=20)), min_size=1, max_size=20))
def test_each_accepted_message_reaches_the_other_once_and_unchanged(
    said: list[tuple[bool, bytes]],
) -> None:
    lab = Lab("wukongim-2.2.5")
    both = [lab.client("A"), lab.client("B")]
    for from_a, payload in said:
        (connection, wire), (other, others_wire) = both if from_a else both[::-1]
        lab.say(
            connection, wire.send("B" if from_a else "A", 1, payload, "n", flags=codes.RED_DOT)[1]
        )
        (ack,) = lab.hear(connection, wire)
        (recv,) = lab.hear(other, others_wire)
        assert (recv.message_id, recv.message_seq) == (ack.message_id, ack.message_seq)
        assert recv.payload == payload
        assert recv.client_msg_no == "n"
    assert msgspec.structs.asdict(both[0][0].figures)["in_msgs"] == sum(a for a, _ in said)
