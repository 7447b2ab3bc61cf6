"""JSON lines, JUnit and the issue text: valid, safe, complete, and each able to say no."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from imcli.model.errors import InvalidInput
from imcli.report.issue import IssueReport
from imcli.report.jsonl import JsonLinesReport, event_line, read_events
from imcli.report.junit import JUnitReport
from imcli.scenario import events as run_events
from imcli.scenario.events import RESULTS, CaseFinished, Result, RunEvent, RunFinished, RunStarted
from imcli.scenario.running.run import Options
from tests.report.results import FOUND, HOSTILE, LOST, SIM, events, every, hostile_events

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"


def written(run: list[RunEvent]) -> str:
    lines: list[str] = []
    report = JsonLinesReport(lines.append)
    for event in run:
        report.handle(event)
    return "".join(lines)


def junit(run: list[RunEvent]) -> ET.Element:
    report = JUnitReport()
    for event in run:
        report.handle(event)
    return ET.fromstring(report.render())


def issue(run: list[RunEvent]) -> str:
    report = IssueReport()
    for event in run:
        report.handle(event)
    return report.render()


# JSON lines


def test_what_was_written_is_read_back() -> None:
    run = [*events(LOST, FOUND, options=Options(show="each")), *every(), *hostile_events()]
    assert list(read_events(written(run).splitlines())) == run


def test_every_line_begins_with_the_version_and_names_its_type() -> None:
    for line in written(every()).splitlines():
        assert line.startswith('{"v":1,"type":"')


def test_each_event_is_written_when_it_comes() -> None:
    lines: list[str] = []
    report = JsonLinesReport(lines.append)
    for count, event in enumerate(every(), 1):
        report.handle(event)
        assert len(lines) == count
        assert lines[-1].endswith("}\n")


def test_a_name_that_is_no_text_is_written_visibly() -> None:
    [event] = [each for each in hostile_events() if isinstance(each, CaseFinished)]
    named = replace(event.case, path="a\udcff.toml", notes=("\udcfe", "会话"))
    [read] = read_events(written([CaseFinished(named)]).splitlines())
    assert read == CaseFinished(replace(named, path="a\\udcff.toml", notes=("\\udcfe", "会话")))


def test_a_written_file_is_harmless_to_look_at() -> None:
    for line in written(hostile_events()).splitlines():
        assert line.isprintable()
        assert msgspec.json.decode(line)


def test_the_failure_and_its_state_table_are_in_the_stream() -> None:
    text = written(events(LOST))
    assert '"result":"failed"' in text
    assert "absent since step 2 (A.phone deletes B)" in text


WRONG = [
    ("nonsense", "line 1 is no run event"),
    ('{"v":2,"type":"run-started"}', "line 1: events of version 2"),
    ('{"type":"run-started"}', "line 1: events of version 0"),
    ('{"v":1,"type":"tea-break"}', "line 1 is no run event"),
    ('{"v":1,"type":"run-finished","counts":"x"}', "line 1 is no run event"),
]


@pytest.mark.parametrize(("line", "message"), WRONG)
def test_a_line_that_is_no_event_is_named(line: str, message: str) -> None:
    with pytest.raises(InvalidInput) as found:
        list(read_events([line]))
    assert found.value.message.startswith(message)


def test_a_line_that_was_cut_off_leaves_the_others_readable() -> None:
    text = written(every())
    reader = read_events(text[:-20].splitlines())
    read: list[RunEvent] = []
    with pytest.raises(InvalidInput):
        read.extend(reader)
    assert len(list(read_events(text.splitlines()[:-1]))) == len(every()) - 1


def test_a_later_field_is_passed_over() -> None:
    line = event_line(RunStarted("imcli", (SIM,), 1)).replace('"cases"', '"later":1,"cases"')
    assert list(read_events(["", line])) == [RunStarted("imcli", (SIM,), 1)]


def test_the_document_describes_every_event_and_every_field() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    structs = [
        value
        for value in vars(run_events).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == run_events.__name__
        and value is not run_events.Base
    ]
    assert len(structs) > 10
    for struct in structs:
        section = text.split(f"## {struct.__name__}\n", 1)
        assert len(section) == 2, f"{struct.__name__} has a section"
        body = section[1].split("\n## ", 1)[0]
        described = re.findall(r"^\| `(\w+)`", body, re.MULTILINE)
        assert tuple(described) == struct.__struct_fields__, struct.__name__


# JUnit


def test_there_is_a_suite_per_target_and_a_test_case_per_case() -> None:
    root = junit(every())
    (suite,) = root.findall("testsuite")
    assert suite.attrib["name"] == "sim"
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "2", "errors": "1", "skipped": "2"}
    names = [case.attrib["name"] for case in suite.findall("testcase")]
    assert names[0] == "scenarios/delete/lost.toml"
    assert suite[0].attrib["classname"] == "scenarios.delete"


def test_a_failure_is_a_failure_with_its_state_table() -> None:
    case_ = junit(events(LOST)).find("testsuite/testcase")
    assert case_ is not None
    failure = case_.find("failure")
    assert failure is not None
    assert failure.attrib["message"] == (
        "line 3: A sees B: A.phone does not see B after synchronising"
    )
    output = case_.findtext("system-out") or ""
    assert "absent since step 2 (A.phone deletes B)" in output
    assert "step 1           0 ms  B sends A" in output
    about = dict(line.split(": ", 1) for line in output.split("\n\n")[0].splitlines())
    assert about["covers"] == "WuKongIM#343"
    assert about["tag"] == "delete"
    assert about["reproduce"].startswith("imcli run-scenario")


COUNTED = {"name", "tests", "failures", "errors", "time"}
USUAL: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": (COUNTED, {"testsuite"}),
    "testsuite": ({*COUNTED, "skipped"}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""Per element its attributes and what may stand in it.

Source: `junit-10.xsd` of the xUnit plugin of Jenkins, which refuses a report with anything else.
"""


@pytest.mark.parametrize("result", RESULTS)
def test_nothing_stands_in_the_document_but_what_schemas_know(result: Result) -> None:
    run = [*every(), *hostile_events(result), RunFinished((), 4, reason="a file is invalid")]
    for element in junit(run).iter():
        attributes, inside = USUAL[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= inside


VERDICTS: list[tuple[Result, str | None]] = [
    ("passed", None),
    ("failed", "failure"),
    ("unexpected pass", "failure"),
    ("error", "error"),
    ("unknown", "error"),
    ("skipped", "skipped"),
    ("known failure", "skipped"),
]


@pytest.mark.parametrize(("result", "tag"), VERDICTS)
def test_every_result_has_its_element(result: Result, tag: str | None) -> None:
    case_ = junit(hostile_events(result)).find("testsuite/testcase")
    assert case_ is not None
    found = [e.tag for e in case_ if e.tag in ("failure", "error", "skipped")]
    assert found == ([tag] if tag else [])
    assert len(VERDICTS) == len(RESULTS)


def test_a_run_that_was_interrupted_at_once_is_still_valid() -> None:
    assert junit([]).attrib["tests"] == "0"


def test_what_kept_a_run_from_its_end_is_an_error_more() -> None:
    root = junit([*every(), RunFinished((), 4, reason="3:1 <x> is wrong\n\na file is invalid")])
    assert (root.attrib["tests"], root.attrib["errors"]) == ("7", "2")
    suite = root.findall("testsuite")[-1]
    error = suite.find("testcase/error")
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("1", "1")
    assert error is not None
    assert error.attrib["message"] == "a file is invalid"
    assert error.text == "3:1 <x> is wrong\n\na file is invalid"


# The issue text


def test_an_issue_has_version_requests_answers_and_both_states() -> None:
    text = issue(events(LOST))
    assert text.startswith("## It is lost\n")
    for part in (
        "- server: reference profile reference (sim)",
        "- found with: imcli 0.1.0",
        "step 2           0 ms  A.phone deletes B",
        "-> ok",
        "expected last m1; absent since step 2",
        "imcli run-scenario scenarios/delete/example.toml",
    ):
        assert part in text


def test_a_known_failure_can_be_reported_too() -> None:
    text = issue(every())
    assert text.count("\n- result: ") == 4
    assert "known failure (WuKongIM#\u20601)" in text


def test_nothing_to_report_says_so() -> None:
    assert issue(events(FOUND)) == "Nothing to report: every case passed.\n"


def test_a_run_that_was_broken_off_is_not_said_to_have_passed() -> None:
    assert issue([RunFinished((), 130, interrupted=True)]) == (
        "Nothing to report: the run was interrupted.\n"
    )
    down = RunFinished((), 4, reason="http://10.0.0.1:5001 <b> is down")
    assert issue([down]).startswith("Nothing to report: ")
    assert "10.0.0.1" not in issue([down])
    assert "<b>" not in issue([down])
    assert "\nThe run was broken off: " in issue([*events(LOST), down])


def test_hostile_texts_are_no_markup_in_an_issue() -> None:
    text = issue(hostile_events())
    assert not any(c in text for c in HOSTILE if not c.isprintable() and c != " ")
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "@all" not in outside
    assert "\\<b\\>" in outside
    assert "```" not in outside
