"""The page of versions: folded from results, safe in Markdown, complete in both languages."""

from __future__ import annotations

import pytest

from imcli.report.anomalies import Anomaly, load_anomalies, load_chinese_titles
from imcli.report.versions import (
    Situation,
    Verdict,
    cells,
    page,
    records,
    situations,
    title_of,
    unforeseen,
)
from imcli.report.versions_words import CHINESE, ENGLISH
from imcli.scenario.events import CaseResult, Result
from imcli.targets.base import ALL_CAPABILITIES, Identity
from tests.corpus.corpus import FILES

LOST = Anomaly("A4", "the deletion is lost", "删除丢失", ("WuKongIM#1", "Other#2"))
PATH = "scenarios/delete/twice.toml"


def ended(result: Result, reason: str = "", *, version: tuple[int, ...] = (2, 1, 3)) -> CaseResult:
    target = Identity("sim:wukongim", "sim", "wukongim", version)
    return CaseResult(PATH, PATH, "Twice", target, result, reason)


def folded(*results: CaseResult) -> Situation:
    (row,) = situations(results, {PATH: "Deleting twice"})
    return row


def test_a_file_passes_where_all_of_its_cases_pass() -> None:
    assert folded(ended("passed"), ended("skipped", "wants profile x")).verdicts == {
        "2.1.3": Verdict("passes")
    }


def test_one_failing_cell_of_a_matrix_fails_the_file_and_names_its_cause() -> None:
    row = folded(ended("passed"), ended("known failure", "A4: the deletion is lost"))
    assert row.verdicts == {"2.1.3": Verdict("fails", "A4")}


def test_what_is_skipped_names_what_is_missing() -> None:
    needing = 'needs "settings", which sim:x does not have (line 7: A pins B)'
    assert folded(ended("skipped", needing)).verdicts["2.1.3"] == Verdict("skipped", "settings")
    own = folded(ended("skipped", "wants profile reference with delete_scope = two-way"))
    assert own.verdicts["2.1.3"] == Verdict("skipped", "profile")


def test_every_version_has_its_own_verdict() -> None:
    row = folded(ended("passed"), ended("known failure", "A4: lost", version=(2, 2, 5)))
    assert cells(row) == ("Deleting twice", "✓", "✗ A4")
    assert records([row]) == [
        {
            "path": PATH,
            "title": "Deleting twice",
            "versions": {
                "2.1.3": {"result": "passes", "cause": ""},
                "2.2.5": {"result": "fails", "cause": "A4"},
            },
        }
    ]


@pytest.mark.parametrize("result", ["failed", "error", "unknown", "unexpected pass"])
def test_what_nobody_foresaw_is_named(result: Result) -> None:
    assert unforeseen([ended(result)]) == [f"{PATH} on sim:wukongim: {result}"]


def test_what_was_foreseen_is_not_named() -> None:
    assert unforeseen([ended("passed"), ended("known failure"), ended("skipped")]) == []


def test_the_page_counts_names_and_links() -> None:
    text = page([folded(ended("known failure", "A4: lost"))], [LOST])
    assert "| **2.1.3** | 0 | 1 | 0 |" in text
    assert "- [A4](#a4) the deletion is lost (in 1): [WuKongIM#1]" in text
    assert "| [Deleting twice](../scenarios/delete/twice.toml) | ✗ [A4](#a4) |" in text
    assert '| <a id="a4"></a>A4 | the deletion is lost |' in text


def test_a_rare_cause_without_a_report_is_named_only() -> None:
    rare = Anomaly("A4", "the deletion is lost", "删除丢失")
    text = page([folded(ended("known failure", "A4: lost"))], [rare])
    assert "Besides: [A4](#a4)" in text
    assert "- none" in text


def test_the_page_speaks_chinese() -> None:
    text = page([folded(ended("known failure", "A4: lost"))], [LOST], "zh")
    assert "删除丢失" in text
    assert "the deletion is lost" not in text


def test_titles_are_text_and_no_markup() -> None:
    row = Situation(PATH, "a|b <i>c</i>\n# d", {"2.1.3": Verdict("passes")})
    (line,) = (line for line in page([row], []).split("\n") if "twice.toml" in line)
    assert line.count("|") - line.count(r"\|") == 3
    assert "<i>" not in line.replace(r"\<i\>", "")


def test_a_page_of_nothing_is_a_page() -> None:
    assert page([], []).startswith("# Which WuKongIM version should I run?")


def test_the_values_of_a_matrix_stand_in_the_title() -> None:
    assert title_of("$n as unread", [("n", [1, 99])]) == "1/99 as unread"


def test_every_title_of_the_corpus_is_there_in_chinese() -> None:
    chinese = load_chinese_titles()
    assert set(chinese) == {file.path for file in FILES}
    assert [path for path, title in chinese.items() if title.isascii() or "$" in title] == []


def test_chinese_titles_are_different() -> None:
    titles = list(load_chinese_titles().values())
    assert sorted({title for title in titles if titles.count(title) > 1}) == []


def test_every_cause_is_told_in_both_languages() -> None:
    causes = load_anomalies()
    assert len(causes) > 40
    assert [each.code for each in causes if not each.en.isascii() or each.zh.isascii()] == []


def test_both_languages_say_the_same_things() -> None:
    assert ENGLISH.folders.keys() == CHINESE.folders.keys()
    assert ENGLISH.folders.keys() == {file.path.split("/")[1] for file in FILES}
    assert ENGLISH.advice.keys() == CHINESE.advice.keys()
    assert ENGLISH.needs.keys() == CHINESE.needs.keys()
    assert ENGLISH.needs.keys() <= {*ALL_CAPABILITIES, "profile"}
