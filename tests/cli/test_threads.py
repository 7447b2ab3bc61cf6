"""`--jobs` on a real server: threads that share what was opened, and end when they are told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from imcli.cli.running.threads import Openers, open_threads, opened
from imcli.model.errors import TargetUnavailable
from imcli.model.exit_status import ExitStatus
from imcli.targets.base import Cast, Identity, Target
from tests.targets.served import served


class Opener:
    """Opens nothing; its waits end when somebody says so."""

    identity = Identity("http://x", "live", "wukongim")
    capabilities = frozenset[str]()

    def __init__(self) -> None:
        self.over = threading.Event()
        self.closed = False

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        raise NotImplementedError

    def interrupt(self) -> None:
        self.over.set()

    def close(self) -> None:
        self.closed = True


def test_every_target_is_opened_once_and_closed_at_the_end() -> None:
    made: list[Opener] = []

    def make(name: str) -> Opener:
        made.append(Opener())
        return made[-1]

    with opened(["one", "two"], make) as openers:  # type: ignore[arg-type]
        assert list(map(id, (openers("one"), openers("two")))) == list(map(id, made))
        assert [each.closed for each in made] == [False, False]
    assert [each.closed for each in made] == [True, True]


def test_one_that_cannot_be_reached_opens_nothing_and_none_at_all_is_no_run() -> None:
    def make(name: str) -> Opener:
        if name == "there":
            return Opener()
        raise TargetUnavailable(f"{name} is down", hint="start it")

    with opened(["there", "away"], make) as openers:  # type: ignore[arg-type]
        with pytest.raises(TargetUnavailable, match="away is down") as caught:
            openers("away")(Cast(()))
        assert caught.value.hint == "start it"
    with pytest.raises(TargetUnavailable, match="away is down"), opened(["away", "gone"], make):  # type: ignore[arg-type]
        pass


def test_an_interrupt_ends_the_waits_of_all_who_work() -> None:
    opener = Opener()
    openers = Openers({"x": opener})  # type: ignore[dict-item]

    begun = threading.Barrier(3)

    def waits(number: int) -> bool:
        begun.wait(60)
        return opener.over.wait()

    def interrupted() -> None:
        with open_threads(2, 2, waits, openers):
            begun.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert opener.over.is_set()


def test_who_wants_no_more_answers_waits_for_none() -> None:
    opener = Opener()
    openers = Openers({"x": opener})  # type: ignore[dict-item]
    begun = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            begun.set()
            opener.over.wait()
        return number

    with open_threads(1, 2, work, openers) as threads:
        assert next(threads.answers()) == 0
        begun.wait(60)
    assert opener.over.is_set()


def test_answers_come_in_order_and_what_was_broken_off_is_nothing() -> None:
    opener = Opener()
    openers = Openers({"x": opener})  # type: ignore[dict-item]
    second = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            second.set()
        else:
            second.wait(60)
        if number > 1:
            opener.over.wait()
            raise KeyboardInterrupt
        return number

    done: list[int | None] = []
    with open_threads(2, 4, work, openers) as threads:
        for answer in threads.answers(lambda: len(done) == 2):
            done.append(answer)
    assert done == [0, 1, None, None]


def test_who_begins_after_an_interrupt_does_nothing() -> None:
    openers = Openers({"x": Opener()})  # type: ignore[dict-item]
    openers.stop()
    with open_threads(1, 1, lambda number: number, openers) as threads:
        assert list(threads.answers()) == [None]


WAITS = """title = "Waits"
users = ["A", "B"]
timing = { limit = "50m" }
steps = ["B sends", "wait 40m"]
"""
QUICK = """title = "Quick"
users = ["A", "B"]
steps = ["B sends as m1", "assert A received m1"]
"""


def test_an_interrupt_ends_a_run_on_a_real_server_and_keeps_what_had_finished(
    tmp_path: Path,
) -> None:
    for number in range(4):
        (tmp_path / f"a{number}.toml").write_text(QUICK)
        (tmp_path / f"b{number}.toml").write_text(WAITS)
    os.mkfifo(tmp_path / "events")
    with served() as server:
        command = [sys.executable, "-m", "imcli", "run-scenario", ".", "--jobs", "4"]
        command += ["--target", server.url, "--jsonl", "events"]
        run = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        events = []
        with open(tmp_path / "events", encoding="utf-8") as lines:
            for line in lines:
                events.append(json.loads(line)["type"])
                if events[-1] == "case-finished" and events.count("case-finished") == 4:
                    run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (ExitStatus.INTERRUPTED, "")
    assert (events.count("case-finished"), events[-1]) == (4, "run-finished")
    assert out.splitlines()[-1].startswith("interrupted: 4 passed")
