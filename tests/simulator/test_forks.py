"""Forks and digests: the same history is the same state, and forks go their own ways."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.model.actions import (
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Crash,
    CreateGroup,
    CreateUser,
    Delete,
    Disconnect,
    Drop,
    Fault,
    Leave,
    MarkUnread,
    Read,
    Restart,
    Send,
    SetAccess,
    SetFlag,
    Synchronise,
    Wait,
)
from imcli.simulator.profiles import Profile, load_profile
from imcli.simulator.server import Server
from tests.simulator.world import policy

PROFILES: tuple[Profile, ...] = (
    load_profile("reference"),
    load_profile("wukongim-2.1.3"),
    policy(delete_kind="physical", delete_scope="two-way", leave="keep-read-only"),
    policy(
        delete_history="erased", on_message_after_delete="request", unread_counts="visible-content"
    ),
    policy(
        list_order="row-update", sync_deletes="on-full-sync", on_message_after_delete="stay-hidden"
    ),
)
BEGINNING: tuple[Action, ...] = (
    *(CreateUser(user) for user in "AB"),
    *(AddDevice(user, device, "app", "master", True) for user in "AB" for device in ("p", "w")),
    CreateGroup("#t", ("A", "B")),
)

users = st.sampled_from("AB")
devices = st.sampled_from(("p", "w"))
chats = st.sampled_from(("A", "B", "#t"))
flags = st.booleans()
numbers = st.sampled_from(tuple(f"n{i}" for i in range(6)))
actions = st.one_of(
    st.builds(
        Send,
        users,
        devices,
        chats,
        st.just("hi"),
        numbers,
        no_persist=st.sampled_from((False, False, True)),
        command=st.sampled_from((False, False, True)),
        expire_ms=st.sampled_from((0, 0, 2_000)),
    ),
    st.builds(Delete, users, devices, chats, flags, st.integers(0, 3)),
    st.builds(Clear, users, devices, chats),
    st.builds(Read, users, devices, chats, st.integers(0, 3)),
    st.builds(MarkUnread, users, devices, chats, st.sampled_from((None, 1, 2))),
    st.builds(SetFlag, users, devices, chats, st.sampled_from(("pinned", "archived")), flags),
    st.builds(Synchronise, users, devices, st.sampled_from((None, 3))),
    st.builds(Connect, users, devices),
    st.builds(Disconnect, users, devices),
    st.builds(Drop, users, devices),
    st.builds(Leave, users, devices, st.just("#t")),
    st.builds(AddMembers, st.just("#t"), st.tuples(users)),
    st.builds(SetAccess, users, users, st.just("block"), flags),
    st.builds(
        Fault,
        users,
        devices,
        st.sampled_from(
            ("drops-messages", "delays", "holds", "releases", "duplicates-messages", "heals")
        ),
        st.just(1),
        st.just(700),
    ),
    st.builds(Wait, st.sampled_from((500, 6_000, 400_000))),
    st.just(Restart()),
    st.just(Crash()),
)
programs = st.lists(actions, max_size=25)


def played(profile: Profile, program: list[Action]) -> Server:
    server = Server(profile)
    for action in (*BEGINNING, *program):
        server.apply(action)
    return server


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.sampled_from(PROFILES), programs, programs, programs)
def test_a_fork_and_its_parent_never_influence_each_other(
    profile: Profile, before: list[Action], parents: list[Action], forks: list[Action]
) -> None:
    """Their actions are interleaved; each ends as a server that did only its own."""
    parent = played(profile, before)
    fork = parent.fork()
    assert fork.digest() == parent.digest()
    for index in range(max(len(parents), len(forks))):
        for server, program in ((parent, parents), (fork, forks)):
            if index < len(program):
                server.apply(program[index])
    assert parent.digest() == played(profile, before + parents).digest()
    assert fork.digest() == played(profile, before + forks).digest()


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.sampled_from(PROFILES), programs, programs, programs)
def test_what_is_tried_aside_leaves_no_trace(
    profile: Profile, before: list[Action], tried: list[Action], after: list[Action]
) -> None:
    """Before each further action everything is tried on a copy that is then let go."""
    server, undisturbed = played(profile, before), played(profile, before)
    for action in after:
        copy = server.aside()
        assert copy.digest() == server.digest()
        for attempt in tried:
            copy.apply(attempt)
        for user in "AB":
            copy.listing(user)
        assert server.digest() == undisturbed.digest()
        for user in "AB":
            assert server.listing(user) == undisturbed.listing(user)
        assert server.apply(action) == undisturbed.apply(action)
    assert server.digest() == undisturbed.digest()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(PROFILES), programs)
def test_the_same_actions_give_the_same_events_and_the_same_digest(
    profile: Profile, program: list[Action]
) -> None:
    one, other = played(profile, []), played(profile, [])
    for action in program:
        assert one.apply(action) == other.apply(action)
    assert one.digest() == other.digest()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(PROFILES[:1] + PROFILES[2:]), programs)
def test_looking_changes_nothing_and_nothing_waits_for_ever(
    profile: Profile, program: list[Action]
) -> None:
    server = played(profile, program)
    before = server.digest()
    for user in "AB":
        server.listing(user)
        for chat in ("A", "B", "#t"):
            server.entry(user, chat)
            server.kept(user, chat)
            server.history(user, chat)
    assert server.digest() == before
    for user in "AB":
        for device in ("p", "w"):
            server.apply(Fault(user, device, "heals"))
    server.apply(Wait(120_000))
    assert server.state.frames == {}
    assert server.state.under_way == 0


def test_a_digest_tells_a_difference_that_only_timing_shows() -> None:
    one, other = played(PROFILES[0], []), played(PROFILES[0], [])
    one.apply(Wait(1))
    assert one.digest() != other.digest()


def test_a_fork_costs_no_copy_of_the_log() -> None:
    server = played(PROFILES[0], [])
    for number in range(50):
        server.apply(Send("A", "p", "B", "hi", f"c{number}"))
    fork = server.fork()
    log = server.state.logs["A@B"]
    assert log is fork.state.logs["A@B"]
