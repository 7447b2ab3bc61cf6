"""What was reported as done is there, whatever was killed meanwhile and whoever else was writing.

The writer is a process of its own that sends without end and says each number once its outcome is
reported. It is killed at a random moment and started again on the same file, over and over; in the
end everything that it ever said must be there, once, in order.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from imcli.model.actions import AddDevice, Connect, CreateUser
from imcli.model.questions import History, HistoryView, ListView, Seen
from imcli.targets.embedded import EmbeddedTarget, open_embedded
from tests.targets.killing import Spawner

WRITER = """
import sys
from imcli.model.actions import Delete, Send
from imcli.targets.embedded import open_embedded
path, user, peer, start, count = sys.argv[1:4] + [int(n) for n in sys.argv[4:6]]
reports = open(1, "wb", buffering=0, closefd=False)
# One process for a whole series of starts: each child is a fresh writer, killed from outside.
target = open_embedded(path)
reports.write(b"ready\\n")
for number in range(start, start + count):
    text = f"{user}{number}"
    outcome = target.perform(Send(user, "phone", peer, text + "." * (number % 7 * 300), text))
    assert outcome.result == "ok", outcome
    reports.write(f"{text}\\n".encode())
target.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "state.db")
    with closing(open_embedded(path)) as target:
        for user in ("A", *(f"U{n}" for n in range(8))):
            for action in (CreateUser(user), AddDevice(user, "phone"), Connect(user, "phone")):
                target.perform(action)
    return path


def stored(target: EmbeddedTarget, peer: str) -> list[str]:
    view = target.observe(History("A", "phone", peer))
    assert isinstance(view, HistoryView)
    return [message.client_msg_no for message in view.messages]


def survive(path: str, kills: int, seed: int) -> None:
    """Kill a writer so many times; what it reported must be there, and no more than one besides."""
    chance = random.Random(seed)
    reported: list[str] = []
    number = 0
    with Spawner(WRITER) as spawner:
        for start in range(kills):
            arguments = (path, "U0", "A", number, 1_000_000)
            said = spawner.run_and_kill(arguments, chance.uniform(0, 25), start % 2)
            reported += said
            with closing(open_embedded(path)) as target:
                there = stored(target, "U0")
            known = set(there)
            assert [text for text in said if text not in known] == []
            number = int(there[-1].removeprefix("U0")) + 1 if there else 0
    assert there == [f"U0{n}" for n in range(number)]
    # At each kill at most one was done and not yet reported.
    assert len(there) - len(reported) in range(kills + 1)
    assert reported, "a test in which nothing was reported shows nothing"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_reported_is_lost_when_the_writer_is_killed_20_times(path: str) -> None:
    survive(path, kills=20, seed=1)


@pytest.mark.slow
def test_nothing_reported_is_lost_when_the_writer_is_killed_250_times(path: str) -> None:
    survive(path, kills=250, seed=2)


def test_eight_processes_at_once_lose_and_double_nothing(path: str) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, f"U{n}", "A", "0", "50"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(8)
    ]
    said = [writer.communicate()[0].split()[1:] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8
    with closing(open_embedded(path)) as target:
        for n, reported in enumerate(said):
            expected = [f"U{n}{number}" for number in range(50)]
            assert reported == expected
            assert stored(target, f"U{n}") == expected
        view = target.observe(Seen("A", "phone"))
        assert isinstance(view, ListView)
        assert view.total_unread == 400


def test_eight_processes_at_once_make_one_file(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from imcli.model.actions import CreateUser\n"
        "from imcli.targets.embedded import open_embedded\n"
        "target = open_embedded(sys.argv[1])\n"
        "print(target.perform(CreateUser(sys.argv[2])).result)\n"
    )
    path = str(tmp_path / "new" / "state.db")
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", script, path, f"U{n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(8)
    ]
    assert [maker.communicate()[0] for maker in makers] == ["ok\n"] * 8
    with closing(open_embedded(path)) as target:
        assert target.users() == tuple(f"U{n}" for n in range(8))
