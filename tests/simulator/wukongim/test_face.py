"""The HTTP face itself: keys, texts, windows, ids (X1 to X17), and what B sends means.

Measured like the experiments, on 2026-11-23. X16 and X18 are about load and about starting.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from imcli.model.actions import AddDevice, CreateUser, Disconnect, Flush, Request, Send
from imcli.model.events import Accepted, Pushed, Refused, Stored, Unanswered
from imcli.simulator.wukongim.api.names import key_of_internal
from tests.simulator.wukongim.lab import VERSIONS, Lab

NEWEST = "2.2.5"
OLDER = VERSIONS[:-1]
MESSAGE_KEYS = (
    "channel_id,channel_type,client_msg_no,expire,from_uid,header,message_id,message_idstr,"
    "message_seq,payload,setting,timestamp"
)
CONVERSATION_KEYS = (
    "channel_id,channel_type,last_client_msg_no,last_msg_seq,offset_msg_seq,readed_to_msg_seq,"
    "recents,timestamp,unread,version"
)


@pytest.fixture(params=VERSIONS)
def lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(str(request.param))


def test_x1_pages_are_cut_before_filtering() -> None:
    lab = Lab(NEWEST)
    for peer in ("B", "C", "D"):
        lab.send(peer, "A")
        lab.flush()
    lab.delete("A", "D")
    assert [len(lab.sync("A", page=page, page_size=2)) for page in (1, 2)] == [1, 1]


def test_x2_a_command_to_subscribers_is_never_synchronised(lab: Lab) -> None:
    body: dict[str, Any] = {"from_uid": "B", "subscribers": ["A"], "payload": "eA=="}
    assert lab.post("/message/send", body)[0] == 400
    assert lab.post("/message/send", {**body, "header": {"sync_once": 1}}) == (200, {"status": 200})
    assert lab.commands("A") == []


def test_x3_an_id_with_a_colon_cannot_be_named_among_known_numbers(lab: Lab) -> None:
    for peer in ("B", "B:x"):
        lab.send(peer, "A")
        lab.seeded("A", peer)
    asked = [each["channel_id"] for each in lab.sync("A", last_msg_seqs="B:1:1|B:x:1:1")]
    assert asked == ["B:x"]


def test_x5_a_chat_with_oneself_is_one_row_and_one_entry(lab: Lab) -> None:
    lab.send("A", "A")
    lab.flush()
    count = 0 if lab.version == "2.1.4" else 1
    assert (len(lab.rows("A")), len(lab.sync("A"))) == (count, count)
    (message,) = lab.history("A", "A")
    assert message["channel_id"] == "A@A"


def test_x6_reading_an_older_conversation_moves_it_up_from_2_2_0_on(lab: Lab) -> None:
    for peer in ("C", "D"):
        lab.send(peer, "A")
        if lab.version == "2.1.4":
            lab.mark("A", peer, 0)
        lab.flush()
    if lab.version == "2.1.4":
        lab.send("C", "A")
    lab.clear("A", "C")
    assert lab.peers("A") == (["C", "D"] if lab.version in ("2.2.0", "2.2.5") else ["D", "C"])


def test_x7_rows_of_former_members_survive_a_reset_and_the_removal_of_all(lab: Lab) -> None:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.flush()
    lab.on_group("subscriber_add", reset=1, subscribers=["B"])
    lab.send("B", "#g")
    assert lab.seqs("A") == "[2, 1]"
    status, _ = lab.post("/channel/subscriber_remove_all", lab.where("#g"))
    assert status == (200 if lab.version == NEWEST else 404)
    assert lab.seqs("A") == "[2, 1]"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "EOF"),
        ({"uid": "A", "channel_id": "B", "channel_type": 256}, "number 256 into Go struct field "),
        ({"uid": "A", "channel_id": "B", "channel_type": -1}, "number -1 into Go struct field "),
        ({"uid": "A", "channel_id": "B", "channel_type": 1.0}, "number 1.0 into Go struct field "),
        ({"uid": 7, "channel_id": "B"}, "cannot unmarshal number 7"),
        ([], "cannot unmarshal array"),
    ],
)
def test_x8_what_cannot_be_decoded_is_an_error_with_gos_text(
    lab: Lab, body: object, message: str
) -> None:
    status, reply = lab.post("/conversations/delete", body)
    assert (status, reply["status"]) == (400, 400)
    assert message in reply["msg"]
    assert lab.post("/conversations/delete", {"UID": "A", "Channel_ID": "B", "channel_TYPE": 1})[
        0
    ] == (200)


def test_x8_unknown_paths_and_methods_are_404_and_options_204(lab: Lab) -> None:
    assert lab.call("GET", "/nope") == (404, "404 page not found")
    assert lab.call("GET", "/message/send") == (404, "404 page not found")
    assert lab.call("OPTIONS", "/message/send") == (204, None)


def test_x8_a_payload_may_be_an_array_of_numbers(lab: Lab) -> None:
    lab.send("A", "B", payload=[104, 105])
    lab.send("A", "B", payload=base64.b64encode(b"\xff\x00").decode())
    payloads = [base64.b64decode(message["payload"]) for message in lab.history("A", "B")]
    assert payloads == [b"hi", b"\xff\x00"]
    status, _ = lab.post("/message/send", {**lab.where("B"), "from_uid": "A", "payload": "*"})
    assert status == 400


def test_x9_channels_of_persons_are_refused(lab: Lab) -> None:
    asked = (
        lab.post("/channel", lab.where("A"))[0],
        lab.post("/channel", {**lab.where("A"), "subscribers": ["B"]})[0],
        lab.post("/channel/delete", lab.where("A"))[0],
        lab.post("/channel/delete", lab.where("#g"))[0],
        lab.post("/channel/subscriber_set", lab.where("#g"))[0],
        lab.post("/channel/blacklist_remove_all", lab.where("#g"))[0],
    )
    plain = 200 if lab.version in ("2.2.0", "2.2.5") else 400
    last = 200 if lab.version == NEWEST else 404
    assert asked == (plain, 400, 400, 200, 404, last)


def test_x10_windows_of_messagesync(lab: Lab) -> None:
    lab.send("A", "B", 10)
    windows = (
        (0, 0, 3, 0),
        (3, 6, 10, 1),
        (3, 0, 2, 1),
        (3, 0, 0, 1),
        (5, 0, 3, 0),
        (5, 3, 10, 0),
        (3, 5, 10, 0),
        (100, 0, 3, 0),
        (0, 0, 0, 0),
    )
    assert lab.windows(*windows) == (
        "[8, 9, 10]1 ; [3, 4, 5]0 ; [3, 4]1 ; [3, 4, 5, 6, 7, 8, 9, 10]1 ; [3, 4, 5]1 ; [4, 5]0"
        " ; []0 ; []0 ; []1"
    )


def test_x11_the_greatest_number_by_internal_id_or_by_peer(lab: Lab) -> None:
    lab.send("A", "B", 2, client_msg_no="c")

    def greatest(**query: object) -> object:
        status, reply = lab.call("GET", "/channel/max_message_seq", channel_type=1, **query)
        return reply["message_seq"] if status == 200 else status

    by_peer = 2 if lab.version == NEWEST else 400
    assert greatest(channel_id="B", login_uid="A") == by_peer
    assert greatest(channel_id="A@B") == 2
    assert greatest(channel_id="B@A") == 400
    status, last = lab.call(
        "GET", "/channel/last_message", login_uid="A", channel_id="B", channel_type=1
    )
    assert status == 404 or last["message_seq"] == 2
    status, found = lab.call(
        "GET", "/message/byclientmsgno", channel_id="A@B", channel_type=1, client_msg_no="c"
    )
    assert status == (200 if lab.version == NEWEST else 404)
    assert status == 404 or found["message_seq"] == 1


def test_x12_only_the_right_order_of_two_users_is_an_internal_id() -> None:
    assert [key_of_internal(each) for each in ("A@B", "B@A", "A", "A@B@C")] == ["A@B", "", "", ""]
    tie = "buckeroo@plumless"
    assert key_of_internal(tie) == tie


def test_x13_objects_have_exactly_the_documented_keys(lab: Lab) -> None:
    lab.group("A", "B")
    lab.send("B", "#g")
    (conversation,) = lab.sync("A")
    (message,) = conversation["recents"]
    more = "" if lab.version == NEWEST else ",stream_idstr"
    wanted = ",".join(sorted((MESSAGE_KEYS + more).split(",")))
    assert ",".join(sorted(message)) == wanted
    assert ",".join(sorted(conversation)) == CONVERSATION_KEYS
    assert conversation["version"] == conversation["timestamp"] * 10**9
    assert lab.call("GET", "/user/systemuids") == (200, None)
    assert lab.call("GET", "/channel/whitelist", channel_id="g", channel_type=2) == (200, [])


def test_x14_texts_of_validation(lab: Lab) -> None:
    def said(path: str, **body: object) -> str:
        status, reply = lab.post(path, body)
        assert status == 400
        return str(reply["msg"])

    peer = {"channel_id": "B", "channel_type": 1}
    paths = ("delete", "clearUnread", "setUnread")
    assert [said(f"/conversations/{path}", **peer) for path in paths] == [
        "Uid cannot be empty",
        "uid cannot be empty",
        "UID cannot be empty",
    ]
    nothing = {"uid": "A", "channel_id": "", "channel_type": 1}
    wanted = "channel_id or channel_type cannot be empty"
    assert {said(f"/conversations/{path}", **nothing) for path in paths} == {wanted}
    assert said("/message/sync", uid="A", limit=-1) == "limit不能为负数！"
    assert said("/message/syncack", uid="A", last_message_seq=0) == "最后一次messageSeq不能为0！"
    batch = {"from_uid": "A", "subscribers": ["B"], "payload": "eA=="}
    assert lab.post("/message/sendbatch", batch) == (200, {"fail_uids": [], "reason": []})
    assert lab.post("/message/sendbatch", {**batch, "subscribers": ["a@b"]})[1]["fail_uids"] == [
        "a@b"
    ]


def test_a_send_to_type_0_is_taken_and_reaches_nobody(lab: Lab) -> None:
    body = {"from_uid": "A", "channel_id": "B", "channel_type": 0, "payload": "eA=="}
    assert lab.post("/message/send", body)[0] == 200
    lab.flush()
    assert (lab.peers("A"), lab.peers("B")) == ([], [])


def test_x17_whitelist_add_makes_a_row_for_the_named_but_not_for_the_owner(lab: Lab) -> None:
    lab.on_list("whitelist_add", "A", "B")
    rows = [len(lab.rows(user)) for user in ("A", "B")]
    assert rows == ([0, 0] if lab.version == "2.1.3" else [0, 1])
    found = lab.call("GET", "/channel/whitelist", channel_id="A", channel_type=1)[1]
    assert [each["uid"] for each in found] == ["B"]


def test_what_a_server_says_of_itself(lab: Lab) -> None:
    lab.online("A", "phone")
    lab.send("B", "A")
    assert lab.call("GET", "/health") == (200, {"status": "ok"})
    figures = lab.call("GET", "/varz")[1]
    assert figures["version"].startswith(f"v{lab.version}-")
    assert figures["connections"] == 1
    assert figures["conversation_cache_count"] == (1 if lab.version == "2.1.3" else 0)
    online = lab.post("/user/onlinestatus", ["A", "B"])[1]
    assert online == [{"uid": "A", "device_flag": 0, "online": 1}]
    slots = lab.call("GET", "/cluster/allslot")[1]["data"]
    assert len(slots) == 64
    assert all(slot["leader_id"] for slot in slots)


def test_messages_are_found_by_number_id_and_client_number(lab: Lab) -> None:
    sent = lab.send("A", "B", client_msg_no="c1")
    lab.send("A", "B", client_msg_no="c2")
    asked = {"message_seqs": [2, 9], "message_ids": [sent["message_id"]], "client_msg_nos": ["c2"]}
    found = lab.post("/messages", {"login_uid": "A", **lab.where("B"), **asked})[1]
    assert [message["message_seq"] for message in found["messages"]] == [2, 1, 2]
    assert set(found) == {"start_message_seq", "end_message_seq", "more", "messages"}


def test_a_persons_message_names_its_receiver_whoever_asks(lab: Lab) -> None:
    lab.send("A", "B")
    lab.send("B", "A")
    named = [
        [m["channel_id"] for m in lab.history(user, peer)]
        for user, peer in (("A", "B"), ("B", "A"))
    ]
    assert named == [["B", "A"], ["B", "A"]]


def test_lists_are_replaced_and_emptied(lab: Lab) -> None:
    lab.group("A", "B")
    lab.on_list("whitelist_set", "#g", "A")
    lab.on_list("blacklist_set", "#g", "B")
    channel = lab.server.state.channels["#g"]
    assert (list(channel.allowed), list(channel.blocked)) == (["A"], ["B"])
    status, _ = lab.post("/channel/whitelist_remove_all", lab.where("#g"))
    assert status == (200 if lab.version == NEWEST else 404)
    lab.on_list("blacklist_set", "A")
    assert list(lab.server.state.users["A"].blocked) == []


# Where `B sends` and `backend sends` differ


def connected(lab: Lab, *users: str) -> None:
    for user in users:
        lab.server.apply(CreateUser(user))
        lab.server.apply(AddDevice(user, "phone", "app", "master", True))


def test_a_device_meets_the_senders_permissions_and_the_back_end_does_not(lab: Lab) -> None:
    connected(lab, "A", "B")
    lab.on_list("blacklist_add", "A", "B")
    (refused,) = lab.server.apply(Send("B", "phone", "A", "x", "c1"))
    assert isinstance(refused, Refused)
    assert refused.reason == "blocked"
    assert any(isinstance(e, Stored) for e in lab.server.apply(Send("B", "", "A", "x", "c2")))
    (refused,) = lab.server.apply(Send("B", "phone", "#g", "x", "c3"))
    assert isinstance(refused, Refused)
    assert refused.reason == "not-a-member"
    assert any(isinstance(e, Stored) for e in lab.server.apply(Send("B", "", "#g", "x", "c4")))


def test_a_refused_device_learns_the_reason_and_the_back_end_learns_nothing(lab: Lab) -> None:
    connected(lab, "A", "B")
    lab.group("A", "B")
    lab.on_group("info", ban=1)
    (refused,) = lab.server.apply(Send("B", "phone", "#g", "x", "c1"))
    assert isinstance(refused, Refused)
    assert refused.reason == "banned"
    (unanswered,) = lab.server.apply(Send("B", "", "#g", "x", "c2"))
    assert isinstance(unanswered, Unanswered)
    assert not unanswered.done
    assert lab.send("B", "#g")["message_id"]  # over HTTP it is answered like any other
    assert lab.history("A", "#g") == []


def test_an_acknowledged_send_has_its_number_and_an_answered_one_has_none(lab: Lab) -> None:
    connected(lab, "A", "B")
    events = lab.server.apply(Send("B", "phone", "A", "x", "c1"))
    (ack,) = [event for event in events if isinstance(event, Accepted)]
    assert ack.seq == 1
    assert set(lab.send("B", "A")) == {"message_id", "client_msg_no"}
    kinds = [type(event) for event in events]
    assert kinds.index(Stored) < kinds.index(Accepted) < kinds.index(Pushed)


def test_a_command_of_a_device_is_an_ordinary_message_and_of_the_back_end_it_is_not(
    lab: Lab,
) -> None:
    connected(lab, "A", "B")
    lab.server.apply(Send("B", "phone", "A", "x", "c1", command=True))
    assert [m["message_seq"] for m in lab.history("A", "B")] == [1]
    lab.server.apply(Disconnect("A", "phone"))
    lab.server.apply(Send("B", "", "A", "y", "c2", command=True))
    assert len(lab.history("A", "B")) == 1
    assert [m["channel_id"] for m in lab.commands("A")] == ["B____cmd"]


def test_with_a_tie_a_device_writes_where_its_peer_reads(lab: Lab) -> None:
    one, other = "plumless", "buckeroo"
    connected(lab, one, other)
    lab.server.apply(Send(one, "phone", other, "x", "c1"))
    assert lab.history(one, other) == []
    assert [m["from_uid"] for m in lab.history(other, one)] == [one]


def test_a_raw_request_is_no_action_of_the_server_itself(lab: Lab) -> None:
    (refused,) = lab.server.apply(Request("GET", "/health"))
    assert isinstance(refused, Refused)
    assert refused.reason == "unsupported"


def test_a_flush_over_the_interval_shows_in_the_stored_rows(lab: Lab) -> None:
    lab.send("B", "A")
    assert lab.rows("A") == []
    lab.server.apply(Flush())
    found = lab.rows("A")
    assert len(found) == (0 if lab.version == "2.1.4" else 1)
    for row in found:
        assert (row["channel_id"], row["type"], row["unread_count"]) == ("A@B", 0, 1)


def test_setting_and_topic_of_a_message_are_the_senders(lab: Lab) -> None:
    lab.server.apply(CreateUser("B"))
    lab.server.apply(AddDevice("B", "phone", online=True))
    lab.server.apply(CreateUser("A"))
    for setting, topic in ((0x88, "news"), (0, "")):
        lab.server.apply(Send("B", "phone", "A", "hi", "c1", setting=setting, topic=topic))
    first, second = lab.history("A", "B")
    assert (first["setting"], first["topic"]) == (0x88, "news")
    assert (second["setting"], "topic" in second) == (0, False)
