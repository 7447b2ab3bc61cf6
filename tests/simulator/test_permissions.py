"""Who may send, and which reason is given where several apply."""

from __future__ import annotations

import pytest

from imcli.model.actions import Send, SetAccess, SetGroupFlag
from imcli.model.reasons import REASONS
from tests.simulator.world import World, policy


@pytest.fixture
def world() -> World:
    world = World("A", "B", "C", profile=policy(person_allow_list=False))
    world.group("#team", "A", "B")
    return world


def test_the_order_of_reasons_is_the_order_of_the_table() -> None:
    assert [reason.name for reason in REASONS][:8] == [
        "banned",
        "silenced",
        "dismissed",
        "blocked",
        "not-a-member",
        "not-allowed",
        "unsupported",
        "invalid",
    ]


def test_of_several_reasons_the_first_is_given(world: World) -> None:
    """A group with everything wrong; each wrong is taken away in the order of the table."""
    world.do(SetAccess("#team", "A", "allow", True))
    world.do(SetAccess("#team", "C", "block", True))
    world.do(SetGroupFlag("#team", "muted", True))
    world.do(SetGroupFlag("#team", "banned", True))
    fork = world.server.fork()
    assert world.refuses(world.text("C", "#team")) == "banned"
    world.do(SetGroupFlag("#team", "banned", False))
    assert world.refuses(world.text("C", "#team")) == "silenced"
    world.do(SetGroupFlag("#team", "muted", False))
    assert world.refuses(world.text("C", "#team")) == "blocked"
    world.do(SetAccess("#team", "C", "block", False))
    assert world.refuses(world.text("C", "#team")) == "not-a-member"
    world.add("#team", "C")
    assert world.refuses(world.text("C", "#team")) == "not-allowed"
    world.do(SetAccess("#team", "C", "allow", True))
    world.send("C", "#team")
    world.server = fork
    world.do(SetGroupFlag("#team", "banned", False))
    world.do(SetGroupFlag("#team", "muted", False))
    world.dismiss("#team")
    assert world.refuses(world.text("C", "#team")) == "dismissed"


def test_a_black_list_refuses_and_ends_with_it(world: World) -> None:
    world.do(SetAccess("A", "B", "block", True))
    assert world.refuses(world.text("B", "A")) == "blocked"
    world.send("A", "B")
    world.do(SetAccess("A", "B", "block", False))
    world.send("B", "A")


def test_blocked_comes_before_not_allowed() -> None:
    world = World("A", "B", profile=policy(person_allow_list=True))
    world.do(SetAccess("A", "B", "block", True))
    assert world.refuses(world.text("B", "A")) == "blocked"


@pytest.mark.parametrize("access", ["block", "allow"])
def test_access_lists_are_idempotent(world: World, access: str) -> None:
    world.do(SetAccess("A", "B", access, True))  # type: ignore[arg-type]
    before = world.server.digest()
    world.do(SetAccess("A", "B", access, True))  # type: ignore[arg-type]
    assert world.server.digest() == before


def test_a_block_keeps_the_conversation_and_its_history(world: World) -> None:
    world.send("B", "A")
    world.do(SetAccess("A", "B", "block", True))
    assert (world.sees("A"), world.history("A", "B")) == (["B"], [1])


def test_a_resend_of_an_accepted_message_is_answered_whatever_has_changed(world: World) -> None:
    world.send("B", "A", number="x")
    world.do(SetAccess("A", "B", "block", True))
    world.do(world.text("B", "A"))
    assert world.accepted().duplicate


@pytest.mark.parametrize(
    "send",
    [
        Send("A", "phone", "ghost", "hi", "x"),
        Send("A", "phone", "", "hi", "x"),
        Send("A", "phone", "b@c", "hi", "x"),
        Send("A", "phone", "#none", "hi", "x"),
        Send("A", "phone", "B", "hi", "x", expire_ms=-1),
        Send("ghost", "", "A", "hi", "x"),
        Send("A", "fax", "B", "hi", "x"),
    ],
)
def test_what_names_something_that_cannot_be_is_invalid(world: World, send: Send) -> None:
    assert world.refuses(send) == "invalid"


def test_sends_without_a_number_are_never_taken_for_resends(world: World) -> None:
    world.do(Send("A", "phone", "B", "hi", ""))
    world.do(Send("A", "phone", "B", "hi", ""))
    assert world.accepted().seq == 2


def test_the_same_number_of_another_sender_is_another_message(world: World) -> None:
    world.send("A", "B", number="x")
    assert world.send("B", "A", number="x").seq == 2


def test_a_refused_number_can_be_used_again(world: World) -> None:
    world.do(SetAccess("A", "B", "block", True))
    world.refuses(world.text("B", "A"))
    world.do(SetAccess("A", "B", "block", False))
    world.do(world.text("B", "A"))
    assert not world.accepted().duplicate
