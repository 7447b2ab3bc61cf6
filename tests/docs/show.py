"""Prints anew what the pages show: `python -m tests.docs.show`.

That is every page that is printed from tables or from the corpus, and after that the console
examples of all pages. Tests say when one is out of date; this is what they ask for.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.docs.test_readme import CONSOLE, PAGES, ROOT, replay


def _commands() -> str:
    from imcli.cli.reference import page

    return page()


def _language() -> str:
    from imcli.scenario.reading.reference import language_reference

    return language_reference()


def _profiles() -> str:
    from imcli.simulator.manual import page

    return page()


def _invariants() -> str:
    from imcli.trace.catalogue import manual

    return manual()


def _said(*argv: str) -> Callable[[], str]:
    def run() -> str:
        command = [sys.executable, "-m", "imcli", *argv]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    return run


PRINTED: dict[str, Callable[[], str]] = {
    "commands.md": _commands,
    "language.md": _language,
    "profiles.md": _profiles,
    "invariants.md": _invariants,
    "coverage.md": _said("list-families"),
    "versions.md": _said("list-profiles", "--compare"),
    "versions.zh.md": _said("list-profiles", "--compare", "--language", "zh"),
}
"""The pages of `docs/` that nobody writes, and what prints each."""


def _again(match: re.Match[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return f"```console\n{replay(match[1], Path(folder))}```"


def show() -> None:
    """Print the pages, then run every example of every page and write down what it printed."""
    for name, printed in PRINTED.items():
        (ROOT / "docs" / name).write_text(printed(), encoding="utf-8")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(CONSOLE.sub(_again, text), encoding="utf-8")


if __name__ == "__main__":
    show()
