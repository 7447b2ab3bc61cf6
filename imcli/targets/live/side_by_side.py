"""Reading one conversation of a real server in every place that tells of it.

Record, channels behind the list, list, answer by channel, and the log before and after: where a
message came in between, all is read again, so that what is compared is of one moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from imcli.model.actions import Synchronise
from imcli.model.entities import GROUP, PERSON, Entry, Message, fake_channel_id, is_group
from imcli.model.errors import RefusedByServer, TargetUnavailable
from imcli.model.versions import BY_CHANNEL_SINCE
from imcli.targets.live.directory import Ask, asked
from imcli.trace.readings import Readings
from imcli.wire import admin
from imcli.wire.answers import MessagePage, read_list, read_page, read_rows
from imcli.wire.http import Call, pull_newest_call, rows_call, sync_call
from imcli.wire.names import Names

LOG_PAGE = 100
OWN_LOOKED_FOR = 1_000
"""So far back the user's own last message is looked for."""
TRIES = 5

_Read = TypeVar("_Read")


class SideBySide:
    """Reads conversations of one server."""

    def __init__(self, ask: Ask, names: Names, version: tuple[int, ...]) -> None:
        self._ask = ask
        self._names = names
        self._version = version

    def read(self, user: str, chat: str) -> Readings:
        """Read one conversation everywhere.

        Raises:
            TargetUnavailable: an answer did not come, or is none.
        """
        for _ in range(TRIES):
            before = self._log(user, chat).messages
            readings = self._once(user, chat)
            if not before or readings.last == before[-1].seq:
                break
        return readings

    def _once(self, user: str, chat: str) -> Readings:
        record = self._record(user, chat)
        behind = self._behind(user, chat)
        listed = self._listed(user, chat)
        by_channel = self._by_channel(user, chat)
        log = self._log(user, chat)
        return Readings(
            user,
            chat,
            self._version,
            log=log.messages,
            record=record,
            listed=listed,
            behind=behind,
            by_channel=by_channel,
            own_last=self._own_last(user, chat, log.messages),
            member=self._member(user, chat),
        )

    def _answer(self, call: Call, read: Callable[[bytes], _Read]) -> _Read:
        return asked(self._ask, call, read)

    def _record(self, user: str, chat: str) -> Entry | None:
        rows = self._answer(
            rows_call(self._names, user), lambda body: read_rows(body, self._names, user)
        )
        return next((row for row in rows if row.chat == chat), None)

    def _behind(self, user: str, chat: str) -> bool | None:
        uid = self._names.user_id(user)
        channel_id, channel_type = self._names.address(chat)
        inside = fake_channel_id(uid, channel_id) if channel_type == PERSON else channel_id
        try:
            call = admin.rows_behind_lists_call(uid)
            return (inside, channel_type) in self._answer(call, admin.read_rows_behind_lists)
        except (RefusedByServer, TargetUnavailable):
            return None

    def _listed(self, user: str, chat: str) -> Entry | None:
        call = sync_call(Synchronise(user, ""), self._names)
        entries = self._answer(call, lambda body: read_list(body, self._names, user))
        return next((entry for entry in entries if entry.chat == chat), None)

    def _by_channel(self, user: str, chat: str) -> Entry | None:
        if self._version < BY_CHANNEL_SINCE:
            return None
        call = sync_call(Synchronise(user, "", chats=(chat,)), self._names)
        entries = self._answer(call, lambda body: read_list(body, self._names, user))
        return next((entry for entry in entries if entry.chat == chat), None)

    def _log(self, user: str, chat: str, below: int = 0) -> MessagePage:
        call = pull_newest_call(self._names, user, chat, below=below, limit=LOG_PAGE)
        return self._answer(call, lambda body: read_page(body, self._names, user, chat))

    def _own_last(self, user: str, chat: str, page: tuple[Message, ...]) -> int | None:
        """Look for the user's own last message, page by page backwards."""
        looked_at = 0
        while page:
            own = [message.seq for message in page if message.sender == user]
            if own:
                return own[-1]
            looked_at += len(page)
            if page[0].seq <= 1:
                return 0
            if looked_at >= OWN_LOOKED_FOR:
                return None
            page = self._log(user, chat, page[0].seq).messages
        return 0

    def _member(self, user: str, chat: str) -> bool | None:
        if not is_group(chat):
            return None
        channel_id, channel_type = self._names.address(chat)
        assert channel_type == GROUP
        try:
            uids = self._answer(admin.members_call(channel_id), admin.read_uids)
        except RefusedByServer:
            return None
        return self._names.user_id(user) in uids
