from __future__ import annotations

import pickle

import pytest

from imcli.cli.contexts import Context
from imcli.cli.running.pool import (
    Access,
    MakeTarget,
    Nobody,
    job_count,
    watcher,
)
from imcli.cli.targets import Place
from imcli.cli.tokens import Secret
from imcli.model.actions import Wait
from imcli.model.entities import DeviceSpec
from imcli.model.errors import UsageError
from imcli.simulator.profiles import load_profile
from imcli.targets.base import Cast
from imcli.targets.watched import Watch

CAST = Cast((("A", (DeviceSpec("phone"),)),))


def test_what_makes_targets_can_go_to_another_process() -> None:
    place = Place(
        "staging", "live", url="http://127.0.0.1:1", context=Context("staging", "http://x")
    )
    make = MakeTarget(load_profile("two-way"), {"staging": Access(place, Secret("hunter2"))})
    there = pickle.loads(pickle.dumps(make))
    assert there.profile == load_profile("two-way")
    assert there.known["staging"].token.reveal() == "hunter2"


@pytest.mark.parametrize("text", ["", "-1", "0", "1.5", "257", "all"])
def test_a_number_of_jobs_is_a_number(text: str) -> None:
    with pytest.raises(UsageError):
        job_count(text, 8)


@pytest.mark.parametrize(
    ("name", "profile", "called"),
    [
        ("sim", "", "sim"),
        ("sim:two-way", "", "sim:two-way"),
        ("sim", "two-way", "sim:two-way"),
        ("embedded", "", "embedded"),
    ],
)
def test_targets_are_made_by_name(name: str, profile: str, called: str) -> None:
    chosen = load_profile(profile) if profile else None
    assert MakeTarget(chosen)(name).identity.name == called


def test_a_good_server_is_watched_and_a_real_ones_likeness_is_not() -> None:
    good = MakeTarget()("sim")(CAST)
    old = MakeTarget()("sim:wukongim-2.1.3")(CAST)
    assert isinstance(watcher(good, each_step=False), Watch)
    assert isinstance(watcher(old, each_step=False), Nobody)
    assert isinstance(watcher(old, each_step=True), Watch)


def test_nobody_sees_nothing() -> None:
    nobody = Nobody()
    assert (nobody.after(Wait(1), None), nobody.finish()) == ([], [])
