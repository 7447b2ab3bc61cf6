"""A real server as a target: the door to this room.

`open_live` makes worlds for cases, `open_live_admin` opens a server for one admin verb. Behind it:
`target.py` is a world; `backend.py`, `reading.py`, `http.py` are its HTTP half, `clients.py`,
`devices.py`, `session.py`, `lines.py`, `loop.py` the half with connections.
"""

from __future__ import annotations

from imcli.targets.live.opening import Hooks, OpenLive, open_live, open_live_admin
from imcli.targets.live.target import LiveTarget
from imcli.targets.live.world import Patience

__all__ = [
    "Hooks",
    "LiveTarget",
    "OpenLive",
    "Patience",
    "open_live",
    "open_live_admin",
]
