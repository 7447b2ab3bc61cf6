"""How a case runs: endings, given and cleanup, time, skips, known failures, results."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from imcli.model.actions import (
    Action,
    AddDevice,
    Connect,
    CreateGroup,
    Delete,
    Flush,
    Read,
    Send,
    SetFlag,
    Wait,
)
from imcli.model.entities import DeviceSpec, Entry
from imcli.model.errors import Defect, ImcliError, InvalidInput, TargetUnavailable
from imcli.model.events import Accepted
from imcli.model.questions import (
    ListView,
    Observable,
    ObservableView,
    Question,
    Received,
    ReceivedView,
    Seen,
    View,
)
from imcli.scenario.events import CaseFinished, CaseResult, CaseStarted, StepDone
from imcli.scenario.running.play import Observer
from imcli.scenario.running.run import Options, run
from imcli.scenario.syntax import (
    Case,
    Ending,
    Facts,
    KnownFailing,
    NotAffected,
    ReceivedBefore,
    ReceivedMessage,
    ReceivedNothingElse,
    SendAnswer,
    Span,
    TableIs,
    Timing,
)
from imcli.targets.base import Cast, Identity, OpenTarget, Outcome, Target
from imcli.targets.embedded_case import open_embedded_case
from imcli.targets.simulated import open_simulated
from tests.scenario.builder import AT, FILE, at, case, claim, do, sees, send, together
from tests.scenario.scripted import LIVE, SIM, ScriptedOpener, ScriptedTarget, message, nothing

DELETE = Delete("A", "phone", "B")
REFUSED = Outcome("refused", "blocked", "no")
REFUSES = Ending("refused")
SEES = claim(sees("A", "B"))
SEES_NOT = claim(sees("A", "B", negated=True))


def result(case_: Case, opener: OpenTarget, options: Options | None = None) -> CaseResult:
    *_, last = run(case_, opener, options or Options())
    assert isinstance(last, CaseFinished)
    return last.case


def listed(target: ScriptedTarget, question: Question) -> View:
    """A world in which A always sees B."""
    return ListView((Entry("B"),)) if isinstance(question, Seen) else nothing(target, question)


def test_a_case_that_holds_has_passed_and_its_world_is_closed() -> None:
    opener = ScriptedOpener(look=listed)
    events = list(run(case(send("B", "A"), SEES), opener))
    assert events[0] == CaseStarted("scenarios/delete/example.toml", "An example", "sim")
    assert result(case(send("B", "A"), SEES), opener).result == "passed"
    assert all(target.closed for target in opener.opened)


def test_a_claim_that_does_not_hold_has_failed() -> None:
    found = result(case(send("B", "A"), SEES), ScriptedOpener())
    assert found.result == "failed"
    (failure,) = found.failures
    assert (failure.kind, failure.step, failure.text) == ("claim", "step 2", "A sees B")


def test_all_claims_of_a_block_are_judged_and_then_the_case_stops() -> None:
    opener = ScriptedOpener()
    steps = (SEES, SEES_NOT, claim(sees("B", "A")), do(Flush()), claim(sees("A", "C")))
    found = result(case(*steps), opener)
    assert [f.step for f in found.failures] == ["step 1", "step 3"]
    assert all(not target.done for target in opener.opened)


def test_a_block_settles_once() -> None:
    opener = ScriptedOpener(look=listed)
    result(case(SEES, claim(sees("A", "B")), do(Flush()), SEES), opener)
    assert opener.opened[0].settled == 2


def test_one_of_several_claims_is_enough() -> None:
    either = claim(sees("A", "B"), sees("A", "C"))
    assert result(case(either), ScriptedOpener(look=listed)).result == "passed"
    found = result(case(either), ScriptedOpener())
    assert found.failures[0].headline == "none of the claims holds"
    assert len(found.failures[0].disagreements) == 4


def test_where_none_of_several_claims_holds_all_of_them_are_pointed_at() -> None:
    first, second = sees("A", "B"), sees("A", "C")
    either = claim(replace(first, span=at(1, 8)), replace(second, span=Span(FILE, 1, 20, 8)))
    found = result(case(either), ScriptedOpener())
    assert found.failures[0].span == at(1, 20)


def test_each_of_several_received_claims_names_its_message_whichever_holds() -> None:
    arrivals = (message("c1", 1), message("c2", 2))

    def look(target: ScriptedTarget, question: Question) -> View:
        return ReceivedView(arrivals) if isinstance(question, Received) else ListView(())

    first = ReceivedMessage(AT, "A.phone received m1", "", "A", "phone", "m1")
    either = claim(first, ReceivedBefore(AT, "…", "", "A", "phone", "m2", "m1"))
    sends = (send("B", "A", "m1"), send("B", "A", "m2"))
    nothing_else = claim(ReceivedNothingElse(AT, "…", "", "A", "phone"))
    opener = ScriptedOpener(look=look)
    assert result(case(*sends, either, nothing_else), opener).result == "passed"
    silent = claim(first, replace(first, label="m2", times=0))
    assert result(case(*sends, silent, nothing_else), opener).result == "failed"


# Endings of actions

ENDINGS = [
    (None, Outcome("ok"), "passed", ""),
    (None, REFUSED, "error", "was refused with blocked: no"),
    (None, Outcome("unknown"), "unknown", "got no answer"),
    (None, Outcome("offline"), "error", "the device is offline"),
    (REFUSES, REFUSED, "passed", ""),
    (Ending("refused", "blocked"), REFUSED, "passed", ""),
    (Ending("refused", "banned"), REFUSED, "failed", "instead of with banned"),
    (REFUSES, Outcome("ok"), "failed", "should have been refused"),
    (REFUSES, Outcome("unknown"), "unknown", "got no answer"),
    (REFUSES, Outcome("offline"), "error", "the device is offline"),
    (Ending("may"), Outcome("ok"), "passed", ""),
    (Ending("may"), REFUSED, "passed", ""),
    (Ending("may"), Outcome("unknown"), "unknown", "got no answer"),
    (Ending("no-answer"), Outcome("unknown"), "passed", ""),
    (Ending("no-answer"), Outcome("ok"), "failed", "was answered"),
    (Ending("no-answer"), REFUSED, "failed", "was answered (refused with blocked"),
]


@pytest.mark.parametrize(("ending", "outcome", "expected", "words"), ENDINGS)
def test_an_action_may_end_only_as_it_says(
    ending: Ending | None, outcome: Outcome, expected: str, words: str
) -> None:
    opener = ScriptedOpener(answers=[outcome])
    found = result(case(do(DELETE, "A.phone deletes B", ending=ending)), opener)
    assert found.result == expected
    assert words in (found.failures[0].headline if found.failures else "")


def test_only_a_step_that_may_get_no_answer_waits_in_an_outbox() -> None:
    opener = ScriptedOpener(answers=[Outcome("unknown")])
    result(case(do(DELETE, ending=Ending("no-answer")), do(DELETE)), opener)
    assert opener.opened[0].queued == [True, False]


def test_what_was_refused_must_have_changed_nothing() -> None:
    def changing(target: ScriptedTarget, question: Question) -> View:
        if not isinstance(question, Observable):
            return nothing(target, question)
        return ObservableView((("list", f"{len(target.done)} things"),))

    opener = ScriptedOpener(answers=[REFUSED], look=changing)
    found = result(case(do(DELETE, ending=REFUSES)), opener)
    assert found.result == "failed"
    assert "something changed: A: list was 0 things and is 1 things" in found.failures[0].headline


def test_not_affected_compares_with_just_before_the_previous_action() -> None:
    def changing(target: ScriptedTarget, question: Question) -> View:
        if not isinstance(question, Observable):
            return nothing(target, question)
        return ObservableView((("deletes", str(sum(a == DELETE for a in target.done))),))

    unaffected = claim(NotAffected(AT, "B is not affected", "", "B"))
    opener = ScriptedOpener(look=changing)
    assert result(case(do(DELETE), do(Flush()), unaffected), opener).result == "passed"
    assert len(opener.opened[0].asked) == 2, "looked at just before the action and after it"
    assert result(case(do(Flush()), do(DELETE), unaffected), opener).result == "failed"
    assert result(case(together([do(DELETE)]), unaffected), opener).result == "failed"


def test_not_affected_compares_over_the_end_of_given_too() -> None:
    def changing(target: ScriptedTarget, question: Question) -> View:
        if not isinstance(question, Observable):
            return nothing(target, question)
        return ObservableView((("deletes", str(sum(a == DELETE for a in target.done))),))

    opener = ScriptedOpener(look=changing)
    unaffected = claim(NotAffected(AT, "B is not affected", "", "B"))
    looked = (do(DELETE), SEES_NOT)
    assert result(case(unaffected, given=looked), opener).result == "failed"
    assert result(case(unaffected, given=(do(DELETE), do(Flush()))), opener).result == "passed"


# Given and cleanup


def test_a_failure_of_given_is_an_error() -> None:
    found = result(case(SEES, given=(SEES,)), ScriptedOpener())
    assert (found.result, found.failures[0].step) == ("error", "given 1")


def test_cleanup_runs_always() -> None:
    opener = ScriptedOpener()
    result(case(SEES, cleanup=(do(Flush()),)), opener)
    assert opener.opened[0].done == [Flush()]


def test_a_failure_of_cleanup_spoils_a_pass_and_nothing_else() -> None:
    cleanup = (do(Flush(), "server flushes"), do(Flush()))
    spoiled = ScriptedOpener(answers=[REFUSED], look=listed)
    found = result(case(SEES, cleanup=cleanup), spoiled)
    assert (found.result, found.failures[0].step) == ("error", "cleanup 1")
    assert len(spoiled.opened[0].done) == 2, "the rest of the cleanup is done"
    failed = result(case(SEES, cleanup=cleanup), ScriptedOpener(answers=[REFUSED]))
    assert failed.result == "failed"
    assert any("cleanup: server flushes" in note for note in failed.notes)


def test_what_a_target_could_not_remove_is_listed() -> None:
    found = result(case(SEES), ScriptedOpener(look=listed, leftovers=("#team",)))
    assert found.notes == ("could not be removed: #team",)


# Labels


def test_every_send_gets_a_number_of_its_own_unless_it_is_written() -> None:
    written = do(Send("B", "phone", "A", "x", "mine"), number_written=True)
    opener = ScriptedOpener()
    result(case(send("B", "A"), written, send("B", "A")), opener)
    numbers = [a.client_msg_no for a in opener.opened[0].done if isinstance(a, Send)]
    assert numbers == ["c1", "mine", "c2"]


def test_a_resend_is_the_first_send_again() -> None:
    again = do(Send("B", "", "", "", ""), resend_of="m1", label="m2")
    opener = ScriptedOpener()
    result(case(send("B", "A", "m1"), again), opener)
    first, second = opener.opened[0].done
    assert first == second


def test_a_resend_without_a_name_takes_over_the_first_label() -> None:
    again = do(Send("B", "", "", "", ""), resend_of="m1")
    opener = ScriptedOpener(answers=[None, REFUSED])
    steps = (send("B", "A", "m1"), again)
    refused = claim(SendAnswer(AT, "m1 was refused", "", "m1", "refused"))
    case_ = case(steps[0], do(Send("B", "", "", "", ""), resend_of="m1", ending=REFUSES), refused)
    assert result(case_, opener).result == "passed"
    assert result(case(*steps), opener).result == "error"


def test_a_label_stands_for_its_sequence_number() -> None:
    reads = do(Read("A", "phone", "B"), refs=(("up_to", "m2"),))
    opener = ScriptedOpener()
    result(case(send("B", "A", "m1"), send("B", "A", "m2"), reads), opener)
    assert opener.opened[0].done[-1] == Read("A", "phone", "B", 2)


def test_a_label_without_a_number_is_an_error_that_says_why() -> None:
    reads = do(Read("A", "phone", "B"), refs=(("up_to", "m1"),))
    may = do(Send("B", "phone", "A", "hi", ""), label="m1", ending=Ending("may"))
    found = result(case(may, reads), ScriptedOpener(answers=[REFUSED]))
    assert found.result == "error"
    assert found.failures[0].headline == "m1 was refused (blocked), so it has no sequence number"


def test_a_claim_about_a_number_that_is_not_known_is_an_error() -> None:
    lost = do(Send("B", "phone", "A", "hi", ""), label="m1", ending=Ending("no-answer"))
    read = claim(sees("A", "B", Facts(read_to="m1")))
    opener = ScriptedOpener(answers=[Outcome("unknown")], look=listed)
    found = result(case(lost, read), opener)
    assert (found.result, found.failures[0].headline) == (
        "error",
        "m1 has no answer yet, so it has no sequence number",
    )


def test_an_outbox_that_is_sent_late_answers_its_label() -> None:
    lost = do(Send("B", "phone", "A", "hi", ""), label="m1", ending=Ending("no-answer"))
    late = Outcome("ok", events=(Accepted("B", "phone", "c1", 1001, 1),))
    connects = do(Connect("B", "phone"))
    unknown = claim(SendAnswer(AT, "m1 is unknown", "", "m1", "unknown"))
    was = claim(SendAnswer(AT, "m1 was accepted", "", "m1", "accepted"))
    opener = ScriptedOpener(answers=[Outcome("unknown"), late])
    assert result(case(lost, unknown, connects, was), opener).result == "passed"


def test_a_device_that_is_added_connects_and_is_asked() -> None:
    adds = do(AddDevice("A", "tablet"), "A adds device tablet")
    opener = ScriptedOpener()
    found = result(case(adds, SEES), opener)
    assert opener.opened[0].done == [AddDevice("A", "tablet"), Connect("A", "tablet")]
    assert [d.subject for d in found.failures[0].disagreements][-1] == "A.tablet"
    written = ScriptedOpener()
    result(case(adds, do(Connect("A", "tablet"))), written)
    assert len(written.opened[0].done) == 2


def test_a_device_that_is_added_in_a_branch_connects_as_well() -> None:
    adds, connect = do(AddDevice("A", "tablet"), "A adds device tablet"), Connect("A", "tablet")
    opener = ScriptedOpener()
    result(case(together([adds, send("A", "B")], [do(Flush())])), opener)
    assert opener.opened[0].done[:2] == [AddDevice("A", "tablet"), connect]
    written = ScriptedOpener()
    result(case(together([adds, do(connect)])), written)
    assert written.opened[0].done == [AddDevice("A", "tablet"), connect]
    broken = result(case(together([adds])), ScriptedOpener(), watched_by(Grumbler(at_action=2)))
    assert broken.result == "failed"


# Time


def from_moment(moment: int, until: int = 10**9) -> ScriptedOpener:
    """A world in which A sees B from one moment to another."""

    def look(target: ScriptedTarget, question: Question) -> View:
        return ListView((Entry("B"),) if moment <= target.now() < until else ())

    return ScriptedOpener(look=look, moments=(100, 200, 300), timers=("a resend to A.phone",))


def test_within_moves_the_clock_only_as_far_as_needed() -> None:
    opener = from_moment(200)
    assert result(case(claim(sees("A", "B"), within_ms=1000)), opener).result == "passed"
    assert opener.opened[0].now() == 200


def test_within_says_no_when_the_deadline_has_come() -> None:
    found = result(case(claim(sees("A", "B"), within_ms=150)), from_moment(200))
    judged = "waited for 150 ms; still running: a resend to A.phone"
    assert (found.result, found.failures[0].judged) == ("failed", judged)


def test_within_includes_its_last_moment() -> None:
    assert result(case(claim(sees("A", "B"), within_ms=200)), from_moment(200)).result == "passed"


def test_for_says_no_when_it_holds_only_for_a_while() -> None:
    held = claim(sees("A", "B"), for_ms=1000)
    assert result(case(held), from_moment(0)).result == "passed"
    found = result(case(held), from_moment(0, until=200))
    assert (found.result, found.failures[0].judged) == (
        "failed",
        "did not hold after 200 ms of 1 s",
    )
    never = result(case(held), from_moment(500))
    assert never.failures[0].judged == "did not hold from the start of 1 s"


def test_a_wrong_table_is_shown_at_its_wrong_row() -> None:
    columns = ("device", "conversation", "unread")
    rows = (("A.phone", "B", "9"), ("A.web", "B", "9"))
    table = TableIs(at(1), "table:", "", columns, rows, (at(2), at(3)))

    def look(target: ScriptedTarget, question: Question) -> View:
        return ListView((Entry("B", unread=9 if "phone" in str(question) else 1),))

    found = result(case(claim(table)), ScriptedOpener(look=look))
    assert found.failures[0].span == at(3)
    missing = TableIs(at(1), "table:", "", columns, rows[:1], (at(2),))
    twice = ScriptedOpener(look=lambda *_: ListView((Entry("B", unread=9), Entry("C"))))
    assert result(case(claim(missing)), twice).failures[0].span == at(1)


def test_a_negative_is_proved_at_this_instant_and_names_the_timers() -> None:
    found = result(case(SEES_NOT), from_moment(10_000))
    assert [str(n) for n in found.negatives] == [
        "proved at this instant; still running: a resend to A.phone"
    ]


def test_a_negative_over_a_window_was_observed() -> None:
    found = result(case(claim(sees("A", "B", negated=True), for_ms=250)), from_moment(10_000))
    assert [str(n) for n in found.negatives] == ["observed for 250 ms"]


def live(moment: int, until: int = 10**9) -> ScriptedOpener:
    opener = from_moment(moment, until)
    opener.identity = LIVE
    return opener


def test_a_real_world_gets_time_for_a_bare_positive() -> None:
    assert result(case(SEES), live(300)).result == "passed"
    timing = Timing(within_ms=250)
    assert result(case(SEES, timing=timing), live(300)).result == "failed"


def test_the_claims_of_a_block_share_the_deadline_of_a_real_world() -> None:
    opener = live(10**6)
    result(case(SEES, claim(sees("A", "B")), timing=Timing(within_ms=500)), opener)
    assert opener.opened[0].now() == 500


def test_a_bare_negative_must_hold_through_the_quiet_window_of_a_real_world() -> None:
    assert result(case(SEES_NOT), live(200)).result == "failed"
    found = result(case(SEES_NOT, timing=Timing(settle_ms=150)), live(200))
    assert found.result == "passed"
    assert [str(n) for n in found.negatives] == ["observed for 150 ms"]


def test_what_must_hold_for_a_while_shares_one_quiet_window_of_a_real_world() -> None:
    opener = live(10**6)
    nothing_seen = claim(sees("B", "A", negated=True), line=4)
    found = result(case(SEES_NOT, nothing_seen, timing=Timing(settle_ms=150)), opener)
    assert (found.result, opener.opened[0].now()) == ("passed", 150)
    assert [n.how for n in found.negatives] == ["observed", "observed"]


def test_what_is_refuted_in_a_shared_window_is_told_in_the_order_of_the_claims() -> None:
    steps = (SEES_NOT, claim(sees("A", "C")), claim(sees("A", "B", negated=True)))
    timing = Timing(within_ms=50, settle_ms=300)
    found = result(case(*steps, timing=timing), live(200))
    assert [f.step for f in found.failures] == ["step 1", "step 2", "step 3"]


def test_a_real_world_settles_before_a_block_is_judged() -> None:
    opener = live(0)
    assert result(case(SEES, claim(sees("A", "B"))), opener).result == "passed"
    assert opener.opened[0].settled == 1


def arriving(*moments: int) -> ScriptedOpener:
    """A real world in which one message arrives at these moments."""

    def look(target: ScriptedTarget, question: Question) -> View:
        if not isinstance(question, Received):
            return nothing(target, question)
        came = sum(moment <= target.now() for moment in moments)
        return ReceivedView((message("c1", 1),) * came)

    return ScriptedOpener(look=look, moments=moments, identity=LIVE)


ONCE = claim(ReceivedMessage(at(1), "", "", "A", "phone", "m1", 1))
SENT = do(Send("B", "phone", "A", "hi", "c1"), label="m1")


def test_once_is_refuted_by_an_arrival_soon_after_in_a_real_world() -> None:
    found = result(case(SENT, ONCE), arriving(100, 200))
    assert (found.result, found.failures[0].judged) == (
        "failed",
        "did not hold after 100 ms of 300 ms",
    )
    assert result(case(SENT, ONCE), arriving(100)).result == "passed"


def test_nothing_else_in_a_real_world_knows_only_what_was_named_before_it() -> None:
    def look(target: ScriptedTarget, question: Question) -> View:
        return ReceivedView((message("c1", 1),)) if isinstance(question, Received) else ListView(())

    got = claim(ReceivedMessage(AT, "…", "", "A", "phone", "m1"))
    nothing_else = claim(ReceivedNothingElse(AT, "…", "", "A", "phone"))
    sends = send("B", "A", "m1")
    opener = ScriptedOpener(look=look, identity=LIVE)
    assert result(case(sends, got, nothing_else), opener).result == "passed"
    found = result(case(sends, nothing_else, got), opener)
    assert [each.text for each in found.failures] == ["…"]
    assert found.failures[0].disagreements[0].said == "received m1"


def test_what_was_answered_is_judged_at_once_in_a_real_world() -> None:
    refused = claim(SendAnswer(at(1), "", "", "m1", "refused"))
    opener = live(0)
    assert result(case(SENT, refused), opener).result == "failed"
    assert opener.opened[0].now() == 0


def test_the_real_time_limit_ends_a_case() -> None:
    seconds = itertools.count(0, 1)
    options = Options(clock=lambda: float(next(seconds)))
    found = result(
        case(*(do(Flush()) for _ in range(9)), timing=Timing(limit_ms=5000)),
        ScriptedOpener(),
        options,
    )
    assert found.result == "error"
    assert "longer than its limit of 5 s" in found.failures[0].headline
    assert found.duration_ms > 5000


def test_a_case_that_the_limit_has_ended_is_cleaned_up() -> None:
    seconds = itertools.count(0, 2)
    options = Options(clock=lambda: float(next(seconds)))
    steps = tuple(do(Wait(1)) for _ in range(9))
    opener = ScriptedOpener()
    case_ = case(*steps, cleanup=(do(DELETE),), timing=Timing(limit_ms=5000))
    found = result(case_, opener, options)
    assert found.result == "error"
    assert opener.opened[0].done[-1] == DELETE


@pytest.mark.parametrize(("action", "ended"), [(Flush(), "passed"), (Read("A", "", "B"), "error")])
def test_the_time_of_a_flush_is_the_servers_and_not_the_cases(action: Action, ended: str) -> None:
    opener = ScriptedOpener()  # each action takes half a minute of real time
    options = Options(clock=lambda: 30.0 * sum(len(world.done) for world in opener.opened))
    found = result(case(*(do(action) for _ in range(4)), do(Read("A", "", "B"))), opener, options)
    assert found.result == ended


def test_the_limit_also_ends_a_long_window() -> None:
    seconds = itertools.count(0, 1)
    options = Options(clock=lambda: float(next(seconds)))
    opener = ScriptedOpener(look=listed, moments=range(1, 1000))
    waits = claim(sees("A", "B"), for_ms=1000)
    found = result(case(waits, timing=Timing(limit_ms=5000)), opener, options)
    assert (found.result, found.failures[0].kind) == ("error", "limit")


# Skips and profiles


def test_a_missing_capability_skips_with_the_reason() -> None:
    needing = do(Flush(), "server flushes", needs=("flush",), line=3)
    opener = ScriptedOpener(capabilities=["time"])
    found = result(case(needing), opener)
    assert found.result == "skipped"
    assert found.reason == 'needs "flush", which sim does not have (line 3: server flushes)'
    assert not opener.opened
    assert result(case(SEES, needs=("crash",)), opener).reason.startswith('needs "crash"')
    assert result(case(together([needing])), opener).result == "skipped"


@pytest.mark.parametrize("ending", [Ending("may"), Ending("refused", "unsupported")])
def test_a_step_that_says_how_it_may_be_refused_is_tried_anyway(ending: Ending) -> None:
    needing = do(Flush(), needs=("flush",), ending=ending)
    opener = ScriptedOpener(capabilities=["time"], answers=[Outcome("refused", "unsupported")])
    assert result(case(needing), opener).result == "passed"


def test_a_refusal_for_another_reason_is_no_excuse() -> None:
    needing = do(Flush(), needs=("flush",), ending=Ending("refused", "blocked"))
    assert result(case(needing), ScriptedOpener(capabilities=[])).result == "skipped"


def test_waiting_longer_than_the_limit_is_not_begun_where_time_is_real() -> None:
    waiting = case(do(Wait(40_000)), claim(sees("A", "B"), for_ms=20_000), do(Wait(1_000)))
    real = ScriptedOpener(capabilities=["sessions"], identity=LIVE)
    found = result(waiting, real)
    assert (found.result, real.opened) == ("skipped", [])
    assert found.reason == "waits for 61 s, and its limit is 1 m of real time (timing.limit)"
    assert result(waiting, ScriptedOpener(look=listed)).result == "passed"


def test_waiting_within_the_limit_is_begun_where_time_is_real() -> None:
    waiting = case(do(Wait(40_000)), SEES, timing=Timing(limit_ms=41_000))
    real = ScriptedOpener(capabilities=["sessions"], identity=LIVE, look=listed)
    assert result(waiting, real).result == "passed"


OWN: dict[str, object] = {"extends": "reference", "delete_scope": "two-way"}


EMBEDDED = Identity("embedded", "embedded", "reference")


@pytest.mark.parametrize("identity", [SIM, EMBEDDED])
def test_a_case_with_its_own_profile_runs_on_plain_targets(identity: Identity) -> None:
    opener = ScriptedOpener(look=listed, identity=identity)
    assert result(case(SEES, profile=OWN), opener).result == "passed"
    assert opener.profiles == [OWN]


def test_a_case_with_its_own_profile_runs_on_no_other_target() -> None:
    for identity in (LIVE, Identity("sim:reference", "sim", "reference")):
        found = result(case(SEES, profile=OWN), ScriptedOpener(identity=identity))
        assert found.result == "skipped"
        assert found.reason == "wants profile reference with delete_scope = two-way"


OLD: dict[str, object] = {"extends": "wukongim-2.1.3"}
PINS = do(SetFlag("A", "phone", "B", "pinned", True), "A pins B", needs=("settings",))


def openers() -> list[OpenTarget]:
    return [open_simulated("reference", name="sim"), open_embedded_case("reference")]


def test_what_a_world_has_is_asked_of_the_profile_of_the_case() -> None:
    for opener in openers():
        name = opener.identity.name
        assert result(case(send("B", "A"), PINS), opener).result == "passed"
        for case_ in (case(PINS, profile=OLD), case(SEES_NOT, profile=OLD, needs=("settings",))):
            found = result(case_, opener)
            assert found.result == "skipped"
            lacks = f'needs "settings", which {name} with profile wukongim-2.1.3 does not have'
            assert found.reason.startswith(lacks)
        unreadable = result(case(PINS, profile={"extends": "nobody"}), opener)
        assert unreadable.result == "error"


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("wukongim < 2.1.5", "known failure"),
        ("wukongim > 2.1.5", "failed"),
        ("sim:wukongim-2.1.3", "known failure"),
        ("sim:reference", "failed"),
    ],
)
def test_a_failure_is_known_by_the_profile_of_the_case(target: str, word: str) -> None:
    for opener in openers():
        found = result(case(SEES, profile=OLD, known_failing=known(target)), opener)
        assert (found.result, found.target.version) == (word, (2, 1, 3))


@pytest.mark.parametrize("own", [OLD, {"extends": "two-way"}, None])
def test_sim_speaks_of_the_target_sim_whatever_profile_the_case_has(
    own: dict[str, object] | None,
) -> None:
    case_ = case(SEES, profile=own, known_failing=known("sim"))
    assert result(case_, open_simulated("reference", name="sim")).result == "known failure"
    versions = result(case(SEES, known_failing=known("sim")), open_simulated("wukongim-2.1.3"))
    assert versions.result == "failed"


def test_the_option_profile_wins_and_says_so() -> None:
    opener = ScriptedOpener(look=listed, identity=Identity("sim:two-way", "sim", "reference"))
    found = result(case(SEES, profile=OWN), opener, Options(profile="two-way"))
    assert (found.result, opener.profiles) == ("passed", [None])
    assert found.notes == (
        "its own profile reference with delete_scope = two-way gave way to --profile two-way",
    )


# Targets that break


def test_a_target_that_cannot_be_opened_is_an_error() -> None:
    opener = ScriptedOpener(broken=TargetUnavailable("no answer from http://im.example"))
    found = result(case(SEES), opener)
    assert (found.result, found.reason) == ("error", "no answer from http://im.example")


def test_a_profile_that_cannot_be_read_is_an_error() -> None:
    found = result(case(SEES), ScriptedOpener(broken=InvalidInput("no switch `x`")))
    assert (found.result, found.failures[0].kind) == ("error", "target")


def test_a_target_that_goes_away_makes_the_case_unknown() -> None:
    opener = ScriptedOpener(answers=[TargetUnavailable("connection reset")], identity=LIVE)
    found = result(case(do(DELETE), cleanup=(do(Flush()),)), opener)
    assert (found.result, found.reason) == ("unknown", "connection reset")
    assert "cleanup was not run, because the target is gone" in found.notes
    assert opener.opened[0].closed


@pytest.mark.parametrize("where", ["open", "perform"])
def test_a_defect_is_nobodys_failure(where: str) -> None:
    defect: ImcliError = Defect("impossible")
    opener = ScriptedOpener(broken=defect) if where == "open" else ScriptedOpener(answers=[defect])
    with pytest.raises(Defect):
        result(case(do(DELETE)), opener)
    assert all(target.closed for target in opener.opened)


# Known failures


def known(target: str = "sim", claim_text: str = "") -> tuple[KnownFailing, ...]:
    return (KnownFailing(at(20), target, "WuKongIM#343", claim_text),)


def test_a_failure_that_is_known_is_a_known_failure() -> None:
    found = result(case(SEES, known_failing=known()), ScriptedOpener())
    assert (found.result, found.reason) == ("known failure", "WuKongIM#343")


def test_a_pass_where_a_failure_is_known_names_the_line_to_delete() -> None:
    found = result(case(SEES, known_failing=known()), ScriptedOpener(look=listed))
    assert found.result == "unexpected pass"
    assert found.delete == at(20)
    assert "delete the line scenarios/delete/example.toml:20:8" in found.reason


def test_a_failure_at_another_claim_is_an_ordinary_failure() -> None:
    case_ = case(SEES, known_failing=known(claim_text="assert  A sees C"))
    assert result(case_, ScriptedOpener()).result == "failed"
    case_ = case(SEES, known_failing=known(claim_text="assert  A sees B"))
    assert result(case_, ScriptedOpener()).result == "known failure"
    timed = case(
        claim(sees("A", "B"), within_ms=5), known_failing=known(claim_text="within 1s A sees B")
    )
    assert result(timed, ScriptedOpener()).result == "known failure"


def test_two_lines_that_apply_may_each_speak_of_one_of_two_claims() -> None:
    other = claim(sees("A", "C"), line=2)
    both = (*known(claim_text="A sees B"), KnownFailing(at(21), "*", "WuKongIM#328", "A sees C"))
    found = result(case(SEES, other, known_failing=both), ScriptedOpener())
    assert (found.result, found.reason) == ("known failure", "WuKongIM#343; WuKongIM#328")
    one = result(case(SEES, other, known_failing=both[:1]), ScriptedOpener())
    assert one.result == "failed"


def test_an_error_is_never_a_known_failure() -> None:
    opener = ScriptedOpener(answers=[REFUSED])
    assert result(case(do(DELETE), known_failing=known("*")), opener).result == "error"


def test_a_failure_known_elsewhere_is_an_ordinary_one() -> None:
    case_ = case(SEES, known_failing=known("wukongim < 2.1.5"))
    assert result(case_, ScriptedOpener()).result == "failed"


def test_a_live_server_without_a_version_matches_none_and_says_so() -> None:
    opener = live(10**6)
    opener.identity = Identity("http://im.example", "live", "wukongim")
    found = result(case(SEES, known_failing=known("wukongim < 9")), opener)
    assert found.result == "failed"
    assert any("version of http://im.example is unknown" in note for note in found.notes)


def test_nothing_is_said_of_a_version_that_no_line_asks_for() -> None:
    opener = live(10**6)
    opener.identity = Identity("http://im.example", "live", "wukongim")
    found = result(case(SEES, known_failing=known("*")), opener)
    assert (found.result, found.notes) == ("known failure", ())


# The observer


class Grumbler:
    """An observer to whom the second action is broken, and perhaps the end."""

    def __init__(self, at_action: int = 0, at_end: bool = False) -> None:
        self.seen: list[str] = []
        self.at_action = at_action
        self.at_end = at_end

    def after(self, action: object, outcome: object) -> list[str]:
        self.seen.append("after")
        return ["6 own messages are never unread"] if len(self.seen) == self.at_action else []

    def finish(self) -> list[str]:
        self.seen.append("finish")
        return ["1 nothing accepted is lost"] if self.at_end else []


def watched_by(make: Grumbler) -> Options:
    def observer(case_: Case, target: Target) -> Observer:
        return Grumbler(make.at_action, make.at_end)

    return Options(observer=observer)


def test_a_broken_invariant_fails_the_case_with_its_sentence() -> None:
    steps = (send("B", "A"), do(DELETE, "A.phone deletes B"), do(Flush()))
    opener = ScriptedOpener()
    found = result(case(*steps), opener, watched_by(Grumbler(at_action=2)))
    (failure,) = found.failures
    assert found.result == "failed"
    assert (failure.kind, failure.step) == ("invariant", "step 2")
    assert failure.headline == "6 own messages are never unread"
    assert len(opener.opened[0].done) == 2


def test_an_invariant_broken_at_the_end_fails_the_case() -> None:
    found = result(case(send("B", "A")), ScriptedOpener(), watched_by(Grumbler(at_end=True)))
    assert (found.result, found.failures[0].headline) == ("failed", "1 nothing accepted is lost")


def test_an_invariant_broken_while_an_added_device_connects_fails_the_case_too() -> None:
    adds = do(AddDevice("A", "tablet"), "A adds device tablet")
    opener = ScriptedOpener()
    found = result(case(adds, do(Flush())), opener, watched_by(Grumbler(at_action=2)))
    (failure,) = found.failures
    assert (failure.kind, failure.step) == ("invariant", "step 1")
    assert opener.opened[0].done == [AddDevice("A", "tablet"), Connect("A", "tablet")]


def test_an_observer_without_complaints_changes_nothing() -> None:
    opener = ScriptedOpener(look=listed)
    assert result(case(send("B", "A"), SEES), opener, watched_by(Grumbler())).result == "passed"


# Where every device is answered alike


TWO_DEVICES = Cast((("A", (DeviceSpec("phone"), DeviceSpec("web", "web"))), ("B", ())))


class AlikeTarget(ScriptedTarget):
    """A scripted world that says so."""

    answers_alike = True


class AlikeOpener(ScriptedOpener):
    """Opens such worlds."""

    kind = AlikeTarget


def test_a_list_that_all_devices_are_answered_alike_is_asked_for_once() -> None:
    each, alike = ScriptedOpener(look=listed), AlikeOpener(look=listed)
    for opener in (each, alike):
        assert result(case(SEES, cast=TWO_DEVICES), opener).result == "passed"
    assert [question.device for question in each.opened[0].asked] == ["phone", "web"]  # type: ignore[union-attr]
    assert [question.device for question in alike.opened[0].asked] == ["phone"]  # type: ignore[union-attr]


def test_where_it_does_not_hold_every_device_is_told() -> None:
    told = [
        [d.subject for d in result(case(SEES, cast=TWO_DEVICES), opener).failures[0].disagreements]
        for opener in (ScriptedOpener(), AlikeOpener())
    ]
    assert told == [["A.phone", "A.web"]] * 2


def test_what_devices_show_is_asked_of_each_all_the_same() -> None:
    shows = claim(replace(sees("A", "B", negated=True), source="shows"))
    opener = AlikeOpener()
    assert result(case(shows, cast=TWO_DEVICES), opener).result == "passed"
    assert len(opener.opened[0].asked) == 2


# Repeats, orders, events of steps


def test_repeats_count_up_the_seed_and_stop_at_a_failure() -> None:
    opener = ScriptedOpener(look=listed)
    found = result(case(SEES), opener, Options(repeat=3, seed=7))
    assert (found.result, found.runs, opener.seeds) == ("passed", 3, [7, 8, 9])
    failing = result(case(SEES), ScriptedOpener(), Options(repeat=3, seed=7))
    assert (failing.runs, failing.repeat, failing.seed) == (1, 1, 7)


RACE = together([send("B", "A", "m1")], [send("A", "B", "m2")], line=2)


def second_is_bad(target: ScriptedTarget, question: Question) -> View:
    """A world in which A sees B only if B's message came first."""
    first = next((a for a in target.done if isinstance(a, Send)), None)
    return ListView((Entry("B"),) if first is None or first.user == "B" else ())


def test_the_declared_order_is_the_default() -> None:
    found = result(case(RACE, SEES), ScriptedOpener(look=second_is_bad))
    assert (found.result, found.orders, found.runs) == ("passed", 1, 1)


def test_all_orders_are_run_and_a_failure_names_its_order() -> None:
    found = result(case(RACE, SEES), ScriptedOpener(look=second_is_bad), Options(orders="all"))
    assert (found.result, found.orders, found.runs) == ("failed", 2, 2)
    assert found.order == ("A sends B", "B sends A")
    assert found.reproduce.endswith("--target sim --orders all")


def test_too_many_orders_are_an_error_that_names_the_limit() -> None:
    branches = [[send("B", "A")] for _ in range(12)]
    found = result(case(together(*branches)), ScriptedOpener(), Options(orders="all"))
    assert found.result == "error"
    assert "479,001,600 orders, more than the 100,000" in found.reason


def test_an_error_in_a_branch_is_at_its_own_line() -> None:
    block = together([send("B", "A", line=5)], [send("A", "B", line=6)])
    found = result(case(block), ScriptedOpener(answers=[None, REFUSED]))
    assert (found.result, found.failures[0].span.line) == ("error", 6)


def test_steps_are_reported_where_they_are_asked_for() -> None:
    opener = ScriptedOpener()
    case_ = case(send("B", "A"), SEES, cleanup=(do(DELETE, "A deletes B"), SEES_NOT))
    *events, ended = run(case_, opener, Options(step_events=True))
    done = [event for event in events if isinstance(event, StepDone)]
    assert [(e.step, e.phase, e.text, e.answer) for e in done] == [
        ("step 1", "steps", "B sends A", ""),
        ("step 2", "steps", "A sees B", "the claim does not hold"),
        ("cleanup 1", "cleanup", "A deletes B", ""),
        ("cleanup 2", "cleanup", "A does not see B", ""),
    ]
    assert isinstance(ended, CaseFinished)


def test_the_state_is_looked_at_where_it_is_asked_for() -> None:
    options = Options(show="each")
    events = list(run(case(send("B", "A")), ScriptedOpener(look=listed), options))
    step = next(e for e in events if isinstance(e, StepDone))
    assert step.table is not None
    assert [row.device for row in step.table.rows] == ["A.phone", "A.web", "B.phone"]
    final = result(case(send("B", "A")), ScriptedOpener(look=listed), Options(show="final"))
    assert final.table == step.table


def test_one_line_reproduces_a_failure() -> None:
    named = case(SEES, case_id="scenarios/delete/example.toml[n=it's]")
    found = result(
        named,
        ScriptedOpener(),
        Options(seed=3, profile="reference", command_options=("--check", "each-step")),
    )
    assert found.reproduce == (
        "imcli run-scenario scenarios/delete/example.toml --target sim "
        """--only 'scenarios/delete/example.toml[n=it'"'"'s]' --profile reference --seed 3 """
        "--check each-step"
    )
    tried = result(case(SEES), ScriptedOpener(), Options(reproduce='imcli try "A sees B"'))
    assert tried.reproduce == 'imcli try "A sees B"'


def test_groups_and_unlabelled_actions_need_no_label() -> None:
    opener = ScriptedOpener()
    assert result(case(do(CreateGroup("#team", ("A",)))), opener).result == "passed"


def test_a_received_claim_on_each_device_says_which_did_not() -> None:
    got = claim(ReceivedMessage(AT, "A received m1", "", "A", "", "m1"))
    found = result(case(send("B", "A", "m1"), got), ScriptedOpener())
    subjects = [d.subject for d in found.failures[0].disagreements]
    assert subjects == ["A.phone", "A.web"]


def test_a_world_that_changes_without_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imcli.scenario.running.judge.ADVANCES_MAX", 10)
    moments = range(1, 1000)
    for statement in (
        claim(sees("A", "B"), within_ms=1000),
        claim(sees("A", "B", negated=True), for_ms=1000),
    ):
        found = result(case(statement, SEES), ScriptedOpener(moments=moments))
        assert (found.result, len(found.failures)) == ("error", 1)
        assert "something changed 10 times" in found.failures[0].headline


def test_a_claim_with_a_time_about_a_label_without_a_number_is_an_error() -> None:
    lost = do(Send("B", "phone", "A", "hi", ""), label="m1", ending=Ending("no-answer"))
    read = claim(sees("A", "B", Facts(read_to="m1")), within_ms=100)
    found = result(case(lost, read), ScriptedOpener(answers=[Outcome("unknown")], look=listed))
    assert found.result == "error"


def test_the_limit_also_ends_a_long_wait() -> None:
    seconds = itertools.count(0, 1)
    options = Options(clock=lambda: float(next(seconds)))
    opener = ScriptedOpener(moments=range(1, 1000))
    waits = claim(sees("A", "B"), within_ms=1000)
    found = result(case(waits, SEES, timing=Timing(limit_ms=5000)), opener, options)
    assert [f.kind for f in found.failures] == ["limit"]


def test_a_second_world_that_cannot_be_opened_leaves_a_failure_without_a_table() -> None:
    class Once(ScriptedOpener):
        def __call__(self, *args: object, **options: object) -> Target:
            if self.opened:
                raise TargetUnavailable("no more")
            return super().__call__(*args, **options)  # type: ignore[arg-type]

    found = result(case(SEES), Once())
    assert (found.result, found.failures[0].table) == ("failed", None)


def test_a_defect_in_the_second_world_is_still_a_defect() -> None:
    class Broken(ScriptedOpener):
        def __call__(self, *args: object, **options: object) -> Target:
            if self.opened:
                raise Defect("impossible")
            return super().__call__(*args, **options)  # type: ignore[arg-type]

    with pytest.raises(Defect):
        result(case(SEES), Broken())


def test_orders_on_a_target_that_cannot_be_opened_are_an_error() -> None:
    opener = ScriptedOpener(broken=TargetUnavailable("gone"))
    found = result(case(RACE), opener, Options(orders="all"))
    assert (found.result, found.reason) == ("error", "gone")


def test_an_added_device_that_may_not_connect_is_an_error() -> None:
    adds = do(AddDevice("A", "tablet"), "A adds device tablet")
    opener = ScriptedOpener(answers=[Outcome("ok"), Outcome("refused", "auth-failed")])
    options = watched_by(Grumbler())
    found = result(case(adds), opener, options)
    assert (found.result, found.reason[:28]) == ("error", "was refused with auth-failed")
