"""JSON-RPC: what real servers wrote and read, per version, and what nobody should write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.wire import codes
from imcli.wire.dialects import (
    DIALECTS,
    MAX_DEPTH,
    BadObject,
    Dialect,
    Envelope,
    Failure,
    UnknownMethod,
    dialect_of,
)
from imcli.wire.jsonrpc import Decoder, encode
from imcli.wire.objects import looks_like_json
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
)
from tests.wire.recorded import dialect_for, mismatches, vectors

V223, V221, V220, V214 = DIALECTS
GO_READER_TEXT = "syntax error 2"
"""Its message ends in the words of Go's own JSON reader."""

SERVER_SAYS = [
    pytest.param(tag, case, id=f"{tag[:6]} {vector['description']}")
    for vector in vectors()["jsonrpc_server_to_client"]
    for tag, case in vector["by_tag"].items()
]
CLIENT_SAYS = [
    pytest.param(tag, vector, case, id=f"{tag[:6]} {vector['description']}")
    for vector in vectors()["jsonrpc_client_to_server"]
    for tag, case in vector["by_tag"].items()
]


def as_client(text: bytes | str, dialect: Dialect = V223) -> Envelope:
    data = text.encode() if isinstance(text, str) else text
    (envelope,) = Decoder(dialect, "client").receive(data)
    return envelope


def as_server(text: bytes | str, dialect: Dialect = V223) -> Envelope:
    data = text.encode() if isinstance(text, str) else text
    (envelope,) = Decoder(dialect, "server").receive(data)
    return envelope


@pytest.mark.parametrize(
    ("tag", "case"),
    [param for param in SERVER_SAYS if "text" in param.values[1]],  # type: ignore[operator]
)
def test_what_a_server_wrote_is_read_and_written_again_to_the_byte(
    tag: str, case: dict[str, Any]
) -> None:
    dialect = dialect_for(tag)
    text = case["text"].encode()
    if '"id"' not in case["text"] and "result" in case["text"]:
        assert as_client(text, dialect).id == ""
    assert encode(as_client(text, dialect), dialect) == text


@pytest.mark.parametrize(
    "packet",
    [
        Recv(1, 1, "u1", 1, payload=b"hello, not json"),
        Recv(1, 1, "u1", 1, payload=b"[" * 100_000),
        Suback("s", "c", 7),
        Sub("s", "c", 7),
        Event("e", "t"),
    ],
)
def test_what_a_server_could_not_write_has_no_form(packet: Packet) -> None:
    with pytest.raises(Unencodable):
        encode(Envelope(packet), V214)


@pytest.mark.parametrize(("tag", "vector", "case"), CLIENT_SAYS)
def test_a_server_reads_or_refuses_what_the_real_one_read_or_refused(
    tag: str, vector: dict[str, Any], case: dict[str, Any]
) -> None:
    decoder = Decoder(dialect_for(tag), "server")
    if case["accepted"]:
        (envelope,) = decoder.receive(vector["input"].encode())
        assert type(envelope.packet).__name__.upper() == case["frame"]
        assert envelope.id == case["req_id"]
        assert not mismatches(envelope.packet, case_fields(case))  # type: ignore[arg-type]
    elif case["error"] == "unexpected EOF":
        assert decoder.receive(vector["input"].encode()) == []
        assert decoder.pending == len(vector["input"])
    else:
        with pytest.raises(BadObject) as raised:
            decoder.receive(vector["input"].encode())
        reply = encode(Envelope(Failure(str(raised.value)), raised.value.id), dialect_for(tag))
        expected = case["reply_when_authenticated"].encode()
        if vector["description"] == GO_READER_TEXT:
            assert reply[:80] == expected[:80]
        else:
            assert reply == expected


def case_fields(case: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in case.items() if name not in ("flags", "frame")}
    if "flags" in case:
        bits = {"noPersist": 1, "redDot": 2, "syncOnce": 4}
        fields["flags"] = sum(bits[name] for name, on in case["flags"].items() if on)
    return fields


@pytest.mark.parametrize(
    "capture",
    [c for c in vectors()["captures"] if "text" in c],
    ids=lambda c: c["description"][:30],
)
def test_what_an_sdk_wrote_or_accepted_is_read(capture: dict[str, Any]) -> None:
    read = as_server if capture["direction"] == "c2s" else as_client
    envelope = read(capture["text"])
    again = json.loads(encode(envelope, V223))
    again.pop("jsonrpc")
    original = json.loads(capture["text"])
    original.pop("jsonrpc", None)
    assert again == original


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
U8 = st.integers(0, 255)
U32 = st.integers(0, 2**32 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
FLAGS = st.integers(0, 15)
SETTINGS = st.sampled_from([0, codes.RECEIPT, codes.SIGNAL | codes.STREAM, codes.TOPIC])


def payloads(dialect: Dialect) -> st.SearchStrategy[bytes]:
    if dialect.payload == "base64":
        return st.binary(max_size=60)
    values = st.one_of(st.integers(-9, 9), TEXTS, st.lists(TEXTS, max_size=3), st.just({"a": None}))
    return values.map(lambda value: json.dumps(value, separators=(",", ":")).encode())


def client_envelopes(dialect: Dialect) -> st.SearchStrategy[Envelope]:
    connects = st.builds(
        Connect,
        uid=TEXTS,
        version=st.integers(1, 255),
        device_flag=U8,
        device_id=TEXTS,
        token=TEXTS,
        client_timestamp=I64,
        client_key=TEXTS,
        flags=FLAGS,
    )
    sends = st.builds(
        Send,
        channel_id=TEXTS,
        channel_type=U8,
        payload=payloads(dialect),
        client_msg_no=TEXTS,
        setting=SETTINGS,
        expire=U32,
        topic=TEXTS,
        stream_no=TEXTS,
        flags=FLAGS,
    )
    recvacks = st.builds(Recvack, I64, U32, FLAGS)
    requests: st.SearchStrategy[Packet] = st.one_of(connects, sends, st.just(Ping()))
    if dialect.recvack == "request":
        return st.builds(Envelope, st.one_of(requests, recvacks), IDS)
    return st.one_of(st.builds(Envelope, requests, IDS), st.builds(Envelope, recvacks))


def server_envelopes(dialect: Dialect) -> st.SearchStrategy[Envelope]:
    connacks = st.builds(
        Connack,
        time_diff=I64,
        reason_code=U8,
        server_key=TEXTS,
        salt=TEXTS,
        server_version=st.none() | U8,
        node_id=st.integers(0, 2**63 - 1),
    )
    sendacks = st.builds(Sendack, I64, U32, U8, flags=FLAGS)
    recvs = st.builds(
        Recv,
        message_id=I64,
        message_seq=U32,
        channel_id=TEXTS,
        channel_type=U8,
        from_uid=TEXTS,
        payload=payloads(dialect),
        timestamp=I64,
        client_msg_no=TEXTS,
        setting=SETTINGS,
        expire=U32,
        topic=TEXTS,
        stream_flag=U8,
        stream_no=TEXTS,
        flags=FLAGS,
    )
    events = st.builds(Event, TEXTS, TEXTS, I64, TEXTS.map(str.encode), FLAGS)
    gone = st.builds(Disconnect, U8, TEXTS, FLAGS)
    pushes: st.SearchStrategy[Packet] = st.one_of(recvs, gone)
    if dialect.events:
        pushes = st.one_of(pushes, events)
    answers = st.one_of(connacks, sendacks, st.builds(Failure, TEXTS, st.integers(-9, 9)))
    pong = st.just(Envelope(Pong()))
    if dialect.pong == "response":
        pong = st.builds(Envelope, st.just(Pong()), IDS)
    return st.one_of(st.builds(Envelope, answers, TEXTS), st.builds(Envelope, pushes), pong)


def plain(envelope: Envelope) -> Envelope:
    """Drop how a raw payload spells its characters: a server escapes some."""
    packet = envelope.packet
    if isinstance(packet, Recv) and packet.payload[:1] in (b'"', b"[", b"{"):
        try:
            text = json.dumps(json.loads(packet.payload)).encode()
        except ValueError:
            return envelope
        return Envelope(Recv(packet.message_id, packet.message_seq, "", 0, payload=text))
    return envelope


@given(st.data())
def test_reading_what_was_written_gives_the_same_envelope_in_every_dialect(
    data: st.DataObject,
) -> None:
    dialect = data.draw(st.sampled_from(DIALECTS))
    asked = data.draw(client_envelopes(dialect))
    assert as_server(encode(asked, dialect), dialect) == asked
    said = data.draw(server_envelopes(dialect))
    assert plain(as_client(encode(said, dialect), dialect)) == plain(said)


@given(st.data())
def test_objects_fed_byte_by_byte_equal_objects_fed_whole(data: st.DataObject) -> None:
    dialect = data.draw(st.sampled_from(DIALECTS))
    envelopes = data.draw(st.lists(client_envelopes(dialect), max_size=4))
    space = data.draw(st.sampled_from([b"", b" ", b"\r\n\t"]))
    stream = space.join(encode(envelope, dialect) for envelope in envelopes) + space
    decoder = Decoder(dialect, "server")
    pieces = [e for byte in stream for e in decoder.receive(bytes([byte]))]
    assert pieces == envelopes == Decoder(dialect, "server").receive(stream)
    assert decoder.pending == 0


def test_after_an_unreadable_object_nothing_is_read_any_more_and_the_error_stays_the_same() -> None:
    decoder = Decoder(V220, "server")
    lines = b'{"method":"ping","id":"g1"}{"method":"nope","params":{},"id":"bad"}'
    with pytest.raises(BadObject, match="unknown method: nope") as raised:
        decoder.receive(lines + b'{"method":"ping","id":"g2"}')
    assert raised.value.envelopes == (Envelope(Ping(), "g1"),)
    with pytest.raises(BadObject, match="unknown method: nope") as again:
        decoder.receive(b'{"method":"ping","id":"g3"}')
    assert again.value.id == "bad"
    assert again.value.envelopes == ()


@pytest.mark.parametrize(
    "text",
    [
        "]",
        "[]",
        "{]",
        '{"method":"recv"}',
        '{"method":"recv","params":{}}',
        '{"method":"disconnect","params":[]}',
        '{"result":{},"id":"x"}',
        '{"result":7,"id":"x"}',
        '{"error":7}',
        '{"id":7}',
        "{}",
        '{"result":{"messageId":"x","messageSeq":1,"reasonCode":1}}',
        '{"result":{"messageId":"9999999999999999999","messageSeq":1,"reasonCode":1}}',
        '{"result":{"messageId":"1","messageSeq":-1,"reasonCode":1}}',
        '{"result":{"reasonCode":1,"nodeId":99999999999999999999}}',
        '{"method":"recv","params":{"messageId":"1","messageSeq":1,"timestamp":1,'
        '"channelId":"c","channelType":1,"fromUid":"u","payload":"?"}}',
        '{"method":"recv","params":{"messageId":"1","messageSeq":1,"timestamp":1,'
        '"channelId":"c","channelType":1,"fromUid":"u","payload":{}}}',
        '{"method":"recv","params":{"messageId":"1","messageSeq":1,"timestamp":1,'
        '"channelId":"c","channelType":1,"fromUid":"u","payload":"é"}}',
    ],
)
def test_a_client_refuses_what_no_server_says(text: str) -> None:
    with pytest.raises(BadObject):
        as_client(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "no JSON object"),
        ('{"method":7,"id":"x"}', "cannot unmarshal number into Go value of type string"),
        ('{"method":"ping","id":{}}', "cannot unmarshal object into Go value of type string"),
        ('{"method":"ping","id":"\xff"}', "request ID"),
        ('{"method":"ping","id":""}', "missing id or method"),
        ('{"jsonrpc":true,"method":"ping","id":"x"}', "version: json: cannot unmarshal bool"),
        ('{"method":"send","id":"x"}', "missing params field: method send"),
        ('{"method":"subscribe","id":"x"}', "missing params field: method subscribe"),
        ('{"method":"connect","id":"x","params":7}', "number into Go value of type jsonrpc.Conn"),
        (
            '{"method":"connect","id":"x","params":{"version":300}}',
            "connect params: json: Expected",
        ),
        ('{"method":"recv","params":{}}', "unknown packet type: jsonrpc.RecvNotification"),
        ('{"error":{},"id":"x"}', "GenericResponse"),
        ('{"method":"send","id":"x","params":{"payload":"a\\u00e9"}}', "input byte 1"),
        ('{"method":"send","id":"x","params":{"payload":"abc"}}', "input byte 3"),
        ('{"method":"send","id":"x","params":{"payload":[]}}', "array into Go struct field"),
    ],
)
def test_a_server_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(BadObject, match=message):
        as_server(text.encode("latin-1"))


def test_half_a_character_is_read_as_the_real_server_reads_it() -> None:
    assert as_server('{"method":"ping","id":"\\ud83d!"}') == Envelope(Ping(), "\ufffd!")
    assert as_client('{"jsonrpc":"2.0","id":"\\uDE00"}') == Envelope(Pong(), "\ufffd")
    assert as_server('{"method":"ping","id":"\\ud83d\\ude00"}') == Envelope(Ping(), "😀")


def test_null_is_as_good_as_nothing() -> None:
    text = '{"jsonrpc":null,"method":"recvack","params":null}'
    assert as_server(text) == Envelope(Recvack(0, 0))
    text = '{"method":"connect","id":"c","params":{"uid":"u","token":null,"header":null}}'
    assert as_server(text) == Envelope(Connect("u", version=5), "c")
    text = '{"method":"send","id":"s","params":{"payload":null}}'
    assert as_server(text) == Envelope(Send("", 0), "s")


@pytest.mark.parametrize("text", ["x", "", "1_0", "99999999999999999999", "9999999999999999999"])
def test_a_message_id_that_is_no_number_is_0(text: str) -> None:
    line = json.dumps({"method": "recvack", "params": {"messageId": text}})
    assert as_server(line) == Envelope(Recvack(0))


def test_a_disconnect_of_a_client_is_read_whatever_it_says() -> None:
    line = '{"method":"disconnect","id":"d","params":{"reasonCode":0,"reason":"bye"}}'
    assert as_server(line) == Envelope(Disconnect(0, "bye"), "d")
    line = '{"method":"disconnect","id":"d","params":{"reasonCode":"?"}}'
    assert as_server(line) == Envelope(Disconnect(0), "d")


def test_a_method_of_a_later_version_is_told_as_such() -> None:
    assert as_client('{"method":"typing","params":{}}') == Envelope(UnknownMethod("typing"))
    with pytest.raises(Unencodable):
        encode(Envelope(UnknownMethod("typing")), V223)


def test_both_kinds_of_pong_are_read_in_every_dialect() -> None:
    for dialect in DIALECTS:
        assert as_client('{"jsonrpc":"2.0","method":"pong"}', dialect).packet == Pong()
        assert as_client('{"jsonrpc":"2.0","id":"p"}', dialect) == Envelope(Pong(), "p")


def test_an_object_too_long_or_too_deep_is_refused_before_it_is_complete() -> None:
    decoder = Decoder(V223, "server", limit_bytes=100)
    assert decoder.receive(b'{"method":"' + b"x" * 80) == []
    with pytest.raises(BadObject, match="more than 100 bytes"):
        decoder.receive(b"x" * 20)
    with pytest.raises(BadObject, match="more than 100 bytes"):
        Decoder(V223, "server", limit_bytes=100).receive(b'{"method":"' + b"x" * 100 + b'"}')
    with pytest.raises(BadObject, match="in each other"):
        Decoder(V223, "server").receive(b'{"a":' + b"[" * MAX_DEPTH)


def test_the_text_of_a_raw_payload_is_kept_as_it_was_written() -> None:
    text = b'{ "a" : "<b>" }'
    line = encode(Envelope(Send("u", 1, text), "s"), V220)
    assert text in line
    assert as_server(line, V220) == Envelope(Send("u", 1, text), "s")


def test_a_pushed_raw_payload_is_compacted_and_escaped_as_the_server_does() -> None:
    line = encode(Envelope(Recv(1, 2, "u", 1, payload=b'{ "a" : "<\xe2\x80\xa8\xff>" }')), V220)
    assert b'"payload":{"a":"\\u003c\\u2028\xef\xbf\xbd\\u003e"}' in line


@pytest.mark.parametrize("payload", [b"hi", b'{"a":"\xff"}', b"1 2"])
def test_a_client_cannot_send_what_is_no_json_to_a_server_that_wants_json(payload: bytes) -> None:
    with pytest.raises(Unencodable, match="not JSON"):
        encode(Envelope(Send("u", 1, payload), "s"), V214)


def test_half_a_character_cannot_be_written() -> None:
    with pytest.raises(Unencodable, match="Connect"):
        encode(Envelope(Connect("\ud800"), "c"), V223)


def test_a_server_without_json_rpc_has_no_dialect() -> None:
    assert dialect_of((2, 1, 3)) is None
    assert [dialect_of(version) for version in [(2, 1, 4), (2, 2, 2), (2, 2, 4), (2, 3)]] == [
        V214,
        V221,
        V223,
        V223,
    ]


def test_the_first_brace_tells_the_protocol() -> None:
    assert looks_like_json(b' \t\r\n{"') is True
    assert looks_like_json(b"\x10G") is False
    assert looks_like_json(b"") is None
