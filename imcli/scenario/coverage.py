"""Which known situations the scenarios show, and which are out of reach.

The situations are the families of `families.toml`: 196 that real products got wrong or do
differently on purpose. A scenario names those that it shows in `covers`, as `"spec:DEL-01"`, beside
the public issues that it comes from, as `"WuKongIM#343"`. This file folds the two into the page
`docs/coverage.md`, which `imcli list-families` prints. It is pure but for `load_families`, which
reads the table that is part of the program; reading and parsing scenarios is the caller's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib import resources
from urllib.parse import quote

import msgspec

FAMILY_PREFIX = "spec:"
_CAUSE = re.compile(r"[A-Z][0-9]+")
"""The name of a cause of `imcli/report/anomalies.toml`, such as A4: no family."""


class Family(msgspec.Struct, frozen=True):
    """One situation: its id, its area in words, one sentence, and why it is out of reach."""

    id: str
    area: str
    sentence: str
    out_of_reach: str = ""


class Shown(msgspec.Struct, frozen=True):
    """What one scenario file says that it shows. `path` has `/` between its parts."""

    path: str
    covers: tuple[str, ...]


def read_families(text: str) -> tuple[Family, ...]:
    """Read the table of families, in its order.

    Raises:
        ValueError: a reason is given for a family that the table does not have.
        KeyError: a family belongs to an area that the table does not have.
    """
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    sentences, reasons = table["families"], table.get("out_of_reach", {})
    if strays := [name for name in reasons if name not in sentences]:
        raise ValueError(f"out_of_reach names no family: {', '.join(strays)}")
    return tuple(
        Family(name, table["areas"][name.partition("-")[0]], sentence, reasons.get(name, ""))
        for name, sentence in sentences.items()
    )


def load_families() -> tuple[Family, ...]:
    """Give the families that imcli knows."""
    file = resources.files("imcli.scenario") / "families.toml"
    return read_families(file.read_text(encoding="utf-8"))


def read_covers(path: str, text: str) -> Shown:
    r"""Read what a scenario file covers, and nothing else of it.

    `imcli check-scenario` says whether the rest is right; a file that is no TOML covers nothing.

    >>> read_covers("a.toml", 'title = "t"\ncovers = ["spec:DEL-01"]').covers
    ('spec:DEL-01',)
    """
    try:
        covers = tomllib.loads(text).get("covers", [])
    except tomllib.TOMLDecodeError:
        covers = []
    entries = covers if isinstance(covers, list) else []
    return Shown(path, tuple(entry for entry in entries if isinstance(entry, str)))


def files_by_family(shown: Iterable[Shown]) -> dict[str, tuple[str, ...]]:
    """Give the paths of the files that show each family, by path.

    >>> files_by_family([Shown("b.toml", ("spec:DEL-01",)), Shown("a.toml", ("spec:DEL-01",))])
    {'DEL-01': ('a.toml', 'b.toml')}
    """
    return {
        entry.removeprefix(FAMILY_PREFIX): paths
        for entry, paths in _files_by_entry(shown).items()
        if entry.startswith(FAMILY_PREFIX)
    }


def uncovered(families: Sequence[Family], shown: Iterable[Shown]) -> tuple[Family, ...]:
    """Give the families that no file shows and that no reason puts out of reach."""
    files = files_by_family(shown)
    return tuple(f for f in families if not f.out_of_reach and f.id not in files)


def contradictions(families: Sequence[Family], shown: Iterable[Shown]) -> tuple[str, ...]:
    """Say where table and files contradict each other: unknown ids, and reach against a reason."""
    known = {family.id: family for family in families}
    found: list[str] = []
    for name, paths in files_by_family(shown).items():
        if _CAUSE.fullmatch(name):
            continue
        if name not in known:
            found.append(f"{paths[0]} covers {FAMILY_PREFIX}{name}, which is no family")
        elif known[name].out_of_reach:
            found.append(f"{paths[0]} covers {FAMILY_PREFIX}{name}, said to be out of reach")
    return tuple(found)


def coverage_page(families: Sequence[Family], shown: Sequence[Shown]) -> str:
    """Write the page: a summary, a table for each area, and the issues with their files.

    Paths are links from the folder beside them (`docs/` beside `scenarios/`).
    """
    files = files_by_family(shown)
    parts = [_head(families, files, len(shown))]
    for area in dict.fromkeys(family.area for family in families):
        rows = [_row(f, files.get(f.id, ())) for f in families if f.area == area]
        parts.append(
            f"## {_escape(area)}\n\n| id | situation | shown by |\n|---|---|---|\n"
            + "\n".join(rows)
        )
    parts.append(_issues(shown))
    return "\n\n".join(parts) + "\n"


def _files_by_entry(shown: Iterable[Shown]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for file in shown:
        for entry in file.covers:
            found.setdefault(entry, set()).add(file.path)
    return {entry: tuple(sorted(found[entry])) for entry in sorted(found)}


def _head(families: Sequence[Family], files: dict[str, tuple[str, ...]], count: int) -> str:
    covered = sum(family.id in files for family in families)
    files_word = "file" if count == 1 else "files"
    beyond = sum(bool(family.out_of_reach) for family in families)
    return (
        "# What the scenarios cover\n\n"
        "Printed by `imcli list-families`; do not edit. Each row is a situation that real\n"
        "instant-messaging products got wrong, or do differently on purpose.\n\n"
        f"{len(families)} situations: {covered} shown by {count} {files_word},"
        f" {beyond} out of reach, {len(families) - covered - beyond} open."
    )


def _row(family: Family, paths: Sequence[str]) -> str:
    if paths:
        where = "<br>".join(_link(path) for path in paths)
    elif family.out_of_reach:
        where = f"out of reach: {_escape(family.out_of_reach)}"
    else:
        where = "**open**"
    return f"| {family.id} | {_escape(family.sentence)} | {where} |"


def _issues(shown: Sequence[Shown]) -> str:
    entries = _files_by_entry(shown)
    names = sorted((e for e in entries if not e.startswith(FAMILY_PREFIX)), key=_by_number)
    rows = [f"| {_escape(e)} | {'<br>'.join(_link(p) for p in entries[e])} |" for e in names]
    return (
        "## Reports that the scenarios come from\n\n| report | shown by |\n|---|---|\n"
        + "\n".join(rows)
    )


def _by_number(entry: str) -> tuple[str, int, str]:
    project, _, number = entry.partition("#")
    return project.casefold(), int(number) if number.isdecimal() else 0, entry


def _link(path: str) -> str:
    name = path.removeprefix("scenarios/").removesuffix(".toml")
    return f"[{_escape(name)}](../{quote(path)})"


def _escape(text: str) -> str:
    r"""Make text stand for itself in a cell of a Markdown table; code marks stay as they are.

    >>> _escape("a|b <c> `d`")
    'a\\|b &lt;c&gt; `d`'
    """
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|\[\]*_])", r"\\\1", text.replace(">", "&gt;"))
