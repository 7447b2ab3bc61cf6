from __future__ import annotations

import pytest

from imcli.cli.targets import parse_target
from imcli.cli.verbs.names import chat_name, device_spec, group_name, user_name
from imcli.model.entities import DeviceSpec
from imcli.model.errors import UsageError
from tests.cli.conftest import Run


@pytest.mark.parametrize("name", ["A", "会话", "a:1", "a b", "x" * 200, "👩"])
def test_a_user_may_have_any_readable_name(name: str) -> None:
    assert user_name(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("#team", "is a group"),
        ("a@b", "servers refuse @"),
        ("a&b", "servers refuse &"),
        ("a#b", "servers refuse #"),
        ("a\0b", "control characters"),
        ("a\x1b[31m", "control characters"),
        ("x" * 201, "longer than 200"),
    ],
)
def test_what_no_server_takes_is_no_user(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        user_name(name)


def test_a_group_has_its_mark() -> None:
    assert group_name("#team") == "#team"
    assert chat_name("#team") == "#team"
    assert chat_name("B") == "B"


def test_a_group_without_its_mark_is_told_how_to_write_it() -> None:
    with pytest.raises(UsageError) as caught:
        group_name("team")
    assert caught.value.hint == "a group is written '#team'"


@pytest.mark.parametrize("name", ["#", "#a@b", "##"])
def test_a_mark_alone_is_no_group(name: str) -> None:
    with pytest.raises(UsageError):
        group_name(name)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("phone", DeviceSpec("phone", "app")),
        ("browser", DeviceSpec("browser", "web")),
        ("kiosk:web", DeviceSpec("kiosk", "web")),
        ("web2:web:slave", DeviceSpec("web2", "web", "slave")),
    ],
)
def test_a_device_says_its_kind(text: str, spec: DeviceSpec) -> None:
    assert device_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("kiosk", "write kiosk:app, kiosk:web or kiosk:pc"),
        ("phne", "did you mean phone?"),
        ("kiosk:tv", "the kinds are app, web and pc"),
        ("kiosk:web:boss", "the levels master and slave"),
    ],
)
def test_a_device_without_a_kind_is_told_how_to_write_it(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        device_spec(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "kind", "local"),
    [
        ("embedded", "embedded", True),
        ("sim", "sim", True),
        ("sim:wukongim-2.1.3", "sim", True),
        ("http://localhost:5001", "live", True),
        ("http://127.0.0.1:5001", "live", True),
        ("http://[::1]:5001", "live", True),
        ("http://im.example:5001", "live", False),
        ("https://127.example", "live", False),
    ],
)
def test_targets_are_understood(text: str, kind: str, local: bool) -> None:
    place = parse_target(text)
    assert place is not None
    assert (place.kind, place.local) == (kind, local)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http://", "it looks like"),
        ("http://x:99999", "it looks like"),
        ("http://user:hunter2@x", "IMCLI_TOKEN"),
    ],
)
def test_a_broken_address_is_told_what_one_looks_like(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert hint in caught.value.hint
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("smi", "did you mean sim?"),
        ("embeded", "did you mean embedded?"),
        ("im.example:5001", "did you mean http://im.example:5001?"),
        ("sim:", "did you mean sim?"),
        ("ftp://x", "targets are"),
        ("zzz", "targets are"),
    ],
)
def test_what_is_no_target_is_told_what_is(imcli: Run, text: str, hint: str) -> None:
    ran = imcli("list-groups", "--target", text)
    assert (ran.status, ran.out) == (2, "")
    assert hint in ran.err
