from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HOSTILE = [
    "[/oops]",
    "[bold]x[/bold]",
    "\x1b[31mred",
    "a\0b",
    "abc\u202edef",
    "zero\u200bwidth",
    "会话",
    "👩‍👩‍👧 emoji",
    "two\nlines",
    "\x9b31m",
    "\\n {} %s $name",
]


def test_a_sent_message_is_told_with_id_and_number(imcli: Run) -> None:
    assert imcli("send", "B", "A", "hi") == (0, "sent to A: message 1, seq 1\n", "")


def test_four_commands_bring_a_deleted_conversation_back_with_one_message(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    imcli("delete-conversation", "A", "B")
    assert imcli("list-conversations", "A", "--output", "json").json == []
    imcli("send", "B", "A", "again")
    entries = imcli("list-conversations", "A", "--output", "json").json
    assert [(e["conversation"], e["unread"], e["last"]["text"]) for e in entries] == [
        ("B", 1, "again")
    ]
    history = imcli("show-history", "A", "B", "--output", "json").json
    assert [message["text"] for message in history] == ["again"]


def test_sent_messages_are_an_array_for_programs(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--count", "2", "--output", "json")
    assert [sorted(message) for message in ran.json] == [
        ["client_msg_no", "duplicate", "message_id", "seq", "target", "to"]
    ] * 2
    assert [message["seq"] for message in ran.json] == [1, 2]


def test_the_same_number_is_a_resend(imcli: Run) -> None:
    first = imcli("send", "B", "A", "hi", "--number", "x", "--output", "json").json
    again = imcli("send", "B", "A", "hi", "--number", "x", "--output", "json").json
    assert again[0]["duplicate"]
    assert again[0]["message_id"] == first[0]["message_id"]
    assert "known already as message" in imcli("send", "B", "A", "hi", "--number", "x").out


@pytest.mark.parametrize("profile", ["reference", "wukongim-2.2.5"])
def test_nobody_is_made_to_send_what_is_refused(imcli: Run, profile: str) -> None:
    imcli("create-user", "A", "--profile", profile)
    imcli("create-group", "#team", "A")
    for group, reason in (("#team", "(not-a-member)"), ("#nogroup", "there is no group")):
        ran = imcli("send", "X", group, "hi")
        assert (ran.status, reason in ran.err) == (7, True), ran.err
        assert "there is no user 'X'" in imcli("list-devices", "X").err


def test_nobody_is_made_to_send_to_whoever_has_others_on_the_white_list(
    imcli: Run, tmp_path: Path
) -> None:
    profile = tmp_path / "friends.toml"
    profile.write_text('extends = "reference"\nperson_allow_list = true\n')
    imcli("create-user", "A", "--profile", str(profile))
    ran = imcli("send", "X", "A", "hi")
    assert (ran.status, "(not-allowed)" in ran.err) == (7, True)
    assert "there is no user 'X'" in imcli("list-devices", "X").err


def test_a_message_that_is_not_kept_has_no_number(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--no-persist", "--output", "json")
    assert ran.json[0]["seq"] is None
    assert imcli("list-conversations", "A", "--output", "json").json == []
    assert "stored in no log" in imcli("send", "B", "A", "hi", "--no-persist").out


def test_a_command_is_never_listed(imcli: Run) -> None:
    assert imcli("send", "B", "A", "refresh", "--command").status == 0
    assert imcli("list-conversations", "A", "--output", "json").json == []


def test_a_payload_comes_back_as_json(imcli: Run) -> None:
    imcli("send", "B", "A", "--payload", '{"type": 1, "你": [null]}')
    message = imcli("show-history", "A", "B", "--output", "json").json[0]
    assert message["payload"] == {"type": 1, "你": [None]}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_back_whole_and_are_shown_harmlessly(imcli: Run, text: str) -> None:
    imcli("send", "B", "A", text)
    assert imcli("show-history", "A", "B", "--output", "json").json[0]["text"] == text
    assert json.loads(imcli("show-history", "A", "B", "--output", "jsonl").out)["text"] == text
    for terminal in (False, True):
        for command in (["show-history", "A", "B"], ["list-conversations", "A"]):
            ran = imcli(*command, terminal=terminal, columns=60, env={"NO_COLOR": "1"})
            assert all(c == "\n" or c.isprintable() for c in ran.out), ran.out
            assert ran.status == 0


@pytest.mark.parametrize(
    "name", ["会话", "👩‍👩‍👧", "[/oops]", "[bold]", "<b>", "a:1", "zero\u200bwidth"]
)
def test_hostile_names_are_users_like_others(imcli: Run, name: str) -> None:
    assert imcli("send", name, "A", "hi").status == 0
    assert imcli("list-conversations", "A", "--output", "json").json[0]["conversation"] == name
    ran = imcli("list-conversations", "A", terminal=True, columns=60, env={"NO_COLOR": "1"})
    assert all(c == "\n" or c.isprintable() for c in ran.out)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["B", "A"], "TEXT is missing"),
        (["B", "A", "hi", "--payload", "{}"], "either TEXT or --payload"),
        (["B", "A", "--payload", "{"], "--payload is not JSON"),
        (["B", "A", "--payload", "[" * 100_000], "--payload is not JSON"),
        (["B", "A", "hi", "--count", "0"], "--count is 0"),
        (["B", "A", "hi", "--count", "1000000000"], "--count is 1000000000"),
        (["B", "A", "hi", "--number", "x", "--count", "2"], "again and again"),
        (["B", "A", "--payload", '"\\ud800"'], "half of a surrogate pair"),
        (["B", "A", "--payload", "[1e999]"], "--payload is not JSON"),
        (["B", "A", "--payload", "[NaN]"], "--payload is not JSON"),
        (["#t", "A", "hi"], "is a group, and a user is wanted"),
        (["", "A", "hi"], "is empty"),
        (["a@b", "A", "hi"], "servers refuse @"),
        (["B", "A", "hi", "--device", "kiosk"], "what kind of device"),
    ],
)
def test_what_cannot_be_sent_is_wrong_usage(imcli: Run, argv: list[str], said: str) -> None:
    ran = imcli("send", *argv)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_a_refusal_ends_with_seven_and_nothing_on_stdout(imcli: Run) -> None:
    imcli("block", "A", "B")
    ran = imcli("send", "B", "A", "hi", "--output", "json")
    assert (ran.status, ran.out) == (7, "")
    assert ran.err == "error: the server refused: B is on the black list of A (blocked)\n"


def test_a_refusal_among_many_says_how_many_were_accepted(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    imcli("block", "A", "B")
    ran = imcli("send", "B", "A", "hi", "--count", "3")
    assert ran.status == 7
    assert "(after 0 of 3 messages)" in ran.err


def test_history_is_the_newest_messages_oldest_first(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--count", "5")

    def numbers(*options: str) -> list[int]:
        shown = imcli("show-history", "A", "B", *options, "--output", "json").json
        return [message["seq"] for message in shown]

    assert numbers() == [1, 2, 3, 4, 5]
    assert numbers("--limit", "2") == [4, 5]
    assert numbers("--limit", "2", "--before", "4") == [2, 3]
    assert numbers("--before", "1") == []


def test_an_empty_history_is_said_on_stderr(imcli: Run) -> None:
    imcli("create-user", "A")
    imcli("create-user", "B")
    assert imcli("show-history", "A", "B") == (0, "", "A can read no message of B\n")


@pytest.mark.parametrize(("option", "value"), [("--limit", "0"), ("--before", "-1")])
def test_numbers_of_messages_begin_at_one(imcli: Run, option: str, value: str) -> None:
    assert imcli("show-history", "A", "B", option, value).status == 2


def test_a_dry_run_says_the_sentence_and_does_nothing(imcli: Run) -> None:
    ran = imcli("send", "B", "A", 'say "hi"', "--dry-run")
    assert ran == (0, 'B sends A "say \\"hi\\""\n', "")
    assert imcli("list-conversations", "A").status == 2


def test_a_dry_run_for_programs_has_the_action(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--number", "x", "--dry-run", "--output", "json")
    assert ran.json[0]["would_ask"] == ['B sends A "hi" with number "x"']
    assert ran.json[0]["action"]["type"] == "Send"
    assert ran.json[0]["action"]["chat"] == "A"


def test_a_dry_run_on_a_live_server_shows_its_calls_and_makes_none(imcli: Run) -> None:
    ran = imcli("delete-conversation", "A", "B", "--dry-run", "--target", "http://127.0.0.1:9")
    assert ran.status == 0
    assert ran.out.startswith("POST /conversations/delete {")


def test_quiet_leaves_the_sentence_out_and_keeps_data_for_programs(imcli: Run) -> None:
    assert imcli("send", "B", "A", "hi", "--quiet") == (0, "", "")
    assert imcli("send", "B", "A", "hi", "--quiet", "--output", "plain").out != ""


def test_a_device_can_be_named_and_is_made_where_it_is_new(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--device", "kiosk:web")
    rows = imcli("list-devices", "B", "--output", "json").json
    assert [(row["device"], row["kind"]) for row in rows] == [("kiosk", "web")]


def test_waiting_on_the_embedded_server_is_over_at_once(imcli: Run) -> None:
    assert imcli("send", "B", "A", "hi", "--wait").status == 0


def test_a_simulated_server_answers_and_is_forgotten(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--target", "sim")
    assert ran.out == "sent to A: message 1, seq 1\n"
    assert "forgotten" in ran.err
    assert imcli("list-conversations", "A").status == 2


def test_an_unreachable_server_ends_with_four(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--target", "http://127.0.0.1:9")
    assert (ran.status, ran.out) == (4, "")
    assert ran.err.startswith("error: ")
