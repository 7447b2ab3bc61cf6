"""One request: how its body is read, and how an answer says what is wrong with it.

Source: WuKongIM `internal/api/` and `pkg/wkhttp`. Names of fields are matched whatever their case,
unknown ones are passed over, absent ones have Go's zero value. An answer is a status and a body;
handled errors are 400 `{"msg", "status"}`, with texts that vary and mean nothing to programs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from imcli.model.actions import Action
from imcli.model.entities import FORBIDDEN_ID_CHARACTERS
from imcli.model.events import Event
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.simulator.wukongim.ids import fake, key_of
from imcli.simulator.wukongim.traits import Traits

Reply = tuple[int, Any]
PERSON, GROUP = 1, 2
OTHER_TYPE = "\x1f"
"""Stands before the type in the name of a channel that is neither a person's nor a group's."""

OK: Reply = (200, {"status": 200})
ABSENT: Reply = (200, {"status": 404})
NO_ROUTE: Reply = (404, "404 page not found")
PANIC: Reply = (500, None)


class BadRequest(Exception):
    """A request that is answered with 400 and this text."""


def failed(text: str) -> Reply:
    """Say that something is wrong."""
    return 400, {"msg": text, "status": 400}


def chat_name(channel_id: str, channel_type: int) -> str:
    r"""Name the chat that an id and a type mean.

    >>> chat_name("B", 1), chat_name("team", 2), chat_name("q", 3)
    ('B', '#team', '#q\x1f3')
    """
    if channel_type == PERSON:
        return channel_id
    return f"#{channel_id}" if channel_type == GROUP else f"#{channel_id}{OTHER_TYPE}{channel_type}"


def address(chat: str) -> tuple[str, int]:
    """Give the id and the type of a chat; the inverse of `chat_name`."""
    if chat[:1] != "#":
        return chat, PERSON
    name, other, kind = chat[1:].partition(OTHER_TYPE)
    return name, int(kind) if other else GROUP


def key_of_internal(internal: str) -> str:
    """Name the channel that a person channel's internal id means; "" for what is none."""
    first, between, second = internal.partition("@")
    if not between or "@" in second:
        return ""
    key = key_of(first, second)
    other = key_of(second, first)
    if key != other:  # a tie: two channels, named as WuKongIM names them
        return internal
    return key if fake(first, second) == internal else ""


def is_special(text: str) -> bool:
    """Tell whether an id has a character that channels cannot be named with."""
    return any(character in text for character in FORBIDDEN_ID_CHARACTERS)


class Call:
    """A request to one server."""

    __slots__ = ("body", "events", "query", "server")

    def __init__(
        self, server: Server, query: Mapping[str, str], body: Any, events: list[Event]
    ) -> None:
        self.server = server
        self.query = query
        self.body = body
        self.events = events

    def apply(self, action: Action) -> list[Event]:
        """Do one action; what it causes is also put with the other events of this call."""
        events = self.server.apply(action)
        self.events += events
        return events

    @property
    def state(self) -> State:
        """The server's tables."""
        return self.server.state

    @property
    def keeping(self) -> RowKeeping:
        """The server's keeping of conversations."""
        keeping = self.server.keeping
        assert isinstance(keeping, RowKeeping), "only WuKongIM's profiles have this face"
        return keeping

    @property
    def traits(self) -> Traits:
        """What this version does otherwise than others."""
        return self.keeping.traits

    def fields(self, struct: str = "") -> Fields:
        """Read the body as an object.

        Raises:
            BadRequest: it is empty, or no object.
        """
        if self.body is None:
            raise BadRequest("EOF")
        if not isinstance(self.body, dict):
            raise BadRequest(
                f"json: cannot unmarshal {kind_of(self.body)} into Go value of type api.{struct}"
            )
        return Fields(self.body, struct)

    def uids(self) -> list[str]:
        """Read the body as an array of user ids."""
        if self.body is None:
            raise BadRequest("EOF")
        return texts(self.body, "")

    def know(self, *users: str) -> None:
        """Make users known: a server of this kind asks nobody to register."""
        for user in users:
            if user not in self.state.users:
                self.state.add_user(user)


def kind_of(value: object) -> str:
    """Name a JSON value as Go's decoder does."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return f"number {msgspec.json.encode(value).decode()}"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def texts(value: object, field: str) -> list[str]:
    """Read an array of texts; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRequest(f"json: cannot unmarshal {kind_of(value)} into {field} of type []string")
    for each in value:
        if not isinstance(each, str):
            raise BadRequest(f"json: cannot unmarshal {kind_of(each)} into {field} of type string")
    return value


class Fields:
    """The fields of an object, by name in any case."""

    __slots__ = ("_struct", "_values")

    def __init__(self, values: Mapping[str, Any], struct: str) -> None:
        self._values = {name.lower(): value for name, value in values.items()}
        self._struct = struct

    def get(self, name: str) -> Any:
        """Give a field as it came; None where it is absent or null."""
        return self._values.get(name)

    def _wrong(self, name: str, value: object, wanted: str) -> BadRequest:
        place = f"Go struct field {self._struct}.{name}"
        return BadRequest(f"json: cannot unmarshal {kind_of(value)} into {place} of type {wanted}")

    def text(self, name: str) -> str:
        """Read a text."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, value, "string")
        return value

    def number(self, name: str, low: int = 0, high: int = (1 << 64) - 1, of: str = "uint64") -> int:
        """Read a whole number of a Go type."""
        value = self._values.get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(name, value, of)
        return value

    def integer(self, name: str) -> int:
        """Read a whole number with a sign."""
        return self.number(name, -(1 << 63), (1 << 63) - 1, "int")

    def channel_type(self) -> int:
        """Read `channel_type`."""
        return self.number("channel_type", 0, 255, "uint8")

    def flag(self, name: str) -> bool:
        """Read a flag: only 1 is true."""
        return self.integer(name) == 1

    def texts(self, name: str) -> list[str]:
        """Read an array of texts."""
        return texts(self._values.get(name), f"Go struct field {self._struct}.{name}")

    def objects(self, name: str) -> list[Fields]:
        """Read an array of objects."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong(name, value, "[]struct")
        return [Fields(each, self._struct) for each in value]

    def inner(self, name: str) -> Fields:
        """Read an object; an absent one is empty."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, value, "struct")
        return Fields(value or {}, self._struct)

    def octets(self, name: str) -> bytes:
        """Read bytes: padded base64, or an array of numbers."""
        value = self._values.get(name)
        if value is None:
            return b""
        try:
            if isinstance(value, str):
                return base64.b64decode(value, validate=True)
            return bytes(value)
        except (binascii.Error, ValueError, TypeError):
            raise BadRequest(f"illegal base64 data at input byte 0 ({name})") from None


Handler = Callable[[Call], Reply]
