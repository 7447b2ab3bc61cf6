"""What a server of each version makes of the first bytes of a connection."""

from __future__ import annotations

import pytest

from imcli.wire.binary import encode
from imcli.wire.dialects import dialect_of
from imcli.wire.greeting import Greeting, Unwelcome, greet
from imcli.wire.manners import MANNERS, manner_of
from imcli.wire.packets import Connect, Ping, Send, Unknown

OLD, NEW = (2, 1, 5), (2, 2, 5)
CONNECT = encode(Connect("alice", device_id="d"))
SECOND = encode(Connect("bob", device_id="d"))
SEND = encode(Send("bob", 1, b"hi"))
PING = encode(Ping())
JSON = b'{"method":"connect","id":"c1","params":{"uid":"alice"}}'


def greeted(early: bytes, version: tuple[int, ...] = NEW) -> Greeting | None:
    return greet(early, manner_of(version), dialect_of(version))


@pytest.mark.parametrize("version", [manner.since or (2, 1, 3) for manner in MANNERS])
def test_connect_alone_is_welcome_and_half_of_it_waits(version: tuple[int, ...]) -> None:
    assert greeted(CONNECT, version) == Greeting(Connect("alice", device_id="d"))
    for length in range(len(CONNECT)):
        assert greeted(CONNECT[:length], version) is None


def test_behind_connect_old_servers_throw_whole_frames_away_and_keep_half_a_frame() -> None:
    for behind, kept in [
        (PING, b""),
        (SEND + PING, b""),
        (SEND[:-1], SEND[:-1]),
        (PING + SEND[:5], SEND[:5]),
        (SECOND, b""),
    ]:
        greeting = greeted(CONNECT + behind, OLD)
        assert greeting is not None
        assert (greeting.connect.uid, greeting.rest) == ("alice", kept)


@pytest.mark.parametrize("behind", [PING, SEND, SEND[:-1], SECOND + PING, b"\x00"])
def test_behind_connect_new_servers_close_where_the_last_frame_is_another(behind: bytes) -> None:
    with pytest.raises(Unwelcome, match="the last frame"):
        greeted(CONNECT + behind)


@pytest.mark.parametrize("behind", [SECOND, SEND + SECOND, SECOND[:9], PING + SECOND[:1]])
def test_behind_connect_new_servers_keep_what_ends_with_another_connect(behind: bytes) -> None:
    greeting = greeted(CONNECT + behind)
    assert greeting is not None
    assert (greeting.connect.uid, greeting.rest) == ("alice", behind)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize(
    "early", [PING, SEND, PING + CONNECT, SEND + CONNECT, encode(Unknown(13)), bytes([0, 0])]
)
def test_whatever_does_not_begin_with_connect_is_unwelcome(
    early: bytes, version: tuple[int, ...]
) -> None:
    with pytest.raises(Unwelcome):
        greeted(early, version)


def test_half_a_frame_that_is_no_connect_waits_to_become_whole() -> None:
    assert greeted(SEND[:-1], OLD) is greeted(SEND[:-1], NEW) is None


def test_a_connect_that_cannot_be_read_is_unwelcome() -> None:
    with pytest.raises(Unwelcome, match="before its last field"):
        greeted(b"\x10\x01\x04")


@pytest.mark.parametrize("uid", ["", "  ", "a@b", "a#b", "a&b"])
def test_a_uid_that_cannot_be_is_unwelcome_in_both_protocols(uid: str) -> None:
    with pytest.raises(Unwelcome, match="uid"):
        greeted(encode(Connect(uid)))
    with pytest.raises(Unwelcome, match="uid"):
        greeted(JSON.replace(b"alice", uid.encode()))


def test_a_json_connect_is_welcome_and_the_rest_of_the_read_is_thrown_away() -> None:
    for behind in (b"", b" ", b'{"method":"ping","id":"p"}', b"{half", PING):
        assert greeted(b" \r\n" + JSON + behind) == Greeting(Connect("alice", 5), "c1", True)


@pytest.mark.parametrize(
    "early",
    [
        JSON[:-1],
        b"{",
        b'{"method":"ping","id":"p"}' + JSON,
        JSON.replace(b',"id":"c1"', b""),
        JSON.replace(b'"c1"', b"1"),
        JSON.replace(b"}}", b"}]"),
    ],
)
def test_what_is_no_whole_json_connect_is_unwelcome(early: bytes) -> None:
    with pytest.raises(Unwelcome, match="first object"):
        greeted(early)


def test_a_server_without_json_rpc_takes_a_brace_for_a_ping() -> None:
    assert dialect_of((2, 1, 3)) is None
    with pytest.raises(Unwelcome, match="no CONNECT"):
        greeted(JSON, (2, 1, 3))


def test_space_alone_may_still_become_json() -> None:
    assert greeted(b"  ") is None
    assert greeted(b"  " + JSON) is not None
