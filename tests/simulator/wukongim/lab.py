"""A simulated server asked over its HTTP face, in the words of the measured experiments.

Answers are written as they were measured: `u<unread> rd<readed> [seqs, newest first]`, `-` for a
conversation that is not listed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from imcli.model.actions import AddDevice, CreateUser, Flush
from imcli.model.entities import DEVICE_KINDS
from imcli.model.events import Event
from imcli.simulator.profiles import load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.routes import answer
from imcli.simulator.wukongim.api.surroundings import IN_PROCESS

COMMAND = {"sync_once": 1}
"""The header of a command."""
VERSIONS = ("2.1.3", "2.1.4", "2.1.5", "2.2.0", "2.2.5")
Json = dict[str, Any]
Experiment = Callable[["Lab"], str]
"""Does its steps and gives what was looked at, as it was written down."""


def short(version: str) -> str:
    """Write a version as its digits."""
    return version.replace(".", "")


class Measured:
    """Experiments by name, each with what was looked at on real servers, per version."""

    def __init__(self) -> None:
        self.experiments: dict[str, Experiment] = {}
        self.answers: dict[str, dict[str, str]] = {}

    def __call__(self, name: str, **answers: str) -> Callable[[Experiment], Experiment]:
        """Register an experiment; `all`, `v213`, `v215_220` name the versions of an answer."""
        table: dict[str, str] = {}
        for versions, text in answers.items():
            named = VERSIONS if versions == "all" else versions.removeprefix("v").split("_")
            table.update(dict.fromkeys((short(version) for version in named), text))

        def register(experiment: Experiment) -> Experiment:
            self.experiments[name], self.answers[name] = experiment, table
            return experiment

        return register

    def expected(self, name: str, version: str) -> str:
        """Give what a real server of a version answered."""
        return self.answers[name][short(version)]


class Lab:
    """One server, and short words for the calls that experiments make.

    `version` is one of WuKongIM's, or the name of another profile.
    """

    def __init__(
        self, version: str, *, interval_ms: int = 3_600_000, allow_list: bool = False
    ) -> None:
        self.version = version
        profile = replace(
            load_profile(f"wukongim-{version}" if version[0].isdigit() else version),
            flush_interval=interval_ms,
            person_allow_list=allow_list,
        )
        self.server = Server(profile)
        self.around = IN_PROCESS

    # Calls

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        texts = {name: str(value) for name, value in query.items()}
        self.events: list[Event] = []
        return answer(self.server, method, path, texts, body, self.events, self.around)

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self.call("POST", path, body)

    def ok(self, path: str, body: Json) -> None:
        assert self.post(path, body) == (200, {"status": 200})

    def send(self, sender: str, to: str, count: int = 1, **more: Any) -> Json:
        """Send so many messages; gives the data of the last answer."""
        data: Json = {}
        for _ in range(count):
            body = {"from_uid": sender, "payload": "eA==", **self.where(to), **more}
            status, reply = self.post("/message/send", body)
            assert status == 200
            data = reply["data"]
        return data

    @staticmethod
    def where(chat: str) -> Json:
        group = chat.startswith("#")
        return {"channel_id": chat.removeprefix("#"), "channel_type": 2 if group else 1}

    def to_row(self, path: str, user: str, chat: str, **more: Any) -> None:
        self.ok(f"/conversations/{path}", {"uid": user, **self.where(chat), **more})

    def delete(self, user: str, chat: str) -> None:
        self.to_row("delete", user, chat)

    def clear(self, user: str, chat: str) -> None:
        self.to_row("clearUnread", user, chat)

    def mark(self, user: str, chat: str, unread: int) -> None:
        self.to_row("setUnread", user, chat, unread=unread)

    def group(self, *members: str) -> None:
        self.ok("/channel", {**self.where("#g"), "subscribers": list(members)})

    def on_group(self, path: str, **more: Any) -> None:
        self.ok(f"/channel/{path}", {**self.where("#g"), **more})

    def on_list(self, path: str, owner: str, *uids: str) -> None:
        self.ok(f"/channel/{path}", {**self.where(owner), "uids": list(uids)})

    def flush(self) -> None:
        """Wait until what is pending is stored."""
        self.server.apply(Flush())
        self.server.apply(Flush())

    def windows(self, *asked: tuple[int, int, int, int]) -> str:
        """Ask A's history with B for windows (start, end, limit, mode): `[numbers]more ; ...`."""
        said = []
        for start, end, limit, mode in asked:
            body = {"start_message_seq": start, "end_message_seq": end, "limit": limit}
            whole = {"login_uid": "A", **self.where("B"), **body, "pull_mode": mode}
            reply = self.post("/channel/messagesync", whole)[1]
            said.append(f"{[m['message_seq'] for m in reply['messages']]}{reply['more']}")
        return " ; ".join(said)

    def seeded(self, user: str, chat: str) -> bool:
        """Make the row that 2.1.4 does not make of messages; tells whether that was needed."""
        if self.version == "2.1.4":
            self.clear(user, chat)
        return self.version == "2.1.4"

    def online(self, user: str, *devices: str) -> None:
        self.server.apply(CreateUser(user))
        for device in devices:
            self.server.apply(AddDevice(user, device, DEVICE_KINDS[device], "master", True))

    # Answers

    def sync(self, user: str, count: int = 10, **more: Any) -> list[Json]:
        status, found = self.post("/conversation/sync", {"uid": user, "msg_count": count, **more})
        assert status == 200
        assert isinstance(found, list)
        return found

    def peers(self, user: str, **more: Any) -> list[str]:
        """Name what is listed, in order."""
        return [each["channel_id"] for each in self.sync(user, **more)]

    def told(self, user: str, chat: str = "", count: int = 10, **more: Any) -> str:
        """Write the one conversation that is listed: `u1 rd0 [1]`, or `-`."""
        name = chat.removeprefix("#")
        found = [
            each for each in self.sync(user, count, **more) if name in ("", each["channel_id"])
        ]
        assert len(found) < 2
        if not found:
            return "-"
        seqs = [message["message_seq"] for message in found[0]["recents"]]
        return f"u{found[0]['unread']} rd{found[0]['readed_to_msg_seq']} {seqs}"

    def unread(self, user: str, chat: str = "", **more: Any) -> str:
        """Write only the count: `u1`, or `-`."""
        return self.told(user, chat, **more).split(" ")[0]

    def seqs(self, user: str, chat: str = "", **more: Any) -> str:
        """Write only the messages: `[2, 1]`, or `-`."""
        told = self.told(user, chat, **more)
        return told if told == "-" else told[told.index("[") :]

    def history(self, user: str, chat: str, limit: int = 100, **more: Any) -> list[Json]:
        body = {"login_uid": user, **self.where(chat), "limit": limit, **more}
        status, reply = self.post("/channel/messagesync", body)
        assert status == 200
        messages: list[Json] = reply["messages"]
        return messages

    def commands(self, user: str, limit: int = 100) -> list[Json]:
        status, found = self.post("/message/sync", {"uid": user, "limit": limit})
        assert status == 200
        assert isinstance(found, list)
        return found

    def command_seqs(self, user: str, limit: int = 100) -> list[int]:
        return [message["message_seq"] for message in self.commands(user, limit)]

    def ack(self, user: str) -> None:
        self.ok("/message/syncack", {"uid": user, "last_message_seq": 1})

    def rows(self, user: str) -> list[Json]:
        status, found = self.call("GET", "/cluster/conversations", uid=user)
        assert status == 200
        data: list[Json] = found["data"]
        return data


def messages_then_row(lab: Lab, count: int) -> None:
    """B writes to A so often; the row is stored (2.1.4: made after the first message)."""
    lab.send("B", "A")
    lab.seeded("A", "B")
    lab.send("B", "A", count - 1)
    lab.flush()
