"""What needs a second view or a second run: invariants 8, 9 and 21 to 24.

Each check takes a copy of the world, does something there that must not matter, and compares what
users can see. After an action the check is about the users of its conversation; at the end of a
program (`action` is None) it is about everybody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import msgspec

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    Delete,
    RemoveMembers,
    Restart,
    SetAccess,
    SetFlag,
    Synchronise,
)
from imcli.model.entities import Entry, channel_key, is_group
from imcli.model.events import ListAnswer
from imcli.model.questions import ListView
from imcli.trace.ledger import Ledger
from imcli.trace.probe import Probe, World
from imcli.trace.verdicts import Broken
from imcli.trace.words import contrast, deed, value_words

PAGE_SIZES = (1, 2, 7)

REPEATABLE = (Delete, Clear, SetFlag, SetAccess, AddMembers, RemoveMembers)
"""Commands of which twice is the same as once."""

Fact = tuple[str, str]
"""What is looked at: a kind (see `SAID`) and the chat that it is about, or ""."""
View = tuple[tuple[Fact, object], ...]
"""What one user can see, in normal form."""

SAID: dict[str, str] = {
    "total": "{} unread in total",
    "requests": "message requests from {}",
    "list": "the list {}",
    "history": "the history {}",
    "order": "the order {}",
}


class Scene(msgspec.Struct, frozen=True):
    """One judgement under way: the world, whom it is about, and where findings go.

    Nothing changes the world meanwhile, so what several checks look at is looked at once.
    """

    ledger: Ledger
    world: World
    users: tuple[str, ...]
    action: Action | None
    out: list[Broken]
    views: dict[str, View] = {}
    agreements: dict[str, tuple[tuple[str, ListView], ...]] = {}

    def view(self, user: str) -> View:
        """Give everything a user can see of the world as it is."""
        if user not in self.views:
            self.views[user] = view_of(self.ledger, self.world, user)
        return self.views[user]

    def agreement(self, user: str) -> tuple[tuple[str, ListView], ...]:
        """Give what each device of a user shows after synchronising; the last is a full one."""
        if user not in self.agreements:
            self.agreements[user] = self.world.agreement(user)
        return self.agreements[user]

    def listed(self, user: str) -> list[Entry]:
        """Give the whole list of a user."""
        if user in self.agreements:
            return list(self.agreements[user][-1][1].entries)
        return list(self.world.listing(user).entries)


def judge_settled(
    ledger: Ledger,
    world: World,
    action: Action | None,
    judged: frozenset[int],
    out: list[Broken],
) -> set[int]:
    """Make every check that the profile promises; returns the numbers that were put to the test."""
    scene = Scene(ledger, world, concerned(ledger, action), action, out)
    return {number for number, check in CHECKS.items() if number in judged and check(scene)}


def concerned(ledger: Ledger, action: Action | None) -> tuple[str, ...]:
    """Name the users whom an action is about; everybody where there is none."""
    chat = getattr(action, "chat", "") or getattr(action, "group", "")
    channel = ledger.channels.get(channel_key(getattr(action, "user", ""), chat)) if chat else None
    return tuple(ledger.devices) if channel is None else tuple(channel.parts)


# Views


def bare(entry: Entry) -> Entry:
    """Take what only sorts out of an entry; its place in a list says as much.

    >>> bare(Entry("B", 1, order=(0, 5, 9))).order
    ()
    """
    return msgspec.structs.replace(entry, order=())


def view_of(ledger: Ledger, probe: Probe, user: str) -> View:
    """Give everything a user can see of the server: the list, its total, every history."""
    listing = probe.listing(user)
    facts: list[tuple[Fact, object]] = [(("total", ""), listing.total_unread)]
    facts.append((("requests", ""), listing.requests))
    facts.append((("list", ""), tuple(entry.chat for entry in listing.entries)))
    facts += [(("entry", entry.chat), bare(entry)) for entry in listing.entries]
    erased = ledger.policy.delete_history == "erased"
    for part in ledger.parts(user):
        if part.present or not erased:  # what members erase is gone for those who left, too
            facts.append((("history", part.chat), tuple(probe.history(user, part.chat))))
    return tuple(facts)


def first_difference(before: View, after: View) -> tuple[str, str, str] | None:
    """Say where two views differ first, as (chat or "", expected, actual), or None."""
    if before == after:
        return None
    mine, other = dict(before), dict(after)
    for fact in dict.fromkeys([*mine, *other]):
        one, two = mine.get(fact), other.get(fact)
        if one != two:
            return fact[1], *said(fact[0], one, two)
    orders = [
        tuple(chat for (kind, chat), _ in view if kind == "entry") for view in (before, after)
    ]
    return "", *said("order", *orders)


def said(kind: str, one: object, two: object) -> tuple[str, str]:
    """Say one fact of two views.

    >>> said("total", 3, 2), said("list", ("A", "B"), ("A",))
    (('3 unread in total', '2 unread in total'), ('the list A, B', 'the list A'))
    """
    if kind == "entry":
        assert isinstance(one, Entry | None)
        assert isinstance(two, Entry | None)
        return contrast(one, two)
    return SAID[kind].format(value_words(one)), SAID[kind].format(value_words(two))


def compare_views(
    scene: Scene,
    number: int,
    one: World | None,
    two: World,
    users: Sequence[str],
    when: str,
    act: Action,
) -> None:
    """Report each user who sees something else in `two` than in `one` (None: the world itself).

    `when` says how `two` came about, with a place for the words of `act`.
    """
    for user in two.perhaps_unlike(one or scene.world, users):
        before = scene.view(user) if one is None else view_of(scene.ledger, one, user)
        difference = first_difference(before, view_of(scene.ledger, two, user))
        if difference is not None:
            chat, expected, actual = difference
            how = when.format(deed(act))
            scene.out.append(Broken(number, user, chat, expected, f"{actual} {how}"))


# The checks. Each returns whether there was anything to check.


def _alone(scene: Scene) -> bool:
    """8: deletes, clears and flags on a copy, one conversation each; others see no difference."""
    tried = False
    for act in private_acts(scene):
        copy = scene.world.fork()
        copy.apply(act)
        others = [user for user in scene.users if user != act.user]
        compare_views(scene, 8, None, copy, others, "after {} in a copy", act)
        tried = tried or bool(others)
    return tried


def private_acts(scene: Scene) -> Iterator[Delete | Clear | SetFlag]:
    """Give private commands to try: one kind per user and conversation, in turn."""
    turn = 0
    for user in scene.users:
        for part in scene.ledger.parts(user):
            if part.is_listed:
                turn += 1
                yield (
                    Delete(user, "", part.chat),
                    Clear(user, "", part.chat),
                    SetFlag(user, "", part.chat, "pinned", not part.pinned),
                )[turn % 3]


def _idempotent(scene: Scene) -> bool:
    """9: doing it once and doing it twice look the same to everybody."""
    if isinstance(scene.action, REPEATABLE):  # it was just done once
        again = scene.world.fork()
        again.apply(scene.action)
        compare_views(scene, 9, None, again, scene.users, "after {} again", scene.action)
        return True
    acts = list(repeatable_acts(scene))
    for act in acts:
        once = scene.world.fork()
        once.apply(act)
        twice = once.fork()
        twice.apply(act)
        compare_views(scene, 9, once, twice, scene.users, "after {} twice in a copy", act)
    return bool(acts)


def repeatable_acts(scene: Scene) -> Iterator[Action]:
    """Give commands to do twice: private ones, and one of each kind about membership."""
    yield from private_acts(scene)
    users = scene.users
    if not users:
        return
    yield SetAccess(users[0], users[-1], "block", True)
    for channel in scene.ledger.channels.values():
        if is_group(channel.key) and not channel.dismissed:
            yield AddMembers(channel.key, (users[-1],))
            yield RemoveMembers(channel.key, (users[0],))
            return


def _incremental(scene: Scene) -> bool:
    """21: what each device shows after a delta is what a full synchronisation shows."""
    for user in scene.users:
        *devices, (_, whole) = scene.agreement(user)
        for device, view in devices:
            _compare_lists(scene, 21, (user, device), whole, view)
    return bool(scene.users)


def _converge(scene: Scene) -> bool:
    """22: after synchronising, all devices of a user show the same."""
    tried = False
    for user in scene.users:
        views = scene.agreement(user)[:-1]
        for device, view in views[1:]:
            tried = True
            _compare_lists(scene, 22, (user, device), views[0][1], view)
    return tried


def shown_facts(view: ListView) -> View:
    """Give what a device shows, without how many older messages it happens to keep."""
    entries = [
        (("entry", entry.chat), msgspec.structs.replace(entry, order=(), messages=()))
        for entry in view.entries
    ]
    return ((("total", ""), view.total_unread), *entries)


def _compare_lists(
    scene: Scene, number: int, device: tuple[str, str], one: ListView, two: ListView
) -> None:
    """Report where two lists differ; what is equal as it is needs no closer look."""
    if one.entries == two.entries and one.total_unread == two.total_unread:
        return
    difference = first_difference(shown_facts(one), shown_facts(two))
    if difference is not None:
        chat, expected, actual = difference
        where = f"{actual} on {device[0]}.{device[1]} once it has synchronised"
        scene.out.append(Broken(number, device[0], chat, expected, where))


def _pages(scene: Scene) -> bool:
    """23: the pages of any size, one after the other, are the list."""
    tried = False
    for user in scene.users:
        whole = scene.listed(user)
        for size in page_sizes(len(whole)):
            tried = True
            paged = paged_list(scene.world.fork(), user, size, len(whole))
            if paged != whole and [bare(e) for e in paged] != [bare(e) for e in whole]:
                expected = ", ".join(entry.chat for entry in whole) or "nothing"
                got = ", ".join(entry.chat for entry in paged) or "nothing"
                actual = f"{got} by asking for pages of {size} until one is empty"
                scene.out.append(Broken(23, user, "", f"the list {expected}", actual))
    return tried


def page_sizes(count: int) -> tuple[int, ...]:
    """Choose page sizes to try: every one that cuts the list, and one that holds all of it.

    >>> page_sizes(0), page_sizes(1), page_sizes(2), page_sizes(30)
    ((), (1,), (1, 2), (1, 2, 7))
    """
    return PAGE_SIZES[: bisect_left(PAGE_SIZES, count) + 1] if count else ()


def paged_list(world: World, user: str, size: int, count: int) -> list[Entry]:
    """Read a list page by page until a page is empty; at most one page more than there can be."""
    entries: list[Entry] = []
    for page in range(1, count // size + 3):
        events = world.apply(Synchronise(user, "", page=page, page_size=size))
        answers = [event for event in events if isinstance(event, ListAnswer)]
        if not answers or not answers[0].entries:
            return entries
        entries += answers[0].entries
    return entries


def _restart(scene: Scene) -> bool:
    """24: after a restart in good order everybody sees what they saw."""
    copy = scene.world.fork()
    copy.apply(restart := Restart())
    compare_views(scene, 24, None, copy, scene.users, "after a restart in a copy", restart)
    return bool(scene.users)


CHECKS: dict[int, Callable[[Scene], bool]] = {
    8: _alone,
    9: _idempotent,
    21: _incremental,
    22: _converge,
    23: _pages,
    24: _restart,
}
"""Which function judges which invariant."""
