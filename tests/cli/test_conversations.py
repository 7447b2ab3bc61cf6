from __future__ import annotations

from typing import Any

import pytest

from imcli.cli.verbs.unread import explained
from imcli.model.entities import Entry, Message
from imcli.scenario.checking.unread import count_unread
from tests.cli.conftest import Run

LIVE = "http://im.example:5001"


def entry(imcli: Run, user: str, chat: str) -> Any:
    entries = imcli("show-conversation", user, chat, "--output", "json").json
    return entries[0] if entries else None


def test_a_listing_shows_the_state_table(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    assert imcli("list-conversations", "A").lines == [
        "conversation  unread  last     read  deleted  flags",
        "B                  1  1 B: hi     -        -  -",
    ]


def test_a_listing_names_devices_only_where_they_were_asked_for(imcli: Run) -> None:
    imcli("create-user", "A", "--device", "phone", "--device", "web")
    imcli("send", "B", "A", "hi")
    ran = imcli("list-conversations", "A", "--all-devices")
    assert [line.split()[0] for line in ran.lines] == ["device", "phone", "web"]
    ran = imcli("list-conversations", "A", "--device", "web", "--output", "json")
    assert [row["device"] for row in ran.json] == ["web"]


def test_every_field_of_an_entry_is_always_there(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    assert list(entry(imcli, "A", "B")) == [
        "user",
        "device",
        "conversation",
        "unread",
        "last",
        "read_to",
        "deleted_to",
        "pinned",
        "muted",
        "archived",
        "marked_unread",
    ]
    assert list(entry(imcli, "A", "B")["last"]) == [
        "seq",
        "message_id",
        "client_msg_no",
        "from",
        "text",
        "payload",
        "kind",
        "time_ms",
    ]


def test_an_unknown_user_is_answered_with_the_nearest(imcli: Run) -> None:
    imcli("create-user", "alice")
    ran = imcli("list-conversations", "alcie")
    assert ran == (
        2,
        "",
        "error: there is no user 'alcie' on the embedded server\nhint: did you mean alice?\n",
    )


def test_an_unknown_device_is_answered_with_what_there_is(imcli: Run) -> None:
    imcli("create-user", "A", "--device", "phone")
    ran = imcli("list-conversations", "A", "--device", "web")
    assert ran.status == 2
    assert "hint: A has phone" in ran.err


def test_one_device_and_all_devices_contradict(imcli: Run) -> None:
    assert imcli("list-conversations", "A", "--device", "x", "--all-devices").status == 2


def test_nothing_to_list_is_said_on_stderr(imcli: Run) -> None:
    imcli("create-user", "A")
    imcli("create-user", "B")
    assert imcli("list-conversations", "A") == (0, "", "A sees no conversation\n")
    assert imcli("show-conversation", "A", "B") == (0, "", "A does not see B\n")
    assert imcli("list-conversations", "A", "--quiet") == (0, "", "")


@pytest.mark.parametrize(
    "verb",
    [
        ("delete-conversation",),
        ("mark-read",),
        ("mark-unread",),
        ("clear-history",),
        ("show-conversation",),
        ("show-history",),
        ("explain-unread",),
    ],
)
def test_a_mistyped_other_side_is_answered_with_the_nearest(
    imcli: Run, verb: tuple[str, ...]
) -> None:
    imcli("send", "alice", "bob", "hi")
    imcli("create-group", "#team", "alice", "bob")
    ran = imcli(*verb, "alice", "bbo")
    assert (ran.status, ran.out) == (2, "")
    assert "there is no user 'bbo'" in ran.err
    assert "did you mean bob?" in ran.err
    ran = imcli(*verb, "alice", "#tean")
    assert (ran.status, ran.out) == (2, "")
    assert "there is no group '#tean'" in ran.err
    assert "did you mean #team?" in ran.err
    assert imcli(*verb, "alice", "#team").status == 0


def test_a_send_to_a_mistyped_group_is_refused_and_makes_nobody(imcli: Run) -> None:
    imcli("create-group", "#team", "alice", "bob")
    ran = imcli("send", "carol", "#tean", "hi")
    assert (ran.status, ran.out) == (7, "")
    assert "did you mean #team?" in ran.err
    assert "there is no user 'carol'" in imcli("list-conversations", "carol").err


def test_reading_clears_the_count(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--count", "3")
    imcli("mark-read", "A", "B", "--up-to", "2")
    assert entry(imcli, "A", "B")["unread"] == 1
    assert imcli("mark-read", "A", "B").out == "marked A's conversation with B as read\n"
    assert entry(imcli, "A", "B")["unread"] == 0


def test_unread_is_a_flag_or_a_number(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--count", "3")
    imcli("mark-read", "A", "B")
    imcli("mark-unread", "A", "B")
    assert (entry(imcli, "A", "B")["unread"], entry(imcli, "A", "B")["marked_unread"]) == (0, True)
    imcli("mark-unread", "A", "B", "--count", "2")
    assert entry(imcli, "A", "B")["unread"] == 2


def test_deleting_up_to_a_message_keeps_what_is_newer(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--count", "3")
    imcli("delete-conversation", "A", "B", "--up-to", "2")
    assert entry(imcli, "A", "B")["deleted_to"] == 2


def test_deleting_for_both_is_refused_where_the_profile_is_one_way(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    ran = imcli("delete-conversation", "A", "B", "--for-both")
    assert ran.status == 7
    assert "(unsupported)" in ran.err


def test_a_profile_is_chosen_with_the_first_command_and_remembered(imcli: Run) -> None:
    imcli("send", "B", "A", "hi", "--profile", "two-way")
    imcli("delete-conversation", "A", "B")
    assert entry(imcli, "B", "A") is None
    ran = imcli("send", "B", "A", "hi", "--profile", "reference")
    assert (ran.status, ran.out) == (2, "")


def test_clearing_keeps_the_entry(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    imcli("clear-history", "A", "B")
    assert entry(imcli, "A", "B")["last"] is None


@pytest.mark.parametrize(
    "argv",
    [
        ["mark-read", "A", "B", "--up-to", "-1"],
        ["mark-read", "A", "B", "--up-to", "0"],
        ["delete-conversation", "A", "B", "--up-to", "0"],
        ["delete-conversation", "A", "B", "--up-to", "-1"],
        ["mark-unread", "A", "B", "--count", "0"],
    ],
)
def test_numbers_that_make_no_sense_are_wrong_usage(imcli: Run, argv: list[str]) -> None:
    assert imcli(*argv).status == 2


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("mark-read", {}),
        ("mark-unread", {}),
        ("delete-conversation", {}),
        ("clear-history", {}),
    ],
)
def test_an_act_is_reported_as_one_object(imcli: Run, command: str, extra: dict[str, str]) -> None:
    imcli("send", "B", "A", "hi")
    ran = imcli(command, "A", "B", "--wait", "--output", "json")
    assert ran.json == {
        "action": command,
        "user": "A",
        "device": "phone",
        "conversation": "B",
        "target": "embedded",
        **extra,
    }


def test_destroying_on_a_remote_server_needs_yes_without_a_terminal(imcli: Run) -> None:
    ran = imcli("delete-conversation", "A", "B", "--target", LIVE)
    assert (ran.status, ran.out) == (2, "")
    assert "delete A's conversation with B on http://im.example:5001" in ran.err
    assert "hint: add --yes" in ran.err


def test_destroying_on_a_remote_server_asks_on_a_terminal_and_takes_no(imcli: Run) -> None:
    ran = imcli("clear-history", "A", "B", "--target", LIVE, terminal=True, stdin="n\n")
    assert (ran.status, ran.out) == (130, "")
    assert "[y/N]" in ran.err
    assert ran.err.endswith("nothing was done\n")


def test_yes_is_enough_to_go_on(imcli: Run) -> None:
    ran = imcli(
        "delete-conversation", "A", "B", "--yes", "--target", "http://no-such-host.invalid:5001"
    )
    assert ran.status == 4


def test_reading_never_asks(imcli: Run) -> None:
    ran = imcli("list-conversations", "A", "--target", "http://no-such-host.invalid:5001")
    assert ran.status == 4


def test_a_profile_or_a_state_is_nothing_for_a_live_server(imcli: Run) -> None:
    for option in (["--profile", "reference"], ["--state", "x.db"]):
        assert imcli("list-conversations", "A", "--target", LIVE, *option).status == 2


# Explaining a count


def test_an_unread_count_is_explained_by_its_mark_and_messages(imcli: Run) -> None:
    imcli("send", "B", "A", "one")
    imcli("mark-read", "A", "B")
    imcli("send", "B", "A", "two")
    ran = imcli("explain-unread", "A", "B")
    assert ran.lines[0] == "A has 1 unread from B"
    assert "  counted from     the read mark (1)" in ran.lines
    assert "       2  B: two  (counted)" in ran.lines
    assert "The count follows from the marks: 1 message from others above 1." in ran.lines


@pytest.mark.parametrize(
    ("commands", "term"),
    [
        ([], "nothing"),
        ([["mark-read", "A", "B"]], "read"),
        ([["delete-conversation", "A", "B"], ["send", "B", "A", "again"]], "delete"),
        ([["send", "A", "B", "own"]], "own send"),
    ],
)
def test_the_term_that_won_is_named(imcli: Run, commands: list[list[str]], term: str) -> None:
    imcli("send", "B", "A", "hi")
    for command in commands:
        assert imcli(*command).status == 0
    record = imcli("explain-unread", "A", "B", "--output", "json").json
    assert (record["term"], record["agrees"]) == (term, True)


def test_what_is_not_listed_has_no_count(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    imcli("delete-conversation", "A", "B")
    ran = imcli("explain-unread", "A", "B", "--output", "json")
    assert (ran.json["listed"], ran.json["unread"], ran.json["deleted_to"]) == (False, 0, 1)
    assert "not listed" in imcli("explain-unread", "A", "B").out


def test_who_is_no_member_is_told(imcli: Run) -> None:
    imcli("create-group", "#team", "A", "B")
    imcli("remove-members", "#team", "A")
    assert imcli("explain-unread", "A", "#team", "--output", "json").json["member"] is False
    assert "no: A is not in #team" in imcli("explain-unread", "A", "#team").out


def message(seq: int, sender: str = "B", *, quiet: bool = False) -> Message:
    return Message("A@B", seq, seq, f"n{seq}", sender, f"text {seq}", no_red_dot=quiet)


def test_a_count_that_does_not_follow_is_called_wrong() -> None:
    entry = Entry("B", unread=5, read_to=1)
    count = count_unread("A", entry, (message(1), message(2), message(3)))
    found = explained(count, entry, None)
    assert "The count is wrong: the server says 5, the messages that count are 2." in found.text
    assert found.record["agrees"] is False


def test_a_server_that_subtracts_numbers_is_told_apart() -> None:
    entry = Entry("B", unread=2, read_to=1)
    count = count_unread("A", entry, (message(1), message(2), message(3, quiet=True)))
    found = explained(count, entry, True)
    assert "subtracts numbers, 3 - 1 = 2; the messages that count are 1." in found.text
    assert "       3  B: text 3  (not counted: no red dot)" in found.text


def test_a_long_explanation_is_cut_and_says_so() -> None:
    entry = Entry("B", unread=30)
    count = count_unread("A", entry, tuple(message(seq) for seq in range(1, 31)))
    assert "... and 10 more" in explained(count, entry, True).text
