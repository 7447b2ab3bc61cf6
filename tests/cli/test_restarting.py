"""`server restarts` and `server crashes` on a live server: the commands of its context."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imcli.cli.contexts import TRANSPORTS
from imcli.cli.running import restarting
from imcli.cli.running.restarting import ShellCommand
from imcli.cli.tokens import Secret
from imcli.model.errors import TargetUnavailable
from imcli.targets.clocks import monotonic_ms
from imcli.targets.live import readiness
from imcli.targets.live.door import MANNERS
from imcli.targets.live.http import HttpClient
from imcli.targets.live.readiness import await_ready, not_ready
from tests.cli.conftest import Run
from tests.targets.fake_wukongim import FakeWuKongIM
from tests.targets.served import served

FILE = """
title = "A restart is not seen"
users = ["A", "B"]
steps = '''
backend sends A "hi" from B as m1
assert A sees B with last m1
server flushes
server restarts
assert A sees B with last m1
server crashes
assert A sees B with last m1
'''
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "WRITES_MS", 0)
    monkeypatch.setattr(readiness, "PAUSE_MS", 0)


def test_the_context_s_commands_are_run_and_the_server_is_awaited(
    imcli: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(FILE)
    told = tmp_path / "told"
    with served("wukongim-2.2.5") as server:
        commands = ("--restart", f"echo restart >> {told}", "--crash", f"echo crash >> {told}")
        assert imcli("add-context", "a", server.url, *commands).status == 0
        ran = imcli("run-scenario", "a.toml", "--target", "a", "--jsonl", "x")
        without = imcli("run-scenario", "a.toml", "--target", server.url)
    assert ran.status == 0, ran.out
    assert told.read_text() == "restart\ncrash\n"
    events = [json.loads(line) for line in (tmp_path / "x").read_text().splitlines()]
    assert [e["case"]["result"] for e in events if e["type"] == "case-finished"] == ["passed"]
    assert without.status == 5
    assert 'needs "restart"' in without.out


def test_a_command_that_fails_is_named_with_its_last_words(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(FILE)
    with served("wukongim-2.2.5") as server:
        failing = "echo no such unit >&2; exit 3"
        imcli("add-context", "a", server.url, "--restart", failing, "--crash", "true")
        ran = imcli("run-scenario", "a.toml", "--target", "a")
    assert ran.status == 4
    assert "the command of a ended with status 3" in ran.out


def command(line: str, url: str = "http://127.0.0.1:1") -> ShellCommand:
    return ShellCommand(line, "a", url, Secret("hunter2hunter2"))


def test_the_token_is_not_in_what_a_command_said() -> None:
    with pytest.raises(TargetUnavailable) as caught:
        command("echo first; echo bad token hunter2hunter2; exit 1")()
    assert caught.value.hint == "bad token ***"


def test_a_command_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarting, "COMMAND_SECONDS", 0.05)
    with pytest.raises(TargetUnavailable, match="took longer than"):
        command("sleep 60")()


def test_a_server_that_does_not_come_back_is_told_with_the_reason() -> None:
    client = HttpClient("http://127.0.0.1:1", clock=iter(range(10**6)).__next__)
    with pytest.raises(TargetUnavailable, match="did not come back within 0 s: cannot connect"):
        await_ready(client, "a", clock=monotonic_ms, sleep=lambda _: None, within_ms=0)


def test_it_is_ready_when_each_slot_has_a_leader() -> None:
    with FakeWuKongIM() as server:
        client = HttpClient(server.url, clock=monotonic_ms)
        assert not_ready(client, "a") == ""
        server.world.leader = 0
        assert not_ready(client, "a") == "1 of 1 slots have no leader"
        server.misbehave["/cluster/allslot"] = lambda _: (404, b"404 page not found")
        assert not_ready(client, "a") == ""
        server.misbehave["/health"] = lambda _: (500, b"no slots")
        assert "not ready" in not_ready(client, "a")
        client.close()


def test_the_transports_of_contexts_are_those_that_are_spoken() -> None:
    assert set(TRANSPORTS) == set(MANNERS) - {""}
