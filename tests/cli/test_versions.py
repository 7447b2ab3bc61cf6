"""The pages of versions are what the command prints, and their advice is what the runs say."""

from __future__ import annotations

import json
import re

import pytest

from imcli.report.versions_words import WORDS
from tests.cli.conftest import Run
from tests.corpus.corpus import ROOT


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("name", "language"), [("versions.md", "en"), ("versions.zh.md", "zh")])
def test_the_page_is_current(imcli: Run, name: str, language: str) -> None:
    ran = imcli("list-profiles", "--compare", "--language", language, cwd=ROOT)
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == page, f"run: imcli list-profiles --compare --language {language}"


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    anchors = set(re.findall(r'<a id="([a-z0-9]+)">', page))
    assert set(re.findall(r"\]\(#([a-z0-9]+)\)", page)) <= anchors
    files = set(re.findall(r"\]\(\.\./([^)]+)\)", page))
    assert len(files) > 300
    assert [file for file in sorted(files) if not (ROOT / file).is_file()] == []


def test_the_advice_is_for_the_version_with_the_fewest_causes(imcli: Run) -> None:
    rows = json.loads(imcli("list-profiles", "--compare", "--output", "json", cwd=ROOT).out)
    assert all(row["versions"].keys() == WORDS["en"].advice.keys() for row in rows)
    failing = {
        version: sum(row["versions"][version]["result"] == "fails" for row in rows)
        for version in WORDS["en"].advice
    }
    in_direct_chats = {v: n for v, n in failing.items() if v != "2.1.3"}
    assert min(in_direct_chats, key=in_direct_chats.__getitem__) == "2.2.5"
    advised = [v for v, said in WORDS["en"].advice.items() if said.startswith("Run this one")]
    assert advised == ["2.2.5"]


def test_a_corpus_that_ends_otherwise_than_it_says_gives_no_page(
    imcli: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("corpus")
    file = folder / "wrong.toml"
    file.write_text(
        'title = "Nothing is listed"\nusers = ["A", "B"]\n'
        "steps = '''\nB sends\nassert A sees nothing\n'''\n",
        encoding="utf-8",
    )
    ran = imcli("list-profiles", "--compare", str(file))
    assert (ran.status, ran.out) == (1, "")
    assert "wrong.toml on sim:wukongim-2.1.3: failed" in ran.err


@pytest.mark.parametrize(
    "words", [("--language", "zh"), ("scenarios",), ("--compare", "--language", "fr")]
)
def test_options_that_do_not_fit_are_refused(imcli: Run, words: tuple[str, ...]) -> None:
    ran = imcli("list-profiles", *words)
    assert (ran.status, ran.out) == (2, "")
