"""What the log of a failing case says of devices and members: away since when, in a group when.

A device that is offline got nothing, and a member sees what came after joining: where a claim is
about what arrived or what a history has, that is often the whole cause.
"""

from __future__ import annotations

from collections.abc import Iterator

from imcli.model.entities import DeviceKey
from imcli.model.events import (
    Event,
    Lost,
    MembersChanged,
    Pushed,
    SessionEnded,
    SessionStarted,
    Stored,
)
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.running.play import Logged, step_name
from imcli.scenario.running.trace_words import sent_in


def logged_events(log: tuple[Logged, ...]) -> Iterator[tuple[Logged, Event]]:
    """Give every event of a log with the step in which it happened."""
    for entry in log:
        for event in entry.outcome.events if entry.outcome else ():
            yield entry, event


def step_words(entry: Logged) -> str:
    """Name a step: `step 2 (A drops)`."""
    return f"{step_name(entry.phase, entry.number)} ({entry.text})"


def offline_words(key: DeviceKey, log: tuple[Logged, ...]) -> str:
    """Say since when a device is offline, and why; "" where it is not."""
    words = ""
    for entry, event in logged_events(log):
        if isinstance(event, SessionStarted) and (event.user, event.device) == key:
            words = ""
        elif isinstance(event, SessionEnded) and (event.user, event.device) == key:
            words = f"{key} is offline since {step_words(entry)}: {event.because}."
    return words


def membership_words(user: str, group: str, log: tuple[Logged, ...], names: Names) -> str:
    """Say when a user left a group and joined it, and behind which message; "" if never."""
    parts: list[str] = []
    for entry, event in logged_events(log):
        if not isinstance(event, MembersChanged) or event.group != group:
            continue
        verb = "joined" if user in event.joined else "left" if user in event.left else ""
        if verb:
            behind = f" after {names.call_seq(group, event.seq)}" if event.seq else ""
            parts.append(f"{verb} {group} at {step_words(entry)}{behind}")
    return f"{user} {spoken(parts)}." if parts else ""


def pushes_of(label: str, log: tuple[Logged, ...], names: Names) -> tuple[list[str], list[str]]:
    """Give the devices that a message was pushed to as it was sent, and those it reached later."""
    pushed: list[str] = []
    late: list[str] = []
    for entry in log:
        events = entry.outcome.events if entry.outcome else ()
        fresh = sent_in(events)
        for event in events:
            if isinstance(event, Pushed) and names.is_message(label, event.message):
                devices = pushed if event.message.message_id in fresh else late
                devices += map(str, event.devices)
    return pushed, late


def lost_words(label: str, log: tuple[Logged, ...], names: Names) -> str:
    """Say to which devices a message was lost on the way; "" where to none."""
    lost = [
        str(device)
        for _, event in logged_events(log)
        if isinstance(event, Lost) and names.is_message(label, event.message)
        for device in event.devices
    ]
    return f"lost on the link to {spoken(dict.fromkeys(lost))}" if lost else ""


def expired_words(label: str, now_ms: int, log: tuple[Logged, ...], names: Names) -> str:
    """Say that a message's time was over, and since when; "" where it was not."""
    for _, event in logged_events(log):
        if not isinstance(event, Stored) or not names.is_message(label, event.message):
            continue
        due = event.message.expires_ms
        if not 0 < due <= now_ms:
            return ""
        over = next((entry for entry in log if entry.at_ms >= due), None)
        since = "" if over is None else f" at {step_words(over)}"
        return f"{label} expired{since}: nobody sees it any more."
    return ""
