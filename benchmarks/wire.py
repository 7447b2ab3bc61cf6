"""What one message costs on the wire, by itself: no socket, no server behind it.

The server's half of a message is to read SEND, write SENDACK, write RECV and read RECVACK; the
client's half is the other side of each. Both are compared with the encryption that one half has to
do anyway, the plain way: four AES contexts of `cryptography`, each made anew, and two digests. The
sessions of `imcli.wire` must do that and everything else in not much more time, because a driver
and a server share one core with whatever else they do at 5,000 messages per second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from benchmarks.figures import Figure
from benchmarks.timing import seconds
from imcli.wire import codes
from imcli.wire.client import ClientSession, Identity
from imcli.wire.dialects import Dialect, dialect_of
from imcli.wire.packets import Recv
from imcli.wire.server import Asked, ServerSession

MESSAGES = 20_000
BAR = 2.5
VERSION = (2, 2, 5)
PAYLOAD = b'{"type":1,"content":"hello out there"}'
MESSAGE_ID = 2124775836799111168
CLIENT_MSG_NO = "3f6c2d9e8b7a4c5d9e0f1a2b3c4d5e6f"
SIGNED_BYTES = 128
"""What is signed of a message of this length, filled up to whole blocks."""


def measure(scale: float) -> list[Figure]:
    """Measure both halves over the binary protocol, encrypted, and over JSON-RPC."""
    count = max(50, int(MESSAGES * scale))
    yardstick = microseconds(encrypt_the_plain_way, count)
    figures = []
    for half, work in zip(("server", "client"), halves(Conversation()), strict=True):
        cost = microseconds(work, count)
        beside = f"{cost:.1f} µs a message; its four AES contexts alone, made anew, {yardstick:.1f}"
        title = f"the {half}'s half of a message on the wire, encrypted"
        figures.append(Figure(title, cost / yardstick, "×", BAR, True, beside))
    for half, work in zip(("server", "client"), halves(Conversation("json")), strict=True):
        cost = microseconds(work, count)
        figures.append(Figure(f"the {half}'s half of a message over JSON-RPC", cost, "µs"))
    return figures


def microseconds(work: Callable[[], object], count: int) -> float:
    """Give the processor time of one call."""

    def repeat() -> None:
        for _ in range(count):
            work()

    return seconds(repeat) / count * 1e6


class Conversation:
    """Alice and Bob, each with both sides of a connection, and one message from her to him."""

    def __init__(self, protocol: str = "binary") -> None:
        dialect = dialect_of(VERSION) if protocol == "json" else None
        self.alice, self.at_alice = connection("alice", dialect)
        self.bob, self.at_bob = connection("bob", dialect)
        self.recv = Recv(
            message_id=MESSAGE_ID,
            message_seq=12,
            channel_id="alice",
            channel_type=1,
            from_uid="alice",
            payload=PAYLOAD,
            timestamp=1_700_000_001,
            client_msg_no=CLIENT_MSG_NO,
            flags=codes.RED_DOT,
        )


def connection(uid: str, dialect: Dialect | None) -> tuple[ClientSession, ServerSession]:
    """Let a client in."""
    client = ClientSession(Identity(uid), b"c" * 32, dialect=dialect)
    server = ServerSession(VERSION)
    (asked,) = server.receive(client.connect(0))
    assert isinstance(asked, Asked)
    client.receive(server.accept(asked, secret=b"s" * 32, salt="0123456789abcdef", now_ms=0))
    return client, server


def halves(talk: Conversation) -> tuple[Callable[[], None], Callable[[], None]]:
    """Give what the server and what the client does for each message."""
    sent = say(talk)
    (asked,) = talk.at_alice.receive(sent)
    assert isinstance(asked, Asked)
    acked = talk.at_alice.sendack(asked, MESSAGE_ID, 12, codes.SUCCESS)
    pushed = talk.at_bob.push(talk.recv)
    received = talk.bob.receive(pushed)[0]
    assert isinstance(received, Recv)
    confirmed = talk.bob.ack(received)

    def server() -> None:
        (asked,) = talk.at_alice.receive(sent)
        assert isinstance(asked, Asked)
        talk.at_alice.sendack(asked, MESSAGE_ID, 12, codes.SUCCESS)
        talk.at_bob.push(talk.recv)
        talk.at_bob.receive(confirmed)

    def client() -> None:
        say(talk)
        talk.alice.receive(acked)
        (received,) = talk.bob.receive(pushed)
        assert isinstance(received, Recv)
        talk.bob.ack(received)

    return server, client


def say(talk: Conversation) -> bytes:
    """Have Alice send the message."""
    return talk.alice.send("bob", 1, PAYLOAD, CLIENT_MSG_NO, flags=codes.RED_DOT)[1]


_BLOCKS = PAYLOAD + bytes(-len(PAYLOAD) % 16)
_SIGNED = bytes(SIGNED_BYTES)


def encrypt_the_plain_way() -> None:
    """Encrypt and decrypt a payload and sign it twice, with new contexts."""
    for text in (_BLOCKS, _SIGNED, _SIGNED):
        encryptor = Cipher(AES(b"k" * 16), CBC(b"v" * 16)).encryptor()
        sealed = encryptor.update(text) + encryptor.finalize()
    decryptor = Cipher(AES(b"k" * 16), CBC(b"v" * 16)).decryptor()
    decryptor.update(_BLOCKS)
    decryptor.finalize()
    for _ in range(2):
        hashlib.md5(sealed, usedforsecurity=False).hexdigest()
