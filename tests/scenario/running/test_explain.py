"""What a failure shows: table, since when, what arrived, why a count is what it is, the trace."""

from __future__ import annotations

import pickle
from collections.abc import Collection
from typing import Literal

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Delete,
    Disconnect,
    Fault,
    Flush,
    MarkUnread,
    Read,
    RemoveMembers,
    Send,
    SetFlag,
    Wait,
)
from imcli.model.entities import DeviceKey, DeviceSpec, Entry, Message
from imcli.model.errors import TargetUnavailable
from imcli.model.questions import History, Kept, ListView, Question, Seen, Shown, View
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import PlainCaller, state_table
from imcli.scenario.checking.unread import count_unread, unread_sentences
from imcli.scenario.events import CaseFinished, CaseResult, Cell, Failure, StateTable, TableRow
from imcli.scenario.running.explain import ROWS_MAX
from imcli.scenario.running.play import Observer
from imcli.scenario.running.run import Options, run
from imcli.scenario.running.trace_words import event_text
from imcli.scenario.syntax import (
    Case,
    Ending,
    Facts,
    HistoryIs,
    KeepsRecord,
    NotAffected,
    ReceivedMessage,
    SeesList,
    Step,
)
from imcli.simulator.profiles import build_profile
from imcli.targets.base import Cast, OpenTarget, Outcome, Target
from imcli.targets.simulated import open_simulated
from tests.scenario.builder import AT, PHONES, case, claim, do, sees, send, together
from tests.scenario.scripted import LIVE, ScriptedOpener, ScriptedTarget, message, nothing

SIM = open_simulated("reference")
DELETES = do(Delete("A", "phone", "B"), "A.phone deletes B")
READS = do(Read("A", "phone", "B"), "A reads B")


def result(case_: Case, opener: OpenTarget = SIM, options: Options | None = None) -> CaseResult:
    *_, last = run(case_, opener, options or Options())
    assert isinstance(last, CaseFinished)
    return last.case


def failure(*steps: Step, opener: OpenTarget = SIM, cast: Cast = PHONES) -> Failure:
    return result(case(*steps, cast=cast), opener).failures[0]


def table_of(found: Failure) -> StateTable:
    assert found.table is not None
    return found.table


def row(found: Failure, device: str) -> TableRow:
    return next(r for r in table_of(found).rows if r.device == device)


def test_a_claim_about_the_record_is_told_what_is_stored() -> None:
    nothing_kept = KeepsRecord(AT, "the server keeps nothing of B for A", "", "A", "B", True)
    found = failure(send("B", "A", "m1"), READS, DELETES, claim(nothing_kept))
    stored = "The server has stored a record of B for A: read up to m1, deleted up to m1."
    assert stored in found.because
    kept = failure(claim(replace(nothing_kept, negated=False)))
    assert "The server has stored no record of B for A." in kept.because


@pytest.mark.parametrize(("source", "told"), [("sees", True), ("shows", False)])
def test_more_messages_than_an_answer_has_are_said_to_be_in_the_history(
    source: Literal["sees", "shows"], told: bool
) -> None:
    sends = [send("B", "A", f"m{n}") for n in range(21)]
    for facts in (Facts(count=23), Facts(messages=tuple(f"m{n}" for n in range(21, -1, -1)))):
        found = failure(*sends, send("B", "A", "m21"), claim(sees("A", "B", facts, source=source)))
        said = "A full synchronisation is answered with the newest 20 messages of a conversation"
        assert any(sentence.startswith(said) for sentence in found.because) == told
    few = failure(*sends, claim(sees("A", "B", Facts(count=7), source=source)))
    assert not any("newest 20" in sentence for sentence in few.because)


def test_an_absent_conversation_says_since_which_step() -> None:
    found = failure(send("B", "A", "m1"), do(Flush()), DELETES, do(Flush()), claim(sees("A", "B")))
    assert row(found, "A.phone").note == "expected listed; absent since step 3 (A.phone deletes B)"
    assert row(found, "A.phone").wrong
    assert found.because[0] == "B was listed from step 1 to step 2 (on A.phone, A.web)."


def test_a_conversation_that_was_never_there_says_so() -> None:
    found = failure(do(Flush()), claim(sees("A", "B", Facts(unread=1))))
    assert row(found, "A.phone").note == "expected 1 unread; never listed"


def test_a_conversation_that_came_back_tells_both_times() -> None:
    found = failure(
        send("B", "A"), DELETES, send("B", "A"), do(Flush()), DELETES, claim(sees("A", "B"))
    )
    assert found.because[0] == (
        "B was listed after step 1 only and from step 3 to step 4 (on A.phone, A.web)."
    )


def test_facts_that_are_wrong_tell_by_which_steps_a_conversation_went_and_came_back() -> None:
    wrong = claim(sees("A", "B", Facts(pinned=True, muted=True), device="web"))
    found = failure(send("B", "A"), DELETES, send("B", "A"), wrong)
    (told,) = found.because
    assert told.startswith("B went at step 2 (")
    assert ") and came back at step 3 (" in told
    assert told.endswith(" (on A.web).")
    assert row(found, "A.web").cells[-1].expected == "pinned, muted"


def test_a_claim_about_a_history_expects_nothing_of_the_list() -> None:
    has = HistoryIs(AT, "A's history with B is m1", "", "A", "phone", "B", "is", ("m1",))
    found = failure(send("B", "A", "m1"), DELETES, claim(has))
    assert row(found, "A.phone").note == "absent since step 2 (A.phone deletes B)"


def test_an_unwanted_conversation_that_came_back_is_listed_since_then() -> None:
    gone = claim(sees("A", "B", negated=True, device="web"))
    found = failure(send("B", "A"), DELETES, send("B", "A"), gone)
    assert found.because == ("B was listed after step 1 only and since step 3 (on A.web).",)


def test_an_unwanted_conversation_says_since_which_step_it_is_listed() -> None:
    found = failure(do(Flush()), send("B", "A"), do(Flush()), claim(sees("A", "B", negated=True)))
    note = row(found, "A.web").note
    assert note == "expected not to be listed; listed since step 2 (B sends A)"


def test_a_wrong_cell_shows_what_was_expected() -> None:
    found = failure(send("B", "A", "m1"), claim(sees("A", "B", Facts(unread=2), device="web")))
    assert table_of(found).columns == ("unread", "last", "read", "deleted")
    assert row(found, "A.web").cells[0] == Cell("1", "2 unread", True)
    assert not row(found, "A.phone").wrong


def test_cells_that_the_last_change_changed_are_marked() -> None:
    found = failure(send("B", "A", "m1"), send("B", "A", "m2"), do(Flush()), claim(sees("A", "C")))
    cells = row(found, "A.phone").note or next(
        r.cells for r in table_of(found).rows if r.conversation == "B"
    )
    assert cells == (Cell("2", None, True), Cell("m2", None, True), Cell("-"), Cell("-"))
    assert table_of(found).legend == "changed by step 2 (B sends A)"


def test_columns_that_are_claimed_are_shown() -> None:
    found = failure(
        send("B", "A", "m1"), claim(sees("A", "B", Facts(messages=("m1", "m1"), pinned=True)))
    )
    assert table_of(found).columns == ("unread", "last", "messages", "read", "deleted", "flags")


def test_flags_are_shown_where_there_are_any() -> None:
    pins = do(SetFlag("A", "phone", "B", "pinned", True))
    found = failure(send("B", "A", "m1"), pins, claim(sees("A", "B", negated=True)))
    assert "flags" in table_of(found).columns


def test_what_became_of_the_messages_is_said() -> None:
    refused = do(Send("B", "phone", "A", "x", ""), label="m2", ending=Ending("may"))
    got = claim(ReceivedMessage(AT, "A received m1", "", "A", "", "m1", 2))
    found = failure(send("B", "A", "m1"), got)
    assert found.because == ("m1 was accepted as seq 1 and pushed to A.phone, A.web.",)
    opener = ScriptedOpener(answers=[Outcome("refused", "blocked")])
    claims = claim(sees("A", "B", Facts(last=("label", "m2"))))
    assert "m2 was refused with blocked." in failure(refused, claims, opener=opener).because
    quiet = failure(send("B", "A", "m1"), got, opener=ScriptedOpener())
    assert quiet.because == ("m1 was accepted as seq 1, and pushed to no device so far.",)


def test_a_message_that_was_lost_on_the_way_says_where() -> None:
    drops = do(Fault("A", "phone", "drops-messages", 1), "link A.phone drops 1 message")
    got = claim(ReceivedMessage(AT, "A.phone received m1", "", "A", "phone", "m1", None))
    found = failure(drops, send("B", "A", "m1"), got)
    told = "m1 was accepted as seq 1, lost on the link to A.phone and pushed to A.web."
    assert found.because == (told,)


def test_a_device_that_should_have_got_something_and_is_offline_says_since_when() -> None:
    gone = do(Disconnect("A", "phone"), "A.phone disconnects")
    got = claim(ReceivedMessage(AT, "A.phone received m1", "", "A", "phone", "m1", None))
    found = failure(gone, send("B", "A", "m1"), got)
    since = "A.phone is offline since step 1 (A.phone disconnects): goodbye."
    assert found.because[0] == since
    back = do(Connect("A", "phone"), "A.phone connects")
    there = failure(gone, back, claim(ReceivedMessage(AT, "", "", "A", "phone", "m1", None)))
    assert not any("offline" in sentence for sentence in there.because)
    listed = failure(gone, claim(sees("A", "B", device="phone")))
    assert not any("offline" in sentence for sentence in listed.because)


def test_a_history_of_a_group_says_when_its_reader_left_and_joined() -> None:
    cast = replace(PHONES, groups=(("#t", ("A", "B")),))
    leaves = do(RemoveMembers("#t", ("B",)), "A removes B from #t")
    joins = do(AddMembers("#t", ("B",)), "A adds B to #t")
    both = claim(HistoryIs(AT, "", "", "B", "", "#t", "is", ("m1",)))
    found = failure(send("A", "#t", "m1"), leaves, joins, both, cast=cast)
    assert (
        "B left #t at step 2 (A removes B from #t) after m1, joined #t at step 3 "
        "(A adds B to #t) after m1." in found.because
    )
    never = failure(
        send("A", "#t", "m1"), claim(HistoryIs(AT, "", "", "B", "", "#t", "is")), cast=cast
    )
    assert not any("joined" in sentence for sentence in never.because)


def test_a_message_that_was_stored_again_is_told_from_the_one_that_has_the_label() -> None:
    loses = do(Fault("B", "phone", "loses-acks", 1), "link B loses 1 ack")
    first = do(Send("B", "phone", "A", "hi", ""), label="m1", ending=Ending("no-answer"))
    again = do(Send("B", "phone", "A", "hi", ""), resend_of="m1")
    steps = (loses, first, again, claim(sees("A", "B", Facts(messages=("m1",)), device="phone")))
    opener = open_simulated(build_profile({"resend": "store-again"}))
    found = failure(*steps, opener=opener)
    assert "messages m1's other copy, m1 instead of" in found.disagreements[0].said
    kept = send("B", "A", "m1")
    found = failure(kept, again, steps[-1], opener=opener)
    assert "messages m1's other copy, m1 instead of" in found.disagreements[0].said
    marks = claim(sees("A", "B", Facts(read_to="m1"), device="phone"))
    reads = do(Read("A", "phone", "B", 1), "A reads B up to seq 1")
    found = failure(kept, again, reads, marks, opener=opener)
    assert "read up to seq 1 instead of read up to m1" in found.disagreements[0].said


def test_a_history_that_has_more_than_was_claimed_tells_what_became_of_the_rest() -> None:
    only = claim(HistoryIs(AT, "A's history with B is m1", "", "A", "phone", "B", "is", ("m1",)))
    found = failure(send("B", "A", "m1"), send("A", "B", "m2"), only)
    assert "m2 was accepted as seq 2 and pushed to A.web, B.phone." in found.because


def test_a_conversation_that_is_missed_tells_what_the_server_has_stored_of_it() -> None:
    missed = claim(sees("A", "B", device="phone"))
    found = failure(send("B", "A", "m1"), send("B", "A", "m2"), DELETES, missed)
    stored = "The server has stored a record of B for A: read up to m2, deleted up to m2."
    assert stored in found.because
    never = failure(do(Flush()), missed)
    assert "The server has stored no record of B for A." in never.because
    unwanted = failure(send("B", "A", "m1"), claim(sees("A", "B", negated=True)))
    assert not any("stored" in sentence for sentence in unwanted.because)


def test_a_server_that_does_not_say_what_it_has_stored_is_not_quoted() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        if isinstance(question, Kept):
            raise TargetUnavailable("gone")
        return nothing(target, question)

    found = failure(claim(sees("A", "B")), opener=ScriptedOpener(look=look))
    assert not any("stored" in sentence for sentence in found.because)


@pytest.mark.parametrize(
    ("profile", "steps", "said"),
    [
        ("reference", (send("B", "A", "m1"), DELETES), "stays: read up to m1, deleted up to m1"),
        ("keeps-history", (send("B", "A", "m1"), DELETES), "stays: read up to m1"),
        ("physical-delete", (send("B", "A", "m1"), DELETES), "was removed"),
        ("wukongim-2.1.3", (send("B", "A", "m1"), do(Flush()), DELETES), "was removed"),
        ("wukongim-2.1.5", (send("B", "A", "m1"), do(Flush()), DELETES), "stays: deleted up to m1"),
    ],
)
def test_a_delete_tells_what_it_left_of_the_stored_record(
    profile: str, steps: tuple[Step, ...], said: str
) -> None:
    lines = case(*steps, claim(sees("A", "C")))
    delete = result(lines, open_simulated(profile)).trace[-1]
    assert delete.seen[-1] == f"the stored record of B for A {said}"


def test_a_device_that_is_added_tells_of_its_connecting() -> None:
    adds = do(AddDevice("A", "tablet"), "A adds device tablet")
    added, connected = result(case(adds, claim(sees("A", "B")))).trace
    assert (added.text, connected.text) == ("A adds device tablet", "A.tablet connects")
    assert connected.seen == ("A.tablet is online", "A.tablet got a full list: nothing")


def test_a_delete_of_what_is_not_stored_says_that() -> None:
    found = result(case(DELETES, claim(sees("A", "C")))).trace[-1]
    assert found.seen == ("there was no stored record of B for A",)


def test_only_deletes_and_clears_tell_of_the_stored_record() -> None:
    clears = do(Clear("A", "phone", "B"), "A clears B")
    found = result(case(send("B", "A", "m1"), READS, clears, claim(sees("A", "C"))))
    told = [any("stored record" in seen for seen in step.seen) for step in found.trace]
    assert told == [False, False, True]


def test_a_delete_on_a_server_that_shows_no_record_tells_nothing_of_it() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        if isinstance(question, Kept):
            raise TargetUnavailable("gone")
        return nothing(target, question)

    found = result(case(DELETES, claim(sees("A", "B"))), ScriptedOpener(look=look))
    assert not any("stored record" in seen for step in found.trace for seen in step.seen)


def test_what_is_otherwise_in_a_profile_is_noted_with_a_failure_alone() -> None:
    asked: list[tuple[str, dict[str, object] | None, Collection[str]]] = []

    def meanings(name: str, own: dict[str, object] | None, about: Collection[str]) -> list[str]:
        asked.append((name, own, about))
        return ["in words"]

    options = Options(meanings=meanings)
    wrong = case(claim(sees("A", "B")))
    assert result(wrong, open_simulated("two-way"), options).notes == ("in words",)
    right = case(claim(sees("A", "B", negated=True)))
    assert result(right, open_simulated("two-way"), options).notes == ()
    assert asked == [("two-way", None, {"listed"})]


def test_a_conversation_that_came_back_without_a_delete_mark_says_so() -> None:
    steps = (send("B", "A", "m1"), DELETES, send("B", "A", "m2"))
    wrong = claim(sees("A", "B", Facts(unread=3), device="phone"))
    forgotten = failure(*steps, wrong, opener=open_simulated("physical-delete"))
    assert any(s.startswith("B went at") and "delete mark" in s for s in forgotten.because)
    kept = failure(*steps, wrong)
    assert not any(s.startswith("B went at") and "delete mark" in s for s in kept.because)


def test_what_a_user_notices_is_said_with_labels() -> None:
    deletes = do(Delete("A", "phone", "B"), "A deletes B")
    noticed = claim(NotAffected(AT, "B is not affected", "", "B"))
    two_way = open_simulated("two-way")
    found = failure(send("B", "A", "m1"), send("A", "B", "m2"), deletes, noticed, opener=two_way)
    said = [each.said for each in found.disagreements]
    entry = (
        "was affected: the conversation with A was 1 unread, m1, m2, read up to m1 and is nothing"
    )
    assert entry in said
    assert "was affected: the history with A was m1, m2 and is nothing" in said


def test_a_record_without_a_message_is_what_a_user_notices() -> None:
    joins = do(AddMembers("#team", ("B",), "A", "phone"), "A adds B to #team")
    noticed = claim(NotAffected(AT, "B is not affected", "", "B"))
    cast = Cast(PHONES.users, (("team", ("A",)),))
    (only,) = failure(joins, noticed, cast=cast).disagreements
    assert only.said == (
        "was affected: the server had no record of #team for B and has one now; "
        "the history with #team is empty"
    )


def test_a_case_with_a_profile_of_its_own_names_it() -> None:
    silent: dict[str, object] = {"extends": "reference", "sync_deletes": "on-full-sync"}
    found = result(case(send("B", "A"), claim(sees("A", "C")), profile=silent))
    told = "the case has its own profile: reference with sync_deletes = on-full-sync"
    assert found.notes == (told,)


def test_a_message_on_a_slow_link_reached_its_device_later() -> None:
    slow = do(Fault("A", "phone", "delays", 0, 500), "link A.phone delays by 500ms")
    got = claim(ReceivedMessage(AT, "A.web received m1 twice", "", "A", "web", "m1", 2))
    found = failure(slow, send("B", "A", "m1"), got)
    assert found.because == (
        "m1 was accepted as seq 1 and pushed to A.web; it reached A.phone later.",
    )


def test_a_message_that_a_link_held_reached_its_device_later() -> None:
    holds = do(Fault("A", "phone", "holds"), "link A.phone holds")
    frees = do(Fault("A", "phone", "releases-reversed"), "link A.phone releases in reverse")
    got = claim(ReceivedMessage(AT, "A.phone received m1 twice", "", "A", "phone", "m1", 2))
    found = result(case(holds, send("B", "A", "m1"), send("B", "A", "m2"), frees, got))
    assert found.failures[0].because == (
        "m1 was accepted as seq 1 and pushed to A.web; it reached A.phone later.",
    )
    assert found.trace[-1].seen == ("released: m2, m1 reached A.phone",)


def test_all_failures_of_a_block_are_explained() -> None:
    found = result(case(send("B", "A"), claim(sees("A", "C")), claim(sees("B", "C"))))
    assert [len(f.disagreements) for f in found.failures] == [2, 1]
    assert all(f.table is not None for f in found.failures)


def test_the_table_is_of_what_devices_show_where_the_claim_is() -> None:
    asked: list[Question] = []

    def look(target: ScriptedTarget, question: Question) -> View:
        asked.append(question)
        return nothing(target, question)

    failure(claim(sees("A", "B", source="shows")), opener=ScriptedOpener(look=look))
    assert any(isinstance(question, Shown) for question in asked)
    assert not any(isinstance(question, Seen) for question in asked)


def test_with_many_devices_only_those_spoken_of_are_watched() -> None:
    cast = Cast(tuple((f"U{n}", (DeviceSpec("phone"),)) for n in range(40)))
    found = failure(send("U2", "U1"), claim(sees("U1", "U3")), cast=cast)
    assert {r.device for r in table_of(found).rows} == {"U1.phone", "U3.phone"}


def test_a_long_table_keeps_its_wrong_rows_and_counts_the_others() -> None:
    others = tuple((f"U{n}", (DeviceSpec("phone"),)) for n in range(60))
    cast = Cast((("A", (DeviceSpec("phone"),)), *others))
    steps = [send(f"U{n}", "A") for n in range(60)]
    found = failure(*steps, claim(sees("A", "U0", negated=True)), cast=cast)
    table = table_of(found)
    assert len(table.rows) == ROWS_MAX
    assert table.left_out == 61 - ROWS_MAX
    assert sum(r.wrong for r in table.rows) == 1


def test_a_failure_knows_its_line_and_place() -> None:
    case_ = case(send("B", "A", line=1), claim(sees("A", "C", line=2), line=2))
    found = result(case_).failures[0]
    assert (found.span.line, found.source) == (2, "assert A sees C")


def test_the_order_that_failed_is_the_one_that_is_explained() -> None:
    race = together([send("B", "A", "m1")], [send("A", "B", "m2")])
    last = claim(sees("A", "B", Facts(last=("label", "m2"))))
    found = result(case(race, last), options=Options(orders="all"))
    assert found.order == ("A sends B", "B sends A")
    assert row(found.failures[0], "A.phone").cells[1].value == "m1"


def test_the_trace_has_every_action_and_every_answer() -> None:
    found = result(case(send("B", "A", "m1"), DELETES, claim(sees("A", "B"))))
    assert [(r.step, r.text, r.answer) for r in found.trace] == [
        ("step 1", "B sends A", "ok"),
        ("step 2", "A.phone deletes B", "ok"),
    ]
    assert "m1 pushed to A.phone, A.web" in found.trace[0].seen
    assert any("told that B was deleted" in seen for seen in found.trace[1].seen)


def test_a_real_world_is_looked_at_once_at_the_failure() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        seen = isinstance(question, Seen) and question.user == "B"
        return ListView((Entry("A"),)) if seen else nothing(target, question)

    opener = ScriptedOpener(look=look, identity=LIVE)
    found = result(case(send("B", "A", "m1"), claim(sees("A", "B"))), opener)
    assert len(opener.opened) == 1
    assert row(found.failures[0], "A.phone").note == "expected listed; absent now"
    assert found.trace[0].answer == "ok"


def test_a_real_world_that_went_away_has_a_trace_and_no_table() -> None:
    opener = ScriptedOpener(answers=[None, TargetUnavailable("gone")], identity=LIVE)
    found = result(case(send("B", "A"), DELETES), opener)
    assert found.failures[0].table is None
    assert [r.text for r in found.trace] == ["B sends A"]


def test_a_failure_that_does_not_come_again_says_so() -> None:
    seen: list[ScriptedTarget] = []

    def look(target: ScriptedTarget, question: Question) -> View:
        seen.append(target)
        return ListView(() if target is seen[0] else (Entry("B"),))

    found = result(case(do(Flush()), claim(sees("A", "B"))), ScriptedOpener(look=look))
    assert found.result == "failed"
    assert "played again, it did not fail in the same place" in found.notes


def test_results_and_cases_can_go_to_another_process() -> None:
    case_ = case(send("B", "A"), claim(sees("A", "C")))
    found = result(case_)
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(case_)) == case_


# Unread


def counted(entry: Entry, *history: Message, joined: int = 0) -> str:
    names = Names(PHONES)
    count = count_unread("A", entry, history, joined=joined)
    return " ".join(unread_sentences(count, names))


def text(seq: int, words: str, sender: str = "B", **options: bool) -> Message:
    kind = "notice" if options.pop("notice", False) else "content"
    return Message("A@B", seq, seq, f"n{seq}", sender, words, kind, **options)  # type: ignore[arg-type]


COUNTS = [
    (Entry("B", unread=1), 0, 'counted from the beginning: "one", which makes 1.'),
    (
        Entry("B", unread=1, read_to=1),
        0,
        "the read mark (seq 1): no message, which makes 0. The server says 1 instead.",
    ),
    (Entry("B", unread=0, deleted_to=1), 0, "from the delete mark (seq 1): no message"),
    (Entry("B", unread=0), 2, "from the join (seq 1): no message"),
]


@pytest.mark.parametrize(("entry", "joined", "words"), COUNTS)
def test_a_count_names_the_term_that_won(entry: Entry, joined: int, words: str) -> None:
    assert words in counted(entry, text(1, "one"), joined=joined)


def test_an_own_send_that_moved_the_read_mark_is_told_apart() -> None:
    words = counted(Entry("B", unread=0, read_to=2), text(1, "one"), text(2, "mine", "A"))
    assert "counted from an own send, which moved the read mark (seq 2)" in words


def test_what_does_not_count_says_why() -> None:
    words = counted(
        Entry("B", unread=1),
        text(1, "mine", "A"),
        text(2, "quiet", no_red_dot=True),
        text(3, "notice", notice=True),
        text(4, "real"),
    )
    assert '"mine" (own), "quiet" (no red dot), "notice" (notice).' in words
    assert 'the beginning: "real", which makes 1.' in words


def test_a_server_that_subtracts_numbers_is_recognised() -> None:
    words = counted(Entry("B", unread=2), text(1, "mine", "A"), text(2, "real"))
    assert "The server says 2 instead, the difference of sequence numbers (2 - 0)" in words


def test_a_server_that_counts_from_the_read_mark_whatever_was_deleted_is_recognised() -> None:
    words = counted(Entry("B", unread=3, deleted_to=2), text(3, "real"))
    assert "makes 1. The server says 3 instead, the difference of sequence numbers (3 - 0)" in words
    assert words.endswith("which is counted from the read mark, whatever was deleted.")


def test_a_server_that_counts_own_messages_is_recognised() -> None:
    words = counted(
        Entry("B", unread=2), text(1, "notice", notice=True), text(2, "mine", "A"), text(3, "real")
    )
    assert words.endswith("The server says 2 instead, which counts the own messages too.")


def test_it_is_said_which_number_is_the_language_s_and_which_the_server_s() -> None:
    other = counted(Entry("B", unread=9), text(1, "real"))
    assert other.startswith("Unread of B for A by the language's definition: counted from")
    alike = counted(Entry("B", unread=1), text(1, "real"))
    assert alike == 'Unread of B for A: counted from the beginning: "real", which makes 1.'


def test_a_server_that_counts_by_no_known_rule_is_quoted() -> None:
    assert counted(Entry("B", unread=9), text(1, "real")).endswith("The server says 9 instead.")


def test_a_device_that_counts_less_is_told_what_it_does_not_have() -> None:
    fault = Fault("A", "phone", "drops-messages", 1)
    shows = sees("A", "B", Facts(unread=2), device="phone", source="shows")
    found = failure(send("B", "A", "m1"), do(fault), send("B", "A", "m2"), claim(shows))
    assert "A.phone shows 1 instead." in found.because
    assert "A.phone does not have m2." in found.because


def test_a_wrong_unread_count_is_explained_in_the_failure() -> None:
    found = failure(
        send("B", "A", "m1"), READS, send("B", "A", "m2"), claim(sees("A", "B", Facts(unread=2)))
    )
    assert found.because[0] == (
        "Unread of B for A: counted from the read mark (m1): m2, which makes 1."
    )


def test_a_count_in_a_group_knows_when_the_user_joined() -> None:
    cast = Cast((("A", (DeviceSpec("phone"),)), ("B", (DeviceSpec("phone"),))), (("team", ("B",)),))
    joins = do(AddMembers("#team", ("A",), "B", "phone"), "B adds A to #team")
    say = send("B", "#team", "m1")
    found = failure(
        say, joins, send("B", "#team", "m2"), claim(sees("A", "#team", Facts(unread=2))), cast=cast
    )
    assert "counted from the join (m1): m2, which makes 1." in found.because[0]


def test_history_that_cannot_be_read_leaves_the_count_unexplained() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        if isinstance(question, History):
            raise TargetUnavailable("gone")
        return ListView((Entry("B", unread=1),))

    found = failure(claim(sees("A", "B", Facts(unread=2))), opener=ScriptedOpener(look=look))
    assert found.because == ()


# Rows and words


def test_the_state_table_has_a_row_of_dashes_for_a_device_with_nothing() -> None:
    entry = Entry("B", 1, message("c1", 1), (message("c1", 1),), 1, 0, pinned=True)
    lists = [(DeviceKey("A", "phone"), ListView((entry,))), (DeviceKey("B", "phone"), ListView(()))]
    table = state_table(lists, PlainCaller())
    first, second = table.rows
    assert [cell.value for cell in first.cells] == ["1", "1", "1", "1", "-", "pinned"]
    assert second == TableRow("B.phone", "-", tuple(Cell("-") for _ in table.columns))


def test_every_event_of_a_busy_case_has_words_or_repeats_the_answer() -> None:
    target = SIM(PHONES)
    actions: list[Action] = [
        Send("B", "phone", "A", "hi", "c1"),
        Delete("A", "phone", "B"),
        Clear("A", "phone", "B"),
        MarkUnread("A", "phone", "B"),
        Flush(),
    ]
    events = [event for action in actions for event in target.perform(action).events]
    words = [event_text(event, Names(PHONES)) for event in events]
    assert "A.phone, A.web" in " ".join(words)
    assert len(events) > len(actions)


def test_a_list_claim_fails_with_a_table() -> None:
    only = claim(SeesList(AT, "A sees nothing", "", "A", "phone", (), "sees"))
    assert table_of(failure(send("B", "A", "m1"), only)).rows[0].conversation == "B"


def test_a_case_with_too_much_to_look_at_is_looked_at_once_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imcli.scenario.running.rerun.ENTRIES_MAX", 3)
    found = failure(send("B", "A"), do(Flush()), DELETES, do(Flush()), claim(sees("A", "B")))
    assert row(found, "A.phone").note == "expected listed; absent now"


def test_only_the_last_steps_of_a_long_case_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imcli.scenario.running.rerun.LOOKS_MAX", 9)
    found = failure(send("B", "A"), *([do(Flush())] * 20), DELETES, claim(sees("A", "B")))
    assert row(found, "A.phone").note.endswith("absent since step 22 (A.phone deletes B)")


def test_a_world_that_cannot_be_looked_at_again_is_explained_without_a_table() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        if isinstance(question, Seen) and question.chat is None:
            raise TargetUnavailable("gone")
        return nothing(target, question)

    assert failure(claim(sees("A", "B")), opener=ScriptedOpener(look=look)).table is None
    live = ScriptedOpener(look=look, identity=LIVE)
    assert table_of(failure(claim(sees("A", "B")), opener=live)).rows == ()
    final = result(case(do(Flush())), ScriptedOpener(look=look), Options(show="final"))
    assert (final.result, final.table) == ("passed", None)


def test_a_case_that_breaks_an_invariant_at_its_end_shows_the_end() -> None:
    class Sulky:
        def after(self, action: object, outcome: object) -> list[str]:
            return []

        def finish(self) -> list[str]:
            return ["1 nothing accepted is lost."]

    def observer(case_: Case, target: Target) -> Observer:
        return Sulky()

    found = result(case(send("B", "A", "m1")), options=Options(observer=observer)).failures[0]
    assert found.headline == "1 nothing accepted is lost"
    assert row(found, "A.phone").conversation == "B"


def test_a_cell_tells_what_each_alternative_expected() -> None:
    either = claim(
        sees("A", "B", Facts(unread=3), device="phone"),
        sees("A", "B", Facts(unread=4), device="phone"),
    )
    found = failure(send("B", "A", "m1"), either)
    (cell,) = [cell for cell in row(found, "A.phone").cells if cell.expected]
    assert cell.expected == "3 unread or 4 unread"


def test_a_message_whose_time_is_over_says_at_which_step() -> None:
    burns = do(Send("B", "phone", "A", "x", "", expire_ms=5_000), label="m2")
    last = claim(sees("A", "B", Facts(last=("label", "m2")), device="phone"))
    found = failure(send("B", "A", "m1"), burns, do(Wait(6_000), "wait 6s"), last)
    assert "m2 expired at step 3 (wait 6s): nobody sees it any more." in found.because
    early = failure(
        send("B", "A", "m1"),
        burns,
        claim(sees("A", "B", Facts(last=("label", "m1")), device="phone")),
    )
    assert not any("expired" in sentence for sentence in early.because)
