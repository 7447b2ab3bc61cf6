"""JUnit XML for continuous integration: a suite per target, a test case per case.

A fold that collects and renders once at the end (`render`), also after an interruption. What JUnit
has no word for is said in its own: *error* and *unknown* are errors (with that type), an
*unexpected pass* is a failure, a *known failure* is skipped with its reason. What kept a run from
beginning, or from its end, is an error of a test case `run` in a suite of its own.
"""

from __future__ import annotations

from imcli.report.layout import failure_lines, plain, trace_lines
from imcli.report.text import xml, xml_lines
from imcli.scenario.events import CaseFinished, CaseResult, RunEvent, RunFinished

COLUMNS = 100


class JUnitReport:
    """Collects the ends of cases; `render` writes the document."""

    def __init__(self) -> None:
        self._suites: dict[str, list[CaseResult]] = {}
        self._reason = ""

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, CaseFinished):
            self._suites.setdefault(event.case.target.name, []).append(event.case)
        elif isinstance(event, RunFinished):
            self._reason = event.reason

    def render(self) -> str:
        """The whole document, valid whatever was collected."""
        suites = "".join(_suite(name, cases) for name, cases in self._suites.items())
        every = [case for cases in self._suites.values() for case in cases]
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<testsuites name="imcli"{_counts(every, bool(self._reason))}>\n'
            f"{suites}{_run(self._reason)}</testsuites>\n"
        )


def _run(reason: str) -> str:
    """The suite of the run itself, where something is wrong with that."""
    if not reason:
        return ""
    message = xml(reason.rpartition("\n")[2])
    return (
        f'  <testsuite name="imcli"{_counts([], True)}>\n'
        '    <testcase classname="imcli" name="run" time="0.000">\n'
        f'      <error type="run" message="{message}">{xml_lines(reason)}</error>\n'
        "    </testcase>\n"
        "  </testsuite>\n"
    )


def _counts(cases: list[CaseResult], broken_off: bool = False) -> str:
    """Count; a run that was broken off is an error more."""
    words = [case.result for case in cases]
    failures = words.count("failed") + words.count("unexpected pass")
    errors = words.count("error") + words.count("unknown")
    skipped = words.count("skipped") + words.count("known failure")
    seconds = sum(case.duration_ms for case in cases) / 1000
    return (
        f' tests="{len(words) + broken_off}" failures="{failures}" errors="{errors + broken_off}"'
        f' skipped="{skipped}" time="{seconds:.3f}"'
    )


def _suite(name: str, cases: list[CaseResult]) -> str:
    body = "".join(map(_case, cases))
    return f'  <testsuite name="{xml(name)}"{_counts(cases)}>\n{body}  </testsuite>\n'


def _case(case: CaseResult) -> str:
    folder = case.path.rpartition("/")[0].replace("/", ".") or "imcli"
    head = (
        f'    <testcase classname="{xml(folder)}" name="{xml(case.case_id)}"'
        f' file="{xml(case.path)}" time="{case.duration_ms / 1000:.3f}">\n'
    )
    return f"{head}{_properties(case)}{_verdict(case)}{_output(case)}    </testcase>\n"


def _properties(case: CaseResult) -> str:
    pairs = [("title", case.title), ("target", case.target.name), ("result", case.result)]
    pairs += [("covers", issue) for issue in case.covers]
    pairs += [("tag", tag) for tag in case.tags]
    pairs += [("seed", str(case.seed))] if case.seed else []
    pairs += [("order", "; ".join(case.order))] if case.order else []
    pairs += [("reproduce", case.reproduce)] if case.reproduce else []
    body = "".join(
        f'        <property name="{name}" value="{xml(value)}"/>\n' for name, value in pairs
    )
    return f"      <properties>\n{body}      </properties>\n"


def _verdict(case: CaseResult) -> str:
    match case.result:
        case "passed":
            return ""
        case "skipped" | "known failure":
            return f'      <skipped message="{xml(f"{case.result}: {case.reason}")}"/>\n'
        case "failed" | "unexpected pass":
            tag = "failure"
        case "error" | "unknown":
            tag = "error"
    text = xml_lines(plain(failure_lines(case, COLUMNS)))
    message = xml(message_of(case))
    return f'      <{tag} type="{case.result}" message="{message}">{text}</{tag}>\n'


def message_of(case: CaseResult) -> str:
    """One line that says what is wrong with a case."""
    if case.result == "unexpected pass" or not case.failures:
        return case.reason or case.result
    failure = case.failures[0]
    if failure.disagreements:
        first = failure.disagreements[0]
        return f"line {failure.span.line}: {failure.text}: {first.subject} {first.said}"
    return f"line {failure.span.line}: {failure.text}: {failure.headline}"


def _output(case: CaseResult) -> str:
    if case.result == "passed" or not case.failures:
        return ""
    parts = [plain(failure_lines(case, COLUMNS)), "", *trace_lines(case)]
    return f"      <system-out>{xml_lines(chr(10).join(parts))}</system-out>\n"
