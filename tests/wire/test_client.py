"""One device's connection: what it says and hears, against every recorded session."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from imcli.wire import codes
from imcli.wire.binary import Decoder, encode
from imcli.wire.client import (
    HELD_MAX,
    Broken,
    ClientSession,
    Connected,
    Failed,
    Heard,
    Identity,
    NotConnected,
    Refused,
)
from imcli.wire.dialects import Failure, UnknownMethod
from imcli.wire.encryption import Cipher, agree, public_key, seal
from imcli.wire.packets import (
    Connack,
    Connect,
    Disconnect,
    Event,
    Ping,
    Pong,
    Recv,
    Send,
    Sendack,
    Unencodable,
    Unknown,
)
from tests.wire.recorded import (
    bytes_of,
    connections,
    dialect_for,
    lines_of,
    mismatches,
    packets_of,
)


def session_of(session: dict[str, Any], name: str) -> ClientSession:
    connection = session["conns"][name]
    who = Identity(connection["uid"], connection["device_id"], connection["device_flag"])
    if connection["protocol"] == "jsonrpc":
        return ClientSession(who, dialect=dialect_for(session["tag"]))
    secret = bytes.fromhex(connection["client_private_hex"])
    return ClientSession(who, secret, connection["version"])


def say(client: ClientSession, fields: dict[str, Any], heard: list[Heard]) -> bytes:
    """Have the session say what was recorded; nothing for what no session ever says."""
    match fields:
        case {"frame": "CONNECT"}:
            client.identity = Identity(
                fields["uid"], fields["device_id"], fields["device_flag"], fields["token"]
            )
            return client.connect(fields["client_timestamp"])
        case _ if client.connected is None or client.ended:
            return b""
        case {"client_seq": 900}:  # chosen by hand, to see it echoed
            return b""
        case {"frame": "SEND"}:
            return client.send(
                fields["channel_id"],
                fields["channel_type"],
                fields.get("plain", fields["payload"]).encode(),
                fields["client_msg_no"],
                flags=fields["flags"],
                expire=fields.get("expire", 0),
                setting=fields["setting"],
                topic=fields.get("topic", ""),
            )[1]
        case {"frame": "RECVACK"}:
            return client.ack(received(heard, fields["message_id"]))
        case {"frame": "PING"}:
            return client.ping()
        case _:
            return b""


def received(heard: list[Heard], message_id: str) -> Recv:
    return next(h for h in heard if isinstance(h, Recv) and h.message_id == int(message_id))


def fields_of_call(text: str) -> dict[str, Any]:
    """Give a recorded JSON-RPC call as the fields of a frame."""
    call = json.loads(text)
    params = call.get("params", {})
    fields = {"frame": call["method"].upper(), "flags": 0, "setting": 0}
    fields |= {_snake(name): value for name, value in params.items()}
    payload = params.get("payload")
    if isinstance(payload, str):
        fields["plain"] = base64.b64decode(payload).decode()
    elif payload is not None:
        fields["plain"] = json.dumps(payload, separators=(",", ":"))
    if params.get("header") == {"redDot": True}:
        fields["flags"] = codes.RED_DOT
    return fields


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def wrong_on_purpose(line: dict[str, Any], heard: list[Heard]) -> bool:
    """Tell whether the recording client broke the rules here, to see what the server does."""
    if "json" in line:
        return '"nope"' in line["json"] or any(isinstance(h, Failed) for h in heard)
    if "malformed" in line or (not heard and packets_of(line)[-1]["frame"] != "CONNECT"):
        return True
    return any(_wrong(fields, heard) for fields in packets_of(line))


def _wrong(fields: dict[str, Any], heard: list[Heard]) -> bool:
    match fields["frame"]:
        case "SEND":
            encrypted = any(isinstance(h, Connected) and h.encrypted for h in heard)
            return fields["client_seq"] == 900 or (encrypted and not fields.get("key_ok"))
        case "RECVACK":
            return bool(received(heard, fields["message_id"]).flags != fields["flags"])
        case "PING":
            return bool(fields["flags"])
        case _:
            return False


@pytest.mark.parametrize(("session", "name"), connections("binary", "jsonrpc"))
def test_a_session_says_and_hears_what_was_recorded(session: dict[str, Any], name: str) -> None:
    client = session_of(session, name)
    heard: list[Heard] = []
    for line in lines_of(session, name, "c2s", "s2c"):
        if line["dir"] == "s2c":
            now = client.receive(bytes_of(line))
            heard += now
            if "hex" in line:
                check_heard(now, packets_of(line), client)
        elif not wrong_on_purpose(line, heard) or "json" not in line:
            calls = [fields_of_call(line["json"])] if "json" in line else packets_of(line)
            said = b"".join(say(client, fields, heard) for fields in calls)
            assert said == bytes_of(line) or wrong_on_purpose(line, heard)
    assert not any(isinstance(h, Broken) for h in heard)


def check_heard(heard: list[Heard], recorded: list[dict[str, Any]], client: ClientSession) -> None:
    assert len(heard) == len(recorded)
    for value, fields in zip(heard, recorded, strict=True):
        if isinstance(value, Connected):
            assert value.time_diff_ms == fields["time_diff"]
            assert value.encrypted == bool(fields["server_key"])
            assert value.version == client.version
        elif isinstance(value, Recv):
            assert not mismatches(
                value, {**fields, "payload": fields.get("plain", fields["payload"])}
            )
        else:
            assert type(value).__name__.upper() == fields["frame"]
            assert not mismatches(value, fields)  # type: ignore[arg-type]


# What servers may do, and what they must not

CLIENT_SECRET, SERVER_SECRET, SALT = b"c" * 32, b"s" * 32, "0123456789abcdef"
PAYLOAD = b'{"type":1,"content":"hi"}'


def cipher() -> Cipher:
    made = agree(SERVER_SECRET, public_key(CLIENT_SECRET), SALT)
    assert made is not None
    return made


def connack(**fields: Any) -> Connack:
    whole: dict[str, Any] = {
        "server_key": public_key(SERVER_SECRET),
        "salt": SALT,
        "server_version": 4,
    }
    return Connack(**(whole | fields))


def fresh(version: int = 4) -> ClientSession:
    client = ClientSession(Identity("alice", "d1"), CLIENT_SECRET, version)
    client.connect(0)
    return client


def connected(version: int = 4) -> ClientSession:
    client = fresh(version)
    client.receive(encode(connack(server_version=version), version))
    assert client.connected is not None
    return client


def fresh_json(tag: str = "v2.2.5-x") -> ClientSession:
    client = ClientSession(Identity("alice", "d1"), dialect=dialect_for(tag))
    client.connect(0)
    return client


JSON_CONNACK = (
    b'{"jsonrpc":"2.0","id":"connect-1","result":{"serverVersion":5,"reasonCode":1,"nodeId":1001}}'
)


def connected_json(tag: str = "v2.2.5-x") -> ClientSession:
    client = fresh_json(tag)
    assert client.receive(JSON_CONNACK) == [Connected(5, 0, 1001)]
    return client


def why_of(heard: list[Heard]) -> str:
    assert isinstance(heard[-1], Failed)
    return heard[-1].why


def pushed(number: int) -> Recv:
    return seal(Recv(number, number, "bob", 1, "bob", PAYLOAD, 3, f"m{number}"), cipher())


def test_messages_that_come_before_connack_are_heard_after_it_in_their_order() -> None:
    client = fresh()
    assert client.receive(encode(pushed(1)) + encode(pushed(2))) == []
    heard = client.receive(encode(connack()) + encode(pushed(3)))
    assert isinstance(heard[0], Connected)
    assert [h.message_seq for h in heard[1:] if isinstance(h, Recv)] == [1, 2, 3]
    assert all(h.payload == PAYLOAD for h in heard[1:] if isinstance(h, Recv))


def test_a_server_that_only_pushes_does_not_fill_the_memory() -> None:
    client = fresh()
    heard = client.receive(encode(pushed(1)) * (HELD_MAX + 1))
    assert "no CONNACK" in why_of(heard)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"msg_key": "0" * 32}, "msg_key does not belong"),
        ({"from_uid": "mallory"}, "msg_key does not belong"),
        ({"payload": b""}, "msg_key does not belong"),
    ],
)
def test_a_message_that_does_not_verify_is_broken_and_those_after_it_are_heard(
    change: dict[str, Any], why: str
) -> None:
    bad = msgspec.structs.replace(pushed(1), **change)
    broken, recv = connected().receive(encode(bad) + encode(pushed(2)))
    assert isinstance(broken, Broken)
    assert broken.recv == bad
    assert why in broken.why
    assert isinstance(recv, Recv)


def test_nothing_is_said_before_the_server_let_the_device_in_or_after_the_end() -> None:
    client = fresh()
    recv = Recv(1, 2, "bob", 1)
    for say in (client.ping, lambda: client.ack(recv), lambda: client.send("b", 1, b"", "m")):
        with pytest.raises(NotConnected, match="did not let"):
            say()
    over = connected()
    over.receive(b"\x00")
    with pytest.raises(NotConnected, match="the session is over: packet type 0"):
        over.ping()


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(Unencodable, match="a string of 32768 bytes"):
        connected().send("b" * 32768, 1, PAYLOAD, "m1")
    with pytest.raises(Unencodable, match="not JSON"):
        connected_json("v2.2.0-x").send("bob", 1, b"plain text", "m1")


@pytest.mark.parametrize("make", [connected, connected_json])
def test_messages_of_several_threads_have_different_numbers(
    make: Callable[[], ClientSession],
) -> None:
    client = make()
    with ThreadPoolExecutor(8) as threads:
        sent = list(threads.map(lambda n: client.send("bob", 1, PAYLOAD, f"m{n}"), range(200)))
    assert len({number for number, _ in sent}) == len({data for _, data in sent}) == 200


@pytest.mark.parametrize("version", [3, 4, 5])
def test_each_version_of_the_protocol_can_be_spoken(version: int) -> None:
    client = fresh(version)
    told = None if version == 3 else version
    heard = client.receive(encode(connack(server_version=told), version))
    assert heard == [Connected(version, encrypted=True)]
    _, data = client.send("bob", 1, PAYLOAD, "m1", setting=codes.STREAM, expire=9)
    (sent,) = Decoder(version).receive(data)
    assert isinstance(sent, Send)
    assert (sent.expire, sent.setting) == (9, codes.STREAM)


def test_a_client_of_version_5_becomes_one_of_4_where_the_server_says_so() -> None:
    client = fresh(5)
    assert client.receive(encode(connack(server_version=4))) == [Connected(4, encrypted=True)]
    assert client.version == 4


def test_without_a_server_key_nothing_is_encrypted() -> None:
    client = fresh()
    heard = client.receive(encode(connack(server_key="", salt="")))
    assert heard == [Connected(4, encrypted=False)]
    _, data = client.send("bob", 1, PAYLOAD, "m1")
    assert Decoder(4).receive(data) == [Send("bob", 1, PAYLOAD, 1, "m1")]


def test_a_server_that_says_no_ends_the_session() -> None:
    client = fresh()
    heard = client.receive(encode(connack(reason_code=codes.AUTH_FAIL)) + encode(pushed(1)))
    assert heard == [Refused(codes.AUTH_FAIL)]
    assert "AuthFail" in client.ended
    assert client.receive(encode(pushed(1))) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encode(connack()), "a second time"),
        (encode(Ping()), "PING, which no server"),
        (encode(Connect("u")), "CONNECT, which no server"),
        (b"\x00", "packet type 0"),
        (bytes.fromhex("400100"), "before its last field"),
    ],
)
def test_what_no_server_says_ends_the_session(data: bytes, why: str) -> None:
    client = connected()
    pong, failed = client.receive(encode(Pong()) + data + encode(Pong()))
    assert pong == Pong()
    assert why in why_of([failed])
    assert client.receive(encode(Pong())) == []


def test_the_end_is_told_once() -> None:
    client = fresh()
    refusal = encode(connack(reason_code=codes.AUTH_FAIL))
    assert client.receive(refusal + b"\x00") == [Refused(codes.AUTH_FAIL)]
    twice = connected().receive(encode(connack()) + b"\x00")
    assert [type(heard) for heard in twice] == [Failed]


@pytest.mark.parametrize("change", [{"salt": "short"}, {"server_key": "?"}])
def test_a_key_that_cannot_be_used_ends_the_session(change: dict[str, Any]) -> None:
    client = fresh()
    assert why_of(client.receive(encode(connack(**change))))
    assert client.connected is None


def test_what_later_versions_bring_is_told_and_does_no_harm() -> None:
    assert connected().receive(encode(Unknown(14, b"x")) + encode(Pong())) == [
        Unknown(14, b"x"),
        Pong(),
    ]
    later = b'{"jsonrpc":"2.0","method":"later","params":{}}'
    assert connected_json().receive(later) == [UnknownMethod("later")]


def test_being_sent_away_and_events_are_heard() -> None:
    gone, event = Disconnect(12, "login in other device"), Event("e", "stream.delta", 1, b"{}")
    assert connected().receive(encode(event) + encode(gone)) == [event, gone]


# JSON-RPC


def test_an_error_of_a_json_server_ends_the_session_since_it_reads_nothing_more() -> None:
    client = connected_json()
    error = b'{"jsonrpc":"2.0","id":"x","error":{"code":0,"message":"unknown method: nope"}}'
    assert "unknown method: nope" in why_of(client.receive(error + error))
    assert client.receive(error) == []


def test_the_error_about_half_an_object_ends_nothing() -> None:
    client = connected_json()
    error = b'{"jsonrpc":"2.0","error":{"code":0,"message":"unexpected EOF"}}'
    pong = b'{"jsonrpc":"2.0","id":"ping-2"}'
    assert client.receive(error + pong) == [Failure("unexpected EOF"), Pong()]


def test_json_that_cannot_be_read_ends_the_session_after_what_came_before() -> None:
    pong = b'{"jsonrpc":"2.0","id":"ping-2"}'
    first, failed = connected_json().receive(pong + b"{]" + pong)
    assert first == Pong()
    assert "not an object of the protocol" in why_of([failed])


def test_the_answer_to_a_json_message_tells_its_number() -> None:
    client = connected_json()
    client.ping()
    number, data = client.send("bob", 1, PAYLOAD, "m1")
    id = json.loads(data)["id"]
    result = '{"jsonrpc":"2.0","id":"%s","result":{"messageId":"7","messageSeq":1,"reasonCode":1}}'
    assert client.receive((result % id).encode()) == [Sendack(7, 1, 1, number)]
    (stranger,) = client.receive((result % "elsewhere").encode())
    assert stranger == Sendack(7, 1, 1, client_seq=0)


@pytest.mark.parametrize(("tag", "with_id"), [("v2.1.4-x", True), ("v2.2.0-x", False)])
def test_a_recvack_has_an_id_where_the_server_wants_one(tag: str, with_id: bool) -> None:
    data = json.loads(connected_json(tag).ack(Recv(5, 1, "bob", 1)))
    assert ("id" in data) is with_id
