"""What `serve` tells, in one line for people and one line of JSON for programs.

Names and texts may come from anybody who can connect: whole lines are escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from imcli.cli.output import json_text
from imcli.report.text import cut, safe
from imcli.serve.notes import (
    Acknowledged,
    Asked,
    Connected,
    Happened,
    Hooked,
    Kicked,
    Left,
    Note,
    Ready,
    Received,
    Refused,
    Rejected,
    Sent,
)

TEXT_COLUMNS = 60


def _device(note: Any) -> str:
    return f"{note.user}.{note.device}" if note.device else note.user or "a client"


def _connected(note: Connected) -> str:
    how = f"{note.transport}, {note.protocol} {note.version}, {note.address}, conn {note.conn}"
    return f"{_device(note)} connects ({how}, device id {note.device_id or 'empty'})"


def _sent(note: Sent) -> str:
    place = f"seq {note.seq}" if note.seq else "not kept"
    return f'{_device(note)} sends {note.chat} "{cut(safe(note.text), TEXT_COLUMNS)}" ({place})'


def _rejected(note: Rejected) -> str:
    code = f"reason {note.code}" if note.code else "without an answer"
    return f"{_device(note)} sends {note.chat}: refused, {code} ({note.why})"


def _received(note: Received) -> str:
    again = f" again, attempt {note.attempt}" if note.attempt > 1 else ""
    place = f"seq {note.seq}" if note.seq else f"message {note.message_id}"
    return f"{_device(note)} is sent {place} of {note.channel}{again}"


def _asked(note: Asked) -> str:
    about = f" {note.about}" if note.about else ""
    return f"{note.method} {note.path}{about}: {note.status or 'no answer'}"


def _refused(note: Refused) -> str:
    return f"{note.user or 'a client'} is not let in: {note.why} ({note.address})"


def _kicked(note: Kicked) -> str:
    return f"{_device(note)} must go: {note.why}{'' if note.told else ' (it is not told)'}"


def _hooked(note: Hooked) -> str:
    told = f"webhook {note.kind} with {note.count}"
    return f"{told}: {safe(note.why)}" if note.why else f"{told} is taken"


def _ready(note: Ready) -> str:
    return " ".join(filter(None, (f"ready: {note.profile} at", note.http, note.ws, note.tcp)))


LINES: dict[type[Note], Callable[[Any], str]] = {
    Ready: _ready,
    Connected: _connected,
    Refused: _refused,
    Left: lambda note: f"{_device(note)} is gone: {safe(note.why)} ({note.address})",
    Kicked: _kicked,
    Sent: _sent,
    Rejected: _rejected,
    Received: _received,
    Acknowledged: lambda note: f"{_device(note)} has seq {note.seq}, message {note.message_id}",
    Asked: _asked,
    Hooked: _hooked,
    Happened: lambda note: note.what,
}


def line_of(note: Note) -> str:
    """Say a note in one line of text."""
    said = safe(LINES[type(note)](note))
    return said if isinstance(note, Ready) else f"{clock_of(note.at_ms)}  {said}"


def json_of(note: Note) -> str:
    """Write a note as one line of JSON."""
    return json_text(note, indent=0, ascii_only=False)


def clock_of(at_ms: int) -> str:
    """Give the time of day in UTC, with milliseconds.

    >>> clock_of(1_700_000_000_123)
    '22:13:20.123'
    """
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%H:%M:%S}.{at_ms % 1000:03d}"
