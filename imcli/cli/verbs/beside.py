"""One conversation of a live server, as four places tell of it, side by side.

What they say is read in `targets/live/side_by_side.py` and judged in `trace/readings.py`; here it
is laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imcli.cli.tables import Row, Table
from imcli.cli.text import visible
from imcli.model.versions import version_text
from imcli.report.text import cut, wrap
from imcli.trace.readings import Finding, Readings, Where, compare, disagreeing, settled

if TYPE_CHECKING:
    from imcli.cli.shell import Shell
    from imcli.model.entities import Entry, Message

COLUMNS = ("where", "is there", "unread", "last", "read", "messages")
SUBJECTS: dict[Where, tuple[str, str]] = {
    "log": ("log", "the log"),
    "record": ("record", "the record"),
    "list": ("list", "the list"),
    "by-channel": ("by channel", "the answer by channel"),
}
"""What each place is called: as a heading, and in a sentence."""
LAST_COLUMNS = 24
"""Which message it is matters here, not what it says."""


def show_beside(shell: Shell, user: str, chat: str) -> bool:
    """Read, compare and print; tells whether they agree and nothing is about to change."""
    from imcli.cli.verbs.desk import open_desk
    from imcli.cli.verbs.unread_live import read_beside

    with open_desk(shell, user) as desk:
        readings = read_beside(desk, user, chat)
    findings = compare(readings)
    if shell.form in ("json", "jsonl"):
        shell.show_one(record_of(readings, findings), "", ())
    else:
        shell.show(table_of(readings))
        if shell.form == "table":
            shell.write("\n" + "\n".join(verdict(readings, findings, shell.world.line_columns)))
    return settled(findings)


def table_of(readings: Readings) -> Table:
    """The four, a row each."""
    log = readings.log
    rows = (
        row("log", bool(log), None, log),
        row("record", readings.record is not None, readings.record, ()),
        row("list", readings.listed is not None, readings.listed, messages_of(readings.listed)),
        *by_channel_row(readings),
    )
    return Table(COLUMNS, rows, numbers=("unread", "read"))


def by_channel_row(readings: Readings) -> tuple[Row, ...]:
    """The answer by channel, where the version has one."""
    entry = readings.by_channel
    if entry is None:
        return (Row(("by channel", "-", "-", "since 2.2.5 only", "-", "-"), {}),)
    return (row("by channel", bool(entry.messages), entry, entry.messages),)


def messages_of(entry: Entry | None) -> tuple[Message, ...]:
    """The messages of an entry, none where there is none."""
    return entry.messages if entry is not None else ()


def row(where: str, there: bool, entry: Entry | None, messages: Sequence[Message]) -> Row:
    """One place as a line."""
    last = messages[-1] if messages else None
    said = f"{last.seq} {last.sender}: {last.shown}" if last else "-"
    unread, read = (str(entry.unread), str(entry.read_to)) if entry is not None else ("-", "-")
    short = cut(visible(said), LAST_COLUMNS)
    cells = (where, "yes" if there else "no", unread, short, read, ranges(messages))
    return Row(cells, {})


def ranges(messages: Sequence[Message]) -> str:
    """Write numbers shortly: `1-3, 5`."""
    parts: list[list[int]] = []
    for message in messages:
        if parts and message.seq == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], message.seq]
        else:
            parts.append([message.seq])
    return ", ".join("-".join(map(str, part)) for part in parts) or "-"


def verdict(readings: Readings, findings: tuple[Finding, ...], columns: int) -> list[str]:
    """Say whether they agree, and who does not."""
    wrong = disagreeing(findings)
    version = version_text(readings.version)
    if not version:
        head = "The server does not tell its version: only messages were compared."
    elif wrong:
        who = " and ".join(SUBJECTS[place][1] for place in wrong)
        head = f"{who[:1].upper()}{who[1:]} {'disagrees' if len(wrong) == 1 else 'disagree'}:"
    elif not findings:
        head = f"They agree, as WuKongIM {version} should."
    elif settled(findings):
        head = f"They agree, as far as WuKongIM {version} means them to:"
    else:
        head = f"They agree, and WuKongIM {version} has not stored everything yet:"
    lines = [head]
    for each in ranked(findings):
        lines += wrap(f"{SUBJECTS[each.where][0]}: {visible(each.said)}", columns, "  ", "  ")
    return lines


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """What is wrong first, what is as it should be last."""
    order = ("wrong", "open", "passing", "lasting")
    return sorted(findings, key=lambda finding: order.index(finding.kind))


def record_of(readings: Readings, findings: tuple[Finding, ...]) -> dict[str, object]:
    """The same for programs."""
    return {
        "user": readings.user,
        "conversation": readings.chat,
        "version": version_text(readings.version) or None,
        "log": {"last": readings.last or None, "messages": seqs(readings.log)},
        "record": entry_record(readings.record),
        "list": entry_record(readings.listed),
        "by_channel": entry_record(readings.by_channel),
        "member": readings.member,
        "agrees": not disagreeing(findings),
        "settled": settled(findings),
        "disagrees": list(disagreeing(findings)),
        "findings": [
            {"kind": f.kind, "where": f.where, "code": f.code or None, "said": f.said}
            for f in ranked(findings)
        ],
    }


def entry_record(entry: Entry | None) -> dict[str, object] | None:
    """One place as JSON; null where it has nothing."""
    if entry is None:
        return None
    return {"unread": entry.unread, "read_to": entry.read_to, "messages": seqs(entry.messages)}


def seqs(messages: Sequence[Message]) -> list[int]:
    """The numbers of messages."""
    return [message.seq for message in messages]
