"""What the invariants found, said with the scenario's labels."""

from __future__ import annotations

from imcli.model.actions import Send
from imcli.model.entities import DeviceSpec
from imcli.model.events import Accepted
from imcli.scenario.checking.names import Names
from imcli.scenario.running.broken import SAID_MAX, findings, headline, labelled
from imcli.targets.base import Cast, Outcome


def known() -> Names:
    names = Names(Cast((("A", (DeviceSpec("phone"),)), ("B", (DeviceSpec("phone"),)))))
    answer = Accepted("B", "phone", "c", 7, 1)
    names.answer("m1", Send("B", "phone", "A", "hi", "c"), Outcome("ok", events=(answer,)))
    return names


def test_a_place_that_has_a_label_is_called_by_it() -> None:
    said = "invariant 3 (x) is broken for A with B: expected nothing, got seq 1, seq 2"
    assert labelled(said, known()).endswith("got m1, seq 2")


def test_a_sentence_about_no_conversation_stays_as_it_is() -> None:
    said = "invariant 23 (x) is broken for A: expected seq 1"
    assert labelled(said, known()) == said


def test_each_broken_invariant_disagrees_by_itself() -> None:
    one = "invariant 3 (x) is broken for A with B: expected nothing, got seq 1. Nothing comes back."
    (found,) = findings([one], known())
    assert found.subject == "invariant 3 (x)"
    assert found.said == "is broken for A with B: expected nothing, got m1. Nothing comes back"


def test_many_are_counted() -> None:
    told = findings(["one is broken."] * (SAID_MAX + 2), known())
    assert [each.subject for each in told] == ["one"] * SAID_MAX + ["the invariants"]
    assert told[-1].said == "are broken 2 times more"
    assert headline(["one is broken."] * 3, known()) == "one is broken, and 2 more"
