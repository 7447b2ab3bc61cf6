"""Which switches a failure names: those on which it may hang, in words."""

from __future__ import annotations

import pytest

from imcli.cli.running.meanings import DEPENDS_ON, meanings
from imcli.scenario.running.results import CLAIMS
from imcli.simulator.switches import SWITCH_BY_NAME
from tests.cli.conftest import Run


def names(profile: str, *about: str, own: dict[str, object] | None = None) -> list[str]:
    return [said.partition(" = ")[0] for said in meanings(profile, own, about)]


def test_what_failed_hangs_on_switches_that_there_are() -> None:
    assert {switch for switches in DEPENDS_ON.values() for switch in switches} <= set(
        SWITCH_BY_NAME
    )
    assert set(CLAIMS.values()) <= set(DEPENDS_ON)


def test_a_small_profile_tells_all_that_is_otherwise() -> None:
    assert names("reference", "listed") == []
    assert names("two-way") == ["delete_scope"]
    own: dict[str, object] = {"extends": "two-way", "resend_count": 2}
    assert names("reference", own=own) == ["delete_scope", "resend_count"]


@pytest.mark.parametrize(
    ("about", "told"),
    [
        (("order",), ["list_order", "list_cache_ttl"]),
        (("unread",), ["unread_counts", "own_send_reads", "mark_unread"]),
        (("listed",), ["list_limit", "flush_interval", "list_cache_ttl"]),
        ((), []),
    ],
)
def test_a_wukongim_tells_what_the_failure_may_hang_on(
    about: tuple[str, ...], told: list[str]
) -> None:
    assert names("wukongim-2.2.0", *about) == told


def test_what_a_case_says_itself_of_a_wukongim_is_told(imcli: Run) -> None:
    own: dict[str, object] = {"extends": "wukongim-2.2.5", "resend_count": 2}
    assert names("reference", own=own) == ["resend_count"]
    assert names("mine", "listed") == [], "a file of the user's is known to the user"
    ran = imcli("try", "B sends as m1; A deletes B; assert A sees B", "--profile", "two-way")
    assert "Note: delete_scope = two-way: whose list a delete changes: in a person" in ran.out
