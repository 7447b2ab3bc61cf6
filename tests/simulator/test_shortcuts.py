"""Ways that are only there for speed give what the plain ways give, in random programs."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from imcli.model.actions import AddDevice, CreateGroup, CreateUser, Read, Send, Synchronise
from imcli.model.entities import Entry, chat_of
from imcli.model.events import ListAnswer
from imcli.simulator.conversations import derived_list
from imcli.simulator.conversations.derived import (
    by_order,
    derive_entry,
    make_entry,
    marks_only,
    spans_of,
    without_floor,
)
from imcli.simulator.conversations.derived_list import list_answer
from imcli.simulator.profiles import (
    REFERENCE,
    Profile,
    build_profile,
    builtin_names,
    load_profile,
)
from imcli.simulator.record import Record
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.targets.base import Cast, Identity
from imcli.targets.simulated import SimulatedTarget
from imcli.trace.programs import random_program

PROFILES = [p for p in map(load_profile, builtin_names()) if p.product == "reference"]
COUNTS = (0, 1, 3, 20)


def servers(seed: int, profile: Profile, size: int = 60) -> Iterator[Server]:
    """Give a server after each action of a random program, and forks and asides between."""
    program = random_program(Random(seed), size)
    cast = Cast(program.users, program.groups)
    target = SimulatedTarget(Server(profile), Identity("sim", "sim", "reference"), cast)
    forks: list[Server] = []
    for number, action in enumerate(program.actions):
        target.perform(action)
        yield target.server
        if number % 3 == 0:
            forks.append(target.server.fork())
        for fork in forks[-2:]:  # the other way on from there: later actions, one left out
            fork.apply(program.actions[(number * 7 + 1) % size])
            yield fork
        aside = target.server.aside()  # let go before the server does anything
        aside.apply(program.actions[(number * 5 + 2) % size])
        yield aside
        yield target.server


def entries(server: Server, *, plain: bool) -> list[Entry | None]:
    state = server.state
    make = derive_entry if plain else make_entry
    return [
        make(state, user, key, record, count)
        for user in state.users
        for key, record in state.all_records(user)
        for count in COUNTS
    ]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
def test_an_entry_that_is_remembered_is_the_one_that_would_be_derived(profile: Profile) -> None:
    for seed in range(8):
        for server in servers(seed, profile):
            entries(server, plain=False)  # what this one remembers, the next step must not believe
            assert entries(server, plain=False) == entries(server, plain=True)


def test_a_usual_entry_is_what_the_definitions_give(monkeypatch: pytest.MonkeyPatch) -> None:
    quick: list[list[Entry | None]] = []
    for seed in range(8):
        quick += [entries(server, plain=True) for server in servers(seed, REFERENCE)]
    monkeypatch.setattr(Profile, "usual_lists", property(lambda profile: False))
    slow: list[list[Entry | None]] = []
    for seed in range(8):
        slow += [entries(server, plain=True) for server in servers(seed, REFERENCE)]
    assert quick == slow


# Deltas


def plain_delta(state: State, user: str, device: str, cursor: int) -> ListAnswer:
    """Answer a delta by looking at every conversation, as the definitions say."""
    since = state.users[user].devices[device].synced_ms
    listed: list[Entry] = []
    changed: list[Entry] = []
    gone: list[tuple[str, int]] = []
    marks: list[Entry] = []
    for key, record in state.all_records(user):
        entry = derive_entry(state, user, key, record, 20)
        lost = has_lost(state, key, record, since)
        if entry is not None:
            listed.append(entry)
            if record.changed > cursor or state.channels[key].order > cursor or lost:
                changed.append(entry)
            continue
        if record.tombstone > cursor or lost:
            gone.append((chat_of(user, key), record.deleted_to))
        if (record.changed > cursor or lost) and not record.gone:
            told = state.profile.sync_deletes != "on-full-sync" or record.tombstone > cursor or lost
            own = marks_only(state, user, key, record)
            marks.append(own if told else without_floor(own))
    muted_too = state.profile.total_counts_muted
    return ListAnswer(
        user,
        device,
        False,
        state.order,
        tuple(sorted(changed, key=by_order, reverse=True)),
        tuple(gone),
        (),
        sum(entry.unread for entry in listed if muted_too or not entry.muted),
        list_answer(state, Synchronise(user, device)).requests,
        False,
        state.now,
        tuple(marks),
    )


def has_lost(state: State, key: str, record: Record, since: int) -> bool:
    return any(
        since < message.expires_ms <= state.now
        for above, upto in spans_of(state, record, state.last_seq(key))
        for message in state.logs[key].page(above, upto, 0)
    )


TELLING = [
    *PROFILES,
    build_profile({"total_counts_muted": False}),
    build_profile({"sync_deletes": "on-full-sync", "unread_counts": "sequence-difference"}),
    build_profile({"list_order": "row-update", "leave": "keep-read-only"}),
    build_profile({"delete_history": "erased", "rejoin_history": "all"}),
]


@pytest.mark.parametrize("surveyed_min", [0, 1_000], ids=["surveyed", "read"])
@pytest.mark.parametrize("profile", TELLING, ids=lambda p: p.name)
def test_a_delta_is_what_looking_at_everything_gives(
    profile: Profile, surveyed_min: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived_list, "SURVEYED_MIN", surveyed_min)
    for seed in range(6):
        cursors: dict[str, int] = {}
        for number, server in enumerate(servers(seed, profile, 80)):
            state = server.state
            for user in list(state.users)[number % 2 :]:  # the others will have more to be told
                for cursor in {0, cursors.get(user, 0), state.order}:
                    device = next(iter(state.users[user].devices))
                    if state.now - state.users[user].devices[device].synced_ms > 2_000_000_000:
                        continue
                    answer = list_answer(state, Synchronise(user, device, cursor))
                    assert answer == plain_delta(state, user, device, cursor)
                cursors[user] = state.order


def test_a_delta_does_not_look_at_what_has_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    people = [f"u{number}" for number in range(50)]
    for user in ("A", *people):
        server.apply(CreateUser(user))
        server.apply(AddDevice(user, "phone", "app", "master", True))
    for user in people:
        server.apply(Send(user, "phone", "A", "hi", "c1"))
    server.apply(Synchronise("A", "phone", 0))
    looked: list[str] = []

    def noted(state: State, user: str, key: str, record: Record, count: int) -> Entry | None:
        looked.append(key)
        return make_entry(state, user, key, record, count)

    monkeypatch.setattr(f"{derived_list.__name__}.make_entry", noted)
    cursor = server.state.order
    (nothing,) = server.apply(Synchronise("A", "phone", cursor))
    assert isinstance(nothing, ListAnswer)
    assert (nothing.entries, nothing.total_unread, looked) == ((), 50, [])
    server.apply(Send("u7", "phone", "A", "again", "c2"))
    server.apply(Read("A", "", "u9"))
    (two,) = server.apply(Synchronise("A", "phone", cursor))
    assert isinstance(two, ListAnswer)
    assert ({entry.chat for entry in two.entries}, two.total_unread) == ({"u7", "u9"}, 50)
    assert set(looked) == {"A@u7", "A@u9"}


def test_whoever_changes_records_on_its_own_is_not_believed_to_have_left_them() -> None:
    server = Server()
    for user in "AB":
        server.apply(CreateUser(user))
        server.apply(AddDevice(user, "phone", "app", "master", True))
    for number in range(12):
        server.apply(CreateGroup(f"#g{number}", ("A", "B")))
        server.apply(Send("B", "phone", f"#g{number}", "hi", "c1"))
    server.apply(Synchronise("A", "phone", 0))
    records = server.state.records_w("A")
    records["#g3"] = replace(records["#g3"], read_to=1)
    (answer,) = server.apply(Synchronise("A", "phone", server.state.order))
    assert isinstance(answer, ListAnswer)
    assert answer.total_unread == 11
