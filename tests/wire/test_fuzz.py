"""No bytes make a codec raise anything but its own error, or a session raise anything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from imcli.wire.binary import Decoder, encode
from imcli.wire.client import ClientSession, Failed, Identity, Refused
from imcli.wire.codes import MAX_FRAME_BYTES
from imcli.wire.dialects import DIALECTS
from imcli.wire.encryption import Cipher, public_key, seal, unseal
from imcli.wire.frames import Malformed
from imcli.wire.jsonrpc import Decoder as JsonDecoder
from imcli.wire.jsonrpc import encode as encode_json
from imcli.wire.packets import Connack, Connect, Packet, Recv, Send, Unknown, WireError
from imcli.wire.server import Asked, Closed, ServerSession, Stalled, Unreadable
from tests.wire.recorded import sessions, vectors

QUICK = 20_000
SLOW = 1_000_000
PIECES = (b"{", b"}", b'"', b"\\", b"\xff", b"null", b"[", b"\\ud800", b"9" * 30, b'"id":', b"\x80")
CIPHER = Cipher(b"0c15fdbf4d09bc6c", b"0123456789abcdef")


def frames() -> list[bytes]:
    found = [bytes.fromhex(vector["hex"]) for vector in vectors()["frames"]]
    found += [
        bytes.fromhex(line["hex"])
        for session in sessions()
        for line in session["frames"]
        if "hex" in line
    ]
    return found


def objects() -> list[bytes]:
    found = [vector["input"].encode() for vector in vectors()["jsonrpc_client_to_server"]]
    found += [
        line["json"].encode()
        for session in sessions()
        for line in session["frames"]
        if "json" in line and line["conn"] != "http"
    ]
    return found


def spoiled(seeds: list[bytes], chance: random.Random) -> bytes:
    """Random bytes, or something real with bytes changed, cut, doubled or put in."""
    if chance.randrange(4) == 0:
        return chance.randbytes(chance.randrange(60))
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0 if at < len(data):
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 9)]
            case 2:
                data[at:at] = chance.choice(PIECES)
            case _:
                data += chance.choice(seeds)[: chance.randrange(40)]
    return bytes(data)


def inputs(seeds: list[bytes], count: int, seed: int) -> Iterator[tuple[bytes, random.Random]]:
    chance = random.Random(seed)
    for _ in range(count):
        yield spoiled(seeds, chance), chance


def fuzz_binary(count: int) -> tuple[int, int]:
    """Give how many inputs were read to the end, and how many were refused."""
    read = refused = 0
    for data, chance in inputs(frames(), count, seed=1):
        version = chance.randrange(1, 6)
        decoder = Decoder(version)
        cut = chance.randrange(len(data) + 1)
        packets: list[Packet] = []
        try:
            packets += decoder.receive(data[:cut])
            packets += decoder.receive(data[cut:])
            read += 1
        except Malformed as error:
            packets += error.packets
            refused += 1
        for packet in packets:
            if isinstance(packet, Send | Recv):
                try_to_unseal(packet)
            assert encode(packet, version)  # whatever was read can be written
        assert decoder.pending <= len(data)
    return read, refused


def try_to_unseal(packet: Send | Recv) -> None:
    sealed = seal(packet, CIPHER)
    assert unseal(sealed, CIPHER).payload == packet.payload
    try:
        unseal(packet, CIPHER)
    except WireError:
        return


def fuzz_json(count: int) -> tuple[int, int]:
    """The same for both sides and all dialects."""
    read = refused = 0
    for data, chance in inputs(objects(), count, seed=2):
        dialect = chance.choice(DIALECTS)
        decoder = JsonDecoder(dialect, "client" if chance.randrange(2) else "server")
        cut = chance.randrange(len(data) + 1)
        try:
            for envelope in decoder.receive(data[:cut]) + decoder.receive(data[cut:]):
                encode_json(envelope, dialect)
            read += 1
        except WireError:
            refused += 1
        assert decoder.pending <= len(data)
    return read, refused


def fuzz_server(count: int) -> tuple[int, int]:
    """A server of any version, before and after it let the client in."""
    read = refused = 0
    hello = encode(Connect("u", client_key=public_key(bytes(32))))
    for data, chance in inputs(frames() + objects(), count, seed=3):
        version = chance.choice([(2, 1, 3), (2, 1, 4), (2, 2, 0), (2, 2, 5)])
        session = ServerSession(version, encrypts=bool(chance.randrange(2)))
        if chance.randrange(4):
            (asked,) = session.receive(hello)
            assert isinstance(asked, Asked)
            session.accept(asked, secret=b"s" * 32, salt="0123456789abcdef", now_ms=0)
        cut = chance.randrange(len(data) + 1)
        requests = session.receive(data[:cut]) + session.receive(data[cut:])
        if any(isinstance(r, Closed | Stalled | Unreadable) for r in requests):
            refused += 1
        else:
            read += 1
    return read, refused


def fuzz_client(count: int) -> tuple[int, int]:
    """A client of either protocol, before and after CONNACK."""
    read = refused = 0
    connack = encode(Connack(server_version=4))
    for data, chance in inputs(frames() + objects(), count, seed=4):
        dialect = chance.choice([None, *DIALECTS])
        session = ClientSession(Identity("u"), bytes(32), chance.randrange(3, 6), dialect)
        if dialect is None and chance.randrange(4):
            session.receive(connack)
        cut = chance.randrange(len(data) + 1)
        heard = session.receive(data[:cut]) + session.receive(data[cut:])
        assert bool(session.ended) == any(isinstance(h, Failed | Refused) for h in heard)
        if session.ended:
            refused += 1
        else:
            read += 1
    return read, refused


@pytest.mark.parametrize("fuzz", [fuzz_binary, fuzz_json, fuzz_server, fuzz_client])
def test_no_bytes_raise_anything_but_the_codecs_own_error(
    fuzz: Callable[[int], tuple[int, int]],
) -> None:
    read, refused = fuzz(QUICK)
    assert read + refused == QUICK
    assert min(read, refused) > QUICK // 20, "the inputs are all good or all bad"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fuzz", "count"),
    [(fuzz_binary, SLOW), (fuzz_json, SLOW), (fuzz_server, SLOW // 10), (fuzz_client, SLOW // 10)],
)
def test_no_million_of_inputs_raises_anything_but_the_codecs_own_error(
    fuzz: Callable[[int], tuple[int, int]], count: int
) -> None:
    assert sum(fuzz(count)) == count


def test_a_decoder_keeps_no_more_than_one_frame() -> None:
    decoder = Decoder()
    assert len(decoder.receive(b"\x70" * 100_000)) == 100_000
    assert decoder.pending == 0
    frame = encode(Unknown(13, bytes(MAX_FRAME_BYTES)))
    assert decoder.receive(frame[:-1]) == []
    assert decoder.pending == len(frame) - 1
    assert len(decoder.receive(frame[-1:] + frame[:3])) == 1
    assert decoder.pending == 3
