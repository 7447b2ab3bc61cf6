"""Ctrl-C in the middle of a run: what had finished is in every report."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from imcli.cli.running.interrupts import SIGNALS, Interrupts
from imcli.cli.verbs import messages
from imcli.cli.verbs.desk import Desk
from imcli.model.actions import Send
from imcli.model.events import Accepted
from imcli.model.exit_status import ExitStatus
from imcli.scenario.events import CaseStarted, RunEvent, RunFinished
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
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


class Outcome(NamedTuple):
    """What a run said and wrote whose process was dealt with."""

    status: int
    out: str
    err: str
    events: list[dict[str, Any]]
    suites: ElementTree.Element


def with_signal_to_a_worker(cases: Path, number: signal.Signals, *options: str) -> Outcome:
    """Run all in two processes, and send a signal to one of them while both are at work."""
    command = [sys.executable, "-m", "imcli", "run-scenario", ".", "--jobs", "2", *options]
    command += ["--jsonl", "events", "--junit", "run.xml"]
    events = []
    with subprocess.Popen(
        command, cwd=cases, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        with open(cases / "events", encoding="utf-8") as lines:
            for line in lines:
                events.append(json.loads(line))
                if len(events) == 9:
                    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text()
                    os.kill(int(children.split()[0]), number)
        out, err = run.communicate(timeout=60)
    suites = ElementTree.parse(cases / "run.xml").getroot()
    return Outcome(run.returncode, out, err, events, suites)


has_proc = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the processes")


@has_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_of_which_somebody_ended_a_process_was_interrupted(
    cases: Path, number: signal.Signals
) -> None:
    ran = with_signal_to_a_worker(cases, number, "--repeat", "40")
    count = sum(event["type"] == "case-finished" for event in ran.events)
    assert (ran.status, ran.err) == (ExitStatus.INTERRUPTED, "")
    assert 4 <= count < 200
    assert (ran.events[-1]["exit_status"], ran.events[-1]["interrupted"]) == (130, True)
    assert ran.suites.get("tests") == str(count)
    assert ran.out.splitlines()[-1].startswith(f"interrupted: {count} passed")


@has_proc
def test_the_case_of_a_process_that_was_killed_is_unknown_and_all_others_are_run(
    cases: Path,
) -> None:
    ran = with_signal_to_a_worker(cases, signal.SIGKILL, "--repeat", "10")
    assert (ran.status, ran.err) == (ExitStatus.UNKNOWN, "")
    assert ran.events[-1]["counts"] == [["unknown", 1], ["passed", 199]]
    assert ran.events[-1]["exit_status"] == ExitStatus.UNKNOWN
    [unknown] = [e["case"] for e in ran.events if e.get("case", {}).get("result") == "unknown"]
    assert unknown["reason"].startswith("the process that ran it was killed by SIGKILL")
    assert (ran.suites.get("tests"), ran.suites.get("errors")) == ("200", "1")
    assert ran.out.splitlines()[-1].startswith("1 unknown, 199 passed")
    assert f"{unknown['case_id']}  the process that ran it was killed by SIGKILL" in ran.out


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_whose_terminal_closes_was_interrupted(cases: Path, jobs: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "imcli", "run-scenario", ".", "--jobs", jobs]
    with subprocess.Popen(
        [*command, "--repeat", "40", "--jsonl", "lines", "--junit", "run.xml"],
        cwd=cases,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as run:
        os.close(theirs)
        said = b""
        while said.count(b"passed") < 4:
            said += os.read(ours, 4096)
        os.close(ours)
        assert run.wait(60) == ExitStatus.INTERRUPTED
    events = [json.loads(line) for line in (cases / "lines").read_text().splitlines()]
    assert (events[-1]["type"], events[-1]["exit_status"]) == ("run-finished", 130)
    count = sum(event["type"] == "case-finished" for event in events)
    assert 4 <= count < 200
    assert ElementTree.parse(cases / "run.xml").getroot().get("tests") == str(count)


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_while_files_are_read_leaves_no_report_of_an_earlier_run(
    tmp_path: Path, number: signal.Signals
) -> None:
    os.mkfifo(tmp_path / "case.toml")
    (tmp_path / "run.xml").write_text("stale")
    command = [sys.executable, "-m", "imcli", "run-scenario", "case.toml"]
    command += ["--junit", "run.xml", "--jsonl", "lines"]
    with (
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as run,
        open(tmp_path / "case.toml", "w"),  # it is being read when this can be opened
    ):
        run.send_signal(number)
        _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (ExitStatus.INTERRUPTED, "interrupted\n")
    assert ElementTree.parse(tmp_path / "run.xml").getroot().get("tests") == "0"
    end = json.loads((tmp_path / "lines").read_text().splitlines()[-1])
    assert (end["exit_status"], end["interrupted"]) == (130, True)


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


def test_what_a_library_makes_of_an_interrupt_is_one() -> None:
    def played() -> Iterator[RunEvent]:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("lock released too many times") from None
        yield from EVENTS

    with Interrupts(breakable=True) as interrupts, pytest.raises(KeyboardInterrupt):
        next(interrupts.until_asked(played()))


def test_what_goes_wrong_in_playing_is_not_taken_for_an_interrupt() -> None:
    def played() -> Iterator[RunEvent]:
        yield from EVENTS
        raise ValueError("gone wrong")

    with Interrupts(breakable=True) as interrupts:
        events = interrupts.until_asked(played())
        assert [next(events) for _ in EVENTS] == EVENTS
        with pytest.raises(ValueError, match="gone wrong"):
            next(events)


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
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interrupts(breakable=True):
        assert all(signal.getsignal(number) not in before for number in SIGNALS)
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_who_goes_on_without_a_terminal_is_not_ended_with_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts(breakable=True) as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert not interrupts.asked()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_run_that_never_came_to_its_end_was_broken_off() -> None:
    with Interrupts(breakable=False) as interrupts:
        events = interrupts.until_asked(iter(EVENTS))
        assert [next(events) for _ in EVENTS] == EVENTS
        with pytest.raises(KeyboardInterrupt):
            next(events)


def test_another_thread_takes_no_interrupts() -> None:
    handlers = []

    def inside() -> None:
        with Interrupts(breakable=True):
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGINT)]


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
