"""Why an unread count is what it is: the marks, which of them won, and the messages above it.

Everything is asked of the server as any device could ask it, so it works on live servers too. The
count that should be there is worked out from the definition (`base` is the highest of the marks;
countable messages above it are unread) and laid beside the one that the server gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imcli.model import actions
from imcli.model.entities import Entry, Message, is_group
from imcli.model.events import HistoryPage
from imcli.model.questions import Kept, KeptView, ListView, Seen
from imcli.targets.base import Directory

if TYPE_CHECKING:
    from imcli.cli.desk import Desk

MESSAGES_MAX = 2_000
SHOWN_MAX = 20


class Explanation(NamedTuple):
    """The same three times: for people, for programs, for a tab-separated line."""

    text: str
    record: dict[str, object]
    cells: tuple[str, ...]


class Marks(NamedTuple):
    """The marks of one user in one channel; 0 is none. `member` is None where nobody can say."""

    last: int
    deleted_to: int
    read_to: int
    own_send: int
    member: bool | None

    @property
    def base(self) -> int:
        """Messages above it count."""
        return max(self.deleted_to, self.read_to)

    @property
    def winner(self) -> str:
        """Which mark the base is, in words."""
        if not self.base:
            return "no mark: everything that is visible counts"
        if self.base == self.deleted_to:
            return f"the delete mark ({self.deleted_to})"
        if self.base == self.own_send:
            return f"the read mark ({self.read_to}), at the user's own newest message"
        return f"the read mark ({self.read_to})"


def explain(desk: Desk, user: str, device: str, chat: str) -> Explanation:
    """Ask for what is needed and explain."""
    view = desk.observe(Seen(user, device, chat))
    assert isinstance(view, ListView)
    entry = next(iter(view.entries), None)
    kept = entry or kept_record(desk, user, chat)
    if entry is None:
        return not_listed(user, chat, kept, membership(desk, user, chat))
    above = messages_above(desk, user, device, chat, max(entry.read_to, entry.deleted_to))
    own = [message.seq for message in (*entry.messages, *above) if message.sender == user]
    last = max([entry.last.seq if entry.last else 0, *(message.seq for message in above)])
    marks = Marks(
        last, entry.deleted_to, entry.read_to, max(own, default=0), membership(desk, user, chat)
    )
    return explained(user, chat, entry, marks, above)


def kept_record(desk: Desk, user: str, chat: str) -> Entry | None:
    """The stored record, where the server shows it."""
    if "stored-record" not in desk.target.capabilities:
        return None
    view = desk.observe(Kept(user, chat))
    return view.entry if isinstance(view, KeptView) else None


def membership(desk: Desk, user: str, chat: str) -> bool | None:
    """Whether the user is a member; always in a conversation of two, unknown on live servers."""
    if not is_group(chat):
        return True
    if not isinstance(desk.target, Directory):
        return None
    return any(row.group == chat and user in row.members for row in desk.target.groups())


def messages_above(desk: Desk, user: str, device: str, chat: str, base: int) -> tuple[Message, ...]:
    """The visible messages above a mark, oldest first, up to a bound."""
    found: list[Message] = []
    start = base + 1
    while len(found) < MESSAGES_MAX:
        outcome = desk.perform(actions.Pull(user, device, chat, start=start, limit=500))
        page = next((e for e in outcome.events if isinstance(e, HistoryPage)), None)
        new = [m for m in page.messages if m.seq >= start] if page else []
        if page is None or not new:
            break
        found += new
        start = new[-1].seq + 1
        if not page.more:
            break
    return tuple(found)


def why_not(message: Message, user: str) -> str:
    """Say why a message above the mark does not count; "" when it does."""
    if message.sender == user:
        return "own"
    if message.kind != "content":
        return message.kind
    return "no red dot" if message.no_red_dot else ""


def not_listed(user: str, chat: str, kept: Entry | None, member: bool | None) -> Explanation:
    """Explain that there is no count, because the conversation is not listed."""
    lines = [f"{user} does not see {chat}: it is not listed, so nothing is unread"]
    if member is False:
        lines.append(f"  member           no: {user} is not in {chat}")
    if kept is not None:
        lines.append(f"  deleted up to    {kept.deleted_to or '-'}")
        lines.append(f"  read up to       {kept.read_to or '-'}")
    record: dict[str, object] = {
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
        "own_send": None,
        "base": None,
        "winner": None,
        "agrees": True,
    }
    return Explanation("\n".join(lines), record, (user, chat, "0", "not listed"))


def explained(
    user: str, chat: str, entry: Entry, marks: Marks, above: tuple[Message, ...]
) -> Explanation:
    """Lay the server's count beside the messages."""
    counted = tuple(m for m in above if not why_not(m, user))
    others = tuple((m, why_not(m, user)) for m in above if why_not(m, user))
    verdict = judgement(entry, marks, len(counted))
    record: dict[str, object] = {
        "user": user,
        "conversation": chat,
        "listed": True,
        "unread": entry.unread,
        "counted": [m.seq for m in counted],
        "not_counted": [{"seq": m.seq, "why": why} for m, why in others],
        "member": marks.member,
        "deleted_to": marks.deleted_to,
        "read_to": marks.read_to,
        "last_seq": marks.last,
        "own_send": marks.own_send,
        "base": marks.base,
        "winner": marks.winner,
        "agrees": entry.unread == len(counted),
    }
    text = "\n".join([*heading(user, chat, entry, marks), *listed(counted, others), "", verdict])
    return Explanation(text, record, (user, chat, str(entry.unread), marks.winner))


def heading(user: str, chat: str, entry: Entry, marks: Marks) -> list[str]:
    """The count and the marks."""
    from imcli.cli.text import visible

    member = {True: "yes", False: "no", None: "this server does not say"}[marks.member]
    flag = " (and marked unread)" if entry.marked_unread else ""
    return [
        f"{visible(user)} has {entry.unread} unread from {visible(chat)}{flag}",
        f"  last message     {marks.last or '-'}",
        f"  member           {member}",
        f"  deleted up to    {marks.deleted_to or '-'}",
        f"  read up to       {marks.read_to or '-'}",
        f"  own newest       {marks.own_send or '-'}",
        f"  counted from     {marks.winner}",
    ]


def listed(counted: tuple[Message, ...], others: tuple[tuple[Message, str], ...]) -> list[str]:
    """The messages above the mark, in order, each with what became of it."""
    from imcli.cli.text import visible

    rows = [(m, "counted") for m in counted] + [(m, f"not counted: {why}") for m, why in others]
    rows.sort(key=lambda pair: pair[0].seq)
    lines = [
        f"  {m.seq:>6}  {visible(m.sender)}: {visible(m.text or m.payload)}  ({what})"
        for m, what in rows[:SHOWN_MAX]
    ]
    if len(rows) > SHOWN_MAX:
        lines.append(f"  ... and {len(rows) - SHOWN_MAX} more")
    return lines


def judgement(entry: Entry, marks: Marks, counted: int) -> str:
    """Say whether the server's count follows from the marks."""
    if entry.unread == counted:
        messages = "1 message" if counted == 1 else f"{counted} messages"
        return f"The count is right: {messages} from others above {marks.base}."
    if entry.unread == marks.last - marks.base:
        return (
            f"The server counts numbers, not messages: {marks.last} - {marks.base} = "
            f"{entry.unread}; countable messages are {counted}."
        )
    return f"The count is WRONG: the server says {entry.unread}, the messages above are {counted}."
