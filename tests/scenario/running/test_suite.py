"""Which cases run, in which order, and what the whole run says to the shell."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.model.entities import Entry
from imcli.model.errors import NothingToRun, UsageError
from imcli.model.exit_status import EXIT_STATUS_TABLE, PRECEDENCE, ExitStatus, worst
from imcli.model.questions import ListView, Question, View
from imcli.scenario.events import (
    RESULTS,
    CaseFinished,
    CaseStarted,
    Result,
    RunEvent,
    RunFinished,
    RunStarted,
)
from imcli.scenario.reading.tags import tag_predicate
from imcli.scenario.running.run import Options, run
from imcli.scenario.running.suite import (
    exit_status,
    finished,
    run_suite,
    run_suite_parallel,
    select,
)
from imcli.scenario.syntax import Case
from imcli.targets.base import Identity, OpenTarget
from tests.scenario.builder import case, claim, sees
from tests.scenario.scripted import ScriptedOpener, ScriptedTarget


def named(name: str, *tags: str, covers: tuple[str, ...] = (), passes: bool = True) -> Case:
    return case(
        claim(sees("A", "B", negated=passes)), case_id=name, title=name, tags=tags, covers=covers
    )


# Tags

TAGS = [
    ("delete", {"delete"}, True),
    ("delete", {"group"}, False),
    ("delete and not slow", {"delete"}, True),
    ("delete and not slow", {"delete", "slow"}, False),
    ("a or b and c", {"a"}, True),
    ("(a or b) and c", {"a"}, False),
    ("not (a or b)", set(), True),
    ("not not a", {"a"}, True),
    ("one-way", {"one-way"}, True),
]


@pytest.mark.parametrize(("expression", "tags", "holds"), TAGS)
def test_a_tag_expression_is_read_as_people_do(
    expression: str, tags: set[str], holds: bool
) -> None:
    assert tag_predicate(expression)(frozenset(tags)) is holds


WRONG_TAGS = [
    ("", "expected a tag, found the end"),
    ("a and", "expected a tag, found the end"),
    ("a b", "expected `and`, `or` or the end, found 'b' at column 3"),
    ("(a", "expected a closing parenthesis, found the end"),
    ("a or or b", "expected a tag, found 'or' at column 6"),
    (")", "expected a tag, found ')' at column 1"),
    ("(" * 100, "expected at most 50 levels"),
]


@pytest.mark.parametrize(("expression", "message"), WRONG_TAGS)
def test_a_wrong_tag_expression_says_where(expression: str, message: str) -> None:
    with pytest.raises(UsageError) as found:
        tag_predicate(expression)
    assert message in found.value.message


@given(st.text(max_size=40))
def test_no_tag_expression_breaks_the_reader(expression: str) -> None:
    try:
        result = tag_predicate(expression)(frozenset({"a"}))
    except UsageError:
        return
    assert isinstance(result, bool)


# Selection

CASES = [
    named("scenarios/a.toml", "delete"),
    named("scenarios/b.toml[n=1]", "delete", "slow", covers=("WuKongIM#343",)),
    named("scenarios/c.toml", "group"),
]


def chosen(tag: str = "", only: tuple[str, ...] = (), covers: tuple[str, ...] = ()) -> list[str]:
    return [c.case_id for c in select(CASES, tag=tag, only=only, covers=covers)]


def test_nothing_asked_selects_everything() -> None:
    assert len(chosen()) == 3


def test_cases_are_selected_by_tag_name_and_cover() -> None:
    assert chosen(tag="delete and not slow") == ["scenarios/a.toml"]
    assert chosen(only=("scenarios/c.toml", "scenarios/a.toml")) == [
        "scenarios/a.toml",
        "scenarios/c.toml",
    ]
    assert chosen(only=("*/b.toml*",)) == ["scenarios/b.toml[n=1]"]
    assert chosen(covers=("WuKongIM#343",)) == ["scenarios/b.toml[n=1]"]


def test_a_file_is_called_by_its_name_without_the_ending_too() -> None:
    assert [c.case_id for c in select(CASES, only=("example",))] == [c.case_id for c in CASES]


def test_a_matrix_cell_is_called_by_its_whole_id() -> None:
    assert chosen(only=("scenarios/b.toml[n=1]",)) == ["scenarios/b.toml[n=1]"]


def test_a_selection_that_matches_nothing_says_what_is_near() -> None:
    with pytest.raises(NothingToRun) as found:
        chosen(tag="delte")
    assert (found.value.message, found.value.hint) == (
        "none of the 3 cases was selected",
        "the nearest to 'delte' is 'delete'",
    )
    with pytest.raises(NothingToRun, match="there is no case to run"):
        select([])
    with pytest.raises(NothingToRun) as covered:
        chosen(covers=("WuKongIM#34",))
    assert "WuKongIM#343" in covered.value.hint


# Exit status


def test_every_status_is_explained_and_has_its_place() -> None:
    assert {row.status for row in EXIT_STATUS_TABLE} == set(ExitStatus) == set(PRECEDENCE)
    codes = [int(status) for status in PRECEDENCE]
    assert codes == [130, 70, 2, 3, 1, 4, 7, 6, 5, 0]


@given(st.lists(st.sampled_from(list(ExitStatus)), min_size=1))
def test_the_first_of_the_order_wins(statuses: list[ExitStatus]) -> None:
    assert worst(statuses) == min(statuses, key=PRECEDENCE.index)


STATUSES: list[tuple[list[Result], int]] = [
    ([], 5),
    (["passed"], 0),
    (["known failure"], 0),
    (["skipped"], 5),
    (["skipped", "skipped"], 5),
    (["skipped", "passed"], 0),
    (["skipped", "known failure"], 0),
    (["failed"], 1),
    (["unexpected pass"], 1),
    (["error"], 4),
    (["unknown"], 4),
    (["error", "failed"], 1),
    (["unknown", "unexpected pass"], 1),
    (["skipped", "error"], 4),
    (["passed", "unknown"], 4),
]


@pytest.mark.parametrize(("results", "status"), STATUSES)
def test_results_make_one_status(results: list[Result], status: int) -> None:
    assert exit_status(results) == status
    assert exit_status(list(reversed(results))) == status


def test_every_result_has_its_place_in_the_report() -> None:
    assert sorted(RESULTS) == sorted(get_args(Result))


def test_an_interruption_is_said_whatever_else_happened() -> None:
    event = finished(["failed"], interrupted=True)
    assert (event.exit_status, event.interrupted) == (130, True)


def test_counts_are_in_the_order_of_the_report() -> None:
    event = finished(["passed", "skipped", "failed", "passed"])
    assert event.counts == (("failed", 1), ("passed", 2), ("skipped", 1))


# Running

MANY = [named(f"case {n:02}", passes=n % 5 != 3) for n in range(30)]
FIVE_BAD = [f"case {n:02}" for n in range(30) if n % 5 == 3]


def make_target(name: str) -> OpenTarget:
    def look(target: ScriptedTarget, question: Question) -> View:
        return ListView((Entry("B"),)) if name == "other" else ListView(())

    return ScriptedOpener(identity=Identity(name, "sim", "reference"), look=look)


def ends(events: list[RunEvent]) -> list[tuple[str, str, str]]:
    return [
        (e.case.case_id, e.case.target.name, e.case.result)
        for e in events
        if isinstance(e, CaseFinished)
    ]


def test_a_run_begins_and_ends_with_its_own_events() -> None:
    events = list(run_suite(MANY, [make_target("sim")], Options(seed=4), program="imcli 0.1"))
    first, last = events[0], events[-1]
    assert isinstance(first, RunStarted)
    assert (first.program, first.cases, first.seed) == ("imcli 0.1", 30, 4)
    assert isinstance(last, RunFinished)
    assert (last.counts, last.exit_status) == ((("failed", 6), ("passed", 24)), 1)


def test_every_case_runs_on_every_target() -> None:
    events = list(run_suite(MANY[:2], [make_target("sim"), make_target("other")]))
    assert ends(events) == [
        ("case 00", "sim", "passed"),
        ("case 00", "other", "failed"),
        ("case 01", "sim", "passed"),
        ("case 01", "other", "failed"),
    ]


def test_a_run_stops_after_so_many_failures() -> None:
    events = list(run_suite(MANY, [make_target("sim")], max_failures=2))
    assert [case_id for case_id, _, result in ends(events) if result == "failed"] == FIVE_BAD[:2]
    assert ends(events)[-1][0] == FIVE_BAD[1]
    assert isinstance(events[-1], RunFinished)


@pytest.mark.parametrize("max_failures", [0, 1, 3])
def test_what_others_did_is_reported_as_one_process_reports_it(max_failures: int) -> None:
    targets = [make_target(name) for name in ("sim", "other")]
    alone = list(run_suite(MANY, targets, max_failures=max_failures))
    answers = (list(run(case, target)) for case in MANY for target in targets)
    assert list(run_suite_parallel(MANY, targets, answers, max_failures=max_failures)) == alone


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_run_of_which_anything_is_missing_has_no_end(missing: int) -> None:
    target = make_target("sim")
    answers: list[list[RunEvent] | None] = [list(run(case, target)) for case in MANY[:3]]
    answers[missing] = None
    events = list(run_suite_parallel(MANY[:3], [target], answers))
    assert [name for name, _, _ in ends(events)] == [
        case.case_id for n, case in enumerate(MANY[:3]) if n != missing
    ]
    assert not any(isinstance(event, RunFinished) for event in events)


def test_a_case_whose_answer_is_lost_is_unknown_and_the_others_count() -> None:
    target = make_target("sim")
    gone = OSError("the process is gone")
    answers = (gone if case is MANY[1] else run(case, target) for case in MANY[:3])
    events = list(run_suite_parallel(MANY[:3], [target], answers, Options(seed=7)))
    assert ends(events) == [
        ("case 00", "sim", "passed"),
        ("case 01", "sim", "unknown"),
        ("case 02", "sim", "passed"),
    ]
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.exit_status == ExitStatus.UNKNOWN
    [lost] = [e.case for e in events if isinstance(e, CaseFinished) and e.case.failures]
    assert lost.reason == "the process is gone"
    assert "--seed 7" in lost.reproduce


def test_durations_come_from_the_clock_that_was_given() -> None:
    seconds = itertools.count()
    options = Options(clock=lambda: float(next(seconds)))
    events = list(run_suite(MANY[:1], [make_target("sim")], options))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.duration_ms > 1000
    assert isinstance(events[1], CaseStarted)
