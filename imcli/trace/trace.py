"""What happened: actions and the events that they caused, in order.

A `Trace` is what the checker judges, what is compared between two runs, and what is kept to be
looked at later: JSON lines, the first of which names the format and its version. Between two
targets only what each session saw can be compared, because a real server promises no order across
sessions; `sessions` splits a trace that way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from imcli.model.actions import Action
from imcli.model.entities import DeviceKey
from imcli.model.errors import InvalidInput
from imcli.model.events import ConversationPushed, Event, Pushed

Line = TypeVar("Line")

FORMAT = "imcli-trace"
VERSION = 1


class Header(msgspec.Struct, frozen=True):
    """The first line of a saved trace."""

    format: str
    version: int


class Step(msgspec.Struct, frozen=True):
    """One action with its events."""

    action: Action
    events: tuple[Event, ...]


class Difference(msgspec.Struct, frozen=True):
    """Where two traces part: the step (from 0), the session if any, and both sides as text."""

    step: int
    session: DeviceKey | None
    left: str
    right: str


class Trace:
    """Steps in order."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.steps: list[Step] = list(steps)

    def record(self, action: Action, events: Sequence[Event]) -> None:
        """Add a step."""
        self.steps.append(Step(action, tuple(events)))

    def events(self) -> Iterator[Event]:
        """Give all events in order."""
        for step in self.steps:
            yield from step.events

    def sessions(self) -> dict[DeviceKey, list[Event]]:
        """Split the events by the device that saw them; what nobody saw is left out.

        A push to several devices is one event of each.
        """
        split: dict[DeviceKey, list[Event]] = {}
        for event in self.events():
            for device, seen in witnesses(event):
                split.setdefault(device, []).append(seen)
        return split


def witnesses(event: Event) -> list[tuple[DeviceKey, Event]]:
    """Name who saw an event, and what of it: of a push only that it came to oneself."""
    replace = msgspec.structs.replace
    match event:
        case Pushed(devices=devices):
            return [(key, replace(event, devices=(key,))) for key in devices]
        case ConversationPushed(user=user, devices=names):
            return [(DeviceKey(user, name), replace(event, devices=(name,))) for name in names]
        case _:
            user, device = getattr(event, "user", ""), getattr(event, "device", "")
            return [(DeviceKey(user, device), event)] if user and device else []


# Saving and loading


def dump_lines(trace: Trace) -> Iterator[bytes]:
    """Write a trace as JSON lines, each with its line end: a header, then a line per step."""
    encode = msgspec.json.Encoder().encode
    yield encode(Header(FORMAT, VERSION)) + b"\n"
    for step in trace.steps:
        yield encode(step) + b"\n"


def load_lines(lines: Iterable[bytes | str]) -> Trace:
    """Read what `dump_lines` wrote.

    Raises:
        InvalidInput: it is no trace, of a newer version, or a line is damaged; the line is named.
    """
    rest = iter(lines)
    header = _decode(next(rest, b""), Header, 1)
    if header.format != FORMAT:
        raise InvalidInput(f"line 1: this is no trace but {header.format!r}")
    if header.version > VERSION:
        raise InvalidInput(
            f"line 1: the trace has version {header.version}, this program reads up to {VERSION}",
            hint="use the newer imcli that wrote it",
        )
    return Trace(_decode(line, Step, number) for number, line in enumerate(rest, 2) if line.strip())


def _decode(line: bytes | str, kind: type[Line], number: int) -> Line:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeError) as problem:
        raise InvalidInput(f"line {number}: not a line of a trace: {problem}") from None


# Comparing


def compare(left: Trace, right: Trace) -> Difference | None:
    """Compare two traces step by step; None where they are equal."""
    for index in range(max(len(left.steps), len(right.steps))):
        pair = [t.steps[index] if index < len(t.steps) else None for t in (left, right)]
        if pair[0] != pair[1]:
            return Difference(index, None, str(pair[0]), str(pair[1]))
    return None


def compare_sessions(left: Trace, right: Trace) -> list[Difference]:
    """Compare what each session saw, whatever the order across sessions; first difference each."""
    one, two = left.sessions(), right.sessions()
    found: list[Difference] = []
    for device in dict.fromkeys([*one, *two]):
        mine, other = one.get(device, []), two.get(device, [])
        for index in range(max(len(mine), len(other))):
            pair = [seen[index] if index < len(seen) else None for seen in (mine, other)]
            if pair[0] != pair[1]:
                found.append(Difference(index, device, str(pair[0]), str(pair[1])))
                break
    return found
