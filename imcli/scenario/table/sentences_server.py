"""The table of sentences, second part: time, the server itself, faults, raw calls.

These are what no client can cause; a target that cannot do them says so by its capabilities.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.model.actions import (
    Action,
    Crash,
    Fault,
    FaultKind,
    Flush,
    Request,
    Restart,
    SetClock,
    Wait,
)
from imcli.scenario.table.patterns import Slots
from imcli.scenario.table.rows import (
    ActionRow,
    action_row,
    in_section,
)


def _fault(kind: FaultKind) -> Callable[[Slots], Action]:
    return lambda s: Fault(s.user, s.device, kind, s.number or 0, s.duration_ms)


def _link(name: str, words: str, meaning: str, example: str, kind: FaultKind) -> ActionRow:
    return action_row(
        name,
        f"link ACTOR {words}",
        meaning,
        f"link A.phone {example}",
        _fault(kind),
        "faults",
        ends=False,
    )


SERVER_ACTIONS: tuple[ActionRow, ...] = (
    *in_section(
        "Time and the server",
        action_row(
            "wait",
            "wait DURATION",
            "time passes; virtual in the simulator",
            "wait 5s",
            lambda s: Wait(s.duration_ms),
            ends=False,
        ),
        action_row(
            "flush",
            "server flushes",
            "what is only in memory is written to the store",
            "server flushes",
            lambda _: Flush(),
            "flush",
            ends=False,
        ),
        action_row(
            "restart",
            "server restarts",
            "the server stops in good order and starts again; devices reconnect and synchronise",
            "server restarts",
            lambda _: Restart(),
            "restart",
            ends=False,
        ),
        action_row(
            "crash",
            "server crashes",
            "the same, and what is not durable is lost",
            "server crashes",
            lambda _: Crash(),
            "crash",
            ends=False,
        ),
        action_row(
            "clock-ahead",
            "clock of ACTOR is DURATION ahead",
            "sets a device's clock ahead",
            "clock of A.phone is 1h ahead",
            lambda s: SetClock(s.duration_ms, s.user, s.device),
            "clocks",
            ends=False,
        ),
        action_row(
            "clock-behind",
            "clock of ACTOR is DURATION behind",
            "sets a device's clock back",
            "clock of A.phone is 1h behind",
            lambda s: SetClock(-s.duration_ms, s.user, s.device),
            "clocks",
            ends=False,
        ),
        action_row(
            "server-clock-ahead",
            "clock of server is DURATION ahead",
            "sets the server's clock ahead",
            "clock of server is 1h ahead",
            lambda s: SetClock(s.duration_ms),
            "clocks",
            ends=False,
        ),
        action_row(
            "server-clock-behind",
            "clock of server is DURATION behind",
            "sets the server's clock back",
            "clock of server is 1h behind",
            lambda s: SetClock(-s.duration_ms),
            "clocks",
            ends=False,
        ),
    ),
    *in_section(
        "Faults on one device's link",
        _link(
            "link-drops-messages",
            "drops COUNT message/s",
            "the next pushes towards it are lost",
            "drops 2 messages",
            "drops-messages",
        ),
        _link(
            "link-drops-sends",
            "drops COUNT send/s",
            "the next messages that it sends are lost",
            "drops 2 sends",
            "drops-sends",
        ),
        _link(
            "link-loses-acks",
            "loses COUNT ack/s",
            "the answers to its next sends are lost",
            "loses 1 ack",
            "loses-acks",
        ),
        _link(
            "link-delays",
            "delays by DURATION",
            "everything takes so much longer, both ways",
            "delays by 500ms",
            "delays",
        ),
        _link(
            "link-duplicates",
            "duplicates COUNT message/s",
            "the next pushes arrive twice",
            "duplicates 1 message",
            "duplicates-messages",
        ),
        _link("link-holds", "holds", "pushes wait on the link", "holds", "holds"),
        _link("link-releases", "releases", "what waited arrives, in order", "releases", "releases"),
        _link(
            "link-releases-in-reverse",
            "releases in reverse",
            "what waited arrives, newest first",
            "releases in reverse",
            "releases-reversed",
        ),
        _link("link-heals", "heals", "ends every fault on this link", "heals", "heals"),
    ),
    *in_section(
        "Raw calls",
        action_row(
            "request",
            "request METHOD TEXT [JSON] [as NEWLABEL]",
            "a raw HTTP call; `@A` and `#team` inside its texts become the real ids",
            'request POST "/user/online" {"uids": ["@A"]} as r1',
            lambda s: Request(s.method, s.text or "", s.json, s.new),
            "raw-requests",
        ),
    ),
)
