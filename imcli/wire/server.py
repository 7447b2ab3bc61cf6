"""What a server's side of one connection hears and says, whichever protocol the client speaks.

Bytes that came from the socket go in and requests come out; what the server has to say goes in and
bytes come out. There is no socket, no clock and no chance here, and nothing is decided: whether a
token is right, who receives a message and with which reason it is refused are not questions of the
wire. A session is one connection and keeps no more than one unfinished frame or object of it.

This is a faithful server rather than a friendly one. Each call of `receive` stands for one read of
the socket, because real servers of each version treat what came in one read differently: what
stands behind CONNECT is thrown away or closes the socket, frames before a malformed one are lost,
an object that is not whole yet is answered with an error and read all the same when the rest comes,
and one unreadable object poisons everything after it. The table `MANNERS` has what differs.

Sources: WuKongIM `internal/server/proto.go`, `internal/user/handler/event_connect.go`,
`event_onsend.go`, `event_write.go` at v2.1.3, v2.1.4, v2.1.5, v2.2.0 and v2.2.5; measured on all.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from imcli.wire import binary, codes, encryption, jsonrpc
from imcli.wire.dialects import BadObject, Dialect, Envelope, Failure, dialect_of
from imcli.wire.encryption import BadSeal, Cipher
from imcli.wire.frames import Malformed, NoPacket, TooLong, survey
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
FORBIDDEN_IN_UID = "@#&"


class Manner(NamedTuple):
    """How servers from one version on treat what should not be sent."""

    since: tuple[int, ...]
    behind_connect: Literal["discarded", "closes"]
    """Frames that came in the same read as CONNECT."""
    oversized: Literal["closes", "hangs"]
    """A frame of more than 1 MiB: at once, or only when all of it has come."""
    can_be_plain: bool
    """Whether encryption can be switched off."""


MANNERS: tuple[Manner, ...] = (
    Manner((2, 2, 0), "closes", "hangs", can_be_plain=True),
    Manner((2, 1, 4), "discarded", "closes", can_be_plain=True),
    Manner((), "discarded", "hangs", can_be_plain=False),
)
"""Newest first. Measured on 2.1.3, 2.1.4, 2.1.5, 2.2.0 and 2.2.5."""


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
        """Who was accepted; None until then."""
        self.protocol: Literal["binary", "json"] = "binary"
        """In what the server answers: as the client began."""
        self.version = codes.NEWEST_VERSION
        """Of the binary protocol; negotiated when the client is accepted."""
        self._manner = next(manner for manner in MANNERS if server >= manner.since)
        self._highest = codes.highest_version(server)
        self._encrypts = encrypts or not self._manner.can_be_plain
        self._dialect = dialect_of(server) if json_rpc else None
        self._cipher: Cipher | None = None
        self._early = b""
        self._frames = binary.Decoder(self._highest)
        self._objects: jsonrpc.Decoder | None = None
        self._waiting: list[Request] = []
        self._swallow = 0
        self._deaf = False

    # Hearing

    def receive(self, data: bytes) -> list[Request]:
        """Take the bytes of one read and tell what the client asks.

        Nothing is raised. After `Closed` the socket is to be closed and nothing more is read.
        """
        if self._deaf:
            return self._receive_deaf(data)
        if self.connect is None:
            return self._receive_first(data)
        if self._early:
            data, self._early = self._early + data, b""
        if self._is_json(data):
            return self._receive_objects(data)
        return self._receive_frames(data)

    def _receive_deaf(self, data: bytes) -> list[Request]:
        """Wait for the end of an oversized frame, without keeping it."""
        if not self._swallow:
            return []
        self._swallow = max(0, self._swallow - len(data))
        return [] if self._swallow else [Closed("a frame of more than 1 MiB")]

    def _is_json(self, data: bytes) -> bool:
        if self._objects is None or self._frames.pending:
            return False
        return bool(self._objects.pending) or bool(looks_like_json(data))

    # Before the client was accepted

    def _receive_first(self, data: bytes) -> list[Request]:
        self._early += data
        if self._dialect is not None and looks_like_json(self._early):
            return self._receive_json_connect(self._dialect)
        try:
            found = survey(self._early)
        except Malformed as error:
            return self._close(str(error))
        if not found.first_end:
            return []
        if self._manner.behind_connect == "closes" and found.last_kind != codes.CONNECT:
            return self._close("something stands behind CONNECT, or it is none")
        (packet,) = self._first_packet(found.first_end)
        kept = found.first_end if self._manner.behind_connect == "closes" else found.whole_end
        self._early = self._early[kept:]
        return self._check_connect(packet, "")

    def _first_packet(self, end: int) -> list[Packet]:
        try:
            return binary.Decoder(codes.NEWEST_VERSION).receive(self._early[:end])
        except Malformed as error:
            return [Unknown(0, str(error).encode())]

    def _receive_json_connect(self, dialect: Dialect) -> list[Request]:
        """Half an object is as good as none, and what stands behind it is thrown away."""
        decoder = jsonrpc.Decoder(dialect, "server")
        early, self._early = self._early, b""
        try:
            envelopes = decoder.receive(early)
        except BadObject as error:
            envelopes = list(error.envelopes)
        if not envelopes:
            return self._close("the first object cannot be read")
        self.protocol = "json"
        self._objects = jsonrpc.Decoder(dialect, "server")
        return self._check_connect(envelopes[0].packet, envelopes[0].id)

    def _check_connect(self, packet: object, id: str) -> list[Request]:
        if not isinstance(packet, Connect):
            return self._close("it did not begin with CONNECT")
        if not packet.uid.strip() or any(mark in packet.uid for mark in FORBIDDEN_IN_UID):
            return self._close("the uid is empty or has a forbidden character")
        return [Asked(packet, id)]

    # Afterwards

    def _receive_frames(self, data: bytes) -> list[Request]:
        try:
            packets = self._frames.receive(data)
        except NoPacket as error:
            return [*map(self._hear, error.packets), *self._stall(str(error))]
        except TooLong as error:
            if self._manner.oversized == "closes":
                return self._close(str(error))
            self._swallow = error.missing
            return [*map(self._hear, error.packets), *self._stall(str(error))]
        except Malformed as error:
            return self._close(str(error))
        for packet in packets:
            if isinstance(packet, Unknown | Event):
                return self._close("a packet of a type that no client sends")
        return [self._hear(packet) for packet in packets]

    def _receive_objects(self, data: bytes) -> list[Request]:
        assert self._objects is not None
        try:
            envelopes = self._objects.receive(data)
        except BadObject as error:
            return [self._unreadable(str(error), error.id)]
        self._waiting += [self._hear_envelope(envelope) for envelope in envelopes]
        if self._objects.pending:
            return [self._unreadable("unexpected EOF", "")]
        heard, self._waiting = self._waiting, []
        return heard

    def _unreadable(self, why: str, id: str) -> Unreadable:
        assert self._dialect is not None
        return Unreadable(jsonrpc.encode(Envelope(Failure(why), id), self._dialect), why)

    def _hear_envelope(self, envelope: Envelope) -> Request:
        assert not isinstance(envelope.packet, Failure)
        return self._hear(envelope.packet, envelope.id)  # type: ignore[arg-type]

    def _hear(self, packet: Packet, id: str = "") -> Request:
        match packet:
            case Send():
                return self._hear_send(packet, id)
            case Recvack() | Ping() | Disconnect():
                return Asked(packet, id)
            case _:
                return Ignored(packet)

    def _hear_send(self, send: Send, id: str) -> Request:
        try:
            return Asked(encryption.unseal(send, self._cipher), id)
        except BadSeal as error:
            return BadSend(send, str(error), id)

    def _close(self, why: str) -> list[Request]:
        self._deaf = True
        return [Closed(why)]

    def _stall(self, why: str) -> list[Request]:
        self._deaf = True
        return [Stalled(why)]

    # Saying

    def accept(
        self, asked: Asked, *, secret: bytes, salt: str, now_ms: int, node_id: int = NODE_ID
    ) -> bytes:
        """Let the client in.

        Args:
            asked: the `Connect` as it was heard.
            secret: 32 secret bytes for the keys of this connection.
            salt: 16 ASCII letters and digits.
            now_ms: the server's clock, in milliseconds since 1970.
            node_id: of the server's node.

        Returns:
            CONNACK.

        Raises:
            BadKey: the client's key cannot be used. Real servers say nothing then, and the socket
                is closed when its time is over.
        """
        connect = asked.packet
        assert isinstance(connect, Connect)
        plain = not self._encrypts or self.protocol == "json"
        if not plain:
            self._cipher = encryption.agree(secret, connect.client_key, salt)
        version = min(connect.version, self._highest)
        self.connect, self.version, self._frames.version = connect, version, version
        told = self.protocol == "json" or connect.version > 3
        connack = Connack(
            time_diff=now_ms - connect.client_timestamp,
            reason_code=codes.SUCCESS,
            server_key="" if plain else encryption.public_key(secret),
            salt="" if plain else salt,
            server_version=version if told else None,
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
