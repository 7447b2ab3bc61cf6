"""What people get wrong who use imcli for the first time, and what they are told."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imcli.model.errors import InvalidInput
from imcli.model.exit_status import ExitStatus
from tests.cli.conftest import Run

HELD_UP = "waiting for another command that uses"


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """Listen and give every connection these bytes, whatever it asks; none: never answer."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        kept = []

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                kept.append(line)
                line.recv(65536)
                for answer in answers:
                    line.sendall(answer)
                if answers:
                    line.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in kept:
                line.close()


def http(body: bytes, status: int = 200) -> bytes:
    """Write an answer."""
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


# Variables that were never set


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["kick-device", "A", ""], "DEVICE is empty"),
        (["list-sessions", ""], "USER is empty"),
        (["list-conversations", "A", "--device", ""], "--device is empty"),
        (["send", "B", "A", "hi", "--number="], "--number is empty"),
        (["send", "B", "A", "--payload", ""], "--payload is empty"),
        (["dismiss-group", "#team", "--by", ""], "--by is empty"),
        (["run-scenario", ""], "PATH... is empty"),
        (["format-scenario", "a", ""], "PATH... is empty"),
        (["run-scenario", ".", "--junit", ""], "--junit is empty"),
        (["run-scenario", ".", "--tag", ""], "--tag is empty"),
        (["serve", "--script", ""], "--script is empty"),
    ],
)
def test_an_empty_value_does_not_mean_that_none_was_given(
    imcli: Run, argv: list[str], said: str
) -> None:
    ran = imcli(*argv)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_an_empty_text_is_a_message_like_others(imcli: Run) -> None:
    assert imcli("send", "B", "A", "").status == 0
    assert imcli("show-history", "A", "B", "--output", "json").json[0]["text"] == ""
    assert imcli("send", "B", "A", "", "--dry-run").out == 'B sends A ""\n'
    missing = imcli("send", "B", "A")
    assert missing.status == 2
    assert missing.err.startswith("error: TEXT is missing\nhint: quote a text that begins with #")


# Names


def test_a_device_of_another_kind_is_not_the_one_that_was_meant(imcli: Run) -> None:
    imcli("create-user", "A", "--device", "kiosk:web")
    assert imcli("list-conversations", "A", "--device", "kiosk:web").status == 0
    for argv in (
        ["send", "A", "B", "hi", "--device", "kiosk:pc"],
        ["list-conversations", "A", "--device", "kiosk:web:slave"],
        ["create-user", "A", "--device", "kiosk:app"],
    ):
        ran = imcli(*argv)
        assert (ran.status, ran.out) == (2, "")
        assert "it is kiosk:web:master" in ran.err
    assert "is no device" in imcli("send", "A", "B", "x", "--device", "kiosk:web:boss").err


def test_creating_a_user_again_says_what_was_there(imcli: Run) -> None:
    assert imcli("create-user", "A").out == "created A with phone\n"
    assert imcli("create-user", "A").out == "A has phone already\n"
    assert imcli("create-user", "A", "--device", "web").out == "added web to A\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["add-members", "#teem", "C"],
        ["remove-members", "#teem", "A"],
        ["remove-members", "#team", "alcie"],
        ["dismiss-group", "#teem"],
    ],
)
def test_a_mistyped_group_or_member_is_answered_with_the_nearest(
    imcli: Run, argv: list[str]
) -> None:
    imcli("create-group", "#team", "A", "alice")
    ran = imcli(*argv)
    assert (ran.status, ran.out) == (7, "")
    assert "did you mean" in ran.err


def test_what_a_profile_does_not_do_is_said_with_where_to_look(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    ran = imcli("delete-conversation", "A", "B", "--for-both")
    assert "imcli list-profiles" in ran.err
    assert "imcli list-profiles" not in imcli("create-group", "#t", "#x").err


def test_a_scenario_without_users_is_told_how_they_are_written(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text('title = "x"\nsteps = ["A sends B"]\n')
    ran = imcli("run-scenario", "first.toml")
    assert ran.status == 3
    assert 'unknown user `A`: the file has no users = ["A", …] yet' in ran.err


# Answers


def test_an_answer_is_printed_in_spite_of_quiet(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    assert imcli("explain-unread", "A", "B", "--quiet").out.startswith("A has 1 unread from B")


def test_a_count_that_does_not_come_about_is_noted(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    ran = imcli("mark-unread", "A", "B", "--count", "5")
    assert ran.out == "marked A's conversation with B as unread\n"
    assert ran.err.startswith("note: 5 unread was asked for, and the list says 1;")
    assert imcli("mark-unread", "A", "B", "--count", "1").err == ""


def test_the_reference_says_what_it_is(imcli: Run) -> None:
    rows = imcli("list-profiles", "--output", "json").json
    assert all(row["about"] for row in rows)


def test_a_history_that_is_cut_says_how_to_read_on(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--count", "3")
    ran = imcli("show-history", "A", "B", "--limit", "2")
    assert ran.err == "note: there are older messages: --before 2, or --limit\n"
    assert imcli("show-history", "A", "B", "--limit", "2", "--quiet").err == ""
    assert imcli("show-history", "A", "B", "--before", "2").err == ""
    assert imcli("show-history", "A", "B", "--limit", "3").err == ""


def test_options_without_a_command_are_told_that_one_is_missing(imcli: Run) -> None:
    for argv in (["--quiet"], ["--output", "json"], ["--output"]):
        ran = imcli(*argv)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("error: a command is missing\n")


# Files and folders


def test_a_state_file_in_which_nobody_is_may_be_the_wrong_one(imcli: Run, tmp_path: Path) -> None:
    ran = imcli("list-conversations", "A", "--state", "typo.db")
    assert ran.status == 2
    assert f"hint: nobody is in {tmp_path / 'typo.db'} yet: users are made by" in ran.err
    imcli("create-user", "somebody", "--state", "typo.db")
    assert "typo.db" not in imcli("list-conversations", "A", "--state", "typo.db").err


def test_a_full_disk_says_what_to_do_there(imcli: Run) -> None:
    from imcli.targets.sqlite_file import unavailable

    full = unavailable("s.db", sqlite3.OperationalError("database or disk is full"))
    assert full.hint == "make room there, or name a file elsewhere with --state"


def test_names_of_files_stay_as_they_are_in_messages(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "Plain").write_text("")
    ran = imcli("send", "B", "A", "hi", "--state", "Plain/s.db")
    assert ran.status == 4
    assert "/Plain/s.db cannot be made: " in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_folder_that_cannot_be_read_is_not_an_empty_one(imcli: Run, tmp_path: Path) -> None:
    inside = tmp_path / "all" / "locked"
    inside.mkdir(parents=True)
    inside.chmod(0)
    try:
        ran = imcli("run-scenario", "all")
    finally:
        inside.chmod(0o700)
    assert ran.status == 3
    assert f"{os.path.join('all', 'locked')} cannot be read" in ran.err


def test_a_report_that_is_a_folder_is_refused_before_the_run(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('title = "x"\nusers = ["A", "B"]\nsteps = ["A sends"]\n')
    ran = imcli("run-scenario", "a.toml", "--junit", ".")
    assert (ran.status, ran.out) == (2, "")
    assert ". cannot be written: it is a folder" in ran.err


def test_a_number_of_repeats_has_a_bound(imcli: Run) -> None:
    ran = imcli("run-scenario", ".", "--repeat", "99999999999")
    assert ran.status == 2
    assert "must be from 1 to 1000000" in ran.err


def test_whoever_waits_for_another_command_is_told_so(
    imcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imcli.targets import sqlite_file

    monkeypatch.setattr(sqlite_file, "PART_MS", 1)
    monkeypatch.setattr(sqlite_file, "QUIET_MS_MAX", 2)
    monkeypatch.setattr(sqlite_file, "BUSY_MS_MAX", 3)
    imcli("send", "B", "A", "hi", "--state", "s.db")
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        ran = imcli("send", "B", "A", "hi", "--state", "s.db")
        looked = imcli("list-conversations", "A", "--state", "s.db")
    finally:
        other.close()
    assert (ran.status, ran.out) == (4, "")
    assert ran.err.startswith(f"{HELD_UP} {tmp_path / 's.db'}\n")
    assert "another command has held it" in ran.err
    assert (looked.status, looked.err) == (0, "")


# Servers that are none


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (http(b""), "the answer is empty"),
        (http(b'{"a":'), "its JSON ends too early"),
        (http(b"{}")[:-1], "it closed the connection in the middle of its answer"),
        (http(b"boom", 500), "it answers 500 to /varz (boom)"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_with_whose_it_is(
    imcli: Run, answer: bytes, said: str
) -> None:
    with answering(answer) as url:
        ran = imcli("list-conversations", "A", "--target", url)
    assert (ran.status, ran.out) == (4, "")
    assert said in ran.err
    assert url in ran.err


def test_a_server_without_virtual_time_has_not_moved_it(imcli: Run) -> None:
    for body in (b"<html>hello</html>", b"null", b'{"data": {"now_ms": true}}'):
        with answering(http(body)) as url:
            ran = imcli("advance", "5m", "--target", url)
        assert (ran.status, ran.out) == (7, "")
        assert "has no time that could be moved" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_waiting_for_a_server_that_says_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        command = [sys.executable, "-m", "imcli", "try", "B sends A", "--target", url]
        run = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line, _ = door.accept()
        line.recv(1)  # it has asked, and waits for the answer
        run.send_signal(number)
        out, err = run.communicate()
        line.close()
    assert (run.returncode, out, err) == (ExitStatus.INTERRUPTED, "", "interrupted\n")


def test_watching_ends_when_its_reader_has_gone(imcli: Run, tmp_path: Path) -> None:
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "imcli"]
    subprocess.run([*command, "send", "B", "A", "hi"], env=env, check=True, capture_output=True)
    watch = subprocess.Popen(
        [*command, "list-conversations", "A", "--watch"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watch.stdout is not None
    assert watch.stderr is not None
    assert watch.stdout.readline().startswith("conversation")
    watch.stdout.close()
    assert watch.stderr.read() == ""
    assert watch.wait() == ExitStatus.INTERRUPTED
    watch.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_an_error_that_cannot_be_said_has_its_status_all_the_same() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run([sys.executable, "-m", "imcli", "nonsense"], stderr=full, check=False)
    assert ran.returncode == ExitStatus.USAGE


def test_a_file_that_nobody_may_look_for_is_not_taken_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from imcli.cli.text_files import is_there

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied", path)

    assert not is_there(os.path.join(__file__, "below a file"))
    monkeypatch.setattr(os, "lstat", refuse)
    with pytest.raises(InvalidInput, match=r"contexts\.toml cannot be read: Permission denied"):
        is_there("contexts.toml")


def test_a_folder_that_cannot_be_searched_is_named_as_it_was_written() -> None:
    from imcli.cli.running.finding import refuse

    error = PermissionError(13, "Permission denied", "/all/of/it/locked")
    with pytest.raises(InvalidInput, match=r"the folder it.locked cannot be read"):
        refuse("it", "/all/of/it", error)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_waits_for_another_can_be_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "imcli", "send", "B", "A", "hi", "--state", "s.db"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    send = subprocess.Popen(
        [*command, "--count", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert send.stderr is not None
    assert send.stderr.readline().startswith(HELD_UP)
    send.send_signal(number)
    out, err = send.communicate()
    other.close()
    assert (send.returncode, out) == (ExitStatus.INTERRUPTED, "")
    assert err == "0 of 2 messages were sent\ninterrupted\n"
