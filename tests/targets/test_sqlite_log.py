"""The log in a database answers as the log in memory does, whatever is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from imcli.model.entities import Message, MessageKind
from imcli.simulator.log import ListLog, Log, Unkept
from imcli.targets.sqlite_log import SqliteLog
from imcli.targets.sqlite_state import SCHEMA, LogsTable

SENDERS = ("A", "B", "C")
KINDS: tuple[MessageKind, ...] = ("content", "content", "content", "notice", "command")


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(new_database()) as connection:
        yield connection


def new_database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        connection.execute(statement)
    return connection


def new_log(connection: sqlite3.Connection, key: str = "A@B") -> SqliteLog:
    log = LogsTable(connection).made(key)
    assert isinstance(log, SqliteLog)
    return log


@st.composite
def drawn_messages(draw: st.DrawFn) -> list[Message]:
    count = draw(st.integers(0, 12))
    return [
        Message(
            "A@B",
            seq,
            seq * 10,
            draw(st.sampled_from(("n1", "n2", f"own{seq}"))),
            draw(st.sampled_from(SENDERS)),
            draw(st.text(max_size=3)),
            draw(st.sampled_from(KINDS)),
            time_ms=seq,
            expires_ms=draw(st.sampled_from((0, 0, 5))),
            no_red_dot=draw(st.booleans()),
            sync_once=draw(st.booleans()),
            payload=draw(st.sampled_from(("", '{"x":1}'))),
        )
        for seq in range(1, count + 1)
    ]


@st.composite
def drawn_unkept(draw: st.DrawFn) -> list[tuple[Unkept, int]]:
    """Messages that are not kept, one after the other, with the time before which all is over."""
    count, window_ms = draw(st.integers(0, 6)), draw(st.integers(0, 40))
    times = sorted(draw(st.lists(st.integers(0, 50), min_size=count, max_size=count)))
    number = st.sampled_from(("n1", "n2"))
    return [
        (Unkept(draw(st.sampled_from(SENDERS)), draw(number), 100 + index, ms), ms - window_ms)
        for index, ms in enumerate(times)
    ]


def answers(log: Log, above: int, upto: int, limit: int, who: str) -> dict[str, object]:
    """Ask a log everything that the interface has."""
    return {
        "last": log.last,
        "newest": log.newest,
        "has_expiring": log.has_expiring,
        "get": log.get(upto),
        "find": log.find(who, "n1"),
        "page": log.page(above, upto, limit),
        "page newest": log.page(above, upto, limit, newest=True),
        "visible": log.visible(above, upto, limit),
        "visible_after": log.visible_after(above, upto, limit),
        "count_content": log.count_content(above, upto),
        "count_countable": log.count_countable(above, upto, who),
        "countable_from_end": log.countable_from_end(upto, who, above, max(limit, 1)),
        "last_by": log.last_by(who),
        "expiring": log.expiring(above, upto),
        "remembered": log.remembered(who, "n1"),
        "all_remembered": log.all_remembered(),
    }


@given(st.data())
def test_both_logs_give_the_same_answers(data: DataObject) -> None:
    messages = data.draw(drawn_messages())
    with closing(new_database()) as connection:
        memory, durable = ListLog("A@B"), new_log(connection)
        erasures = data.draw(st.lists(st.integers(0, 14), max_size=2))
        for message in messages:
            memory.append(message)
            durable.append(message)
        for upto in erasures:
            memory.erase(upto)
            durable.erase(upto)
        for unkept, forget_before_ms in data.draw(drawn_unkept()):
            memory.remember(unkept, forget_before_ms)
            durable.remember(unkept, forget_before_ms)
        for _ in range(4):
            above, limit = data.draw(st.integers(0, 14)), data.draw(st.integers(0, 14))
            upto = data.draw(st.integers(0, len(messages)))
            who = data.draw(st.sampled_from((*SENDERS, "nobody")))
            question = (above, upto, limit, who)
            assert answers(durable, *question) == answers(memory, *question)


def test_the_questions_asked_above_are_all_that_the_interface_has() -> None:
    asked = {name.partition(" ")[0] for name in answers(ListLog("A@B"), 0, 0, 0, "A")}
    public = {name for name in vars(Log) if not name.startswith("_")}
    assert public - asked == {"append", "erase", "remember", "fork", "memo", "calm_until"}


def test_what_a_log_reached_is_there_when_it_is_opened_again(db: sqlite3.Connection) -> None:
    log = new_log(db)
    log.append(Message("A@B", 1, 10, "n1", "A", "hi"))
    log.append(Message("A@B", 2, 20, "n2", "A", "you"))
    log.erase(1)
    log.save()
    again = LogsTable(db)["A@B"]
    assert (again.last, [message.text for message in again.page(0, 9, 0)]) == (2, ["you"])
    found = again.find("A", "n1")
    assert found is not None
    assert (found.seq, found.text) == (1, "")


def test_two_channels_do_not_see_each_other(db: sqlite3.Connection) -> None:
    first, second = new_log(db, "A@B"), new_log(db, "A@C")
    first.append(Message("A@B", 1, 10, "n1", "A"))
    assert second.page(0, 9, 0) == []
    assert second.find("A", "n1") is None
    assert second.count_content(0, 9) == 0


def test_many_messages_at_once_are_the_same_as_one_by_one(db: sqlite3.Connection) -> None:
    messages = [Message("A@B", seq, seq, f"n{seq}", SENDERS[seq % 2]) for seq in range(1, 40)]
    one, sweep = new_log(db, "A@B"), new_log(db, "A@C")
    for message in messages:
        one.append(message)
    sweep.extend(messages[:7])
    sweep.extend(messages[7:])
    for above, upto in ((0, 39), (5, 8), (38, 39)):
        counted = [log.count_countable(above, upto, "A") for log in (one, sweep)]
        assert counted[0] == counted[1]


def test_a_hole_in_a_log_is_a_defect(db: sqlite3.Connection) -> None:
    with pytest.raises(AssertionError, match="no holes"):
        new_log(db).append(Message("A@B", 2, 10, "n1", "A"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda log: log.count_content(0, 10**6),
        lambda log: log.count_countable(0, 10**6, "A"),
        lambda log: log.countable_from_end(10**6, "A", 0, 1),
        lambda log: log.visible(0, 10**6, 20),
        lambda log: log.find("A", "n1"),
        lambda log: log.last_by("B"),
        lambda log: log.has_expiring,
    ],
)
def test_no_question_costs_more_in_a_long_log(ask: object) -> None:
    assert callable(ask)
    steps = [steps_of(ask, count) for count in (200, 6_400)]
    # Halving looks a few times more often; anything that grew with the length would be 32-fold.
    assert steps[1] <= 2.5 * steps[0] + 200


def steps_of(ask: object, count: int) -> int:
    """Count the steps of the database's machine that a question takes in a log of one sender."""
    assert callable(ask)
    with closing(new_database()) as connection:
        log = new_log(connection)
        log.extend(Message("A@B", seq, seq, f"n{seq}", "A") for seq in range(1, count))
        log.append(Message("A@B", count, count, "last", "B"))
        met = [0]

        def meet() -> int:
            met[0] += 1
            return 0

        connection.set_progress_handler(meet, 1)
        ask(log)
        connection.set_progress_handler(None, 0)
        return met[0]
