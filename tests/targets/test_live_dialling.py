"""Which connections that did not come about are tried again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from imcli.model.entities import DeviceKey, DeviceSpec
from imcli.targets.live.devices import TRIES, Device, Devices
from imcli.targets.live.session import How, Session
from imcli.targets.live.world import World
from imcli.wire.names import Names

WEB = DeviceKey("A", "web")
PHONE = DeviceKey("A", "phone")


class Scripted(Devices):
    """Devices whose connections end as the script says, try by try; "" is open."""

    def __init__(self, *script: dict[DeviceKey, How]) -> None:
        world = cast(World, SimpleNamespace(names=Names()))
        super().__init__(world, [("A", (DeviceSpec("phone"), DeviceSpec("web")))])
        self.script = list(script)
        self.tried: list[set[DeviceKey]] = []

    def _try(self, devices: object) -> dict[DeviceKey, Session]:
        named = cast("list[Device]", devices)
        self.tried.append({device.key for device in named})
        ends = self.script.pop(0)
        failed = {}
        for device in named:
            device.session = cast(Session, SimpleNamespace(how=ends.get(device.key, "")))
            if device.session.how:
                failed[device.key] = device.session
        return failed


def connected(devices: Scripted) -> dict[DeviceKey, How]:
    return {key: session.how for key, session in devices.connect(devices.all()).items()}


@pytest.mark.parametrize("how", ["lost", "refused"])
def test_what_may_have_been_lost_is_tried_again(how: How) -> None:
    devices = Scripted({WEB: how}, {})
    assert connected(devices) == {}
    assert devices.tried == [{PHONE, WEB}, {WEB}]


def test_who_is_refused_twice_is_refused() -> None:
    devices = Scripted({WEB: "refused"}, {WEB: "refused"})
    assert connected(devices) == {WEB: "refused"}


def test_who_brought_a_token_is_refused_at_once() -> None:
    devices = Scripted({WEB: "refused"})
    web = devices.find(*WEB)
    assert web is not None
    web.token = "t"
    assert connected(devices) == {WEB: "refused"}


def test_what_ended_for_another_reason_is_not_tried_again_and_not_forgotten() -> None:
    devices = Scripted({WEB: "unreachable", PHONE: "lost"}, {})
    assert connected(devices) == {WEB: "unreachable"}
    assert devices.tried == [{PHONE, WEB}, {PHONE}]


def test_what_is_lost_again_and_again_is_given_up() -> None:
    ends: dict[DeviceKey, How] = {WEB: "lost"}
    devices = Scripted(*[ends] * TRIES)
    assert connected(devices) == {WEB: "lost"}
