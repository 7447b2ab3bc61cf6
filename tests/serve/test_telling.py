"""Lines about what happens: none waits for its reader, and each is what it says."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable

import msgspec
import pytest

from imcli.cli.serving.lines import LINES, json_of, line_of
from imcli.serve import notes
from imcli.serve.telling import BATCHES_MAX, Teller

EVERY: list[notes.Note] = [
    notes.Ready(1, "reference", "http://h", "ws://w", "tcp://t"),
    notes.Connected(1, "A", "phone", "dev", 0, 1, "tcp", "binary", 4, "1.2.3.4:5"),
    notes.Refused(1, "A", "its token is wrong", "1.2.3.4:5"),
    notes.Left(1, "A", "phone", "it closed its socket", "1.2.3.4:5"),
    notes.Kicked(1, "A", "phone", "it was kicked", True),
    notes.Sent(1, "A", "phone", "B", 7, 3, "c1", "hi"),
    notes.Rejected(1, "A", "phone", "B", "c1", 4, "it is blocked"),
    notes.Received(1, "B", "phone", "A@B", 7, 3, 2),
    notes.Acknowledged(1, "B", "phone", 7, 3),
    notes.Asked(1, "POST", "/message/send", 200, "A B"),
    notes.Happened(1, "flush: 2 rows are stored"),
    notes.Hooked(1, "msg.notify", 2, "the answer is 500"),
]


def test_every_kind_of_note_has_a_line() -> None:
    assert {type(note) for note in EVERY} == set(LINES) == set(notes.Note.__subclasses__())
    lines = [line_of(note) for note in EVERY]
    assert lines[0] == "ready: reference at http://h ws://w tcp://t"
    assert lines[5] == '00:00:00.001  A.phone sends B "hi" (seq 3)'
    assert lines[11] == "00:00:00.001  webhook msg.notify with 2: the answer is 500"
    assert lines[7] == "00:00:00.001  B.phone is sent seq 3 of A@B again, attempt 2"


@pytest.mark.parametrize("note", EVERY, ids=lambda note: type(note).__name__)
def test_nothing_that_a_client_chose_is_a_control_sequence(note: notes.Note) -> None:
    evil = "\x1b[31m\r\n\u202e"
    texts = {n: evil for n in note.__struct_fields__ if isinstance(getattr(note, n), str)}
    spoiled = msgspec.structs.replace(note, **texts)
    for line in (line_of(spoiled), json_of(spoiled)):
        assert line.isprintable()
    assert json.loads(json_of(note))["event"] == type(note).__name__.lower()


class Blocked(io.StringIO):
    """A stream whose reader does not read until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = threading.Event()

    def write(self, text: str) -> int:
        self.reads.wait(30)
        return super().write(text)


def test_a_reader_that_does_not_read_stops_nobody_and_is_told_what_it_missed() -> None:
    stream = Blocked()
    soon: list[Callable[[], None]] = []
    teller = Teller(stream, line_of, soon.append)
    for _ in range(BATCHES_MAX + 10):
        teller(notes.Happened(1, "a line"))
        soon.pop()()
    stream.reads.set()
    teller.drain()
    teller(notes.Happened(1, "the last line"))
    teller.close(30)
    lines = stream.getvalue().splitlines()
    assert lines[-1].endswith("the last line")
    left_out = [line for line in lines if "left out" in line]
    assert len(left_out) == 1
    assert len(lines) < BATCHES_MAX + 10


def test_lines_of_a_turn_come_in_their_order() -> None:
    stream = io.StringIO()
    soon: list[Callable[[], None]] = []
    teller = Teller(stream, line_of, soon.append)
    for number in range(5):
        teller(notes.Happened(1, f"line {number}"))
    assert len(soon) == 1
    teller.close(30)
    assert [line[-1] for line in stream.getvalue().splitlines()] == list("01234")


def test_what_happens_before_a_server_is_ready_is_told_after_that() -> None:
    stream, soon = io.StringIO(), list[Callable[[], None]]()
    teller = Teller(stream, line_of, soon.append, held=True)
    teller(EVERY[10])
    assert soon == []
    teller.begin(EVERY[0])
    teller(EVERY[11])
    for hand_over in soon:
        hand_over()
    teller.close()
    heads = [line.partition(": ")[0].rpartition("  ")[2] for line in stream.getvalue().splitlines()]
    assert heads == ["ready", "flush", "webhook msg.notify with 2"]
