"""`serve` and `advance` as whole programs."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ANYWHERE = [w for o in ("--http", "--ws", "--tcp") for w in (o, "127.0.0.1:0")]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "imcli", *words]


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, **env}
    return subprocess.run(
        command(*words), capture_output=True, text=True, cwd=ROOT, env=surroundings, timeout=60
    )


@contextlib.contextmanager
def serving(*words: str, **env: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start a server and give it with its first line, read as JSON."""
    program = subprocess.Popen(
        command("serve", *ANYWHERE, "--events", "jsonl", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **env},
    )
    assert program.stdout is not None
    assert program.stderr is not None
    try:
        yield program, json.loads(program.stdout.readline())
    finally:
        program.kill()
        program.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_in_good_order(number: signal.Signals) -> None:
    with serving() as (program, ready):
        assert ready["event"] == "ready"
        assert ready["profile"] == "wukongim-2.2.5"
        for kind in ("http", "ws", "tcp"):
            host, _, port = ready[kind].rpartition("/")[2].rpartition(":")
            socket.create_connection((host, int(port))).close()
        program.send_signal(number)
        out, err = program.communicate(timeout=30)
        assert (program.returncode, err) == (0, "")
        for line in out.splitlines():
            assert json.loads(line)["event"]


def test_a_port_in_use_is_one_clear_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", *ANYWHERE, "--tcp", f"127.0.0.1:{port}")
    assert (result.returncode, result.stdout) == (4, "")
    assert "another program listens there" in result.stderr
    assert "--tcp HOST:PORT" in result.stderr
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize("open_to", ["0.0.0.0:0", "[::]:0"])
def test_without_a_manager_token_nobody_else_is_served(open_to: str) -> None:
    result = run("serve", *ANYWHERE, "--ws", open_to, IMCLI_TOKEN="")
    assert (result.returncode, result.stdout) == (2, "")
    assert "manager token" in result.stderr
    assert "IMCLI_TOKEN" in result.stderr


def test_with_a_manager_token_others_may_be_served_and_it_is_nowhere_told() -> None:
    with serving("--tcp", "0.0.0.0:0", IMCLI_TOKEN="very-secret") as (program, ready):
        program.terminate()
        out, err = program.communicate(timeout=30)
        assert "very-secret" not in json.dumps(ready) + out + err


@pytest.mark.parametrize("wrong", ["5100", "host:", "127.0.0.1:99999", "no such host:1"])
def test_an_address_that_is_none_is_one_message(wrong: str) -> None:
    result = run("serve", "--tcp", wrong)
    assert result.returncode == 2
    assert "--tcp" in result.stderr


def test_time_is_moved_from_the_shell() -> None:
    with serving("--virtual-time") as (_, ready):
        moved = run("advance", "5m", "--target", ready["http"])
        assert (moved.returncode, moved.stderr) == (0, "time moved by 5m\n")
        assert run("advance", "nonsense", "--target", ready["http"]).returncode == 2
        far = run("advance", "10000d", "--target", ready["http"])
        assert (far.returncode, "duration_ms is from 0 to" in far.stderr) == (7, True)
        assert "could be moved" not in far.stderr
        named = run("advance", "5m", IMCLI_TARGET=ready["http"])
        assert (named.returncode, named.stderr) == (0, "time moved by 5m\n")
    with serving() as (_, ready):
        refused = run("advance", "5m", "--target", ready["http"])
        assert refused.returncode == 7
        assert "--virtual-time" in refused.stderr
    gone = run("advance", "5m", "--target", ready["http"])
    assert gone.returncode == 4


# A state file


def ask(ready: dict[str, Any], path: str, body: object) -> Any:
    """Post to a server; gives the answer's JSON."""
    request = urllib.request.Request(ready["http"] + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def sends(ready: dict[str, Any], text: str) -> None:
    payload = base64.b64encode(text.encode()).decode()
    where = {"from_uid": "B", "channel_id": "A", "channel_type": 1, "payload": payload}
    assert ask(ready, "/message/send", where)["status"] == 200


def texts(ready: dict[str, Any]) -> list[str]:
    body = {"login_uid": "A", "channel_id": "B", "channel_type": 1, "limit": 100}
    found = ask(ready, "/channel/messagesync", body)["messages"]
    return [base64.b64decode(message["payload"]).decode() for message in found]


def test_what_a_killed_server_had_answered_is_there_when_it_comes_up_again(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "s.db"))
    said: list[str] = []
    for turn in range(4):
        with serving(*state, *(("--profile", "wukongim-2.1.5") if not turn else ())) as (_, ready):
            assert ready["profile"] == "wukongim-2.1.5"
            assert texts(ready) == said
            for number in range(5):
                sends(ready, f"{turn}.{number}")
                said.append(f"{turn}.{number}")


def test_a_state_whose_server_was_killed_is_told_of_and_one_that_was_stopped_is_not(
    tmp_path: Path,
) -> None:
    state = ("--state", str(tmp_path / "s.db"))
    for ending, told in ((signal.SIGKILL, False), (signal.SIGTERM, True), (signal.SIGTERM, False)):
        with serving(*state) as (server, ready):
            sends(ready, "hi")
            server.send_signal(ending)
            server.wait(30)
            assert server.stdout is not None
            assert ("comes up as after a crash" in server.stdout.read()) is told


def test_a_file_that_is_served_is_nobody_elses_meanwhile(tmp_path: Path) -> None:
    file = str(tmp_path / "s.db")
    with serving("--state", file) as (program, ready):
        sends(ready, "hi")
        for words in (("serve", *ANYWHERE), ("send", "A", "B", "hi"), ("reset-state", "--yes")):
            refused = run(*words, "--state", file)
            assert refused.returncode == 4
            assert refused.stdout == ""
            said = f"error: the state file {file} is in use by `imcli serve`\n"
            assert refused.stderr.startswith(said)
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0
    listed = run("list-conversations", "A", "--state", file, "--output", "json")
    assert listed.returncode == 0
    assert [each["conversation"] for each in json.loads(listed.stdout)] == ["B"]
    told = run("show-history", "A", "B", "--state", file)
    assert told.stdout.split()[-4:] == ["1", "B", "hi", "content"]
    raw = json.loads(run("show-history", "A", "B", "--state", file, "--output", "json").stdout)
    assert raw[0]["payload"] == {"base64": "aGk="}


def test_a_state_file_of_another_profile_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "s.db")
    with serving("--state", file, "--profile", "reference") as (_, ready):
        assert ready["profile"] == "reference"
    refused = run("serve", *ANYWHERE, "--state", file, "--profile", "two-way")
    assert refused.returncode == 2
    assert "was made with the profile reference, not two-way" in refused.stderr


def test_virtual_time_is_kept(tmp_path: Path) -> None:
    words = ("--state", str(tmp_path / "s.db"), "--virtual-time")
    with serving(*words) as (_, ready):
        moved = ask(ready, "/imcli/advance", {"duration_ms": 86_400_000})["data"]["now_ms"]
    with serving(*words) as (_, ready):
        assert ask(ready, "/imcli/advance", {"duration_ms": 0})["data"]["now_ms"] >= moved


# Scripts and webhooks


def test_a_script_is_played_and_said(tmp_path: Path) -> None:
    script = tmp_path / "faults.txt"
    script.write_text("after 1m: server restarts\n", encoding="utf-8")
    with serving("--script", str(script), "--virtual-time") as (program, ready):
        ask(ready, "/imcli/advance", {"duration_ms": 60_000})
        assert program.stdout is not None
        said = [json.loads(program.stdout.readline()) for _ in range(3)]
        assert [note.get("what") for note in said] == [
            "the server stopped and is up again",
            "script, line 1: server restarts",
            "time was moved by 60000 ms",
        ]


def test_a_script_that_is_none_is_refused_before_anybody_is_served(tmp_path: Path) -> None:
    script = tmp_path / "faults.txt"
    script.write_text("after 5s: server explodes\n", encoding="utf-8")
    refused = run("serve", *ANYWHERE, "--script", str(script))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"{script}:1:18  `explodes` does not fit here" in refused.stderr
    missing = run("serve", *ANYWHERE, "--script", str(tmp_path / "nothing"))
    assert missing.returncode == 2
    assert missing.stderr.startswith(f"error: the script {tmp_path / 'nothing'} cannot be read")
    script.write_bytes(b"\xff\xfe")
    assert "is no text in UTF-8" in run("serve", *ANYWHERE, "--script", str(script)).stderr


def test_an_address_that_is_none_is_no_webhook() -> None:
    refused = run("serve", *ANYWHERE, "--webhook", "nowhere")
    assert refused.returncode == 2
    assert "--webhook 'nowhere' is no address" in refused.stderr
