"""Commands that somebody missed: `/message/sync` and `/message/syncack`.

Source: WuKongIM `internal/api/message.go:sync`, `syncack`. Candidates are the user's rows of
command channels and what waits for one. The server remembers per user which number it last gave of
each channel, and an acknowledgement, whatever number it names, is of those. Where the limit was
reached, the number remembered of a channel is that of another one's message (H13b).
"""

from __future__ import annotations

from msgspec.structs import replace

from imcli.model.entities import Message
from imcli.simulator.conversations import row_table
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.record import Record
from imcli.simulator.state import State
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX
from imcli.simulator.wukongim.traits import Traits

LIMIT_DEFAULT = 200
Batch = list[Message]


def missed(state: State, keeping: RowKeeping, user: str, limit: int) -> list[Batch]:
    """Give the commands that a user has not acknowledged: per channel, cut to the limit.

    A row that had nothing to give is deleted, before 2.2.5.
    """
    limit = limit or LIMIT_DEFAULT
    given: list[tuple[str, int]] = []
    batches: list[Batch] = []
    count = last = 0
    for key, row in keeping.command_rows(state, user):
        log = state.logs.get(key)
        found = log.page(row.read_to, log.last, limit) if log is not None else []
        if not found:
            if keeping.traits.command_rows == "deleted":
                row_table.remove(state, user, key)
            continue
        batch = found[: limit - count]
        if batch:
            last = batch[-1].seq
            batches.append(batch)
            count += len(batch)
        given.append((key, last))
    state.offered[user] = tuple(given)
    return batches


def acknowledge(state: State, keeping: RowKeeping, user: str) -> None:
    """Take what was last given as read.

    Without a row there is nothing to mark from 2.2.0 on, and before that the row is made and taken
    away at once; only 2.1.3 forgets what waits, too, so that elsewhere it is given again (A32). A
    row that is read to its end is deleted, and comes back with R = 0 (A36); 2.2.5 keeps it.
    """
    traits = keeping.traits
    for key, seq in state.offered.get(user, ()):
        _acknowledge_one(state, traits, user, key, seq)
        if traits.keeping == "rows":
            keeping.forget(state, user, key)
    if traits.list_cache != "none":
        state.offered.pop(user, None)


def received(state: State, keeping: RowKeeping, user: str, message: Message) -> None:
    """Take a command as read that a master device has acknowledged on its connection."""
    if message.channel.endswith(COMMAND_SUFFIX):
        _acknowledge_one(state, keeping.traits, user, message.channel, message.seq)
        state.cached_lists.pop(user, None)


def _acknowledge_one(state: State, traits: Traits, user: str, key: str, seq: int) -> None:
    row = state.record(user, key)
    if row is None and traits.list_cache != "none":
        return
    if row is None or seq > row.read_to:
        written = replace(row or Record(), read_to=seq)
        row_table.upsert(state, user, key, row_table.touched(state, written))
    if traits.command_rows == "deleted" and seq >= state.last_seq(key):
        row_table.remove(state, user, key)
