"""What servers that keep rows hold in memory: updates that wait for a flush, and cached lists.

Plain frozen values; the laws that make and read them are those of the keepings.
"""

from __future__ import annotations

import msgspec

from imcli.simulator.record import Record


class Waiting(msgspec.Struct, frozen=True):
    """What waits in memory for one channel until the next flush.

    `users` are (uid, R) in the order they were touched. `deleted` hides a user's waiting entry.
    `everyone` says that every member without a row gets one, with R just before `first_seq`.
    `tag` is the key of the receiver list that this was made for, -1 for none. `last_seq` is the
    newest message that it knows of.
    """

    users: tuple[tuple[str, int], ...] = ()
    deleted: tuple[str, ...] = ()
    tag: int = -1
    everyone: bool = False
    first_seq: int = 1
    last_seq: int = 0

    def touch(self, user: str, seq: int) -> Waiting:
        """Put a user in, or raise the user's R; a delete no longer hides it."""
        marks = dict(self.users)
        marks[user] = max(marks.get(user, 0), seq)
        deleted = tuple(name for name in self.deleted if name != user)
        return msgspec.structs.replace(self, users=tuple(marks.items()), deleted=deleted)

    def without(self, user: str) -> Waiting:
        """Take a user's waiting entry out and hide it."""
        users = tuple(pair for pair in self.users if pair[0] != user)
        deleted = self.deleted if user in self.deleted else (*self.deleted, user)
        return msgspec.structs.replace(self, users=users, deleted=deleted)


class CachedList(msgspec.Struct, frozen=True):
    """One user's rows as a list cache has them, until a time."""

    expires_ms: int
    rows: tuple[tuple[str, Record], ...]
