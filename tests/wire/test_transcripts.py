"""Every recorded session with a real server, read, checked and written again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from imcli.wire import encryption
from imcli.wire.binary import Decoder, encode
from imcli.wire.codes import highest_version
from imcli.wire.dialects import BadObject, Envelope, Failure
from imcli.wire.encryption import BadSeal, Cipher
from imcli.wire.frames import Malformed
from imcli.wire.jsonrpc import Decoder as JsonDecoder
from imcli.wire.jsonrpc import encode as encode_json
from imcli.wire.packets import Packet, Ping, Recv, Send
from tests.wire.recorded import (
    connections,
    dialect_for,
    lines_of,
    mismatches,
    packets_of,
    server_version,
    sessions,
)

UNREADABLE = {
    "type13": None,
    "overrun": "runs over the end",
    "over1MiB": "1048577 bytes",
    "type0": "type 0",
}
"""What each connection of the sessions "malformed after auth" sent; None is read and skipped."""
NOT_CANONICAL = ("pingflags",)


def cipher_of(connection: dict[str, Any]) -> Cipher | None:
    """Agree on the key as the client did, from its private key and what CONNACK said."""
    if not connection.get("server_key"):
        return None
    secret = bytes.fromhex(connection["client_private_hex"])
    assert encryption.public_key(secret) == connection["client_key"]
    cipher = encryption.agree(secret, connection["server_key"], connection["salt"])
    assert cipher is not None
    assert cipher.key.decode() == connection["aes_key"]
    return cipher


@pytest.mark.parametrize("direction", ["c2s", "s2c"])
@pytest.mark.parametrize(("session", "name"), connections("binary"))
def test_every_frame_of_a_connection_is_read_checked_and_written_again(
    session: dict[str, Any], name: str, direction: str
) -> None:
    connection = session["conns"][name]
    highest = highest_version(server_version(session["tag"]))
    decoder = Decoder(highest if direction == "c2s" else connection["version"])
    cipher = cipher_of(connection)
    lines = lines_of(session, name, direction)
    packets: list[Packet] = []
    for line in lines:
        data = bytes.fromhex(line["hex"])
        if name in UNREADABLE and "malformed" in line:
            assert_unreadable(decoder, data, UNREADABLE[name])
            return
        waiting = decoder.pending
        read = decoder.receive(data)
        packets += read
        if not waiting and not decoder.pending and name not in NOT_CANONICAL:
            assert b"".join(encode(packet, decoder.version) for packet in read) == data
    check(packets, lines, cipher)


def assert_unreadable(decoder: Decoder, data: bytes, message: str | None) -> None:
    if message is None:
        assert decoder.receive(data)
        return
    with pytest.raises(Malformed, match=message):
        decoder.receive(data)


def check(packets: list[Packet], lines: list[dict[str, Any]], cipher: Cipher | None) -> None:
    """Compare with the recorded fields; where halves were recorded, there are more packets."""
    recorded = [fields for line in lines for fields in packets_of(line)]
    if any("malformed" in line for line in lines):
        halves = len(packets) - len(recorded)
        assert halves == 1
        packets = [p for p in packets if any(matches(p, fields) for fields in recorded)]
    assert len(packets) == len(recorded)
    for packet, fields in zip(packets, recorded, strict=True):
        assert matches(packet, fields)
        assert isinstance(packet, Ping) or not mismatches(packet, fields)
        if isinstance(packet, Send | Recv) and cipher is not None:
            check_seal(packet, fields, cipher)


def matches(packet: Packet, fields: dict[str, Any]) -> bool:
    return type(packet).__name__.upper() == fields["frame"] and not mismatches(packet, fields)


def check_seal(packet: Send | Recv, fields: dict[str, Any], cipher: Cipher) -> None:
    if not fields.get("key_ok"):
        with pytest.raises(BadSeal):
            encryption.unseal(packet, cipher)
        return
    plain = encryption.unseal(packet, cipher)
    assert plain.payload.decode() == fields["plain"]
    assert encryption.seal(plain, cipher) == packet


@pytest.mark.parametrize(("session", "name"), connections("jsonrpc"))
def test_every_object_of_a_connection_is_read_and_written_again(
    session: dict[str, Any], name: str
) -> None:
    dialect = dialect_for(session["tag"])
    client, server = JsonDecoder(dialect, "client"), JsonDecoder(dialect, "server")
    failures: list[Failure] = []
    refused: list[str] = []
    for line in session["frames"]:
        if line["conn"] != name or line["dir"] == "closed":
            continue
        text = line["json"].encode()
        if line["dir"] == "s2c":
            (envelope,) = client.receive(text)
            assert encode_json(envelope, dialect) == text
            if isinstance(envelope.packet, Failure):
                failures.append(envelope.packet)
            continue
        try:
            read = server.receive(text)
        except BadObject as error:
            refused.append(str(error))
            continue
        again = b"".join(encode_json(envelope, dialect) for envelope in read)
        assert again == text or b'"jsonrpc"' not in text
    # What the server's words were, and that it said them again at everything that came after.
    assert [failure.message for failure in failures] == refused


def test_a_recorded_session_has_both_sides_say_what_the_tables_say() -> None:
    kinds = {
        fields["frame"]
        for session in sessions()
        for name in session["conns"]
        for direction in ("c2s", "s2c")
        for line in lines_of(session, name, direction)
        for fields in packets_of(line)
        if "frame" in fields
    }
    assert kinds == {
        "CONNECT",
        "CONNACK",
        "SEND",
        "SENDACK",
        "RECV",
        "RECVACK",
        "PING",
        "PONG",
        "DISCONNECT",
        "EVENT",
    }


def test_an_answer_is_never_mistaken_for_a_request() -> None:
    answer = encode_json(Envelope(Failure("no")), dialect_for("v2.2.5-x"))
    with pytest.raises(BadObject, match="GenericResponse"):
        JsonDecoder(dialect_for("v2.2.5-x"), "server").receive(answer)
    assert msgspec.json.decode(answer)["error"]["message"] == "no"
