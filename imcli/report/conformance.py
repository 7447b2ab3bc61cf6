"""How far a profile explains recordings, for people: first what differs, then how many agree.

A divergence is shown as a case that failed is: where it is, what was asked, both answers field by
field with the differing ones marked, the steps up to there and what the server had at that moment.
Only the first few are shown whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imcli.conform.judged import Divergence, Judged, StateRow, counts
from imcli.report.layout import INDENT, Line, Style
from imcli.report.text import cut, pad, safe, width

WHOLE_MAX = 10
NAMED_MAX = 50
NARROW = 70
"""The state table needs as much."""


def report_lines(results: Sequence[Judged], columns: int = 100) -> list[Line]:
    """Show what diverged, and a summary per profile and kind of recording."""
    columns = max(columns, NARROW)
    diverging = [each for each in results if each.divergence is not None]
    lines: list[Line] = []
    for each in diverging[:WHOLE_MAX]:
        lines += [*divergence_lines(each, columns), ("", "")]
    if len(diverging) > WHOLE_MAX:
        lines += _named(diverging[WHOLE_MAX:])
    return lines + summary_lines(results)


def _named(results: Sequence[Judged]) -> list[Line]:
    """Name further divergences in one line each, and count the rest."""
    lines: list[Line] = [("", "Diverging too:")]
    for each in results[:NAMED_MAX]:
        lines.append(("", safe(f"{INDENT}{each.place}  {_where(each.divergence)}")))
    if len(results) > NAMED_MAX:
        lines.append(("", f"{INDENT}and {len(results) - NAMED_MAX} more"))
    return [*lines, ("", "")]


def _where(found: Divergence | None) -> str:
    if found is None:
        return ""
    return f"step {found.step}" if found.step else f"after the last step: {found.part}"


def divergence_lines(each: Judged, columns: int) -> list[Line]:
    """Show one divergence whole."""
    found = each.divergence
    assert found is not None, "only what diverges is shown"
    head = f"{each.place}  diverges on {each.profile} at {_where(found)}"
    lines: list[Line] = [("bold", safe(head)), ("", ""), ("", safe(f"{INDENT}{found.asked}"))]
    lines += [("", ""), *_side_by_side(found, columns)]
    lines += [("", ""), ("", f"{INDENT}Steps so far:"), *_steps(found, columns)]
    if found.state:
        lines += [("", ""), ("", f"{INDENT}The simulated server at that moment:")]
        lines += _grid([STATE_HEAD, *map(_state_cells, found.state)], columns)
    return lines


def _side_by_side(found: Divergence, columns: int) -> list[Line]:
    """Lay both answers side by side; `*` marks the fields that differ."""
    rows = [("", "field", "recorded", "simulated")]
    rows += [("*" if f.differs else "", f.path, f.recorded, f.simulated) for f in found.fields]
    return _grid(rows, columns)


def _steps(found: Divergence, columns: int) -> list[Line]:
    last = len(found.steps) if found.step else 0
    lines: list[Line] = []
    for number, text in enumerate(found.steps, 1):
        mark = "*" if number == last else " "
        lines.append(("", cut(safe(f"{INDENT}{mark} {number:>3}  {text}"), columns)))
    return lines


STATE_HEAD = ("user", "channel", "last", "row", "R", "D", "count", "waits", "listed", "unread")


def _state_cells(row: StateRow) -> tuple[str, ...]:
    return (
        row.user,
        row.channel,
        str(row.last_seq),
        _yes(row.stored),
        _number(row.read_to),
        _number(row.deleted_to),
        _number(row.stored_unread),
        _number(row.waiting),
        _yes(row.listed),
        _number(row.unread),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _grid(rows: Iterable[Sequence[str]], columns: int) -> list[Line]:
    """Align rows under their heading; a row that begins with `*` is a bad one."""
    table = [[safe(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    room = columns - len(INDENT) - sum(widths[:-2]) - 2 * (len(widths) - 1)
    widths[-2] = min(widths[-2], max(8, room // 2))
    widths[-1] = min(widths[-1], max(8, room - widths[-2]))
    lines: list[Line] = []
    for number, row in enumerate(table):
        padded = (pad(cut(cell, size), size) for cell, size in zip(row, widths, strict=True))
        style: Style = "dim" if number == 0 else "bad" if row[0] == "*" else ""
        lines.append((style, f"{INDENT}{'  '.join(padded)}".rstrip()))
    return lines


def summary_lines(results: Sequence[Judged]) -> list[Line]:
    """Count per profile and kind of recording, and all together."""
    lines: list[Line] = []
    for each in counts(results):
        told = f"{each.agree} agree, {each.diverge} diverge"
        kind = f"{each.version} {each.form} {each.mode}"
        style: Style = "bad" if each.diverge else ""
        lines.append((style, safe(f"{each.profile}  on {kind}: {told}")))
    diverge = sum(each.divergence is not None for each in results)
    steps = sum(each.steps for each in results)
    total = f"{len(results) - diverge} of {len(results)} recordings agree ({steps} steps)"
    return [*lines, ("bold", total)]
