from __future__ import annotations

from pathlib import Path

from imcli.scenario.reading.reference import language_reference
from imcli.scenario.table.sentences import SENTENCES

DOCUMENT = Path(__file__).parents[3] / "docs" / "language.md"


def test_the_printed_reference_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == language_reference()


def test_the_reference_names_every_sentence() -> None:
    text = language_reference()
    missing = [
        row.name
        for row in SENTENCES
        if row.meaning.replace("|", "\\|") not in text or row.example not in text
    ]
    assert missing == []
