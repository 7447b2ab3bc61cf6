"""The binary protocol: frames of the real libraries, and properties of the codec."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.wire import codes
from imcli.wire.binary import Decoder, encode
from imcli.wire.frames import Malformed
from imcli.wire.layouts import LAYOUTS
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
    Sub,
    Suback,
    Unencodable,
    Unknown,
    WireError,
)
from tests.wire.recorded import mismatches, vectors

FRAMES = vectors()["frames"]
FLAG_BITS = {"no_persist": 1, "red_dot": 2, "sync_once": 4, "dup": 8, "has_server_version": 1}


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["name"])
def test_a_frame_of_the_real_libraries_is_read_and_written_again_to_the_byte(
    vector: dict[str, Any],
) -> None:
    frame = bytes.fromhex(vector["hex"])
    (packet,) = Decoder(vector["version"]).receive(frame)
    assert type(packet).__name__.upper() == kind_name(vector["packet_type"])
    assert not mismatches(packet, expected_fields(packet, vector))
    assert encode(packet, vector["version"]) == frame


def kind_name(kind: int) -> str:
    names = {layout.kind: layout.build for layout in LAYOUTS}
    return str(getattr(names[kind], "__name__", "")).upper()


def expected_fields(packet: Packet, vector: dict[str, Any]) -> dict[str, Any]:
    fields = dict(vector["fields"])
    if isinstance(packet, Connack):
        if not fields["has_server_version"]:
            assert packet.server_version is None
            fields.pop("server_version")
        if vector["version"] < 4:
            assert packet.node_id == 0
            fields.pop("node_id")
    fields["flags"] = sum(FLAG_BITS[name] for name, on in vector["flags"].items() if on)
    return fields


@pytest.mark.parametrize(
    "capture", [c for c in vectors()["captures"] if "hex" in c], ids=lambda c: c["description"][:40]
)
def test_what_an_sdk_sent_is_read_and_written_again_to_the_byte(capture: dict[str, Any]) -> None:
    data = bytes.fromhex(capture["hex"])
    packets = Decoder().receive(data)
    assert len(packets) == capture.get("frames", 1)
    assert b"".join(encode(packet, 5) for packet in packets) == data


# Properties

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
U8 = st.integers(0, 2**8 - 1)
U32 = st.integers(0, 2**32 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
U64 = st.integers(0, 2**64 - 1)
BYTES = st.binary(max_size=200)
FLAGS = st.integers(0, 15)


def packets_of(version: int) -> st.SearchStrategy[Packet]:
    """Packets with nothing that this version cannot carry; as a peer of version 5 meets them."""
    expire = U32 if version >= 3 else st.just(0)
    return st.one_of(
        st.builds(
            Connack,
            time_diff=I64,
            reason_code=U8,
            server_key=TEXTS,
            salt=TEXTS,
            server_version=st.just(version) if version > 3 else st.none(),
            node_id=U64 if version >= 4 else st.just(0),
        ),
        *(
            message
            for setting in (0, codes.RECEIPT, codes.STREAM, codes.TOPIC, 0xFF)
            for message in messages_of(version, setting, expire)
        ),
        st.builds(Sendack, I64, U32, U8, U32, FLAGS),
        st.builds(Recvack, I64, U32, FLAGS),
        st.just(Ping()),
        st.just(Pong()),
        st.builds(Disconnect, U8, TEXTS, FLAGS),
        st.builds(Sub, TEXTS, TEXTS, U8, U8, TEXTS, U8, FLAGS),
        st.builds(Suback, TEXTS, TEXTS, U8, U8, U8, FLAGS),
        st.builds(Event, TEXTS, TEXTS, I64, BYTES, FLAGS),
        st.builds(Unknown, st.integers(13, 15), BYTES, FLAGS),
    )


def messages_of(
    version: int, setting: int, expire: st.SearchStrategy[int]
) -> tuple[st.SearchStrategy[Packet], ...]:
    streams = 2 <= version < 5 and bool(setting & codes.STREAM)
    topic = TEXTS if setting & codes.TOPIC else st.just("")
    stream_no = TEXTS if streams else st.just("")
    sends = st.builds(
        Send,
        channel_id=TEXTS,
        channel_type=U8,
        payload=BYTES,
        client_seq=U32,
        client_msg_no=TEXTS,
        msg_key=TEXTS,
        setting=st.just(setting),
        expire=expire,
        topic=topic,
        stream_no=stream_no,
        flags=FLAGS,
    )
    recvs = st.builds(
        Recv,
        message_id=I64,
        message_seq=U32,
        channel_id=TEXTS,
        channel_type=U8,
        from_uid=TEXTS,
        payload=BYTES,
        timestamp=st.integers(-(2**31), 2**31 - 1),
        client_msg_no=TEXTS,
        msg_key=TEXTS,
        setting=st.just(setting),
        expire=expire,
        topic=topic,
        stream_flag=U8 if streams else st.just(0),
        stream_no=stream_no,
        stream_id=U64 if streams else st.just(0),
        flags=FLAGS,
    )
    return sends, recvs


CONNECTS = st.builds(Connect, TEXTS, U8, U8, TEXTS, TEXTS, I64, TEXTS, FLAGS)


@given(st.data())
def test_reading_what_was_written_gives_the_same_packet_in_every_version(
    data: st.DataObject,
) -> None:
    version = data.draw(st.integers(1, 5))
    packet = data.draw(packets_of(version))
    assert Decoder(version).receive(encode(packet, version)) == [packet]
    connect = data.draw(CONNECTS)
    assert Decoder().receive(encode(connect, version)) == [connect]


@given(st.data())
def test_a_stream_fed_byte_by_byte_equals_one_fed_whole(data: st.DataObject) -> None:
    version = data.draw(st.integers(1, 5))
    packets = data.draw(st.lists(packets_of(version), max_size=6))
    rest = data.draw(st.binary(max_size=30))
    stream = b"".join(encode(packet, version) for packet in packets) + rest
    assert drained(version, [bytes([byte]) for byte in stream]) == drained(version, [stream])


def drained(version: int, pieces: list[bytes]) -> tuple[list[Packet], int | str]:
    """Give everything that was read, and what was left or went wrong."""
    decoder = Decoder(version)
    read: list[Packet] = []
    for piece in pieces:
        try:
            read += decoder.receive(piece)
        except Malformed as error:
            return [*read, *error.packets], str(error)
    return read, decoder.pending


@given(CONNECTS)
def test_every_beginning_of_a_frame_waits_for_the_rest(packet: Connect) -> None:
    frame = encode(packet)
    for length in range(len(frame)):
        decoder = Decoder()
        assert decoder.receive(frame[:length]) == []
        assert decoder.pending == length
        assert decoder.receive(frame[length:]) == [packet]
        assert decoder.pending == 0


# Versions

STREAMED = Recv(
    1, 2, "u1", 1, payload=b"x", setting=codes.STREAM, stream_flag=1, stream_no="sn", stream_id=7
)


def test_the_version_of_a_client_is_what_connack_says() -> None:
    decoder = Decoder(5)
    stream = encode(Connack(server_version=4, node_id=1001), 4) + encode(STREAMED, 4)
    assert decoder.receive(stream) == [Connack(server_version=4, node_id=1001), STREAMED]
    assert decoder.version == 4


def test_a_client_that_is_told_no_version_has_3_at_most() -> None:
    decoder = Decoder(5)
    assert decoder.receive(encode(Connack(salt="s"), 3)) == [Connack(salt="s")]
    assert decoder.version == 3


@pytest.mark.parametrize(("asked", "highest", "agreed"), [(5, 4, 4), (3, 5, 3), (200, 5, 5)])
def test_the_version_of_a_server_is_the_lower_of_both(
    asked: int, highest: int, agreed: int
) -> None:
    decoder = Decoder(highest)
    decoder.receive(encode(Connect("u", version=asked)))
    assert decoder.version == agreed


def test_a_version_that_is_settled_is_not_changed_by_a_second_connect() -> None:
    decoder = Decoder(4, settled=True)
    stream = encode(Connect("u", version=1)) + encode(Connack(), 3) + encode(STREAMED, 4)
    assert decoder.receive(stream)[2] == STREAMED
    assert decoder.version == 4


def test_version_5_has_no_stream_fields() -> None:
    (packet,) = Decoder(5).receive(encode(STREAMED, 5))
    assert isinstance(packet, Recv)
    assert (packet.setting, packet.stream_no, packet.stream_id) == (codes.STREAM, "", 0)


def test_version_2_has_no_expiry() -> None:
    message = Send("u", 1, b"x", expire=9)
    assert Decoder(2).receive(encode(message, 2)) == [Send("u", 1, b"x")]
    assert Decoder(3).receive(encode(message, 3)) == [message]


# What is not canonical, and read all the same


@pytest.mark.parametrize(
    ("frame", "packet"),
    [
        ("7f", Ping()),
        ("8a", Pong()),
        ("608e0000000000000000070000000a0102", Recvack(7, 10)),  # over-long length, two bytes more
        ("600e00000000000000070000000affff", Recvack(7, 10)),
        ("2f16040000000000000000010000000000000000000003e9", None),
        ("d000", Unknown(13)),
        ("e502abcd", Unknown(14, b"\xab\xcd", 5)),
    ],
)
def test_a_frame_that_is_not_canonical_is_read_as_servers_read_it(
    frame: str, packet: Packet | None
) -> None:
    expected = packet or Connack(server_version=4, node_id=1001)
    if packet is None:
        frame = "2f16" + "04" + "00" * 8 + "01" + "0000" * 2 + "00000000000003e9"
    assert Decoder(4).receive(bytes.fromhex(frame)) == [expected]


# What cannot be read


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("0003616263", "type 0"),
        ("30ffffffff01", "more than four bytes"),
        ("30ffffffff", "more than four bytes"),
        ("30818040", "a frame of 1048577 bytes"),
        ("300f000000000100406161616161616161", "runs over the end"),
        ("9003018000", "runs over the end"),  # a length of -32768
        ("400100", "before its last field"),
        ("3000", "before its last field"),
        ("2000", "before its last field"),
        ("2100", "before its last field"),
        ("90040c0001ff", "not UTF-8"),
    ],
)
def test_what_is_no_frame_is_refused_for_good(frame: str, message: str) -> None:
    decoder = Decoder(4)
    with pytest.raises(Malformed, match=message) as raised:
        decoder.receive(b"\x80" + bytes.fromhex(frame) + b"\x80")
    assert raised.value.packets == (Pong(),)
    assert isinstance(raised.value, WireError)
    with pytest.raises(Malformed, match=message) as again:
        decoder.receive(b"\x80")
    assert again.value.packets == ()
    assert decoder.pending == 0


def test_a_frame_of_1_mib_is_the_largest() -> None:
    largest = Unknown(13, bytes(codes.MAX_FRAME_BYTES))
    assert Decoder().receive(encode(largest)) == [largest]
    with pytest.raises(Unencodable, match="1048577 bytes"):
        encode(Unknown(13, bytes(codes.MAX_FRAME_BYTES + 1)))


@pytest.mark.parametrize(
    ("packet", "message"),
    [
        (Recvack(2**63), "Recvack"),
        (Send("u", 256), "Send"),
        (Connect("u" * 32768), "a string of 32768 bytes"),
        (Connect("\ud800"), "Connect"),
        (Recvack(1, 1, flags=16), "four bits"),
        (Unknown(0), "four bits"),
        (Unknown(16), "four bits"),
    ],
)
def test_what_does_not_fit_has_no_frame(packet: Packet, message: str) -> None:
    with pytest.raises(Unencodable, match=message):
        encode(packet)


def test_the_longest_string_fits() -> None:
    longest = Connect("u" * codes.MAX_STRING_BYTES)
    assert Decoder(4).receive(encode(longest)) == [longest]


# Tables


def test_every_number_of_the_tables_stands_there_once() -> None:
    assert [reason.code for reason in codes.REASON_CODES] == list(range(26))
    assert [layout.kind for layout in LAYOUTS] == list(range(1, 13))


def test_reasons_that_servers_send_are_told_apart() -> None:
    sent = [reason.code for reason in codes.REASON_CODES if reason.sent]
    assert sent == [1, 3, 4, 9, 12, 13, 15, 19, 24, 25]


@pytest.mark.parametrize(
    ("server", "version"), [((2, 1, 3), 4), ((2, 2, 0), 4), ((2, 2, 1), 5), ((2, 2, 5), 5)]
)
def test_the_highest_version_of_a_server_is_known(server: tuple[int, ...], version: int) -> None:
    assert codes.highest_version(server) == version
