"""Whole scenarios on a live server: one engine, two worlds, and what only one of them can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import run
from imcli.targets.base import OpenTarget
from imcli.targets.embedded_case import open_embedded_case
from imcli.targets.live import OpenLive, open_live
from imcli.targets.simulated import open_simulated
from tests.targets.fake_wukongim import FakeWuKongIM

HEAD = """
title = "What a back end can do"
users = { A = ["phone", "web"], B = ["phone"], C = ["phone"] }
groups = { team = ["A", "B"] }
timing = { within = "1s", settle = "20ms" }
"""
SEED = """
backend sends A "hi" from B as m1
assert A sees B with 1 unread, last m1
server flushes
A.phone deletes B
assert A does not see B
backend sends A "are you there?" from B as m2
assert A sees B with last m2, messages m2
"""
EVERYDAY = """
backend sends #team "hello" from B as m1
assert A sees only #team
assert A.web sees #team with 1 unread, messages m1
assert A's history with #team is m1
A reads #team
assert A's total unread is 0
A adds C to #team
backend sends #team "welcome" from A as m2
assert C sees #team with last m2
assert m2 was accepted
"""


class Time:
    """A clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now_ms = 0

    def clock(self) -> int:
        return self.now_ms

    def sleep(self, duration_ms: int) -> None:
        self.now_ms += duration_ms


@pytest.fixture
def server() -> Iterator[FakeWuKongIM]:
    with FakeWuKongIM() as running:
        yield running


@pytest.fixture
def live(server: FakeWuKongIM) -> Iterator[OpenLive]:
    time = Time()
    opener = open_live(server.url, clock=time.clock, sleep=time.sleep)
    yield opener
    opener.close()


def played(steps: str, opener: OpenTarget) -> CaseResult:
    (case,) = cases(parse_scenario(f"{HEAD}steps = '''{steps}'''", "example.toml"))
    *_, last = run(case, opener)
    assert isinstance(last, CaseFinished)
    return last.case


@pytest.mark.parametrize("steps", [SEED, EVERYDAY])
def test_a_scenario_of_a_back_end_passes_in_every_world(steps: str, live: OpenLive) -> None:
    for opener in (open_simulated(), open_embedded_case(), live):
        found = played(steps, opener)
        assert found.result == "passed", (opener.identity.name, found)


@pytest.mark.parametrize(
    ("steps", "needed"),
    [
        ('B sends A "hi"\n', "sessions"),
        ("A.web disconnects\n", "sessions"),
        ("server crashes\n", "crash"),
        ("A clears B\n", "clear"),
        ("A pins B\n", "settings"),
    ],
)
def test_what_needs_more_is_skipped_with_the_reason(
    steps: str, needed: str, live: OpenLive, server: FakeWuKongIM
) -> None:
    asked = len(server.asked)
    found = played(steps, live)
    assert (found.result, needed in found.reason) == ("skipped", True), found
    assert len(server.asked) == asked


def test_a_wrong_claim_fails_on_a_live_server_too(live: OpenLive) -> None:
    steps = 'backend sends A "hi" from B as m1\nassert A sees B with 7 unread\n'
    assert played(steps, live).result == "failed"


def test_a_send_whose_answer_is_lost_makes_the_case_unknown_or_an_error_and_never_failed(
    server: FakeWuKongIM, live: OpenLive
) -> None:
    server.misbehave["/message/send"] = lambda _: None
    assert played('backend sends A "hi" from B\n', live).result in ("unknown", "error")


def test_a_raw_request_is_judged_by_status_and_body(live: OpenLive) -> None:
    steps = (
        'request POST "/conversations/delete" {"uid":"","channel_id":"@B"} as r1\n'
        "assert r1 has status 400\n"
        'assert r1 has body {"status":400,"msg":"..."}\n'
    )
    assert played(steps, live).result == "passed"
