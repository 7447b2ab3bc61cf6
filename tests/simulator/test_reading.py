"""Expiry, pages of history, pages of the list, what a synchronisation answers."""

from __future__ import annotations

import pytest

from imcli.model.actions import Open, Pull, Synchronise
from imcli.model.entities import Message
from imcli.model.events import HistoryPage
from imcli.simulator.log import ListLog
from tests.simulator.world import SECOND, World, policy


@pytest.fixture
def world() -> World:
    return World("A", "B", "C", "D", "E")


# Expiry


def test_an_expired_message_is_on_no_read_path_and_not_unread(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A", expire_ms=10 * SECOND)
    world.wait(10 * SECOND - 1)
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([1, 2], 2)
    world.wait(1)
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([1], 1)
    assert world.history("A", "B") == [1]
    assert world.page("A", "B", ascending=0) == ([1], False)


def test_a_conversation_of_which_all_has_expired_is_not_listed(world: World) -> None:
    world.send("B", "A", expire_ms=SECOND)
    assert world.sees("A") == ["B"]
    world.wait(SECOND)
    assert world.sees("A") == []
    world.send("B", "A")
    assert (world.seqs("A", "B"), world.unread("A", "B")) == ([2], 1)


def test_an_expiry_gives_the_list_its_old_order_back(world: World) -> None:
    world.send("B", "A")
    world.wait(SECOND)
    world.send("C", "A")
    world.send("B", "A", expire_ms=SECOND)
    assert world.sees("A") == ["B", "C"]
    world.wait(SECOND)
    assert world.sees("A") == ["C", "B"]


def test_the_newest_messages_are_found_behind_expired_ones(world: World) -> None:
    for _ in range(3):
        world.send("B", "A")
    for _ in range(5):
        world.send("B", "A", expire_ms=SECOND)
    world.wait(SECOND)
    answer = world.ask(Synchronise("A", "web", message_count=2))
    assert [m.seq for m in answer.entries[0].messages] == [2, 3]


def test_a_delta_tells_what_has_expired_since(world: World) -> None:
    world.send("B", "A")
    world.send("B", "A", expire_ms=SECOND)
    world.send("C", "A", expire_ms=SECOND)
    world.send("D", "A")
    cursor = world.sync("A").cursor
    world.wait(SECOND)
    answer = world.sync("A", cursor=cursor)
    assert not answer.full
    assert [entry.chat for entry in answer.entries] == ["B"]
    assert answer.tombstones == (("C", 0),)
    assert world.sync("A", cursor=answer.cursor).entries == ()


def test_a_full_answer_has_the_marks_of_what_only_own_messages_have_read(world: World) -> None:
    world.send("A", "B", expire_ms=SECOND)
    world.wait(SECOND)
    (marks,) = world.sync("A").unlisted
    assert (marks.chat, marks.read_to) == ("B", 1)


def test_what_went_by_an_expiry_keeps_its_marks(world: World) -> None:
    world.send("B", "A", expire_ms=SECOND)
    world.flag("A", "B", "pinned")
    world.mark("A", "B")
    cursor = world.sync("A").cursor
    world.wait(SECOND)
    answer = world.sync("A", cursor=cursor)
    assert answer.tombstones == (("B", 0),)
    (marks,) = answer.unlisted
    assert (marks.chat, marks.pinned, marks.marked_unread, marks.read_to) == ("B", True, True, 0)


# History


def fill(world: World, count: int = 10) -> None:
    for _ in range(count):
        world.send("B", "A")


def test_history_can_be_pulled_upwards_from_a_start_to_before_an_end(world: World) -> None:
    fill(world)
    assert world.page("A", "B", start=3, end=6) == ([3, 4, 5], False)
    assert world.page("A", "B", start=3, limit=2) == ([3, 4], True)
    assert world.page("A", "B", start=9, limit=2) == ([9, 10], False)


def test_history_can_be_pulled_downwards_from_a_start_to_after_an_end(world: World) -> None:
    fill(world)
    assert world.page("A", "B", ascending=0, limit=3) == ([8, 9, 10], True)
    assert world.page("A", "B", ascending=0, start=7, limit=3) == ([5, 6, 7], True)
    assert world.page("A", "B", ascending=0, start=3, end=1) == ([2, 3], False)


@pytest.mark.parametrize("ascending", [0, 1])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_history_partition_what_is_visible(ascending: int, limit: int) -> None:
    """Two memberships, a floor, commands, and messages that have expired in between."""
    world = World("A", "B", profile=policy(rejoin_history="all"))
    world.group("#team", "A", "B")
    for seq in range(1, 20):
        if seq == 3:
            world.delete("A", "#team")
        if seq == 8:
            world.remove("#team", "A")
        if seq == 11:
            world.add("#team", "A")
        kind = {5: "command", 13: "command", 14: "expires"}.get(seq, "")
        world.send(
            "B", "#team", command=kind == "command", expire_ms=SECOND if kind == "expires" else 0
        )
    world.wait(SECOND)
    found: list[int] = []
    start, more = 0, True
    while more:
        page, more = world.page("A", "#team", start=start, limit=limit, ascending=ascending)
        found = found + page if ascending else page + found
        if page:
            start = page[-1] + 1 if ascending else page[0] - 1
    assert found == [3, 4, 6, 7, 11, 12, 15, 16, 17, 18, 19]
    assert world.history("A", "#team") == found


def test_history_of_a_stranger_is_empty(world: World) -> None:
    world.group("#team", "B", "C")
    world.send("B", "#team")
    assert world.history("A", "#team") == []
    assert world.history("A", "nobody") == []
    assert world.history("A", "B") == []


def test_opening_a_chat_pulls_the_newest_and_changes_nothing(world: World) -> None:
    fill(world, 3)
    before = world.server.digest()
    (page,) = world.do(Open("A", "phone", "B"))
    assert isinstance(page, HistoryPage)
    assert [m.seq for m in page.messages] == [1, 2, 3]
    assert world.server.digest() == before


def test_malformed_questions_are_invalid(world: World) -> None:
    assert world.refuses(Pull("A", "phone", "B", start=-1)) == "invalid"
    assert world.refuses(Pull("ghost", "", "B")) == "invalid"
    assert world.refuses(Synchronise("A", "phone", page=-1)) == "invalid"
    assert world.refuses(Synchronise("ghost", "")) == "invalid"
    assert world.server.history("ghost", "A") == ()


# The list


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_partition_the_list(world: World, size: int) -> None:
    for sender in "BCDE":
        world.send(sender, "A")
    world.flag("A", "B", "pinned")
    found: list[str] = []
    for page in range(1, 6):
        answer = world.ask(Synchronise("A", "web", page=page, page_size=size))
        assert (answer.partial, answer.total_unread) == (True, 4)
        found += [entry.chat for entry in answer.entries]
    assert found == ["B", "E", "D", "C"]


def test_a_page_without_a_size_has_a_hundred(world: World) -> None:
    world.send("B", "A")
    assert len(world.ask(Synchronise("A", "web", page=1)).entries) == 1
    assert world.ask(Synchronise("A", "web", page=2)).entries == ()


def test_only_unread_ones_are_those_counted_or_marked(world: World) -> None:
    for sender in "BCD":
        world.send(sender, "A")
    world.read("A", "B")
    world.read("A", "C")
    world.mark("A", "C")
    answer = world.ask(Synchronise("A", "web", only_unread=True))
    assert [entry.chat for entry in answer.entries] == ["D", "C"]


def test_by_channel_answers_those_that_are_listed(world: World) -> None:
    for sender in "BCD":
        world.send(sender, "A")
    world.delete("A", "D")
    answer = world.ask(Synchronise("A", "web", chats=("B", "D", "nobody", "#none")))
    assert [entry.chat for entry in answer.entries] == ["B"]
    assert not answer.full


def test_a_full_list_holds_the_newest_messages_asked_for(world: World) -> None:
    fill(world, 25)
    assert world.seqs("A", "B") == list(range(6, 26))
    assert world.ask(Synchronise("A", "web", message_count=0)).entries[0].messages == ()
    one = world.ask(Synchronise("A", "web", message_count=1)).entries[0]
    assert ([m.seq for m in one.messages], one.unread) == ([25], 25)


def test_a_delta_holds_what_changed_and_nothing_else(world: World) -> None:
    for sender in "BCD":
        world.send(sender, "A")
    cursor = world.sync("A").cursor
    assert world.sync("A", cursor=cursor).entries == ()
    world.send("C", "A")
    world.send("A", "D")
    answer = world.sync("A", cursor=cursor)
    assert [entry.chat for entry in answer.entries] == ["D", "C"]
    assert (answer.full, answer.total_unread) == (False, 3)


def test_repeated_questions_change_nothing(world: World) -> None:
    fill(world, 2)
    world.sync("A")
    before = world.server.digest()
    for _ in range(3):
        world.sync("A")
        world.page("A", "B")
        world.server.listing("A")
        world.server.entry("A", "B")
    assert world.server.digest() == before


def test_a_cursor_without_a_device_is_answered_in_full(world: World) -> None:
    fill(world, 1)
    assert world.ask(Synchronise("A", "", cursor=99)).full


def test_a_list_asked_without_a_device_takes_no_commands_away(world: World) -> None:
    world.offline("A")
    command = world.send("B", "A", command=True)
    assert world.ask(Synchronise("A", "")).commands == ()
    world.online("A")
    assert world.sync("A").commands == (command,)


def test_ids_may_have_odd_characters() -> None:
    world = World("a:1", "b|2-c:1", "a", "1")
    world.send("a:1", "b|2-c:1")
    world.send("a", "1")
    assert world.sees("b|2-c:1") == ["a:1"]
    assert world.sees("1") == ["a"]
    world.delete("b|2-c:1", "a:1")
    world.send("a:1", "b|2-c:1")
    assert world.seqs("b|2-c:1", "a:1") == [2]


# The log below


def message(seq: int, sender: str = "A", **facts: object) -> Message:
    made = {"kind": "content", "expires_ms": 0, **facts}
    return Message("A@B", seq, seq, f"c{seq}", sender, **made)  # type: ignore[arg-type]


def test_logs_shared_between_forks_go_their_own_ways() -> None:
    log = ListLog("A@B")
    log.append(message(1))
    log.append(message(2, kind="command"))
    fork = log.fork()
    log.append(message(3, "B"))
    fork.append(message(3, "C", expires_ms=5))
    assert [m.sender for m in log.page(0, 9, 0)] == ["A", "A", "B"]
    assert [m.sender for m in fork.page(0, 9, 0)] == ["A", "A", "C"]
    assert (log.has_expiring, fork.has_expiring) == (False, True)
    assert log.find("C", "c3") is None
    assert fork.find("C", "c3") is not None


def test_a_log_counts_by_range() -> None:
    log = ListLog("A@B")
    for seq, sender in enumerate("ABAB", 1):
        log.append(message(seq, sender, no_red_dot=seq == 4))
    assert log.count_content(0, 4) == 4
    assert log.count_content(1, 3) == 2
    assert log.count_countable(0, 4, "A") == 1
    assert log.count_countable(0, 4, "Z") == 3
    assert log.countable_from_end(4, "A", 0, 1) == 2
    assert log.countable_from_end(4, "Z", 0, 9) == 1
    assert log.countable_from_end(4, "Z", 3, 1) == 0


def test_a_log_gives_pages_from_either_end() -> None:
    log = ListLog("A@B")
    for seq in range(1, 6):
        log.append(message(seq))
    assert [m.seq for m in log.page(0, 9, 2)] == [1, 2]
    assert [m.seq for m in log.page(0, 9, 2, newest=True)] == [4, 5]
    assert [m.seq for m in log.visible(1, 4, 2)] == [3, 4]
    assert [m.seq for m in log.visible_after(1, 4, 2)] == [2, 3]
    assert log.get(0) is None
    assert log.get(6) is None


def test_an_erased_log_keeps_its_numbers() -> None:
    log = ListLog("A@B")
    for seq in range(1, 4):
        log.append(message(seq, "A" if seq % 2 else "B", kind="content", expires_ms=seq))
    log.append(message(4, kind="command"))
    log.erase(2)
    assert [m.seq for m in log.page(0, 9, 0)] == [3, 4]
    assert [m.seq for m in log.visible(0, 9, 9)] == [3]
    assert [m.seq for m in log.expiring(0, 9)] == [3]
    assert (log.last, log.count_content(0, 9)) == (4, 1)
    log.erase(2)
    assert log.countable_from_end(9, "Z", 0, 9) == 3
    log.erase(4)
    assert [m.seq for m in log.page(0, 9, 0)] == [4], "a command is no history"
    assert log.newest == log.get(4)
