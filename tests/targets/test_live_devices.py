"""The parts of which devices of a live world are made, each by itself."""

from __future__ import annotations

import pytest

from imcli.device.cache import DeviceCache
from imcli.model.actions import (
    AddMembers,
    CreateGroup,
    Delete,
    Fault,
    Leave,
    MarkUnread,
    Read,
    RemoveMembers,
    Send,
    SetMembers,
)
from imcli.model.entities import DeviceKey, Entry, Message
from imcli.model.errors import Defect, TargetUnavailable, UsageError
from imcli.model.events import Pushed
from imcli.targets.clocks import monotonic_ms
from imcli.targets.live.deliveries import Members
from imcli.targets.live.door import MANNERS, Manner, find_door, split_manner
from imcli.targets.live.evidence import Evidence
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.loop import Loop
from imcli.targets.live.told import told
from imcli.wire.packets import Recv

RECV = Recv(1, 1, "B", 1)
SECOND = Recv(2, 2, "B", 1)


# Faults of a link


def fault(kind: str, count: int = 0, duration_ms: int = 0) -> Fault:
    return Fault("A", "phone", kind, count, duration_ms)  # type: ignore[arg-type]


def changed(faults: LinkFaults, *changes: Fault) -> list[tuple[int, int]]:
    released: list[tuple[int, int]] = []
    for change in changes:
        faults.change(change, lambda recv, ms: released.append((recv.message_id, ms)))
    return released


def test_a_link_without_faults_lets_everything_through_at_once() -> None:
    faults = LinkFaults()
    assert (faults.quiet, faults.incoming(RECV)) == (True, (0,))
    assert not faults.loses_send()
    assert not faults.loses_ack()


def test_so_many_frames_meet_a_fault_and_then_none() -> None:
    faults = LinkFaults()
    changed(faults, fault("drops-messages", 1), fault("duplicates-messages", 1))
    changed(faults, fault("drops-sends", 1), fault("loses-acks", 2))
    assert [faults.incoming(RECV) for _ in range(3)] == [(), (0, 0), (0,)]
    assert [faults.loses_send() for _ in range(2)] == [True, False]
    assert [faults.loses_ack() for _ in range(3)] == [True, True, False]
    assert faults.quiet


def test_a_slow_link_has_something_under_way_until_it_arrives() -> None:
    faults = LinkFaults()
    changed(faults, fault("delays", duration_ms=50))
    assert (faults.incoming(RECV), faults.under_way) == ((50,), 1)
    faults.arrived_late()
    assert faults.under_way == 0
    changed(faults, fault("delays", duration_ms=0))
    assert faults.quiet


@pytest.mark.parametrize(
    ("kind", "order"), [("releases", [1, 2]), ("releases-reversed", [2, 1]), ("heals", [1, 2])]
)
def test_what_a_link_held_comes_out_in_its_order(kind: str, order: list[int]) -> None:
    faults = LinkFaults()
    changed(faults, fault("holds"))
    assert [faults.incoming(RECV), faults.incoming(SECOND)] == [(), ()]
    assert [message_id for message_id, _ in changed(faults, fault(kind))] == order
    assert (faults.quiet, faults.under_way) == (True, 2)


def test_what_a_link_held_is_lost_with_the_session() -> None:
    faults = LinkFaults()
    changed(faults, fault("holds"))
    faults.incoming(RECV)
    faults.lose_held()
    assert changed(faults, fault("releases")) == []


# What a server says in two places


def test_answers_and_pushes_that_agree_are_no_contradiction() -> None:
    said = Evidence()
    said.sending("A", "c1")
    said.pushed("A", "c1", 7, 1)
    assert said.contradiction() == ""  # not answered yet: nothing is known
    said.answered("A", "c1", 7, 1)
    assert said.contradiction() == ""


@pytest.mark.parametrize(
    ("pushed", "sentence"),
    [
        ((8, 1), "message c1 is 7 with number 1, and pushed it as 8 with number 1"),
        ((7, 2), "message c1 is 7 with number 1, and pushed it as 7 with number 2"),
    ],
)
def test_another_id_or_number_is_a_contradiction_told_once(
    pushed: tuple[int, int], sentence: str
) -> None:
    said = Evidence()
    said.sending("A", "c1")
    said.answered("A", "c1", 7, 1)
    said.pushed("A", "c1", *pushed)
    assert sentence in said.contradiction()
    assert said.contradiction() == ""


def test_what_was_refused_must_not_be_pushed() -> None:
    said = Evidence()
    said.sending("A", "c1")
    said.answered("A", "c1", 0, 0)
    said.pushed("A", "c1", 9, 1)
    assert "message c1 is refused, and pushed it as 9" in said.contradiction()


def test_a_message_that_was_sent_twice_may_have_two_ids_and_strangers_any() -> None:
    said = Evidence()
    for message_id in (7, 8):
        said.sending("A", "c1")
        said.answered("A", "c1", message_id, message_id)
        said.pushed("A", "c1", message_id, message_id)
    said.pushed("X", "c1", 1, 1)
    assert said.contradiction() == ""


# What a device knows of its own changes


def cache_of(*senders: str) -> DeviceCache:
    cache = DeviceCache("A", "phone", told_of_changes=False)
    messages = [
        Message("A@B", seq, seq, f"c{seq}", sender) for seq, sender in enumerate(senders, 1)
    ]
    cache.feed(Pushed(message, (DeviceKey("A", "phone"),)) for message in messages)
    return cache


def row(unread: int, read_to: int) -> Entry:
    return Entry("B", unread, read_to=read_to)


def test_a_deletion_goes_as_far_as_the_stored_row_says() -> None:
    marks: dict[tuple[str, str], int] = {}
    event = told(Delete("A", "phone", "B"), row(2, 1), 3, cache_of("B"), marks, (2, 2, 5))
    assert event is not None
    assert (event.deleted_to, event.entry, marks) == (3, None, {("A", "B"): 3})
    again = told(Delete("A", "phone", "B"), None, 0, cache_of("B"), marks, (2, 2, 5))
    assert again is not None
    assert again.deleted_to == 3


def test_a_deletion_leaves_no_mark_where_it_removes_the_row() -> None:
    event = told(Delete("A", "phone", "B"), row(2, 1), 3, cache_of("B"), {}, (2, 1, 3))
    assert event is not None
    assert event.deleted_to == 0


def test_a_mark_beyond_all_numbers_says_nothing_of_a_deletion() -> None:
    marks: dict[tuple[str, str], int] = {}
    beyond = row(0, (1 << 64) - 1)
    event = told(Delete("A", "phone", "B"), beyond, 2, cache_of("BB"), marks, (2, 2, 5))
    assert event is not None
    assert event.deleted_to == 2


def test_reading_needs_no_more_than_the_wish() -> None:
    event = told(Read("A", "phone", "B"), None, 0, cache_of("B"), {}, (2, 2, 5))
    assert event is not None
    assert event.change == "read"


@pytest.mark.parametrize(
    ("version", "senders", "stored", "counted"),
    [
        ((2, 1, 3), "BB", (2, 0), (2, 0)),
        ((2, 1, 5), "BA", (2, 0), (2, 0)),  # the oldest is looked at (A9) ...
        ((2, 1, 5), "AB", (2, 0), (0, 1)),
        ((2, 2, 5), "BA", (2, 0), (0, 2)),  # ... and later the newest
        ((2, 2, 5), "BAB", (3, 0), (1, 2)),
        ((2, 2, 0), "BAB", (3, 0), (3, 0)),
    ],
)
def test_a_mark_counts_as_the_list_of_its_version_does(
    version: tuple[int, ...], senders: str, stored: tuple[int, int], counted: tuple[int, int]
) -> None:
    mark = MarkUnread("A", "phone", "B", 1)
    event = told(mark, row(*stored), sum(stored), cache_of(*senders), {}, version)
    assert event is not None
    assert event.entry is not None
    assert (event.entry.unread, event.entry.read_to) == counted


def test_a_mark_on_what_is_deleted_or_unknown_tells_nothing() -> None:
    mark = MarkUnread("A", "phone", "B", 1)
    assert told(mark, row(1, 0), 1, cache_of(), {}, (2, 2, 5)) is None
    assert told(mark, row(1, 0), 1, cache_of("B"), {("A", "B"): 1}, (2, 2, 5)) is None


# Who gets what is sent


def test_members_are_those_whom_the_case_made_members() -> None:
    members = Members()
    changes = (
        CreateGroup("team", ("B",), "A"),
        AddMembers("#team", ("C", "D")),
        RemoveMembers("#team", ("B",)),
        Leave("C", "phone", "#team"),
    )
    for change in changes:
        members.note(change)
    assert members.receivers("A", "#team") == ("A", "D")
    members.note(SetMembers("#team", ("X",)))
    members.note(Send("A", "phone", "#team", "hi", "c1"))
    assert members.receivers("A", "#team") == ("X",)
    assert set(members.receivers("A", "B")) == {"A", "B"}


# How devices connect


def test_a_manner_stands_behind_the_address_or_beside_it() -> None:
    assert split_manner("http://h:1?devices=ws-jsonrpc", "tcp") == (
        "http://h:1",
        Manner("ws", "jsonrpc"),
    )
    assert split_manner("http://h:1", "tcp") == ("http://h:1", MANNERS["tcp"])


@pytest.mark.parametrize("url", ["http://h:1?devices=carrier-pigeon", "http://h:1?x=y"])
def test_another_manner_is_refused_with_the_words_there_are(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_manner(url)
    assert "tcp, ws, jsonrpc" in caught.value.hint


NOWHERE = ("127.0.0.1:1", "ws://127.0.0.1:1")


def test_a_server_whose_ports_cannot_be_reached_has_no_door() -> None:
    assert find_door(NOWHERE, "127.0.0.1", (2, 2, 5), Manner()) is None
    assert find_door(("", "no address"), "127.0.0.1", (2, 2, 5), Manner()) is None
    assert find_door(NOWHERE, "127.0.0.1", (2, 2, 5), Manner("none")) is None


@pytest.mark.parametrize(
    ("manner", "version", "sentence"),
    [
        (Manner("ws"), (2, 2, 5), "cannot be reached over ws: tried 127.0.0.1:1"),
        (Manner("", "jsonrpc"), (2, 1, 3), "speaks no JSON-RPC: WuKongIM has it since 2.1.4"),
        (Manner("", "jsonrpc"), (), "speaks no JSON-RPC: its version is unknown"),
    ],
)
def test_what_was_asked_for_by_name_and_cannot_be_had_is_an_error(
    manner: Manner, version: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(TargetUnavailable, match=sentence):
        find_door(NOWHERE, "127.0.0.1", version, manner)


# The loop


def test_a_loop_that_broke_says_so_to_whoever_waits() -> None:
    loop = Loop(monotonic_ms)

    def breaks() -> None:
        raise ZeroDivisionError

    loop.call(breaks)
    assert loop._thread is not None
    loop._thread.join(30)
    with pytest.raises(Defect, match="ZeroDivisionError"):
        loop.check()
    loop.close()


def test_a_timer_that_was_cancelled_does_nothing_and_the_others_act_in_order() -> None:
    loop = Loop(monotonic_ms)
    done: list[str] = []

    def plan() -> None:
        loop.later(2, lambda: done.append("second"))
        loop.later(1, lambda: done.append("first"))
        loop.later(1, lambda: done.append("never")).cancel()
        loop.later(3, loop._end)

    loop.call(plan)
    assert loop._thread is not None
    loop._thread.join(30)
    assert done == ["first", "second"]
    loop.check()
    loop.close()
