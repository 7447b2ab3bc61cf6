"""The stream of run events as JSON lines, one event a line, written as it happens; and back.

This is the one report from which all others can be made later. `docs/events.md` describes it. Each
line begins with the version of the format. Characters that could act on a terminal are escaped, so
that `cat` on such a file is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from imcli.model.errors import InvalidInput
from imcli.scenario.events import VERSION, RunEvent

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[RunEvent] = msgspec.json.Decoder(RunEvent)
_PREFIX = f'{{"v":{VERSION},'

_INVISIBLE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)


class _Head(msgspec.Struct):
    v: int = 0


def event_line(event: RunEvent) -> str:
    """Write one event as a line, without its end.

    The name of a file need not be text: what is none of it is written visibly.
    """
    try:
        text = _PREFIX + _ENCODER.encode(event).decode()[1:]
    except UnicodeEncodeError:
        told = msgspec.convert(_as_text(msgspec.to_builtins(event)), RunEvent)
        text = _PREFIX + _ENCODER.encode(told).decode()[1:]
    return text if text.isprintable() else _INVISIBLE.sub(_escape, text)


def _as_text(value: object) -> object:
    r"""Replace what is no text, in whatever is made of plain values.

    >>> _as_text({"path": ["a\udcff.toml"]})
    {'path': ['a\\udcff.toml']}
    """
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_as_text(key): _as_text(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(held) for held in value]
    return value


def _escape(match: re.Match[str]) -> str:
    units = match.group(0).encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


class JsonLinesReport:
    """Writes each event when it comes; `write` takes a line with its end."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        self._write(event_line(event) + "\n")


def read_events(lines: Iterable[str]) -> Iterator[RunEvent]:
    """Read what was written; empty lines are passed over.

    Raises:
        InvalidInput: a line is no run event, or is of another version; it says which line.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            head = msgspec.json.decode(line, type=_Head)
            if head.v != VERSION:
                raise InvalidInput(
                    f"line {number}: events of version {head.v}, and this is for {VERSION}"
                )
            yield _DECODER.decode(line)
        except msgspec.DecodeError as error:
            raise InvalidInput(f"line {number} is no run event: {error}") from None
