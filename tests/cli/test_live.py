"""The verbs and scenarios against a server that answers over HTTP: one engine, two worlds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.targets.fake_wukongim import FakeWuKongIM
from tests.targets.served import served


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


DESTRUCTIVE = [
    ["delete-conversation", "A", "B"],
    ["clear-history", "A", "B"],
    ["remove-members", "#team", "A"],
    ["dismiss-group", "#team"],
    ["kick-device", "A"],
    ["kick-device", "A", "web"],
    ["block", "A", "B"],
    ["block", "#team", "B"],
    ["unblock", "#team", "B"],
    ["allow", "#team", "B"],
    ["disallow", "A", "B"],
    ["create-user", "A"],
]
HARMLESS = [["unblock", "A", "B"], ["allow", "A", "B"], ["mark-read", "A", "B"]]
ELSEWHERE = "http://no-such-host.invalid:5001"


@pytest.mark.parametrize("argv", DESTRUCTIVE, ids=" ".join)
def test_what_takes_something_away_elsewhere_wants_to_be_confirmed(
    imcli: Run, argv: list[str]
) -> None:
    unasked = imcli(*argv, "--target", ELSEWHERE)
    assert (unasked.status, unasked.out) == (2, "")
    assert f"on {ELSEWHERE} wants to be confirmed" in unasked.err
    assert "hint: add --yes" in unasked.err
    declined = imcli(*argv, "--target", ELSEWHERE, stdin="n\n", terminal=True)
    assert (declined.status, declined.out) == (130, "")
    assert declined.err.endswith("[y/N] nothing was done\n")
    for sure in (
        imcli(*argv, "--target", ELSEWHERE, "--yes"),
        imcli(*argv, "--target", ELSEWHERE, stdin="y\n", terminal=True),
    ):
        assert sure.status == 4
        assert "cannot connect" in sure.err


@pytest.mark.parametrize("argv", HARMLESS, ids=" ".join)
def test_what_takes_nothing_away_is_done_without_a_question(imcli: Run, argv: list[str]) -> None:
    assert imcli(*argv, "--target", ELSEWHERE).status == 4


def test_the_question_names_the_context_and_its_address(imcli: Run) -> None:
    imcli("add-context", "staging", ELSEWHERE, "--use")
    ran = imcli("dismiss-group", "#team")
    assert f"dismiss #team for ever on staging ({ELSEWHERE}) wants to be confirmed" in ran.err


def test_the_people_of_a_live_server_are_listed(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    assert imcli("create-group", "#team", "B", "A", env=env).status == 0
    (group,) = imcli("list-groups", "--output", "json", env=env).json
    assert group == {"group": "#team", "members": ["A", "B"], "dismissed": False}
    server.world.online |= {("A", 1), ("AB", 0)}
    created = imcli("create-user", "A", "--device", "phone", "--device", "kiosk:web", env=env)
    assert created.out == "created A with phone, kiosk\n"
    devices = imcli("list-devices", "A", "--output", "json", env=env).json
    assert [(d["kind"], d["state"]) for d in devices] == [("web", "online"), ("app", "offline")]
    (session,) = imcli("list-sessions", "A", "--output", "json", env=env).json
    assert (session["user"], session["kind"]) == ("A", "web")
    assert len(imcli("list-sessions", "--output", "json", env=env).json) == 2
    assert imcli("kick-device", "A", "browser", "--wait", env=env).out == "kicked web of A\n"
    assert imcli("list-sessions", "A", env=env).out == ""


def test_devices_without_a_token_are_kicked_too(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    server.world.online |= {("A", 0), ("A", 1), ("AB", 0)}
    assert imcli("create-user", "A", "--device", "phone", env=env).status == 0
    assert imcli("kick-device", "A", "--wait", env=env).status == 0
    assert server.world.online == {("AB", 0)}
    assert [body["uid"] for body in server.calls("/conn/kick")] == ["A"]
    dry = imcli("kick-device", "A", "--dry-run", env=env)
    assert dry.lines == [
        'POST /user/device_quit {"uid":"A","device_flag":-1}',
        "then POST /conn/kick for each connection of a device without a token",
    ]


def test_a_mistyped_device_ends_no_session_at_all(imcli: Run, server: FakeWuKongIM) -> None:
    ran = imcli("kick-device", "A", "wbe", "--target", server.url)
    assert (ran.status, ran.out) == (2, "")
    assert "did you mean web?" in ran.err
    assert server.calls("/user/device_quit") == []


def test_a_user_s_token_is_read_and_never_shown(
    imcli: Run, server: FakeWuKongIM, tmp_path: Path
) -> None:
    env = {"IMCLI_TARGET": server.url}
    (tmp_path / "token").write_text("t0k3n-file")
    (tmp_path / "token").chmod(0o600)
    ran = [
        imcli("create-user", "A", "--token-stdin", stdin="t0k3n-in", env=env),
        imcli("create-user", "B", "--token-file", "token", "--output", "json", env=env),
        imcli("create-user", "C", "--token-stdin", "--dry-run", stdin="t0k3n-in", env=env),
        imcli("create-user", "D", env=env, stdin="t0k3n-asked\n", terminal=True),
        imcli("create-user", "E", env=env),
    ]
    assert [each.status for each in ran] == [0] * 5
    given = {body["uid"]: body["token"] for body in server.calls("/user/token")}
    random = given.pop("E")
    assert given == {"A": "t0k3n-in", "B": "t0k3n-file", "D": "t0k3n-asked"}
    assert len(random) > 1
    assert not any("t0k3n" in each.out + each.err for each in ran)
    assert '"token":"***"' in ran[2].out


def test_devices_of_the_embedded_server_have_no_token(imcli: Run) -> None:
    ran = imcli("create-user", "A", "--token-stdin", stdin="x")
    assert ran.status == 2
    assert "tokens are for live servers" in ran.err


def test_a_list_that_a_server_does_not_have_is_refused_with_the_reason(
    imcli: Run, server: FakeWuKongIM
) -> None:
    server.misbehave["/cluster/channels"] = lambda _: (404, b"404 page not found")
    ran = imcli("list-groups", "--target", server.url)
    assert (ran.status, ran.out) == (7, "")
    assert "this server has no such route (404) (unsupported)" in ran.err


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


def test_doctor_says_that_a_server_is_well_and_what_its_version_is_known_for(
    imcli: Run, server: FakeWuKongIM
) -> None:
    ran = imcli("doctor", server.url)
    assert (ran.status, ran.err) == (0, "")
    assert ran.lines[0].split() == ["what", "is", "found"]
    assert "WuKongIM v2.2.5-20260422" in ran.out
    assert "anomaly A16    medium  listing by channel ignores the deletion" in ran.out
    record = imcli("doctor", server.url + "?devices=ws", "--output", "json").json
    assert (record["ok"], record["version"]) == (True, "2.2.5")
    assert [check["verdict"] for check in record["checks"] if check["what"] == "ready"] == ["ok"]
    assert {"code": "A1", "severity": "high"}.items() <= record["anomalies"][0].items()


def test_doctor_says_what_does_not_work_and_what_to_do(imcli: Run, server: FakeWuKongIM) -> None:
    server.misbehave["/health"] = lambda _: (500, b'{"status":"error","message":"no slots"}')
    ran = imcli("doctor", server.url)
    assert ran.status == 4
    assert "ready" in ran.out
    assert "error: ready: /health says:" in ran.err
    assert "hint: it has just started" in ran.err
    gone = imcli("doctor", "http://127.0.0.1:1", "--output", "json")
    assert (gone.status, gone.json["ok"]) == (4, False)


def test_doctor_is_for_live_servers(imcli: Run, server: FakeWuKongIM) -> None:
    for target in ("sim", "embedded", ""):
        ran = imcli("doctor", *([target] if target else []))
        assert (ran.status, ran.out) == (2, "")
    imcli("add-context", "staging", server.url, "--use")
    assert imcli("doctor").status == 0
    assert imcli("doctor", "stagin").err.endswith("did you mean staging?\n")


def test_doctor_never_shows_the_token(imcli: Run) -> None:
    with FakeWuKongIM(token="hunter2hunter2") as guarded:
        for given in ("hunter2hunter2", "hunter2hunter3"):
            env = {"IMCLI_TOKEN": given}
            for form in ("table", "json", "plain"):
                ran = imcli("doctor", guarded.url, "--verbose", "--output", form, env=env)
                assert ran.status == (0 if given.endswith("2") else 4)
                assert "hunter2hunter" not in ran.out + ran.err


def test_wait_is_taken_by_every_verb_that_acts(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    for argv in (
        ["create-user", "A"],
        ["create-group", "#team", "A", "B"],
        ["add-members", "#team", "C"],
        ["remove-members", "#team", "C"],
        ["block", "A", "B"],
        ["unblock", "A", "B"],
        ["allow", "#team", "B"],
        ["disallow", "#team", "B"],
        ["send", "B", "A", "hi"],
        ["mark-read", "A", "B"],
        ["kick-device", "A"],
        ["dismiss-group", "#team"],
    ):
        ran = imcli(*argv, "--wait", env=env)
        assert (ran.status, ran.err) == (0, ""), argv
        here = imcli(*argv, "--wait")
        assert here.status == 0, argv


@pytest.mark.parametrize(
    ("path", "argv", "said"),
    [
        ("/channel/subscriber_add", ["add-members", "#team", "C"], "it may be busy"),
        ("/channel/subscriber_remove", ["remove-members", "#team", "A"], "it may be busy"),
        ("/channel/delete", ["dismiss-group", "#team"], "it may be busy"),
        ("/channel/blacklist_add", ["block", "A", "C"], "it may be busy"),
        ("/channel/whitelist_add", ["allow", "A", "C"], "it may be busy"),
        ("/user/token", ["create-user", "C"], "it may be busy"),
        ("/user/device_quit", ["kick-device", "A", "phone"], "its connection may be dead"),
        ("/conversations/clearUnread", ["mark-read", "A", "B"], "it may be busy"),
        ("/conversations/delete", ["delete-conversation", "A", "B"], "it may be busy"),
    ],
)
def test_an_answer_without_an_effect_is_told_as_such(
    imcli: Run,
    server: FakeWuKongIM,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    argv: list[str],
    said: str,
) -> None:
    env = {"IMCLI_TARGET": server.url}
    imcli("create-user", "A", env=env)
    imcli("create-group", "#team", "A", "B", env=env)
    imcli("send", "B", "A", "hi", env=env)
    server.world.pending.clear()
    server.world.online.add(("A", 0))
    server.misbehave[path] = lambda _: (200, b'{"status":200}')
    monkeypatch.setattr("imcli.cli.verbs.desk.WAIT_MS", 30)
    assert imcli(*argv, env=env).status == 0
    ran = imcli(*argv, "--wait", env=env)
    assert (ran.status, ran.out) == (4, "")
    assert "done, but not visible" in ran.err
    assert said in ran.err


def test_a_group_that_is_closed_is_named_where_a_message_is_not_stored(
    imcli: Run, server: FakeWuKongIM, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"IMCLI_TARGET": server.url}
    monkeypatch.setattr("imcli.cli.verbs.desk.STORED_MS", 30)
    imcli("create-group", "#team", "A", "B", env=env)
    imcli("dismiss-group", "#team", env=env)
    ran = imcli("send", "A", "#team", "hi", env=env)
    assert (ran.status, ran.out) == (4, "")
    assert "could not tell whether it was done: accepted, but not in the log" in ran.err
    assert "hint: #team is dismissed, and WuKongIM answers yes and stores nothing" in ran.err


def test_a_mark_that_does_not_go_back_has_a_name(
    imcli: Run, server: FakeWuKongIM, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"IMCLI_TARGET": server.url}
    monkeypatch.setattr("imcli.cli.verbs.desk.WAIT_MS", 30)
    imcli("send", "B", "A", "hi", env=env)
    imcli("mark-read", "A", "B", env=env)
    ran = imcli("mark-unread", "A", "B", "--count", "1", "--wait", env=env)
    assert ran.status == 4
    assert "the mark goes forward only (A7)" in ran.err


def test_what_stands_in_the_way_is_named(
    imcli: Run, server: FakeWuKongIM, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"IMCLI_TARGET": server.url}
    monkeypatch.setattr("imcli.cli.verbs.desk.WAIT_MS", 30)
    server.misbehave["/conversation/sync"] = lambda _: (200, b"[]")
    ran = imcli("send", "B", "A", "hi", "--wait", env=env)
    assert ran.status == 4
    assert "seq 1)" in ran.err
    assert "hint: the " in ran.err


def test_a_dry_run_says_that_it_would_look(imcli: Run, server: FakeWuKongIM) -> None:
    ran = imcli("mark-read", "A", "B", "--wait", "--dry-run", "--target", server.url)
    assert ran.lines[-1] == "then look, for at most 10 s, until the effect is visible"
    assert server.asked == []


def test_a_wrong_scheme_and_a_port_for_something_else_are_told_as_what_they_are(
    imcli: Run, server: FakeWuKongIM
) -> None:
    ran = imcli("list-groups", "--target", server.url.replace("http://", "https://"))
    assert ran.status == 4
    assert "it speaks no TLS, and http:// may do" in ran.err
    server.misbehave["/varz"] = lambda _: None
    ran = imcli("list-groups", "--target", server.url)
    assert ran.status == 4
    assert "it closed the connection without an answer" in ran.err


def test_a_bug_report_about_a_real_server_is_written(imcli: Run, tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "scenarios" / "delete" / "returns_after_peer_sends.toml"
    (tmp_path / "seed.toml").write_text(source.read_text(encoding="utf-8"))
    with served("wukongim-2.1.3") as old:
        argv = ("run-scenario", "seed.toml", "--target", old.url, "--report-issue", "report.md")
        ran = imcli(*argv)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert ran.status == 0, ran.out
    assert "- result: known failure (WuKongIM#" in text
    assert "- server: wukongim 2.1.3, a real server (v2.1.3-20250210" in text
    assert "```toml\ntitle = " in text
    for part in (
        "B.phone -> SEND",
        "A.web <- RECV",
        'POST /conversations/delete {"uid":"A","channel_id":"B","channel_type":1}',
        'A.phone -> CONNECT {"uid":"A"',
        "expected last m2",
        "imcli run-scenario seed.toml --target http://SERVER:5001",
    ):
        assert part in text, part
    assert "127.0.0.1" not in text
    assert len(text) < 65_536


@pytest.mark.parametrize(("version", "token_auth"), [("2.1.3", False), ("2.2.5", True)])
def test_doctor_finds_the_ways_in_of_a_served_world(
    imcli: Run, version: str, token_auth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imcli.targets.live.probe.LOGIN_SECONDS", 0.5 if token_auth else 10.0)
    with served(f"wukongim-{version}", token_auth=token_auth) as server:
        record = imcli("doctor", server.url, "--output", "json").json
    assert (record["ok"], record["version"]) == (True, version)
    assert record["device_tokens"] == ("wanted" if token_auth else "free")
    verdicts = {check["what"]: check["verdict"] for check in record["checks"]}
    assert verdicts["tcp for devices"] == verdicts["websocket for devices"] == "ok"


def test_of_a_server_of_unknown_version_only_messages_are_compared(imcli: Run) -> None:
    with FakeWuKongIM(version="") as private:
        env = {"IMCLI_TARGET": private.url}
        imcli("send", "B", "A", "hi", "--wait", env=env)
        shown = imcli("show-conversation", "A", "B", env=env)
        explained = imcli("explain-unread", "A", "B", env=env)
    assert "The server does not tell its version: only messages were compared." in shown.out
    assert explained.status == 0
    assert "A has 1 unread from B" in explained.out


def test_two_places_that_are_wrong_are_both_named(imcli: Run, server: FakeWuKongIM) -> None:
    env = {"IMCLI_TARGET": server.url}
    imcli("send", "B", "A", "hi", env=env)
    empty = b'[{"channel_id":"B","channel_type":1,"unread":0,"recents":[]}]'
    message = {"message_id": 1, "message_seq": 1, "from_uid": "B", "payload": ""}
    entry = {"channel_id": "B", "channel_type": 1, "unread": 7, "recents": [message]}
    wrong = json.dumps([entry]).encode()
    server.misbehave["/conversation/syncByChannels"] = lambda _: (200, empty)
    server.misbehave["/conversation/sync"] = lambda _: (200, wrong)
    ran = imcli("show-conversation", "A", "B", env=env)
    assert "The list and the answer by channel disagree:" in ran.out
