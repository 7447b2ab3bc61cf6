"""Who and what is there on a live server, asked of the simulated server's own HTTP face."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from imcli.model.errors import TargetUnavailable
from imcli.targets.base import DeviceRow, Directory, GroupRow
from imcli.targets.live import directory
from imcli.targets.live.directory import LiveDirectory
from imcli.wire import admin
from imcli.wire.http import Call
from imcli.wire.names import Names
from tests.simulator.wukongim.lab import Lab


class Asked:
    """Answers calls, and remembers them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> bytes:
        self.calls.append(call)
        parts = urlsplit(call.path)
        body = msgspec.json.decode(call.body) if call.body else None
        _, answer = self.lab.call(call.method, parts.path, body, **dict(parse_qsl(parts.query)))
        return msgspec.json.encode(answer)


@pytest.fixture
def asked() -> Asked:
    return Asked(Lab("2.2.5"))


@pytest.fixture
def there(asked: Asked) -> LiveDirectory:
    return LiveDirectory(asked)


def test_it_is_a_directory(there: LiveDirectory) -> None:
    assert isinstance(there, Directory)


def test_devices_join_what_is_registered_and_what_is_connected(
    asked: Asked, there: LiveDirectory
) -> None:
    there.register("A", "web", "slave", "t0k")
    asked.lab.online("A", "phone")
    asked.lab.online("AB", "desktop")
    assert there.devices("A") == (
        DeviceRow("A", "web", "web", "slave", "offline"),
        DeviceRow("A", "app", "app", "master", "online"),
    )
    assert there.devices("nobody") == ()


def test_sessions_are_connections_of_exactly_this_user(asked: Asked, there: LiveDirectory) -> None:
    asked.lab.online("A", "phone", "web")
    asked.lab.online("AB", "desktop")
    assert [row.device for row in there.sessions("A")] == ["phone", "web"]
    assert [row.user for row in there.sessions()] == ["A", "A", "AB"]


def test_groups_have_their_members_and_an_end(asked: Asked, there: LiveDirectory) -> None:
    for name in ("two", "one"):
        asked.lab.ok("/channel", {"channel_id": name, "channel_type": 2, "subscribers": ["B", "A"]})
    asked.lab.ok("/channel/delete", {"channel_id": "one", "channel_type": 2})
    one, two = there.groups()
    assert (one.group, one.dismissed) == ("#one", True)
    assert two == GroupRow("#two", ("A", "B"), False)
    assert there.members("#two") == ("A", "B")
    assert there.members("#none") == ()


def test_lists_of_users_and_of_groups_are_named(asked: Asked, there: LiveDirectory) -> None:
    asked.lab.group("A")
    asked.lab.on_list("blacklist_add", "#g", "C")
    asked.lab.on_list("whitelist_add", "A", "B")
    assert there.listed("#g", "block") == ("C",)
    assert there.listed("A", "allow") == ("B",)


def test_a_registered_user_is_named(there: LiveDirectory) -> None:
    there.register("A", "web", "slave", "t0k")
    assert there.users() == ("A",)


def test_many_connections_are_asked_for_page_by_page(
    asked: Asked, there: LiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "PAGE", 2)
    for number in range(5):
        asked.lab.online(f"U{number}", "phone")
    assert len(there.sessions()) == 5
    assert len(asked.calls) == 3
    monkeypatch.setattr(directory, "LISTED_MAX", 3)
    with pytest.raises(TargetUnavailable, match="more than 3 connections"):
        there.sessions()


class Pages:
    """Groups as a real server lists them: newest first, a page begins before a moment."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, call: Call) -> bytes:
        parts = urlsplit(call.path)
        if parts.path != "/cluster/channels":
            return b'["A"]'
        query = dict(parse_qsl(parts.query))
        below = int(query.get("offset_created_at", self.count + 1))
        places = range(below - 1, 0, -1)[: int(query["limit"])]
        data = [
            {"channel_id": f"g{place:03}", "channel_type": 2, "created_at": place}
            for place in places
        ]
        return msgspec.json.encode({"total": 0, "data": data})


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_many_groups_are_asked_for_page_by_page(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "PAGE", 2)
    there = LiveDirectory(Pages(count))
    assert [row.group for row in there.groups()] == [f"#g{n:03}" for n in range(1, count + 1)]


def test_a_list_without_an_end_is_not_cut_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "PAGE", 2)
    monkeypatch.setattr(directory, "LISTED_MAX", 3)
    with pytest.raises(TargetUnavailable, match="more than 3 groups"):
        LiveDirectory(Pages(9)).groups()
    endless = b'{"data":[{"channel_id":"g","created_at":0},{"channel_id":"h","created_at":0}]}'
    with pytest.raises(TargetUnavailable, match="no page behind them"):
        LiveDirectory(lambda call: endless).groups()


def test_names_stand_for_ids(asked: Asked) -> None:
    asked.lab.online("run-A", "phone")
    there = LiveDirectory(asked, Names("run-"))
    assert [row.user for row in there.sessions("A")] == ["A"]


def test_an_answer_that_is_none_is_named() -> None:
    there = LiveDirectory(lambda call: b"<html>")
    with pytest.raises(TargetUnavailable, match="as WuKongIM does not"):
        there.groups()
