"""From a problem to a failure: everything that a reader needs to find the cause, as values.

The state table with what was expected beside what is there, and the trace of the steps. The
sentences that say why are those of `because.py`.
"""

from __future__ import annotations

from imcli.model.entities import DeviceKey, Entry
from imcli.scenario.checking.check_lists import SHOWN_ALL_THE_SAME
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import NOTHING, entry_cell
from imcli.scenario.events import (
    Cell,
    Disagreement,
    Failure,
    StateTable,
    StepRecord,
    TableRow,
)
from imcli.scenario.running.because import because, since
from imcli.scenario.running.play import Logged, Problem, step_name
from imcli.scenario.running.rerun import Rerun, Snapshot, Watched, entry_of, speaks_of_cache
from imcli.scenario.running.trace_words import answer_text, event_texts
from imcli.scenario.syntax import Assert, Case

ROWS_MAX = 40
"""A state table in a failure has at most so many rows; those that are wrong come first to stay."""
TRACE_MAX = 200
"""A failure's trace has at most so many steps, the last ones."""

ANSWERS, CACHES = "the server's answer to a full synchronisation", "each device's own cache"
"""Whose view a table is: claims about what is shown are judged by caches, all others by answers."""

PLAIN_COLUMNS = ("unread", "last", "read", "deleted")


def explain(case: Case, problems: list[Problem], rerun: Rerun | None) -> tuple[Failure, ...]:
    """Make the failures of a case; without a watched run they have no table."""
    return tuple(
        _failure(case, problem, rerun.at(problem) if rerun else None) for problem in problems
    )


def _failure(case: Case, problem: Problem, watched: Watched | None) -> Failure:
    line = problem.span.line
    source = case.lines[line - 1] if 0 < line <= len(case.lines) else ""
    return Failure(
        kind=problem.kind,
        span=problem.span,
        source=source,
        phase=problem.phase,
        step=step_name(problem.phase, problem.number),
        text=problem.text,
        headline=problem.headline,
        disagreements=problem.disagreements,
        judged=problem.judged,
        table=_table(problem, watched) if watched else None,
        because=because(problem, watched) if watched else (),
        at_ms=problem.at_ms,
        verb=_verb(case, problem, source),
    )


def _verb(case: Case, problem: Problem, source: str) -> str:
    """Give the call of an own verb in which a claim stands: there it has the place of its step."""
    steps = {"given": case.given, "steps": case.steps, "cleanup": case.cleanup}[problem.phase]
    step = steps[problem.number - 1] if problem.number <= len(steps) else None
    if not isinstance(step, Assert) or step.text in source:
        return ""
    if any(claim.span != step.span for claim in step.claims):
        return ""  # an assertion of the file begins with a word that its claims do not have
    start = step.span.column - 1
    call = source[start : start + step.span.length]
    return call if call[:1].isalpha() else ""  # in a string with escapes the place is the string


# The state table


def _table(problem: Problem, watched: Watched) -> StateTable | None:
    if not watched.snapshots:
        return None
    last = watched.snapshots[-1]
    columns = _columns(problem, last)
    changed, legend = _last_change(watched)
    rows: list[TableRow] = []
    for key, view in last.lists.items():
        mine = [d for d in problem.disagreements if d.subject == str(key)]
        rows.extend(_row(key, entry, mine, columns, changed, watched) for entry in view.entries)
        listed = {entry.chat for entry in view.entries}
        absent = [d for d in mine if d.conversation and d.conversation not in listed]
        rows.extend(_absent_row(key, d, watched) for d in absent)
        if not view.entries and not absent:
            rows.append(TableRow(str(key), NOTHING, tuple(Cell(NOTHING) for _ in columns)))
    shown = _fit(rows)
    marked = any(cell.changed for row in shown for cell in row.cells)
    caption = CACHES if speaks_of_cache(problem) else ANSWERS
    left_out = len(rows) - len(shown)
    return StateTable(columns, tuple(shown), legend if marked else "", left_out, caption)


def _fit(rows: list[TableRow]) -> list[TableRow]:
    if len(rows) <= ROWS_MAX:
        return rows
    spare = max(0, ROWS_MAX - sum(row.wrong for row in rows))
    kept: list[TableRow] = []
    for row in rows:
        if row.wrong:
            kept.append(row)
        elif spare:
            spare -= 1
            kept.append(row)
    return kept[:ROWS_MAX]


def _columns(problem: Problem, last: Snapshot) -> tuple[str, ...]:
    claimed = {column for d in problem.disagreements for column, _ in d.expected}
    entries = [entry for view in last.lists.values() for entry in view.entries]
    flags = any(entry.flags for entry in entries)
    columns = list(PLAIN_COLUMNS)
    if "messages" in claimed:
        columns.insert(2, "messages")
    if flags or "flags" in claimed:
        columns.append("flags")
    return tuple(columns)


def _row(
    key: DeviceKey,
    entry: Entry,
    mine: list[Disagreement],
    columns: tuple[str, ...],
    changed: dict[tuple[DeviceKey, str], Entry | None],
    watched: Watched,
) -> TableRow:
    about = [d for d in mine if d.conversation == entry.chat]
    expected = _expected(about)
    before = changed.get((key, entry.chat), entry)
    cells = tuple(
        Cell(
            entry_cell(column, entry, key.user, watched.names),
            expected.get(column),
            _differs(column, before, entry, key.user, watched.names),
        )
        for column in columns
    )
    note = "expected not to be listed" if expected.get("") == "not listed" else ""
    if note:
        note = f"{note}; {since(key, entry.chat, watched, listed=True)}"
    return TableRow(str(key), entry.chat, cells, note, bool(about))


def _expected(about: list[Disagreement]) -> dict[str, str]:
    """What was expected of a row, per column; two flags share theirs, and alternatives are told."""
    found: dict[str, dict[str, None]] = {}
    for disagreement in about:
        wanted: dict[str, str] = {}
        for column, value in disagreement.expected:
            wanted[column] = f"{wanted[column]}, {value}" if column in wanted else value
        for column, value in wanted.items():
            found.setdefault(column, {})[value] = None
    return {column: " or ".join(values) for column, values in found.items()}


def _differs(column: str, before: Entry | None, after: Entry, user: str, names: Names) -> bool:
    if before == after:
        return False
    cell = entry_cell(column, after, user, names)
    return cell != (NOTHING if before is None else entry_cell(column, before, user, names))


def _absent_row(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> TableRow:
    when = since(key, disagreement.conversation, watched, listed=False)
    if not disagreement.expected:
        note = when  # it is no claim about lists, which expects nothing of them
    elif disagreement.expected == SHOWN_ALL_THE_SAME:
        note = f"not in the server's list, {when}; the device shows it"
    else:
        words = spoken(value for _, value in disagreement.expected)
        note = f"expected {words}; {when}"
    return TableRow(str(key), disagreement.conversation, (), note, True)


def _last_change(watched: Watched) -> tuple[dict[tuple[DeviceKey, str], Entry | None], str]:
    """What the last step that changed anything changed: the entries as they were before it."""
    snapshots = watched.snapshots
    for index in range(len(snapshots) - 1, 0, -1):
        before, after = snapshots[index - 1], snapshots[index]
        found: dict[tuple[DeviceKey, str], Entry | None] = {}
        for key, view in after.lists.items():
            for entry in view.entries:
                old = entry_of(before, key, entry.chat)
                if old != entry:
                    found[key, entry.chat] = old
        if found or _lost(before, after):
            return found, f"changed by {after.step} ({after.text})"
    return {}, ""


def _lost(before: Snapshot, after: Snapshot) -> bool:
    return any(
        entry_of(after, key, entry.chat) is None
        for key, view in before.lists.items()
        for entry in view.entries
    )


# The trace


def trace_of(log: tuple[Logged, ...] | list[Logged], names: Names) -> tuple[StepRecord, ...]:
    """Write the log of a failing case for reports: every action and every answer."""
    return tuple(_record(entry, names) for entry in log[-TRACE_MAX:])


def _record(entry: Logged, names: Names) -> StepRecord:
    outcome = entry.outcome
    link = entry.text.startswith("link ")
    seen = event_texts(outcome.events, names, link=link) if outcome else ()
    return StepRecord(
        step=step_name(entry.phase, entry.number),
        text=entry.text,
        at_ms=entry.at_ms,
        answer=answer_text(outcome) if outcome else "",
        seen=(*seen, entry.stored) if entry.stored else seen,
    )
