"""What an examination of a real server found: facts, judged by nobody (`report/health.py` does)."""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.wire.answers import Varz

Transport = Literal["tcp", "ws"]
DeviceTokens = Literal["free", "wanted", "unknown"]


class Opening(msgspec.Struct, frozen=True):
    """An address for devices, as the server tells it, and whether it opens.

    `opened` is where it opened: there, or at the host of the HTTP API where it does not open as it
    is told; "" is nowhere, and `why` says why.
    """

    transport: Transport
    told: str
    opened: str = ""
    took_ms: int = 0
    why: str = ""


class Examination(msgspec.Struct, frozen=True):
    """Everything that could be learned.

    Args:
        url: the HTTP address.
        why_not: why nothing answers there, or something else than WuKongIM; "" where it does.
        took_ms: how long the first answer took.
        varz: what the server says of itself.
        token_wanted: whether a request without a manager token is refused.
        token_given: whether there was one.
        token_accepted: whether it was taken.
        health: the answer to `/health` where it is no 200; "" where it is.
        slots: how many slots there are.
        leaderless: how many of them have no leader.
        openings: the addresses for devices.
        device_tokens: `free`: a stranger was let in without a token; `wanted`: it was not answered;
            `unknown`: there was no way to try.
        clock_ahead_ms: the server's clock less this one's, give or take `clock_error_ms`; None
            where it was not told.
    """

    url: str
    why_not: str = ""
    took_ms: int = 0
    varz: Varz = Varz()
    token_wanted: bool = False
    token_given: bool = False
    token_accepted: bool = False
    health: str = ""
    slots: int = 0
    leaderless: int = 0
    openings: tuple[Opening, ...] = ()
    device_tokens: DeviceTokens = "unknown"
    clock_ahead_ms: int | None = None
    clock_error_ms: int = 0
