"""The first bytes of a connection, as a server of each version takes them.

Until a client is let in, every read is looked at in the same way: it must begin with CONNECT, in
binary or in JSON, and nothing should stand behind it. What happens where something does is
different from version to version (see `manners`). Nothing is answered here: either there is a
CONNECT to judge, or more bytes are needed, or the socket is to be closed without a word.

Source: WuKongIM `internal/server/proto.go`, `handleUnauthenticatedConn` and `unpacket`.
"""

from __future__ import annotations

import msgspec

from imcli.model.entities import FORBIDDEN_ID_CHARACTERS
from imcli.wire import codes
from imcli.wire.binary import Decoder
from imcli.wire.dialects import BadObject, Dialect
from imcli.wire.frames import Malformed, survey
from imcli.wire.jsonrpc import Decoder as JsonDecoder
from imcli.wire.manners import Manner
from imcli.wire.objects import looks_like_json
from imcli.wire.packets import Connect


class Greeting(msgspec.Struct, frozen=True):
    """A client introduced itself.

    Attributes:
        connect: who it says it is.
        id: of the JSON-RPC request.
        is_json: whether it speaks JSON-RPC, and so the connection does.
        rest: bytes that stand behind and are not thrown away.
    """

    connect: Connect
    id: str = ""
    is_json: bool = False
    rest: bytes = b""


class Unwelcome(Exception):
    """The socket is to be closed; the text is for whoever runs the server."""


def greet(early: bytes, manner: Manner, dialect: Dialect | None) -> Greeting | None:
    """Look for CONNECT in what a client said so far; None if it is not all there yet.

    Args:
        early: everything since the last CONNECT, at most one frame and one read.
        manner: how this server treats what stands behind.
        dialect: of JSON-RPC; None if it is not spoken.

    Raises:
        Unwelcome: it is something else.
    """
    if dialect is not None and looks_like_json(early):
        return _checked(_json_greeting(early, dialect))
    greeting = _binary_greeting(early, manner)
    return None if greeting is None else _checked(greeting)


def _checked(greeting: Greeting) -> Greeting:
    uid = greeting.connect.uid
    if not uid.strip() or any(mark in uid for mark in FORBIDDEN_ID_CHARACTERS):
        raise Unwelcome(f"the uid is empty or has one of {' '.join(FORBIDDEN_ID_CHARACTERS)} in it")
    return greeting


def _json_greeting(early: bytes, dialect: Dialect) -> Greeting:
    """Half an object counts as none, and what stands behind a whole one is thrown away."""
    decoder = JsonDecoder(dialect, "server")
    try:
        envelopes = tuple(decoder.receive(early))
    except BadObject as error:
        envelopes = error.envelopes
    if not envelopes:
        raise Unwelcome("the first object cannot be read, or is not whole")
    packet = envelopes[0].packet
    if not isinstance(packet, Connect):
        raise Unwelcome("the first object is no connect")
    return Greeting(packet, envelopes[0].id, is_json=True)


def _binary_greeting(early: bytes, manner: Manner) -> Greeting | None:
    try:
        found = survey(early)
        if not found.first_end:
            return None
        if manner.behind_connect == "closes" and found.last_kind != codes.CONNECT:
            raise Unwelcome("the last frame of the first read is no CONNECT")
        (packet,) = Decoder().receive(early[: found.first_end])
    except Malformed as error:
        raise Unwelcome(str(error)) from error
    if not isinstance(packet, Connect):
        raise Unwelcome("the first frame is no CONNECT")
    kept_from = found.whole_end if manner.behind_connect == "discarded" else found.first_end
    return Greeting(packet, rest=early[kept_from:])
