"""The steps of recordings made over HTTP alone."""

from __future__ import annotations

from collections.abc import Callable

from imcli.conform import answers
from imcli.conform.recording import Json, Recording
from imcli.model.actions import (
    Action,
    AddMembers,
    CreateGroup,
    CreateUser,
    Delete,
    MarkUnread,
    Read,
    RemoveMembers,
    Send,
    SetAccess,
    SetMembers,
)
from imcli.model.errors import Defect
from imcli.model.events import Accepted, Event
from imcli.simulator.server import Server

GROUP = "#g"
OK: Json = {"status": 200}


def plain_actions(step: Json) -> tuple[Action, ...]:
    """Give the actions of a step that is answered with a bare 200."""
    maker = _PLAIN.get(step["op"])
    if maker is None:
        raise Defect(f"a recording has a step of an unknown kind: {step['op']!r}")
    return maker(step)


def _denied(step: Json, *, on: bool) -> tuple[Action, ...]:
    owner = step.get("ch", GROUP)
    return tuple(SetAccess(owner, uid, "block", on) for uid in step["uids"])


def _allowed(step: Json, *, on: bool) -> tuple[Action, ...]:
    return tuple(SetAccess(step["ch"], uid, "allow", on) for uid in step["uids"])


_PLAIN: dict[str, Callable[[Json], tuple[Action, ...]]] = {
    "delete": lambda s: (Delete(s["uid"], "", s["ch"]),),
    "clear_unread": lambda s: (Read(s["uid"], "", s["ch"]),),
    "set_unread": lambda s: (MarkUnread(s["uid"], "", s["ch"], s["n"]),),
    "group_create": lambda s: (CreateGroup(GROUP, tuple(s["uids"])),),
    "group_add": lambda s: (AddMembers(GROUP, tuple(s["uids"])),),
    "group_reset": lambda s: (SetMembers(GROUP, tuple(s["uids"])),),
    "group_remove": lambda s: (RemoveMembers(GROUP, tuple(s["uids"])),),
    "blacklist_add": lambda s: _denied(s, on=True),
    "blacklist_remove": lambda s: _denied(s, on=False),
    "whitelist_add": lambda s: _allowed(s, on=True),
    "whitelist_remove": lambda s: _allowed(s, on=False),
}


def seq_of(events: list[Event]) -> int | None:
    """Give the seq that a send was stored with, or None."""
    for event in events:
        if isinstance(event, Accepted):
            return event.seq
    return None


class HttpReplay:
    """Does the steps of an HTTP recording on a fresh server."""

    def __init__(self, server: Server, recording: Recording) -> None:
        self.server = server
        self.fast = recording.mode == "fast"
        for user in recording.final["sync"]:
            server.apply(CreateUser(user))

    def do(self, step: Json, expected: Json) -> Json:
        """Do one step and give its result."""
        match step["op"]:
            case "send":
                return self._send(step)
            case "sync":
                return answers.sync(self.server, step, expected)
            case "messagesync":
                return answers.messages(self.server, step["uid"], step["ch"], step)
            case _:
                for action in plain_actions(step):
                    self.server.apply(action)
                return OK

    def _send(self, step: Json) -> Json:
        events = self.server.apply(http_send(step))
        if step.get("no_persist"):
            return OK
        seq = seq_of(events)
        if seq and self.fast:
            self.flush_twice()
        return {"status": 200, "seq": seq}

    def flush_twice(self) -> None:
        """Let two ticks pass: a second one finds nothing to write, which 2.1.3 notices."""
        keeping, state = self.server.keeping, self.server.state
        keeping.flush(state)
        keeping.flush(state)

    def final(self, expected: Json) -> Json:
        """Give the final observation."""
        return answers.final_observation(self.server, expected)


def http_send(step: Json, device: str = "") -> Send:
    """Make the send of a step; the name of a message is its text and its client number."""
    return Send(
        step.get("from", ""),
        device,
        step["to"],
        step["name"],
        step["name"],
        no_persist=bool(step.get("no_persist")),
        command=bool(step.get("sync_once")),
        no_red_dot=not step.get("red_dot"),
    )
