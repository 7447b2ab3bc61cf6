"""What administrators ask and are answered: bodies as real servers gave them, and what is none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.wire import admin
from imcli.wire.answers import Garbled
from imcli.wire.http import Call

CONNZ = """{"connections":[{"id":1,"uid":"A","ip":"127.0.0.1","port":35874,
"last_activity":"2026-11-25T22:45:46Z","uptime":"0s","idle":"0s","pending_bytes":0,"in_msgs":0,
"device":"App(从)","device_id":"dev-phone","version":4,"proxy_type_format":"本地连接"},
{"id":2,"uid":"A","device":"PC(主)","device_id":"","version":4}],
"now":"2026-11-25T22:45:10.914326935Z","total":2,"offset":0,"limit":20}""".encode()
DEVICES = """{"total":0,"more":0,"data":[{"id":2125722549730840576,"uid":"A","token":"t0k2",
"device_flag":1,"device_flag_format":"WEB","device_level":0,"device_level_format":"从设备"},
{"id":2125722549680508928,"uid":"A","token":"","device_flag":0,"device_level":1}]}""".encode()
CHANNELS = """{"total":0,"more":0,"data":[{"id":16037408920449435955,"slot":31,"channel_id":"team",
"channel_type":2,"ban":0,"disband":1,"subscriber_count":3,"last_msg_seq":1,
"status_format":"解散","created_at":1795646708691601500}]}""".encode()


def test_connections_tell_kind_level_and_the_clock() -> None:
    found = admin.read_connections(CONNZ)
    first, second = found.connections or []
    assert (first.uid, first.kind, first.level, first.device_id) == (
        "A",
        "app",
        "slave",
        "dev-phone",
    )
    assert (second.kind, second.level) == ("pc", "master")
    assert found.now_ms == 1795646710914


def test_devices_are_read_without_their_tokens() -> None:
    web, phone = admin.read_devices(DEVICES)
    assert (web.kind, web.level, phone.kind, phone.level) == ("web", "slave", "app", "master")
    assert "t0k2" not in repr((web, phone))


def test_channels_users_slots_and_lists_are_read() -> None:
    (team,) = admin.read_channels(CHANNELS)
    assert (team.channel_id, team.disband, team.created_at) == ("team", 1, 1795646708691601500)
    assert admin.read_channels(b'{"total":0,"data":null}') == ()
    assert admin.read_users(b'{"data":[{"uid":"A","created_at":3}]}')[0].uid == "A"
    assert admin.read_slots(b'{"data":[{"id":0,"leader_id":1001}]}')[0].leader_id == 1001
    assert admin.read_uids(b'["A","C","B"]') == ("A", "C", "B")
    assert admin.read_uids(b"null") == ()
    rows = admin.read_rows_behind_lists(b'[{"channel_id":"A@B","channel_type":1}]')
    assert rows == {("A@B", 1)}


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (admin.connections_call("A&B", offset=5), "/connz?offset=5&limit=200&uid=A%26B"),
        (admin.devices_call("A"), "/cluster/devices?uid=A&limit=200"),
        (admin.groups_call(), "/cluster/channels?channel_type=2&limit=200"),
        (admin.users_call(7), "/cluster/users?limit=200&offset_created_at=7"),
        (admin.members_call("a/b"), "/cluster/channels/a%2Fb/2/subscribers"),
        (admin.access_call("A", 1, "block"), "/cluster/channels/A/1/denylist"),
        (admin.access_call("g", 2, "allow"), "/cluster/channels/g/2/allowlist"),
    ],
)
def test_ids_cannot_break_out_of_a_path(call: Call, path: str) -> None:
    assert call.path == path


def test_a_token_goes_in_the_body() -> None:
    call = admin.token_call("A", "web", "slave", "t0k")
    assert call.path == "/user/token"
    assert call.body == '{"uid":"A","token":"t0k","device_flag":1,"device_level":0}'


READERS: tuple[Callable[[bytes], object], ...] = (
    admin.read_connections,
    admin.read_devices,
    admin.read_users,
    admin.read_channels,
    admin.read_slots,
    admin.read_route,
    admin.read_uids,
    admin.read_rows_behind_lists,
)


@pytest.mark.parametrize("read", READERS)
def test_a_body_that_is_nested_without_end_is_garbled(read: Callable[[bytes], object]) -> None:
    with pytest.raises(Garbled):
        read(b"[" * 100_000)


@given(st.sampled_from(READERS), st.binary() | st.from_regex(rb'[\[\]{}":,0-9a-z]*'))
def test_no_body_raises_anything_but_garbled(read: Callable[[bytes], object], body: bytes) -> None:
    with contextlib.suppress(Garbled):
        assert read(body) is not None
