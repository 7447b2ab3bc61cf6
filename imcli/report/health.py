"""How a server is, for `imcli doctor`: a check a line, and what its version is known for.

Facts come in (`targets/examined.py`), judgements go out: *ok*; *note*, what one should know; *bad*,
what keeps this program or devices from working with the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from imcli.model.versions import FIRST, MEASURED, NEWEST, version_text
from imcli.report.anomalies import Anomaly, anomalies_of
from imcli.report.text import counted
from imcli.targets.examined import Examination, Opening

Verdict = Literal["ok", "note", "bad"]
CLOCK_NOTE_MS = 2_000
TRANSPORTS = {"tcp": "tcp for devices", "ws": "websocket for devices"}


class Check(NamedTuple):
    """One thing that was looked at; `hint` says what to do where something is wrong."""

    what: str
    verdict: Verdict
    found: str
    hint: str = ""


class Health(NamedTuple):
    """All that is to be said about a server."""

    checks: tuple[Check, ...]
    anomalies: tuple[Anomaly, ...]

    @property
    def bad(self) -> tuple[Check, ...]:
        """The checks that say that something does not work."""
        return tuple(check for check in self.checks if check.verdict == "bad")


def judged(found: Examination, anomalies: Sequence[Anomaly] | None = None) -> Health:
    """Judge what an examination found."""
    if found.why_not:
        hint = "is the server running, and is the address right? its default port is 5001"
        return Health((Check("reachable", "bad", found.why_not, hint),), ())
    reachable = Check("reachable", "ok", f"answered in {found.took_ms} ms")
    if not found.token_accepted:
        return Health((reachable, manager_token(found)), ())
    version = found.varz.numbers
    checks = (
        reachable,
        server(found),
        ready(found),
        manager_token(found),
        *openings(found),
        device_tokens(found),
        clocks(found),
        *known(version),
    )
    return Health(checks, anomalies_of(version, anomalies))


def server(found: Examination) -> Check:
    """Which server it is."""
    varz = found.varz
    said = f"WuKongIM {varz.build or 'of unknown version'}"
    up = f", up {varz.uptime}" if varz.uptime else ""
    return Check("server", "ok", f"{said}{up}, {counted(varz.connections, 'connection')}")


def ready(found: Examination) -> Check:
    """Whether it can do anything: up to 2.1.3 `/health` says yes from the first moment on."""
    again = "it has just started, or lost a node: try again in a moment"
    if found.health:
        return Check("ready", "bad", f"/health says: {found.health}", again)
    if found.leaderless:
        return Check(
            "ready", "bad", f"{found.leaderless} of {found.slots} slots have no leader", again
        )
    said = f"yes, {found.slots} slots with a leader each" if found.slots else "yes"
    return Check("ready", "ok", said)


def manager_token(found: Examination) -> Check:
    """Whether requests need a token, and whether ours is taken."""
    hint = "imcli add-context NAME URL --replace asks for it; IMCLI_TOKEN holds it for one command"
    match found.token_wanted, found.token_given, found.token_accepted:
        case True, False, _:
            return Check("manager token", "bad", "one is wanted, and none was given", hint)
        case True, True, False:
            return Check("manager token", "bad", "one is wanted, and another than this", hint)
        case True, True, True:
            return Check("manager token", "ok", "one is wanted, and this one is taken")
        case False, True, _:
            return Check("manager token", "note", "one was given, and none is wanted")
        case _:
            return Check("manager token", "ok", "none is wanted")


def openings(found: Examination) -> Iterator[Check]:
    """Whether devices find a way in; one way is enough."""
    if not found.openings:
        yield Check("devices", "note", "the server tells no address for devices")
    nowhere = not any(each.opened for each in found.openings)
    for each in found.openings:
        yield opening(each, nowhere)


def opening(each: Opening, nowhere: bool) -> Check:
    """Whether one address opens."""
    what = TRANSPORTS[each.transport]
    hint = "what a server tells is `external.ip` or `external.tcpAddr` of its configuration"
    if not each.opened:
        said = f"{each.told} does not open: {each.why}"
        return Check(what, "bad" if nowhere else "note", said, hint)
    if each.opened not in each.told:
        said = f"told as {each.told}, opens at {each.opened} only"
        return Check(what, "note", said, hint)
    return Check(what, "ok", f"{each.told} opens in {each.took_ms} ms")


def device_tokens(found: Examination) -> Check:
    """Whether devices must have a token (`tokenAuthOn`)."""
    match found.device_tokens:
        case "free":
            return Check("device tokens", "ok", "none is wanted: a device without one was let in")
        case "wanted":
            said = "wanted: a device without one gets no answer"
            return Check("device tokens", "ok", said)
        case _:
            return Check("device tokens", "note", "not known: no way in over TCP to try")


def clocks(found: Examination) -> Check:
    """How far the clocks are apart."""
    ahead_ms, error_ms = found.clock_ahead_ms, found.clock_error_ms
    if ahead_ms is None:
        return Check("clock", "note", "the server does not tell its time")
    said = clock_words(ahead_ms, error_ms)
    far = abs(ahead_ms) > CLOCK_NOTE_MS + error_ms
    hint = "messages are stamped with the server's time" if far else ""
    return Check("clock", "note" if far else "ok", said, hint)


def clock_words(ahead_ms: int, error_ms: int) -> str:
    """Say how far a clock is from ours.

    >>> clock_words(3, 5), clock_words(-3_725_000, 2)
    ('as here (3 ms ahead, give or take 5 ms)', '62 min 5 s behind this one')
    """
    way = "ahead" if ahead_ms >= 0 else "behind"
    if abs(ahead_ms) < 1_000:
        return f"as here ({abs(ahead_ms)} ms {way}, give or take {error_ms} ms)"
    seconds = round(abs(ahead_ms) / 1000)
    minutes = f"{seconds // 60} min " if seconds >= 60 else ""
    return f"{minutes}{seconds % 60} s {way} {'of ' if way == 'ahead' else ''}this one"


def known(version: tuple[int, ...]) -> Iterator[Check]:
    """Say how sure the anomalies are, where the version is none of those that were measured."""
    text = version_text(version)
    if not version:
        yield Check("anomalies", "note", "not known: the server does not tell its version")
    elif version < FIRST:
        first = version_text(FIRST)
        yield Check("anomalies", "note", f"not known: {text} is older than {first}")
    elif version > NEWEST:
        last = version_text(NEWEST)
        yield Check("anomalies", "note", f"{text} is newer than {last}: those of {last} are shown")
    elif version not in MEASURED:
        said = f"{text} was not measured: they follow from the changes before and after it"
        yield Check("anomalies", "note", said)
