"""Command lines that make no sense, and worlds in which nothing works: one message, one status."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imcli.cli.app import main
from imcli.cli.commands import COMMANDS
from imcli.cli.world import World
from imcli.model.exit_status import ExitStatus
from tests.cli.conftest import Run, stream

QUICK = """title = "Quick"
users = ["A", "B"]
steps = ["B sends", "assert A sees B"]
"""
LASTING = ("demo", "conform", "serve")
"""What takes long, or goes on until it is told to end, when its words happen to make sense."""
WORDS = [
    *(command.name for command in COMMANDS if command.name not in LASTING),
    *("A", "B", "#team", "hi", "", "-1", "0", "1e9", "--", "-", "nothing.toml", "sim", "sim:x"),
    *("--help", "--output", "json", "plain", "--yes", "--dry-run", "--quiet", "--state", "--wait"),
    *("--target", "embedded", "--profile", "two-way", "--count", "--up-to", "--device", "phone"),
    *("--payload", '{"a":1}', "[1e999]", "\x1b[31m", "\u202e\u200b", "[/bold]", "你好", "\0"),
]
STATUSES = {int(status) for status in ExitStatus} - {ExitStatus.DEFECT, ExitStatus.INTERRUPTED}


def run_closed(folder: Path, redirection: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command line with a stream that was closed before it began."""
    command = " ".join([shlex.join([sys.executable, "-m", "imcli", *argv]), redirection])
    env = {**os.environ, "XDG_STATE_HOME": str(folder)}
    return subprocess.run(command, shell=True, env=env, capture_output=True, text=True, check=False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=7))
def test_any_words_give_one_message_and_a_status(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    folder = str(tmp_path_factory.getbasetemp() / "random")
    out, err = stream(), stream()
    world = World(
        tuple(words),
        {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder, "TERM": "dumb"},
        StringIO(),
        out,
        err,
        str(tmp_path_factory.mktemp("cwd")),
        lambda: 0.0,
        lambda: 0.0,
        80,
        1,
        lambda: "token",
    )
    assert main(world) in STATUSES
    assert "Traceback" not in err.getvalue()
    assert "\x1b" not in out.getvalue() + err.getvalue()
    assert "\u202e" not in out.getvalue() + err.getvalue()


@pytest.mark.parametrize(
    ("redirection", "status"), [(">&-", 0), ("2>&-", 0), ("<&-", 0), (">&- 2>&- <&-", 0)]
)
def test_a_stream_that_is_closed_from_the_start_is_none_of_our_trouble(
    tmp_path: Path, redirection: str, status: int
) -> None:
    assert run_closed(tmp_path, redirection, "send", "A", "B", "hi").returncode == status
    assert run_closed(tmp_path, "", "list-conversations", "B").returncode == 0


def test_a_refusal_keeps_its_status_without_a_stream_to_say_it(tmp_path: Path) -> None:
    assert run_closed(tmp_path, "2>&-", "send", "A", "#none", "hi").returncode == 7
    assert run_closed(tmp_path, "2>&-", "nonsense").returncode == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [("--jsonl", "--junit"), ("--junit", "--report-issue"), ("--jsonl", "--report-issue")],
)
def test_two_reports_in_one_file_are_refused(
    imcli: Run, tmp_path: Path, first: str, second: str
) -> None:
    (tmp_path / "case.toml").write_text(QUICK)
    (tmp_path / "kept").write_text("before")
    ran = imcli("run-scenario", "case.toml", first, "kept", second, "./kept")
    assert (ran.status, ran.out) == (2, "")
    assert "is named for two reports" in ran.err
    assert (tmp_path / "kept").read_text() == "before"


def test_a_number_that_is_none_is_said_in_words(imcli: Run) -> None:
    assert "'x' is not a whole number" in imcli("send", "A", "B", "hi", "--count", "x").err


def test_only_who_takes_a_text_is_told_to_quote_it(imcli: Run) -> None:
    assert "is quoted" in imcli("send", "A", "B", "hi", "there").err
    assert "is quoted" not in imcli("create-user", "A", "phone").err


def test_a_link_that_leads_nowhere_is_told_from_a_typing_mistake(
    imcli: Run, tmp_path: Path
) -> None:
    os.symlink("loop.toml", tmp_path / "loop.toml")
    ran = imcli("run-scenario", "loop.toml")
    assert (ran.status, ran.out) == (5, "")
    assert "is a link that leads to no file" in ran.err


def test_a_configuration_that_is_no_text_is_said_in_words(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_bytes(b"\xff\xfe")
    ran = imcli("list-conversations", "A")
    assert ran.status == 3
    assert "imcli.toml:1: not UTF-8 text (byte 0)" in ran.err
