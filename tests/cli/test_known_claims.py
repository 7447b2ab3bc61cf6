"""Files that are known to fail at one claim, which may be a whole `or` or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

FILE = """\
title = "A deletes"
users = ["A", "B"]
steps = '''
B sends
assert A sees nothing or A sees B with 2 unread
{claim}
'''
known_failing = {{ "*" = {{ because = "a#1", claim = "{known}" }} }}
"""
TABLE = "assert table:\n  device conversation\n  A.phone -"


@pytest.mark.parametrize(
    ("claim", "known", "status"),
    [
        ("wait 1s", "A sees nothing or A sees B with 2 unread", 0),
        ("wait 1s", "A sees B with 2 unread", 0),
        ("assert A sees B", "A sees B", 1),
        ("assert A sees nothing", "A sees nothing", 1),
        (TABLE, "table:", 1),
    ],
)
def test_a_failure_at_the_known_claim_alone_is_known(
    imcli: Run, tmp_path: Path, claim: str, known: str, status: int
) -> None:
    (tmp_path / "own.toml").write_text(FILE.format(claim=claim, known=known))
    assert imcli("run-scenario", "own.toml").status == status


def test_a_table_may_be_known_to_fail(imcli: Run, tmp_path: Path) -> None:
    text = FILE.format(claim=TABLE, known="assert table:").replace("2 unread", "1 unread")
    (tmp_path / "own.toml").write_text(text)
    ran = imcli("run-scenario", "own.toml")
    assert ran.status == 0
    assert "known failure" in ran.out + ran.err
