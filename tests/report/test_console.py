"""What people read: lines, failures in full, the summary last; narrow, safe, and able to say no."""

from __future__ import annotations

import msgspec
import pytest

from imcli.model.actions import Delete
from imcli.report.console import ConsoleReport, Progress, Show, case_line, summary
from imcli.report.issue import IssueReport
from imcli.report.junit import JUnitReport
from imcli.report.layout import failure_lines, plain, table_lines
from imcli.report.text import width
from imcli.scenario.events import (
    NOT_REMOVED,
    RESULTS,
    CaseFinished,
    CaseResult,
    Cell,
    Result,
    RunEvent,
    RunFinished,
    RunStarted,
    StateTable,
    StepRecord,
    TableRow,
)
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import Options
from imcli.scenario.running.suite import finished
from imcli.scenario.syntax import Case
from tests.report.results import (
    DELETES,
    FOUND,
    HOSTILE,
    LOST,
    NEEDY,
    SIM,
    events,
    every,
    hostile_events,
)
from tests.scenario.builder import case, claim, do, sees, send, together
from tests.scenario.language import scenario_text


def shown(
    run: list[RunEvent], columns: int = 100, color: bool = False, show: Show = "failures"
) -> str:
    lines: list[str] = []
    report = ConsoleReport(lines.append, columns=columns, color=color, show=show)
    for event in run:
        report.handle(event)
    return "\n".join(lines)


FAILURE = """\
failed           scenarios/delete/lost.toml  line 3: A sees B

scenarios/delete/example.toml:3:8  failed on sim

  3 │ assert A sees B
    │        ^^^^^
  A.phone does not see B after synchronising.  (A.web: the same)

  the server's answer to a full synchronisation:
  device    conversation   unread   last   read to   deleted to
  A.phone   B              expected last m1; absent since step 2 (A.phone deletes B)
  A.web     B              expected last m1; absent since step 2 (A.phone deletes B)
  B.phone   A              0        m1     m1        -

  B was listed after step 1 only (on A.phone, A.web).
  The server has stored a record of B for A: read up to m1, deleted up to m1.
  m1 was accepted as seq 1 and pushed to A.phone, A.web.

  The steps that led here:
    step 1  B sends A → m1 pushed to A.phone, A.web
    step 2  A.phone deletes B → A.phone, A.web were told that B was deleted; the stored record of B
            for A stays: read up to m1, deleted up to m1

  Reproduce: imcli run-scenario scenarios/delete/example.toml --target sim \
--only scenarios/delete/lost.toml

1 failed"""


def test_a_failure_shows_everything_that_is_known() -> None:
    assert shown(events(LOST)) == FAILURE


def fails(*lines: str, tail: str = "") -> list[str]:
    """The lines of a failing file, as they are shown below its line of code."""
    return fails_in(scenario_text(*lines, head='users = ["A", "B"]\n', tail=tail))


def fails_in(text: str) -> list[str]:
    """The same of a whole file."""
    run = events(*cases(parse_scenario(text, "x.toml")))
    found = next(e.case for e in run if isinstance(e, CaseFinished) and e.case.failures)
    return [line.strip() for line in plain(failure_lines(found)).split("\n")]


def test_a_claim_in_an_own_verb_is_shown_in_every_report() -> None:
    lines = ("B sends A", "A checks B")
    verbs = '[verbs]\n"X checks Y" = ["assert X sees Y with 8 unread", "assert X does not see Y"]\n'
    told = 'in the verb "A checks B": assert A'
    shown = fails(*lines, tail=verbs)
    assert [line for line in shown if line.startswith("in the verb")] == [
        f"{told} sees B with 8 unread",
        f"{told} does not see B",
    ]
    text = scenario_text(*lines, head='users = ["A", "B"]\n', tail=verbs)
    for report in (JUnitReport(), IssueReport()):
        for event in events(*cases(parse_scenario(text, "x.toml"))):
            report.handle(event)
        rendered = report.render().replace("&quot;", '"')
        assert f"{told} sees B with 8 unread" in rendered
        assert f"{told} does not see B" in rendered


def test_a_claim_in_a_string_with_escapes_is_not_taken_for_one_in_a_verb() -> None:
    steps = r'steps = ["B sends", "assert A sees B with last \"say \\\"ho\\\"\""]'
    text = f'title = "A title"\nusers = ["A", "B"]\n{steps}\n'
    assert not any(" verb " in line or "that is" in line for line in fails_in(text))


def test_a_claim_with_a_value_of_the_matrix_is_shown_with_it() -> None:
    matrix = "[matrix]\nn = [7]\n"
    lines = fails("B sends A", "assert A sees B with $n unread", tail=matrix)
    assert "that is: assert A sees B with 7 unread" in lines


def test_a_claim_that_is_too_long_for_its_line_is_shown_in_full() -> None:
    claim = f'assert A sees B with last "{"x" * 90}"'
    assert f"that is: {claim}" in " ".join(fails("B sends A", claim))


@pytest.mark.parametrize(
    "claim",
    [
        "assert A  sees B with 7 unread",
        'assert A sees B with last "\\u0041"',
        'assert A sees B with last "h\\u200bi"',
        'assert A sees B with last "say \\"hi\\""',
        "assert table:\n  device   conversation  unread\n  A.phone  B  7",
    ],
)
def test_a_claim_that_the_line_has_is_not_said_twice(claim: str) -> None:
    assert not any(line.startswith("that is") for line in fails("B sends A", claim))


def test_the_last_steps_are_shown_with_what_they_caused() -> None:
    (lost,) = [each.case for each in events(LOST) if isinstance(each, CaseFinished)]
    steps = tuple(StepRecord(f"step {n}", "wait 1s", n, "ok") for n in range(1, 10))
    refused = StepRecord("step 10", "B sends A", 10, "refused (blocked)", ("accepted as seq 1",))
    long = msgspec.structs.replace(lost, trace=(*steps, refused))
    text = plain(failure_lines(long, with_steps=True))
    assert "led here, after 2 earlier ones:\n    step 3  wait 1s\n" in text
    assert "    step 10  B sends A → refused (blocked)\n\n" in text
    assert "led here" not in plain(failure_lines(long))


def test_every_finished_case_has_one_line_and_the_summary_is_last() -> None:
    lines = shown(every()).split("\n")
    assert [line.split("  ")[0].strip() for line in lines[:6]] == [
        "failed",
        "passed",
        "skipped",
        "known failure",
        "unexpected pass",
        "error",
    ]
    assert lines[-1] == (
        "1 failed, 1 unexpected pass, 1 in error, 1 passed, 1 known failure, 1 skipped"
    )


def test_reasons_stand_behind_the_case() -> None:
    text = shown(every(), columns=200)
    assert 'skipped          scenarios/needy.toml  needs "raw-requests"' in text
    assert "known failure    scenarios/expected.toml  WuKongIM#1" in text
    assert "delete the line scenarios/delete/example.toml:9:8" in text


def test_a_run_without_failures_is_lines_and_a_summary() -> None:
    assert shown(events(FOUND)) == "passed           scenarios/delete/found.toml\n1 passed"


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_nothing_but_the_line_to_copy_is_wider_than_the_terminal(columns: int) -> None:
    for line in shown([*every(), *hostile_events()], columns).split("\n"):
        assert width(line) <= columns or "Reproduce:" in line


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("show", ["failures", "final", "each"])
def test_nothing_hostile_reaches_the_terminal(result: Result, show: Show) -> None:
    text = shown(hostile_events(result), show=show)
    assert not any(c in text for c in HOSTILE if not c.isprintable() and c != " ")
    assert "会话" in text


def left_behind(*notes: str, result: Result = "passed") -> CaseFinished:
    (found,) = [each.case for each in events(FOUND) if isinstance(each, CaseFinished)]
    made = msgspec.structs.replace(found, result=result, notes=notes)
    return CaseFinished(made)


def test_what_could_not_be_removed_is_said_once_for_each_reason() -> None:
    erases = "the messages of {}: the server has no call that erases them"
    logs = ("A@B", "#t", "A@C", "B@C")
    first, *others = (f"{NOT_REMOVED}{erases.format(log)}" for log in logs)
    gone = f"{NOT_REMOVED}#team: cannot connect to http://h:1: connection refused"
    run: list[RunEvent] = [
        left_behind(first),
        left_behind(first, *others, "seen late"),
        left_behind(first, gone, f"{NOT_REMOVED}#x", result="failed"),
    ]
    lines = shown([*run, finished(["passed", "passed", "failed"])], 200).split("\n")
    assert lines[1:3] == [lines[0], "  seen late"]
    assert lines[-4:] == [
        "could not be removed: the messages of A@B, #t, A@C and 1 more: the server has no call that"
        " erases them (3 cases)",
        "could not be removed: #team: cannot connect to http://h:1: connection refused (1 case)",
        "could not be removed: #x (1 case)",
        "1 failed, 2 passed",
    ]
    assert "Note: could not" not in shown(run)
    brief: list[str] = []
    report = ConsoleReport(brief.append, brief=True)
    for event in (*run, finished(["passed"])):
        report.handle(event)
    assert not any(line.startswith(NOT_REMOVED) for line in brief)


IN_GIVEN = case(DELETES, given=(claim(sees("A", "B", line=7)),))
IN_CLEANUP = case(send("B", "A"), cleanup=(claim(sees("A", "B", negated=True, line=8)),))
REFUSED = case(do(Delete("A", "phone", "B", for_both=True), "A deletes B for both", line=5))


@pytest.mark.parametrize(
    ("broken", "line", "head"),
    [
        (
            IN_GIVEN,
            "given, line 7: A sees B: A.phone does not see B after synchronising",
            "error in given on sim",
        ),
        (
            IN_CLEANUP,
            "cleanup, line 8: A does not see B: A.phone sees B after synchronising",
            "error in cleanup on sim",
        ),
        (
            REFUSED,
            "line 5: A deletes B for both: was refused with unsupported",
            "error on sim",
        ),
    ],
)
def test_the_one_line_of_an_error_says_where_and_why(broken: Case, line: str, head: str) -> None:
    text = shown(events(broken), columns=200)
    assert line in text.splitlines()[0]
    assert f"  {head}\n" in text


def test_a_block_is_named_without_its_colon_twice() -> None:
    sends = [[send("A", "B", f"m{n}")] for n in range(12)]
    text = shown(events(case(together(*sends)), options=Options(orders="all")))
    assert "together: its `together` blocks have" in text


def test_a_path_loses_its_beginning_and_a_file_gets_whole_lines() -> None:
    (case_,) = [each.case for each in events(NEEDY) if isinstance(each, CaseFinished)]
    long = msgspec.structs.replace(case_, case_id="a folder/" * 9 + "needy.toml")
    assert case_line(long, 60) == 'skipped          …/needy.toml  needs "raw-requests", which …'
    found = msgspec.structs.replace(long, result="passed")
    assert case_line(found, 40) == "passed           …er/a folder/needy.toml"
    assert case_line(long, 0).endswith(long.reason)
    lines: list[str] = []
    report = ConsoleReport(lines.append, columns=40, whole=True)
    report.handle(CaseFinished(long))
    assert lines == [case_line(long, 0)]


def test_color_is_only_where_it_is_asked_for() -> None:
    assert "\x1b" not in shown(every())
    painted = shown(every(), color=True)
    assert "\x1b[31mfailed" in painted
    assert painted.count("\x1b[") == 2 * painted.count("\x1b[0m")


def test_the_state_after_a_case_is_shown_where_it_is_asked_for() -> None:
    text = shown(events(FOUND, options=Options(show="final")), show="final")
    assert "device    conversation" in text
    assert "device" not in shown(events(FOUND, options=Options(show="final")))


def test_the_state_after_each_step_is_shown_where_it_is_asked_for() -> None:
    text = shown(events(LOST, options=Options(show="each")), show="each")
    assert text.index("step 1: B sends A") < text.index("step 2: A.phone deletes B")
    assert "  the claim does not hold" in text


def test_several_targets_are_named() -> None:
    run = every()
    two = RunStarted("imcli", (SIM, SIM), 6)
    assert "scenarios/needy.toml  on sim  needs" in shown([two, *run[1:]], 120)


def test_a_table_that_does_not_fit_becomes_a_stack() -> None:
    cells = (Cell("12", "1 unread"), Cell("长长的最后一条消息", None, True))
    rows = (TableRow("A.phone", "B", cells), TableRow("A.web", "B", (), "never listed", True))
    table = StateTable(("unread", "read"), rows, "changed by step 1", 2)
    assert plain(table_lines(table, 100)) == (
        "device    conversation   unread                   read to\n"
        "A.phone   B              12 (expected 1 unread)   长长的最后一条消息*\n"
        "A.web     B              never listed\n"
        "and 2 more rows\n"
        "* changed by step 1"
    )
    assert plain(table_lines(table, 50)) == (
        "A.phone  B\n"
        "  unread 12 (expected 1 unread), read to\n"
        "  长长的最后一条消息*\n"
        "A.web  B\n"
        "  never listed\n"
        "and 2 more rows\n"
        "* changed by step 1"
    )


def test_wide_characters_keep_columns_straight() -> None:
    rows = tuple(TableRow(name, "B", (Cell("1"),)) for name in ("会话.phone", "A.phone"))
    lines = plain(table_lines(StateTable(("unread",), rows), 80)).split("\n")
    assert len({width(line[: line.rindex("1")]) for line in lines[1:]}) == 1


def test_a_caret_stands_under_wide_characters_and_long_lines_are_cut_around_it() -> None:
    case_ = next(e.case for e in hostile_events() if isinstance(e, CaseFinished))
    for columns in (40, 60, 100):
        lines = [text for style, text in failure_lines(case_, columns)]
        source = next(i for i, text in enumerate(lines) if "│" in text)
        assert "^" in lines[source + 1]
        assert width(lines[source]) <= columns


SUMMARIES: list[tuple[list[Result], bool, str]] = [
    ([], False, "nothing was run"),
    (["passed"] * 3, False, "3 passed"),
    (["known failure"] * 2, False, "2 known failures"),
    (["unexpected pass"] * 2, False, "2 unexpected passes"),
    (["error"], True, "interrupted: 1 in error"),
]


@pytest.mark.parametrize(("results", "interrupted", "text"), SUMMARIES)
def test_the_summary_says_what_it_came_to(
    results: list[Result], interrupted: bool, text: str
) -> None:
    assert summary(finished(results, interrupted=interrupted)) == text


def test_the_progress_line_counts_and_fits() -> None:
    progress = Progress()
    for event in every()[:-2]:
        progress.handle(event)
    assert progress.line(60).startswith("5/6, 2 not passed  scenarios/broken.toml")
    assert width(progress.line(30)) <= 30
    progress.handle(RunFinished((), 0))
    assert progress.line(60).startswith("5/6")


def test_a_note_of_a_passing_case_is_shown() -> None:
    case_ = CaseResult("x.toml", "x.toml", "X", SIM, "passed", notes=("gave way",))
    assert "  gave way" in shown([CaseFinished(case_)])


def test_a_known_failure_is_one_line_whatever_is_to_be_noted_of_it() -> None:
    case_ = CaseResult("x.toml", "x.toml", "X", SIM, "known failure", notes=("gave way",))
    text = shown([CaseFinished(case_)])
    assert text.startswith("known failure    x.toml")
    assert "gave way" not in text
