"""Users, devices and sessions: who is online, and whom a login ends."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    AddDevice,
    Connect,
    CreateUser,
    Disconnect,
    Drop,
    Flush,
    Read,
    Request,
    Restart,
)
from imcli.model.entities import DeviceKind, DeviceLevel
from imcli.model.events import (
    Done,
    Flushed,
    Offline,
    SessionEnded,
    SessionStarted,
)
from tests.simulator.world import World, policy


def test_users_and_devices_are_made_once() -> None:
    world = World("A")
    before = world.server.digest()
    world.do(CreateUser("A"))
    world.do(AddDevice("A", "phone"))
    assert world.server.digest() == before


@pytest.mark.parametrize("name", ["", "a@b", "#a", "a&b"])
def test_some_ids_cannot_be(name: str) -> None:
    world = World("A")
    assert world.refuses(CreateUser(name)) == "invalid"


def test_devices_need_a_user_and_a_name() -> None:
    world = World("A")
    assert world.refuses(AddDevice("ghost", "phone")) == "invalid"
    assert world.refuses(AddDevice("A", "")) == "invalid"


def test_a_new_device_may_begin_offline() -> None:
    world = World("A")
    world.do(AddDevice("A", "tablet"))
    assert world.apply(Read("A", "tablet", "B")) == [Offline("A", "tablet")]
    world.do(Connect("A", "tablet"))
    assert world.said == [Done(), SessionStarted("A", "tablet")]


def test_an_unknown_device_cannot_act_connect_or_go() -> None:
    world = World("A")
    assert world.refuses(Read("A", "fax", "B")) == "invalid"
    assert world.refuses(Connect("A", "fax")) == "invalid"
    assert world.refuses(Disconnect("A", "fax")) == "invalid"


def test_going_offline_is_idempotent() -> None:
    world = World("A")
    world.do(Disconnect("A", "phone"))
    assert world.said[1:] == [SessionEnded("A", "phone", "goodbye")]
    world.do(Disconnect("A", "phone"))
    assert world.said == [Done()]


def test_connecting_again_takes_the_place_of_the_old_session_without_a_word() -> None:
    world = World("A")
    world.do(Connect("A", "phone"))
    assert world.said == [Done(), SessionStarted("A", "phone")]


def logged_in(rule: str, *devices: tuple[str, DeviceKind, DeviceLevel]) -> World:
    world = World("A", "B", profile=policy(login_rule=rule), devices=())
    for name, kind, level in devices:
        world.do(AddDevice("A", name, kind, level))
        world.do(Connect("A", name))
    return world


def ended(world: World) -> list[tuple[str, str]]:
    return [(e.device, e.because) for e in world.events if isinstance(e, SessionEnded)]


def test_logins_coexist_in_the_reference() -> None:
    world = logged_in("coexist", ("phone", "app", "master"), ("tablet", "app", "master"))
    assert ended(world) == []


def test_a_master_login_replaces_the_older_sessions_of_its_kind() -> None:
    world = logged_in(
        "replace",
        ("phone", "app", "master"),
        ("web", "web", "master"),
        ("watch", "app", "slave"),
        ("tablet", "app", "master"),
    )
    assert ended(world) == [("phone", "replaced"), ("watch", "replaced")]
    assert world.server.state.device_w("A", "phone").kicked
    world.do(Connect("A", "phone"))
    assert not world.server.state.device_w("A", "phone").kicked
    assert ended(world)[-1] == ("tablet", "replaced")


def test_a_slave_login_ends_nobody() -> None:
    world = logged_in("replace", ("phone", "app", "master"), ("watch", "app", "slave"))
    assert ended(world) == []


def test_how_a_case_begins_is_no_login() -> None:
    world = World("A", profile=policy(login_rule="replace"), devices=("phone", "tablet"))
    assert ended(world) == []


def test_a_flush_of_the_reference_has_nothing_to_write() -> None:
    world = World("A", "B")
    world.send("A", "B")
    before = world.server.digest()
    assert world.do(Flush()) == [Done(), Flushed(0)]
    assert world.server.digest() == before


def test_raw_requests_are_for_servers_with_http() -> None:
    assert World("A").refuses(Request("GET", "/")) == "unsupported"


def test_who_was_online_together_is_so_after_a_restart() -> None:
    world = World("A", profile=policy(login_rule="replace"), devices=("phone", "tablet"))
    world.do(Restart())
    world.online("A", "phone")
    world.online("A", "tablet")
    devices = world.server.state.users["A"].devices
    assert devices["phone"].session
    world.do(Connect("A", "phone"))  # a login like any other
    assert devices["tablet"].kicked


def test_a_restart_excuses_no_login_after_another_end_of_the_session() -> None:
    world = World("A", profile=policy(login_rule="replace"), devices=("phone", "tablet"))
    world.do(Restart())
    world.online("A", "tablet")
    world.online("A", "phone")
    world.offline("A", "phone")
    world.online("A", "phone")
    assert world.server.state.users["A"].devices["tablet"].kicked


def test_a_restart_excuses_no_login_of_who_had_lost_the_link() -> None:
    world = World("A", profile=policy(login_rule="replace"), devices=("phone", "tablet"))
    world.do(Drop("A", "phone"))
    world.do(Restart())
    world.online("A", "tablet")
    world.online("A", "phone")
    assert world.server.state.users["A"].devices["tablet"].kicked
