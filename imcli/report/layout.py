"""Tables and failures as lines of text: the one layout that console, JUnit and issue share.

A line is a (style, text) pair; the console paints styles, the others drop them. Nothing is wider
than the width that is asked for (tables that do not fit are written as a stack of records), but for
the line that reproduces a failure: it is to be copied, so it is not broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from imcli.report.text import cut, pad, safe, width, wrap
from imcli.scenario.events import CaseResult, Cell, Disagreement, Failure, StateTable, TableRow

Style = Literal["", "bad", "good", "warn", "dim", "bold"]
Line = tuple[Style, str]

NARROW = 40
"""No layout is made for less than this."""
INDENT = "  "
STEPS_MAX = 8
"""So many of the last steps are shown below a failure."""
UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
HEADINGS = {"read": "read to", "deleted": "deleted to"}
"""Columns whose heading says more than their name in a `table:` claim."""


def failure_lines(case: CaseResult, columns: int = 100, *, with_steps: bool = False) -> list[Line]:
    """Show everything that is known about a case that did not pass.

    `with_steps` adds the last steps of its trace, for where no whole trace follows.
    """
    columns = max(columns, NARROW)
    lines: list[Line] = []
    shown = False
    for index, failure in enumerate(case.failures):
        last = index + 1 == len(case.failures)
        table = failure.table
        wanted = table is not None and (_is_marked(table) or (last and not shown))
        shown = shown or wanted
        lines += _failure(case, failure, columns, with_table=wanted)
        lines.append(("", ""))
    if with_steps and case.trace and case.failures:
        lines += [*step_lines(case, columns), ("", "")]
    if case.order:
        lines += _wrapped(f"Order of `together`: {'; '.join(case.order)}.", columns)
    if case.repeat:
        lines += _wrapped(f"Failed in repeat {case.repeat}, with seed {case.seed}.", columns)
    for note in case.notes:
        lines += _wrapped(f"Note: {note}.", columns)
    if case.result in ("unexpected pass", "known failure", "skipped"):
        lines += _wrapped(f"{case.result.capitalize()}: {case.reason}.", columns)
    if case.reproduce:
        lines.append(("", safe(f"{INDENT}Reproduce: {case.reproduce}")))
    return lines


def message_of(case: CaseResult) -> str:
    """One line that says what is wrong with a case that did not pass, and where."""
    failure = case.failures[0] if case.failures else None
    if case.result == "unexpected pass" or failure is None:
        return case.reason or case.result
    if failure.kind in ("target", "limit"):
        return failure.headline
    phase = "" if failure.phase == "steps" else f"{failure.phase}, "
    first = next(iter(failure.disagreements), None)
    said = failure.headline if first is None else f"{first.subject} {first.said}"
    return f"{phase}line {failure.span.line}: {failure.text.rstrip(':')}: {said}"


def _is_marked(table: StateTable) -> bool:
    return any(row.wrong for row in table.rows)


def _failure(case: CaseResult, failure: Failure, columns: int, *, with_table: bool) -> list[Line]:
    lines: list[Line] = []
    phase = "" if failure.phase == "steps" else f" in {failure.phase}"
    head = f"{failure.span}  {case.result}{phase} on {case.target.name}"
    lines += [("bold", line) for line in wrap(safe(head), columns, "", INDENT)]
    lines.append(("", ""))
    source = source_lines(failure, columns)
    lines += source
    lines += _meant(failure, source[0][1], columns)
    lines += _said(failure, columns)
    if with_table and failure.table is not None:
        lines.append(("", ""))
        lines += table_lines(failure.table, columns, INDENT)
    if failure.because:
        lines.append(("", ""))
        for sentence in failure.because:
            lines += _wrapped(sentence, columns)
    return lines


def _meant(failure: Failure, shown: str, columns: int) -> list[Line]:
    """The sentence itself, where the line that is shown has it in other words, or not at all."""
    if not failure.disagreements or not failure.source.strip():
        return []  # then it is said anyway
    text = " ".join(failure.text.split())
    start = failure.span.column - 1
    whole = safe(failure.source[start : start + failure.span.length]) in shown
    if not failure.verb and (text.endswith(":") or (whole and _is_in(failure.source, text))):
        return []
    lead = f'in the verb "{failure.verb}"' if failure.verb else "that is"
    return _wrapped(f"{lead}: {text}", columns)


def _is_in(source: str, text: str) -> bool:
    """Tell whether a line has a sentence, whichever escapes and blanks either is written with."""
    return _unescaped(text) in _unescaped(source)


def _unescaped(written: str) -> str:
    """Undo what a string of TOML or JSON may do to a sentence, as far as it can be seen here."""
    plain = UNICODE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
    return " ".join(plain.replace("\\", "").split())


def source_lines(failure: Failure, columns: int) -> list[Line]:
    """The line of the file with a caret under the place; the sentence where there is no line."""
    number = str(failure.span.line)
    bar = f"{INDENT}{' ' * len(number)} │ "
    if not failure.source.strip():
        return [("", f"{bar}{cut(safe(failure.text), columns - width(bar))}")]
    start = max(0, failure.span.column - 1)
    before, rest = failure.source[:start], failure.source[start:]
    marked, after = rest[: failure.span.length], rest[failure.span.length :]
    stripped = safe(before).lstrip()
    room = columns - len(bar)
    if width(stripped) > room // 2:
        stripped = "…" + stripped[-(room // 2) :]
    text = cut(stripped + safe(marked) + safe(after), room)
    carets = "^" * max(1, min(width(safe(marked)), room - width(stripped)))
    return [
        ("", f"{INDENT}{number} │ {text}"),
        ("bad", f"{bar}{' ' * width(stripped)}{carets}"),
    ]


def _said(failure: Failure, columns: int) -> list[Line]:
    lines: list[Line] = []
    for sentence in disagreement_sentences(failure.disagreements):
        lines += [("bad", line) for line in wrap(safe(sentence), columns, INDENT, INDENT)]
    if not failure.disagreements:
        text = f"{failure.text.rstrip(':')}: {failure.headline.rstrip('.')}."
        lines += [("bad", line) for line in wrap(safe(text), columns, INDENT, INDENT)]
    if failure.judged:
        lines += [("dim", line) for _, line in _wrapped(f"({failure.judged})", columns)]
    return lines


def disagreement_sentences(disagreements: Iterable[Disagreement]) -> list[str]:
    """A sentence for each way of disagreeing; who disagrees in the same way stands behind it."""
    groups: dict[str, list[str]] = {}
    for disagreement in disagreements:
        groups.setdefault(disagreement.said, []).append(disagreement.subject)
    sentences = []
    for said, subjects in groups.items():
        others = list(dict.fromkeys(subjects[1:]))
        same = f"  ({', '.join(others)}: the same)" if others else ""
        sentences.append(f"{subjects[0]} {said}.{same}")
    return sentences


def _wrapped(text: str, columns: int) -> list[Line]:
    return [("", line) for line in wrap(safe(text), columns, INDENT, INDENT)]


# Tables


def table_lines(table: StateTable, columns: int, indent: str = "") -> list[Line]:
    """A state table as lines; `*` behind a value marks what the last change changed."""
    lines = _grid(table, indent)
    caption = wrap(f"{table.caption}:", columns, indent, indent) if table.caption else []
    if any(width(text) > columns for _, text in lines):
        lines = _stack(table, columns, indent)
    lines = [*(("dim", line) for line in caption), *lines]
    if table.left_out:
        lines.append(("dim", f"{indent}and {table.left_out} more rows"))
    if table.legend:
        lines += [("dim", line) for line in wrap(f"* {safe(table.legend)}", columns, indent, "  ")]
    return lines


def _heading(column: str) -> str:
    return HEADINGS.get(column) or safe(column)


def _cell(cell: Cell) -> str:
    mark = "*" if cell.changed else ""
    expected = f" (expected {cell.expected})" if cell.expected is not None else ""
    return safe(f"{cell.value}{mark}{expected}")


def _grid(table: StateTable, indent: str) -> list[Line]:
    heads = ["device", "conversation", *map(_heading, table.columns)]
    body = [
        [safe(row.device), safe(row.conversation), *map(_cell, row.cells)] for row in table.rows
    ]
    noted = [bool(row.note) for row in table.rows]
    widths = [
        max(
            width(cells[index])
            for cells, note in [(heads, False), *zip(body, noted, strict=True)]
            if index < (2 if note else len(heads))
        )
        for index in range(len(heads))
    ]
    lines: list[Line] = [("dim", _grid_line(heads, widths, indent))]
    for row, cells in zip(table.rows, body, strict=True):
        style: Style = "bad" if row.wrong else ""
        if row.note:
            cells = [*cells[:2], safe(row.note)]
        lines.append((style, _grid_line(cells, widths, indent)))
    return lines


def _grid_line(cells: list[str], widths: list[int], indent: str) -> str:
    padded = (pad(cell, columns) for cell, columns in zip(cells, widths, strict=False))
    return (indent + "   ".join(padded)).rstrip()


def _stack(table: StateTable, columns: int, indent: str) -> list[Line]:
    """One record per row, for narrow terminals and long texts."""
    lines: list[Line] = []
    for row in table.rows:
        style: Style = "bad" if row.wrong else ""
        head = safe(f"{row.device}  {row.conversation}")
        lines += [(style, line) for line in wrap(head, columns, indent, INDENT)]
        lines += [(style, line) for line in wrap(_record(table, row), columns, indent + INDENT)]
    return lines


def _record(table: StateTable, row: TableRow) -> str:
    if row.note:
        return safe(row.note)
    heads = map(_heading, table.columns)
    return ", ".join(f"{h} {_cell(c)}" for h, c in zip(heads, row.cells, strict=True))


def trace_lines(case: CaseResult) -> list[str]:
    """Every action with its time and its answer, and what was seen to happen."""
    lines: list[str] = []
    for record in case.trace:
        lines.append(safe(f"{record.step:<10} {record.at_ms:>7} ms  {record.text}"))
        lines.append(safe(f"{'':<21} -> {record.answer}"))
        lines.extend(safe(f"{'':<24} {seen}") for seen in record.seen)
    return lines


def step_lines(case: CaseResult, columns: int) -> list[Line]:
    """The last steps of a case, each with what it caused where that is more than an acceptance."""
    earlier = len(case.trace) - STEPS_MAX
    before = f", after {earlier} earlier ones" if earlier > 0 else ""
    lines: list[Line] = [("dim", f"{INDENT}The steps that led here{before}:")]
    for record in case.trace[-STEPS_MAX:]:
        notes = [] if record.answer == "ok" else [record.answer]
        notes += [seen for seen in record.seen if not seen.startswith("accepted as ")]
        said = f" → {'; '.join(notes)}" if notes else ""
        text = f"{record.step}  {record.text}{said}"
        lines += [("dim", line) for line in wrap(safe(text), columns, INDENT * 2, INDENT * 4)]
    return lines


def plain(lines: Iterable[Line]) -> str:
    """Lines without their styles, as one text."""
    return "\n".join(text for _, text in lines)
