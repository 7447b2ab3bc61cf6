"""A watched world: whatever reaches the server is judged, and what is broken is told in words."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    Connect,
    CreateGroup,
    Delete,
    Disconnect,
    Fault,
    Read,
    Restart,
    Send,
    SetFlag,
    Wait,
)
from imcli.model.entities import DeviceSpec, Entry
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.server import Server
from imcli.simulator.state import State
from imcli.targets.base import Cast, Identity, Target
from imcli.targets.embedded_case import open_embedded_case
from imcli.targets.simulated import SimulatedTarget, open_simulated
from imcli.targets.watched import Watch, watch_of
from imcli.trace.catalogue import BY_NUMBER
from imcli.trace.ledger import Ledger
from imcli.trace.programs import random_program
from imcli.trace.records import Part
from tests.trace.test_planted import PLANTS
from tests.trace.worlds import open_watched

PHONE = (DeviceSpec("phone"), DeviceSpec("web", "web"))
CAST = Cast((("A", PHONE), ("B", PHONE)), (("team", ("A", "B")),))


def watched(*, each_step: bool = False) -> tuple[SimulatedTarget, Watch]:
    target = SimulatedTarget(Server(), Identity("sim", "sim", "reference"), CAST)
    return target, Watch(target, each_step=each_step)


def send(number: int, chat: str = "A") -> Send:
    return Send("B", "phone", chat, f"message {number}", f"c{number}")


@pytest.fixture
def one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list counts one unread too many."""
    right = Derived.entry

    def wrong(self: Derived, state: State, user: str, chat: str, count: int = 20) -> Entry | None:
        entry = right(self, state, user, chat, count)
        return None if entry is None else replace(entry, unread=entry.unread + (user == "A"))

    monkeypatch.setattr(Derived, "entry", wrong)


def test_a_right_server_is_told_nothing_about() -> None:
    target, watch = watched(each_step=True)
    for action in (
        send(1),
        Delete("A", "phone", "B"),
        send(2),
        SetFlag("A", "web", "B", "pinned", True),
        send(3, "#team"),
        Restart(),
        CreateGroup("#club", ("A",)),
    ):
        assert watch.after(action, target.perform(action)) == []
    assert watch.finish() == []
    assert watch.checker.verdicts()[24] == "holds"


@pytest.mark.usefixtures("one_too_many")
def test_what_is_broken_is_told_as_a_sentence_with_user_and_chat() -> None:
    target, watch = watched()
    told = watch.after(send(1), target.perform(send(1)))[0]
    assert told.startswith("invariant 4 (unread equation) is broken for A with B: ")
    assert "expected 1 unread, got 2 unread" in told
    quiet = Wait(1)
    assert watch.after(quiet, target.perform(quiet)) == []


@pytest.mark.usefixtures("one_too_many")
def test_an_action_that_waited_in_an_outbox_is_judged_when_it_is_done() -> None:
    target, watch = watched()
    for action in (Disconnect("B", "phone"), send(1)):
        assert watch.after(action, target.perform(action, queue=True)) == []
    back = Connect("B", "phone")
    assert "for A with B" in watch.after(back, target.perform(back))[0]


def test_what_arrives_late_is_judged_when_the_clock_moves() -> None:
    target, watch = watched()
    slow = Fault("A", "phone", "delays", duration_ms=500)
    for action in (slow, send(1)):
        assert watch.after(action, target.perform(action)) == []
    target.settle()
    assert target.now() == 500
    assert not target.advance(1_000)
    assert watch.finish() == []


def test_a_group_of_the_cast_is_known_from_the_start() -> None:
    target, watch = watched()
    action = send(1, "#team")
    assert watch.after(action, target.perform(action)) == []
    part = watch.checker.ledger.part("A", "#team")
    assert part is not None
    assert (part.is_listed, part.number) == (True, 1)


def test_settled_checks_come_after_deletes_and_not_after_reads() -> None:
    target, watch = watched()
    for action in (send(1), Read("A", "phone", "B")):
        watch.after(action, target.perform(action))
    assert watch.checker.examined == set()
    delete = Delete("A", "phone", "B")
    watch.after(delete, target.perform(delete))
    assert {9, 21, 22, 24} <= watch.checker.examined


def test_a_forked_watch_knows_what_was_seen_and_goes_its_own_way() -> None:
    """Each branch of a random program ends with the ledger that a run from the start has."""
    for seed in range(10):
        program = random_program(Random(seed), 60)
        first, then, other = program.actions[:30], program.actions[30:], program.actions[40:]
        target, watch = open_watched(program)
        told = perform(target, watch, first)
        branch = target.fork()
        twin = watch.fork(branch)
        told += perform(branch, twin, other)
        told += perform(target, watch, then)
        assert told == []
        for forked, actions in ((watch, first + then), (twin, first + other)):
            fresh, alone = open_watched(program)
            perform(fresh, alone, actions)
            assert written(forked.checker.ledger) == written(alone.checker.ledger), seed


def test_a_forked_watch_still_says_no(one_too_many: None) -> None:
    target, watch = watched()
    branch = target.fork()
    twin = watch.fork(branch)
    outcome = branch.perform(send(1))
    assert "invariant 4" in twin.after(send(1), outcome)[0]
    assert watch.finish() == []


def perform(target: SimulatedTarget, watch: Watch, actions: Sequence[Action]) -> list[str]:
    told: list[str] = []
    for action in actions:
        told += watch.after(action, target.perform(action))
    return told


def written(ledger: Ledger) -> dict[str, object]:
    """Write down a ledger as plain values."""
    channels = {
        key: [
            (channel.log, channel.shown, channel.content, channel.countable, channel.own),
            channel.dismissed,
            [plain(part) for part in channel.parts.values()],
        ]
        for key, channel in ledger.channels.items()
    }
    tables = (ledger.devices, ledger.totals, ledger.sends, ledger.now_ms, ledger.newest_id)
    return {"tables": tables, **channels}


def plain(part: Part) -> list[object]:
    return [getattr(part, name) for name in Part.__slots__ if name != "channel"]


def test_an_interrupt_while_a_watch_is_made_leaves_a_world_that_can_be_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = SimulatedTarget(Server(), Identity("sim", "sim", "reference"), CAST)
    own = target.server

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("imcli.targets.watched._at_the_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Watch(target)
    assert target.server is own
    assert target.close() == ()


# Worlds with ids of their own

IDS = (("A", "z:1"), ("B", "b|2"), ("team", "t|1"))
ODD = Cast(CAST.users, CAST.groups, IDS)


def both_watched(*, each_step: bool = False) -> list[tuple[Target, Watch]]:
    """A world whose server has other ids, and one whose server has the names themselves."""
    found: list[tuple[Target, Watch]] = []
    for cast in (ODD, CAST):
        target = open_simulated()(cast)
        watch = watch_of(target, each_step=each_step)
        assert watch is not None
        found.append((target, watch))
    return found


@pytest.mark.usefixtures("one_too_many_for_everybody")
def test_a_fault_is_told_in_the_names_of_the_case_whatever_the_ids_are() -> None:
    told = [watch.after(send(1), target.perform(send(1))) for target, watch in both_watched()]
    assert told[0] == told[1]
    assert told[0][0].startswith("invariant 4 (unread equation) is broken for A with B: ")


@pytest.fixture
def one_too_many_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Derived.entry

    def wrong(self: Derived, state: State, user: str, chat: str, count: int = 20) -> Entry | None:
        entry = right(self, state, user, chat, count)
        return None if entry is None else replace(entry, unread=entry.unread + 1)

    monkeypatch.setattr(Derived, "entry", wrong)


@pytest.mark.parametrize("number", BY_NUMBER, ids=lambda n: f"{n}-{PLANTS[n].__name__}")
def test_renaming_the_server_is_an_isomorphism_for_every_invariant(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a planted fault, both worlds are told the same in every step and at the end."""
    PLANTS[number](monkeypatch)
    for seed in range(4):
        program = random_program(Random(seed), 40)
        names = (*(user for user, _ in program.users), *(name for name, _ in program.groups))
        ids = tuple((name.lstrip("#"), f"{chr(122 - at)}:{at}") for at, name in enumerate(names))
        told: list[list[list[str]]] = []
        for cast_ids in (ids, ()):
            target = open_simulated()(Cast(program.users, program.groups, cast_ids))
            watch = watch_of(target)
            assert watch is not None
            steps = [watch.after(a, target.perform(a, queue=True)) for a in program.actions]
            told.append([*steps, watch.finish()])
        assert told[0] == told[1], seed


def test_settled_invariants_are_judged_there_too() -> None:
    for target, watch in both_watched(each_step=True):
        for action in (send(1), Delete("A", "phone", "B"), send(2), send(3, "#team"), Restart()):
            assert watch.after(action, target.perform(action)) == []
        assert watch.finish() == []
        assert {8, 9, 21, 22, 23, 24} <= watch.checker.examined


def test_what_is_no_simulated_world_is_not_watched() -> None:
    target = open_embedded_case()(ODD)
    assert watch_of(target) is None
    target.close()


# Many worlds


def test_worlds_of_one_cast_begin_alike_and_go_their_own_ways() -> None:
    opener = open_simulated()
    one, two = opener(CAST), opener(CAST)
    assert isinstance(one, SimulatedTarget)
    assert isinstance(two, SimulatedTarget)
    fresh = SimulatedTarget(Server(), one.identity, CAST)
    assert one.server.digest() == two.server.digest() == fresh.server.digest()
    one.perform(send(1))
    assert two.server.digest() == fresh.server.digest()
    third = opener(CAST)
    assert isinstance(third, SimulatedTarget)
    assert third.server.digest() == fresh.server.digest()


def test_what_one_watch_saw_the_next_of_the_same_cast_does_not_know() -> None:
    target, watch = watched()
    assert watch.after(send(1), target.perform(send(1))) == []
    _, other = watched()
    assert other.checker.ledger.part("A", "B") is None
    assert other.checker.verdicts()[1] == "unknown"


def test_a_world_that_has_ended_leaves_nothing_to_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        target, watch = watched()
        for action in (send(1), send(2, "#team"), Delete("A", "phone", "B")):
            watch.after(action, target.perform(action))
        watch.finish()
        target.close()
        del target, watch
        assert gc.collect() == 0
    finally:
        gc.enable()
