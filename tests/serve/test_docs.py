"""`docs/serve.md` says what there is."""

from __future__ import annotations

from pathlib import Path

from imcli.serve import notes
from imcli.serve.rules import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")


def test_every_event_stands_in_the_page_with_its_fields() -> None:
    for kind in notes.Note.__subclasses__():
        fields = " ".join(name for name in kind.__struct_fields__ if name != "at_ms")
        assert f"| `{kind.__name__.lower()}` | `{fields}` |" in PAGE


def test_the_limits_are_those_of_the_program() -> None:
    limits = Limits()
    assert f"{limits.connect_s:g} s for CONNECT, {limits.idle_s:g} s\nwithout a byte" in PAGE
    assert f"{limits.kick_s:g} s ({limits.token_kick_s:g} s after a new token)" in PAGE
    assert f"{limits.unread_bytes >> 20} MiB written and not read" in PAGE
    assert f"{limits.unacknowledged:,} unacknowledged messages" in PAGE
    assert f"bodies of {limits.body_bytes >> 20} MiB" in PAGE
    assert f"within {limits.request_s:g} s" in PAGE
