"""Lists of details inside a sentence: the facts of a claim, the options of a send.

A detail is a row of its own with its own holes. Each is said once; of those that are kinds of the
same thing, such as a command and a notice, only one may stand there.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.scenario.table.patterns import (
    Detail,
    DetailRow,
    Reading,
    Slots,
    match_parts,
    write_parts,
)


def read_details(which: str) -> Callable[[Reading, int, Slots, str], int]:
    """Make the reader of a comma-separated list of rows of facts or options."""

    def read(reading: Reading, at: int, slots: Slots, field: str) -> int:
        found: list[Detail] = []
        while True:
            detail, end = _detail_at(reading, at, reading.details[which])
            if detail is None:
                if not found:
                    return -1
                at -= 1
                break
            against = _against(detail.row, found)
            if against:
                reading.refuse(at, against)
                return -1
            found.append(detail)
            at = end
            if at >= len(reading.tokens) or reading.tokens[at].kind != "comma":
                reading.miss(at, ",")
                break
            at += 1
        slots.details = tuple(sorted(found, key=lambda one: one.row.order))
        return at

    return read


def _against(row: DetailRow, found: list[Detail]) -> str:
    """Say why a fact or an option cannot stand beside those before it, or ""."""
    for other in found:
        if other.row.field == row.field:
            return f"{row.field} is said twice"
        if row.kind and other.row.kind == row.kind:
            return f"a message is either a {other.row.field} or a {row.field}"
    return ""


def _detail_at(reading: Reading, at: int, rows: tuple[DetailRow, ...]) -> tuple[Detail | None, int]:
    for row in rows:
        slots = Slots()
        mentions = len(reading.mentions)
        end = match_parts(row.parts, reading, at, slots)
        if end >= 0:
            return Detail(row, slots), end
        del reading.mentions[mentions:]
    return None, -1


def write_details(slots: Slots, field: str) -> str:
    """Write the details of a sentence, in the order of the table."""
    return ", ".join(write_parts(one.row.parts, one.slots) for one in slots.details)
