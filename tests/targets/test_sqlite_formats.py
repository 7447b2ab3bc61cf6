"""State files of older programs: what was in them is there, or they stay as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from imcli.model.actions import Send
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Accepted
from imcli.simulator.log import Unkept
from imcli.simulator.profiles import REFERENCE
from imcli.targets.embedded import EmbeddedTarget, open_embedded
from imcli.targets.sqlite_file import open_state_file
from imcli.targets.sqlite_formats import FORMAT

FORMAT_1 = Path(__file__).parents[1] / "data" / "state" / "format_1.sql"
"""Written by the program of that time: a deletion, a group, and three messages not kept."""
ITS_TIME_MS = 1_795_668_177_000
WEEK_MS = 7 * 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = str(tmp_path / "state.db")
    with closing(sqlite3.connect(found)) as db:
        db.executescript(FORMAT_1.read_text(encoding="utf-8"))
    return found


def opened(path: str, now_ms: int = ITS_TIME_MS) -> EmbeddedTarget:
    return open_embedded(path, None, now_ms=lambda: now_ms, sleep=lambda _: None)


def form_of(path: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_known(target: EmbeddedTarget, number: str) -> bool:
    """Send what B may have sent before; tells whether the server says so."""
    outcome = target.perform(Send("B", "phone", "A", "typing", number, no_persist=True))
    (accepted,) = (event for event in outcome.events if isinstance(event, Accepted))
    return accepted.duplicate


def test_what_was_in_an_older_file_is_there(path: str) -> None:
    assert form_of(path) == 1
    file = open_state_file(path, None, default=REFERENCE)
    with closing(file), file.look() as state:
        logs = {key: log.all_remembered() for key, log in state.logs.items()}
        assert {key: log.last for key, log in state.logs.items()} == {"#team": 1, "A@B": 1}
        assert [record.deleted_to for _, record in state.all_records("A")] == [0, 1]
    assert logs == {
        "#team": [Unkept("C", "t3", 8, 1_795_668_176_186)],
        "A@B": [
            Unkept("B", "t1", 5, 1_795_668_175_243),
            Unkept("A", "t2", 6, 1_795_668_175_495),
        ],
    }
    assert form_of(path) == FORMAT


def test_numbers_of_an_older_file_are_recognised_as_long_as_its_program_would(path: str) -> None:
    with closing(opened(path)) as target:
        assert is_known(target, "t1")
        assert not is_known(target, "t9")
    with closing(opened(path, ITS_TIME_MS + WEEK_MS + 1_000)) as target:
        assert not is_known(target, "t1")


def test_an_older_file_that_is_damaged_stays_as_it_was(path: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE channels SET body = x'c1' WHERE name = 'A@B'")
        db.commit()
    before = Path(path).read_bytes()
    for _ in range(2):
        with pytest.raises(TargetUnavailable, match="damaged"):
            opened(path)
    assert Path(path).read_bytes() == before


def test_the_number_of_the_format_is_in_the_file_itself(path: str) -> None:
    """An older program reads the head of the file, and not the log beside it."""
    target = opened(path)
    assert Path(path).read_bytes()[60:64] == FORMAT.to_bytes(4, "big")
    target.close()
