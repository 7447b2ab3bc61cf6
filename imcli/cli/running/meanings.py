"""How the profile of a failing case differs from the reference: the notes below a failure.

A small profile differs from the reference in a switch or two, and each of them is told. A WuKongIM
differs in many; of those only the ones are told that what failed may depend on.
"""

from __future__ import annotations

from collections.abc import Collection

from imcli.model.errors import InvalidInput
from imcli.simulator.profiles import Profile, build_profile, load_profile
from imcli.simulator.switches import SWITCHES, Switch

DEPENDS_ON: dict[str, tuple[str, ...]] = {
    "listed": ("delete_kind", "flush_interval", "list_cache_ttl", "list_limit"),
    "unread": ("unread_counts", "own_send_reads", "mark_unread", "total_counts_muted"),
    "read": ("own_send_reads", "mark_unread"),
    "deleted": ("delete_kind", "delete_history"),
    "messages": ("delete_kind", "history_for_new_members", "rejoin_history", "list_cache_ttl"),
    "last": ("delete_kind", "list_cache_ttl"),
    "order": ("list_order", "list_cache_ttl"),
    "received": ("resend", "resend_after", "block_feedback"),
    "shown": ("sync_deletes",),
    "done": ("delete_bound", "clear_history", "mark_unread", "person_allow_list"),
}
"""What may fail -> the switches that it may depend on."""


def meanings(name: str, own: dict[str, object] | None, about: Collection[str]) -> list[str]:
    """Say the switches in which the profile of a failing case is not the reference.

    Args:
        name: the profile of the target.
        own: that of the case itself, where it has one.
        about: what failed, by the keys of `DEPENDS_ON`.
    """
    try:
        profile = build_profile(own) if own is not None else load_profile(name)
    except InvalidInput:
        return []
    told = set(profile.differences())
    if profile.product != "reference":
        depends = {switch for what in about for switch in DEPENDS_ON.get(what, ())}
        told &= depends | set(own or ())
    return [_said(profile, switch) for switch in SWITCHES if switch.name in told]


def _said(profile: Profile, switch: Switch) -> str:
    from imcli.cli.profiles import shown_value

    value = getattr(profile, switch.name)
    return f"{switch.name} = {shown_value(switch.name, value)}: {switch.meaning(value)}"
