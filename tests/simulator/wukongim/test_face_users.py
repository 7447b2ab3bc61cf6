"""`/user...` on every profile: tokens, withdrawing them, system accounts, bans of senders."""

from __future__ import annotations

import pytest

from imcli.model.actions import Restart, Send
from imcli.model.events import Accepted, Refused, SessionEnded
from tests.simulator.wukongim.lab import VERSIONS, Lab

EVERY = (*VERSIONS, "reference")


@pytest.fixture(params=EVERY)
def lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(str(request.param))


def give_token(lab: Lab, uid: str = "A", flag: int = 0, level: int = 0, token: str = "t") -> None:
    lab.ok(
        "/user/token",
        {"uid": uid, "token": token, "device_flag": flag, "device_level": level},
    )


def ended(lab: Lab) -> list[str]:
    return [f"{e.device} {e.because}" for e in lab.events if isinstance(e, SessionEnded)]


def test_a_token_is_kept_per_device_flag_and_makes_the_user_known(lab: Lab) -> None:
    give_token(lab, flag=0, token="one")
    give_token(lab, flag=1, level=1, token="two")
    assert lab.server.state.users["A"].tokens == {0: ("one", 0), 1: ("two", 1)}


def test_a_token_of_a_master_ends_the_sessions_of_its_flag_and_a_slaves_ends_none(
    lab: Lab,
) -> None:
    lab.online("A", "phone", "browser")
    give_token(lab, flag=0, level=0)
    assert ended(lab) == []
    give_token(lab, flag=0, level=1)
    assert ended(lab) == ["phone kicked"]


def test_quitting_withdraws_the_token_and_ends_the_sessions(lab: Lab) -> None:
    lab.online("A", "phone")
    give_token(lab)
    lab.ok("/user/device_quit", {"uid": "A", "device_flag": -1})
    assert ended(lab) == ["phone kicked"]
    assert lab.server.state.users["A"].tokens == {0: ("", 1)}


def test_without_a_token_wukongim_makes_nobody_quit(lab: Lab) -> None:
    lab.online("A", "phone")
    lab.ok("/user/device_quit", {"uid": "A", "device_flag": 0})
    assert ended(lab) == (["phone kicked"] if lab.version == "reference" else [])
    lab.ok("/user/device_quit", {"uid": "nobody", "device_flag": 0})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"uid": "", "token": "t"}, "uid不能为空！"),
        ({"uid": "A", "token": ""}, "token不能为空！"),
        ({"uid": "A@B", "token": "t"}, "uid不能包含特殊字符！"),
        ({"uid": "____system", "token": "t"}, "系统账号不允许更新token！"),
    ],
)
def test_a_token_for_nobody_is_refused(lab: Lab, body: dict[str, str], said: str) -> None:
    assert lab.post("/user/token", body) == (400, {"msg": said, "status": 400})
    assert body["uid"] not in lab.server.state.users


def test_a_flag_is_a_small_number(lab: Lab) -> None:
    status, reply = lab.post("/user/token", {"uid": "A", "token": "t", "device_flag": 256})
    assert (status, "uint8" in reply["msg"]) == (400, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_banned_gets_no_token(version: str) -> None:
    lab = Lab(version)
    lab.ok("/channel/info", {"channel_id": "A", "channel_type": 1, "ban": 1})
    body = {"uid": "A", "token": "t"}
    assert lab.post("/user/token", body) == (200, {"status": 19})
    lab.ok("/channel/info", {"channel_id": "A", "channel_type": 1, "disband": 1})
    assert lab.post("/user/token", body) == (200, {"status": 24 if version == "2.2.5" else 200})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sender_with_send_ban_is_stopped_from_2_2_0_on(version: str) -> None:
    lab = Lab(version)
    lab.online("A", "phone")
    lab.online("B", "phone")
    lab.ok("/channel/info", {"channel_id": "A", "channel_type": 1, "send_ban": 1})
    first = lab.server.apply(Send("A", "phone", "B", "x", "n1"))[0]
    stopped = isinstance(first, Refused) and first.reason == "silenced"
    assert stopped == (version in ("2.2.0", "2.2.5"))
    assert any(isinstance(e, Accepted) for e in lab.server.apply(Send("A", "", "B", "x", "n2")))


def test_system_accounts_are_listed_and_taken_off(lab: Lab) -> None:
    lab.ok("/user/systemuids_add", {"uids": ["S", "T"]})
    assert lab.call("GET", "/user/systemuids") == (200, ["S", "T"])
    lab.ok("/user/systemuids_remove", {"uids": ["S", "T"]})
    assert lab.call("GET", "/user/systemuids") == (200, None)
    lab.ok("/user/systemuids_add", {"uids": []})
    assert lab.post("/user/systemuids_add", {"uids": "S"})[0] == 400


@pytest.mark.parametrize("version", VERSIONS)
def test_a_system_account_passes_the_checks_of_senders_and_is_always_written_to(
    version: str,
) -> None:
    lab = Lab(version)
    lab.online("S", "phone")
    lab.online("B", "phone")
    lab.on_list("blacklist_add", "B", "S")
    lab.on_list("blacklist_add", "S", "B")
    blocked = lab.server.apply(Send("S", "phone", "B", "x", "n0"))
    assert isinstance(blocked[0], Refused)
    lab.ok("/user/systemuids_add_to_cache", {"uids": ["S"]})
    assert lab.call("GET", "/user/systemuids") == (200, None)  # the cache is not the store
    for sender, to in (("S", "B"), ("B", "S"), ("S", "#g")):
        events = lab.server.apply(Send(sender, "phone", to, "x", f"{sender}{to}"))
        assert any(isinstance(event, Accepted) for event in events)
    lab.ok("/user/systemuids_remove_from_cache", {"uids": ["S"]})
    assert isinstance(lab.server.apply(Send("S", "phone", "B", "x", "n1"))[0], Refused)


def test_a_restart_fills_the_cache_of_system_accounts_from_the_store(lab: Lab) -> None:
    lab.ok("/user/systemuids_add", {"uids": ["stored"]})
    lab.ok("/user/systemuids_remove_from_cache", {"uids": ["stored"]})
    lab.ok("/user/systemuids_add_to_cache", {"uids": ["cached"]})
    lab.server.apply(Restart())
    users = lab.server.state.users
    assert (users["stored"].system, users["cached"].system) == (True, False)


def test_a_users_plugin_is_written(lab: Lab) -> None:
    lab.ok("/user/update_plugin_no", {"uid": "A", "plugin_no": "p1"})
    assert lab.server.state.users["A"].plugin == "p1"
    assert lab.post("/user/update_plugin_no", {"uid": 1})[0] == 400
