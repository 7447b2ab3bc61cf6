"""The one table of refusals.

A refusal is *definite*: nothing happened. The order of the table is the order of precedence where
several apply, which is WuKongIM's (`internal/service/permission.go`). `code` is
the reason code of the binary protocol's SENDACK where it has one.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """Why a server refused: its name in the language, its code on the wire, and a sentence."""

    name: str
    code: int | None
    sentence: str


REASONS: tuple[Reason, ...] = (
    Reason("banned", 19, "the group is banned: nobody may send"),
    Reason("silenced", 25, "the group is muted by an administrator: nobody may send"),
    Reason("dismissed", 24, "the group was dismissed"),
    Reason("blocked", 4, "the sender is on a black list"),
    Reason("not-a-member", 3, "the sender is not a member of the group"),
    Reason("not-allowed", 13, "the receiver accepts only allowed senders"),
    Reason("unsupported", None, "the profile has no such operation"),
    Reason("invalid", None, "the request is malformed, or names something that cannot be"),
    Reason("auth-failed", 2, "the token is wrong or was withdrawn"),
)

REASON_BY_NAME: dict[str, Reason] = {reason.name: reason for reason in REASONS}
REASON_BY_CODE: dict[int, Reason] = {r.code: r for r in REASONS if r.code is not None}
assert len(REASON_BY_NAME) == len(REASONS), "a reason's name stands once in the table"
