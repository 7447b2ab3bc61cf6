"""`/imcli/...`: what this program adds, so that a harness reaches all that a profile has.

Two routes. `GET /imcli/profile` says which profile this is, with every switch: no real server has
the route, which tells a client whom it talks to. `POST /imcli/actions` does one action of the
model, written as its JSON (`{"type": "SetFlag", "user": "A", ...}`), and answers everything that it
caused, as JSON of the model too; a refusal is an event like others. So clears, pins, two-way
deletes, incremental synchronisation with tombstones, faults and restarts need no route each.
Connections are not made here, that is what connecting is for, and time is not moved.
"""

from __future__ import annotations

import msgspec

from imcli.model.actions import (
    Action,
    AddDevice,
    Connect,
    Disconnect,
    Drop,
    Request,
    Wait,
)
from imcli.model.events import Event, Refused
from imcli.model.versions import version_text
from imcli.simulator.wukongim.api.calls import Call, Reply
from imcli.simulator.wukongim.api.fields import Undecodable

NUMBER_MAX = 1 << 53
"""What JSON holds exactly; time in milliseconds, counts and numbers of messages stay far below."""


def profile(call: Call) -> Reply:
    """`GET /imcli/profile`."""
    found = call.server.profile
    return 200, {
        "name": found.name,
        "product": found.product,
        "version": version_text(found.version),
        "virtual_time": call.around.virtual_time,
        "now_ms": call.state.now,
        "switches": found.switches(),
    }


def action(call: Call) -> Reply:
    """`POST /imcli/actions`."""
    asked = _read(call)
    refused = _refusal(call, asked)
    events: list[Event] = [refused] if refused is not None else call.server.apply(asked)
    call.events += events
    return 200, {"events": msgspec.to_builtins(events)}


def _read(call: Call) -> Action:
    body = call.body()
    try:
        asked: Action = msgspec.convert(body, Action)
    except msgspec.ValidationError as wrong:
        raise Undecodable(f"that is no action: {wrong}") from None
    if any(isinstance(each, int) and abs(each) > NUMBER_MAX for each in body.values()):
        raise Undecodable(f"a number is greater than {NUMBER_MAX}")
    return asked


def _refusal(call: Call, asked: Action) -> Refused | None:
    match asked:
        case AddDevice() | Connect() | Disconnect() | Drop():
            return Refused("unsupported", "a device connects, and leaves, by its connection")
        case Wait():
            return Refused("unsupported", "time passes by itself, or is moved by `imcli advance`")
        case Request():
            return Refused("unsupported", "a request is made by making it")
        case _:
            return None
