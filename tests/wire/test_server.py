"""The server's side of a connection, against a client's side and against every recorded session."""

from __future__ import annotations

import msgspec
import pytest

from imcli.wire import codes
from imcli.wire.binary import Decoder, encode
from imcli.wire.client import ClientSession, Connected, Identity
from imcli.wire.dialects import dialect_of
from imcli.wire.encryption import BadKey, Cipher, agree, public_key, seal
from imcli.wire.packets import (
    Connack,
    Connect,
    Packet,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
    Sub,
    Suback,
)
from imcli.wire.server import (
    Asked,
    BadSend,
    Closed,
    Ignored,
    Request,
    ServerSession,
    Stalled,
    Unreadable,
)

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


WAYS = [(version, "binary", speaks) for version in SERVERS for speaks in (3, 4, 5)]
WAYS += [(version, "json", 4) for version in SERVERS if dialect_of(version)]


def asked_of(server: ServerSession, data: bytes) -> Asked:
    (asked,) = server.receive(data)
    assert isinstance(asked, Asked)
    return asked


@pytest.mark.parametrize(("version", "protocol", "speaks"), WAYS)
def test_both_sides_of_a_connection_understand_each_other(
    version: tuple[int, ...], protocol: str, speaks: int
) -> None:
    client, server = pair(version, protocol, speaks)
    assert client.version == server.version
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


# What differs, and what is not to be sent


def let_in(version: tuple[int, ...], **options: bool) -> tuple[ServerSession, Cipher | None]:
    """Give a binary connection of `alice`, and its cipher as the client has it."""
    server = ServerSession(version, **options)
    hello = Connect("alice", 4, client_key=public_key(CLIENT_SECRET))
    asked = asked_of(server, encode(hello))
    data = server.accept(asked, secret=SERVER_SECRET, salt=SALT, now_ms=0)
    (connack,) = Decoder(4).receive(data)
    assert isinstance(connack, Connack)
    return server, agree(CLIENT_SECRET, connack.server_key, connack.salt)


def one(server: ServerSession, data: bytes) -> Request:
    (request,) = server.receive(data)
    return request


@pytest.mark.parametrize(
    ("version", "speaks", "agreed", "told"),
    [
        ((2, 1, 3), 5, 4, 4),
        ((2, 2, 0), 5, 4, 4),
        ((2, 2, 5), 5, 5, 5),
        ((2, 2, 5), 4, 4, 4),
        ((2, 2, 5), 3, 3, None),
        ((2, 2, 5), 200, 5, 5),
    ],
)
def test_the_version_of_a_connection_is_the_lower_of_both_and_told_to_clients_above_3(
    version: tuple[int, ...], speaks: int, agreed: int, told: int | None
) -> None:
    server = ServerSession(version, encrypts=False)
    hello = Connect("alice", speaks, client_key=public_key(CLIENT_SECRET))
    asked = asked_of(server, encode(hello))
    data = server.accept(asked, secret=SERVER_SECRET, salt=SALT, now_ms=0)
    (connack,) = Decoder(agreed).receive(data)
    assert isinstance(connack, Connack)
    assert (server.version, connack.server_version) == (agreed, told)
    assert server.connect == hello


def test_encryption_can_be_switched_off_since_2_1_4() -> None:
    assert let_in((2, 1, 3), encrypts=False)[1] is not None
    assert let_in((2, 1, 4), encrypts=False)[1] is None
    assert let_in((2, 1, 4))[1] is not None


@pytest.mark.parametrize("key", ["", "?", "AAAA"])
def test_a_client_whose_key_cannot_be_used_is_not_let_in(key: str) -> None:
    server = ServerSession((2, 2, 5))
    asked = asked_of(server, encode(Connect("alice", client_key=key)))
    with pytest.raises(BadKey):
        server.accept(asked, secret=SERVER_SECRET, salt=SALT, now_ms=0)
    assert server.connect is None
    assert asked_of(server, encode(Connect("alice"))).packet == Connect("alice")


def test_a_client_that_was_not_let_in_may_introduce_itself_again_and_do_nothing_else() -> None:
    server = ServerSession((2, 2, 5))
    asked_of(server, encode(Connect("alice", token="wrong")))
    again = asked_of(server, encode(Connect("alice", token="right")))
    assert again.packet == Connect("alice", token="right")
    assert isinstance(one(server, b"\x70"), Closed)
    assert server.receive(b"\x70") == []


@pytest.mark.parametrize("change", ["msg_key", "payload", "client_msg_no"])
def test_a_message_with_a_wrong_seal_is_told_as_such(change: str) -> None:
    server, cipher = let_in((2, 2, 5))
    sent = seal(Send("bob", 1, PAYLOAD, 7, "m1", flags=codes.RED_DOT), cipher)
    old = getattr(sent, change)
    bad = msgspec.structs.replace(
        sent, **{change: old[:-1] + (b"?" if change == "payload" else "?")}
    )
    request = one(server, encode(bad))
    assert isinstance(request, BadSend)
    assert request.send == bad
    ack = server.sendack(request, 5, 0, codes.PAYLOAD_DECODE_ERROR)
    assert Decoder(4).receive(ack) == [Sendack(5, 0, 9, 7, codes.RED_DOT)]
    assert asked_of(server, encode(sent)).packet == msgspec.structs.replace(sent, payload=PAYLOAD)


def test_each_receiver_gets_its_own_seal() -> None:
    recv = Recv(1, 2, "bob", 1, "bob", PAYLOAD, 3, "m1")
    server, cipher = let_in((2, 2, 5))
    assert Decoder(4).receive(server.push(recv)) == [seal(recv, cipher)]
    plain, _ = let_in((2, 2, 5), encrypts=False)
    assert Decoder(4).receive(plain.push(recv)) == [recv]


@pytest.mark.parametrize("version", SERVERS)
def test_good_frames_before_one_that_closes_are_lost_with_it(version: tuple[int, ...]) -> None:
    for bad in ("d000", "c000", "f000", "300f000000000100406161616161616161"):
        server, _ = let_in(version, encrypts=False)
        assert isinstance(one(server, b"\x70" + bytes.fromhex(bad)), Closed)
        assert server.receive(b"\x70") == []


@pytest.mark.parametrize("bad", ["0003616263", "00", "0a"])
def test_packet_type_0_stalls_a_connection_and_what_stands_before_it_is_done(bad: str) -> None:
    server, _ = let_in((2, 2, 5), json_rpc=False)
    ping, stalled = server.receive(b"\x70" + bytes.fromhex(bad) + b"\x70")
    assert ping == Asked(Ping())
    assert isinstance(stalled, Stalled)
    assert server.receive(b"\x70") == []


OVERSIZED = bytes.fromhex("30818040")
"""The head of a frame of 1 MiB and one byte."""


@pytest.mark.parametrize("version", [(2, 1, 4), (2, 1, 5)])
def test_an_oversized_frame_closes_2_1_4_and_2_1_5_at_once(version: tuple[int, ...]) -> None:
    server, _ = let_in(version)
    assert isinstance(one(server, b"\x70" + OVERSIZED), Closed)


@pytest.mark.parametrize("version", [(2, 1, 3), (2, 2, 0), (2, 2, 5)])
def test_an_oversized_frame_hangs_other_servers_until_all_of_it_has_come(
    version: tuple[int, ...],
) -> None:
    server, _ = let_in(version)
    ping, stalled = server.receive(b"\x70" + OVERSIZED + bytes(1_000))
    assert ping == Asked(Ping())
    assert isinstance(stalled, Stalled)
    missing = codes.MAX_FRAME_BYTES + 1 - 1_000
    assert server.receive(bytes(missing - 1)) == []
    assert isinstance(one(server, b"\x00"), Closed)
    assert server.receive(b"\x70") == []


@pytest.mark.parametrize(
    "packet",
    [
        Connect("mallory", version=1),
        Connack(),
        Sendack(1, 2, 1),
        Recv(1, 2, "bob", 1),
        Pong(),
        Suback("s", "bob", 1),
        Sub("s", "bob", 1),
    ],
)
def test_what_is_of_no_use_to_a_server_changes_nothing(packet: Packet) -> None:
    server, cipher = let_in((2, 2, 5))
    sent = seal(Send("bob", 1, PAYLOAD, expire=9), cipher)
    ignored, asked = server.receive(encode(packet) + encode(sent))
    assert ignored == Ignored(packet)
    assert isinstance(asked, Asked)
    assert asked.packet == msgspec.structs.replace(sent, payload=PAYLOAD)
    assert server.connect is not None
    assert server.connect.uid == "alice"


def test_what_old_servers_kept_of_half_a_frame_is_read_when_the_rest_has_come() -> None:
    client = ClientSession(Identity("alice"), CLIENT_SECRET)
    server = ServerSession((2, 1, 3))
    ack = encode(Recvack(1, 2))
    asked = asked_of(server, client.connect(0) + b"\x70" + ack[:5])
    server.accept(asked, secret=SERVER_SECRET, salt=SALT, now_ms=0)
    assert one(server, ack[5:]) == Asked(Recvack(1, 2))


def test_a_flood_before_connect_is_cut_off_and_the_longest_connect_is_not() -> None:
    longest = encode(Connect(*("u" * 32767, 4, 0, "d" * 32767, "t" * 32767, 0, "k" * 32767)))
    server = ServerSession((2, 2, 5))
    assert server.receive(longest[:-1]) == []
    assert isinstance(one(server, longest[-1:]), Asked)
    flooded = ServerSession((2, 2, 5))
    assert flooded.receive(bytes.fromhex("10ffff3f")) == []  # a CONNECT of nearly 1 MiB
    for _ in range(3):
        assert flooded.receive(bytes(1 << 16)) == []
    assert isinstance(one(flooded, bytes(1 << 17)), Closed)


def test_nothing_read_asks_nothing() -> None:
    server, _ = let_in((2, 2, 5))
    assert server.receive(b"") == ServerSession((2, 2, 5)).receive(b"") == []


# JSON-RPC

NOPE = b'{"method":"nope","params":{},"id":"bad"}'
NOPE_REPLY = (
    b'{"jsonrpc":"2.0","id":"bad","error":{"code":0,"message":"jsonrpc: unknown method: nope"}}'
)
HALF_REPLY = b'{"jsonrpc":"2.0","error":{"code":0,"message":"unexpected EOF"}}'


def json_ping(id: str) -> bytes:
    return b'{"method":"ping","id":"%s"}' % id.encode()


def reply_of(request: Request) -> bytes:
    assert isinstance(request, Unreadable)
    return request.reply


def test_one_unreadable_object_poisons_all_that_is_read_after_it_and_its_whole_read() -> None:
    _, server = pair((2, 2, 5), "json")
    assert one(server, json_ping("g0")) == Asked(Ping(), "g0")
    assert reply_of(one(server, json_ping("g1") + NOPE + json_ping("g2"))) == NOPE_REPLY
    assert reply_of(one(server, json_ping("g3"))) == NOPE_REPLY
    assert reply_of(one(server, encode(Ping()))) == NOPE_REPLY


def test_half_an_object_is_answered_with_an_error_and_read_when_the_rest_has_come() -> None:
    _, server = pair((2, 2, 5), "json")
    stream = json_ping("g1") + json_ping("g2")
    assert reply_of(one(server, stream[:-9])) == HALF_REPLY
    assert reply_of(one(server, stream[-9:-3])) == HALF_REPLY
    assert server.receive(stream[-3:]) == [Asked(Ping(), "g1"), Asked(Ping(), "g2")]
    assert one(server, json_ping("g3")) == Asked(Ping(), "g3")


def test_half_an_object_that_turns_out_unreadable_takes_those_before_it_along() -> None:
    _, server = pair((2, 2, 5), "json")
    stream = json_ping("g1") + NOPE
    assert reply_of(one(server, stream[:-9])) == HALF_REPLY
    assert reply_of(one(server, stream[-9:])) == NOPE_REPLY


@pytest.mark.parametrize(("version", "with_id"), [((2, 1, 4), True), ((2, 2, 0), False)])
def test_a_recvack_with_the_id_rule_of_another_version_poisons(
    version: tuple[int, ...], with_id: bool
) -> None:
    _, server = pair(version, "json")
    call = {"method": "recvack", "params": {"messageId": "5", "messageSeq": 1}}
    right = msgspec.json.encode(call | ({"id": "r"} if with_id else {}))
    wrong = msgspec.json.encode(call | ({} if with_id else {"id": "r"}))
    assert asked_of(server, right).packet == Recvack(5, 1)
    assert b"recvack" in reply_of(one(server, wrong))


def test_a_message_that_is_no_json_never_reaches_a_connection_with_raw_payloads() -> None:
    recv = Recv(1, 2, "bob", 1, "bob", b"plain text")
    assert pair((2, 2, 0), "json")[1].push(recv) == b""
    assert b"cGxhaW4gdGV4dA==" in pair((2, 2, 5), "json")[1].push(recv)


def test_the_other_protocol_is_understood_and_answered_in_the_connections_own() -> None:
    _, server = pair((2, 2, 5), "json")
    ping = asked_of(server, encode(Ping()))
    assert server.pong(ping) == b'{"jsonrpc":"2.0"}'
    send = asked_of(server, encode(Send("bob", 1, PAYLOAD, 3)))
    assert b'"messageId":"8"' in server.sendack(send, 8, 1, codes.SUCCESS)
    binary, _ = let_in((2, 2, 5), encrypts=False)
    assert binary.pong(asked_of(binary, b" " + json_ping("p1"))) == encode(Pong())
    assert reply_of(one(binary, NOPE)) == NOPE_REPLY
    assert reply_of(one(binary, encode(Ping()))) == NOPE_REPLY


def test_a_json_message_on_an_encrypted_connection_has_no_seal() -> None:
    server, _ = let_in((2, 2, 5))
    call = (
        b'{"method":"send","id":"s1","params":{"channelId":"bob","channelType":1,"payload":"aGk="}}'
    )
    assert isinstance(one(server, call), BadSend)


def test_bytes_amid_a_frame_are_never_taken_for_json() -> None:
    server, _ = let_in((2, 2, 5), encrypts=False)
    frame = encode(Send("bob", 1, b"{" + PAYLOAD))
    at = frame.index(b"{")
    assert server.receive(frame[:at]) == []
    assert asked_of(server, frame[at:]).packet == Send("bob", 1, b"{" + PAYLOAD)


def test_a_server_without_json_rpc_takes_a_brace_for_a_ping() -> None:
    server, _ = let_in((2, 1, 3))
    assert one(server, b"{") == Asked(Ping())
    off, _ = let_in((2, 2, 5), json_rpc=False)
    assert one(off, b"{") == Asked(Ping())
