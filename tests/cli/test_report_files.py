"""The files of a run that is broken off, or cannot begin, or for which there is no room."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from imcli.model.exit_status import ExitStatus
from tests.cli.conftest import Run

GOOD = """title = "Good"
users = ["A", "B"]
steps = ["B sends", "assert A sees B"]
"""
BAD = """title = "Bad"
users = ["A", "B"]
steps = ["B sends", "assert A does not see B"]
"""
FILES = ("--jsonl", "run.jsonl", "--junit", "run.xml", "--report-issue", "issue.md")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Two cases, and the reports of an earlier run."""
    (tmp_path / "bad.toml").write_text(BAD)
    (tmp_path / "good.toml").write_text(GOOD)
    for name in FILES[1::2]:
        (tmp_path / name).write_text("stale\n" * 100)
    return tmp_path


def lines(there: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (there / "run.jsonl").read_text().splitlines()]


def suites(there: Path) -> ElementTree.Element:
    return ElementTree.parse(there / "run.xml").getroot()


def program(there: Path, *argv: str, bytes_max: int = 0, **options: Any) -> tuple[int, str, str]:
    """Run the program by itself; no file may grow longer than `bytes_max`, as on a full disk."""

    def limited() -> None:
        if bytes_max:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))

    run = subprocess.run(
        [sys.executable, "-B", "-m", "imcli", *argv],
        cwd=there,
        text=True,
        stderr=subprocess.PIPE,
        preexec_fn=limited,
        check=False,
        timeout=60,
        **{"stdout": subprocess.PIPE, **options},
    )
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_files_are_whole_where_nobody_reads_what_is_printed(
    there: Path, unbuffered: str, jobs: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    status, _, err = program(
        there,
        *("run-scenario", ".", "--jobs", jobs, *FILES),
        stdout=writer,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writer)
    assert (status, err) == (ExitStatus.INTERRUPTED, "")
    end = lines(there)[-1]
    assert (end["type"], end["exit_status"], end["interrupted"]) == ("run-finished", 130, True)
    count = sum(event["type"] == "case-finished" for event in lines(there))
    assert count == (1 if unbuffered else 2)
    assert suites(there).get("tests") == str(count)
    assert "## Bad" in (there / "issue.md").read_text()


def test_where_there_is_no_room_for_what_is_printed_the_files_say_how_it_ended(
    there: Path,
) -> None:
    with open("/dev/full", "w") as full:
        status, _, err = program(there, "run-scenario", ".", *FILES, stdout=full)
    assert (status, err.count("\n")) == (ExitStatus.UNKNOWN, 1)
    assert lines(there)[-1]["exit_status"] == ExitStatus.UNKNOWN


@pytest.mark.parametrize("option", FILES[::2])
@pytest.mark.parametrize(("case", "status"), [("good.toml", 4), ("bad.toml", 1)])
def test_a_report_without_room_is_named_and_the_run_goes_on(
    imcli: Run, there: Path, option: str, case: str, status: int
) -> None:
    ran = imcli("run-scenario", case, option, "/dev/full")
    assert ran.status == status
    assert ran.err == "error: /dev/full cannot be written: No space left on device\n"
    assert ("failed on sim" in ran.out) == (status == 1)


def test_one_report_without_room_leaves_the_others_whole(imcli: Run, there: Path) -> None:
    ran = imcli("run-scenario", "good.toml", "--junit", "/dev/full", "--jsonl", "run.jsonl")
    assert ran.status == ExitStatus.UNKNOWN
    end = lines(there)[-1]
    assert (end["counts"], end["exit_status"]) == ([["passed", 1]], ExitStatus.UNKNOWN)
    assert end["reason"] == "/dev/full cannot be written: No space left on device"


def test_a_disk_that_gets_full_leaves_whole_lines_and_a_document_that_promises_nothing(
    there: Path,
) -> None:
    status, out, err = program(there, "run-scenario", ".", *FILES[:4], bytes_max=1000)
    assert status == ExitStatus.FAILED
    assert err == (
        "error: run.jsonl cannot be written: File too large\n"
        "error: run.xml cannot be written: File too large\n"
    )
    assert out.splitlines()[-1].startswith("1 failed, 1 passed")
    assert [event["type"] for event in lines(there)][:2] == ["run-started", "case-started"]
    error = suites(there).find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == "the run was not over when this was written"


def test_without_any_room_what_an_earlier_run_left_is_gone(there: Path) -> None:
    status, _, err = program(there, "run-scenario", "good.toml", *FILES, bytes_max=20)
    assert (status, err.count("\n")) == (ExitStatus.UNKNOWN, 3)
    assert (there / "run.jsonl").read_text() == ""
    assert not (there / "run.xml").exists()
    assert not (there / "issue.md").exists()


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (["good.toml", "--target", "http://127.0.0.1:1"], 4, "127.0.0.1:1"),
        (["broken.toml"], 3, "broken.toml:1:1"),
        (["good.toml", "--tag", "nonsense"], 5, "was not selected"),
        (["gone"], 5, "there is no file or folder 'gone'"),
        (["good.toml", "--target", "sim:refrence"], 3, "refrence"),
    ],
)
def test_a_run_that_cannot_begin_says_so_in_its_files(
    imcli: Run, there: Path, argv: list[str], status: int, said: str
) -> None:
    (there / "broken.toml").write_text("= 1")
    ran = imcli("run-scenario", *argv, *FILES)
    assert (ran.status, ran.out) == (status, "")
    started, ended = lines(there)
    assert (started["type"], started["cases"], started["targets"]) == ("run-started", 0, [])
    assert (ended["type"], ended["exit_status"]) == ("run-finished", status)
    assert said in ended["reason"]
    assert (suites(there).get("tests"), suites(there).get("errors")) == ("1", "1")
    error = suites(there).find("testsuite/testcase/error")
    assert error is not None
    assert said in (error.text or "")
    issue = (there / "issue.md").read_text()
    assert issue.startswith("Nothing to report: ")
    assert "passed" not in issue


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_server_that_is_down_does_not_keep_the_others_from_being_tried(
    imcli: Run, there: Path, jobs: str
) -> None:
    down = "http://127.0.0.1:1"
    argv = ["good.toml", "bad.toml", "--target", "sim", "--target", down, "--jobs", jobs]
    ran = imcli("run-scenario", *argv, *FILES)
    assert (ran.status, ran.err) == (1, "")
    assert ran.lines[1].split() == ["passed", "error", "good.toml"]
    assert ran.lines[2].split() == ["failed", "error", "bad.toml"]
    assert f"1 more in error on {down}: cannot connect to {down}" in ran.out
    assert lines(there)[-1]["counts"] == [["failed", 1], ["error", 2], ["passed", 1]]
    assert imcli("run-scenario", *argv, "--only", "good.toml").status == ExitStatus.UNKNOWN


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_whose_name_is_no_text_is_reported_like_any_other(
    imcli: Run, there: Path, jobs: str
) -> None:
    os.rename(there / "bad.toml", os.fsencode(there) + b"/b\xff.toml")
    ran = imcli("run-scenario", ".", "--jobs", jobs, *FILES)
    assert (ran.status, ran.err) == (1, "")
    [path] = [e["case"]["path"] for e in lines(there) if e.get("case", {}).get("title") == "Bad"]
    assert path == "b\\udcff.toml"
    assert suites(there).get("tests") == "2"


def test_wrong_usage_touches_no_file(imcli: Run, there: Path) -> None:
    assert imcli("run-scenario", "good.toml", "--repeat", "0", *FILES).status == 2
    assert {(there / name).read_text() for name in FILES[1::2]} == {"stale\n" * 100}


def test_a_run_that_is_under_way_is_not_taken_for_one_that_passed(
    imcli: Run, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def looked(*args: object, **options: object) -> None:
        seen.append((suites(there).get("errors"), (there / "issue.md").read_text()))
        raise KeyboardInterrupt

    monkeypatch.setattr("imcli.scenario.running.suite.run", looked)
    assert imcli("run-scenario", "good.toml", *FILES).status == 130
    assert seen == [("1", "Nothing to report: the run was not over when this was written.\n")]
