"""Webhooks: what is told in which call and when, by version, and what comes of failures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imcli.model.entities import Message
from imcli.serve.webhooks import (
    AGAIN_MS,
    BATCH,
    IDLE_MS,
    NOTIFY,
    OFFLINE,
    STATUS,
    TICK_MS,
    TRIES_MAX,
    Call,
    Hooks,
)

OLD, NEW = (2, 1, 5), (2, 2, 5)
VERSIONS = pytest.mark.parametrize("version", [(2, 1, 3), OLD, (2, 2, 0), NEW, ()])


def message(seq: int = 1, sender: str = "bob", channel: str = "alice@bob", **more: Any) -> Message:
    number = f"c{seq}"
    return Message(channel, seq, 1000 + seq, number, sender, "hi", time_ms=7_000, **more)


def fill(hooks: Hooks, count: int, now_ms: int, first: int = 1) -> None:
    for seq in range(first, first + count):
        hooks.stored(message(seq), (), now_ms)


def due(hooks: Hooks, now_ms: int) -> Call:
    """Give the one call that is due."""
    call = hooks.take(now_ms)
    assert call is not None
    return call


def told(call: Call) -> Any:
    return json.loads(call.body)


# Every stored message


@VERSIONS
def test_messages_are_told_together_at_the_next_tick(version: tuple[int, ...]) -> None:
    hooks = Hooks(version, 1_000)
    hooks.stored(message(1), (), 1_100)
    hooks.stored(message(2), (), 1_400)
    assert hooks.due_ms() == 1_000 + TICK_MS
    assert hooks.take(1_499) is None
    call = due(hooks, 1_500)
    assert (call.event, call.size, hooks.due_ms()) == (NOTIFY, 2, None)
    hooks.answered(call, True, 1_600)
    assert (hooks.backlog, hooks.due_ms()) == (0, None)


@VERSIONS
def test_a_message_is_written_as_the_api_writes_it_with_its_flags(
    version: tuple[int, ...],
) -> None:
    hooks = Hooks(version, 0)
    hooks.stored(message(payload='{"type":9}', sync_once=True, expires_ms=12_000), (), 0)
    (written,) = told(due(hooks, 500))
    streams = {"stream_idstr": "0"} if version and version < NEW else {}
    assert written == {
        "header": {"no_persist": 0, "red_dot": 1, "sync_once": 1},
        "setting": 0,
        "message_id": 1001,
        "message_idstr": "1001",
        "client_msg_no": "c1",
        **streams,
        "message_seq": 1,
        "from_uid": "bob",
        "channel_id": "alice",
        "channel_type": 1,
        "expire": 5,
        "timestamp": 7,
        "payload": "eyJ0eXBlIjo5fQ==",
    }


def test_what_is_not_kept_is_not_told() -> None:
    hooks = Hooks(NEW, 0)
    hooks.stored(message(0), (), 0)
    assert hooks.due_ms() is None


def test_since_2_2_0_a_full_batch_goes_at_once_and_before_it_waits_for_the_tick() -> None:
    new, old = Hooks(NEW, 0), Hooks(OLD, 0)
    for hooks in (new, old):
        fill(hooks, BATCH + 1, 100)
    assert (new.due_ms(), old.due_ms()) == (100, TICK_MS)
    assert due(new, 100).size == BATCH
    call = due(old, 500)
    assert call.size == BATCH
    old.answered(call, True, 501)
    assert old.due_ms() == 1_000


def test_while_a_batch_is_under_way_no_other_goes() -> None:
    hooks = Hooks(NEW, 0)
    fill(hooks, 3 * BATCH, 0)
    call = due(hooks, 0)
    assert hooks.take(10_000) is None
    hooks.answered(call, True, 10_000)
    assert due(hooks, 10_000).size == BATCH


@VERSIONS
def test_a_batch_that_failed_goes_again_after_a_second_and_is_given_up_in_the_end(
    version: tuple[int, ...],
) -> None:
    hooks = Hooks(version, 0)
    fill(hooks, 3, 0)
    bodies, now = [], 500
    for _ in range(TRIES_MAX):
        assert hooks.due_ms() == now
        call = due(hooks, now)
        bodies.append(call.body)
        hooks.answered(call, False, now + 7)
        now += 7 + AGAIN_MS
    assert len(set(bodies)) == 1
    assert (hooks.backlog, hooks.due_ms()) == (0, None)


@VERSIONS
def test_what_comes_after_a_failure_goes_behind_it_and_has_tries_of_its_own(
    version: tuple[int, ...],
) -> None:
    hooks = Hooks(version, 0)
    fill(hooks, 2, 0)
    hooks.answered(due(hooks, 500), False, 500)
    fill(hooks, 2, 600, first=3)
    assert hooks.due_ms() == 1_500
    call = due(hooks, 1_500)
    assert [each["message_seq"] for each in told(call)] == [1, 2, 3, 4]
    hooks.answered(call, True, 1_500)
    assert hooks.backlog == 0


def test_a_server_that_stops_tells_what_waits_where_there_is_a_queue() -> None:
    for version, waits in ((NEW, 2), (OLD, None)):
        hooks = Hooks(version, 0)
        fill(hooks, 2, 100)
        call = hooks.last(200)
        assert (call.size if call else None) == waits
        assert Hooks(version, 0).last(200) is None


# Who came and went


def test_who_came_and_went_is_told_as_texts_every_two_seconds() -> None:
    hooks = Hooks(NEW, 1_000)
    hooks.seated("bob", 1, 7, (1, 2), 1_100, online=True)
    hooks.seated("bob", 1, 7, (0, 1), 2_900, online=False)
    assert hooks.due_ms() == 1_000 + IDLE_MS
    call = due(hooks, 3_000)
    assert (call.event, told(call)) == (STATUS, ["bob-1-1-7-1-2", "bob-1-0-7-0-1"])
    hooks.answered(call, True, 3_050)
    assert hooks.due_ms() is None


def test_before_2_2_0_who_comes_is_not_counted_with_the_others() -> None:
    hooks = Hooks(OLD, 0)
    hooks.seated("bob", 0, 7, (1, 1), 0, online=True)
    hooks.seated("bob", 0, 7, (0, 0), 0, online=False)
    assert told(due(hooks, 2_000)) == ["bob-0-1-7-0-0", "bob-0-0-7-0-0"]


def test_a_list_that_failed_is_told_again_as_it_was_and_given_up_in_the_end() -> None:
    hooks = Hooks(NEW, 0)
    hooks.seated("a", 0, 1, (1, 1), 0, online=True)
    now = 2_000
    for tries in range(TRIES_MAX):
        call = due(hooks, now)
        assert told(call) == ["a-0-1-1-1-1"]
        hooks.answered(call, False, now)
        hooks.seated("b", 0, tries, (1, 1), now, online=True)
        now += AGAIN_MS
    call = due(hooks, now)
    assert len(told(call)) == TRIES_MAX  # what came meanwhile; what was given up is gone
    hooks.answered(call, True, now)
    assert hooks.backlog == 0


# Whom a message did not reach


@VERSIONS
def test_a_message_is_told_at_once_with_whom_it_did_not_reach(version: tuple[int, ...]) -> None:
    hooks = Hooks(version, 0)
    hooks.stored(message(no_red_dot=True), ("alice", "bob", "alice"), 9_000)
    call = due(hooks, 9_000)
    written = told(call)
    assert (call.event, written["to_uids"], written["source_id"]) == (OFFLINE, ["alice"], 1001)
    assert (written["channel_id"], written["timestamp"], written["message_seq"]) == ("alice", 9, 1)
    assert written["header"]["red_dot"] == 0
    assert "stream_idstr" not in written
    hooks.answered(call, False, 9_000)
    assert hooks.take(9_000) is None  # it is never tried again


def test_a_message_that_is_not_kept_and_a_command_are_told_by_the_names_of_the_request() -> None:
    hooks = Hooks(NEW, 0)
    hooks.stored(message(0), ("alice",), 0)
    hooks.stored(message(1, channel="alice@bob____cmd", sync_once=True), ("alice",), 0)
    hooks.stored(message(2, channel="#g____cmd", sync_once=True), ("alice",), 0)
    hooks.stored(message(3, "____system", "____system@alice"), ("alice",), 0)
    found = [told(due(hooks, 0)) for _ in range(4)]
    assert [each["channel_id"] for each in found] == ["alice", "alice", "g", "alice"]
    assert [each["from_uid"] for each in found] == ["bob", "bob", "bob", "____system"]
    assert found[0]["header"]["no_persist"] == 1


def test_only_the_sender_being_away_is_told_too_as_the_server_does() -> None:
    hooks = Hooks(NEW, 0)
    hooks.stored(message(), ("bob",), 0)
    assert told(due(hooks, 0))["to_uids"] == []


# Failures on request


def test_the_next_calls_fail_without_being_made_or_lose_their_answer() -> None:
    hooks = Hooks(NEW, 0)
    hooks.fail(2)
    hooks.lose(1)
    for _ in range(4):
        hooks.stored(message(0), ("alice",), 0)
    assert [due(hooks, 0).fate for _ in range(4)] == ["fail", "fail", "lose", "send"]
    hooks.fail(5)
    hooks.fail(0)
    hooks.stored(message(0), ("alice",), 0)
    assert due(hooks, 0).fate == "send"
