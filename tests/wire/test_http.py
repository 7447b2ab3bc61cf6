"""Actions as calls: the routes and fields of WuKongIM 2.x."""

from __future__ import annotations

import base64
import json
from typing import Any, get_args

import msgspec
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
    CreateUser,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Fault,
    Flush,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Pull,
    Read,
    RemoveMembers,
    Request,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
    Wait,
)
from imcli.wire.http import Impossible, Setting, calls_for
from imcli.wire.names import Names

PAIR = {"uid": "p-A", "channel_id": "p-B", "channel_type": 1}
TEAM = {"channel_id": "p-team", "channel_type": 2}
SETTING = Setting(Names("p-"), {("A", "kiosk"): "web"}, {"#team": frozenset({"banned"})}, (2, 2, 5))


def asked(action: Action, setting: Setting = SETTING) -> list[tuple[str, Any]]:
    plan = calls_for(action, setting)
    assert not isinstance(plan, Impossible), plan.detail
    return [(call.path, json.loads(call.body) if call.body else None) for call in plan]


@pytest.mark.parametrize(
    ("action", "path", "body"),
    [
        (Delete("A", "phone", "B"), "/conversations/delete", PAIR),
        (Delete("A", "", "#team"), "/conversations/delete", {"uid": "p-A", **TEAM}),
        (Read("A", "", "B"), "/conversations/clearUnread", PAIR),
        (MarkUnread("A", "", "B", 2), "/conversations/setUnread", {**PAIR, "unread": 2}),
        (
            Synchronise("A", "", message_count=1, only_unread=True, page=2, page_size=50),
            "/conversation/sync",
            {"uid": "p-A", "version": 0, "msg_count": 1, "only_unread": 1}
            | {"page": 2, "page_size": 50},
        ),
        (
            Synchronise("A", "", seqs=(("B", 3), ("#team", 1))),
            "/conversation/sync",
            {"uid": "p-A", "version": 0, "msg_count": 20, "last_msg_seqs": "p-B:1:3|p-team:2:1"},
        ),
        (
            Synchronise("A", "", chats=("B", "#team")),
            "/conversation/syncByChannels",
            {
                "uid": "p-A",
                "channels": [{"channel_id": "p-B", "channel_type": 1}, TEAM],
                "msg_count": 20,
            },
        ),
        (
            CreateGroup("#team", ("B", "C"), user="A"),
            "/channel",
            {**TEAM, "subscribers": ["p-A", "p-B", "p-C"]},
        ),
        (
            CreateGroup("team", ("A", "B"), user="A"),
            "/channel",
            {**TEAM, "subscribers": ["p-A", "p-B"]},
        ),
        (
            AddMembers("#team", ("D",)),
            "/channel/subscriber_add",
            {**TEAM, "subscribers": ["p-D"]},
        ),
        (
            SetMembers("#team", ("D",)),
            "/channel/subscriber_add",
            {**TEAM, "reset": 1, "subscribers": ["p-D"]},
        ),
        (
            RemoveMembers("#team", ("D",)),
            "/channel/subscriber_remove",
            {**TEAM, "subscribers": ["p-D"]},
        ),
        (Leave("A", "", "#team"), "/channel/subscriber_remove", {**TEAM, "subscribers": ["p-A"]}),
        (Dismiss("#team"), "/channel/delete", TEAM),
        (
            SetAccess("A", "B", "allow", on=False),
            "/channel/whitelist_remove",
            {"channel_id": "p-A", "channel_type": 1, "uids": ["p-B"]},
        ),
        (
            SetGroupFlag("#team", "muted", on=True),
            "/channel/info",
            {**TEAM, "ban": 1, "send_ban": 1},
        ),
        (Kick("A", "web"), "/user/device_quit", {"uid": "p-A", "device_flag": 1}),
        (Kick("A", "kiosk"), "/user/device_quit", {"uid": "p-A", "device_flag": 1}),
        (Kick("A"), "/user/device_quit", {"uid": "p-A", "device_flag": -1}),
    ],
)
def test_each_action_is_one_call_with_these_fields(action: Action, path: str, body: Any) -> None:
    assert asked(action) == [(path, body)]


def test_a_send_carries_its_header_its_number_and_its_payload() -> None:
    send = Send("A", "", "B", "hi", "n1", no_persist=True, no_red_dot=True, expire_ms=60_000)
    ((path, body),) = asked(send)
    assert path == "/message/send"
    assert json.loads(base64.b64decode(body.pop("payload"))) == {"content": "hi", "type": 1}
    assert body == {
        "header": {"no_persist": 1, "red_dot": 0, "sync_once": 0},
        "client_msg_no": "n1",
        "from_uid": "p-A",
        "channel_id": "p-B",
        "channel_type": 1,
        "expire": 60,
    }


@pytest.mark.parametrize(
    ("pull", "window"),
    [
        (Pull("A", "", "B"), (1, 0, 100, 1)),
        (Pull("A", "", "B", start=3, end=9, limit=2), (3, 9, 2, 1)),
        (Pull("A", "", "B", ascending=False), (0, 0, 100, 0)),
        (Pull("A", "", "B", start=9, end=3, ascending=False), (9, 3, 100, 0)),
        (Pull("A", "", "B", end=3, ascending=False), (0, 0, 100, 0)),
    ],
)
def test_a_pull_asks_for_its_window(pull: Pull, window: tuple[int, ...]) -> None:
    ((_, body),) = asked(pull)
    fields = ("start_message_seq", "end_message_seq", "limit", "pull_mode")
    assert tuple(body[field] for field in fields) == window


def test_raw_requests_get_real_ids_in_path_and_body() -> None:
    setting = Setting(Names("p-", {"A": 'a"/1'}))
    request = Request("GET", "/cluster/conversations?uid=@A", '{"x":"@A","y":["#team","@"]}')
    assert asked(request, setting) == [
        ("/cluster/conversations?uid=a%22%2F1", {"x": 'a"/1', "y": ["p-team", "@"]})
    ]


IMPOSSIBLE: tuple[Action, ...] = (
    Send("A", "phone", "B", "hi", "n1"),
    Send("A", "", "B", "hi", "n1", notice=True),
    Delete("A", "", "B", up_to=3),
    Delete("A", "", "B", for_both=True),
    Read("A", "", "B", up_to=3),
    MarkUnread("A", "", "B"),
    Clear("A", "", "B"),
    SetFlag("A", "", "B", "pinned", on=True),
    Accept("A", "", "B"),
    CreateUser("A"),
    AddDevice("A", "phone"),
    Connect("A", "phone"),
    Disconnect("A", "phone"),
    Drop("A", "phone"),
    Restart(),
    Crash(),
    Fault("A", "phone", "heals"),
    SetClock(1),
)


@pytest.mark.parametrize("action", IMPOSSIBLE)
def test_what_the_api_cannot_do_has_a_reason_instead_of_calls(action: Action) -> None:
    plan = calls_for(action, SETTING)
    assert isinstance(plan, Impossible)
    assert plan.reason == "unsupported"
    assert plan.detail


def test_every_action_is_either_calls_or_impossible() -> None:
    possible = (Wait(1), Flush(), Open("A", "", "B"), Request("GET", "/"))
    tried = {type(action) for action in (*IMPOSSIBLE, *possible)}
    plans = [calls_for(action, SETTING) for action in possible]
    assert [isinstance(plan, Impossible) for plan in plans] == [False] * len(possible)
    named_above = {Synchronise, Pull, CreateGroup, AddMembers, RemoveMembers, SetMembers, Leave}
    named_above |= {Dismiss, SetAccess, SetGroupFlag, Kick}
    assert tried | named_above == set(get_args(Action))


def test_calls_are_shown_on_one_line() -> None:
    plan = calls_for(Dismiss("#team"), SETTING)
    assert not isinstance(plan, Impossible)
    body = msgspec.json.encode(TEAM).decode()
    assert [str(call) for call in plan] == [f"POST /channel/delete {body}"]
