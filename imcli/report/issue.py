"""A Markdown text to paste into a bug report: what was run, on what, what was seen instead.

Everything that a maintainer needs who has never heard of this program: the version, the scenario,
what was expected and what was there, every step, and of a real server every request, answer and
frame with its time. Texts of a server stand in fences that they cannot close. Secrets were never in
the events; a server's address is left out here, and each part has a bound, so that a whole section
fits into one comment of any tracker.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from imcli.model.versions import version_text
from imcli.report.console import EXPLAINED
from imcli.report.layout import failure_lines, plain, trace_lines
from imcli.report.text import fenced, markdown
from imcli.report.wire_lines import exchange_lines, without_addresses
from imcli.scenario.events import CaseFinished, CaseResult, RunEvent, RunFinished, RunStarted
from imcli.targets.base import Identity

COLUMNS = 100
PART_CHARACTERS = 10_000
CASES_MAX = 50
ANY_SERVER = "http://SERVER:5001"
ABOUT = {
    "Requests, answers and frames": (
        "Times are from the opening of the case. Names stand in the place of ids of this run; "
        "tokens and addresses are left out."
    )
}


class IssueReport:
    """Collects what did not pass, known failures included; `render` writes the text.

    `sources` are the texts of the scenario files, by path.
    """

    def __init__(self, sources: Mapping[str, str] | None = None) -> None:
        self._program = "imcli"
        self._sources = sources or {}
        self._cases: list[CaseResult] = []
        self._left_out = 0
        self._end = RunFinished((), 0)

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        if isinstance(event, RunStarted):
            self._program = event.program
        elif isinstance(event, RunFinished):
            self._end = event
        elif isinstance(event, CaseFinished) and (
            event.case.result in EXPLAINED or event.case.result == "known failure"
        ):
            if len(self._cases) < CASES_MAX:
                self._cases.append(event.case)
            else:
                self._left_out += 1

    def render(self) -> str:
        """The whole text; one line where there is nothing to report."""
        if not self._cases:
            return f"Nothing to report: {_why_nothing(self._end)}.\n"
        sections = [self._section(case) for case in self._cases]
        if self._left_out:
            sections.append(f"{self._left_out} more cases did not pass and are not written here.\n")
        if self._end.reason:
            sections.append(
                f"The run was broken off: {markdown(without_addresses(self._end.reason))}\n"
            )
        return "\n".join(sections)

    def _section(self, case: CaseResult) -> str:
        parts = [f"## {markdown(case.title)}", "", *_facts(case, self._program), ""]
        for heading, text, language in (
            ("Scenario", _bounded(self._sources.get(case.path, "")), "toml"),
            ("Expected and actual", _failures(case), "text"),
            ("Steps, answers and what was seen to happen", _steps(case), "text"),
            ("Requests, answers and frames", "\n".join(exchange_lines(case)), "text"),
            ("To reproduce", _line_to_reproduce(case), "text"),
        ):
            if text:
                about = [ABOUT[heading], ""] if heading in ABOUT else []
                parts += [f"### {heading}", "", *about, fenced(text, language), ""]
        return "\n".join(parts)


def _why_nothing(end: RunFinished) -> str:
    """Why there is no case: nobody may take a run that was broken off for one that passed."""
    if end.reason:
        return markdown(without_addresses(end.reason))
    return "the run was interrupted" if end.interrupted else "every case passed"


def _facts(case: CaseResult, program: str) -> list[str]:
    reason = f" ({markdown(without_addresses(case.reason))})" if case.reason else ""
    facts = [
        f"- result: {case.result}{reason}",
        f"- server: {markdown(server(case.target))}",
        f"- found with: {markdown(program)}",
    ]
    if case.covers:
        facts.append(f"- see also: {', '.join(map(markdown, case.covers))}")
    return facts


def _steps(case: CaseResult) -> str:
    """The steps; times are from the opening of the case."""
    return _bounded(without_addresses("\n".join(trace_lines(case))))


def _failures(case: CaseResult) -> str:
    """What was expected and what was there; the line to reproduce has a place of its own."""
    if not case.failures:
        return ""
    lines = failure_lines(_anonymous(case), COLUMNS)
    kept = [line for line in lines if not line[1].lstrip().startswith("Reproduce: ")]
    text = plain(kept).rstrip()
    return _bounded(without_addresses(text) if case.target.kind == "live" else text)


def _bounded(text: str) -> str:
    """Keep the beginning and, longer, the end of a long text."""
    if len(text) <= PART_CHARACTERS:
        return text
    first, last = text[: PART_CHARACTERS // 4], text[-(PART_CHARACTERS - PART_CHARACTERS // 4) :]
    head, tail = first.rpartition("\n")[0] or first, last.partition("\n")[2] or last
    return f"{head}\n… {len(text) - len(head) - len(tail)} characters are left out here …\n{tail}"


def _line_to_reproduce(case: CaseResult) -> str:
    if case.target.kind != "live":
        return case.reproduce
    return case.reproduce.replace(f"--target {case.target.name}", f"--target {ANY_SERVER}")


def _anonymous(case: CaseResult) -> CaseResult:
    """Leave out what a real server is called here."""
    if case.target.kind != "live":
        return case
    name = f"{case.target.product} {_version(case.target)}"
    return replace(case, target=replace(case.target, name=name))


def server(identity: Identity) -> str:
    """Name a server with its version; a real one without its name here.

    >>> server(Identity("sim:wukongim-2.1.3", "sim", "wukongim", (2, 1, 3)))
    'wukongim 2.1.3 (sim:wukongim-2.1.3)'
    >>> server(Identity("prod", "live", "wukongim", (2, 2, 5), build="v2.2.5-20260422"))
    'wukongim 2.2.5, a real server (v2.2.5-20260422)'
    """
    name = f"{identity.product} {_version(identity)}"
    if identity.kind == "live":
        said = f" ({identity.build})" if identity.build else ""
        return f"{name}, a real server{said}"
    return f"{name} ({identity.name})"


def _version(identity: Identity) -> str:
    if identity.kind == "sim" and not identity.version:
        return "profile " + (identity.profile or identity.product)
    return version_text(identity.version) or "of unknown version"
