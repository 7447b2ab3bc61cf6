"""How a server is judged: each check says ok, and each says no."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imcli.report.health import Check, judged
from imcli.targets.examined import Examination, Opening
from imcli.wire.answers import Varz

VARZ = Varz("WuKongIM", "v2.2.5-20260422", "a888f8953", "14s", 1)
TCP = Opening("tcp", "127.0.0.1:5100", "127.0.0.1:5100", 1)
WS = Opening("ws", "ws://127.0.0.1:5200", "127.0.0.1:5200", 1)
WELL = Examination(
    "http://127.0.0.1:5001",
    took_ms=2,
    varz=VARZ,
    token_accepted=True,
    slots=64,
    openings=(TCP, WS),
    device_tokens="free",
    clock_ahead_ms=3,
    clock_error_ms=2,
)
SHUT = Opening("tcp", "10.0.0.5:5100", why="timed out")


def of(found: Examination, what: str) -> Check:
    (check,) = [check for check in judged(found).checks if check.what == what]
    return check


def test_a_server_that_is_well_has_nothing_bad_and_its_anomalies() -> None:
    health = judged(WELL)
    assert health.bad == ()
    assert {check.verdict for check in health.checks} == {"ok"}
    assert of(WELL, "server").found == (
        "WuKongIM v2.2.5-20260422, commit a888f8953, up 14s, 1 connection"
    )
    assert "A16" in {each.code for each in health.anomalies}


def test_what_is_not_there_is_the_only_thing_to_say() -> None:
    health = judged(Examination("http://h", why_not="cannot connect to http://h: refused"))
    assert [(c.what, c.verdict) for c in health.checks] == [("reachable", "bad")]
    assert "5001" in health.checks[0].hint
    assert health.anomalies == ()


def test_without_its_token_nothing_more_is_known() -> None:
    shut = Examination("http://h", token_wanted=True)
    assert [(c.what, c.verdict) for c in judged(shut).checks] == [
        ("reachable", "ok"),
        ("manager token", "bad"),
    ]
    assert "none was given" in of(shut, "manager token").found
    wrong = replace(shut, token_given=True)
    assert "another than this" in of(wrong, "manager token").found


@pytest.mark.parametrize(
    ("changes", "what", "verdict", "said"),
    [
        ({"health": "no slots"}, "ready", "bad", "/health says: no slots"),
        ({"leaderless": 2}, "ready", "bad", "2 of 64 slots have no leader"),
        ({"slots": 0}, "ready", "ok", "yes"),
        ({"token_wanted": True, "token_given": True}, "manager token", "ok", "this one is taken"),
        ({"token_given": True}, "manager token", "note", "none is wanted"),
        ({"openings": ()}, "devices", "note", "tells no address"),
        ({"openings": (SHUT,)}, "tcp for devices", "bad", "does not open: timed out"),
        ({"openings": (SHUT, WS)}, "tcp for devices", "note", "does not open"),
        (
            {"openings": (replace(SHUT, opened="im.example:5100", why=""),)},
            "tcp for devices",
            "note",
            "told as 10.0.0.5:5100, opens at im.example:5100 only",
        ),
        ({"device_tokens": "wanted"}, "device tokens", "ok", "gets no answer"),
        ({"device_tokens": "unknown"}, "device tokens", "note", "not known"),
        ({"clock_ahead_ms": None}, "clock", "note", "does not tell"),
        ({"clock_ahead_ms": 90_000}, "clock", "note", "1 min 30 s ahead of this one"),
        ({"clock_ahead_ms": -1_500}, "clock", "ok", "2 s behind this one"),
        ({"clock_ahead_ms": 2_500, "clock_error_ms": 600}, "clock", "ok", "2 s ahead"),
        ({"varz": Varz("WuKongIM")}, "anomalies", "note", "does not tell its version"),
        ({"varz": Varz(version="v2.1.0")}, "anomalies", "note", "older than 2.1.3"),
        ({"varz": Varz(version="v2.2.3-x")}, "anomalies", "note", "was not measured"),
        ({"varz": Varz(version="v2.3.0")}, "anomalies", "note", "newer than 2.2.5"),
    ],
)
def test_each_check_says_what_it_found(
    changes: dict[str, object], what: str, verdict: str, said: str
) -> None:
    check = of(replace(WELL, **changes), what)
    assert check.verdict == verdict
    assert said in check.found


def test_one_way_in_is_enough() -> None:
    assert judged(replace(WELL, openings=(SHUT, WS))).bad == ()
    assert len(judged(replace(WELL, openings=(SHUT, replace(SHUT, transport="ws")))).bad) == 2
