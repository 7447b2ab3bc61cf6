"""What is remembered of a long list, so that a delta costs what has changed and not the list.

A survey is made for a user who asks for deltas and has many conversations. It knows the number of
the last change of each, newest last, and what each adds to the total. It is brought up to date when
its user asks again: from `State.recent` (the channels that got messages) and from `noted` (the
user's own records that were replaced). A survey can always be made anew from the records and the
logs: forks begin without one, and digests and files do not have it.
"""

from __future__ import annotations

import msgspec


class Survey(msgspec.Struct):
    """One user's conversations, as of `order` in the one order of messages and changes.

    `numbers` are the numbers of the last change by channel, rising; `places` say in which order the
    records were made. `shares` are the parts of `total` that are not 0. `expiring` are channels
    whose messages may expire, `held` those from which a message request may wait.
    """

    order: int = 0
    total: int = 0
    numbers: dict[str, int] = {}
    places: dict[str, int] = {}
    shares: dict[str, int] = {}
    expiring: set[str] = set()
    held: set[str] = set()
    noted: set[str] = set()

    def since(self, number: int) -> list[str]:
        """Name the channels that changed after a number or may by time, in order of records."""
        found = set(self.expiring)
        for key, changed in reversed(self.numbers.items()):
            if changed <= number:
                break
            found.add(key)
        return sorted(found, key=self.places.__getitem__)

    def place(self, key: str, number: int) -> None:
        """Note the number of a channel's last change; whoever notes several begins with the least.

        A number that is as it was keeps its place.
        """
        if self.numbers.get(key) != number:
            self.numbers.pop(key, None)
            self.numbers[key] = number

    def share(self, key: str, unread: int) -> None:
        """Note what a conversation adds to the total."""
        self.total += unread - self.shares.pop(key, 0)
        if unread:
            self.shares[key] = unread
