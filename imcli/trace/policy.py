"""The switches of a profile that decide what must be true, as a value of their own.

The ledger is an independent second reading of the rules; it is told the switch values as plain
names and never sees the simulator's own reading of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """Switch values, named as profiles name them; the defaults are the reference."""

    delete_kind: str = "logical"
    delete_scope: str = "one-way"
    delete_history: str = "hidden"
    on_message_after_delete: str = "reappear"
    on_own_send_after_delete: str = "reappear"
    unread_counts: str = "visible-content"
    total_counts_muted: bool = True
    own_send_reads: bool = True
    mark_unread: str = "any"
    archive_on_message: str = "return"
    resend: str = "deduplicate"
    history_for_new_members: str = "none"
    rejoin_history: str = "since-join"
    leave: str = "remove"
    block_feedback: str = "refuse"
    list_order: str = "last-message"
    list_limit: int = 0
    resend_window: int = 604_800_000


FIELDS: tuple[str, ...] = Policy.__struct_fields__


def policy_of(switches: Mapping[str, object]) -> Policy:
    """Pick the switches that matter here; others (intervals, timeouts) are passed over.

    >>> policy_of({"leave": "keep-read-only", "flush_interval": 9}).leave
    'keep-read-only'
    """
    return msgspec.convert({name: switches[name] for name in FIELDS if name in switches}, Policy)
