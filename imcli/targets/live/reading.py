"""Looking at a real server: each question of the harness as the calls that answer it.

Nothing is changed on purpose, but every look is a real read (WuKongIM 2.2 caches the lists that it
answers). An answer that cannot be used is no view: it is told as `Garbled`, or ends the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from imcli.model.actions import LISTED_MESSAGES, Synchronise
from imcli.model.entities import DEVICE_FLAGS, DEVICE_KINDS, Entry, Message
from imcli.model.errors import TargetUnavailable
from imcli.model.events import ListAnswer
from imcli.model.questions import (
    Agreement,
    History,
    HistoryView,
    Kept,
    KeptView,
    ListView,
    Observable,
    ObservableView,
    Presence,
    PresenceView,
    Question,
    RawAnswer,
    Received,
    ResponseView,
    Seen,
    Shown,
    View,
)
from imcli.targets.live.http import HttpClient, Reply
from imcli.targets.live.order import ListOrder
from imcli.targets.observable import list_facts, messages_text
from imcli.wire.answers import (
    Answer,
    Garbled,
    MessagePage,
    excerpt,
    judge,
    read_list,
    read_online,
    read_page,
    read_rows,
    read_stored,
)
from imcli.wire.http import (
    HISTORY_PAGE,
    Call,
    Setting,
    history_call,
    log_after,
    presence_call,
    rows_call,
    sync_call,
)

HISTORY_MESSAGES_MAX = 200_000


class Reader:
    """Asks one server and gives views. Failed calls raise what `HttpClient.call` raises."""

    def __init__(self, client: HttpClient, setting: Setting, order: ListOrder) -> None:
        self._client = client
        self._setting = setting
        self._order = order
        self.marks: dict[tuple[str, str], int] = {}
        """Up to where (user, chat) was deleted in this world, as far as its devices know."""

    def judged(self, reply: Reply) -> Answer:
        """Judge an answer.

        Raises:
            TargetUnavailable: no slot has a leader, so nothing can be done.
        """
        answer = judge(reply.status, reply.body)
        if answer.result == "not-ready":
            hint = "it has just started, or lost a node: try again in a moment"
            said = f"{self._client.origin} is not ready: {answer.detail}"
            raise TargetUnavailable(said, hint=hint)
        return answer

    def body(self, call: Call, *, within_ms: int | None = None) -> bytes:
        """Ask for something and give the body of a good answer.

        Raises:
            Garbled: it is no good answer.
        """
        reply = self._client.call(call, within_ms=within_ms)
        if reply.status != 200:
            self.judged(reply)
            raise Garbled(f"{call.method} {call.path}: {reply.status} {excerpt(reply.body)}")
        return reply.body

    def page(
        self, call: Call, user: str, chat: str, *, within_ms: int | None = None
    ) -> MessagePage:
        """Ask for a page of a log."""
        return read_page(self.body(call, within_ms=within_ms), self._setting.names, user, chat)

    def rows(self, user: str) -> tuple[Entry, ...]:
        """Ask for a user's stored rows."""
        names = self._setting.names
        return read_rows(self.body(rows_call(names, user)), names, user)

    def row(self, user: str, chat: str) -> tuple[Entry | None, int]:
        """Ask for one stored row, and the number of the newest message of its log."""
        names = self._setting.names
        rows = read_stored(self.body(rows_call(names, user)), names, user)
        return next((row for row in rows if row[0].chat == chat), (None, 0))

    def look(self, question: Question, responses: Mapping[str, ResponseView]) -> View:
        """Answer a question; `responses` are the answers to raw requests so far.

        Raises:
            TargetUnavailable: only a device with a connection could know.
        """
        match question:
            case Seen(user=user, chat=chat):
                return self._list(user, chat)
            case Kept(user=user, chat=chat):
                return KeptView(self._kept(user, chat))
            case History(user=user, chat=chat):
                return HistoryView(tuple(self._history(user, chat)))
            case Presence(user=user, device=device):
                return self._presence(user, device)
            case Observable(user=user):
                return ObservableView(tuple(self._facts(user)))
            case RawAnswer(label=label):
                return responses.get(label, ResponseView(0, ""))
            case Shown() | Received() | Agreement():
                raise TargetUnavailable(
                    "this target speaks HTTP only: devices have no connections and show nothing"
                )

    def listed(self, action: Synchronise) -> ListAnswer:
        """Ask for a list."""
        return self.list_answer(action, self.body(sync_call(action, self._setting.names)))

    def list_answer(self, action: Synchronise, body: bytes) -> ListAnswer:
        """Read the answer to a synchronisation; only a whole list replaces what a device has.

        Raises:
            Garbled: it is something else.
        """
        listed = read_list(body, self._setting.names, action.user)
        arranged = self._order.arrange(action.user, listed)
        entries = tuple(self._with_mark(action, entry) for entry in arranged)
        partial = bool(action.only_unread or action.page or action.chats is not None)
        return ListAnswer(
            action.user,
            action.device,
            full=not partial and not action.seqs,
            cursor=0,
            entries=entries,
            total_unread=sum(entry.unread for entry in entries),
            partial=partial,
        )

    def _with_mark(self, action: Synchronise, entry: Entry) -> Entry:
        """Tell up to where a conversation was deleted, which no answer says.

        A whole list leaves out what is below the mark and nothing else, so that it shows where
        fewer messages are answered than were asked for. Elsewhere what was deleted here is known,
        unless the answer goes back behind it.
        """
        if not entry.messages:
            return entry
        first, mark = entry.messages[0].seq, self.marks.get((action.user, entry.chat), 0)
        whole = not (action.seqs or action.only_unread or action.chats is not None)
        if whole and len(entry.messages) < action.message_count:
            mark = first - 1
        elif mark >= first and action.chats is None:
            mark = 0
        return replace(entry, deleted_to=mark) if mark else entry

    def _list(self, user: str, chat: str | None) -> ListView:
        entries = self.listed(Synchronise(user, "")).entries
        if chat is not None:
            entries = tuple(entry for entry in entries if entry.chat == chat)
        return ListView(entries, sum(entry.unread for entry in entries))

    def _kept(self, user: str, chat: str) -> Entry | None:
        """A stored row knows no messages; those of its log are shown with it."""
        row = next((row for row in self.rows(user) if row.chat == chat), None)
        if row is None:
            return None
        newest = self.page(log_after(self._setting.names, user, chat, 0), user, chat).messages
        messages = newest[-LISTED_MESSAGES:]
        return replace(row, last=messages[-1] if messages else None, messages=messages)

    def _history(self, user: str, chat: str) -> Iterator[Message]:
        start, count = 1, 0
        while True:
            call = history_call(self._setting.names, user, chat, start=start, limit=HISTORY_PAGE)
            page = self.page(call, user, chat)
            yield from page.messages
            count += len(page.messages)
            # A page that does not move on would be asked for for ever.
            if not page.more or not page.messages or page.messages[-1].seq < start:
                return
            if count > HISTORY_MESSAGES_MAX:
                raise TargetUnavailable(f"a history of more than {HISTORY_MESSAGES_MAX} messages")
            start = page.messages[-1].seq + 1

    def _presence(self, user: str, device: str) -> PresenceView:
        body = self.body(presence_call(self._setting.names, user))
        kind = self._setting.kinds.get((user, device)) or DEVICE_KINDS.get(device, "app")
        online = (user, DEVICE_FLAGS[kind]) in read_online(body, self._setting.names)
        return PresenceView("online" if online else "offline")

    def _facts(self, user: str) -> Iterator[tuple[str, str]]:
        """State what a user can observe: the list, and the histories of what is listed."""
        entries = self._list(user, None).entries
        yield from list_facts(entries)
        for entry in entries:
            history = messages_text(self._history(user, entry.chat))
            yield f"the history with {entry.chat}", history
