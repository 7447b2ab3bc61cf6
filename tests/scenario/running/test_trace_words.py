"""Every event has words for the trace, but for those that only repeat the answer."""

from __future__ import annotations

from typing import get_args

import pytest

from imcli.model.entities import DeviceKey, Entry
from imcli.model.events import (
    Accepted,
    ChangeKind,
    ConversationPushed,
    Done,
    Event,
    Flushed,
    HistoryPage,
    ListAnswer,
    Lost,
    MembersChanged,
    Offline,
    Pushed,
    Refused,
    Response,
    ServerRestarted,
    SessionEnded,
    SessionStarted,
    Stored,
    Unanswered,
)
from imcli.scenario.checking.names import Names
from imcli.scenario.running.trace_words import CHANGES, answer_text, event_text, event_texts
from imcli.targets.base import Outcome
from tests.scenario.builder import PHONES
from tests.scenario.scripted import message

M1 = message("c1", 1, text="hi")
PHONE = DeviceKey("A", "phone")
WORDS: list[tuple[Event, str]] = [
    (Done(), ""),
    (Refused("blocked"), ""),
    (Stored(M1), ""),
    (Accepted("A", "phone", "c1", 7, 1, M1), "accepted as seq 1, id 7"),
    (Accepted("A", "phone", "c1", 7, 1, M1, True), "accepted as seq 1, id 7, known already"),
    (Unanswered("A", "phone", True), "A.phone got no answer, though the server did it"),
    (Unanswered("A", "phone", False), "A.phone got no answer"),
    (Offline("A", "phone"), "A.phone is offline"),
    (
        ListAnswer("A", "phone", True, 3, (Entry("B", unread=2),)),
        "A.phone got a full list: B (2 unread)",
    ),
    (
        ListAnswer("A", "phone", False, 3, (), (("B", 4),)),
        "A.phone got an incremental list: nothing; gone: B",
    ),
    (HistoryPage("A", "phone", "B", (M1,), False), 'A.phone got history with B: "hi"'),
    (Response("r1", 400, "{}"), "r1: status 400, body {}"),
    (MembersChanged("#team", 3, ("A",), ("B",)), "#team: A joined, B no longer belongs to it"),
    (MembersChanged("#team", 3, dismissed=True), "#team was dismissed"),
    (SessionStarted("A", "phone"), "A.phone is online"),
    (SessionEnded("A", "phone", "kicked"), "A.phone is offline (kicked)"),
    (Flushed(2), "2 rows written"),
    (ServerRestarted(True), "the server crashed and came up again"),
    (ServerRestarted(False), "the server came up again"),
    (
        Pushed(M1, (PHONE,), 2),
        '"hi" pushed to A.phone (attempt 2: no acknowledgement had come)',
    ),
    (Pushed(M1, ()), '"hi" pushed to nobody'),
    (Lost(M1, (PHONE,)), '"hi" was lost on the link to A.phone'),
    (
        ConversationPushed("A", "B", "deleted", ("web",), 3),
        "A.web was told that B was deleted, A.phone not",
    ),
    (
        ConversationPushed("A", "B", "flags", ("phone", "web"), 3, 0, Entry("B", pinned=True)),
        "A.phone, A.web were told that B now has 0 unread, pinned",
    ),
    (
        ConversationPushed("A", "B", "flags", ("web",), 3, 0, None, 0, Entry("B", muted=True)),
        "A.web was told that B now has 0 unread, muted, and not listed, A.phone not",
    ),
    (
        ConversationPushed("A", "B", "flags", ("web",), 3, 1, None, 0, Entry("B"), True),
        "A.web was told that B now has 0 unread, A.phone not",
    ),
    (
        ConversationPushed("A", "B", "returned", ("web",), 3, 1, Entry("B")),
        "A.web was told that B is back with what had waited, A.phone not",
    ),
    (
        ConversationPushed("A", "B", "marked", ("web",), 3, 0, Entry("B", unread=2)),
        "A.web was told that B now has 2 unread, A.phone not",
    ),
    (
        ConversationPushed("A", "#team", "left", (), 3),
        "no device of A was told that A is no member of #team any more",
    ),
]


@pytest.mark.parametrize(("event", "words"), WORDS)
def test_an_event_has_its_words(event: Event, words: str) -> None:
    assert event_text(event, Names(PHONES)) == words


def test_every_event_is_in_the_table_above() -> None:
    assert {type(event) for event, _ in WORDS} == set(get_args(Event))


def test_every_change_of_a_conversation_has_words() -> None:
    assert set(CHANGES) == set(get_args(ChangeKind))


def test_events_without_words_leave_no_line() -> None:
    assert event_texts((Done(), Flushed(1)), Names(PHONES)) == ("1 row written",)


def test_a_message_of_an_earlier_step_reaches_a_device() -> None:
    names = Names(PHONES)
    assert event_texts((Stored(M1), Pushed(M1, (PHONE,))), names) == ('"hi" pushed to A.phone',)
    sent = Accepted("A", "phone", "c1", M1.message_id, 1)
    assert event_texts((sent, Pushed(M1, (PHONE,))), names)[1:] == ('"hi" pushed to A.phone',)
    assert event_texts((Done(), Pushed(M1, (PHONE,))), names) == ('"hi" reached A.phone',)
    late = ('"hi" reached A.phone (attempt 2: no acknowledgement had come)',)
    assert event_texts((Pushed(M1, (PHONE,), 2),), names) == late


def test_what_a_link_lets_through_is_one_list_in_its_order() -> None:
    events = (Done(), Pushed(M1, (PHONE,)), Pushed(M1, (PHONE,)), Flushed(1))
    assert event_texts(events, Names(PHONES), link=True) == (
        'released: "hi", "hi" reached A.phone',
        "1 row written",
    )


def test_an_answer_says_why() -> None:
    assert answer_text(Outcome("ok")) == "ok"
    assert answer_text(Outcome("refused", "blocked", "B is")) == "refused (blocked): B is"
