"""Raw requests to a simulated WuKongIM: names become ids, answers are those of its HTTP face."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imcli.model.actions import Request
from imcli.model.entities import DeviceSpec
from imcli.model.events import Pushed, Response
from imcli.model.questions import RawAnswer, Received, ReceivedView, ResponseView
from imcli.targets.base import Cast, Target
from imcli.targets.simulated import SimulatedTarget, open_simulated

PHONE = (DeviceSpec("phone"),)
CAST = Cast((("A", PHONE), ("B", PHONE)), (("team", ("A", "B")),))


def opened(version: str = "2.2.5", cast: Cast = CAST) -> Target:
    return open_simulated(f"wukongim-{version}")(cast)


def ask(target: Target, method: str, path: str, body: object = "") -> tuple[int, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    outcome = target.perform(Request(method, path, text, "r1"))
    assert outcome.result == "ok"
    view = target.observe(RawAnswer("r1"))
    assert isinstance(view, ResponseView)
    assert outcome.events[0] == Response("r1", view.status, view.body)
    return view.status, json.loads(view.body) if view.body[:1] in ("{", "[") else view.body


SEND = {"from_uid": "@B", "channel_id": "@A", "channel_type": 1, "payload": "eA=="}


def test_a_request_is_answered_and_what_it_causes_reaches_the_devices() -> None:
    target = opened()
    status, reply = ask(target, "POST", "/message/send", SEND)
    assert (status, reply["status"]) == (200, 200)
    received = target.observe(Received("A", "phone"))
    assert isinstance(received, ReceivedView)
    assert [message.message_id for message in received.arrivals] == [reply["data"]["message_id"]]


def test_names_of_groups_and_users_become_their_ids_in_path_and_body() -> None:
    target = opened()
    group = {**SEND, "channel_id": "#team", "channel_type": 2}
    assert ask(target, "POST", "/message/send", group)[0] == 200
    _, rows = ask(target, "GET", "/cluster/conversations?uid=@A")
    assert [row["channel_id"] for row in rows["data"]] == ["team"]
    assert ask(target, "GET", "/channel/max_message_seq?channel_id=#team&channel_type=2") == (
        200,
        {"message_seq": 1},
    )


def test_ids_of_a_case_are_put_in_the_place_of_its_names() -> None:
    cast = Cast(CAST.users, CAST.groups, (("A", "a:1"), ("team", "10")))
    target = opened(cast=cast)
    ask(target, "POST", "/message/send", SEND)
    _, found = ask(target, "POST", "/conversation/sync", {"uid": "a:1", "msg_count": 1})
    assert [each["channel_id"] for each in found] == ["B"]
    _, same = ask(target, "POST", "/conversation/sync", {"uid": "@A", "msg_count": 1})
    assert same == found


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "/nope", "", (404, "404 page not found")),
        ("GET", "/message/send", "", (404, "404 page not found")),
        ("POST", "/conversations/delete", "", (400, {"msg": "EOF", "status": 400})),
        ("POST", "/conversation/sync", {"uid": ""}, (500, "")),
        ("POST", "/user/onlinestatus", [], (200, {"status": 200})),
    ],
)
def test_errors_are_those_of_the_server(
    method: str, path: str, body: object, answer: tuple[int, Any]
) -> None:
    assert ask(opened(), method, path, body) == answer


def test_garbage_behind_a_body_is_passed_over_and_a_broken_one_is_an_error() -> None:
    target = opened()
    whole = json.dumps({"uid": "A", "channel_id": "B", "channel_type": 1})
    assert ask(target, "POST", "/conversations/delete", whole + "garbage")[0] == 200
    assert ask(target, "POST", "/conversations/delete", '{"uid"')[0] == 400
    assert ask(target, "POST", "/conversations/delete", "[" * 100_000)[0] == 400


def test_a_request_that_ends_the_server_gets_no_answer() -> None:
    target = opened("2.2.0")
    body = {"channel_id": "g", "channel_type": 2, "subscribers": ["", "u1"]}
    asked = Request("POST", "/channel/subscriber_add", json.dumps(body), "r1")
    assert target.perform(asked).result == "unknown"


def test_a_fork_remembers_answers_and_the_reference_has_no_such_side() -> None:
    target = opened()
    ask(target, "GET", "/health")
    assert isinstance(target, SimulatedTarget)
    assert target.fork().observe(RawAnswer("r1")) == ResponseView(200, '{"status":"ok"}')
    reference = open_simulated()(CAST)
    outcome = reference.perform(Request("GET", "/health", "", "r1"))
    assert (outcome.result, outcome.reason) == ("refused", "unsupported")
    assert reference.observe(RawAnswer("r1")) == ResponseView(0, "null")


def test_a_push_of_a_raw_send_is_among_the_events() -> None:
    outcome = opened().perform(Request("POST", "/message/send", json.dumps(SEND), "r1"))
    assert any(isinstance(event, Pushed) for event in outcome.events)
