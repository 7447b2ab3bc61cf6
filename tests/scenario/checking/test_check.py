"""Every claim says yes to what it claims and no to what it does not."""

from __future__ import annotations

import pytest

from imcli.model.actions import Send
from imcli.model.entities import DeviceKey, Entry, Message
from imcli.model.events import Accepted, Refused, Unanswered
from imcli.model.questions import (
    AgreementView,
    HistoryView,
    KeptView,
    ListView,
    ObservableView,
    PresenceView,
    ReceivedView,
    ResponseView,
    Seen,
    Shown,
    View,
)
from imcli.scenario.checking.check import (
    ask,
    check,
    is_counted,
    is_negative,
    is_settled,
    labels_of,
)
from imcli.scenario.checking.check_others import body_difference
from imcli.scenario.checking.mismatch import Answers
from imcli.scenario.checking.names import LabelProblem, Names
from imcli.scenario.syntax import (
    Claim,
    DevicesAgree,
    Facts,
    HasBody,
    HasRequest,
    HasStatus,
    HistoryIs,
    IsPresent,
    KeepsRecord,
    NotAffected,
    OneMessage,
    ReceivedBefore,
    ReceivedMessage,
    ReceivedNothingElse,
    SeesList,
    SendAnswer,
    TableIs,
    TotalUnread,
)
from imcli.targets.base import Outcome
from tests.scenario.builder import AT, PHONES, sees
from tests.scenario.scripted import message

PHONE = DeviceKey("A", "phone")
WEB = DeviceKey("A", "web")
M1, M2, M3 = (message(f"c{n}", n) for n in (1, 2, 3))


def names_with(*labels: str) -> Names:
    """Names that know B's sends to A under these labels, accepted in order."""
    names = Names(PHONES)
    for seq, label in enumerate(labels, 1):
        action = Send("B", "phone", "A", "hi", f"c{seq}")
        names.begin(label, action)
        event = Accepted("B", "phone", f"c{seq}", 1000 + seq, seq)
        names.answer(label, action, Outcome("ok", events=(event,)))
    return names


def says(claim: Claim, *views: View, names: Names | None = None) -> str:
    """What a claim says to these views, one per device that it asks; an empty text is a yes."""
    names = names or names_with("m1", "m2", "m3")
    asked = ask(claim, names)
    answers: Answers = [(key, view) for (key, _), view in zip(asked, views, strict=True)]
    found = check(claim, answers, names)
    if found is None:
        return ""
    return "; ".join(f"{d.subject} {d.said}" for d in found.disagreements)


def listing(*entries: Entry, total: int = 0, requests: tuple[str, ...] = ()) -> ListView:
    return ListView(entries, total, requests)


LISTED, EMPTY = listing(Entry("B")), listing()


def test_a_claim_without_a_device_asks_each_device_in_the_order_of_the_cast() -> None:
    asked = ask(sees("A", "B"), names_with())
    assert [key for key, _ in asked] == [PHONE, WEB]
    assert all(isinstance(question, Seen) and question.chat == "B" for _, question in asked)


def test_a_claim_with_a_device_asks_that_one() -> None:
    assert [key for key, _ in ask(sees("A", "B", device="web"), names_with())] == [WEB]


def test_a_device_that_was_added_is_asked_too() -> None:
    names = names_with()
    names.add_device("A", "tablet")
    assert [key.device for key, _ in ask(sees("A", "B"), names)] == ["phone", "web", "tablet"]


def test_sees_says_no_to_an_absent_conversation_and_names_each_device() -> None:
    assert says(sees("A", "B"), LISTED, LISTED) == ""
    assert says(sees("A", "B"), EMPTY, LISTED) == "A.phone does not see B after synchronising"
    assert says(sees("A", "B"), EMPTY, EMPTY).count("does not see") == 2


def test_does_not_see_says_no_to_a_present_one() -> None:
    claim = sees("A", "B", negated=True)
    assert says(claim, EMPTY, EMPTY) == ""
    assert says(claim, EMPTY, LISTED) == "A.web sees B after synchronising"


def test_shows_says_no_in_its_own_words() -> None:
    claim = sees("A", "B", source="shows", device="phone")
    assert says(claim, listing(Entry("C"), Entry("B"))) == ""
    assert says(claim, listing(Entry("C"))) == "A.phone does not show B"
    negated = sees("A", "B", source="shows", device="phone", negated=True)
    assert says(negated, LISTED) == "A.phone shows B"


def test_a_new_device_is_asked_once_and_says_no() -> None:
    claim = sees("A", "B", source="new-device")
    ((key, question),) = ask(claim, names_with())
    assert (key.device, question) == ("", Seen("A", "", "B", True))
    assert says(claim, EMPTY) == "a new device of A does not see B after synchronising"


B_ENTRY = Entry(
    "B", unread=2, last=M2, messages=(M1, M2), read_to=1, deleted_to=0, pinned=True, muted=True
)
FACTS: list[tuple[Facts, Facts, str]] = [
    (Facts(unread=2), Facts(unread=1), "2 unread instead of 1 unread"),
    (Facts(last=("label", "m2")), Facts(last=("label", "m1")), "last m2 instead of last m1"),
    (Facts(last=("text", "hi")), Facts(last=("text", "x")), 'last m2 ("hi") instead of last "x"'),
    (
        Facts(messages=("m1", "m2")),
        Facts(messages=("m2",)),
        "messages m1, m2 instead of messages m2",
    ),
    (Facts(count=2), Facts(count=1), "2 messages instead of 1 message"),
    (Facts(read_to="m1"), Facts(read_to="m2"), "read up to m1 instead of read up to m2"),
    (
        Facts(deleted_to=""),
        Facts(deleted_to="m1"),
        "deleted up to nothing instead of deleted up to m1",
    ),
    (Facts(pinned=True), Facts(archived=True), "not archived instead of archived"),
    (Facts(muted=True), Facts(marked_unread=True), "not marked unread instead of marked unread"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), FACTS)
def test_every_fact_says_yes_and_no(right: Facts, wrong: Facts, words: str) -> None:
    view = listing(B_ENTRY)
    assert says(sees("A", "B", right, device="phone"), view) == ""
    assert says(sees("A", "B", wrong, device="phone"), view) == f"A.phone sees B with {words}"


def test_no_last_message_says_no_to_a_last_one_and_the_other_way_round() -> None:
    none, some = sees("A", "B", Facts(last=("none", "")), device="phone"), listing(B_ENTRY)
    assert says(none, LISTED) == ""
    assert says(none, some) == "A.phone sees B with last m2 instead of no last message"
    label = sees("A", "B", Facts(last=("label", "m2")), device="phone")
    assert says(label, LISTED) == "A.phone sees B with no last message instead of last m2"


def test_unpinned_and_unmuted_are_no_to_the_flags() -> None:
    claim = sees("A", "B", Facts(pinned=True, muted=True), device="phone")
    assert (
        says(claim, LISTED)
        == "A.phone sees B with not pinned instead of pinned, not muted instead of muted"
    )


def test_an_absent_entry_tells_what_was_expected_of_it() -> None:
    facts = Facts(
        unread=1,
        last=("label", "m1"),
        messages=("m1",),
        count=1,
        read_to="",
        deleted_to="m1",
        pinned=True,
        muted=True,
        archived=True,
        marked_unread=True,
    )
    claim = sees("A", "B", facts, device="phone")
    found = check(claim, [(PHONE, EMPTY)], names_with("m1"))
    assert found is not None
    assert dict(found.disagreements[0].expected) == {
        "unread": "1 unread",
        "last": "last m1",
        "messages": "1 message",
        "read": "read up to nothing",
        "deleted": "deleted up to m1",
        "flags": "marked unread",
    }


def test_a_mark_at_a_message_without_a_number_cannot_be_judged() -> None:
    names = Names(PHONES)
    names.begin("m1", Send("B", "phone", "A", "hi", "c1"))
    claim = sees("A", "B", Facts(read_to="m1"), device="phone")
    with pytest.raises(LabelProblem, match="m1 has no answer yet, so it has no sequence number"):
        says(claim, LISTED, names=names)


def test_the_server_keeps_says_no() -> None:
    keeps = KeepsRecord(AT, "", "", "A", "B", False, Facts(unread=1))
    assert says(keeps, KeptView(Entry("B", unread=1))) == ""
    assert says(keeps, KeptView(None)) == "the server keeps nothing of B for A"
    assert "2 unread instead of 1 unread" in says(keeps, KeptView(Entry("B", unread=2)))
    nothing = KeepsRecord(AT, "", "", "A", "B", True)
    assert says(nothing, KeptView(None)) == ""
    assert says(nothing, KeptView(Entry("B"))) == "the server keeps a record of B for A"


def test_only_in_any_order_says_no_to_more_and_to_less() -> None:
    claim = SeesList(AT, "", "", "A", "phone", ("B", "#team"), "sees")
    assert says(claim, listing(Entry("#team"), Entry("B"))) == ""
    assert says(claim, LISTED).endswith("sees B instead of B, #team (missing: #team)")
    more = says(claim, listing(Entry("B"), Entry("#team"), Entry("C")))
    assert more.endswith("(not expected: C)")


def test_in_this_order_says_no_to_another_order() -> None:
    claim = SeesList(AT, "", "", "A", "phone", ("B", "#team"), "shows", ordered=True)
    assert says(claim, listing(Entry("B"), Entry("#team"))) == ""
    words = says(claim, listing(Entry("#team"), Entry("B")))
    assert words == "A.phone shows #team, B instead of B, #team in this order"


def test_sees_nothing_says_no_to_something() -> None:
    claim = SeesList(AT, "", "", "A", "phone", (), "sees")
    assert says(claim, EMPTY) == ""
    assert says(claim, LISTED) == "A.phone sees B instead of nothing"


def test_the_total_says_no_and_shows_its_parts() -> None:
    claim = TotalUnread(AT, "", "", "A", "phone", 3)
    assert says(claim, listing(total=3)) == ""
    words = says(claim, listing(Entry("B", unread=2), total=2))
    assert words == "A.phone has a total unread of 2 instead of 3 (B 2)"


def test_a_request_says_no() -> None:
    claim = HasRequest(AT, "", "", "A", "phone", "B")
    assert says(claim, listing(requests=("B",))) == ""
    assert (
        says(claim, listing(requests=("C",))) == "A.phone has no request from B (requests from: C)"
    )


def arrived(*messages: Message) -> ReceivedView:
    return ReceivedView(messages)


def test_received_counts_every_arrival() -> None:
    once = ReceivedMessage(AT, "", "", "A", "phone", "m1", 1)
    assert says(once, arrived(M1, M2)) == ""
    assert says(once, arrived(M1, M1)) == (
        "A.phone received m1 twice instead of once (all that it received: m1, m1)"
    )
    assert says(once, arrived(M2)) == "A.phone did not receive m1 (it received: m2)"


def test_received_without_a_number_means_at_least_once() -> None:
    claim = ReceivedMessage(AT, "", "", "A", "phone", "m1")
    assert says(claim, arrived(M1, M1)) == ""
    assert says(claim, arrived()) == "A.phone did not receive m1 (it received: nothing)"


def test_did_not_receive_says_no_to_an_arrival() -> None:
    claim = ReceivedMessage(AT, "", "", "A", "phone", "m1", 0)
    assert says(claim, arrived(M2)) == ""
    assert "received m1 once instead of not at all" in says(claim, arrived(M1))


def test_before_says_no_to_the_other_order_and_to_what_is_missing() -> None:
    claim = ReceivedBefore(AT, "", "", "A", "phone", "m1", "m2")
    assert says(claim, arrived(M1, M2)) == ""
    assert says(claim, arrived(M2, M1)) == "A.phone received m2 before m1 (it received: m2, m1)"
    assert says(claim, arrived(M1)) == "A.phone did not receive m2 (it received: m1)"


def test_nothing_else_allows_what_earlier_claims_on_that_device_named() -> None:
    names = names_with("m1", "m2", "m3")
    nothing_else = ReceivedNothingElse(AT, "", "", "A", "phone")
    assert says(ReceivedMessage(AT, "", "", "A", "phone", "m1"), arrived(M1, M2), names=names) == ""
    assert says(nothing_else, arrived(M1), names=names) == ""
    assert says(nothing_else, arrived(M1, M2), names=names) == "A.phone received m2 besides m1"
    on_web = ReceivedNothingElse(AT, "", "", "A", "web")
    assert says(on_web, arrived(M1), names=names) == "A.web received m1"


def test_did_not_receive_names_nothing() -> None:
    names = names_with("m1")
    says(ReceivedMessage(AT, "", "", "A", "phone", "m1", 0), arrived(M1), names=names)
    claim = ReceivedNothingElse(AT, "", "", "A", "phone")
    assert says(claim, arrived(M1), names=names) == "A.phone received m1"


HISTORIES = [
    ("is", ("m1", "m2"), (M1, M2), (M1,), "of m1, instead of m1, m2"),
    ("is", ("m1", "m2"), (M1, M2), (M2, M1), "of m2, m1, instead of m1, m2"),
    ("is", (), (), (M1,), "of m1, instead of an empty one"),
    ("is", ("m1",), (M1,), (), "finds the history with B empty, instead of m1"),
    ("contains", ("m1",), (M1, M2), (M2,), "of m2, without m1"),
    ("lacks", ("m1",), (M2,), (M1, M2), "of m1, m2, with m1 in it"),
]


@pytest.mark.parametrize(("relation", "labels", "right", "wrong", "words"), HISTORIES)
def test_history_says_yes_and_no(
    relation: str,
    labels: tuple[str, ...],
    right: tuple[Message, ...],
    wrong: tuple[Message, ...],
    words: str,
) -> None:
    claim = HistoryIs(AT, "", "", "A", "phone", "B", relation, labels)  # type: ignore[arg-type]
    assert says(claim, HistoryView(right)) == ""
    assert says(claim, HistoryView(wrong)).endswith(words)


def test_an_answer_says_no_with_what_the_sender_was_told() -> None:
    names = names_with("m1")
    refused = Send("B", "phone", "A", "hi", "c2")
    names.begin("m2", refused)
    names.answer("m2", refused, Outcome("refused", "blocked"))
    names.begin("m3", Send("B", "phone", "A", "hi", "c3"))
    assert says(SendAnswer(AT, "", "", "m1", "accepted"), names=names) == ""
    assert says(SendAnswer(AT, "", "", "m2", "refused", "blocked"), names=names) == ""
    assert says(SendAnswer(AT, "", "", "m3", "unknown"), names=names) == ""
    assert says(SendAnswer(AT, "", "", "m1", "refused"), names=names) == "m1 was accepted as seq 1"
    assert says(SendAnswer(AT, "", "", "m3", "accepted"), names=names) == "m3 has no answer yet"
    assert (
        says(SendAnswer(AT, "", "", "m2", "unknown"), names=names) == "m2 was refused with blocked"
    )
    wrong = says(SendAnswer(AT, "", "", "m2", "refused", "banned"), names=names)
    assert wrong == "m2 was refused with blocked instead of banned"


def test_a_label_that_was_not_sent_cannot_be_judged() -> None:
    with pytest.raises(LabelProblem, match="m9 has not been sent yet"):
        says(SendAnswer(AT, "", "", "m9", "accepted"))


def test_one_message_says_no_to_two() -> None:
    assert says(OneMessage(AT, "", "", "m1", "m1")) == ""
    words = says(OneMessage(AT, "", "", "m1", "m2"))
    assert words == "m1 was accepted as seq 1, m2 was accepted as seq 2"


def test_agreement_says_no_to_lists_facts_order_and_requests() -> None:
    claim = DevicesAgree(AT, "", "", "A")
    full = listing(Entry("B", unread=1, last=M1, messages=(M1,)), Entry("C"))

    def agreement(shown: ListView) -> str:
        return says(claim, AgreementView((("phone", full), ("web", shown), ("", full))))

    assert agreement(full) == ""
    assert "shows B where a full synchronisation shows B, C" in agreement(LISTED)
    other_order = listing(*reversed(full.entries))
    assert "A.web shows C, B where" in agreement(other_order)
    other_count = listing(Entry("B", unread=2, last=M1, messages=(M1,)), Entry("C"))
    assert "B with unread 2 where a full synchronisation says 1" in agreement(other_count)
    flagged = listing(
        Entry("B", unread=1, last=M1, messages=(M1,), pinned=True, muted=True), Entry("C")
    )
    assert "flags pinned, muted where a full synchronisation says none" in agreement(flagged)
    asked = ListView(full.entries, 0, ("D",))
    assert "shows requests from D, not nothing" in agreement(asked)


def test_not_affected_says_no_and_tells_what_changed() -> None:
    names = names_with()
    claim = NotAffected(AT, "B is not affected", "", "B")
    names.before["B"] = ObservableView((("list", "A 1 unread"), ("history", "m1")))
    assert says(claim, names.before["B"], names=names) == ""
    after = ObservableView((("list", "A 0 unread"), ("history", "m1")))
    words = says(claim, after, names=names)
    assert words == "B was affected: list was A 1 unread and is A 0 unread"
    swapped = ObservableView(tuple(reversed(names.before["B"].facts)))
    assert "the order of what is seen" in says(claim, swapped, names=names)
    many = ObservableView(tuple((f"thing {n}", "new") for n in range(9)))
    assert says(claim, many, names=names).endswith("was affected: 6 more such differences")
    emptied = ObservableView((("list", ""), ("history", "m1")))
    assert "list was A 1 unread and is nothing" in says(claim, emptied, names=names)


def test_not_affected_tells_of_records_that_hold_no_message() -> None:
    claim, names = NotAffected(AT, "B is not affected", "", "B"), names_with()
    without = ObservableView(())
    empty = ObservableView((("the history with A", ""),))
    names.before = {"B": without}
    assert says(claim, empty, names=names) == (
        "B was affected: the server had no record of A for B and has one now; "
        "the history with A is empty"
    )
    names.before = {"B": empty}
    assert "had a record of A for B and has none now" in says(claim, without, names=names)


def test_not_affected_needs_an_action_before_it() -> None:
    with pytest.raises(LabelProblem, match="no action before"):
        says(NotAffected(AT, "B is not affected", "", "B"), ObservableView(()))


def test_presence_says_no() -> None:
    claim = IsPresent(AT, "", "", "A", "web", "kicked")
    assert says(claim, PresenceView("kicked")) == ""
    assert says(claim, PresenceView("online")) == "A.web is online instead of kicked"
    assert says(claim, PresenceView("offline")) == "A.web is offline instead of kicked"


def test_a_device_that_was_kicked_is_offline_and_one_that_is_online_is_not() -> None:
    claim = IsPresent(AT, "", "", "A", "web", "offline")
    assert says(claim, PresenceView("kicked")) == says(claim, PresenceView("offline")) == ""
    assert says(claim, PresenceView("online")) == "A.web is online instead of offline"


def test_status_and_body_say_no() -> None:
    view = ResponseView(400, '{"msg":"no","n":[1,2]}')
    assert says(HasStatus(AT, "", "", "r1", 400), view) == ""
    assert says(HasStatus(AT, "", "", "r1", 200), view).startswith(
        "r1 has status 400 instead of 200"
    )
    assert says(HasBody(AT, "", "", "r1", '{"msg":"..."}'), view) == ""
    assert says(HasBody(AT, "", "", "r1", '{"x":1}'), view).endswith("; x is missing")
    not_json = says(HasBody(AT, "", "", "r1", "{}"), ResponseView(500, "oops"))
    assert not_json == "r1 has a body that is not JSON: oops"


BODIES: list[tuple[object, object, str | None]] = [
    ({"a": [1, {"b": "..."}]}, {"a": [1, {"b": None}]}, None),
    ([1, 2], [1, 3], "[1] is 3 instead of 2"),
    ([1], [1, 2], "it is [1,2] instead of [1]"),
    ({"a": "\u00e9"}, {"a": "e\u0301"}, 'a is "e\\u0301" instead of "\\u00e9"'),
    ({"a": {"b": True}}, {"a": {"b": 1}}, "a.b is 1 instead of true"),
]


@pytest.mark.parametrize(("wanted", "actual", "where"), BODIES)
def test_a_body_is_a_subset_and_the_place_is_named(
    wanted: object, actual: object, where: str | None
) -> None:
    assert body_difference(wanted, actual) == where


# The state table

COLUMNS = ("device", "conversation", "unread", "last", "messages", "read", "deleted", "flags")


def table(*rows: str, columns: tuple[str, ...] = COLUMNS) -> TableIs:
    return TableIs(
        AT, "table:", "", columns, tuple(tuple(r.split()) for r in rows), (AT,) * len(rows)
    )


def test_a_table_says_yes_whatever_the_order_of_its_rows() -> None:
    claim = table("A.phone C 0 - - - - -", "A.phone B 2 m2 m1,m2 m1 - pinned,muted")
    assert says(claim, listing(B_ENTRY, Entry("C"))) == ""


TABLE_CELLS = [
    ("B 3 * * * * *", "unread 2 instead of 3"),
    ("B * m1 * * * *", "last m2 instead of m1"),
    ("B * - * * * *", "last m2 instead of -"),
    ("B * * m1 * * *", "messages m1,m2 instead of m1"),
    ("B * * * m2 * *", "read m1 instead of m2"),
    ("B * * * * m1 *", "deleted - instead of m1"),
    ("B * * * * * pinned", "flags pinned,muted instead of pinned"),
    ('B * "x" * * * *', 'last m2 ("hi") instead of "x"'),
]


@pytest.mark.parametrize(("row", "words"), TABLE_CELLS)
def test_every_cell_of_a_table_says_no(row: str, words: str) -> None:
    assert says(table(f"A.phone {row}"), listing(B_ENTRY)) == f"A.phone sees B with {words}"


def test_a_table_is_exact_for_every_device_it_names() -> None:
    claim = table("A.phone B *", columns=("device", "conversation", "unread"))
    more = says(claim, listing(B_ENTRY, Entry("C")))
    assert more == "A.phone sees C, which the table does not have"
    assert says(claim, EMPTY) == "A.phone does not see B after synchronising"


def test_a_device_that_has_nothing_is_a_row_of_dashes() -> None:
    claim = table("A.phone - -", columns=("device", "conversation", "unread"))
    assert says(claim, EMPTY) == ""
    assert "sees B" in says(claim, LISTED)


def test_a_table_row_may_mean_each_device_of_a_user() -> None:
    claim = table("A B 2", columns=("device", "conversation", "unread"))
    assert says(claim, listing(B_ENTRY), listing(B_ENTRY)) == ""
    assert says(claim, listing(B_ENTRY), EMPTY).startswith("A.web does not see B")


def test_a_table_without_conversations_pairs_the_pickiest_row_first() -> None:
    claim = table("A.phone *", "A.phone 2", columns=("device", "unread"))
    assert says(claim, listing(B_ENTRY, Entry("C", unread=1))) == ""
    assert "no conversation with unread 2" in says(claim, listing(Entry("C"), Entry("D")))


def test_a_mark_in_a_table_is_of_its_own_conversation() -> None:
    names = names_with("m1")
    claim = table("A.phone C m1", columns=("device", "conversation", "read"))
    assert "read" in says(claim, listing(Entry("C", read_to=1)), names=names)


# What kind of claim


NEGATIVE: list[tuple[Claim, bool]] = [
    (sees("A", "B"), False),
    (sees("A", "B", negated=True), True),
    (KeepsRecord(AT, "", "", "A", "B", True), True),
    (ReceivedMessage(AT, "", "", "A", "", "m1", 0), True),
    (ReceivedMessage(AT, "", "", "A", "", "m1", 1), False),
    (ReceivedNothingElse(AT, "", "", "A", ""), True),
    (HistoryIs(AT, "", "", "A", "", "B", "lacks", ("m1",)), True),
    (HistoryIs(AT, "", "", "A", "", "B", "is", ()), True),
    (HistoryIs(AT, "", "", "A", "", "B", "is", ("m1",)), False),
    (SeesList(AT, "", "", "A", "", (), "sees"), True),
    (SendAnswer(AT, "", "", "m1", "unknown"), True),
    (NotAffected(AT, "", "", "A"), True),
    (DevicesAgree(AT, "", "", "A"), False),
]


@pytest.mark.parametrize(("claim", "negative"), NEGATIVE)
def test_a_negative_claim_is_known_as_one(claim: Claim, negative: bool) -> None:
    assert is_negative(claim) is negative


@pytest.mark.parametrize(("times", "counted"), [(None, False), (0, False), (1, True), (3, True)])
def test_a_number_of_arrivals_is_known_as_one(times: int | None, counted: bool) -> None:
    assert is_counted(ReceivedMessage(AT, "", "", "A", "", "m1", times)) is counted
    assert not is_counted(sees("A", "B"))


SETTLED: list[tuple[Claim, bool]] = [
    (SendAnswer(AT, "", "", "m1", "accepted"), True),
    (SendAnswer(AT, "", "", "m1", "refused"), True),
    (SendAnswer(AT, "", "", "m1", "unknown"), False),
    (OneMessage(AT, "", "", "m1", "m2"), True),
    (HasStatus(AT, "", "", "r1", 200), True),
    (HasBody(AT, "", "", "r1", "{}"), True),
    (sees("A", "B"), False),
]


@pytest.mark.parametrize(("claim", "settled"), SETTLED)
def test_a_claim_about_a_given_answer_is_known_as_one(claim: Claim, settled: bool) -> None:
    assert is_settled(claim) is settled


def test_the_labels_of_a_claim_are_found() -> None:
    facts = Facts(last=("label", "m2"), messages=("m1", "m2"), read_to="m3", deleted_to="")
    assert labels_of(sees("A", "B", facts)) == ("m2", "m1", "m3")
    assert labels_of(ReceivedBefore(AT, "", "", "A", "", "m1", "m2")) == ("m1", "m2")
    assert labels_of(HistoryIs(AT, "", "", "A", "", "B", "is", ("m1",))) == ("m1",)
    assert labels_of(SendAnswer(AT, "", "", "m1", "accepted")) == ("m1",)
    assert labels_of(table("A.phone B 1 m1 m1,m2 - * -")) == ("m1", "m2")
    assert labels_of(NotAffected(AT, "", "", "A")) == ()


# Labels


def test_a_message_without_an_answer_is_known_by_its_number() -> None:
    names = Names(PHONES)
    names.begin("m1", Send("B", "phone", "A", "hi", "c1"))
    assert says(ReceivedMessage(AT, "", "", "A", "phone", "m1"), arrived(M1), names=names) == ""


def test_a_refused_send_was_received_by_nobody() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1")
    names.begin("m1", action)
    names.answer("m1", action, Outcome("refused", "blocked"))
    assert says(ReceivedMessage(AT, "", "", "A", "phone", "m1", 0), arrived(), names=names) == ""


def test_two_stored_resends_are_two_messages() -> None:
    names = names_with("m1")
    again = Send("B", "phone", "A", "hi", "c1")
    names.begin("m2", again)
    names.answer("m2", again, Outcome("ok", events=(Accepted("B", "phone", "c1", 1002, 2),)))
    second = message("c1", 2)
    assert names.is_message("m1", M1)
    assert not names.is_message("m1", second)
    assert names.is_message("m2", second)


def test_a_late_answer_finds_its_label() -> None:
    names = Names(PHONES)
    for label, number in (("m1", "c1"), ("m2", "c2")):
        action = Send("B", "phone", "A", "hi", number)
        names.begin(label, action)
        names.answer(label, action, Outcome("unknown", detail="waits"))
    names.notice((Accepted("B", "phone", "c1", 1001, 1), Refused("blocked", client_msg_no="c2")))
    assert names.seq("m1", "A", "B") == 1
    assert (names.of("m2").state, names.of("m2").reason) == ("refused", "blocked")


def test_a_late_answer_of_a_number_sent_twice_belongs_to_the_one_that_waits() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1")
    for label in ("m1", "m2"):
        names.begin(label, action)
        names.answer(label, action, Outcome("unknown"))
    names.notice((Accepted("B", "phone", "c1", 1001, 1), Accepted("B", "phone", "c1", 1001, 1)))
    assert [names.of(label).state for label in ("m1", "m2")] == ["accepted", "accepted"]


def test_a_message_of_another_conversation_is_no_place_in_this_one() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1")
    names.begin("m1", action)
    names.answer("m1", action, Outcome("ok", events=(Accepted("B", "phone", "c1", 7, 1),)))
    assert names.seq("m1", "B", "A") == 1
    said = "m1 was sent by B to A: it is no place in the conversation of A with C"
    with pytest.raises(LabelProblem, match=said):
        names.seq("m1", "A", "C")


def test_a_message_without_a_place_in_the_log_has_no_number() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1", no_persist=True)
    names.begin("m1", action)
    names.answer("m1", action, Outcome("ok", events=(Accepted("B", "phone", "c1", 7, 0),)))
    with pytest.raises(LabelProblem, match="accepted without being stored"):
        names.seq("m1", "A", "B")


def test_messages_without_a_label_are_called_by_their_text() -> None:
    names = names_with("m1")
    assert names.call(M1) == "m1"
    assert names.call(message("other", 9, text='say "x"')) == '"say \\"x\\""'
    assert names.call(message("other", 9, text="x" * 99)).endswith('…"')
    assert names.call_seq("A@B", 1) == "m1"
    assert names.call_seq("A@B", 9) == "seq 9"
    assert names.call_seq("A@B", 0) == "-"


def test_a_branch_learns_nothing_from_the_other() -> None:
    names = names_with("m1")
    twin = names.copy()
    twin.name(PHONE, ("m1",))
    twin.begin("m2", Send("B", "phone", "A", "hi", "c2"))
    twin.begin("m1", Send("B", "phone", "A", "hi", "c9"))
    assert names.named == {}
    assert "m2" not in names.sent
    assert names.of("m1").state == "accepted"


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    names = names_with("m1")
    names.notice(
        (Accepted("C", "phone", "zz", 9, 9), Refused("blocked"), Refused("x", "", "C", "y"))
    )
    assert names.of("m1").seq == 1
    assert not names.is_message("m9", M1)


def test_a_lost_answer_does_not_wait_in_an_outbox() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1")
    names.begin("m1", action)
    names.answer("m1", action, Outcome("unknown", events=(Unanswered("B", "phone", True),)))
    names.begin("m2", action)
    names.answer("m2", action, Outcome("unknown"))
    names.notice((Accepted("B", "phone", "c1", 1001, 1),))
    assert [names.of(label).state for label in ("m1", "m2")] == ["unknown", "accepted"]


def test_a_send_that_was_done_without_a_word_is_accepted() -> None:
    names = Names(PHONES)
    action = Send("B", "phone", "A", "hi", "c1")
    names.begin("m1", action)
    names.answer("m1", action, Outcome("ok"))
    assert names.of("m1").state == "accepted"
    assert names.call(message("c1", 4)) == "m1"
    assert names.call_seq("A@B", 5, (message("c1", 5),)) == "seq 5"


def test_a_late_answer_may_come_with_the_answer_to_another_send() -> None:
    names = names_with("m1")
    action = Send("B", "phone", "A", "hi", "c2")
    names.begin("m2", action)
    names.answer("m2", action, Outcome("unknown"))
    third = Send("B", "phone", "A", "hi", "c3")
    names.begin("m3", third)
    both = (Accepted("B", "phone", "c2", 1002, 2), Accepted("B", "phone", "c3", 1003, 3))
    names.answer("m3", third, Outcome("ok", events=both))
    assert [names.of(label).seq for label in ("m2", "m3")] == [2, 3]


def test_lists_shown_are_asked_of_the_cache() -> None:
    shows = SeesList(AT, "", "", "A", "", ("B",), "shows")
    assert all(isinstance(question, Shown) for _, question in ask(shows, names_with()))
    cached = sees("A", "B", source="shows")
    assert all(isinstance(question, Shown) for _, question in ask(cached, names_with()))


def test_two_ids_under_one_number_are_said() -> None:
    names = names_with("m1")
    action = Send("B", "phone", "A", "hi", "c1")
    names.begin("m2", action)
    names.answer("m2", action, Outcome("ok", events=(Accepted("B", "phone", "c1", 99, 1),)))
    assert says(OneMessage(AT, "", "", "m1", "m2"), names=names).endswith("under two server ids")
