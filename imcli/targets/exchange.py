r"""What went over the wire in one world, as values: for whoever must believe a report.

A real server's maintainer does not know this program, but knows requests, answers and frames. A
target that speaks to a real server notes them in a `Transcript` and gives them by `exchanges()`
(the protocol `Recorded`); reports write them down.

Three promises. Secrets never enter: tokens are masked by the name of their field, and whatever is
named in `hidden` is replaced wherever it stands. It is small: texts are cut, and of very many
exchanges the first and the last are kept. It is quick: a frame is kept as it is, and put into words
only when somebody asks.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

TEXT_MAX = 4_096
"""Characters of a body, an answer or a frame that are kept."""
FIRST_KEPT = 40
LAST_KEPT = 260
LOOK_BACK = 8

Direction = Literal["sent", "received"]
KINDS = {"Connected": "CONNACK", "Refused": "CONNACK"}
"""What a session hears, by the name of the frame that said it; else it has that name."""


class Asked(msgspec.Struct, frozen=True, omit_defaults=True, tag="asked", tag_field="type"):
    """One HTTP request and what came back.

    `at_ms` is from the opening of the world. `status` 0: no answer, and `answer` says why. `times`
    counts equal requests with equal answers (a poll), and `took_ms` is what all of them took.
    """

    at_ms: int
    took_ms: int
    method: str
    path: str
    body: str = ""
    status: int = 0
    answer: str = ""
    times: int = 1


class Frame(msgspec.Struct, frozen=True, omit_defaults=True, tag="frame", tag_field="type"):
    """One frame of a device's session (`A.phone`): its kind (`SEND`), its fields as JSON."""

    at_ms: int
    device: str
    direction: Direction
    kind: str
    value: str = ""


Exchange = Asked | Frame


class Exchanges(msgspec.Struct, frozen=True):
    """What was noted; `left_out` is how many exchanges in the middle were not kept."""

    all: tuple[Exchange, ...] = ()
    left_out: int = 0


@runtime_checkable
class Recorded(Protocol):
    """A target that noted what went over the wire."""

    def exchanges(self) -> Exchanges:
        """Give what was noted since the world was opened."""


class _Passed(msgspec.Struct, frozen=True):
    """A frame as it was noted, not yet in words."""

    at_ms: int
    device: str
    direction: Direction
    packet: msgspec.Struct


_Noted = Asked | _Passed


class Transcript:
    """Notes exchanges, from whatever thread; `clock` is monotonic, in milliseconds.

    `hidden` are (text, what stands there instead): the manager token, the prefix of a run's ids.
    """

    def __init__(self, clock: Callable[[], int], *, hidden: tuple[tuple[str, str], ...] = ()):
        self._clock = clock
        self._opened_ms = clock()
        self._hidden = tuple(pair for pair in hidden if pair[0])
        self._lock = threading.Lock()
        self._first: list[_Noted] = []
        self._last: deque[_Noted] = deque(maxlen=LAST_KEPT)
        self._count = 0

    def asked(
        self, began_ms: int, method: str, path: str, body: str, status: int, answer: bytes | str
    ) -> None:
        """Note a request that began at `began_ms` of the clock and is over now."""
        if isinstance(answer, bytes):
            answer = answer[: TEXT_MAX * 4].decode(errors="replace")
        noted = Asked(
            began_ms - self._opened_ms,
            self._clock() - began_ms,
            method,
            self._plain(path),
            self._plain(body),
            status,
            self._plain(answer),
        )
        with self._lock:
            if not self._joined(noted):
                self._note(noted)

    def frame(self, device: str, direction: Direction, packet: msgspec.Struct) -> None:
        """Note a frame of a device's session, or what it was heard as."""
        with self._lock:
            self._note(_Passed(self._clock() - self._opened_ms, device, direction, packet))

    def exchanges(self) -> Exchanges:
        """Give what was noted, in order of its beginning."""
        with self._lock:
            kept = [*self._first, *self._last]
            left_out = self._count - len(kept)
        told = sorted(map(self._told, kept), key=lambda exchange: exchange.at_ms)
        return Exchanges(tuple(told), left_out)

    def _note(self, noted: _Noted) -> None:
        self._count += 1
        if len(self._first) < FIRST_KEPT:
            self._first.append(noted)
        else:
            self._last.append(noted)

    def _joined(self, noted: Asked) -> bool:
        """Count a look that was answered as before, with only looks in between, with the first."""
        place = self._last or self._first
        for back in range(1, min(len(place), LOOK_BACK) + 1):
            before = place[-back]
            if not isinstance(before, Asked):
                return False
            if _same(noted, before):
                took_ms = noted.at_ms + noted.took_ms - before.at_ms
                place[-back] = replace(before, times=before.times + 1, took_ms=took_ms)
                return True
            if not _LOOK.search(before.path):
                return False
        return False

    def _told(self, noted: _Noted) -> Exchange:
        if isinstance(noted, Asked):
            return noted
        name = type(noted.packet).__name__
        kind = KINDS.get(name, name.upper())
        fields = msgspec.to_builtins(noted.packet)
        said = {field: value for field, value in fields.items() if value != ""}
        value = self._plain(msgspec.json.encode(said).decode())
        return Frame(noted.at_ms, noted.device, noted.direction, kind, value)

    def _plain(self, text: str) -> str:
        text = without_secrets(text)
        for hidden, instead in self._hidden:
            text = text.replace(hidden, instead)
        return text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "…"


_LOOK = re.compile(r"^/(?:cluster/|route|varz|connz|health)|sync$|/onlinestatus$|/channels$")
"""Paths that change nothing: waiting asks one of them, or several in turn, again and again."""


def _same(noted: Asked, before: Asked) -> bool:
    return replace(noted, at_ms=0, took_ms=0) == replace(before, at_ms=0, took_ms=0, times=1)


_SECRET = re.compile(r'("(?:[a-z_]*token|password|client_key|server_key|salt)"\s*:\s*)"[^"]+"')


def without_secrets(text: str) -> str:
    """Mask the values of fields of a JSON text that are secrets by their name.

    >>> without_secrets('{"uid":"A","token":"t0p"}')
    '{"uid":"A","token":"***"}'
    """
    return _SECRET.sub(r'\1"***"', text)
