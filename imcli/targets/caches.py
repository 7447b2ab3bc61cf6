"""The caches of the devices in one simulated world, and what each would show if it synchronised.

Here is all that is remembered of what happened. A cache is folded from the world's events when
somebody asks what a device shows, and not before: most worlds end without anybody asking. What a
device would show after a synchronisation is worked out beside its cache, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from imcli.device.cache import DeviceCache
from imcli.model.actions import Synchronise
from imcli.model.entities import DeviceKey
from imcli.model.events import Event, ListAnswer, Stored
from imcli.model.questions import ListView
from imcli.simulator.profiles import Profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.traits import traits_of


class Caches:
    """All caches of one world; `server` is given anew where it is asked, since it may be changed.

    `keeps_cursors` says whether devices keep a change number, by which they are told of changes.
    WuKongIM has none; there a device sends the newest sequence number of each chat that it has.
    """

    __slots__ = (
        "_answered",
        "_caches",
        "_expiries",
        "_log",
        "_read",
        "_scanned",
        "counts_expired",
        "keeps_cursors",
        "muted_count",
        "orders_rows",
    )

    def __init__(
        self,
        *,
        muted_count: bool,
        counts_expired: bool = False,
        orders_rows: bool = False,
        keeps_cursors: bool,
    ) -> None:
        self.muted_count = muted_count
        self.counts_expired = counts_expired
        self.orders_rows = orders_rows
        self.keeps_cursors = keeps_cursors
        self._log: list[Event] = []
        self._caches: dict[DeviceKey, DeviceCache] = {}
        self._read: dict[DeviceKey, int] = {}
        self._answered: set[DeviceKey] = set()
        self._expiries: list[int] = []
        self._scanned = 0

    def copy(self) -> Caches:
        """Copy, for a world that goes its own way from here."""
        twin = Caches(
            muted_count=self.muted_count,
            counts_expired=self.counts_expired,
            orders_rows=self.orders_rows,
            keeps_cursors=self.keeps_cursors,
        )
        twin._log = list(self._log)
        twin._caches = {key: cache.copy() for key, cache in self._caches.items()}
        twin._read = dict(self._read)
        twin._answered = set(self._answered)
        twin._expiries, twin._scanned = list(self._expiries), self._scanned
        return twin

    def note(self, events: Sequence[Event]) -> None:
        """Remember what happened, for whoever will ask."""
        self._log += events

    def expiries(self, now_ms: int) -> list[int]:
        """Give the times to come at which messages expire, soonest first."""
        found = [
            event.message.expires_ms
            for event in self._log[self._scanned :]
            if type(event) is Stored and event.message.expires_ms
        ]
        self._scanned = len(self._log)
        self._expiries = sorted(due for due in (*self._expiries, *found) if due > now_ms)
        return self._expiries

    def of(self, key: DeviceKey) -> DeviceCache:
        """Give a device's cache, folded up to now."""
        cache = self._caches.get(key)
        if cache is None:
            cache = self._caches[key] = self._empty(key)
            self._read[key] = 0
        read = self._read[key]
        if read < len(self._log):
            cache.feed(self._log[read:] if read else self._log)
            self._read[key] = len(self._log)
        return cache

    def _empty(self, key: DeviceKey) -> DeviceCache:
        return DeviceCache(
            key.user,
            key.device,
            muted_count=self.muted_count,
            counts_expired=self.counts_expired,
            orders_rows=self.orders_rows,
            told_of_changes=self.keeps_cursors,
        )

    # Synchronising

    def asked_by(self, key: DeviceKey) -> Synchronise:
        """Give the synchronisation that a device asks for, with what it has.

        A device that was never answered has no change number, whatever it has heard.
        """
        if not self.keeps_cursors:
            return Synchronise(key.user, key.device, None, self.of(key).seqs())
        if key not in self._answered:
            return Synchronise(key.user, key.device)
        return Synchronise(key.user, key.device, self.of(key).cursor)

    def note_answer(self, key: DeviceKey) -> None:
        """Remember that a device was answered a list, and so may have a change number."""
        self._answered.add(key)

    def agreement(self, server: Server, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device of a user shows after synchronising; the last is a full list."""
        now = server.state.now
        lists: list[tuple[str, ListView]] = []
        whole: tuple[ListAnswer, ListView] | None = None
        for name in server.state.users[user].devices:
            key = DeviceKey(user, name)
            answer = server.keeping.listing(server.state, self.asked_by(key))
            if not answer.full or (answer.user, answer.device) != key:
                lists.append((name, self._after(key, answer, now)))
                continue
            # It replaces whatever the device has, so that equal answers make equal lists.
            if whole is None or not _same_list(answer, whole[0]):
                fresh = self._empty(key)
                fresh.feed((answer,))
                whole = (answer, fresh.view(now))
            lists.append((name, whole[1]))
        listing = server.listing(user)
        lists.append(("", ListView(listing.entries, listing.total_unread, listing.requests)))
        return tuple(lists)

    def _after(self, key: DeviceKey, answer: ListAnswer, now: int) -> ListView:
        """Give what a device shows after an answer that adds to what it has."""
        copy = self.of(key).copy()
        copy.feed((answer,))
        return copy.view(now)


def caches_for(profile: Profile) -> Caches:
    """Make the caches of devices that know what is peculiar to their server.

    WuKongIM's lists have their peculiarities too, but no device of it is told of changes.
    """
    told = traits_of(profile) is None
    return Caches(
        muted_count=profile.total_counts_muted,
        counts_expired=told and profile.unread_counts == "sequence-difference",
        orders_rows=told and profile.list_order == "row-update",
        keeps_cursors=told,
    )


def _same_list(one: ListAnswer, two: ListAnswer) -> bool:
    """Tell whether two full answers make the same list, whichever device each was for."""
    return (
        one.entries == two.entries
        and one.tombstones == two.tombstones
        and one.requests == two.requests
        and one.now_ms == two.now_ms
    )
