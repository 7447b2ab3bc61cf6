"""From a problem to a failure: everything that a reader needs to find the cause, as values.

The state table with what was expected beside what is there; since which step a conversation is
absent; what became of the messages that the claim names; which messages an unread count counted.
Sentences are plain text without layout; names in them are those of the scenario.
"""

from __future__ import annotations

from imcli.model.entities import DeviceKey, Entry, channel_key, is_group
from imcli.model.errors import ImcliError
from imcli.model.events import MembersChanged, Pushed
from imcli.model.questions import (
    History,
    HistoryView,
    Kept,
    KeptView,
    Received,
    ReceivedView,
)
from imcli.scenario.checking.check import labels_of
from imcli.scenario.checking.check_lists import SHOWN_ALL_THE_SAME
from imcli.scenario.checking.check_messages import answer_words
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import NOTHING, entry_cell
from imcli.scenario.checking.unread import count_unread, unread_sentences
from imcli.scenario.events import (
    Cell,
    Disagreement,
    Failure,
    StateTable,
    StepRecord,
    TableRow,
)
from imcli.scenario.running.play import Logged, Problem, step_name
from imcli.scenario.running.rerun import Snapshot, Watched, entry_of, speaks_of_cache
from imcli.scenario.running.trace_words import answer_text, event_texts
from imcli.scenario.syntax import Case, HistoryIs

ROWS_MAX = 40
"""A state table in a failure has at most so many rows; those that are wrong come first to stay."""
TRACE_MAX = 200
"""A failure's trace has at most so many steps, the last ones."""

ANSWERS, CACHES = "what the server answers to a full synchronisation", "what the devices show"
"""Whose view a table is: claims about what is shown are judged by caches, all others by answers."""
LABELS_MAX = 5
"""Of the messages that nobody claimed, so many of the newest are told about."""

PLAIN_COLUMNS = ("unread", "last", "read", "deleted")


def explain(case: Case, problems: list[Problem], watched: Watched | None) -> tuple[Failure, ...]:
    """Make the failures of a case; without a watched run they have no table."""
    return tuple(_failure(case, problem, watched) for problem in problems)


def _failure(case: Case, problem: Problem, watched: Watched | None) -> Failure:
    line = problem.span.line
    return Failure(
        kind=problem.kind,
        span=problem.span,
        source=case.lines[line - 1] if 0 < line <= len(case.lines) else "",
        phase=problem.phase,
        step=step_name(problem.phase, problem.number),
        text=problem.text,
        headline=problem.headline,
        disagreements=problem.disagreements,
        judged=problem.judged,
        table=_table(problem, watched) if watched else None,
        because=_because(problem, watched) if watched else (),
        at_ms=problem.at_ms,
    )


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
            rows.append(TableRow(str(key), "-", tuple(Cell("-") for _ in columns)))
    shown = _fit(rows)
    marked = any(cell.changed for row in shown for cell in row.cells)
    caption = CACHES if speaks_of_cache([problem]) else ANSWERS
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
    flags = any(e.pinned or e.muted or e.archived or e.marked_unread for e in entries)
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
        note = f"{note}; {_since(key, entry.chat, watched, listed=True)}"
    return TableRow(str(key), entry.chat, cells, note, bool(about))


def _expected(about: list[Disagreement]) -> dict[str, str]:
    """What was expected of a row, per column; two flags share theirs."""
    found: dict[str, str] = {}
    for disagreement in about:
        for column, value in disagreement.expected:
            found[column] = f"{found[column]}, {value}" if column in found else value
    return found


def _differs(column: str, before: Entry | None, after: Entry, user: str, names: Names) -> bool:
    if before == after:
        return False
    cell = entry_cell(column, after, user, names)
    return cell != (NOTHING if before is None else entry_cell(column, before, user, names))


def _absent_row(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> TableRow:
    since = _since(key, disagreement.conversation, watched, listed=False)
    if disagreement.expected == SHOWN_ALL_THE_SAME:
        note = f"not in the server's list, {since}; the device shows it"
    else:
        words = spoken((value for _, value in disagreement.expected), "it to be listed")
        note = f"expected {words}; {since}"
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


# Since when


def _since(key: DeviceKey, chat: str, watched: Watched, *, listed: bool) -> str:
    """Say since which step a conversation is listed, or absent."""
    snapshots = watched.snapshots
    word = "listed" if listed else "absent"
    if len(snapshots) < 2:
        return f"{word} now"
    for index in range(len(snapshots) - 1, -1, -1):
        if (entry_of(snapshots[index], key, chat) is not None) != listed:
            if index + 1 == len(snapshots):
                return f"{word} now"
            turned = snapshots[index + 1]
            return f"{word} since {turned.step} ({turned.text})"
    return "listed from the start" if listed else "never listed"


def _intervals(key: DeviceKey, chat: str, watched: Watched) -> str:
    """Say from which step to which a conversation was listed, where it came and went."""
    spans: list[list[str]] = []
    open_span = False
    for snapshot in watched.snapshots:
        if entry_of(snapshot, key, chat) is None:
            open_span = False
        elif open_span:
            spans[-1][1] = snapshot.step
        else:
            spans.append([snapshot.step, snapshot.step])
            open_span = True
    if not spans or (len(spans) == 1 and open_span):
        return ""
    words = [f"from {a} to {b}" if a != b else f"after {a} only" for a, b in spans]
    if open_span:
        words[-1] = f"since {spans[-1][0]}"
    return " and ".join(words)


def _gap(key: DeviceKey, chat: str, watched: Watched) -> str:
    """Say when a conversation was last away and by which step; "" where it never went."""
    snapshots = watched.snapshots
    there = [entry_of(snapshot, key, chat) is not None for snapshot in snapshots]
    went = [at for at in range(1, len(there)) if there[at - 1] and not there[at]]
    if not went or not there[-1]:
        return ""
    gone = snapshots[went[-1]]
    back = snapshots[there.index(True, went[-1])]
    entry = entry_of(back, key, chat)
    marked = "" if entry is None or entry.deleted_to else ", without a delete mark"
    went_words = f"{chat} went at {gone.step} ({gone.text})"
    return f"{went_words} and came back at {back.step} ({back.text}){marked}"


# Because


def _because(problem: Problem, watched: Watched) -> tuple[str, ...]:
    sentences = _listed(problem, watched)
    keys = {str(key): key for key in watched.snapshots[-1].lists} if watched.snapshots else {}
    for disagreement in problem.disagreements:
        key = keys.get(disagreement.subject)
        if key is not None and disagreement.conversation:
            cached = speaks_of_cache([problem])
            sentences.extend(_unread(key, disagreement, watched, cached=cached))
            sentences.append(_record_of(key, disagreement, watched))
    labels = dict.fromkeys(label for claim in problem.claims for label in labels_of(claim))
    labels.update(dict.fromkeys(_other_labels(problem, watched)))
    sentences.extend(_fate(label, watched) for label in labels)
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))


def _listed(problem: Problem, watched: Watched) -> list[str]:
    """Say when conversations came and went, devices with the same story in one sentence."""
    stories: dict[str, list[str]] = {}
    keys = {str(key): key for key in watched.snapshots[-1].lists} if watched.snapshots else {}
    for disagreement in problem.disagreements:
        key, chat = keys.get(disagreement.subject), disagreement.conversation
        if key is None or not chat:
            continue
        if _about_listing(key, disagreement, watched):
            spans = _intervals(key, chat, watched)
            story = f"{chat} was listed {spans}" if spans else ""
        else:
            story = _gap(key, chat, watched)
        if story:
            stories.setdefault(story, []).append(disagreement.subject)
    return [f"{story} (on {spoken(who)})." for story, who in stories.items()]


def _about_listing(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> bool:
    """Tell whether a device disagrees about a conversation being there, not about its facts."""
    absent = entry_of(watched.snapshots[-1], key, disagreement.conversation) is None
    return absent or disagreement.expected == (("", "not listed"),)


def _fate(label: str, watched: Watched) -> str:
    """Say what became of a message: the answer to its sender, and where it was pushed."""
    sent = watched.names.sent.get(label)
    if sent is None:
        return ""
    pushed = [
        str(device)
        for entry in watched.log
        if entry.outcome is not None
        for event in entry.outcome.events
        if isinstance(event, Pushed) and watched.names.is_message(label, event.message)
        for device in event.devices
    ]
    words = f"{label} {answer_words(sent)}"
    late = [device for device in _reached(label, watched) if device not in pushed]
    later = f"; it reached {spoken(late)} later" if late else ""
    if pushed:
        joint = " and" if sent.state == "accepted" else "; it was"
        return f"{words}{joint} pushed to {spoken(dict.fromkeys(pushed))}{later}."
    if late:
        return f"{words}; it reached {spoken(late)}."
    return f"{words}, and pushed to no device so far." if sent.state == "accepted" else f"{words}."


def _reached(label: str, watched: Watched) -> list[str]:
    """The watched devices at which a message has arrived by now, on slow links too."""
    found: list[str] = []
    for key in watched.snapshots[-1].lists if watched.snapshots else ():
        try:
            view = watched.look(Received(key.user, key.device))
        except ImcliError:
            return found
        if isinstance(view, ReceivedView) and any(
            watched.names.is_message(label, message) for message in view.arrivals
        ):
            found.append(str(key))
    return found


def _unread(
    key: DeviceKey, disagreement: Disagreement, watched: Watched, *, cached: bool
) -> tuple[str, ...]:
    if not any(column == "unread" for column, _ in disagreement.expected):
        return ()
    entry = entry_of(watched.snapshots[-1], key, disagreement.conversation)
    if entry is None:
        return ()
    try:
        view = watched.look(History(key.user, key.device, entry.chat))
    except ImcliError:
        return ()
    if not isinstance(view, HistoryView):
        return ()
    joined = _joined(key.user, entry.chat, watched.log) if is_group(entry.chat) else 0
    count = count_unread(key.user, entry, view.messages, joined=joined)
    if not cached:
        return unread_sentences(count, watched.names)
    said = unread_sentences(count, watched.names, f"{key} shows")
    lacks = [watched.names.call(m) for m in count.counted if m not in entry.messages]
    return (*said, f"{key} does not have {spoken(lacks)}.") if lacks else said


def _record_of(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> str:
    """Say what the server has stored of a conversation that is missed in a list."""
    chat = disagreement.conversation
    if entry_of(watched.snapshots[-1], key, chat) is not None:
        return ""
    try:
        view = watched.look(Kept(key.user, chat))
    except ImcliError:
        return ""
    if not isinstance(view, KeptView):
        return ""
    if view.entry is None:
        return f"The server has stored no record of {chat} for {key.user}."
    channel = channel_key(key.user, chat)
    marks = [
        f"{word} up to {watched.names.call_seq(channel, mark, view.entry.messages)}"
        for word, mark in (("read", view.entry.read_to), ("deleted", view.entry.deleted_to))
        if mark
    ]
    marked = spoken(marks, "neither read nor deleted")
    return f"The server has stored a record of {chat} for {key.user}: {marked}."


def _other_labels(problem: Problem, watched: Watched) -> list[str]:
    """Name the messages that a history has and the claim about it has not."""
    found: list[str] = []
    for claim in problem.claims:
        if not isinstance(claim, HistoryIs) or claim.relation != "is":
            continue
        for key in watched.names.keys(claim.user, claim.device)[:1]:
            try:
                view = watched.look(History(key.user, key.device, claim.chat))
            except ImcliError:
                continue
            messages = view.messages if isinstance(view, HistoryView) else ()
            found += [watched.names.call(message) for message in messages[-LABELS_MAX:]]
    return found


def _joined(user: str, group: str, log: tuple[Logged, ...]) -> int:
    joined = 0
    for entry in log:
        for event in entry.outcome.events if entry.outcome else ():
            if isinstance(event, MembersChanged) and event.group == group and user in event.joined:
                joined = event.seq + 1
    return joined


# The trace


def trace_of(log: tuple[Logged, ...] | list[Logged], names: Names) -> tuple[StepRecord, ...]:
    """Write the log of a failing case for reports: every action and every answer."""
    return tuple(_record(entry, names) for entry in log[-TRACE_MAX:])


def _record(entry: Logged, names: Names) -> StepRecord:
    outcome = entry.outcome
    return StepRecord(
        step=step_name(entry.phase, entry.number),
        text=entry.text,
        at_ms=entry.at_ms,
        answer=answer_text(outcome) if outcome else "",
        seen=event_texts(outcome.events, names) if outcome else (),
    )
