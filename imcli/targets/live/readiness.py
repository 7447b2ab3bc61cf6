"""Waiting until a real server can do something again, after it was started.

It answers `/health` before it can write: up to 2.1.3 from the first moment on, later once each slot
has a leader. Even then a write that comes at once hangs for five seconds, so a little more time is
given (measured, all versions).
"""

from __future__ import annotations

from imcli.model.errors import TargetUnavailable
from imcli.targets.clocks import Clock, Sleep
from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked
from imcli.targets.live.identify import identify
from imcli.wire import admin
from imcli.wire.answers import Garbled

READY_MS_MAX = 60_000
PAUSE_MS = 100
WRITES_MS = 600
"""After this the first write to each slot succeeds."""


def await_ready(
    client: HttpClient,
    name: str,
    *,
    clock: Clock,
    sleep: Sleep,
    within_ms: int = READY_MS_MAX,
) -> None:
    """Wait until a server answers, is ready, and takes writes.

    Raises:
        TargetUnavailable: it was not, in time; with the last reason.
    """
    until = clock() + within_ms
    while reason := not_ready(client, name):
        if clock() >= until:
            said = f"{name} did not come back within {within_ms // 1000} s: {reason}"
            raise TargetUnavailable(said)
        sleep(PAUSE_MS)
    sleep(WRITES_MS)


def not_ready(client: HttpClient, name: str) -> str:
    """Say why a server is not ready; "" where it is."""
    try:
        identify(client, name)
        slots = admin.read_slots(client.call(admin.SLOTS_CALL).body)
    except TargetUnavailable as error:
        return error.message
    except (NotAsked, NoAnswer) as error:
        return str(error)
    except Garbled:
        return ""  # it does not tell of its slots, and says that it is ready
    leaderless = sum(slot.leader_id == 0 for slot in slots)
    return f"{leaderless} of {len(slots)} slots have no leader" if leaderless else ""
