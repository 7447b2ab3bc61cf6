"""The verbs and scenarios against a server that answers over HTTP: one engine, two worlds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.targets.fake_wukongim import FakeWuKongIM


@pytest.fixture
def server() -> Iterator[FakeWuKongIM]:
    with FakeWuKongIM() as running:
        yield running


def test_the_verbs_speak_to_a_live_server_as_its_back_end(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    sent = imcli("send", "B", "A", "hi", "--wait", "--output", "json", env=env)
    assert (sent.status, sent.err) == (0, "")
    assert sent.json[0]["seq"] == 1
    entry = imcli("list-conversations", "A", "--output", "json", env=env).json[0]
    assert (entry["conversation"], entry["unread"], entry["device"]) == ("B", 1, "")
    assert imcli("explain-unread", "A", "B", "--output", "json", env=env).json["agrees"]
    assert imcli("mark-read", "A", "B", "--wait", env=env).status == 0
    history = imcli("show-history", "A", "B", "--output", "json", env=env).json
    assert [message["text"] for message in history] == ["hi"]
    server.world.pending.clear()
    assert imcli("delete-conversation", "A", "B", "--wait", env=env).status == 0
    assert imcli("list-conversations", "A", "--output", "json", env=env).json == []


def test_group_verbs_speak_to_a_live_server(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    for argv in (
        ["create-group", "#team", "A", "B"],
        ["add-members", "#team", "C"],
        ["remove-members", "#team", "C"],
        ["send", "A", "#team", "hi", "--wait"],
        ["block", "A", "B"],
        ["kick-device", "A", "web"],
        ["dismiss-group", "#team"],
    ):
        ran = imcli(*argv, env=env)
        assert (ran.status, ran.err) == (0, ""), argv


def test_what_a_live_server_cannot_do_is_refused(imcli: Run, server: FakeWuKongIM) -> None:
    ran = imcli("send", "B", "A", "hi", "--device", "phone", "--target", server.url)
    assert (ran.status, ran.out) == (7, "")
    assert "(unsupported)" in ran.err


def test_an_effect_that_does_not_come_is_not_reported_as_seen(
    imcli: Run, server: FakeWuKongIM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imcli.cli.verbs.desk.WAIT_MS", 30)
    # WuKongIM takes a deletion of a row that it has not stored yet, and does nothing.
    imcli("send", "B", "A", "hi", "--target", server.url)
    ran = imcli("delete-conversation", "A", "B", "--wait", "--target", server.url)
    assert (ran.status, ran.out) == (4, "")
    assert "done, but not visible" in ran.err


def test_a_dry_run_makes_no_call(imcli: Run, server: FakeWuKongIM) -> None:
    ran = imcli("send", "B", "A", "hi", "--dry-run", "--target", server.url)
    assert ran.status == 0
    assert "POST /message/send" in ran.out
    assert server.calls("/message/send") == []


def test_scenarios_run_on_a_live_server_and_say_what_it_lacks(
    imcli: Run, server: FakeWuKongIM, tmp_path: Path
) -> None:
    (tmp_path / "a.toml").write_text(
        'title = "Back end"\nusers = ["A", "B"]\n'
        "steps = ['backend sends A \"hi\" from B', 'assert A sees B with 1 unread']\n"
    )
    (tmp_path / "b.toml").write_text('title = "Own"\nusers = ["A", "B"]\nsteps = ["B sends"]\n')
    ran = imcli("run-scenario", "a.toml", "b.toml", "--target", server.url, "--jsonl", "x.jsonl")
    assert ran.status == 0
    assert 'needs "sessions"' in ran.out
    events = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    results = [e["case"]["result"] for e in events if e["type"] == "case-finished"]
    assert results == ["passed", "skipped"]


def test_the_token_is_taken_from_the_environment_and_shown_nowhere(
    imcli: Run, server: FakeWuKongIM
) -> None:
    env = {"IMCLI_TOKEN": "hunter2"}
    ran = imcli("list-conversations", "A", "--verbose", "--target", server.url, env=env)
    assert ran.status == 0
    assert "hunter2" not in ran.out + ran.err
