"""Ctrl-C in the middle of a run: what had finished is in every report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from imcli.cli.running import pool
from imcli.cli.running.interrupts import Interrupts
from imcli.cli.verbs import messages
from imcli.cli.verbs.desk import Desk
from imcli.model.actions import Send
from imcli.model.events import Accepted
from imcli.model.exit_status import ExitStatus
from imcli.scenario.events import CaseStarted, RunEvent, RunFinished
from imcli.scenario.running.run import Options
from tests.cli.conftest import Run

QUICK = """title = "Quick"
users = ["A", "B"]
steps = ["B sends", "assert A sees B"]
"""
EVENTS = [CaseStarted(f"case {n}", "", "sim") for n in range(3)]
END = RunFinished((), 0)


def interrupted(interrupts: Interrupts, events: Iterator[RunEvent]) -> Iterator[RunEvent]:
    """Interrupt the program whenever an event has come, and pass the event on after that."""
    for event in interrupts.until_asked(events):
        signal.raise_signal(signal.SIGINT)
        yield event


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Cases enough for a run that is still under way when it is interrupted."""
    for n in range(200):
        (tmp_path / f"case{n:03}.toml").write_text(QUICK)
    os.mkfifo(tmp_path / "events")
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_had_finished_is_in_every_report_of_an_interrupted_run(
    cases: Path, jobs: str, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "imcli", "run-scenario", ".", "--jobs", jobs]
    command += ["--repeat", "40", "--jsonl", "events", "--junit", "run.xml"]
    run = subprocess.Popen(
        command, cwd=cases, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    events = []
    with open(cases / "events", encoding="utf-8") as lines:
        for line in lines:
            events.append(json.loads(line))
            if len(events) == 9:
                run.send_signal(number)
    out, err = run.communicate()
    assert (run.returncode, err) == (ExitStatus.INTERRUPTED, "")
    count = Counter(event["type"] for event in events)
    assert 4 <= count["case-finished"] < 200
    assert events[-1]["type"] == "run-finished"
    assert events[-1]["interrupted"] is True
    suites = ElementTree.parse(cases / "run.xml").getroot()
    assert suites.get("tests") == str(count["case-finished"])
    assert out.splitlines()[-1].startswith(f"interrupted: {count['case-finished']} passed")


def test_an_interrupt_while_an_event_is_handed_on_waits_for_that() -> None:
    with Interrupts(breakable=True) as interrupts:
        events = interrupted(interrupts, iter(EVENTS))
        assert next(events) == EVENTS[0]
        with pytest.raises(KeyboardInterrupt):
            next(events)


def test_an_interrupt_breaks_off_what_is_played() -> None:
    def played() -> Iterator[RunEvent]:
        signal.raise_signal(signal.SIGINT)
        yield from EVENTS

    with Interrupts(breakable=True) as interrupts, pytest.raises(KeyboardInterrupt):
        next(interrupts.until_asked(played()))


def test_who_asks_from_time_to_time_is_not_broken_off() -> None:
    def played() -> Iterator[RunEvent]:
        for event in EVENTS:
            if not interrupts.asked():
                signal.raise_signal(signal.SIGINT)
            yield event

    with Interrupts(breakable=False) as interrupts:
        events = interrupts.until_asked(played())
        assert [next(events) for _ in EVENTS] == EVENTS
        assert interrupts.asked()
        with pytest.raises(KeyboardInterrupt):
            next(events)


def test_a_second_interrupt_ends_at_once() -> None:
    with Interrupts(breakable=False):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_run_that_ended_is_not_interrupted_any_more() -> None:
    with Interrupts(breakable=True) as interrupts:
        assert list(interrupted(interrupts, iter([END]))) == [END]


def test_afterwards_everything_is_as_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts(breakable=True):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_takes_no_interrupts() -> None:
    handlers = []

    def inside() -> None:
        with Interrupts(breakable=True):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


def test_a_worker_that_was_told_to_end_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.Worker, "stopped", False)
    pool.end_work(signal.SIGINT, None)
    assert pool.work_until_stopped((), ("sim",), pool.MakeTarget(), Options()) == []
    assert pool.Worker.stopped


def test_a_worker_breaks_off_what_it_does_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.Worker, "stopped", False)
    monkeypatch.setattr(pool.Worker, "working", True)
    with pytest.raises(KeyboardInterrupt):
        pool.end_work(signal.SIGINT, None)
    pool.end_work(signal.SIGINT, None)
    assert not pool.Worker.working


def test_an_interrupt_while_the_program_is_loaded_is_no_traceback() -> None:
    code = (
        "import sys, builtins\n"
        "plain = builtins.__import__\n"
        "def interrupted(name, *rest, **more):\n"
        "    if name == 'typer': raise KeyboardInterrupt\n"
        "    return plain(name, *rest, **more)\n"
        "builtins.__import__ = interrupted\n"
        "sys.argv = ['imcli', 'list-groups']\n"
        "from imcli.__main__ import run\n"
        "sys.exit(run())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "interrupted\n")


def test_an_interrupt_among_many_sends_says_how_many_were_sent(
    imcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = messages.send_one
    left = iter((True, True, False))

    def interrupted(desk: Desk, plain: Send, device: str) -> Accepted:
        if not next(left):
            raise KeyboardInterrupt
        return sent(desk, plain, device)

    monkeypatch.setattr(messages, "send_one", interrupted)
    ran = imcli("send", "B", "A", "hi", "--count", "9")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "2 of 9 messages were sent\ninterrupted\n"
