"""The page of situations: files that show one, reasons, contradictions."""

from __future__ import annotations

import pytest

from imcli.scenario.coverage import (
    Family,
    Shown,
    contradictions,
    coverage_page,
    files_by_family,
    load_families,
    read_covers,
    read_families,
    uncovered,
)

FAMILIES = (
    Family("DEL-01", "Deleting", "It comes back"),
    Family("DEL-02", "Deleting", "It comes back empty"),
    Family("DRF-01", "Drafts", "A draft | travels", "drafts belong to the app"),
)
SEED = Shown("scenarios/delete/seed_case.toml", ("spec:DEL-01", "WuKongIM#343"))


def test_the_table_of_families_is_whole() -> None:
    families = load_families()
    assert len(families) == 196
    assert len({family.sentence for family in families}) == 196
    assert families[0].id == "DEL-01"
    assert [family.id for family in families if not family.sentence] == []


def test_a_reason_for_an_unknown_family_is_a_fault() -> None:
    text = '[areas]\nX = "x"\n[families]\nX-01 = "one"\n[out_of_reach]\nX-02 = "no"\n'
    with pytest.raises(ValueError, match="X-02"):
        read_families(text)


def test_a_family_of_an_unknown_area_is_a_fault() -> None:
    with pytest.raises(KeyError, match="Y"):
        read_families('[areas]\nX = "x"\n[families]\nY-01 = "one"\n')


def test_only_the_covers_of_a_file_are_read() -> None:
    assert read_covers("a", 'title = "t"\ncovers = ["spec:DEL-01", 3]').covers == ("spec:DEL-01",)
    assert read_covers("a", "covers = 3").covers == ()


def test_a_file_that_is_no_toml_covers_nothing() -> None:
    assert read_covers("a", "covers = [").covers == ()


def test_files_are_listed_by_family_in_the_order_of_paths() -> None:
    other = Shown("scenarios/a.toml", ("spec:DEL-01",))
    assert files_by_family([SEED, other]) == {"DEL-01": (other.path, SEED.path)}


def test_a_family_without_file_and_reason_is_uncovered() -> None:
    assert [family.id for family in uncovered(FAMILIES, [SEED])] == ["DEL-02"]


def test_an_unknown_family_in_a_file_is_a_contradiction() -> None:
    stray = Shown("x.toml", ("spec:DEL-99",))
    assert contradictions(FAMILIES, [SEED]) == ()
    assert contradictions(FAMILIES, [stray]) == ("x.toml covers spec:DEL-99, which is no family",)


def test_a_covered_family_that_is_out_of_reach_is_a_contradiction() -> None:
    (found,) = contradictions(FAMILIES, [Shown("x.toml", ("spec:DRF-01",))])
    assert found == "x.toml covers spec:DRF-01, said to be out of reach"


def test_the_page_counts_links_and_gives_reasons() -> None:
    page = coverage_page(FAMILIES, [SEED])
    assert "3 situations: 1 shown by 1 file, 1 out of reach, 1 open." in page
    assert (
        "| DEL-01 | It comes back | [delete/seed\\_case](../scenarios/delete/seed_case.toml) |"
        in page
    )
    assert "| DEL-02 | It comes back empty | **open** |" in page
    assert "| DRF-01 | A draft \\| travels | out of reach: drafts belong to the app |" in page
    assert "| WuKongIM#343 | [delete/seed\\_case](../scenarios/delete/seed_case.toml) |" in page


def test_reports_are_in_the_order_of_their_numbers() -> None:
    page = coverage_page(FAMILIES, [Shown("a.toml", ("WuKongIM#94", "WuKongIM#343", "OpenIM#7"))])
    assert page.index("OpenIM#7") < page.index("WuKongIM#94") < page.index("WuKongIM#343")


def test_text_of_a_file_is_never_markup() -> None:
    page = coverage_page(FAMILIES, [Shown("a (1)/[b] <i>.toml", ("spec:DEL-01", "x|y\nz"))])
    assert "<i>" not in page
    assert "[a (1)/\\[b\\] &lt;i&gt;](../a%20%281%29/%5Bb%5D%20%3Ci%3E.toml)" in page
    assert "x\\|y z" in page
