"""The state table of a simulated WuKongIM: rows, what waits in memory, and what is listed."""

from __future__ import annotations

from imcli.conform.judged import StateRow
from imcli.model.entities import Entry
from imcli.simulator.server import Server


def state_rows(server: Server) -> tuple[StateRow, ...]:
    """Give a row per user and channel of which anything is known. Changes nothing."""
    looked = server.fork()  # a list that is asked for fills a cache
    found: list[StateRow] = []
    for user in sorted(looked.state.users):
        listed = {looked.key_of(user, e.chat): e for e in looked.listing(user).entries}
        keys = dict.fromkeys(key for key, _ in looked.state.all_records(user))
        keys.update(dict.fromkeys(looked.state.waiting))
        keys.update(dict.fromkeys(listed))
        for key in sorted(keys):
            row = _row(looked, user, key, listed.get(key))
            if row is not None:
                found.append(row)
    return tuple(found)


def _row(server: Server, user: str, key: str, entry: Entry | None) -> StateRow | None:
    state = server.state
    record = state.record(user, key)
    waiting = state.waiting.get(key)
    mark = waiting.mark(user) if waiting is not None else -1
    if record is None and mark < 0 and entry is None:
        return None
    return StateRow(
        user,
        key,
        state.last_seq(key),
        record is not None,
        record.read_to if record is not None else None,
        record.deleted_to if record is not None else None,
        record.stored_unread if record is not None else None,
        mark if mark >= 0 else None,
        entry is not None,
        entry.unread if entry is not None else None,
    )
