"""A server with a state file that is killed, over and over, in the middle of a stream of sends.

Whatever it acknowledged is there when it comes up again, with the number that it had said; what it
did not acknowledge may be there or not, but nothing twice and nothing with a hole before it.
"""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from imcli.wire.client import ClientSession, Identity
from imcli.wire.packets import Sendack
from tests.cli.test_serving import serving

KILLS = 8
BURST = 40


class Sender:
    """A device that keeps a burst of messages under way."""

    def __init__(self, ready: dict[str, Any]) -> None:
        host, _, port = ready["tcp"].removeprefix("tcp://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.session = ClientSession(Identity("A"), bytes(range(32)))
        self.numbers: dict[int, str] = {}
        self.acked: dict[str, tuple[int, int]] = {}
        self.socket.sendall(self.session.connect(0))
        while self.session.connected is None:
            self.session.receive(self._read())

    def hear(self, enough: int) -> None:
        """Hear until so many messages were acknowledged, or the server is gone."""
        while len(self.acked) < enough and (data := self._read()):
            for heard in self.session.receive(data):
                if isinstance(heard, Sendack):
                    place = (heard.message_id, heard.message_seq)
                    self.acked[self.numbers[heard.client_seq]] = place

    def _read(self) -> bytes:
        try:
            return self.socket.recv(65_536)
        except ConnectionError:
            return b""

    def send(self, number: str) -> None:
        place, data = self.session.send("B", 1, msgspec.json.encode({"n": number}), number)
        self.numbers[place] = number
        self.socket.sendall(data)


def history(ready: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Read the whole log: (id, seq) by client number."""
    asked = {"login_uid": "B", "channel_id": "A", "channel_type": 1, "limit": 10_000}
    body = msgspec.json.encode(asked)
    request = urllib.request.Request(ready["http"] + "/channel/messagesync", body)
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = msgspec.json.decode(answer.read())["messages"]
    assert [each["message_seq"] for each in found] == list(range(1, len(found) + 1))
    stored = {each["client_msg_no"]: (each["message_id"], each["message_seq"]) for each in found}
    assert len(stored) == len(found)
    return stored


def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.db"), "--quiet")
    acked: dict[str, tuple[int, int]] = {}
    for turn in range(KILLS):
        with serving(*state) as (program, ready):
            stored = history(ready)
            assert {number: stored[number] for number in acked} == acked
            sender = Sender(ready)
            for place in range(BURST):
                sender.send(f"{turn}.{place}")
            enough = 1 + turn * BURST // KILLS
            sender.hear(enough)
            program.kill()
            sender.hear(BURST + 1)
            sender.socket.close()
            acked |= sender.acked
            assert len(sender.acked) >= enough
