"""The tables by version speak of the versions that were measured, and of no others."""

from __future__ import annotations

import pytest

from imcli.model.versions import (
    BY_CHANNEL_SINCE,
    DEAF_SINCE,
    MARKED_SINCE,
    MEASURED,
    NO_PERSON_ROWS,
    PERSONS_SINCE,
    version_text,
)
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.laws import LAWS
from imcli.simulator.profiles import build_profile, builtin_names, load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.row_family import TAGS
from imcli.simulator.wukongim.traits import TRAITS
from imcli.targets.profiled import identity_of


def test_every_measured_version_has_traits_a_tag_and_a_profile() -> None:
    profiles = [load_profile(name) for name in builtin_names()]
    versions = {p.version: p.name for p in profiles if p.product == "wukongim"}
    assert tuple(TRAITS) == tuple(TAGS) == MEASURED
    assert versions == {version: f"wukongim-{version_text(version)}" for version in MEASURED}


def test_what_live_servers_are_known_for_is_what_the_simulated_ones_do() -> None:
    for version, traits in TRAITS.items():
        assert (traits.keeping == "marked-rows") == (version >= MARKED_SINCE)
        assert (traits.person_rows == "never") == (version == NO_PERSON_ROWS)
        assert (traits.person_rows == "first") == (version >= PERSONS_SINCE)
        assert traits.by_channel == (version >= BY_CHANNEL_SINCE)
        assert (traits.kicked_socket == "left-open") == (version >= DEAF_SINCE)


@pytest.mark.parametrize(
    "table", [{"product": "mine", "version": [2, 1, 3]}, {"product": "wukongim"}]
)
def test_a_profile_of_no_known_version_has_no_law_of_wukongim(table: dict[str, object]) -> None:
    profile = build_profile(table)
    server = Server(profile)
    assert isinstance(server.keeping, Derived)
    assert server.laws is LAWS
    assert identity_of("sim", "sim:mine", profile).product == "reference"
