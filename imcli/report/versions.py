"""The page that answers "which version should I run?": versions by situations, from a run.

`situations` folds the results of a run into one row per scenario file, `page` writes them down in
Markdown, `records` as data. Everything is taken from the results; nothing is decided here but which
word stands in a cell. A result that nobody foresaw has no place on the page: `unforeseen` names it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from imcli.model.versions import version_text
from imcli.report.anomalies import Anomaly, Language
from imcli.report.text import markdown
from imcli.report.versions_words import WORDS, Words
from imcli.scenario.events import CaseResult

_NEEDS = re.compile(r'needs "([a-z-]+)"')
_ISSUE = re.compile(r"([\w.-]+)#([0-9]+)")
FREQUENT = 3
"""A cause of so many situations is told in full."""
MARKS = {"passes": "✓", "fails": "✗", "skipped": "–"}


class Verdict(msgspec.Struct, frozen=True):
    """How one file ended on one version; `cause` names why, where it did not pass.

    Of a skipped file the cause is the capability that is missing, or `profile`.
    """

    kind: Literal["passes", "fails", "skipped"]
    cause: str = ""


class Situation(msgspec.Struct, frozen=True):
    """One scenario file, and its verdict by version (`"2.1.3"`)."""

    path: str
    title: str
    verdicts: dict[str, Verdict]

    @property
    def folder(self) -> str:
        """The folder that the file stands in."""
        return self.path.split("/")[-2] if "/" in self.path else ""


def version_of(result: CaseResult) -> str:
    """Write the version of the server that a case ran on."""
    return version_text(result.target.version)


def unforeseen(results: Iterable[CaseResult]) -> list[str]:
    """Name what did not end as the corpus says, one line each."""
    foreseen = ("passed", "known failure", "skipped")
    return [
        f"{each.case_id} on {each.target.name}: {each.result}"
        for each in results
        if each.result not in foreseen
    ]


def situations(results: Iterable[CaseResult], titles: Mapping[str, str]) -> tuple[Situation, ...]:
    """Fold the results of a run into one row per file, in the order of the run.

    Args:
        results: of every case on every version.
        titles: of every file, by path.
    """
    by_file: dict[str, dict[str, list[CaseResult]]] = {}
    for each in results:
        by_file.setdefault(each.path, {}).setdefault(version_of(each), []).append(each)
    return tuple(
        Situation(path, titles[path], {version: _verdict(ran) for version, ran in found.items()})
        for path, found in by_file.items()
    )


def _verdict(results: Sequence[CaseResult]) -> Verdict:
    """Give one verdict for all cells of a matrix: a failure counts most, a skip least."""
    for each in results:
        if each.result != "passed" and each.result != "skipped":
            return Verdict("fails", each.reason.partition(":")[0])
    if all(each.result == "skipped" for each in results):
        needs = _NEEDS.match(results[0].reason)
        return Verdict("skipped", needs[1] if needs else "profile")
    return Verdict("passes")


def title_of(title: str, matrix: Iterable[tuple[str, Sequence[object]]]) -> str:
    """Put all values of a matrix into a title.

    >>> title_of("The server $way", [("way", ["crashes", "restarts"])])
    'The server crashes/restarts'
    """
    for name, values in matrix:
        title = title.replace(f"${name}", "/".join(map(str, values)))
    return title


# Data


def records(rows: Iterable[Situation]) -> list[dict[str, object]]:
    """Give the rows as JSON objects."""
    return [
        {
            "path": row.path,
            "title": row.title,
            "versions": {
                version: {"result": verdict.kind, "cause": verdict.cause}
                for version, verdict in row.verdicts.items()
            },
        }
        for row in rows
    ]


def cells(row: Situation) -> tuple[str, ...]:
    """Give a row as people read it."""
    return (row.title, *(_mark(verdict) for verdict in row.verdicts.values()))


def _mark(verdict: Verdict) -> str:
    return f"{MARKS[verdict.kind]} {verdict.cause}".rstrip()


# The page


def page(rows: Sequence[Situation], anomalies: Sequence[Anomaly], language: Language = "en") -> str:
    """Write the page; links are those of a file in `docs/` beside `scenarios/`."""
    words = WORDS[language]
    versions = tuple(rows[0].verdicts) if rows else ()
    intro = words.intro.format(count=len(rows), versions=len(versions))
    parts = [f"# {words.title}", intro, _summary(rows, versions, words)]
    parts += [_version(rows, each, anomalies, language) for each in versions]
    parts += [f"## {words.situations}", words.legend]
    parts += [_folder(rows, name, versions, words) for name in _folders(rows)]
    parts += [_causes(rows, versions, anomalies, language), _skipped(rows, words)]
    return "\n\n".join(parts) + "\n"


def _folders(rows: Iterable[Situation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.folder for row in rows))


def _summary(rows: Sequence[Situation], versions: Iterable[str], words: Words) -> str:
    lines = []
    for version in versions:
        kinds = Counter(row.verdicts[version].kind for row in rows)
        counts = [str(kinds[kind]) for kind in ("passes", "fails", "skipped")]
        lines.append([f"**{version}**", *counts, words.advice.get(version, "-")])
    return _table(words.summary_columns, lines)


def _version(
    rows: Sequence[Situation], version: str, anomalies: Sequence[Anomaly], language: Language
) -> str:
    """Say what goes otherwise: in full where it is frequent or was reported, else by name."""
    words = WORDS[language]
    failed = (row.verdicts[version] for row in rows if row.verdicts[version].kind == "fails")
    counts = Counter(verdict.cause for verdict in failed)
    shown = [each for each in anomalies if counts[each.code]]
    told = [each for each in shown if each.issues or counts[each.code] >= FREQUENT]
    told.sort(key=lambda each: -counts[each.code])
    lines = [
        f"- {_cause_link(each.code)} {markdown(each.said(language))} "
        + words.times.format(count=counts[each.code])
        + (f": {_issue_links(each.issues)}" if each.issues else "")
        for each in told
    ]
    others = [_cause_link(each.code) for each in shown if each not in told]
    return (
        f"## WuKongIM {version}\n\n{words.reports}\n\n"
        + ("\n".join(lines) or f"- {words.none}")
        + f"\n\n{words.others} {' '.join(others) or words.none}"
    )


def _folder(rows: Iterable[Situation], name: str, versions: Sequence[str], words: Words) -> str:
    lines = [
        [
            f"[{markdown(row.title)}](../{quote(row.path)})",
            *(_cell(row.verdicts[each]) for each in versions),
        ]
        for row in rows
        if row.folder == name
    ]
    table = _table((words.situation, *versions), lines)
    return f"### {words.folders.get(name, markdown(name))}\n\n{table}"


def _cell(verdict: Verdict) -> str:
    mark = MARKS[verdict.kind]
    if verdict.kind == "fails":
        issue = _ISSUE.fullmatch(verdict.cause)
        return f"{mark} {_issue_links([verdict.cause]) if issue else _cause_link(verdict.cause)}"
    return f"{mark} {markdown(verdict.cause)}".rstrip()


def _causes(
    rows: Sequence[Situation],
    versions: Sequence[str],
    anomalies: Iterable[Anomaly],
    language: Language,
) -> str:
    words = WORDS[language]
    named = {
        version: {
            row.verdicts[version].cause for row in rows if row.verdicts[version].kind == "fails"
        }
        for version in versions
    }
    lines = [
        [
            f'<a id="{each.code.lower()}"></a>{each.code}',
            markdown(each.said(language)),
            _issue_links(each.issues) or "-",
            ", ".join(v for v in versions if each.code in named[v] or _has(each, v)) or "-",
        ]
        for each in anomalies
    ]
    return f"## {words.causes}\n\n{_table(words.cause_columns, lines)}"


def _has(anomaly: Anomaly, version: str) -> bool:
    return anomaly.holds_at(tuple(map(int, version.split("."))))


def _skipped(rows: Iterable[Situation], words: Words) -> str:
    missing = {v.cause for row in rows for v in row.verdicts.values() if v.kind == "skipped"}
    lines = [[markdown(name), markdown(words.needs.get(name, name))] for name in sorted(missing)]
    return f"## {words.skipped}\n\n{_table(words.skipped_columns, lines)}"


# Markdown


def _table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *(f"| {' | '.join(line)} |" for line in lines)])


def _cause_link(code: str) -> str:
    return f"[{markdown(code)}](#{quote(code.lower())})"


def _issue_links(issues: Iterable[str]) -> str:
    found = []
    for issue in issues:
        match = _ISSUE.fullmatch(issue)
        if match is not None and match[1] == "WuKongIM":
            address = f"https://github.com/WuKongIM/WuKongIM/issues/{match[2]}"
            found.append(f"[{match[1]}#{match[2]}]({address})")
        else:
            found.append(markdown(issue))
    return ", ".join(found)
