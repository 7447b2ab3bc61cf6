"""One conversation of a live server in four places, and what its count is made of, by version."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imcli.model.actions import Flush
from tests.cli.conftest import Ran, Run
from tests.targets.served import Served, served

Say = Callable[..., Ran]
NEVER_MS = 3_600_000


def speaker(imcli: Run, server: Served) -> Say:
    """Run commands on a served world; an act must succeed."""

    def say(*argv: str) -> Ran:
        ran = imcli(*argv, "--target", server.url)
        assert ran.status == 0, ran.err
        return ran

    return say


def flush(server: Served) -> None:
    """Store now what waits."""
    world = server.house.world
    server.call(lambda: world.route(world.server.apply(Flush())))


@pytest.mark.parametrize("version", ["2.1.3", "2.1.5", "2.2.0", "2.2.5"])
def test_a_conversation_in_order_agrees_in_every_version(imcli: Run, version: str) -> None:
    with served(f"wukongim-{version}") as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "hi")
        flush(server)  # 2.2.0 would lose from a list that is read before what it stores after (A2)
        ran = say("show-conversation", "A", "B", "--watch")
    assert ran.out.endswith(f"They agree, as WuKongIM {version} should.\n")
    last = ran.out.rpartition("where")[2].splitlines()
    assert [line.split()[0] for line in last[1:5]] == ["log", "record", "list", "by"]
    by_channel = "1  1 B: hi" if version == "2.2.5" else "since 2.2.5 only"
    assert by_channel in last[4]


def test_the_famous_bug_is_a_record_that_is_missing(imcli: Run) -> None:
    with served("wukongim-2.1.3") as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "hi")
        say("delete-conversation", "A", "B")
        say("send", "B", "A", "again")
        ran = say("show-conversation", "A", "B")
        record = say("show-conversation", "A", "B", "--output", "json").json
    assert "The record disagrees:\n  record: there is no record" in ran.out
    assert "(A0)" in ran.out
    assert (record["agrees"], record["disagrees"]) == (False, ["record"])
    assert record["findings"][0]["code"] == "A0"
    assert (record["log"]["messages"], record["record"], record["list"]) == ([1, 2], None, None)


def test_a_list_that_lost_a_conversation_at_the_flush_is_named(imcli: Run) -> None:
    with served("wukongim-2.2.0") as server:
        say = speaker(imcli, server)
        say("list-conversations", "A")
        say("send", "B", "A", "hi")
        flush(server)
        ran = say("show-conversation", "A", "B")
    assert "The list disagrees:" in ran.out
    assert "(A2)" in ran.out


def test_what_waits_for_the_flush_is_told_from_what_is_wrong(imcli: Run) -> None:
    with served("wukongim-2.2.5", flush_ms=NEVER_MS) as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "hi")
        ran = say("show-conversation", "A", "B")
    assert "They agree, and WuKongIM 2.2.5 has not stored everything yet:\n  record: not" in ran.out


def test_watching_ends_when_they_agree(imcli: Run) -> None:
    with served("wukongim-2.2.5", flush_ms=NEVER_MS) as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "hi")
        pauses: list[float] = []

        def flushed(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                flush(server)

        argv = ("show-conversation", "A", "B", "--watch", "--target", server.url)
        ran = imcli(*argv, pause=flushed)
    assert ran.status == 0
    assert len(pauses) == 2
    first, second = ran.out.split("\n\nwhere")
    assert "has not stored everything yet" in first
    assert second.endswith("They agree, as WuKongIM 2.2.5 should.\n")


def test_watching_as_lines_of_json_is_a_line_a_change(imcli: Run) -> None:
    with served("wukongim-2.2.5", flush_ms=NEVER_MS) as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "hi")
        argv = ("show-conversation", "A", "B", "--watch", "--target", server.url)
        again = iter((lambda: None, lambda: flush(server)))
        ran = imcli(*argv, "--output", "jsonl", pause=lambda _: next(again)())
        refused = imcli(*argv, "--output", "json")
    assert [line[:11] for line in ran.lines] == ['{"user":"A"', '{"user":"A"']
    assert refused.status == 2
    assert "hint: --output jsonl is" in refused.err


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_ends_watching_with_its_own_status(imcli: Run) -> None:
    imcli("send", "B", "A", "hi")
    for argv in (
        ("list-conversations", "A", "--watch"),
        ("show-conversation", "A", "B", "--watch"),
        ("show-history", "A", "B", "--watch"),
    ):
        ran = imcli(*argv, pause=interrupt)
        assert (ran.status, ran.err) == (130, "interrupted\n")
        assert "hi" in ran.out


def test_watching_the_embedded_server_lets_others_write(imcli: Run) -> None:
    imcli("send", "B", "A", "one")
    others = iter(("two", "three"))

    def somebody(_: float) -> None:
        text = next(others, None)
        if text is None:
            raise KeyboardInterrupt
        assert imcli("send", "B", "A", text).status == 0

    ran = imcli("show-history", "A", "B", "--watch", "--output", "plain", pause=somebody)
    assert ran.lines == [
        "1\tB\tone\tcontent",
        *("1\tB\tone\tcontent", "2\tB\ttwo\tcontent"),
        *("1\tB\tone\tcontent", "2\tB\ttwo\tcontent", "3\tB\tthree\tcontent"),
    ]


def test_on_a_terminal_the_picture_is_drawn_over_the_one_before(imcli: Run) -> None:
    imcli("send", "B", "A", "one")
    left = iter((True, False))

    def somebody(_: float) -> None:
        if not next(left):
            raise KeyboardInterrupt
        imcli("send", "B", "A", "two")

    argv = ("list-conversations", "A", "--watch")
    env = {"NO_COLOR": "1"}
    ran = imcli(*argv, terminal=True, env=env, pause=somebody)
    first, _, second = ran.out.partition("\x1b[")
    assert second.startswith(f"{len(first.splitlines())}A\x1b[J")
    assert "2 B: two" in second


def test_a_live_server_keeps_conversations_for_users_not_for_devices(imcli: Run) -> None:
    with served("wukongim-2.2.5") as server:
        ran = imcli("show-conversation", "A", "B", "--device", "web", "--target", server.url)
    assert ran.status == 2
    assert "not for a device" in ran.err


# What a count is made of


def counted(imcli: Run, version: str, senders: str, *, user: str = "A") -> Ran:
    with served(f"wukongim-{version}") as server:
        say = speaker(imcli, server)
        for sender in senders:
            say("send", sender, "B" if sender == "A" else "A", f"from {sender}")
        flush(server)
        return say("explain-unread", user, "B" if user == "A" else "A", "--output", "json")


@pytest.mark.parametrize(
    ("version", "senders", "unread", "term", "not_counted"),
    [
        ("2.1.3", "BBB", 3, "nothing", []),
        ("2.1.3", "BAB", 1, "read", []),
        ("2.2.0", "ABB", 0, "own oldest", []),
        ("2.2.0", "BAB", 3, "nothing", [{"seq": 2, "why": "own"}]),
        ("2.2.5", "BAB", 1, "own send", []),
        ("2.2.5", "BBA", 0, "own newest", []),
    ],
)
def test_the_term_that_won_is_named(
    imcli: Run,
    version: str,
    senders: str,
    unread: int,
    term: str,
    not_counted: list[dict[str, object]],
) -> None:
    record = counted(imcli, version, senders).json
    assert (record["unread"], record["term"]) == (unread, term)
    assert record["not_counted"] == not_counted
    assert record["version"] == version


def test_a_count_that_depends_on_what_is_asked_for_says_so(imcli: Run) -> None:
    with served("wukongim-2.2.0") as server:
        say = speaker(imcli, server)
        say("send", "A", "B", "mine")
        say("send", "B", "A", "one")
        say("send", "B", "A", "two")
        ran = say("explain-unread", "A", "B")
    assert "counted from     nothing: the oldest message of the answer is an own one (1) (A9)" in (
        ran.out
    )
    assert "It depends on how many messages a client asks for (A9): 3 with 1, 0 from 3 on." in (
        ran.out
    )


def test_deleted_messages_that_count_are_named(imcli: Run) -> None:
    with served("wukongim-2.2.5") as server:
        say = speaker(imcli, server)
        say("send", "B", "A", "one")
        say("send", "B", "A", "two")
        flush(server)
        say("delete-conversation", "A", "B")
        say("send", "B", "A", "three")
        ran = say("explain-unread", "A", "B")
    assert "A has 3 unread from B" in ran.out
    assert "     1  B: one  (counted, though deleted)" in ran.out
    assert "     3  B: three  (counted)" in ran.out
    assert "WuKongIM 2.2.5 subtracts numbers: 3 - 0 = 3." in ran.out
    assert "The messages that count are 1 (so have deleted ones, A6)." in ran.out


def test_a_conversation_that_is_not_listed_has_no_count(imcli: Run) -> None:
    with served("wukongim-2.2.5") as server:
        say = speaker(imcli, server)
        say("create-group", "#team", "A", "B")
        assert "it is not listed" in say("explain-unread", "A", "B").out
        record = say("explain-unread", "C", "#team", "--output", "json").json
    assert (record["listed"], record["member"]) == (False, False)
    assert record["version"] == "2.2.5"
    assert record["by_window"] == []
    assert "own_last_seq" in record
