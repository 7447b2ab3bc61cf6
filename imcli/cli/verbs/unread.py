"""Why an unread count is what it is: what the server says, the marks, the messages above them.

Everything is asked of the server as any device could ask it, so it works on live servers too. What
the count should be is `scenario/checking/unread.py`'s business; here it is asked for and laid out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imcli.cli.text import visible
from imcli.cli.verbs.explanation import SHOWN_MAX, Explanation
from imcli.cli.verbs.unread_live import explain_live, read_beside, version_fields, winner_of
from imcli.model import actions
from imcli.model.entities import Entry, Message, is_group
from imcli.model.errors import RefusedByServer
from imcli.model.questions import Kept, KeptView, ListView, Seen
from imcli.report.text import counted
from imcli.scenario.checking.unread import UnreadCount, count_unread

if TYPE_CHECKING:
    from imcli.cli.verbs.desk import Desk

MESSAGES_MAX = 2_000
PAGE = 500


def explain(desk: Desk, user: str, device: str, chat: str) -> Explanation:
    """Ask for what is needed and explain; a live server by the formula of its version."""
    if desk.live and desk.target.identity.version:
        readings = read_beside(desk, user, chat)
        if readings.listed is not None:
            start = max(1, winner_of(readings).mark + 1)
            return explain_live(readings, messages_from(desk, user, device, chat, start))
        member = readings.member if is_group(chat) else True
        plain = not_listed(user, chat, readings.record, member)
        return plain._replace(record=plain.record | version_fields(readings, ()))
    view = desk.observe(Seen(user, device, chat))
    assert isinstance(view, ListView)
    entry = next(iter(view.entries), None)
    member = membership(desk, user, chat)
    if entry is None:
        return not_listed(user, chat, kept_record(desk, user, chat), member)
    mark = max(entry.read_to, entry.deleted_to)
    history = messages_from(desk, user, device, chat, max(1, mark))
    return explained(count_unread(user, entry, history), entry, member)


def kept_record(desk: Desk, user: str, chat: str) -> Entry | None:
    """The stored record, where the server shows it."""
    if "stored-record" not in desk.target.capabilities:
        return None
    view = desk.observe(Kept(user, chat))
    return view.entry if isinstance(view, KeptView) else None


def membership(desk: Desk, user: str, chat: str) -> bool | None:
    """Whether the user is a member; always in a conversation of two, None where nobody can say."""
    if not is_group(chat):
        return True
    if not desk.can_list:
        return None
    try:
        return user in desk.directory("members").members(chat)
    except RefusedByServer:
        return None


def messages_from(desk: Desk, user: str, device: str, chat: str, start: int) -> tuple[Message, ...]:
    """The visible messages from a number on, oldest first, up to a bound."""
    found: list[Message] = []
    while len(found) < MESSAGES_MAX:
        page = desk.page(actions.Pull(user, device, chat, start=start, limit=PAGE))
        new = [m for m in page.messages if m.seq >= start] if page else []
        found += new
        if page is None or not new or not page.more:
            break
        start = new[-1].seq + 1
    return tuple(found)


def not_listed(user: str, chat: str, kept: Entry | None, member: bool | None) -> Explanation:
    """Explain that there is no count, because the conversation is not listed."""
    text = f"{visible(user)} does not see {visible(chat)}: it is not listed, so nothing is unread"
    lines = [text]
    if member is False:
        lines.append(f"  member           no: {visible(user)} is not in {visible(chat)}")
    if kept is not None:
        lines.append(f"  deleted up to    {kept.deleted_to or '-'}")
        lines.append(f"  read up to       {kept.read_to or '-'}")
    record = {
        "user": user,
        "conversation": chat,
        "listed": False,
        "unread": 0,
        "counted": [],
        "not_counted": [],
        "member": member,
        "deleted_to": kept.deleted_to if kept else None,
        "read_to": kept.read_to if kept else None,
        "last_seq": None,
        "base": None,
        "term": None,
        "agrees": True,
    }
    return Explanation("\n".join(lines), record, (user, chat, "0", "not listed"))


def explained(count: UnreadCount, entry: Entry, member: bool | None) -> Explanation:
    """Lay the server's count beside the messages."""
    record = {
        "user": count.user,
        "conversation": count.chat,
        "listed": True,
        "unread": count.said,
        "counted": [m.seq for m in count.counted],
        "not_counted": [{"seq": m.seq, "why": why} for m, why in count.left_out],
        "member": member,
        "deleted_to": count.deleted_to,
        "read_to": count.read_to,
        "last_seq": count.last_seq,
        "base": count.base,
        "term": count.term,
        "agrees": count.said == len(count.counted),
    }
    parts = [*heading(count, entry, member), *listed(count), "", judgement(count)]
    cells = (count.user, count.chat, str(count.said), winner(count))
    return Explanation("\n".join(parts), record, cells)


def winner(count: UnreadCount) -> str:
    """The mark from which is counted, in words."""
    match count.term:
        case "nothing":
            return "the beginning: there is no mark"
        case "join":
            return f"the join ({count.base})"
        case "delete":
            return f"the delete mark ({count.base})"
        case "read":
            return f"the read mark ({count.base})"
        case "own send":
            return f"the read mark ({count.base}), moved there by an own message"


def heading(count: UnreadCount, entry: Entry, member: bool | None) -> list[str]:
    """The count and the marks."""
    said = {True: "yes", False: "no", None: "this server does not say"}[member]
    flag = " (and marked unread)" if entry.marked_unread else ""
    return [
        f"{visible(count.user)} has {count.said} unread from {visible(count.chat)}{flag}",
        f"  last message     {count.last_seq or '-'}",
        f"  member           {said}",
        f"  deleted up to    {count.deleted_to or '-'}",
        f"  read up to       {count.read_to or '-'}",
        f"  counted from     {winner(count)}",
    ]


def listed(count: UnreadCount) -> list[str]:
    """The messages above the mark, in order, each with what became of it."""
    rows = [(m, "counted") for m in count.counted]
    rows += [(m, f"not counted: {why}") for m, why in count.left_out]
    rows.sort(key=lambda pair: pair[0].seq)
    lines = [
        f"  {m.seq:>6}  {visible(m.sender)}: {visible(m.shown)}  ({what})"
        for m, what in rows[:SHOWN_MAX]
    ]
    if len(rows) > SHOWN_MAX:
        lines.append(f"          ... and {len(rows) - SHOWN_MAX} more")
    return lines


def judgement(count: UnreadCount) -> str:
    """Say whether the server's count follows from the marks."""
    right = len(count.counted)
    if count.said == right:
        messages = counted(right, "message")
        return f"The count follows from the marks: {messages} from others above {count.base}."
    if count.said == count.last_seq - count.base:
        return (
            f"This server subtracts numbers, {count.last_seq} - {count.base} = {count.said}; "
            f"the messages that count are {right}."
        )
    return f"The count is wrong: the server says {count.said}, the messages that count are {right}."
