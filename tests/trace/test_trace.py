"""Recording, comparing, saving and loading what happened."""

from __future__ import annotations

from random import Random

import pytest

from imcli.model.actions import Connect, Read, Send, Wait
from imcli.model.entities import DeviceKey, Message
from imcli.model.errors import InvalidInput
from imcli.model.events import (
    Accepted,
    ConversationPushed,
    Done,
    Pushed,
    SessionStarted,
    Stored,
)
from imcli.trace.programs import random_program
from imcli.trace.trace import Trace, compare, compare_sessions, dump_lines, load_lines
from tests.trace.worlds import open_watched

MESSAGE = Message("A@B", 1, 1, "c1", "B", 'a "quoted"\nline')
SEND = Send("B", "phone", "A", MESSAGE.text, "c1")
PHONE, WEB = DeviceKey("A", "phone"), DeviceKey("A", "web")


def small() -> Trace:
    trace = Trace()
    accepted = Accepted("B", "phone", "c1", 1, 1, MESSAGE)
    trace.record(SEND, [Stored(MESSAGE), accepted, Pushed(MESSAGE, (PHONE, WEB))])
    told = ConversationPushed("A", "B", "read", ("phone", "web"), 2)
    trace.record(Read("A", "phone", "B"), [Done(), told])
    return trace


def random_trace(seed: int) -> Trace:
    program = random_program(Random(seed), 60)
    target, _ = open_watched(program)
    trace = Trace()
    for action in program.actions:
        trace.record(action, target.perform(action, queue=True).events)
    return trace


@pytest.mark.parametrize("seed", range(8))
def test_what_was_saved_is_loaded_again(seed: int) -> None:
    trace = random_trace(seed)
    assert compare(load_lines(dump_lines(trace)), trace) is None


def test_a_saved_trace_is_a_line_for_the_header_and_one_for_each_step() -> None:
    lines = list(dump_lines(small()))
    assert lines[0] == b'{"format":"imcli-trace","version":1}\n'
    assert len(lines) == 3
    assert all(line.count(b"\n") == 1 for line in lines)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "line 1: not a line of a trace"),
        (["{}"], "line 1: not a line of a trace"),
        (['{"format":"other","version":1}'], "line 1: this is no trace but 'other'"),
        (['{"format":"imcli-trace","version":9}'], "version 9, this program reads up to 1"),
        ([b"\xff\xfe"], "line 1: not a line of a trace"),
        (['{"format":"imcli-trace","version":1}', "{"], "line 2: not a line of a trace"),
        (
            ['{"format":"imcli-trace","version":1}', '{"action":{"type":"Fly"},"events":[]}'],
            "line 2: not a line of a trace",
        ),
    ],
)
def test_what_is_no_trace_is_refused_with_its_line(
    lines: list[str | bytes], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        load_lines(lines)


def test_equal_traces_have_no_difference() -> None:
    assert compare(small(), small()) is None
    assert compare_sessions(small(), small()) == []


def test_the_first_step_that_differs_is_named() -> None:
    other = small()
    other.record(Wait(5), [Done()])
    difference = compare(small(), other)
    assert difference is not None
    assert (difference.step, difference.left) == (2, "None")
    assert "duration_ms=5" in difference.right


def test_a_trace_splits_into_what_each_device_saw() -> None:
    sessions = small().sessions()
    assert set(sessions) == {PHONE, WEB, DeviceKey("B", "phone")}
    assert sessions[WEB] == [
        Pushed(MESSAGE, (WEB,)),
        ConversationPushed("A", "B", "read", ("web",), 2),
    ]


def test_an_order_across_sessions_is_no_difference_but_one_within_a_session_is() -> None:
    one, two, three = Trace(), Trace(), Trace()
    mine, yours = SessionStarted("A", "phone"), SessionStarted("B", "phone")
    push = Pushed(MESSAGE, (PHONE,))
    one.record(Connect("A", "phone"), [mine, push, yours])
    two.record(Connect("A", "phone"), [yours, mine, push])
    three.record(Connect("A", "phone"), [push, mine, yours])
    assert compare_sessions(one, two) == []
    (difference,) = compare_sessions(one, three)
    assert (difference.session, difference.step) == (PHONE, 0)


def test_a_session_that_saw_less_differs_at_its_end() -> None:
    shorter = Trace(small().steps[:1])
    assert {(d.session, d.step) for d in compare_sessions(small(), shorter)} == {
        (PHONE, 1),
        (WEB, 1),
    }
