"""Known failures on the versions of WuKongIM: all there, none too many, each with its cause.

Every case runs once on every version, and what the runs came to is then judged with and without
each line of `[known_failing]`.
"""

from __future__ import annotations

import functools

import pytest
from msgspec.structs import replace

from imcli.report.anomalies import load_anomalies
from imcli.scenario.events import CaseResult
from imcli.scenario.reading.known_failing import matches
from imcli.scenario.running.known import apply_known
from imcli.scenario.running.suite import exit_status
from imcli.scenario.syntax import Case, KnownFailing, Span
from imcli.simulator.profiles import builtin_names
from tests.corpus.corpus import FILES, File, run_case

VERSIONS = tuple(name for name in builtin_names() if name.startswith("wukongim-"))
SHOWING = tuple(file for file in FILES if file.path.startswith("scenarios/wukongim/"))
WITH_LINES = tuple(file for file in FILES if file.cases[0].known_failing)
CAUSES = {each.code: each for each in load_anomalies()}
ISSUES = {issue for each in load_anomalies() for issue in each.issues}


@functools.cache
def bare(case_id: str, version: str) -> CaseResult:
    """What a case comes to on a version when no line says what is known."""
    (case,) = (c for file in FILES for c in file.cases if c.case_id == case_id)
    return run_case(replace(case, known_failing=()), target=version)


def judged(case: Case, version: str, lines: tuple[KnownFailing, ...]) -> CaseResult:
    """The same with some lines."""
    return apply_known(bare(case.case_id, version), replace(case, known_failing=lines))


def on_versions(file: File, lines: tuple[KnownFailing, ...]) -> list[CaseResult]:
    return [judged(case, version, lines) for case in file.cases for version in VERSIONS]


def test_five_versions_are_simulated() -> None:
    assert [name.removeprefix("wukongim-") for name in VERSIONS] == [
        "2.1.3",
        "2.1.4",
        "2.1.5",
        "2.2.0",
        "2.2.5",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_corpus_holds_on_every_version(version: str) -> None:
    results = [judged(case, version, case.known_failing) for file in FILES for case in file.cases]
    wrong = [r for r in results if r.result not in ("passed", "known failure", "skipped")]
    assert [f"{r.case_id}: {r.result} {r.reason}" for r in wrong] == []
    assert exit_status(results) == 0


@pytest.mark.parametrize("file", WITH_LINES, ids=[file.path[10:-5] for file in WITH_LINES])
def test_without_any_one_line_the_run_fails(file: File) -> None:
    lines = file.cases[0].known_failing
    for line in lines:
        others = tuple(each for each in lines if each is not line)
        assert exit_status(on_versions(file, others)) == 1, f"{line.target} is not needed"


def test_a_line_too_many_is_an_unexpected_pass() -> None:
    passing = 0
    for file in FILES:
        for case in file.cases:
            for version in VERSIONS:
                if bare(case.case_id, version).result != "passed":
                    continue
                passing += 1
                line = KnownFailing(Span(file.path, 1, 1), f"sim:{version}", "made up")
                assert judged(case, version, (line,)).result == "unexpected pass"
    assert passing > 300


def test_every_line_names_a_cause_of_the_table_in_its_words() -> None:
    reasons = {line.because for file in FILES for line in file.cases[0].known_failing}
    wanted = {f"{code}: {each.en}" for code, each in CAUSES.items()} | ISSUES
    assert sorted(reasons - wanted) == []


def test_every_cause_is_shown_by_a_file_of_its_own() -> None:
    shown = {entry for file in SHOWING for entry in file.covers}
    shown_elsewhere = {"E39"}  # `sync/list_without_messages`
    # Routes that no sentence uses: `tests/simulator/wukongim` has the experiments about them.
    raw_routes = {"A13", "A15", "A21", "A22", "A30", "A32", "A35", "A36"}
    without = {code for code in CAUSES if f"spec:{code}" not in shown}
    assert without == shown_elsewhere | raw_routes


@pytest.mark.parametrize("file", SHOWING, ids=[file.path[19:-5] for file in SHOWING])
def test_a_file_about_wukongim_fails_where_it_says_and_shows_its_cause(file: File) -> None:
    code = file.path.removeprefix("scenarios/wukongim/").partition("_")[0].upper()
    (case,) = file.cases
    assert f"spec:{code}" in file.covers
    assert any(line.because.startswith(f"{code}:") for line in case.known_failing)


def test_sixty_files_are_about_wukongim() -> None:
    assert len(SHOWING) >= 60


def test_no_line_speaks_of_versions_that_nobody_has_measured() -> None:
    for file in WITH_LINES:
        for line in file.cases[0].known_failing:
            results = [bare(file.cases[0].case_id, version) for version in VERSIONS]
            assert any(matches(line.target, result.target) for result in results), line.target
