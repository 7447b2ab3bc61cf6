"""Reading one conversation everywhere: what random programs leave behind is always explained."""

from __future__ import annotations

import random

import pytest

from imcli.targets.live import side_by_side
from imcli.targets.live.side_by_side import SideBySide
from imcli.trace.readings import Finding, compare, disagreeing
from imcli.wire.http import Call
from imcli.wire.names import Names
from tests.simulator.wukongim.lab import VERSIONS, Lab
from tests.targets.test_live_directory import Asked

USERS = ("A", "B", "C")
PROGRAMS, STEPS = 40, 25
KNOWN = {"2.1.4": {"A5"}, "2.2.0": {"A2"}}
"""What is wrong in a version and has a name; nothing else may be called wrong."""


def reader(lab: Lab) -> SideBySide:
    return SideBySide(Asked(lab), Names(), tuple(map(int, lab.version.split("."))))


def play(lab: Lab, chance: random.Random) -> None:
    """Do something at random."""
    user, other = chance.sample(USERS, 2)
    match chance.choice(["send"] * 4 + ["delete", "clear", "mark", "flush", "sync", "group"]):
        case "send":
            lab.send(user, chance.choice([other, "#g"]))
        case "delete":
            lab.delete(user, chance.choice([other, "#g"]))
        case "clear":
            lab.clear(user, chance.choice([other, "#g"]))
        case "mark":
            lab.mark(user, other, chance.randint(0, 4))
        case "flush":
            lab.flush()
        case "sync":
            lab.sync(user, chance.choice([1, 10]))
        case _:
            lab.group(user, other)


def findings(lab: Lab) -> list[Finding]:
    read = reader(lab)
    pairs = [(user, chat) for user in USERS for chat in (*USERS, "#g") if user != chat]
    return [finding for pair in pairs for finding in compare(read.read(*pair))]


@pytest.mark.parametrize("version", VERSIONS)
def test_whatever_happened_nothing_is_called_wrong_without_a_name(version: str) -> None:
    for seed in range(PROGRAMS):
        lab = Lab(version)
        chance = random.Random(seed)
        for _ in range(STEPS):
            play(lab, chance)
        wrong = [f for f in findings(lab) if f.kind == "wrong"]
        assert {f.code for f in wrong} <= KNOWN.get(version, set()), (seed, wrong)


def test_the_famous_bug_is_seen_as_a_record_that_is_not_there() -> None:
    lab = Lab("2.1.3")
    lab.send("B", "A")
    lab.flush()
    lab.delete("A", "B")
    lab.send("B", "A")
    found = compare(reader(lab).read("A", "B"))
    assert disagreeing(found) == ("record",)
    assert found[0].code == "A0"


def test_a_conversation_that_vanished_at_the_flush_is_the_list_s_fault() -> None:
    lab = Lab("2.2.0")
    lab.sync("A")
    lab.send("B", "A")
    lab.flush()
    found = compare(reader(lab).read("A", "B"))
    assert disagreeing(found) == ("list",)
    assert found[0].code == "A2"


def test_the_own_last_message_is_looked_for_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "LOG_PAGE", 3)
    lab = Lab("2.2.5")
    lab.send("A", "B")
    lab.send("B", "A", 10)
    assert reader(lab).read("A", "B").own_last == 1
    assert reader(lab).read("B", "A").own_last == 11
    monkeypatch.setattr(side_by_side, "OWN_LOOKED_FOR", 3)
    assert reader(lab).read("A", "B").own_last is None
    assert reader(lab).read("C", "B").own_last == 0


def test_a_message_that_comes_in_between_makes_all_be_read_again() -> None:
    lab = Lab("2.2.5")
    lab.send("B", "A")
    asked = Asked(lab)
    late = ["second"]

    def interrupted(call: Call) -> bytes:
        answer = asked(call)
        if call.path == "/conversation/sync" and late:
            lab.send("B", "A")
            late.clear()
        return answer

    readings = SideBySide(interrupted, Names(), (2, 2, 5)).read("A", "B")
    assert readings.last == 2
    assert disagreeing(compare(readings)) == ()


def test_what_a_server_does_not_tell_is_left_open() -> None:
    lab = Lab("2.2.5")
    lab.send("B", "A")
    asked = Asked(lab)

    def short(call: Call) -> bytes:
        if call.path == "/conversation/channels":
            return b"<html>"
        return asked(call)

    assert SideBySide(short, Names(), (2, 2, 5)).read("A", "B").behind is None
