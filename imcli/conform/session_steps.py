"""The steps of recordings with connected devices: answers, and every frame that arrived.

A device that was kicked may be left with its old connection (`leave`), which from then on is its
*dead* one. Before 2.2.5 the server has closed it; 2.2.5 leaves it open and deaf: what is sent on
it is taken like any other send, but nothing comes back. A connection can also be called dead though
the call kicked nobody; it then works as before.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from imcli.conform import answers
from imcli.conform.http_steps import OK, HttpReplay, http_send, plain_actions, seq_of
from imcli.conform.recording import Json, Recording
from imcli.model.actions import AddDevice, Connect, Disconnect, Kick, Send, SetGroupFlag
from imcli.model.entities import DEVICE_FLAGS, DeviceKey, DeviceKind, Message, chat_of, is_group
from imcli.model.events import Event, Pushed, Refused
from imcli.model.reasons import REASON_BY_NAME
from imcli.simulator.server import Server
from imcli.simulator.wukongim import groups, messages
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX
from imcli.simulator.wukongim.traits import TRAITS

KINDS: dict[int, DeviceKind] = {flag: kind for kind, flag in DEVICE_FLAGS.items()}
"""The kind of a device by its device_flag, which is the last character of its name."""
TOKEN_TEXT = "账号在其他设备上登录"
Dead = Literal["working", "deaf", "closed"]


class SessionReplay(HttpReplay):
    """Does the steps of a session recording on a fresh server."""

    def __init__(self, server: Server, recording: Recording) -> None:
        super().__init__(server, recording)
        named = {step["dev"] for step in recording.steps if "dev" in step}
        self.devices = tuple((name[0], name, int(name[1])) for name in sorted(named))
        for user, name, flag in self.devices:
            server.apply(AddDevice(user, name, KINDS[flag], "slave"))
        self.dead: dict[str, Dead] = {}
        self.records: set[tuple[str, int]] = set()
        self.left_open = TRAITS[server.profile.version].kicked_socket == "left-open"

    def do(self, step: Json, expected: Json) -> Json:
        """Do one step and give its result."""
        match step["op"]:
            case "send" | "resend":
                return self._session_send(step)
            case "send_http":
                return self._http_send(step)
            case "connect":
                return self._connect(step)
            case "disconnect":
                self.server.apply(Disconnect(step["dev"][0], step["dev"]))
                return {"answer": {}}
            case "token":
                return self._token(step)
            case "device_quit":
                return self._device_quit(step)
            case "sync":
                answer = expected.get("answer", {})
                return {"answer": answers.sync(self.server, step, answer)}
            case "ban":
                self.server.apply(SetGroupFlag("#g", "banned", bool(step["on"])))
                return {"answer": OK}
            case "whitelist_set":
                groups.set_allow_list(self.server.state, step["ch"], step["uids"])
                return {"answer": OK}
            case _:
                for action in plain_actions(step):
                    self.server.apply(action)
                return {"answer": OK}

    # Sending

    def _session_send(self, step: Json) -> Json:
        device = step["dev"]
        state = self.dead.get(device) if step.get("dead") else "working"
        if state == "closed":
            return {"answer": {"offline": 1}}
        send = replace(http_send(step, device), user=device[0])
        if state == "deaf":
            return self._deaf_send(send)
        events = self.server.apply(send)
        answer = self._ack(events)
        self._flush_after(answer["seq"])
        return self._result(answer, events)

    def _deaf_send(self, send: Send) -> Json:
        """A send on a connection that 2.2.5 forgot: taken as ever, and nothing comes back."""
        forgotten = replace(send, device=f"{send.device}/dead")
        events = messages.answer(self.server.state, self.server.keeping, forgotten)
        self._flush_after(seq_of(events) or 0)
        return self._result({"reason": None}, events)

    @staticmethod
    def _ack(events: list[Event]) -> Json:
        for event in events:
            if isinstance(event, Refused):
                return {"reason": REASON_BY_NAME[event.reason].code, "seq": 0}
        return {"reason": 1, "seq": seq_of(events) or 0}

    def _http_send(self, step: Json) -> Json:
        events = self.server.apply(http_send(step))
        answer: Json = {"status": 200}
        if not step.get("no_persist"):
            answer["seq"] = seq_of(events)
            self._flush_after(answer["seq"] or 0)
        return self._result(answer, events)

    def _flush_after(self, seq: int) -> None:
        if seq and self.fast:
            self.flush_twice()

    # Connections

    def _connect(self, step: Json) -> Json:
        device = step["dev"]
        answer: Json = {"connack": 1}
        if step.get("again"):
            answer["old"] = "open" if self.left_open else "closed"
            if self.left_open:
                answer["old_pong"] = 0
        else:
            self.dead.pop(device, None)
        if step.get("leave"):
            self.dead[device] = "deaf" if self.left_open else "closed"
        self.server.apply(Connect(device[0], device))
        return {"answer": answer}

    def _token(self, step: Json) -> Json:
        self.records.add((step["uid"], step["flag"]))
        if step["level"] != 1:
            return {"answer": OK}
        return self._kick(step, TOKEN_TEXT, [step["flag"]])

    def _device_quit(self, step: Json) -> Json:
        flags = [0, 1, 2] if step["flag"] == -1 else [step["flag"]]
        return self._kick(step, "", flags)

    def _kick(self, step: Json, text: str, flags: list[int]) -> Json:
        """Kick the named devices that have a record; then the client closes what is open."""
        frames: dict[str, list[Json]] = {}
        still_open: Json = {}
        shown: list[str] = []
        for user, name, flag in self.devices:
            if user != step["uid"] or flag not in flags or not self._is_online(user, name):
                continue
            if (user, flag) in self.records:
                self._kick_one(user, name, text, frames, still_open)
            else:
                still_open[name] = {"pong": 1}
                shown.append(name)
            self._leave_or_close(step, user, name)
        answer: Json = {"status": 200}
        if still_open:
            answer["open"] = still_open
        if shown and step.get("leave"):
            answer["shown_online"] = shown
        return {"answer": answer, "frames": frames} if frames else {"answer": answer}

    def _kick_one(
        self, user: str, name: str, text: str, frames: dict[str, list[Json]], still_open: Json
    ) -> None:
        self.server.apply(Kick(user, name, alone=True))
        where = self._name(name)
        frames[where] = [{"f": "disconnect", "reason": 12, "text": text}]
        if self.left_open:
            still_open[name] = {"pong": 0}
        else:
            frames[where].append({"f": "closed"})

    def _leave_or_close(self, step: Json, user: str, name: str) -> None:
        online = self._is_online(user, name)
        if not step.get("leave"):
            self.dead.pop(name, None)
            if online:
                self.server.apply(Disconnect(user, name))
        elif online:
            self.dead[name] = "working"
        else:
            self.dead[name] = "deaf" if self.left_open else "closed"

    def _is_online(self, user: str, name: str) -> bool:
        device = self.server.state.device(user, name)
        return device is not None and device.session > 0

    # Frames

    def _name(self, device: str) -> str:
        """Name a connection as recorded: one that was left, but works, is the dead one."""
        return f"{device}/dead" if self.dead.get(device) == "working" else device

    def _result(self, answer: Json, events: list[Event]) -> Json:
        frames: dict[str, list[Json]] = {}
        for event in events:
            if isinstance(event, Pushed):
                for key in event.devices:
                    frames.setdefault(self._name(key.device), []).append(frame(event.message, key))
        return {"answer": answer, "frames": frames} if frames else {"answer": answer}

    def final(self, expected: Json) -> Json:
        """Give the final observation, presence included."""
        final = super().final(expected)
        final["online"] = [
            [user, flag] for user, name, flag in self.devices if self._is_online(user, name)
        ]
        return final


def frame(message: Message, key: DeviceKey) -> Json:
    """Write a RECV as one device gets it; red_dot is off for the sender's own devices."""
    person = not is_group(message.channel)
    channel = chat_of(key.user, message.channel.removesuffix(COMMAND_SUFFIX)) if person else None
    recv: Json = {
        "f": "recv",
        "name": message.text,
        "seq": message.seq,
        "from": message.sender,
        "ch": channel or message.channel.removesuffix(COMMAND_SUFFIX),
        "type": answers.channel_type(message.channel),
    }
    flags = [
        name
        for name, on in (
            ("no_persist", message.seq == 0),
            ("red_dot", not message.no_red_dot and key.user != message.sender),
            ("sync_once", message.sync_once),
        )
        if on
    ]
    return {**recv, "flags": flags} if flags else recv
