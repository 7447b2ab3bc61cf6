"""What the rows of a state table say together: each thing once, and nothing against each other.

A table is exact for every device that it names, so two rows about one conversation of one device
cannot both be meant, nor a conversation of a device that has nothing by another row. Rows about any
conversation (`*`) may be several: each is one more conversation.
"""

from __future__ import annotations

from collections.abc import Sequence

from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.scope import Scope
from imcli.scenario.syntax import Span

ANYTHING = "*"
NOTHING = "-"

Row = tuple[str, ...]
"""The cells of a row; none where it could not be read."""

Said = dict[str, dict[str, int]]
"""Per device: the conversations that it has, or `NOTHING`, and the line that says so."""


def note_contradictions(
    columns: tuple[str, ...], rows: Sequence[tuple[Row, Span]], scope: Scope, problems: Problems
) -> None:
    """Note the rows that say nothing, or what an earlier row says or denies."""
    if "device" not in columns or "conversation" not in columns:
        return
    said: Said = {}
    device_at, chat_at = columns.index("device"), columns.index("conversation")
    for row, span in rows:
        if not row:
            continue
        if all(cell == ANYTHING for at, cell in enumerate(row) if at != device_at):
            expected = "a conversation, or something that is said of one"
            problems.add(span, "this row says nothing", expected)
            continue
        complaint = _complaint(row[device_at], row[chat_at], span.line, said, scope)
        if complaint:
            problems.add(span, complaint)


def _complaint(device: str, chat: str, line: int, said: Said, scope: Scope) -> str:
    """Say why a row cannot stand beside the earlier ones, or ""; and remember what it says."""
    complaint = ""
    for key in _devices(device, scope):
        have = said.setdefault(key, {})
        complaint = complaint or _against(key, chat, have)
        have.setdefault(chat, line)
    return complaint


def _against(device: str, chat: str, have: dict[str, int]) -> str:
    if chat in have and chat != ANYTHING:
        what = "nothing" if chat == NOTHING else f"{chat}"
        return f"line {have[chat]} is already about {device} and {what}"
    if NOTHING in have:
        return f"line {have[NOTHING]} says that {device} has nothing"
    if chat == NOTHING and have:
        return f"{device} has something by line {min(have.values())}"
    return ""


def _devices(device: str, scope: Scope) -> list[str]:
    """Name the devices that a row is about; none where it names one that there is not."""
    named, dot, _ = device.partition(".")
    if dot:
        return [device]
    users = list(scope.devices) if named == ANYTHING else [named]
    return [f"{user}.{one}" for user in users for one in scope.devices.get(user, ())]
