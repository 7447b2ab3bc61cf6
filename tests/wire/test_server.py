"""The server's side of a connection, against a client's side and against every recorded session."""

from __future__ import annotations

import pytest

from imcli.wire import codes
from imcli.wire.client import ClientSession, Connected, Identity
from imcli.wire.dialects import dialect_of
from imcli.wire.packets import Connect, Ping, Pong, Recv, Recvack, Send, Sendack
from imcli.wire.server import Asked, ServerSession

SERVERS = ((2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 2, 0), (2, 2, 3), (2, 2, 5))
CLIENT_SECRET, SERVER_SECRET, SALT = b"c" * 32, b"s" * 32, "0123456789abcdef"
PAYLOAD = b'{"type":1,"content":"hi"}'


def pair(
    version: tuple[int, ...], protocol: str, speaks: int = 4
) -> tuple[ClientSession, ServerSession]:
    """Make both sides of one connection, the client let in."""
    dialect = dialect_of(version) if protocol == "json" else None
    client = ClientSession(Identity("alice", "d1"), CLIENT_SECRET, speaks, dialect)
    server = ServerSession(version)
    (asked,) = server.receive(client.connect(1_000))
    assert isinstance(asked, Asked)
    assert isinstance(asked.packet, Connect)
    connack = server.accept(asked, secret=SERVER_SECRET, salt=SALT, now_ms=1_250)
    (connected,) = client.receive(connack)
    assert isinstance(connected, Connected)
    assert connected.time_diff_ms == 250
    return client, server


def both() -> list[tuple[tuple[int, ...], str]]:
    return [
        (version, protocol)
        for version in SERVERS
        for protocol in ("binary", "json")
        if protocol == "binary" or dialect_of(version)
    ]


def asked_of(server: ServerSession, data: bytes) -> Asked:
    (asked,) = server.receive(data)
    assert isinstance(asked, Asked)
    return asked


@pytest.mark.parametrize(("version", "protocol"), both())
def test_both_sides_of_a_connection_understand_each_other(
    version: tuple[int, ...], protocol: str
) -> None:
    client, server = pair(version, protocol)
    number, data = client.send("bob", 1, PAYLOAD, "m1", flags=codes.RED_DOT)
    asked = asked_of(server, data)
    assert isinstance(asked.packet, Send)
    assert asked.packet.payload == PAYLOAD
    (sent,) = client.receive(server.sendack(asked, 77, 1, codes.SUCCESS))
    assert sent == Sendack(77, 1, codes.SUCCESS, number, codes.RED_DOT)
    (recv,) = client.receive(server.push(Recv(78, 2, "bob", 1, "bob", PAYLOAD, 9, "m2")))
    assert isinstance(recv, Recv)
    assert recv.payload == PAYLOAD
    acked = asked_of(server, client.ack(recv))
    assert acked.packet == Recvack(78, 2)
    ping = asked_of(server, client.ping())
    assert ping.packet == Ping()
    assert client.receive(server.pong(ping)) == [Pong()]
