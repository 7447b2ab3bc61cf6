"""Writes the console examples of the pages anew: `python -m tests.docs.show`."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.docs.test_readme import CONSOLE, PAGES, replay


def _again(match: re.Match[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return f"```console\n{replay(match[1], Path(folder))}```"


def show() -> None:
    """Run every example of every page and write down what it printed."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(CONSOLE.sub(_again, text), encoding="utf-8")


if __name__ == "__main__":
    show()
