"""What a server's side of one connection hears and says, whichever protocol the client speaks.

Bytes that came from the socket go in and requests come out; what the server has to say goes in and
bytes come out. There is no socket, no clock and no chance here, and nothing is decided: whether a
token is right, who receives a message, with which reason it is refused and when a silent client is
given up are not questions of the wire. A session is one connection. It keeps no more than one
unfinished frame or object of it.

This is a faithful server rather than a friendly one. Each call of `receive` stands for one read of
the socket, because real servers treat what came in one read together: what stands behind CONNECT
is thrown away or costs the connection (`greeting`), frames before a malformed one are lost, an
object that is not whole yet is answered with an error and read all the same when the rest has come,
and one unreadable object poisons everything that is read after it.

A connection answers in the protocol in which the client introduced itself. A frame or object of the
other protocol is understood all the same, as long as it begins a read.

Sources: WuKongIM `internal/server/proto.go`, `internal/user/handler/event_connect.go`,
`event_onsend.go`, `event_write.go` at v2.1.3, v2.1.4, v2.1.5, v2.2.0 and v2.2.5; measured on all.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.wire import binary, codes, encryption, jsonrpc
from imcli.wire.dialects import (
    HALF_READ,
    BadObject,
    Envelope,
    Failure,
    UnknownMethod,
    dialect_of,
)
from imcli.wire.encryption import BadSeal, Cipher
from imcli.wire.frames import Malformed, NoPacket, TooLong
from imcli.wire.greeting import Unwelcome, greet
from imcli.wire.manners import manner_of
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
    Unencodable,
    Unknown,
)

NODE_ID = 1001
"""Of a single node, by default."""
EARLY_BYTES_MAX = 1 << 18
"""Of a client that was not let in yet: twice as much as the longest strings that fit into CONNECT.
Real servers take more, and give up when the client's time is over."""


class Asked(msgspec.Struct, frozen=True):
    """What the client wants; `id` is that of a JSON-RPC request, which the answer repeats.

    A `Send` has its plain payload. `Disconnect` asks nothing: servers ignore it.
    """

    packet: Connect | Send | Recvack | Ping | Disconnect
    id: str = ""


class BadSend(msgspec.Struct, frozen=True):
    """A SEND whose key is wrong or whose payload cannot be decrypted.

    It is answered with `codes.PAYLOAD_DECODE_ERROR`, but only after the sender's own ban was asked.
    """

    send: Send
    why: str
    id: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """JSON that is not understood; `reply` is to be written, and nothing else is done.

    The connection stays open, but reads nothing more, except where the object was only not whole.
    """

    reply: bytes
    why: str


class Ignored(msgspec.Struct, frozen=True):
    """Something that is of no use to a server, such as a second CONNECT."""

    packet: Packet


class Stalled(msgspec.Struct, frozen=True):
    """Nothing that this client sends is read any more, and nobody tells it; its time runs out."""

    why: str


class Closed(msgspec.Struct, frozen=True):
    """The server closes the socket, without a word."""

    why: str


Request = Asked | BadSend | Unreadable | Ignored | Stalled | Closed
Said = Connack | Sendack | Recv | Pong | Disconnect | Event
_WHITE_OR_BRACE = b" \t\r\n{"


class ServerSession:
    """One connection of one client.

    Args:
        server: the version of WuKongIM to be, such as `(2, 2, 5)`.
        encrypts: whether binary connections are encrypted; before 2.1.4 they always are.
        json_rpc: whether JSON-RPC is spoken; before 2.1.4 it never is.
    """

    def __init__(
        self, server: tuple[int, ...], *, encrypts: bool = True, json_rpc: bool = True
    ) -> None:
        self.connect: Connect | None = None
        """Who was let in; None until then."""
        self.protocol: Literal["binary", "json"] = "binary"
        """In what the server answers: as the client began."""
        self.version = codes.highest_version(server)
        """Of the binary protocol: the highest, and once the client is let in the negotiated one."""
        self._manner = manner_of(server)
        self._encrypts = encrypts or not self._manner.can_be_plain
        self._dialect = dialect_of(server) if json_rpc else None
        self._cipher: Cipher | None = None
        self._early = b""
        self._read = self._read_first
        self._frames = binary.Decoder()
        self._objects = jsonrpc.Decoder(self._dialect, "server") if self._dialect else None
        self._amid_object = False
        self._waiting: list[Request] = []
        self._missing = 0

    # Hearing

    def receive(self, data: bytes) -> list[Request]:
        """Take the bytes of one read and tell what the client asks.

        Nothing is raised. After `Closed` the socket is to be closed and nothing more is read.
        """
        return self._read(data) if data else []

    def _read_first(self, data: bytes) -> list[Request]:
        self._early += data
        try:
            greeting = greet(self._early, self._manner, self._dialect)
        except Unwelcome as error:
            return self._close(str(error))
        if greeting is None:
            return (
                []
                if len(self._early) <= EARLY_BYTES_MAX
                else self._close("a CONNECT without an end")
            )
        self._early = greeting.rest
        self.protocol = "json" if greeting.is_json else "binary"
        return [Asked(greeting.connect, greeting.id)]

    def _read_any(self, data: bytes) -> list[Request]:
        """Read what a client says that was let in."""
        if self._early:
            data, self._early = self._early + data, b""
        if self._objects is not None and self._is_json(data):
            return self._read_objects(self._objects, data)
        return self._read_frames(data)

    def _is_json(self, data: bytes) -> bool:
        if self._amid_object:
            return True
        if data[0] not in _WHITE_OR_BRACE or self._frames.pending:
            return False
        return bool(looks_like_json(data))

    def _read_nothing(self, data: bytes) -> list[Request]:
        """Wait for the end of an oversized frame, if it is one, without keeping it."""
        if not self._missing:
            return []
        self._missing = max(0, self._missing - len(data))
        return [] if self._missing else [Closed("a frame of more than 1 MiB")]

    def _close(self, why: str) -> list[Request]:
        self._read = self._read_nothing
        return [Closed(why)]

    def _stall(self, error: Malformed) -> list[Request]:
        """What came before is done; what comes after is not read."""
        self._read = self._read_nothing
        return [*map(self._hear, error.packets), Stalled(str(error))]

    def _read_frames(self, data: bytes) -> list[Request]:
        try:
            packets = self._frames.receive(data)
        except NoPacket as error:
            return self._stall(error)
        except TooLong as error:
            if self._manner.oversized == "closes":
                return self._close(str(error))
            self._missing = error.missing
            return self._stall(error)
        except Malformed as error:
            return self._close(str(error))
        requests = [self._hear(packet) for packet in packets]
        if Closed in map(type, requests):
            return self._close("a packet of a type that no client sends")
        return requests

    def _read_objects(self, decoder: jsonrpc.Decoder, data: bytes) -> list[Request]:
        self._amid_object = True
        try:
            envelopes = decoder.receive(data)
        except BadObject as error:
            self._waiting.clear()
            return [self._unreadable(str(error), error.id)]
        self._waiting += [self._hear_object(envelope) for envelope in envelopes]
        if decoder.pending:
            return [self._unreadable(HALF_READ, "")]
        self._amid_object = False
        requests, self._waiting = self._waiting, []
        return requests

    def _unreadable(self, why: str, id: str) -> Unreadable:
        assert self._dialect is not None
        return Unreadable(jsonrpc.encode(Envelope(Failure(why), id), self._dialect), why)

    def _hear_object(self, envelope: Envelope) -> Request:
        packet = envelope.packet
        assert not isinstance(packet, Failure | UnknownMethod), "only a server says this"
        return self._hear(packet, envelope.id)

    def _hear(self, packet: Packet, id: str = "") -> Request:
        match packet:
            case Send():
                return self._hear_send(packet, id)
            case Recvack() | Ping() | Disconnect():
                return Asked(packet, id)
            case Event() | Unknown():
                return Closed("a packet of a type that no client sends")
            case _:
                return Ignored(packet)

    def _hear_send(self, send: Send, id: str) -> Request:
        try:
            return Asked(encryption.unseal(send, self._cipher), id)
        except BadSeal as error:
            return BadSend(send, str(error), id)

    # Saying

    def refuse(self) -> list[Request]:
        """Leave the client outside, who is told nothing; give what it said behind its CONNECT."""
        return self._read_first(b"") if self._early else []

    def accept(
        self, asked: Asked, *, secret: bytes, salt: str, now_ms: int, node_id: int = NODE_ID
    ) -> bytes:
        """Let the client in.

        Whoever is not let in is told nothing. It may introduce itself again on the same connection
        while its time lasts, and then `receive` gives another `Connect`.

        Args:
            asked: the `Connect` as it was heard.
            secret: 32 secret bytes for the keys of this connection.
            salt: 16 ASCII letters and digits.
            now_ms: the server's clock, in milliseconds since 1970.
            node_id: of the server's node.

        Returns:
            CONNACK.

        Raises:
            BadKey: the client's key cannot be used, so the client cannot be let in.
        """
        connect = asked.packet
        assert isinstance(connect, Connect)
        plain = not self._encrypts or self.protocol == "json"
        if not plain:
            self._cipher = encryption.agree(secret, connect.client_key, salt)
        self.connect = connect
        self.version = min(connect.version, self.version)
        self._frames = binary.Decoder(self.version, settled=True)
        self._read = self._read_any
        told = self.protocol == "json" or connect.version > 3
        connack = Connack(
            time_diff=now_ms - connect.client_timestamp,
            reason_code=codes.SUCCESS,
            server_key="" if plain else encryption.public_key(secret),
            salt="" if plain else salt,
            server_version=self.version if told else None,
            node_id=node_id,
        )
        return self.write(connack, asked.id)

    def sendack(
        self, asked: Asked | BadSend, message_id: int, message_seq: int, reason_code: int
    ) -> bytes:
        """Answer a SEND, with its own number or id, and its flags.

        Args:
            asked: the `Send` as it was heard.
            message_id: the server's id; a refused message has one, too.
            message_seq: 0 if it was refused or is not to be stored.
            reason_code: `codes.SUCCESS` or why it was refused.
        """
        send = asked.send if isinstance(asked, BadSend) else asked.packet
        assert isinstance(send, Send)
        ack = Sendack(message_id, message_seq, reason_code, send.client_seq, send.flags)
        return self.write(ack, asked.id)

    def pong(self, asked: Asked) -> bytes:
        """Answer a PING."""
        return self.write(Pong(), asked.id)

    def push(self, recv: Recv) -> bytes:
        """Give a message to the client: its payload in plain, sealed here for this connection.

        Returns:
            The bytes, which are to be kept for a resend; none if this client cannot be told: a
            dialect with raw payloads has no form for what is not JSON, and real servers then
            write nothing either.
        """
        return self.write(encryption.seal(recv, self._cipher))

    def write(self, packet: Said, id: str = "") -> bytes:
        """Say anything as it is; `Recv` must be sealed already, so use `push` for that."""
        if self.protocol == "binary":
            return binary.encode(packet, self.version)
        assert self._dialect is not None
        try:
            return jsonrpc.encode(Envelope(packet, id), self._dialect)
        except Unencodable:
            return b""
