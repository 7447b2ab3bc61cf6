"""What one device's connection says and hears, whichever protocol carries it.

Bytes that came from the socket go in and values come out; what the device wants to say goes in and
bytes come out. There is no socket here, no clock and no chance: the key pair and the time come in
as arguments. A session is one connection. Whoever connects again makes a new one.

The order of a session is that of real servers. `connect` is the first thing said, and nothing more
may be said until `Connected` was heard. A server may push messages before that; they are held back
and come after it. Every message heard has its key verified and its payload in plain; what does not
verify is `Broken`, and is not to be acknowledged. Whatever cannot be read, and any `error` of a
JSON-RPC server, ends the session with `Failed`: such a stream is out of step for good.

A message sent has a number of its own. Over the binary protocol this is client_seq; over JSON-RPC,
which has no such number, the id of the request stands for it, so that the `Sendack` heard tells
the number in `client_seq` on both. One thread may hear while others say something; only one may
hear.

Sources: WuKongIM `internal/user/handler/event_connect.go`, `internal/server/proto.go`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from imcli.model.entities import DEVICE_FLAGS
from imcli.wire import binary, codes, encryption, jsonrpc
from imcli.wire.dialects import (
    HALF_READ,
    BadObject,
    Dialect,
    Envelope,
    Failure,
    UnknownMethod,
)
from imcli.wire.encryption import BadKey, BadSeal, Cipher
from imcli.wire.frames import Malformed
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
    Unknown,
    WireError,
)

Unit = TypeVar("Unit", Packet, Envelope)

HELD_MAX = 1_000
"""Messages that come before CONNACK. Real servers push a few at most."""


class NotConnected(WireError):
    """Something is to be said before the server let this device in, or after the session ended."""


class Identity(msgspec.Struct, frozen=True):
    """Who connects: user, device and token, as CONNECT states them."""

    uid: str
    device_id: str = ""
    device_flag: int = DEVICE_FLAGS["app"]
    token: str = ""


class Connected(msgspec.Struct, frozen=True):
    """The server let the device in.

    Attributes:
        version: of the binary protocol, as negotiated.
        time_diff_ms: the server's clock minus what `connect` was given; may be negative.
        node_id: of the server's node; 0 where the version does not tell it.
        encrypted: whether payloads are encrypted on the wire.
    """

    version: int
    time_diff_ms: int = 0
    node_id: int = 0
    encrypted: bool = False


class Refused(msgspec.Struct, frozen=True):
    """The server said no to CONNECT, and the session is over.

    Real servers never say it: they are silent, and close after some seconds.
    """

    reason_code: int


class Broken(msgspec.Struct, frozen=True):
    """A message whose key is wrong or whose payload cannot be decrypted: `recv` as it came."""

    recv: Recv
    why: str


class Failed(msgspec.Struct, frozen=True):
    """The session is over; the socket should be closed. Nothing more is heard."""

    why: str


Heard = (
    Connected
    | Refused
    | Sendack
    | Recv
    | Broken
    | Pong
    | Disconnect
    | Event
    | Failed
    | Failure
    | Unknown
    | UnknownMethod
)
"""What a session hears.

`Recv` has its plain payload. `Disconnect` means: close the socket and stay away. A `Failure` that
is not followed by `Failed` may be ignored (see `HALF_READ`), and so may `Unknown` and
`UnknownMethod`, which later versions of the protocols may bring.
"""


class ClientSession:
    """One connection of one device.

    Args:
        identity: who connects.
        secret: 32 secret bytes, from which the connection's keys are made. Not used over JSON-RPC.
        version: the highest version of the binary protocol to speak: 3, 4 or 5.
        dialect: speak JSON-RPC as this server does; None speaks the binary protocol.
    """

    def __init__(
        self,
        identity: Identity,
        secret: bytes = b"",
        version: int = 4,
        dialect: Dialect | None = None,
    ) -> None:
        self.identity = identity
        self.version = version if dialect is None else dialect.version
        self.connected: Connected | None = None
        self.ended = ""
        """Why the session is over; empty while it is not."""
        self._secret = secret
        self._dialect = dialect
        self._cipher: Cipher | None = None
        self._held: list[Recv] = []
        self._numbers = itertools.count(1)
        self._frames = binary.Decoder(self.version)
        self._objects = None if dialect is None else jsonrpc.Decoder(dialect, "client")

    # Saying

    def connect(self, now_ms: int) -> bytes:
        """Introduce the device; the first thing to be said.

        Args:
            now_ms: the device's clock, in milliseconds since 1970.
        """
        who = self.identity
        return self._write(
            Connect(
                uid=who.uid,
                version=self.version,
                device_flag=who.device_flag,
                device_id=who.device_id,
                token=who.token,
                client_timestamp=now_ms,
                client_key="" if self._dialect else encryption.public_key(self._secret),
            )
        )

    def send(
        self,
        channel_id: str,
        channel_type: int,
        payload: bytes,
        client_msg_no: str,
        *,
        flags: int = 0,
        expire: int = 0,
        setting: int = 0,
        topic: str = "",
    ) -> tuple[int, bytes]:
        """Send a message.

        Args:
            channel_id: of the group, or the uid of the peer.
            channel_type: 1 for a person, 2 for a group.
            payload: the message in plain. A dialect with raw payloads takes nothing but JSON.
            client_msg_no: the client's own name for the message; the same at each attempt.
            flags: `codes.RED_DOT` and so on.
            expire: after how many seconds the message shall be forgotten; 0 is never.
            setting: `codes.RECEIPT` and so on.
            topic: goes along if `setting` has `codes.TOPIC`.

        Returns:
            The number by which the `Sendack` names this message, and the bytes.

        Raises:
            NotConnected: the server did not let this device in yet, or the session is over.
            Unencodable: something does not fit into the protocol.
        """
        self._must_be_connected()
        number = next(self._numbers)
        packet = Send(
            channel_id=channel_id,
            channel_type=channel_type,
            payload=payload,
            client_seq=number,
            client_msg_no=client_msg_no,
            setting=setting,
            expire=expire,
            topic=topic,
            flags=flags,
        )
        return number, self._write(encryption.seal(packet, self._cipher), number)

    def ack(self, recv: Recv) -> bytes:
        """Confirm a message, so that the server does not send it again.

        Raises:
            NotConnected: the server did not let this device in yet, or the session is over.
        """
        self._must_be_connected()
        return self._write(Recvack(recv.message_id, recv.message_seq, recv.flags))

    def ping(self) -> bytes:
        """Ask whether the server is there.

        Raises:
            NotConnected: the server did not let this device in yet, or the session is over.
        """
        self._must_be_connected()
        return self._write(Ping())

    def _must_be_connected(self) -> None:
        if self.ended:
            raise NotConnected(f"the session is over: {self.ended}")
        if self.connected is None:
            raise NotConnected("the server did not let this device in yet")

    def _write(self, packet: Packet, number: int = 0) -> bytes:
        """Write a packet. What JSON-RPC wants an id for has its method and a number as one."""
        if self._dialect is None:
            return binary.encode(packet, self.version)
        if isinstance(packet, Recvack) and self._dialect.recvack == "notification":
            return jsonrpc.encode(Envelope(packet), self._dialect)
        method = type(packet).__name__.lower()
        id = f"{method}-{number or next(self._numbers)}"
        return jsonrpc.encode(Envelope(packet, id), self._dialect)

    # Hearing

    def receive(self, data: bytes) -> list[Heard]:
        """Take bytes, however they were cut, and tell what they say.

        Nothing is raised: what cannot be read is `Failed`.
        """
        if self.ended:
            return []
        if self._objects is None:
            return self._receive_frames(data)
        return self._receive_objects(self._objects, data)

    def _receive_frames(self, data: bytes) -> list[Heard]:
        packets: Sequence[Packet]
        try:
            packets, why = self._frames.receive(data), ""
        except Malformed as error:
            packets, why = error.packets, str(error)
        return self._hear_each(self._hear, packets, why)

    def _receive_objects(self, decoder: jsonrpc.Decoder, data: bytes) -> list[Heard]:
        envelopes: Sequence[Envelope]
        try:
            envelopes, why = decoder.receive(data), ""
        except BadObject as error:
            envelopes, why = error.envelopes, str(error)
        return self._hear_each(self._hear_object, envelopes, why)

    def _hear_each(
        self, hear: Callable[[Unit], list[Heard]], units: Sequence[Unit], then: str
    ) -> list[Heard]:
        """Hear what could be read, `then` what was wrong after it; nothing after the end."""
        heard: list[Heard] = []
        for unit in units:
            heard += hear(unit)
            if self.ended:
                return heard
        return heard + self._fail(then) if then else heard

    def _hear_object(self, envelope: Envelope) -> list[Heard]:
        packet = envelope.packet
        match packet:
            case Failure(message=message):
                return [packet] if message == HALF_READ else self._fail(f"it answered: {message}")
            case UnknownMethod():
                return [packet]
            case Sendack():
                return [msgspec.structs.replace(packet, client_seq=_number(envelope.id))]
            case _:
                return self._hear(packet)

    def _hear(self, packet: Packet) -> list[Heard]:
        match packet:
            case Recv():
                return self._hear_message(packet)
            case Sendack() | Pong() | Disconnect() | Event() | Unknown():
                return [packet]
            case Connack():
                return self._hear_connack(packet)
            case _:
                kind = type(packet).__name__.upper()
                return self._fail(f"it sent {kind}, which no server does")

    def _hear_message(self, recv: Recv) -> list[Heard]:
        if self.connected is None:
            self._held.append(recv)
            too_many = len(self._held) > HELD_MAX
            return self._fail("it pushes messages and no CONNACK") if too_many else []
        try:
            return [encryption.unseal(recv, self._cipher)]
        except BadSeal as error:
            return [Broken(recv, str(error))]

    def _hear_connack(self, connack: Connack) -> list[Heard]:
        if self.connected is not None:
            return self._fail("it sent CONNACK a second time")
        if connack.reason_code != codes.SUCCESS:
            self.ended = f"refused: {codes.describe_reason(connack.reason_code)}"
            return [Refused(connack.reason_code)]
        try:
            self._cipher = self._agree(connack)
        except BadKey as error:
            return self._fail(str(error))
        self.version = self._negotiated(connack)
        self.connected = Connected(
            version=self.version,
            time_diff_ms=connack.time_diff,
            node_id=connack.node_id,
            encrypted=self._cipher is not None,
        )
        held, self._held = self._held, []
        return [self.connected, *(heard for recv in held for heard in self._hear_message(recv))]

    def _negotiated(self, connack: Connack) -> int:
        if self._dialect is None:
            return self._frames.version
        return self.version if connack.server_version is None else connack.server_version

    def _agree(self, connack: Connack) -> Cipher | None:
        if self._dialect is not None:
            return None
        return encryption.agree(self._secret, connack.server_key, connack.salt)

    def _fail(self, why: str) -> list[Heard]:
        self.ended = why
        return [Failed(why)]


def _number(id: str) -> int:
    """Give the number in the id of a request of ours; 0 if it is none."""
    method, _, number = id.rpartition("-")
    return int(number) if method == "send" and number.isascii() and number.isdigit() else 0
