"""Why situations end otherwise on WuKongIM, and what the corpus is called in Chinese: two tables.

`anomalies.toml` has one entry per cause, named as in the comments of the simulator; the reasons of
`known_failing` in the corpus begin with these names. `titles.zh.toml` has the titles of the corpus.
Reading the files that are part of the program is all that is done here; `versions.py` uses them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Literal

import msgspec

from imcli.model.versions import FIRST

Language = Literal["en", "zh"]

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


class Anomaly(msgspec.Struct, frozen=True, rename={"but_not": "except"}):
    """One cause: its name (`A4`), one line in each language, and the reports that are about it.

    Those named A are anomalies of WuKongIM with a severity and a range: from `since` (else from the
    first version that is known here) to just before `fixed` (else to the newest), but not those of
    `but_not`. Source: the version that changed it, or the first measured one after it.
    """

    code: str
    en: str
    zh: str
    issues: tuple[str, ...] = ()
    severity: Severity | None = None
    since: str = ""
    fixed: str = ""
    but_not: tuple[str, ...] = ()

    def holds_at(self, version: tuple[int, ...]) -> bool:
        """Tell whether an anomaly is in a version; other causes have no range, and are in none.

        >>> found = Anomaly("A2", "", "", severity="high", since="2.2.0", fixed="2.2.2")
        >>> [found.holds_at(version) for version in ((2, 1, 5), (2, 2, 1), (2, 2, 2))]
        [False, True, False]
        """
        return (
            self.severity is not None
            and version >= (_numbers(self.since) or FIRST)
            and (not self.fixed or version < _numbers(self.fixed))
            and version not in map(_numbers, self.but_not)
        )

    def said(self, language: Language) -> str:
        """Give the line in a language."""
        return self.zh if language == "zh" else self.en


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()


def anomalies_of(
    version: tuple[int, ...], anomalies: Iterable[Anomaly] | None = None
) -> tuple[Anomaly, ...]:
    """Give the anomalies of a version, the severe ones first."""
    known = load_anomalies() if anomalies is None else anomalies
    found = [each for each in known if each.holds_at(version)]
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity or "low")))


def read_anomalies(text: str) -> tuple[Anomaly, ...]:
    r"""Read the table of causes, in order of name (A2 before A10).

    >>> read_anomalies('[A4]\nen = "lost"\nzh = "丢失"')[0].en
    'lost'

    Raises:
        msgspec.ValidationError: an entry lacks a language.
    """
    table: dict[str, dict[str, object]] = tomllib.loads(text)
    found = [msgspec.convert({"code": code, **entry}, Anomaly) for code, entry in table.items()]
    return tuple(sorted(found, key=lambda each: (each.code[0], int(each.code[1:]))))


def load_anomalies() -> tuple[Anomaly, ...]:
    """Give the causes that imcli knows."""
    return read_anomalies(_own_file("anomalies.toml"))


def read_titles(text: str) -> dict[str, str]:
    r"""Read titles by path.

    >>> read_titles('[delete]\ntwice = "两次"')
    {'scenarios/delete/twice.toml': '两次'}
    """
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    return {
        f"scenarios/{folder}/{name}.toml": title
        for folder, titles in table.items()
        for name, title in titles.items()
    }


def load_chinese_titles() -> dict[str, str]:
    """Give the Chinese titles of the corpus."""
    return read_titles(_own_file("titles.zh.toml"))


def _own_file(name: str) -> str:
    return (resources.files("imcli.report") / name).read_text(encoding="utf-8")
