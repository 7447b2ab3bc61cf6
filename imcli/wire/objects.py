"""Cutting a stream of JSON objects that nothing separates.

Over TCP the objects stand back to back, so the end of one can only be found by counting braces.
What is inside is not looked at: a piece that has as many braces as it should may still be no JSON.
Every byte is looked at once, however the stream was cut.
"""

from __future__ import annotations

import re

from imcli.wire.dialects import MAX_DEPTH, MAX_OBJECT_BYTES, BadObject

_SPACE = re.compile(rb"[ \t\r\n]*")
_OUTSIDE = re.compile(rb'(?:[^"{}\[\]]*+"[^"\\]*+")*+[^"{}\[\]]*+(["{}\[\]])')
"""The next brace, or the beginning of a string that has escapes in it or no end yet. Whole strings
without escapes are passed over, which is most of an object."""
_INSIDE = re.compile(rb'[^"\\]*+(["\\])')


def looks_like_json(data: bytes) -> bool | None:
    """Tell whether the first bytes of a connection are JSON; None if there is only space so far.

    This is how a server tells the two protocols apart (`pkg/jsonrpc/codec.go`).

    >>> looks_like_json(b' {"method"'), looks_like_json(bytes([0x10])), looks_like_json(b" ")
    (True, False, None)
    """
    first = data.lstrip(b" \t\r\n")[:1]
    return first == b"{" if first else None


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def mend_halves(text: bytes) -> bytes:
    r"""Put U+FFFD for half a character, which JavaScript writes and this side's reader refuses.

    >>> mend_halves(rb'"\ud83d"'), mend_halves(rb'"\ud83d\ude00 \\ud83d"')
    (b'"\\ufffd"', b'"\\ud83d\\ude00 \\\\ud83d"')
    """
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["lone"] else found[0], text)


class Splitter:
    """Bytes go in, whole objects come out."""

    def __init__(self, limit_bytes: int = MAX_OBJECT_BYTES) -> None:
        self._limit = limit_bytes
        self._buffer = bytearray()
        self._seen = 0
        self._depth = 0
        self._in_string = False

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished object wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._buffer += data

    def next_object(self) -> bytes | None:
        """Give the next whole object; None if more bytes are needed.

        Raises:
            BadObject: something else stands there, or it is too long or too deep.
        """
        if self._depth == 0:
            self._skip_space()
        end = self._scan()
        if (end or len(self._buffer)) > self._limit:
            raise BadObject(f"an object of more than {self._limit} bytes")
        if end is None:
            return None
        found = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._seen = 0
        return found

    def _skip_space(self) -> None:
        space = _SPACE.match(self._buffer)
        assert space is not None
        # The match must be gone before the buffer may change its size.
        length = space.end()
        del space, self._buffer[:length]
        if self._buffer and self._buffer[0] != ord("{"):
            raise BadObject("what stands here is no JSON object")

    def _scan(self) -> int | None:
        at = self._seen
        while (found := self._next_mark(at)) is not None:
            mark, place = found
            at = place + 1
            if self._in_string:
                at += mark == ord("\\")  # whatever comes next is escaped
                self._in_string = mark != ord('"')
            elif mark == ord('"'):
                self._in_string = True
            elif self._count(mark) == 0:
                return at
        # One beyond the end if the last byte escapes the first of the next piece.
        self._seen = max(at, len(self._buffer))
        return None

    def _next_mark(self, at: int) -> tuple[int, int] | None:
        found = (_INSIDE if self._in_string else _OUTSIDE).match(self._buffer, at)
        if found is None:
            return None
        place = found.end() - 1
        return self._buffer[place], place

    def _count(self, mark: int) -> int:
        self._depth += 1 if mark in b"{[" else -1
        if self._depth > MAX_DEPTH:
            raise BadObject(f"more than {MAX_DEPTH} objects and arrays in each other")
        return self._depth
