"""What servers that keep rows hold in memory: updates that wait for a flush, and cached lists.

Plain frozen values; the laws that make and read them are those of the keepings.
"""

from __future__ import annotations

import msgspec

from imcli.simulator.record import Record


class Waiting(msgspec.Struct, frozen=True):
    """What waits in memory for one channel until the next flush.

    `users` are (uid, R, order number of the last rise) in the order they were touched. `deleted`
    hides a user's waiting entry. `everyone` says that every member without a row gets one, with R
    just before `first_seq`. `tag` is the key of the receiver list that this was made for, -1 for
    none. `last_seq` is the newest message that it knows of.
    """

    users: tuple[tuple[str, int, int], ...] = ()
    deleted: tuple[str, ...] = ()
    tag: int = -1
    everyone: bool = False
    first_seq: int = 1
    last_seq: int = 0

    def mark(self, user: str) -> int:
        """Give a user's R here, or -1."""
        for name, mark, _ in self.users:
            if name == user:
                return mark
        return -1

    def touch(self, user: str, seq: int, order: int) -> Waiting:
        """Put a user in, or raise the user's R; a delete no longer hides it."""
        old = self.mark(user)
        users = self.users
        if old < 0:
            users = (*users, (user, seq, order))
        elif seq > old:
            users = tuple((user, seq, order) if u[0] == user else u for u in users)
        deleted = tuple(name for name in self.deleted if name != user)
        return msgspec.structs.replace(self, users=users, deleted=deleted)

    def without(self, user: str) -> Waiting:
        """Take a user's waiting entry out and hide it."""
        users = tuple(each for each in self.users if each[0] != user)
        deleted = self.deleted if user in self.deleted else (*self.deleted, user)
        return msgspec.structs.replace(self, users=users, deleted=deleted)


class CachedList(msgspec.Struct, frozen=True):
    """One user's rows as a list cache has them, until a time."""

    expires_ms: int
    rows: tuple[tuple[str, Record], ...]
