"""How the JSON-RPC protocols of WuKongIM's versions differ, and what is common to all of them.

A JSON-RPC connection says the same packets as a binary one, each in an `Envelope` with the id of
its request. Three things changed between versions, and nobody negotiates them: whoever speaks must
know the server's version. That is this table; what each word means is read in `requests` and
`replies`, and `jsonrpc` is the door to all of it.

Source: WuKongIM `pkg/jsonrpc/codec.go` and `types.go` at v2.1.4, v2.2.0, v2.2.1, v2.2.3, v2.2.5.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.wire.packets import Packet, WireError

MAX_OBJECT_BYTES = 8 << 20
"""A payload of 1 MiB, every character of it escaped, still fits."""
MAX_DEPTH = 200
"""Of objects and arrays in each other. Servers allow 10,000; nobody means it."""
HALF_READ = "unexpected EOF"
"""A server's answer to half an object. It reads the object all the same when the rest has come."""


class Dialect(msgspec.Struct, frozen=True):
    """What servers from one version on expect."""

    since: tuple[int, ...]
    payload: Literal["raw", "base64"]
    """`raw`: the message is the JSON text of any value; `base64`: any bytes, as text."""
    recvack: Literal["request", "notification"]
    pong: Literal["notification", "response"]
    events: bool
    version: int
    """What the server takes a client for that states no version of the binary protocol."""


DIALECTS: tuple[Dialect, ...] = (
    Dialect((2, 2, 3), "base64", "notification", "response", events=True, version=5),
    Dialect((2, 2, 1), "raw", "notification", "response", events=True, version=5),
    Dialect((2, 2, 0), "raw", "notification", "response", events=False, version=4),
    Dialect((2, 1, 4), "raw", "request", "notification", events=False, version=4),
)
"""Newest first. Only 2.1.4, 2.1.5, 2.2.0 and 2.2.5 were measured."""


def dialect_of(server: tuple[int, ...]) -> Dialect | None:
    """Tell which dialect a server speaks; None before 2.1.4, which closes at the first brace.

    >>> dialect_of((2, 1, 3)) is None, dialect_of((2, 1, 5)) is DIALECTS[-1]
    (True, True)
    """
    return next((dialect for dialect in DIALECTS if server >= dialect.since), None)


class Failure(msgspec.Struct, frozen=True):
    """The server could not read what the client sent, and will not read anything after it.

    A refused message is no failure: it is a `Sendack` with its reason. `code` is always 0.
    """

    message: str
    code: int = 0


class UnknownMethod(msgspec.Struct, frozen=True):
    """The server notifies of something that no known version has; a client skips it."""

    method: str


class Envelope(msgspec.Struct, frozen=True):
    """A packet with the id of its request; empty where there is none.

    There is no client_seq in JSON: the id tells which SEND a `Sendack` answers.
    """

    packet: Packet | Failure | UnknownMethod
    id: str = ""


class BadObject(WireError):
    """JSON that says nothing, in the words in which a server answers it.

    Attributes:
        id: of the request, as far as it could be read; a server repeats it in its `Failure`.
        envelopes: the good ones that came before, in the same call.
    """

    def __init__(self, message: str, id: str = "", envelopes: tuple[Envelope, ...] = ()) -> None:
        super().__init__(message)
        self.id = id
        self.envelopes = envelopes
