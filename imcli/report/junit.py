"""JUnit XML for continuous integration: a suite per target, a test case per case.

A fold that collects and renders once at the end (`render`), also after an interruption. What JUnit
has no word for is said in its own: *error* and *unknown* are errors (with that type), an
*unexpected pass* is a failure, a *known failure* is skipped with its reason. What kept a run from
beginning, or from its end, is an error of a test case `run` in a suite of its own.

There are only the elements and attributes that are usual, so that who checks a report against a
schema takes it; all else that is known of a case is text in its `system-out`.
Source: `junit-10.xsd` of the xUnit plugin of Jenkins.
"""

from __future__ import annotations

from imcli.report.layout import failure_lines, message_of, plain, trace_lines
from imcli.report.text import safe, xml, xml_lines
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
            f'<testsuites name="imcli"{_counts(every, bool(self._reason), skips=False)}>\n'
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


def _counts(cases: list[CaseResult], broken_off: bool = False, *, skips: bool = True) -> str:
    """Count; a run that was broken off is an error more, and only suites count what is skipped."""
    words = [case.result for case in cases]
    failures = words.count("failed") + words.count("unexpected pass")
    errors = words.count("error") + words.count("unknown")
    skipped = f' skipped="{words.count("skipped") + words.count("known failure")}"' if skips else ""
    seconds = sum(case.duration_ms for case in cases) / 1000
    return (
        f' tests="{len(words) + broken_off}" failures="{failures}" errors="{errors + broken_off}"'
        f'{skipped} time="{seconds:.3f}"'
    )


def _suite(name: str, cases: list[CaseResult]) -> str:
    body = "".join(map(_case, cases))
    return f'  <testsuite name="{xml(name)}"{_counts(cases)}>\n{body}  </testsuite>\n'


def _case(case: CaseResult) -> str:
    folder = case.path.rpartition("/")[0].replace("/", ".") or "imcli"
    head = (
        f'    <testcase classname="{xml(folder)}" name="{xml(case.case_id)}"'
        f' time="{case.duration_ms / 1000:.3f}">\n'
    )
    return f"{head}{_verdict(case)}{_output(case)}    </testcase>\n"


def _about(case: CaseResult) -> list[str]:
    """What a test case has no attributes for, a line each."""
    pairs = [("title", case.title), ("file", case.path), ("target", case.target.name)]
    pairs += [("result", case.result)]
    pairs += [("covers", issue) for issue in case.covers]
    pairs += [("tag", tag) for tag in case.tags]
    pairs += [("seed", str(case.seed))] if case.seed else []
    pairs += [("order", "; ".join(case.order))] if case.order else []
    pairs += [("reproduce", case.reproduce)] if case.reproduce else []
    return [safe(f"{name}: {value}") for name, value in pairs]


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


def _output(case: CaseResult) -> str:
    parts = _about(case)
    if case.result != "passed" and case.failures:
        parts += ["", plain(failure_lines(case, COLUMNS)), "", *trace_lines(case)]
    return f"      <system-out>{xml_lines(chr(10).join(parts))}</system-out>\n"
