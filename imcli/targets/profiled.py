"""What a simulated server is and can do, in process or embedded: that is said by its profile."""

from __future__ import annotations

from typing import Literal

from imcli.simulator.profiles import Profile
from imcli.simulator.wukongim.traits import traits_of
from imcli.targets.base import ALL_CAPABILITIES, Capability, Identity

CAPABILITIES: frozenset[Capability] = frozenset(ALL_CAPABILITIES) - {"raw-requests"}
NOT_IN_WUKONGIM: frozenset[Capability] = frozenset(
    {
        "settings",
        "clear",
        "partial-read",
        "bounded-delete",
        "two-way-delete",
        "unread-flag",
        "group-mute",
        "notices",
    }
)
"""What WuKongIM leaves to the app or does not have."""


def capabilities_of(profile: Profile) -> frozenset[Capability]:
    """Say what a simulated server with this profile can do."""
    traits = traits_of(profile)
    if traits is None:
        return CAPABILITIES
    absent: set[Capability] = {*NOT_IN_WUKONGIM}
    if not traits.by_channel:
        absent.add("by-channel")
    if traits.send_ban == "stops":
        absent.remove("group-mute")
    return frozenset(ALL_CAPABILITIES) - absent


def identity_of(kind: Literal["sim", "embedded"], name: str, profile: Profile) -> Identity:
    """Say what a simulated server with this profile is; `name` is what the user wrote for it."""
    product = "reference" if traits_of(profile) is None else "wukongim"
    return Identity(name, kind, product, profile.version, profile.name)
