"""What client and server say to each other, as values.

One class for each packet of the protocol, whichever bytes carry it: `binary` and `jsonrpc` both
read and write these. A value holds what was said, nothing about how; a field that the other side's
version or the JSON dialect has no room for is left out when it is written, and has its default when
it was not there. No behaviour lives here.

`flags` is the header nibble (`codes.RED_DOT` and so on), `setting` the bits of SEND and RECV.
Message ids are 64-bit integers, never floats. `payload` is what stands on the wire: ciphertext
where the connection is encrypted (`encryption` turns one into the other).
"""

from __future__ import annotations

import msgspec


class WireError(ValueError):
    """The one family of errors that this room raises about what it is given."""


class Unencodable(WireError):
    """A value that has no form on the wire, or none in this version or dialect."""


class Connect(msgspec.Struct, frozen=True, gc=False):
    """The client introduces itself, and must then be silent until CONNACK."""

    uid: str
    version: int = 4
    device_flag: int = 0
    device_id: str = ""
    token: str = ""
    client_timestamp: int = 0
    """In milliseconds."""
    client_key: str = ""
    """Base64 of an X25519 public key."""
    flags: int = 0


class Connack(msgspec.Struct, frozen=True, gc=False):
    """The server lets the client in. Real servers send it for success only."""

    time_diff: int = 0
    """Server's clock minus client's, in milliseconds; may be negative."""
    reason_code: int = 1
    server_key: str = ""
    """Empty: nothing is encrypted on this connection."""
    salt: str = ""
    server_version: int | None = None
    """The negotiated version; told only to clients that speak 4 or more."""
    node_id: int = 0
    """Told from version 4 on."""


class Send(msgspec.Struct, frozen=True, gc=False):
    """A client's message to a channel; for a person, `channel_id` is the peer's uid."""

    channel_id: str
    channel_type: int
    payload: bytes = b""
    client_seq: int = 0
    """The client's own number, echoed in SENDACK."""
    client_msg_no: str = ""
    msg_key: str = ""
    setting: int = 0
    expire: int = 0
    """In seconds; from version 3 on."""
    topic: str = ""
    """On the wire if `setting` has the topic bit."""
    stream_no: str = ""
    """On the wire if `setting` has the stream bit, in versions 2 to 4."""
    flags: int = 0


class Sendack(msgspec.Struct, frozen=True, gc=False):
    """What became of a SEND. `message_seq` is 0 if it was refused or is not to be stored."""

    message_id: int
    message_seq: int
    reason_code: int
    client_seq: int = 0
    flags: int = 0


class Recv(msgspec.Struct, frozen=True, gc=False):
    """A message for this client; for a person, `channel_id` is the peer as the receiver sees it."""

    message_id: int
    message_seq: int
    channel_id: str
    channel_type: int
    from_uid: str = ""
    payload: bytes = b""
    timestamp: int = 0
    """When it was pushed, in seconds: not when it was stored."""
    client_msg_no: str = ""
    msg_key: str = ""
    setting: int = 0
    expire: int = 0
    topic: str = ""
    stream_flag: int = 0
    """0 start, 1 going on, 2 end; with `stream_no` and `stream_id` if the stream bit is set."""
    stream_no: str = ""
    stream_id: int = 0
    flags: int = 0


class Recvack(msgspec.Struct, frozen=True, gc=False):
    """The client has the message. `flags` echo those of the RECV."""

    message_id: int
    message_seq: int = 0
    flags: int = 0


class Ping(msgspec.Struct, frozen=True, gc=False):
    """The client is there."""


class Pong(msgspec.Struct, frozen=True, gc=False):
    """So is the server."""


class Disconnect(msgspec.Struct, frozen=True, gc=False):
    """The server sends the client away, and that client should stay away."""

    reason_code: int
    reason: str = ""
    flags: int = 0


class Sub(msgspec.Struct, frozen=True, gc=False):
    """A subscription, which every server ignores. `action`: 0 subscribe, 1 unsubscribe."""

    sub_no: str
    channel_id: str
    channel_type: int
    action: int = 0
    param: str = ""
    setting: int = 0
    flags: int = 0


class Suback(msgspec.Struct, frozen=True, gc=False):
    """The answer to a subscription, which no server sends."""

    sub_no: str
    channel_id: str
    channel_type: int
    action: int = 0
    reason_code: int = 1
    flags: int = 0


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something about a message, such as the next piece of a stream; never encrypted or acked."""

    id: str
    type: str
    timestamp: int = 0
    """Whatever the HTTP caller gave; milliseconds by custom."""
    data: bytes = b""
    flags: int = 0


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """A frame of a type that no version defines: a client skips it, a server closes."""

    kind: int
    body: bytes = b""
    flags: int = 0


Packet = (
    Connect
    | Connack
    | Send
    | Sendack
    | Recv
    | Recvack
    | Ping
    | Pong
    | Disconnect
    | Sub
    | Suback
    | Event
    | Unknown
)
