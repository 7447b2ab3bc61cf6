"""WuKongIM's keepings of conversations, by what was measured on real servers.

The numbers (A0, A4, ...) are those of the anomalies that the laws' own comments name. 2.1.3 keeps
rows that a delete removes; 2.1.4 to 2.2.5 keep rows with a delete mark.
"""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    Accept,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Crash,
    CreateGroup,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Flush,
    Kick,
    Leave,
    MarkUnread,
    Pull,
    Read,
    RemoveMembers,
    Restart,
    Send,
    SetAccess,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
)
from imcli.model.events import (
    Accepted,
    Flushed,
    HistoryPage,
    Offline,
    Pushed,
    SessionEnded,
    Stored,
    Unanswered,
)
from imcli.simulator.profiles import load_profile
from tests.simulator.world import World

VERSIONS = ("2.1.3", "2.1.4", "2.1.5", "2.2.0", "2.2.5")
MARKED = VERSIONS[1:]
CACHED = VERSIONS[3:]


def wukongim(version: str, *users: str) -> World:
    return World(*(users or ("A", "B", "C")), profile=load_profile(f"wukongim-{version}"))


def listed_row(version: str, count: int = 1) -> World:
    """B wrote to A, who has a stored row."""
    world = wukongim(version)
    for _ in range(count):
        world.send("B", "A")
    if version == "2.1.4":  # which makes no rows of person channels from messages (A5)
        world.do(SetAccess("B", "A", "allow", True))
    world.do(Flush())
    return world


# Every version


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_app_does_is_unsupported(version: str) -> None:
    world = listed_row(version)
    for action in (
        Clear("A", "phone", "B"),
        SetFlag("A", "phone", "B", "pinned", True),
        Accept("A", "phone", "B"),
        Delete("A", "phone", "B", for_both=True),
        Delete("A", "phone", "B", up_to=1),
        Read("A", "phone", "B", 1),
        MarkUnread("A", "phone", "B"),
    ):
        assert world.refuses(action) == "unsupported"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("device", ["phone", ""], ids=["device", "back end"])
def test_there_are_no_notices(version: str, device: str) -> None:
    world = wukongim(version)
    said = Send("B", device, "A", "look", "n1", notice=True)
    assert world.refuses(said) == "unsupported"
    assert world.history("A", "B") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kick_ends_all_sessions_of_a_kind_and_a_login_elsewhere_one(version: str) -> None:
    world = wukongim(version)
    world.do(AddDevice("B", "tablet", "app", online=True))
    world.do(AddDevice("B", "browser", "web", online=True))
    ended = [e.device for e in world.do(Kick("B", "tablet")) if isinstance(e, SessionEnded)]
    assert sorted(ended) == ["phone", "tablet"]
    world.do(Connect("B", "phone"))
    world.do(Connect("B", "tablet"))
    alone = world.do(Kick("B", "tablet", alone=True))
    assert [e.device for e in alone if isinstance(e, SessionEnded)] == ["tablet"]


@pytest.mark.parametrize("order", ["kicked, then gone", "gone, then kicked"])
@pytest.mark.parametrize("gone", [Drop, Disconnect])
def test_who_is_kicked_on_2_2_5_sends_on_a_deaf_socket_until_it_hangs_up(
    gone: type[Drop | Disconnect], order: str
) -> None:
    world = wukongim("2.2.5")
    if order == "kicked, then gone":
        world.do(Kick("B", "phone"))
        assert isinstance(world.apply(world.text("B", "A"))[0], Unanswered)
        world.do(gone("B", "phone"))
    else:
        world.do(gone("B", "phone"))
        world.do(Kick("B", "phone"))
    sent = world.history("A", "B")
    assert isinstance(world.apply(world.text("B", "A", "y"))[0], Offline)
    assert world.history("A", "B") == sent
    world.do(Connect("B", "phone"))
    assert isinstance(world.apply(world.text("B", "A", "z"))[0], Stored)


@pytest.mark.parametrize("version", [v for v in VERSIONS if v != "2.2.0"])
def test_a_whole_group_cannot_be_silenced(version: str) -> None:
    assert wukongim(version).refuses(SetGroupFlag("#team", "muted", True)) == "unsupported"


def test_a_group_can_be_silenced_on_2_2_0_and_a_ban_does_not_end_it() -> None:
    world = wukongim("2.2.0")
    world.do(AddMembers("#team", ("A", "B")))
    world.do(SetGroupFlag("#team", "muted", True))
    world.do(SetGroupFlag("#team", "banned", True))
    world.do(SetGroupFlag("#team", "banned", False))
    assert world.refuses(Send("A", "phone", "#team", "may I?", "n1")) == "silenced"
    world.do(SetGroupFlag("#team", "muted", False))
    world.send("A", "#team")


@pytest.mark.parametrize("version", VERSIONS)
def test_history_answers_the_whole_log_whatever_was_deleted(version: str) -> None:
    world = listed_row(version)
    world.delete("A", "B")
    assert world.history("A", "B") == [1]


@pytest.mark.parametrize("version", VERSIONS)
def test_other_devices_are_told_nothing_of_a_delete(version: str) -> None:
    world = listed_row(version)
    world.delete("A", "B")
    assert not world.told("A", "web")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_resend_is_stored_again(version: str) -> None:
    world = wukongim(version)
    world.send("B", "A", number="x")
    assert world.send("B", "A", number="x").seq == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_any_cursor_acts_as_only_unread(version: str) -> None:
    world = listed_row(version)
    world.read("A", "B")
    assert world.ask(Synchronise("A", "web", cursor=7)).entries == ()
    assert world.ask(Synchronise("A", "web", only_unread=True)).entries == ()
    assert world.ask(Synchronise("A", "web", message_count=0)).entries == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_known_numbers_leave_out_what_the_device_has(version: str) -> None:
    world = listed_row(version, 2)
    (entry,) = world.ask(Synchronise("A", "web", seqs=(("B", 1),))).entries
    assert [m.seq for m in entry.messages] == [2]
    assert world.ask(Synchronise("A", "web", seqs=(("B", 2),))).entries == ()


@pytest.mark.parametrize("version", [v for v in VERSIONS if v != "2.1.4"])
@pytest.mark.parametrize("peer", ["b:1", "b|c"])
def test_known_numbers_of_an_id_with_a_delimiter_are_not_understood(
    version: str, peer: str
) -> None:
    """A30. Behind the bar stands another id, which is taken for the one that is meant."""
    world = wukongim(version, "A", "c", peer)
    for sender in (peer, "c"):
        world.send(sender, "A")
    world.do(Flush())
    listed = [e.chat for e in world.ask(Synchronise("A", "web", seqs=((peer, 1),))).entries]
    assert listed == ([peer] if peer == "b|c" else ["c", peer])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_back_end_passes_the_senders_permissions_and_learns_of_no_refusal(
    version: str,
) -> None:
    world = wukongim(version)
    world.do(SetAccess("A", "B", "block", True))
    assert world.refuses(world.text("B", "A")) == "blocked"
    assert any(isinstance(e, Stored) for e in world.do(world.text("B", "A", device="")))
    world.do(CreateGroup("#team", ("A",)))
    world.do(SetGroupFlag("#team", "banned", True))
    assert world.refuses(world.text("A", "#team")) == "banned"
    assert world.do(world.text("A", "#team", device="")) == [Unanswered("A", "", False)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_back_end_takes_what_no_log_can_show_for_sent(version: str) -> None:
    world = closed_group(version, SetGroupFlag("#team", "banned", True))
    (passed,) = world.apply(Send("B", "", "#team", "x", "n1", no_persist=True))
    assert isinstance(passed, Accepted)
    assert passed.message is None
    (kept,) = world.apply(Send("B", "", "#team", "x", "n2"))
    assert isinstance(kept, Unanswered)


def closed_group(version: str, closing: Action) -> World:
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.do(closing)
    return world


@pytest.mark.parametrize("closing", [SetGroupFlag("#team", "banned", True), Dismiss("#team")])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_command_of_the_back_end_reaches_a_closed_group(version: str, closing: Action) -> None:
    world = closed_group(version, closing)
    events = world.do(Send("B", "", "#team", "x", "n1", command=True))
    (pushed,) = [event for event in events if isinstance(event, Pushed)]
    assert {key.user for key in pushed.devices} == {"A", "B"}
    assert world.refuses(Send("B", "phone", "#team", "x", "n2", command=True)) != ""


@pytest.mark.parametrize("version", VERSIONS)
def test_groups_are_made_by_being_named_and_guard_their_senders(version: str) -> None:
    world = wukongim(version)
    assert world.refuses(world.text("A", "#new")) == "not-a-member"
    world.do(AddMembers("#team", ("A", "B")))
    world.send("A", "#team")
    world.do(SetAccess("#team", "A", "block", True))
    assert world.refuses(world.text("A", "#team")) == "blocked"
    world.do(SetAccess("#team", "A", "block", False))
    world.do(SetGroupFlag("#team", "banned", True))
    world.do(SetGroupFlag("#team", "banned", False))
    world.do(Dismiss("#team"))
    assert world.refuses(world.text("A", "#team")) == "dismissed"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_allow_list_is_asked_from_2_1_4_on_and_sticks_from_2_2_0_on(
    version: str,
) -> None:
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.do(SetAccess("#team", "B", "allow", True))
    if version == "2.1.3":
        world.send("A", "#team")
        return
    assert world.refuses(world.text("A", "#team")) == "not-allowed"
    world.do(SetAccess("#team", "B", "allow", False))
    if version in CACHED:
        assert world.refuses(world.text("A", "#team")) == "not-allowed"
    else:
        world.send("A", "#team")


@pytest.mark.parametrize("version", VERSIONS)
def test_malformed_ids_are_invalid(version: str) -> None:
    world = wukongim(version)
    for action in (
        world.text("A", ""),
        CreateGroup("team", ("A",)),
        AddMembers("#a@b", ("A",)),
        SetMembers("#", ("A",)),
        RemoveMembers("#", ("A",)),
        Leave("A", "phone", "#a&b"),
        Dismiss("#"),
        SetGroupFlag("#", "banned", True),
        SetAccess("", "A", "block", True),
    ):
        assert world.refuses(action) == "invalid"


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_reset_out_of_a_group_keeps_the_row_and_goes_on_seeing(version: str) -> None:
    """A27."""
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.do(SetMembers("#team", ("B",)))
    world.send("B", "#team")
    assert world.seqs("A", "#team") == [1, 2]


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_removed_loses_the_row_but_not_on_2_1_3(version: str) -> None:
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.do(RemoveMembers("#team", ("A",)))
    assert world.sees("A") == (["#team"] if version == "2.1.3" else [])
    world.do(Leave("B", "phone", "#team"))
    assert world.refuses(world.text("B", "#team")) == "not-a-member"


@pytest.mark.parametrize("version", VERSIONS)
def test_adding_a_present_member_reads_the_group_from_2_2_0_on(version: str) -> None:
    """A23."""
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.do(AddMembers("#team", ("A",)))
    assert world.unread("A", "#team") == (0 if version in CACHED else 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_marking_an_empty_conversation_stores_a_row(version: str) -> None:
    """A8."""
    world = wukongim(version)
    world.mark("A", "B", 2)
    kept = world.server.kept("A", "B")
    assert kept is not None
    stored_unread = 1 if version == "2.1.3" else 0
    assert (kept.unread, kept.read_to, kept.messages) == (stored_unread, 2**64 - 1, ())


@pytest.mark.parametrize("version", VERSIONS)
def test_reading_an_empty_conversation_stores_a_row_up_to_2_1_3(version: str) -> None:
    world = wukongim(version)
    world.read("A", "B")
    kept = world.server.kept("A", "B")
    assert (kept is not None) is (version == "2.1.3")


# 2.1.3


def test_a0_the_peers_message_does_not_bring_a_deleted_conversation_back() -> None:
    world = listed_row("2.1.3")
    world.delete("A", "B")
    for end in (Flush(), Restart(), Flush()):
        world.send("B", "A", device="")
        world.do(end)
    world.online("A", "phone")
    assert (world.sees("A"), world.server.kept("A", "B")) == ([], None)
    world.send("A", "B")
    assert world.seqs("A", "B") == [1, 2, 3, 4, 5]


def test_a0_a_delete_before_the_flush_is_just_as_final() -> None:
    world = wukongim("2.1.3")
    world.send("B", "A")
    world.delete("A", "B")
    world.send("B", "A")
    world.do(Flush())
    assert world.sees("A") == []


def test_a11_any_end_of_the_process_loses_what_was_not_flushed() -> None:
    for end in (Restart(), Crash()):
        world = wukongim("2.1.3")
        world.send("B", "A")
        assert world.sees("A") == ["B"]
        world.do(end)
        world.send("B", "A", device="")
        assert world.sees("A") == []


def test_a12_a_flush_undoes_a_delete_in_a_group() -> None:
    world = wukongim("2.1.3")
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.delete("A", "#team")
    assert world.sees("A") == []
    world.do(Flush())
    assert world.sees("A") == ["#team"]


def test_a14_reading_brings_a_deleted_conversation_back() -> None:
    world = listed_row("2.1.3")
    world.delete("A", "B")
    world.read("A", "B")
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([1], 0)


def test_marking_unread_works_backwards_and_stores_the_count() -> None:
    world = listed_row("2.1.3", 3)
    world.read("A", "B")
    world.mark("A", "B", 2)
    assert world.unread("A", "B") == 2
    world.mark("A", "B", 99)
    assert world.unread("A", "B") == 1
    world.mark("A", "B", 0)
    assert world.unread("A", "B") == 0


def test_a37_reading_after_marking_shows_the_stored_count_again() -> None:
    world = listed_row("2.1.3", 3)
    world.mark("A", "B", 2)
    world.read("A", "B")
    assert world.unread("A", "B") == 2


def test_unread_is_a_difference_of_numbers() -> None:
    world = listed_row("2.1.3")
    world.send("B", "A", no_red_dot=True)
    assert world.unread("A", "B") == 2


def test_rows_are_stored_at_multiples_of_the_interval() -> None:
    world = wukongim("2.1.3")
    world.send("B", "A")
    assert world.server.kept("A", "B") is None
    world.wait(299_999)
    assert world.server.kept("A", "B") is None
    (flushed,) = [e for e in world.wait(1) if isinstance(e, Flushed)]
    assert flushed.rows == 2
    kept = world.server.kept("A", "B")
    assert kept is not None
    assert (kept.unread, kept.read_to) == (1, 0)


def test_a34_a_member_among_everyone_has_read_nothing_until_the_flush() -> None:
    world = wukongim("2.1.3")
    world.do(CreateGroup("#team", ("A", "B")))
    for _ in range(2):
        world.send("B", "#team")
    world.do(Flush())
    world.delete("A", "#team")
    world.do(Restart())
    for user in "AB":
        world.online(user, "phone")
    world.send("B", "#team")
    assert world.unread("A", "#team") == 3
    world.do(Flush())
    assert world.unread("A", "#team") == 1


def test_a_changed_member_list_hides_those_among_everyone_until_the_next_message() -> None:
    world = wukongim("2.1.3")
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.do(Flush())
    world.delete("A", "#team")
    world.do(AddMembers("#team", ("C",)))
    assert world.sees("A") == []
    world.send("B", "#team")
    assert world.sees("A") == []
    world.do(Flush())
    assert world.sees("A") == ["#team"]


def test_a13_commands_of_the_back_end_have_a_log_of_their_own() -> None:
    world = wukongim("2.1.3")
    for _ in range(2):
        world.send("B", "A", command=True, device="")
    message = world.send("B", "A")
    assert message.seq == 1
    world.do(Flush())
    assert world.sees("A") == ["B"]
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team", command=True, device="")
    world.do(Flush())
    assert world.sees("A") == ["B"]


# 2.1.4 to 2.2.5


@pytest.mark.parametrize("version", MARKED)
def test_a_message_brings_a_deleted_conversation_back(version: str) -> None:
    world = listed_row(version)
    world.delete("A", "B")
    assert world.sees("A") == []
    world.send("B", "A")
    assert world.seqs("A", "B") == [2]


def test_a5_messages_make_no_person_rows_on_2_1_4() -> None:
    world = wukongim("2.1.4")
    world.send("B", "A")
    world.do(Flush())
    assert world.sees("A") == []
    world.read("A", "B")
    assert world.sees("A") == ["B"]


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_a4_a_delete_before_the_flush_does_nothing(version: str) -> None:
    world = wukongim(version)
    world.send("B", "A")
    world.delete("A", "B")
    assert world.sees("A") == ["B"]
    world.do(Flush())
    world.wait(600_000)
    assert world.sees("A") == ["B"]


@pytest.mark.parametrize("version", VERSIONS[2:])
def test_a_stop_in_good_order_saves_what_is_pending_a_crash_loses_it(version: str) -> None:
    for end, seen in ((Restart(), ["B"]), (Crash(), [])):
        world = wukongim(version)
        world.send("B", "A")
        world.do(end)
        world.do(Flush())
        assert world.sees("A") == seen


@pytest.mark.parametrize("version", MARKED)
def test_a1_one_unread_message_comes_back_when_only_unread_is_asked(version: str) -> None:
    world = listed_row(version)
    world.delete("A", "B")
    (entry,) = world.ask(Synchronise("A", "web", only_unread=True)).entries
    assert ([m.seq for m in entry.messages], entry.unread) == ([1], 1)
    world.send("B", "A")
    world.delete("A", "B")
    assert world.ask(Synchronise("A", "web", only_unread=True)).entries == ()


@pytest.mark.parametrize("version", MARKED)
def test_a6_unread_counts_what_was_deleted(version: str) -> None:
    world = listed_row(version, 3)
    world.delete("A", "B")
    world.send("B", "A")
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([4], 4)


@pytest.mark.parametrize("version", MARKED)
def test_a7_marking_unread_cannot_move_back(version: str) -> None:
    world = listed_row(version, 3)
    world.read("A", "B")
    world.mark("A", "B", 2)
    assert world.unread("A", "B") == 0


@pytest.mark.parametrize("version", MARKED)
def test_a8_marking_an_empty_channel_reads_it_for_ever(version: str) -> None:
    world = wukongim(version)
    world.mark("A", "B", 1)
    world.send("B", "A")
    entry = world.entry("A", "B")
    assert (entry.unread, entry.read_to) == (0, (1 << 32) - 1)


@pytest.mark.parametrize("version", MARKED[:-1])
def test_a9_the_oldest_message_of_the_window_decides_who_wrote(version: str) -> None:
    world = wukongim(version)
    world.send("A", "B")
    if version == "2.1.4":
        world.do(SetAccess("B", "A", "allow", True))
    world.send("B", "A")
    world.send("B", "A")
    (entry,) = world.ask(Synchronise("A", "web", message_count=10)).entries
    assert entry.unread == 0
    (entry,) = world.ask(Synchronise("A", "web", message_count=1)).entries
    assert entry.unread == 3


def test_a10_replying_reads_from_2_2_5_on() -> None:
    for version, unread in (("2.2.0", 3), ("2.2.5", 1)):
        world = listed_row(version)
        world.send("A", "B")
        world.send("B", "A")
        (entry,) = world.ask(Synchronise("A", "web", message_count=1)).entries
        assert entry.unread == unread


def test_a2_a_new_conversation_disappears_at_the_flush_on_2_2_0() -> None:
    for version, seen in (("2.2.0", []), ("2.2.5", ["B"])):
        world = wukongim(version)
        assert world.sees("A") == []
        world.send("B", "A")
        assert world.sees("A") == ["B"]
        world.do(Flush())
        assert world.sees("A") == seen
        world.wait(600_000)
        assert world.sees("A") == ["B"]


@pytest.mark.parametrize("version", CACHED)
def test_a3_reading_a_deleted_conversation_brings_it_back_through_the_cache(version: str) -> None:
    world = listed_row(version, 2)
    world.delete("A", "B")
    assert world.sees("A") == []
    world.read("A", "B")
    assert world.sees("A") == ["B"]
    world.wait(600_000)
    assert world.sees("A") == []


@pytest.mark.parametrize("version", CACHED)
def test_a31_a_cached_list_takes_rows_of_a_user_whose_id_begins_it(version: str) -> None:
    world = wukongim(version, "a", "a:x", "B")
    world.send("B", "a")
    world.do(Flush())
    assert world.sees("a:x") == []
    world.read("a", "B")
    assert len(world.sees("a:x")) == 1


@pytest.mark.parametrize("version", MARKED)
def test_a26_what_taking_somebody_off_a_deny_list_does_to_the_row(version: str) -> None:
    world = wukongim(version)
    world.do(CreateGroup("#team", ("A", "B")))
    world.send("B", "#team")
    world.do(SetAccess("#team", "A", "block", True))
    assert world.sees("A") == ([] if version in CACHED else ["#team"])
    world.do(SetAccess("#team", "A", "block", False))
    world.wait(600_000)
    assert world.sees("A") == (["#team"] if version in CACHED else [])


def test_a_flush_stores_a_hundred_rows_and_loses_the_rest_of_a_pair() -> None:
    """A11, second part: with an odd place the other half of a pair is lost."""
    world = wukongim("2.2.5", "A", *(f"u{n}" for n in range(60)))
    world.send("A", "A")
    for number in range(60):
        world.send(f"u{number}", "A")
    (_, flushed) = world.do(Flush())
    assert flushed == Flushed(100)
    assert world.server.state.waiting
    (_, flushed) = world.do(Flush())
    assert isinstance(flushed, Flushed)
    assert flushed.rows < 22
    assert world.server.state.waiting == {}


def test_a17_pages_are_cut_before_empty_ones_are_left_out() -> None:
    world = wukongim("2.2.5")
    for sender in "BC":
        world.send(sender, "A")
    world.do(Flush())
    world.delete("A", "C")
    pages = [
        [e.chat for e in world.ask(Synchronise("A", "web", page=page, page_size=1)).entries]
        for page in (1, 2, 3)
    ]
    assert sorted(pages) == [[], [], ["B"]]


def test_a16_by_channel_ignores_the_delete_mark_on_2_2_5() -> None:
    world = listed_row("2.2.5", 2)
    world.delete("A", "B")
    answer = world.ask(Synchronise("A", "web", chats=("B", "C")))
    assert [(e.chat, len(e.messages)) for e in answer.entries] == [("B", 2), ("C", 0)]


# Windows of history


@pytest.mark.parametrize(
    ("bounds", "seqs", "more"),
    [
        ({}, [1, 2, 3, 4, 5], False),
        ({"limit": 2}, [1, 2], True),
        ({"start": 2, "end": 4}, [2, 3], False),
        ({"start": 4, "ascending": False}, [1, 2, 3, 4], False),
        ({"start": 4, "end": 2, "ascending": False}, [3, 4], False),
        ({"start": 4, "limit": 2, "ascending": False}, [3, 4], True),
        ({"start": 2, "end": 4, "ascending": False}, [], False),
        ({"limit": 2, "ascending": False}, [4, 5], True),
    ],
)
def test_windows_of_history(bounds: dict[str, int], seqs: list[int], more: bool) -> None:
    world = wukongim("2.2.5")
    for _ in range(5):
        world.send("B", "A")
    ascending = bool(bounds.pop("ascending", True)) if "ascending" in bounds else True
    pull = Pull("A", "phone", "B", ascending=ascending, **bounds)
    (page,) = world.do(pull)
    assert isinstance(page, HistoryPage)
    assert ([m.seq for m in page.messages], page.more) == (seqs, more)


def test_history_of_nothing_is_empty() -> None:
    world = wukongim("2.2.5")
    assert world.do(Pull("A", "phone", "C")) == [HistoryPage("A", "phone", "C", (), False)]


def test_a_send_of_the_system_is_in_no_list() -> None:
    world = wukongim("2.2.5", "A", "____system")
    world.do(Send("____system", "", "A", "hi", "x"))
    world.do(Flush())
    assert world.sees("A") == []
