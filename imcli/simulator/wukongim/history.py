"""WuKongIM's `/channel/messagesync`: windows of a channel's log.

Source: WuKongIM `internal/api/message.go` and `pkg/wkdb/message.go`. Deleting a conversation never
matters here. `start` 0 and `end` 0 mean the newest; otherwise a window goes up from `start`
(inclusive) or down from it, and stops before `end`.
"""

from __future__ import annotations

from imcli.model.actions import Pull
from imcli.model.entities import Message
from imcli.model.events import Event, HistoryPage
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.log import Log
from imcli.simulator.state import State
from imcli.simulator.wukongim.ids import key_of

LIMIT_MAX = 10_000


def window(
    log: Log | None, start: int, end: int, limit: int, *, upwards: bool
) -> tuple[list[Message], int]:
    """Give the messages of a window, oldest first, and whether the server says `more`."""
    count = min(limit, LIMIT_MAX)
    found = [] if log is None else _range(log, start, end, count, upwards=upwards)
    more = int(len(found) >= limit)
    if end and found and (found[-1] if upwards else found[0]).seq == end:
        more = 0
    if not upwards and end > start > 0:
        more = 0
    return found, more


def _range(log: Log, start: int, end: int, count: int, *, upwards: bool) -> list[Message]:
    if not start and not end:
        return log.page(max(log.last - count, 0), log.last, 0) if count else []
    if upwards:
        upto = end - 1 if end else log.last
        return log.page(max(start - 1, 0), max(upto, 0), count)
    if end > start:
        return []
    return log.page(max(start - count, end, 0), min(start, log.last), 0)


def pull(state: State, keeping: Keeping, action: Pull) -> list[Event]:
    """Answer a page of history to anybody who asks."""
    log = state.logs.get(key_of(action.user, action.chat))
    start = action.start or (1 if action.ascending else 0)
    found, more = window(
        log, start, action.end, action.limit or LIMIT_MAX, upwards=action.ascending
    )
    page = HistoryPage(action.user, action.device, action.chat, tuple(found), bool(more))
    return [page]
