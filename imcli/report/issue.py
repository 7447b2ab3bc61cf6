"""A Markdown text to paste into a bug report: what was run, on what, what was seen instead.

Everything that a maintainer needs who has never heard of this program: the version, every request
and every answer with its time, the expected and the actual state. Texts of a server stand in fences
that they cannot close.
"""

from __future__ import annotations

from imcli.report.console import EXPLAINED
from imcli.report.layout import failure_lines, plain, trace_lines
from imcli.report.text import fenced, markdown
from imcli.scenario.events import CaseFinished, CaseResult, RunEvent, RunStarted
from imcli.targets.base import Identity

COLUMNS = 100


class IssueReport:
    """Collects what did not pass, known failures included; `render` writes the text."""

    def __init__(self) -> None:
        self._program = "imcli"
        self._cases: list[CaseResult] = []

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, RunStarted):
            self._program = event.program
        elif isinstance(event, CaseFinished) and (
            event.case.result in EXPLAINED or event.case.result == "known failure"
        ):
            self._cases.append(event.case)

    def render(self) -> str:
        """The whole text; one line where there is nothing to report."""
        if not self._cases:
            return "Nothing to report: every case passed.\n"
        return "\n".join(_section(case, self._program) for case in self._cases)


def _section(case: CaseResult, program: str) -> str:
    facts = [
        f"- result: {case.result}" + (f" ({markdown(case.reason)})" if case.reason else ""),
        f"- server: {markdown(server(case.target))}",
        f"- found with: {markdown(program)}",
    ]
    if case.covers:
        facts.append(f"- see also: {', '.join(map(markdown, case.covers))}")
    parts = [f"## {markdown(case.title)}", "", *facts, ""]
    if case.trace:
        trace = "\n".join(trace_lines(case))
        parts += ["### Steps, answers and what was seen to happen", "", fenced(trace), ""]
    if case.failures:
        text = plain(failure_lines(case, COLUMNS))
        parts += ["### Expected and actual", "", fenced(text), ""]
    if case.reproduce:
        parts += ["### To reproduce", "", fenced(case.reproduce), ""]
    return "\n".join(parts)


def server(identity: Identity) -> str:
    """Name a server with its version.

    >>> server(Identity("sim:wukongim-2.1.3", "sim", "wukongim", (2, 1, 3)))
    'wukongim 2.1.3 (sim:wukongim-2.1.3)'
    """
    version = ".".join(map(str, identity.version)) or "of unknown version"
    if identity.kind == "sim" and not identity.version:
        version = "profile " + (identity.profile or identity.product)
    return f"{identity.product} {version} ({identity.name})"
