"""Groups, lists, devices, the state as a whole, profiles, families."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def members(imcli: Run) -> list[tuple[str, list[str], bool]]:
    rows = imcli("list-groups", "--output", "json").json
    return [(row["group"], row["members"], row["dismissed"]) for row in rows]


def test_a_group_lives_and_ends(imcli: Run) -> None:
    assert imcli("create-group", "#team", "A", "B").out == "created #team with A, B\n"
    assert imcli("add-members", "#team", "C", "C").out == "added C to #team\n"
    assert imcli("remove-members", "#team", "B", "--by", "A").out == "removed B from #team\n"
    assert members(imcli) == [("#team", ["A", "C"], False)]
    assert imcli("dismiss-group", "#team").out == "dismissed #team\n"
    assert members(imcli) == [("#team", [], True)]


def test_a_group_that_exists_is_not_made_again(imcli: Run) -> None:
    imcli("create-group", "#team", "A")
    ran = imcli("create-group", "#team", "A")
    assert (ran.status, ran.out) == (7, "")
    assert "(invalid)" in ran.err


def test_only_members_write_to_a_group(imcli: Run) -> None:
    imcli("create-group", "#team", "A")
    ran = imcli("send", "D", "#team", "hi")
    assert ran.status == 7
    assert "(not-a-member)" in ran.err


def test_a_group_without_its_mark_is_wrong_usage(imcli: Run) -> None:
    ran = imcli("create-group", "team", "A")
    assert ran.status == 2
    assert "hint: a group is written '#team'" in ran.err


def test_groups_are_acts_and_listings_for_programs(imcli: Run) -> None:
    ran = imcli("create-group", "#team", "A", "B", "--output", "json")
    assert ran.json == {
        "action": "create-group",
        "group": "#team",
        "members": ["A", "B"],
        "target": "embedded",
    }
    assert imcli("list-groups", "--output", "plain").out == "#team\tA, B\t-\n"


def test_no_group_is_said_on_stderr(imcli: Run) -> None:
    assert imcli("list-groups") == (0, "", "there is no group\n")
    assert imcli("list-groups", "--output", "json").out == "[]\n"


def test_a_black_list_refuses_until_it_is_lifted(imcli: Run) -> None:
    assert imcli("block", "A", "B").out == "put B on the black list of A\n"
    assert imcli("send", "B", "A", "hi").status == 7
    imcli("unblock", "A", "B")
    assert imcli("send", "B", "A", "hi").status == 0


def test_a_groups_black_list_is_its_own(imcli: Run) -> None:
    imcli("create-group", "#team", "A", "B")
    assert imcli("block", "#team", "B").status == 0
    assert imcli("send", "B", "#team", "hi").status == 7
    assert imcli("send", "B", "A", "hi").status == 0


@pytest.mark.parametrize("verb", ["allow", "disallow"])
def test_white_lists_are_reported_as_objects(imcli: Run, verb: str) -> None:
    assert imcli(verb, "A", "B", "--output", "json").json == {
        "action": verb,
        "owner": "A",
        "user": "B",
        "target": "embedded",
    }


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["create-group", "#team", "A", "B"], "admin creates #team with A, B"),
        (["add-members", "#team", "C", "--by", "A"], "A adds C to #team"),
        (["remove-members", "#team", "C"], "admin removes C from #team"),
        (["dismiss-group", "#team", "--by", "A"], "A dismisses #team"),
        (["block", "A", "B"], "A blocks B"),
        (["unblock", "#team", "B"], "admin unblocks B in #team"),
        (["allow", "A", "B"], "A allows B"),
        (["disallow", "A", "B"], "A disallows B"),
        (["kick-device", "A", "web"], "admin kicks A.web"),
        (["kick-device", "A"], "admin kicks A"),
        (["mark-read", "A", "B", "--up-to", "3"], "A reads B up to seq 3"),
        (["mark-unread", "A", "B", "--count", "2"], "A marks B unread 2"),
        (["delete-conversation", "A", "B", "--for-both"], "A deletes B for both"),
        (["clear-history", "A", "B", "--device", "web"], "A.web clears B"),
        (["create-user", "A"], "admin creates user A\nA adds device phone"),
    ],
)
def test_a_dry_run_says_what_would_be_asked(imcli: Run, argv: list[str], said: str) -> None:
    assert imcli(*argv, "--dry-run") == (0, f"{said}\n", "")


def test_devices_are_listed_with_kind_level_and_state(imcli: Run) -> None:
    imcli("create-user", "A", "--device", "phone", "--device", "kiosk:web:slave")
    assert imcli("list-devices", "A").lines == [
        "user  device  kind  level   state",
        "A     phone   app   master  online",
        "A     kiosk   web   slave   online",
    ]


def test_looking_on_behalf_of_a_kicked_device_works_and_does_not_bring_it_back(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    imcli("kick-device", "A")
    for device in ((), ("--device", "phone")):
        history = imcli("show-history", "A", "B", "--output", "json", *device)
        assert (history.status, [message["text"] for message in history.json]) == (0, ["hi"])
    assert imcli("explain-unread", "A", "B", "--output", "json").json["counted"] == [1]
    assert imcli("list-devices", "A", "--output", "json").json[0]["state"] == "kicked"


def test_a_kicked_device_is_back_when_it_acts(imcli: Run) -> None:
    imcli("create-user", "A", "--device", "phone", "--device", "web")
    assert imcli("kick-device", "A", "web").out == "kicked web of A\n"
    online = imcli("list-sessions", "--output", "json").json
    assert [(row["user"], row["device"]) for row in online] == [("A", "phone")]
    imcli("send", "A", "B", "hi", "--device", "web")
    online = imcli("list-sessions", "A", "--output", "json").json
    assert [row["device"] for row in online] == ["phone", "web"]


def test_nobody_online_is_said_on_stderr(imcli: Run) -> None:
    assert imcli("list-sessions") == (0, "", "nobody is online\n")


@pytest.mark.parametrize("command", ["list-devices", "list-sessions", "kick-device"])
def test_an_unknown_user_has_no_devices(imcli: Run, command: str) -> None:
    assert imcli(command, "A").status == 2


@pytest.mark.parametrize("command", [["list-groups"], ["list-sessions"], ["list-devices", "A"]])
def test_only_the_embedded_server_can_list_who_is_there(imcli: Run, command: list[str]) -> None:
    ran = imcli(*command, "--target", "sim")
    assert (ran.status, ran.out) == (2, "")
    assert "hint: the embedded server can: --target embedded" in ran.err


# The state as a whole


def test_a_reset_needs_yes_without_a_terminal(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    assert imcli("reset-state").status == 2
    assert imcli("list-conversations", "A").status == 0


@pytest.mark.parametrize(
    ("answer", "kept"), [("n\n", True), ("\n", True), ("", True), ("y\n", False)]
)
def test_a_reset_asks_on_a_terminal(imcli: Run, answer: str, kept: bool) -> None:
    imcli("send", "B", "A", "hi")
    ran = imcli("reset-state", terminal=True, stdin=answer)
    assert "every user, group and message?" in ran.err
    assert ran.status == (130 if kept else 0)
    assert (imcli("list-conversations", "A").status == 0) is kept


def test_a_reset_of_nothing_says_so(imcli: Run) -> None:
    ran = imcli("reset-state", "--yes")
    assert ran.status == 0
    assert "nothing to empty" in ran.err


def test_a_reset_leaves_a_foreign_file_alone(imcli: Run, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    foreign.write_text("not ours")
    ran = imcli("reset-state", "--yes", "--state", "foreign.db")
    assert (ran.status, ran.out) == (4, "")
    assert foreign.read_text() == "not ours"


def test_a_state_file_is_chosen_by_flag_or_environment(imcli: Run, tmp_path: Path) -> None:
    imcli("send", "B", "A", "hi", "--state", "one.db")
    assert imcli("list-conversations", "A", env={"IMCLI_STATE": str(tmp_path / "one.db")}).out
    assert imcli("list-conversations", "A").status == 2


@pytest.mark.parametrize(
    "content", [b"not a database", b"SQLite format 3\0" + b"x" * 5000, b"\0" * 99]
)
def test_a_damaged_state_file_is_refused_and_left_as_it_is(
    imcli: Run, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.db").write_bytes(content)
    ran = imcli("send", "B", "A", "hi", "--state", "bad.db")
    assert (ran.status, ran.out) == (4, "")
    assert ran.err.startswith("error: ")
    assert (tmp_path / "bad.db").read_bytes() == content


@pytest.mark.parametrize("option", ["--state", "--target", "--profile", "--output"])
def test_an_option_without_its_value_is_not_taken_for_none(imcli: Run, option: str) -> None:
    """An unset variable in a script: `reset-state --yes --state "$UNSET"`."""
    for words in ((option, ""), (f"{option}=",)):
        ran = imcli("list-conversations", "A", *words)
        assert (ran.status, ran.out) == (2, "")
        assert f"{option} is empty" in ran.err
    assert imcli("send", "B", "A", "--", "--state").status == 0


def test_two_names_of_a_profile_that_differ_are_refused(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--target", "sim:two-way", "--profile", "reference")
    assert (ran.status, ran.out) == (2, "")
    assert "name different profiles" in ran.err
    ran = imcli("send", "B", "A", "hi", "--target", "sim", "--state", "x.db")
    assert "--state is for the embedded server" in ran.err


# Profiles and families


def test_profiles_are_listed_with_what_differs(imcli: Run) -> None:
    rows = {row["profile"]: row for row in imcli("list-profiles", "--output", "json").json}
    assert rows["reference"]["differs"] == {}
    assert rows["two-way"]["differs"] == {"delete_scope": "two-way"}
    assert "two-way  " in imcli("list-profiles").out


def test_a_profile_is_shown_switch_by_switch(imcli: Run) -> None:
    rows = {row["switch"]: row for row in imcli("show-profile", "two-way", "--output", "json").json}
    assert rows["delete_scope"]["value"] == "two-way"
    assert rows["delete_scope"]["reference"] == "one-way"
    assert rows["resend_after"]["value"] == 5000
    assert rows["delete_scope"]["words"]["two-way"] == "in a person channel those of both"
    assert rows["resend_after"]["words"] == {}
    lines = imcli("show-profile", "two-way").lines
    assert any(line.split()[:3] == ["delete_scope", "two-way", "one-way"] for line in lines)
    assert any(line.split()[:3] == ["resend_after", "5s", "-"] for line in lines)


def test_a_mistyped_profile_is_answered_with_the_nearest(imcli: Run) -> None:
    ran = imcli("show-profile", "refrence")
    assert (ran.status, ran.out) == (3, "")
    assert "did you mean reference?" in ran.err


def test_families_are_printed_as_the_document_has_them(imcli: Run) -> None:
    ran = imcli("list-families", "scenarios", cwd=ROOT)
    assert ran.status == 0
    assert ran.out == (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")


def test_families_need_a_folder_of_scenarios(imcli: Run) -> None:
    ran = imcli("list-families")
    assert (ran.status, ran.out) == (5, "")
    assert "say where your scenario files are: imcli list-families PATH" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("create-group", "#team", "N"),
        ("add-members", "#nothing", "N"),
        ("add-members", "#closed", "N"),
        ("block", "#nothing", "N"),
    ],
    ids=str,
)
def test_nobody_is_made_for_what_is_refused(imcli: Run, words: tuple[str, ...]) -> None:
    imcli("create-group", "#team", "A")
    imcli("create-group", "#closed", "A")
    imcli("dismiss-group", "#closed", "--yes")
    assert imcli(*words).status == 7
    assert "there is no user 'N'" in imcli("list-devices", "N").err
    imcli("add-members", "#team", "N")
    assert imcli("list-devices", "N").status == 0
