"""Streams: pieces of 2.1.3 to 2.2.0, events about a message of 2.2.5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from imcli.simulator.wukongim.api import routes
from imcli.simulator.wukongim.api.surroundings import Notice, Piece, Surroundings
from tests.simulator.wukongim.lab import VERSIONS, Lab

NEWEST = "2.2.5"
OPEN = {"from_uid": "B", "channel_id": "A", "channel_type": 1, "payload": "eA=="}
EVENT: dict[str, Any] = {
    "channel_id": "A",
    "channel_type": 1,
    "from_uid": "B",
    "client_msg_no": "s1",
    "event_id": "e1",
    "event_type": "stream.delta",
    "payload": {"delta": "he"},
}


class StreamLab(Lab):
    """A lab with connections: what they are told piles up."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.heard: list[tuple[tuple[str, ...], Piece | Notice]] = []
        self.around = Surroundings(teller=self.take, progress={})

    def take(self, users: Sequence[str], what: Piece | Notice) -> None:
        self.heard.append((tuple(users), what))

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        return routes.answer(self.server, method, path, query, body, around=self.around)


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_pieces_name_their_stream_and_are_kept_nowhere(version: str) -> None:
    lab = StreamLab(version)
    status, opened = lab.post("/stream/open", OPEN)
    number = opened["stream_no"]
    status, answer = lab.post("/message/send", {**OPEN, "stream_no": number})
    assert (status, answer["status"]) == (200, 200)
    assert lab.post("/stream/close", {**OPEN, "stream_no": number}) == (200, {"status": 200})
    pieces = [what for users, what in lab.heard if users == ("A", "B") and isinstance(what, Piece)]
    assert [(piece.stream_no, piece.flag) for piece in pieces] == [(number, 0), (number, 1)]
    assert pieces[1].message.message_id == answer["data"]["message_id"]
    assert {(piece.message.seq, piece.message.setting) for piece in pieces} == {(0, 2)}
    assert lab.history("A", "B") == []
    assert lab.sync("A") == []


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_piece_without_a_text_or_a_place_is_refused(version: str) -> None:
    lab = StreamLab(version)
    for wrong in ({"payload": ""}, {"channel_id": ""}, {"channel_id": "a@b"}):
        assert lab.post("/stream/open", {**OPEN, **wrong})[0] == 400
        assert lab.post("/message/send", {**OPEN, **wrong, "stream_no": "s"})[0] == 400
    assert lab.heard == []


def test_each_version_has_only_its_own_manner() -> None:
    for version in VERSIONS:
        lab = StreamLab(version)
        later = version == NEWEST
        assert (lab.post("/stream/open", OPEN)[0] == 404) == later
        assert (lab.post("/message/event", EVENT)[0] == 404) != later
        lab.send("B", "A", is_stream=1, stream_no="")
        (message,) = lab.history("A", "B")
        assert message["setting"] == (2 if later else 0)


def test_events_of_a_message_are_counted_told_to_all_and_listed() -> None:
    lab = StreamLab(NEWEST)
    sent = lab.send("B", "A", is_stream=1, client_msg_no="s1")
    kinds = ("stream.delta", "stream.delta", "stream.close")
    seqs = []
    for place, kind in enumerate(kinds):
        body = {**EVENT, "event_id": f"e{place}", "event_type": kind, "occurred_at": 7}
        status, answer = lab.post("/message/event", body)
        assert status == 200
        seqs.append((answer["data"]["msg_event_seq"], answer["data"]["stream_status"]))
    assert seqs == [(0, "open"), (0, "open"), (1, "closed")]
    users, first = lab.heard[0]
    assert isinstance(first, Notice)
    assert (users, first.id, first.type, first.timestamp) == (("A", "B"), "e0", kinds[0], 7)
    data = msgspec.json.decode(first.data)
    assert (data["message_id"], data["payload"]) == (sent["message_id"], {"delta": "he"})
    asked = {**EVENT, "from_msg_event_seq": 0}
    status, listed = lab.post("/message/eventsync", asked)
    assert [each["event_id"] for each in listed["data"]["events"]] == ["e2"]
    assert listed["data"]["next_msg_event_seq"] == 1
    other = lab.post("/message/eventsync", {**asked, "event_key": "other"})[1]["data"]
    assert (other["events"], other["filtered_by_event_key"]) == ([], "other")


@pytest.mark.parametrize("name", ["channel_id", "client_msg_no", "event_id", "event_type"])
def test_an_event_says_of_what_it_is(name: str) -> None:
    lab = StreamLab(NEWEST)
    assert lab.post("/message/event", {**EVENT, name: " "})[0] == 400
    assert lab.heard == []
