"""Every recorded session with a real server, given again by the server's side of a connection.

What the recorded client wrote goes in; what the server then says must be the recorded bytes. What a
server decides for itself (ids, times, reasons, who receives what) is taken from the record, and so
are the keys, since nobody knows the secrets of those servers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from imcli.wire import codes, encryption
from imcli.wire.binary import Decoder
from imcli.wire.dialects import Envelope, UnknownMethod
from imcli.wire.jsonrpc import Decoder as JsonDecoder
from imcli.wire.packets import (
    Connack,
    Connect,
    Disconnect,
    Event,
    Packet,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
)
from imcli.wire.server import (
    Asked,
    BadSend,
    Closed,
    Request,
    ServerSession,
    Stalled,
    Unreadable,
)
from tests.wire.recorded import bytes_of, connections, dialect_for, lines_of, server_version


class Replay:
    """One recorded connection: `left` are the requests that nothing recorded answers."""

    def __init__(self, session: dict[str, Any], name: str) -> None:
        self.lines = lines_of(session, name)
        self.left: list[Request] = []
        self.server = ServerSession(
            server_version(session["tag"]),
            encrypts=not session["config"].get("disableEncryption"),
        )
        connection = session["conns"][name]
        self.cipher: encryption.Cipher | None = None
        if connection.get("server_key"):
            secret = bytes.fromhex(connection["client_private_hex"])
            self.cipher = encryption.agree(secret, connection["server_key"], connection["salt"])
        self.read: Callable[[bytes], list[Envelope]]
        if connection["protocol"] == "jsonrpc":
            self.read = JsonDecoder(dialect_for(session["tag"]), "client").receive
        else:
            decoder = Decoder(connection["version"])
            self.read = lambda data: [Envelope(packet) for packet in decoder.receive(data)]

    def run(self) -> None:
        for line in self.lines:
            if line["dir"] == "c2s":
                self.left += self.server.receive(bytes_of(line))
            elif line["dir"] == "s2c":
                said = self.read(bytes_of(line))
                assert b"".join(map(self.say, said)) == bytes_of(line)

    def say(self, envelope: Envelope) -> bytes:
        packet = envelope.packet
        match packet:
            case Connack():
                return self.accept(packet)
            case Sendack():
                asked = self.take(lambda request: is_send(request, packet.client_seq, envelope.id))
                assert isinstance(asked, Asked | BadSend)
                is_bad = packet.reason_code == codes.PAYLOAD_DECODE_ERROR
                assert isinstance(asked, BadSend) == is_bad
                return self.server.sendack(
                    asked, packet.message_id, packet.message_seq, packet.reason_code
                )
            case Recv():
                plain = encryption.unseal(packet, self.cipher)
                return self.server.push(msgspec.structs.replace(plain, msg_key=""))
            case Pong():
                return self.server.pong(self.take_packet(Ping))
            case Disconnect() | Event():
                return self.server.write(packet)
            case _:
                assert not isinstance(packet, UnknownMethod)
                found = self.take(lambda request: isinstance(request, Unreadable))
                assert isinstance(found, Unreadable)
                return found.reply

    def accept(self, connack: Connack) -> bytes:
        asked = self.take_packet(Connect)
        assert isinstance(asked.packet, Connect)
        return self.server.accept(
            asked,
            secret=b"not known",
            salt=connack.salt,
            now_ms=asked.packet.client_timestamp + connack.time_diff,
            node_id=connack.node_id,
        )

    def take(self, wanted: Callable[[Request], bool]) -> Request:
        found = next(request for request in self.left if wanted(request))
        self.left.remove(found)
        return found

    def take_packet(self, kind: type[Packet]) -> Asked:
        found = self.take(lambda request: isinstance(asked_packet(request), kind))
        assert isinstance(found, Asked)
        return found


def asked_packet(request: Request) -> Packet | None:
    return request.packet if isinstance(request, Asked) else None


def is_send(request: Request, client_seq: int, id: str) -> bool:
    if isinstance(request, BadSend):
        return request.send.client_seq == client_seq
    if isinstance(request, Asked) and isinstance(request.packet, Send):
        return (request.packet.client_seq, request.id) == (client_seq, id)
    return False


@pytest.mark.parametrize(("session", "name"), connections("binary", "jsonrpc"))
def test_a_session_says_what_the_real_server_said(
    session: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = Replay(session, name)
    server_key = session["conns"][name].get("server_key")
    monkeypatch.setattr("imcli.wire.encryption.agree", lambda *_: replay.cipher)
    monkeypatch.setattr("imcli.wire.encryption.public_key", lambda _: server_key)
    replay.run()
    left = {type(asked_packet(request) or request) for request in replay.left}
    left -= {Recvack, Connect if "token" in session["name"] else Recvack}
    if "kicks" in session["name"]:
        left -= {Ping}  # on sockets that 2.2.5 leaves open
    was_closed = replay.lines[-1]["dir"] == "closed"
    if "before CONNACK" in session["name"] or "malformed" in session["name"]:
        assert left == ({Closed} if was_closed else {Stalled} if name in STALLED else set())
    else:
        assert not left


STALLED = ("over1MiB", "type0")
