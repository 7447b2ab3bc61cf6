"""What must be true of the corpus: whole, canonical, honest about what it shows, and it holds.

A scenario that cannot fail shows nothing; so the files that show a switch must fail when the switch
has another value.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest

from imcli.scenario.coverage import (
    Shown,
    contradictions,
    coverage_page,
    files_by_family,
    load_families,
    uncovered,
)
from imcli.scenario.events import CaseResult
from imcli.scenario.reading.format import format_scenario
from imcli.scenario.syntax import Assert, Case, SeesChat
from imcli.simulator.profiles import load_profile
from imcli.simulator.switches import SWITCHES, Switch
from tests.corpus.corpus import FILES, ROOT, File, run_case

CASES = tuple(case for file in FILES for case in file.cases)
SHOWN = tuple(Shown(file.path, file.covers) for file in FILES)
POLICIES = tuple(file for file in FILES if file.path.startswith("scenarios/policy/"))
SEED = "scenarios/delete/returns_after_peer_sends.toml"

NOT_OF_THE_REFERENCE = ("flush_interval", "list_cache_ttl")
"""Switches that only servers feel which keep rows; the reference derives its list."""


def ids(cases: tuple[Case, ...]) -> list[str]:
    return [case.case_id.removeprefix("scenarios/") for case in cases]


def told(result: CaseResult) -> str:
    return "; ".join(f"{f.span.line}: {f.headline}" for f in result.failures) or result.reason


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_every_case_passes_on_the_reference_or_its_own_profile(case: Case) -> None:
    result = run_case(case)
    raw = "request" in case.tags  # the reference has no HTTP side
    assert result.result == ("skipped" if raw else "passed"), told(result)


@pytest.mark.parametrize(
    "case", RACES := tuple(c for c in CASES if "race" in c.tags), ids=ids(RACES)
)
def test_every_race_passes_in_other_orders_too(case: Case) -> None:
    result = run_case(case, orders=20)
    assert result.result == "passed", told(result)
    assert result.orders > 1


def test_there_are_more_than_a_hundred_files() -> None:
    assert len(FILES) > 200


def test_every_file_is_written_canonically() -> None:
    assert [f.path for f in FILES if format_scenario(f.text, f.path) != f.text] == []


def test_every_title_is_one_sentence_and_there_once() -> None:
    titles = Counter(file.title for file in FILES)
    assert [title for title, count in titles.items() if count > 1] == []
    assert [title for title in titles if not re.fullmatch(r"[A-Z$][^.!?;]{15,110}", title)] == []


def test_every_file_says_what_it_covers() -> None:
    entry = re.compile(r"spec:(?:[A-Z]{3}-[0-9]{2}|[A-Z][0-9]+)|[A-Za-z][A-Za-z.-]*#[0-9]+")
    assert [f.path for f in FILES if not f.covers] == []
    assert [(f.path, e) for f in FILES for e in f.covers if not entry.fullmatch(e)] == []


def test_every_file_claims_something() -> None:
    assert [c.case_id for c in CASES if not any(isinstance(s, Assert) for s in c.steps)] == []


def test_most_files_are_under_fifteen_lines_with_everything_that_is_in_them() -> None:
    """Blank lines, heads and known failures count, so that a file is read aloud in one breath."""
    lengths = {file.path: file.text.count("\n") for file in FILES}
    assert [path for path, length in lengths.items() if length > 22] == []
    assert sum(length < 15 for length in lengths.values()) >= 0.6 * len(FILES)


def test_no_file_is_short_because_its_lines_are_long() -> None:
    """Names of switches, bodies of requests and causes of failures are as wide as they are."""
    excused = re.compile(r'"wukongim |profile = |request ')
    wide = [line for file in FILES for line in file.text.split("\n") if len(line) > 110]
    assert [line for line in wide if not excused.match(line)] == []


def test_no_step_is_joined_to_another_but_in_a_branch_that_needs_an_order() -> None:
    joined = re.compile(r"^\S[^\"#]*(?:\"[^\"]*\"[^\"#]*)*;", re.MULTILINE)
    assert [file.path for file in FILES if joined.search(steps_text(file))] == []


def steps_text(file: File) -> str:
    steps = tomllib.loads(file.text)["steps"]
    return steps if isinstance(steps, str) else "\n".join(steps)


def test_file_names_are_words() -> None:
    name = re.compile(r"scenarios/[a-z]+/[a-z][a-z0-9_]*\.toml")
    assert [file.path for file in FILES if not name.fullmatch(file.path)] == []


def test_every_family_is_shown_or_out_of_reach_with_a_reason() -> None:
    assert [family.id for family in uncovered(load_families(), SHOWN)] == []
    assert contradictions(load_families(), SHOWN) == ()


def test_every_family_of_deletion_is_shown_or_out_of_reach() -> None:
    files = files_by_family(SHOWN)
    deletion = [family for family in load_families() if family.id.startswith("DEL-")]
    assert len(deletion) == 42
    assert [f.id for f in deletion if bool(f.out_of_reach) is (f.id in files)] == []


def test_the_page_of_coverage_is_current() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert page == coverage_page(load_families(), SHOWN), (
        "run: imcli list-families > docs/coverage.md"
    )


# Policies


def switch_of(file: File) -> Switch:
    """The switch that a file of `policy/` shows: its name is how the file's name begins."""
    name = file.path.removeprefix("scenarios/policy/")
    return max((s for s in SWITCHES if name.startswith(s.name)), key=lambda s: len(s.name))


def own_profile(case: Case) -> dict[str, object]:
    assert case.profile is not None
    return case.profile


def as_written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_value_of_every_switch_is_shown() -> None:
    shown = {
        (name, as_written(value))
        for file in POLICIES
        for name, value in own_profile(file.cases[0]).items()
        if name == switch_of(file).name
    }
    names = {name for name, _ in shown}
    wanted = {(switch.name, value) for switch in SWITCHES for value in switch.values}
    assert wanted - shown == set()
    assert {s.name for s in SWITCHES} - names == set(NOT_OF_THE_REFERENCE)


def test_every_policy_is_over_the_reference() -> None:
    assert [f.path for f in POLICIES if own_profile(f.cases[0])["extends"] != "reference"] == []


@pytest.mark.parametrize("file", POLICIES, ids=[file.path[17:-5] for file in POLICIES])
def test_a_policy_file_fails_when_its_switch_has_another_value(file: File) -> None:
    (case,) = file.cases
    switch = switch_of(file)
    profile = own_profile(case)
    others = [v for v in switch.values if v != as_written(profile[switch.name])]
    if switch.kind == "yes-no":
        results = [run_case(case, profile={**profile, switch.name: not profile[switch.name]})]
    elif others:
        results = [run_case(case, profile={**profile, switch.name: value}) for value in others]
    else:
        default = {name: value for name, value in profile.items() if name != switch.name}
        results = [run_case(case, profile=default)]
    assert {result.result for result in results} & {"failed", "error"}


# The bug that gave the project its name


def test_the_seed_case_fails_on_the_version_that_has_the_bug_and_is_known_to() -> None:
    (seed,) = (file for file in FILES if file.path == SEED)
    (case,) = seed.cases
    assert load_profile("wukongim-2.1.3").product == "wukongim"
    result = run_case(case, target="wukongim-2.1.3")
    assert result.result == "known failure"
    assert "WuKongIM#343" in result.reason
    (failure,) = result.failures
    assert failure.span.line == 13


def test_the_seed_case_has_at_most_fifteen_lines_of_steps() -> None:
    (seed,) = (file for file in FILES if file.path == SEED)
    claims = [c for s in seed.cases[0].steps if isinstance(s, Assert) for c in s.claims]
    assert len(seed.cases[0].steps) <= 15
    assert any(isinstance(claim, SeesChat) and claim.negated for claim in claims)
