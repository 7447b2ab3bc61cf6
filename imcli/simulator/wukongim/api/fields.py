"""What a request says: reading its body as Go's decoders do.

Names of fields are matched whatever their case, unknown ones are passed over, absent ones have Go's
zero value. What cannot be decoded is an `Undecodable`, what is decoded and not accepted a
`BadRequest`: the two are answered alike but for the content type (`GIN_ROUTES` in `routes.py`).
`first_value` reads the bytes: whatever follows the first JSON value is passed over, as both
decoders do.

Source: WuKongIM `internal/api/channel.go:BindJSON`, gin 1.8.2 `binding/json.go`, measured.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

import msgspec


class BadRequest(Exception):
    """A request that is answered with 400 and this text."""


class Undecodable(BadRequest):
    """A body that cannot be read as what the route wants."""


def first_value(body: bytes) -> Any:
    """Read the first JSON value of a body; an empty one is None.

    Args:
        body: the bytes of the body, whatever they are.

    Raises:
        Undecodable: it begins with no JSON value.

    >>> first_value(b'{"a": 1}garbage'), first_value(b"  ")
    ({'a': 1}, None)
    """
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _slowly(body)


def _slowly(body: bytes) -> Any:
    """Read what has something behind its first value."""
    text = body.decode(errors="replace").strip(" \t\r\n")
    try:
        return _whole_text(_DECODER.raw_decode(text)[0])
    except json.JSONDecodeError as error:
        if error.pos >= len(text):
            raise Undecodable("unexpected EOF") from None
        wrong = f"invalid character {text[error.pos : error.pos + 1]!r}"
        raise Undecodable(f"{wrong} looking for beginning of value") from None
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)) from None


def _no_number(name: str) -> Any:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _whole_text(value: Any) -> Any:
    """Put U+FFFD in the place of half a character, as Go does."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_whole_text(each) for each in value]
        case dict():
            return {_whole_text(name): _whole_text(each) for name, each in value.items()}
        case _:
            return value


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
    """Read an array of texts; null is an empty one.

    Raises:
        Undecodable: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise Undecodable(f"json: cannot unmarshal {kind_of(value)} into {field} of type []string")
    for each in value:
        if not isinstance(each, str):
            raise Undecodable(f"json: cannot unmarshal {kind_of(each)} into {field} of type string")
    return value


class Fields:
    """The fields of an object, by name in any case. Each reader raises `Undecodable`."""

    __slots__ = ("_struct", "_values")

    def __init__(self, values: Mapping[str, Any], struct: str) -> None:
        self._values = {name.lower(): value for name, value in values.items()}
        self._struct = struct

    def get(self, name: str) -> Any:
        """Give a field as it came; None where it is absent or null."""
        return self._values.get(name)

    def _wrong(self, name: str, value: object, wanted: str) -> Undecodable:
        place = f"Go struct field {self._struct}.{name}"
        return Undecodable(f"json: cannot unmarshal {kind_of(value)} into {place} of type {wanted}")

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
        return 0 if value is None else self._whole(name, value, low, high, of)

    def _whole(self, name: str, value: object, low: int, high: int, of: str) -> int:
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

    def numbers(self, name: str) -> list[int]:
        """Read an array of whole numbers that are not negative."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, value, "[]uint64")
        return [self._whole(name, each, -(1 << 63), (1 << 64) - 1, "uint64") for each in value]

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
            return bytes(self.numbers(name))
        except (binascii.Error, ValueError):
            raise Undecodable(f"illegal base64 data at input byte 0 ({name})") from None
