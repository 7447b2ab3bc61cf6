"""What a served server tells of its clients: one value for each kind of event, one line each.

`--events jsonl` writes the values as they are; for people the command line makes a sentence of
each. Fields are names and numbers as they stand on the wire; everything that a client may have
chosen is text as it came. Nothing here holds a token.
"""

from __future__ import annotations

import msgspec


class Note(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag=str.lower):
    """What every note is: something that happened at a time, in milliseconds since 1970."""

    at_ms: int


class Ready(Note, frozen=True, gc=False):
    """The server listens. Addresses are empty where it does not."""

    profile: str
    http: str
    ws: str
    tcp: str


class Connected(Note, frozen=True, gc=False):
    """A client was let in; `device` is what it is called here, `conn` the number in `/connz`."""

    user: str
    device: str
    device_id: str
    device_flag: int
    conn: int
    transport: str
    protocol: str
    version: int
    address: str


class Refused(Note, frozen=True, gc=False):
    """A client was not let in. It is not told; its socket is closed after some seconds."""

    user: str
    why: str
    address: str


class Left(Note, frozen=True, gc=False):
    """The socket of a client is gone. `user` is empty if it had not been let in."""

    user: str
    device: str
    why: str
    address: str


class Kicked(Note, frozen=True, gc=False):
    """A client is to go: told so with `reason`, or without a word."""

    user: str
    device: str
    why: str
    told: bool


class Sent(Note, frozen=True, gc=False):
    """A message was accepted. `seq` is 0 for one that is not kept."""

    user: str
    device: str
    chat: str
    message_id: int
    seq: int
    client_msg_no: str
    text: str


class Rejected(Note, frozen=True, gc=False):
    """A message was refused; `code` is what SENDACK said, 0 where nothing was said."""

    user: str
    device: str
    chat: str
    client_msg_no: str
    code: int
    why: str


class Received(Note, frozen=True, gc=False):
    """A message went to a device; `attempt` counts from 1."""

    user: str
    device: str
    channel: str
    message_id: int
    seq: int
    attempt: int


class Acknowledged(Note, frozen=True, gc=False):
    """A device said that it has a message."""

    user: str
    device: str
    message_id: int
    seq: int


class Asked(Note, frozen=True, gc=False):
    """Somebody used the HTTP API. `status` 0: the server ended without an answer."""

    method: str
    path: str
    status: int
    about: str


class Hooked(Note, frozen=True, gc=False):
    """A call of a webhook ended: which event, how many things it told, why it failed or ""."""

    kind: str
    count: int
    why: str


class Happened(Note, frozen=True, gc=False):
    """Something in the server itself: a flush, a restart, a fault, a step of a script."""

    what: str
