"""Who is let in, and as what: tokens, bans, levels.

A refused client is told nothing; that is the world's business. Without token authentication any
user is let in with any token, as a slave device. Each check gives the reason in words, for whoever
watches the server; empty means that nothing is against it.

Source: WuKongIM `internal/user/handler/event_connect.go:handleConnect`, `options.go:IsVisitors`;
measured on 2.1.3 and 2.2.5.
"""

from __future__ import annotations

import hmac

from imcli.serve.rules import Rules
from imcli.simulator.state import State
from imcli.wire.packets import Connect

MANAGER = "____manager"
VISITOR_SUFFIX = "___vstr"
VISITORS_SINCE = (2, 2, 5)
"""From this version on visitors need no token, whatever the configuration says."""
MASTER = 1


def objection(state: State, rules: Rules, version: tuple[int, ...], connect: Connect) -> str:
    """Say what is against letting a client in; empty: nothing."""
    owner = state.users.get(connect.uid)
    if owner is not None and owner.flags.get("banned"):
        return "the user is banned"
    if not rules.token_auth:
        return ""
    if connect.uid == MANAGER:
        wanted = rules.manager_token
        return "" if not wanted or _same(connect.token, wanted) else "the manager token is wrong"
    if version >= VISITORS_SINCE and connect.uid.endswith(VISITOR_SUFFIX):
        return ""
    token = _registered(state, connect)[0]
    if not connect.token:
        return "it has no token"
    if not token:
        return "no token was registered for this user and device flag"
    return "" if _same(connect.token, token) else "its token is wrong"


def is_master(state: State, rules: Rules, connect: Connect) -> bool:
    """Tell whether a device is a master, which sends others of its flag away.

    Where the profile lets each login end older ones of its kind, every device is one, unless tokens
    say otherwise.
    """
    if state.profile.login_rule == "replace" and not rules.token_auth:
        return True
    return rules.token_auth and _registered(state, connect)[1] == MASTER


def _registered(state: State, connect: Connect) -> tuple[str, int]:
    owner = state.users.get(connect.uid)
    return ("", 0) if owner is None else owner.tokens.get(connect.device_flag, ("", 0))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
