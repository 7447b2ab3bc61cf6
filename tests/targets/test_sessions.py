"""Devices of a live world against a served one: real sockets, every transport and protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import msgspec
import pytest

from imcli.model.actions import Request, Send, Wait
from imcli.model.entities import DeviceSpec
from imcli.model.errors import TargetUnavailable
from imcli.model.questions import (
    ListView,
    Presence,
    PresenceView,
    RawAnswer,
    ResponseView,
    Seen,
)
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import run
from imcli.targets.base import Cast, OpenTarget
from imcli.targets.live import LiveTarget, open_live
from tests.targets.served import Served, served

HEAD = """
title = "What devices do"
users = { A = ["phone", "web"], B = ["phone"], C = ["phone"] }
groups = { team = ["A", "B"] }
timing = { within = "5s", settle = "20ms" }
"""
MANNERS = ("tcp", "ws", "tcp-jsonrpc", "ws-jsonrpc")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as running:
        yield running


def played(steps: str, opener: OpenTarget) -> CaseResult:
    (case,) = cases(parse_scenario(f"{HEAD}steps = '''{steps}'''", "example.toml"))
    *_, last = run(case, opener)
    assert isinstance(last, CaseFinished)
    return last.case


def passes(steps: str, url: str, token: str = "") -> None:
    opener = open_live(url, token=token)
    try:
        result = played(steps, opener)
    finally:
        opener.close()
    assert result.result == "passed", (result.reason, result.failures)


@pytest.mark.parametrize("manner", MANNERS)
def test_a_message_is_sent_acknowledged_received_shown_and_seen(
    server: Served, manner: str
) -> None:
    steps = """
    B sends A "hi" as m1
    assert m1 was accepted
    assert A received m1 once
    assert A shows B with 1 unread, last m1
    assert A sees B with 1 unread, last "hi"
    assert B did not receive m1
    """
    passes(steps, f"{server.url}?devices={manner}")


@pytest.mark.parametrize("manner", MANNERS)
def test_a_group_message_reaches_its_members_and_the_senders_other_device(
    server: Served, manner: str
) -> None:
    steps = """
    A.phone sends #team "hello" as m1
    assert A.web received m1 once
    assert B received m1 once
    assert C did not receive m1
    C sends #team "me too" but is refused with not-a-member
    """
    passes(steps, f"{server.url}?devices={manner}")


def test_what_a_device_shows_is_what_reached_it_and_not_what_the_server_would_answer(
    server: Served,
) -> None:
    steps = """
    A.web disconnects
    B sends A "hi" as m1
    assert A.phone shows B with 1 unread
    assert A.web does not show B
    assert A.web sees B with 1 unread
    assert A.web does not show B
    """
    passes(steps, server.url)


def test_an_offline_device_sends_when_it_is_back_and_synchronises(server: Served) -> None:
    steps = """
    A.web disconnects
    A.web sends B "later" as m1 but gets no answer
    assert m1 is unknown
    assert B did not receive m1
    A.web connects
    assert m1 was accepted
    assert B received m1 once
    assert A's devices agree
    """
    passes(steps, server.url)


def test_a_device_knows_what_it_deleted_out_of_its_outbox(server: Served) -> None:
    steps = """
    B sends A "hi" as m1
    server flushes
    A.phone disconnects
    A.phone deletes B but gets no answer
    assert A.phone shows B with last m1
    A.phone reconnects
    assert A does not see B
    assert A.phone does not show B
    assert A.web shows B with last m1
    """
    passes(steps, server.url)


def test_a_flush_is_waited_for_where_the_sender_lost_the_answer(server: Served) -> None:
    steps = """
    link B.phone loses 1 ack
    B sends A "hi" as m1 but gets no answer
    server flushes
    A.phone deletes B
    assert A does not see B
    """
    passes(steps, server.url)


def test_a_dead_link_is_kicked_and_what_is_done_there_waits(server: Served) -> None:
    steps = """
    A.web drops
    assert A.web is offline
    admin kicks A.web
    assert A.web is kicked
    A.web sends B "later" as m1 but gets no answer
    assert B did not receive m1
    A.web connects
    assert B received m1 once
    """
    passes(steps, server.url)


def test_what_a_list_has_told_of_is_not_counted_again_when_it_comes(server: Served) -> None:
    steps = """
    link A.phone holds
    B sends A 2 messages as m
    A.phone syncs with 1 message
    assert A.phone shows B with 2 unread, messages m2
    link A.phone releases
    assert A.phone received m1 once
    assert A.phone shows B with 2 unread
    """
    passes(steps, server.url)


def test_a_mark_beyond_all_numbers_hides_nothing_from_the_device_that_deletes(
    server: Served,
) -> None:
    steps = """
    A.phone marks B unread 1
    B sends A "hi" as m1
    server flushes
    A.phone deletes B
    B sends A "again" as m2
    assert A.phone shows B with messages m2
    """
    passes(steps, server.url)


def test_devices_agree_on_what_was_deleted(server: Served) -> None:
    steps = """
    B sends A 2 messages as m
    server flushes
    A.phone deletes B
    B sends A "again" as m3
    A.phone reads B
    assert A.phone shows B with messages m3, deleted up to m2
    A.web syncs from scratch
    assert A's devices agree
    A.phone syncs
    assert A.phone shows B with messages m3, deleted up to m2
    """
    passes(steps, server.url)


def test_a_kick_ends_all_devices_of_a_kind(server: Served) -> None:
    steps = """
    A adds device tablet
    admin kicks A.tablet
    assert A.phone is kicked
    assert A.web is online
    """
    passes(steps, server.url)


def test_who_hangs_up_when_it_is_kicked_sends_no_more(server: Served) -> None:
    steps = """
    admin kicks A.web
    A.web disconnects
    A.web sends B "later" as m1 but gets no answer
    assert B did not receive m1
    A.web connects
    assert B received m1 once
    """
    passes(steps, server.url)


def test_reading_lists_nothing_that_the_device_does_not_show(server: Served) -> None:
    steps = """
    link A.web drops 1 message
    B sends A "hi" as m1
    A.web reads B
    assert A.web does not show B
    A.web syncs from scratch
    assert A.web shows B with 0 unread
    """
    passes(steps, server.url)


def test_who_is_kicked_is_told_and_comes_back_only_by_connecting(server: Served) -> None:
    steps = """
    admin kicks A.web
    assert A.web is kicked
    assert A.phone is online
    B sends A "hi" as m1
    assert A.phone received m1
    assert A.web did not receive m1
    A.web connects
    assert A.web is online
    assert A.web shows B with 1 unread
    """
    passes(steps, server.url)


def test_faults_of_a_link_are_made_on_the_way(server: Served) -> None:
    steps = """
    link A.phone drops 1 message
    B sends A "one" as m1
    assert A.phone did not receive m1
    assert A.web received m1 once
    link A.phone duplicates 1 message
    B sends A "two" as m2
    assert A.phone received m2 twice
    link A.phone holds
    B sends A "three" as m3
    B sends A "four" as m4
    assert A.phone did not receive m3
    link A.phone releases in reverse
    assert A.phone received m4 before m3
    link A.phone delays by 30ms
    B sends A "five" as m5
    assert A.phone received m5 once
    link B.phone loses 1 ack
    B sends A "six" as m6 but gets no answer
    assert A.phone received m6 once
    link B.phone drops 1 send
    B sends A "seven" as m7 but gets no answer
    assert A.phone did not receive m7
    """
    passes(steps, server.url)


def test_a_dead_link_is_noticed_by_nobody_until_the_device_is_back(server: Served) -> None:
    steps = """
    A.web drops
    assert A.web is offline
    B sends A "hi" as m1
    assert A.phone received m1 once
    assert A.web did not receive m1
    A.web reconnects
    assert A.web shows B with 1 unread, messages m1
    assert A's devices agree
    """
    passes(steps, server.url)


def test_an_interrupt_ends_a_wait_from_another_thread(server: Served) -> None:
    opener = open_live(server.url)
    target = opener(Cast((("A", (DeviceSpec("phone"),)),)))
    ended: list[str] = []

    def wait() -> None:
        try:
            target.perform(Wait(3_600_000))
        except KeyboardInterrupt:
            ended.append("interrupted")

    thread = threading.Thread(target=wait)
    thread.start()
    opener.interrupt()
    thread.join(30)
    assert ended == ["interrupted"]
    target.close()
    opener.close()


def test_the_branches_of_together_are_begun_at_once(server: Served) -> None:
    steps = """
    together:
      A.phone sends B "one" as m1; A.phone sends B "two" as m2
      B sends A "three" as m3; wait 50ms
      C sends A "four" as m4
      wait 50ms
    assert B received m1 before m2
    assert A received m3 once
    assert A received m4 once
    assert A sees only B, C
    """
    passes(steps, server.url)


def test_tokens_are_registered_where_nobody_is_let_in_without() -> None:
    steps = """
    B sends A "hi" as m1
    assert A received m1 once
    admin kicks A.web
    assert A.web is kicked
    A.web connects
    assert A.web is online
    """
    with served(token_auth=True, manager_token="t0p") as guarded:
        passes(steps, guarded.url, token="t0p")


def test_who_is_refused_hears_nothing_and_is_reported_as_refused(server: Served) -> None:
    steps = """
    A.web disconnects
    request POST "/channel/info" {"channel_id": "@A", "channel_type": 1, "ban": 1}
    A.web connects but is refused with auth-failed
    assert A.web is offline
    assert A.phone is online
    """
    passes(steps, server.url)


def test_what_would_end_a_real_server_is_not_asked(server: Served) -> None:
    opener = open_live(server.url)
    target = opener(Cast((("A", (DeviceSpec("phone"),)),), ids=(("X", "x@y"),)))
    outcome = target.perform(Send("A", "phone", "X", "hi", "c1"))
    assert (outcome.result, outcome.reason) == ("refused", "invalid")
    notice = target.perform(Send("A", "phone", "A", "hi", "c2", notice=True))
    assert (notice.result, notice.reason) == ("refused", "unsupported")
    target.close()
    opener.close()


def test_a_new_token_of_a_master_device_sends_the_older_connection_away(server: Served) -> None:
    steps = """
    request POST "/user/token" {"uid": "@A", "token": "x", "device_flag": 1, "device_level": 1}
    assert A.web is kicked
    assert A.phone is online
    """
    passes(steps, server.url)


def test_a_connection_that_a_raw_request_ended_is_no_trouble() -> None:
    with served("wukongim-2.2.0") as older:  # 2.2.5 leaves it open
        opener = open_live(older.url)
        target = opener(Cast((("A", (DeviceSpec("phone"),)),)))
        uid = target.names.user_id("A")
        target.perform(Request("GET", f"/connz?uid={uid}", label="r"))
        answer = target.observe(RawAnswer("r"))
        assert isinstance(answer, ResponseView)
        (connection,) = msgspec.json.decode(answer.body)["connections"]
        body = {"uid": uid, "conn_id": connection["id"], "node_id": connection["node_id"]}
        target.perform(Request("POST", "/conn/remove", msgspec.json.encode(body).decode()))
        until = target.now() + 10_000
        while target.observe(Presence("A", "phone")) != PresenceView("offline"):
            assert target.advance(until)
        assert target.observe(Seen("A", "phone")) == ListView(())
        target.close()
        opener.close()


def look_until(target: LiveTarget, until: int) -> None:
    while target.advance(until):
        target.observe(Presence("A", "phone"))


def test_a_connection_that_ends_by_itself_makes_everything_unknown(server: Served) -> None:
    opener = open_live(server.url)
    target = opener(Cast((("A", (DeviceSpec("phone"),)), ("B", (DeviceSpec("phone"),)))))

    def cut() -> None:
        for connection in list(server.house.world.connections):
            connection.drop("the test says so")

    server.call(cut)
    with pytest.raises(TargetUnavailable, match=r"\.phone lost its connection: it closed"):
        look_until(target, target.now() + 10_000)
    target.close()
    opener.close()
