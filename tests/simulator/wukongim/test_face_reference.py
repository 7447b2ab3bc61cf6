"""The API over the reference and its neighbours: the same routes, and a good server's answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec.structs import replace

from imcli.model.actions import Delete, Disconnect, Send
from imcli.model.entities import Entry
from imcli.model.events import ConversationPushed, Pushed
from imcli.simulator.profiles import builtin_names
from imcli.simulator.wukongim.api.derived_family import written_change
from imcli.simulator.wukongim.api.routes import respond
from imcli.simulator.wukongim.api.surroundings import Surroundings
from tests.simulator.wukongim.lab import Json, Lab

BESIDE = tuple(name for name in builtin_names() if not name.startswith("wukongim"))


@pytest.fixture(params=BESIDE)
def any_lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(str(request.param))


@pytest.fixture
def lab() -> Lab:
    return Lab("reference")


def refused(lab: Lab, path: str, body: Json) -> tuple[int, str]:
    """Ask for something that is declined; gives the code and the reason."""
    status, reply = lab.post(path, body)
    assert status == 400
    assert reply["msg"]
    return reply["status"], reply.get("reason", "")


# The list


def test_a_conversation_is_listed_with_everything_a_client_needs(any_lab: Lab) -> None:
    lab = any_lab
    sent = [lab.send("B", "A", client_msg_no=f"c{n}") for n in (1, 2)]
    (entry,) = lab.sync("A")
    assert [message["message_id"] for message in entry.pop("recents")] == [
        sent[1]["message_id"],
        sent[0]["message_id"],
    ]
    assert entry == {
        "channel_id": "B",
        "channel_type": 1,
        "unread": 2,
        "timestamp": 0,
        "last_msg_seq": 2,
        "last_client_msg_no": "c2",
        "offset_msg_seq": 0,
        "readed_to_msg_seq": 0,
        "version": sent[1]["message_id"],
        "deleted_to_msg_seq": 0,
        "pinned": 0,
        "muted": 0,
        "archived": 0,
        "marked_unread": 0,
    }
    assert lab.told("B") == "u0 rd2 [2, 1]"


def test_unread_is_what_others_wrote(lab: Lab) -> None:
    lab.send("B", "A", 2)
    lab.send("A", "B")
    lab.send("B", "A")
    assert lab.told("A") == "u1 rd3 [4, 3, 2, 1]"


def test_reading_marks_and_deleting_do_what_they_say(lab: Lab) -> None:
    lab.send("B", "A", 3)
    lab.to_row("clearUnread", "A", "B", message_seq=2)
    assert lab.told("A") == "u1 rd2 [3, 2, 1]"
    lab.clear("A", "B")
    assert lab.told("A") == "u0 rd3 [3, 2, 1]"
    lab.mark("A", "B", 2)
    assert lab.told("A") == "u2 rd1 [3, 2, 1]"
    lab.delete("A", "B")
    assert lab.told("A") == "-"
    assert lab.told("B") == "u0 rd3 [3, 2, 1]"
    lab.send("B", "A")
    assert lab.told("A") == "u1 rd3 [4]"


def test_the_newest_conversation_comes_first_and_pages_partition_the_list(lab: Lab) -> None:
    for peer in ("B", "C", "D"):
        lab.send(peer, "A")
    assert lab.peers("A") == ["D", "C", "B"]
    pages = [lab.peers("A", page=page, page_size=2) for page in (1, 2, 3)]
    assert pages == [["D", "C"], ["B"], []]


def test_a_version_asks_for_what_changed_since(lab: Lab) -> None:
    lab.send("B", "A")
    lab.send("C", "A")
    newest = max(each["version"] for each in lab.sync("A"))
    assert lab.sync("A", version=newest) == []
    lab.clear("A", "B")
    assert lab.peers("A", version=newest) == ["B"]
    lab.send("C", "A")
    assert lab.peers("A", version=newest) == ["C", "B"]


def test_known_numbers_leave_out_what_a_client_has(lab: Lab) -> None:
    lab.send("B", "A", 3)
    lab.send("C", "A")
    assert lab.seqs("A", "B", last_msg_seqs="B:1:2|C:1:1") == "[3]"
    assert lab.peers("A", last_msg_seqs="B:1:3") == ["C"]
    assert lab.peers("A", last_msg_seqs="B:1:18446744073709551615|C:1:x") == ["C"]


def test_only_unread_and_excluded_types_are_left_out(lab: Lab) -> None:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.send("B", "A")
    lab.clear("A", "B")
    assert lab.peers("A", only_unread=1) == ["g"]
    assert lab.peers("A", exclude_channel_types=[2]) == ["B"]
    assert lab.peers("A", exclude_channel_types=[2], last_msg_seqs="g:2:0") == ["B", "g"]


def test_without_a_number_of_messages_entries_come_without_them(lab: Lab) -> None:
    lab.send("B", "A")
    status, (entry,) = lab.post("/conversation/sync", {"uid": "A"})
    assert (status, entry["recents"], entry["last_msg_seq"]) == (200, [], 1)


def test_nobodys_list_is_an_error_and_a_strangers_is_empty(lab: Lab) -> None:
    assert lab.post("/conversation/sync", {"uid": ""})[0] == 400
    assert lab.post("/conversation/channels", {"uid": ""})[0] == 400
    assert lab.sync("nobody") == []
    assert "nobody" not in lab.server.state.users


def test_channels_of_the_list_are_internal_ids_of_what_is_listed(lab: Lab) -> None:
    lab.group("alice", "bob")
    lab.send("bob", "#g")
    lab.send("bob", "alice")
    named = [each["channel_id"] for each in lab.post("/conversation/channels", {"uid": "alice"})[1]]
    assert named == ["bob@alice", "g"]
    lab.delete("alice", "bob")
    named = [each["channel_id"] for each in lab.post("/conversation/channels", {"uid": "alice"})[1]]
    assert named == ["g"]


def test_by_channel_gives_what_is_listed_of_the_named_and_honours_a_delete(lab: Lab) -> None:
    lab.send("B", "A", 2)
    lab.send("C", "A")
    lab.delete("A", "B")
    lab.send("B", "A")
    chats = [{"channel_id": each, "channel_type": 1} for each in ("C", "B", "D", "B")]
    found = lab.post("/conversation/syncByChannels", {"uid": "A", "channels": chats})[1]
    told = [(e["channel_id"], [m["message_seq"] for m in e["recents"]]) for e in found]
    assert told == [("C", [1]), ("B", [3])]
    assert lab.post("/conversation/syncByChannels", {"uid": "A"})[0] == 400


def test_stored_records_are_there_also_of_what_was_deleted(lab: Lab) -> None:
    lab.send("bob", "alice", 2)
    lab.delete("alice", "bob")
    (row,) = lab.rows("alice")
    assert (row["channel_id"], row["last_msg_seq"], row["readed_to_msg_seq"]) == ("bob@alice", 2, 2)
    assert (row["deleted_to_msg_seq"], row["unread_count"]) == (2, 0)


# Histories and single messages


def test_a_history_begins_after_what_was_deleted_on_every_route(lab: Lab) -> None:
    sent = [lab.send("B", "A", client_msg_no=f"c{n}") for n in (1, 2, 3)]
    lab.server.apply(Delete("A", "", "B", up_to=2))
    assert [m["message_seq"] for m in lab.history("A", "B")] == [3]
    assert [m["message_seq"] for m in lab.history("B", "A")] == [1, 2, 3]
    ids = [data["message_id"] for data in sent]
    asked = {"message_seqs": [1, 3], "message_ids": ids[:2], "client_msg_nos": ["c2", "c3"]}
    for user, peer, wanted in (("A", "B", [3, 3]), ("B", "A", [1, 3, 1, 2, 2, 3])):
        found = lab.post("/messages", {"login_uid": user, **lab.where(peer), **asked})[1]
        assert [m["message_seq"] for m in found["messages"]] == wanted
    one = {"login_uid": "A", **lab.where("B"), "message_id": ids[0]}
    assert lab.post("/message", one) == (200, {"status": 404})
    assert lab.post("/message", {**one, "message_id": ids[2]})[1]["message_seq"] == 3


def test_windows_of_a_history_go_either_way_and_tell_if_there_is_more(lab: Lab) -> None:
    lab.send("A", "B", 10)
    windows = (
        (0, 0, 3, 0),
        (0, 0, 3, 1),
        (3, 6, 10, 1),
        (3, 0, 2, 1),
        (5, 0, 3, 0),
        (5, 3, 10, 0),
        (0, 8, 10, 0),
        (2**64 - 1, 0, 2, 0),
    )
    assert lab.windows(*windows) == (
        "[8, 9, 10]1 ; [8, 9, 10]1 ; [3, 4, 5]0 ; [3, 4]1 ; [3, 4, 5]1 ; [4, 5]0 ; [9, 10]0"
        " ; [9, 10]1"
    )


def test_a_message_keeps_its_flags_wherever_it_is_read(lab: Lab) -> None:
    lab.send("B", "A", header={"red_dot": 1})
    (message,) = lab.history("A", "B", limit=1)
    assert message["header"] == {"no_persist": 0, "red_dot": 1, "sync_once": 0}


def test_a_message_is_found_by_its_client_number(lab: Lab) -> None:
    lab.send("bob", "alice", client_msg_no="c1")
    body = {"login_uid": "alice", **lab.where("bob"), "client_msg_no": "c1"}
    assert lab.post("/message", body)[1]["message_seq"] == 1
    for channel_id in ("bob@alice", "alice@bob"):
        query = {"channel_id": channel_id, "channel_type": 1, "client_msg_no": "c1"}
        assert lab.call("GET", "/message/byclientmsgno", **query)[1]["message_seq"] == 1


def test_the_greatest_number_of_what_was_never_touched_is_0(lab: Lab) -> None:
    query = {"channel_id": "B", "channel_type": 1, "login_uid": "A"}
    assert lab.call("GET", "/channel/max_message_seq", **query) == (200, {"message_seq": 0})
    lab.send("B", "A", 2)
    assert lab.call("GET", "/channel/max_message_seq", **query) == (200, {"message_seq": 2})
    assert lab.call("GET", "/channel/last_message", **query)[1]["message_seq"] == 2
    lab.delete("A", "B")
    assert lab.call("GET", "/channel/last_message", **query) == (200, {"status": 404})


def test_nodes_ask_each_other_for_messages_by_internal_ids(lab: Lab) -> None:
    lab.send("bob", "alice", 3)
    asked = {"channel_id": "bob@alice", "channel_type": 1, "last_msg_seq": 2}
    body = {"uid": "bob", "channels": [asked], "msg_count": 5}
    for newest_first, seqs in ((1, [3, 2]), (0, [2, 3])):
        (found,) = lab.post("/conversation/syncMessages", {**body, "order_by_last": newest_first})[
            1
        ]
        assert [m["message_seq"] for m in found["messages"]] == seqs
        assert found["user_last_msg_seq"] == 3
    assert lab.post("/conversation/syncMessages", {**body, "channels": "x"})[0] == 400


# Sending, and what is declined


def test_only_a_message_that_says_so_makes_nothing_unread(lab: Lab) -> None:
    lab.send("B", "A", header={"red_dot": 0})
    lab.send("B", "A", header={})
    assert lab.unread("A") == "u1"


def test_a_send_is_answered_with_its_number_and_a_resend_with_the_same(lab: Lab) -> None:
    first = lab.send("B", "A", client_msg_no="c1")
    assert first["message_seq"] == 1
    assert lab.send("B", "A", client_msg_no="c1") == first
    assert len(lab.history("A", "B")) == 1


def test_the_back_end_meets_the_permissions_of_the_sender(lab: Lab) -> None:
    lab.group("A", "B")
    body = {"from_uid": "C", "payload": "eA==", **lab.where("#g")}
    assert refused(lab, "/message/send", body) == (3, "not-a-member")
    lab.on_list("blacklist_add", "A", "B")
    body = {"from_uid": "B", "payload": "eA==", **lab.where("A")}
    assert refused(lab, "/message/send", body) == (4, "blocked")
    lab.on_group("info", ban=1)
    body = {"from_uid": "A", "payload": "eA==", **lab.where("#g")}
    assert refused(lab, "/message/send", body) == (19, "banned")
    lab.on_group("info", send_ban=1)
    assert refused(lab, "/message/send", body) == (25, "silenced")
    assert lab.history("A", "#g") == []


def test_what_cannot_be_an_id_is_declined_and_known_to_nobody(lab: Lab) -> None:
    body = {"from_uid": "a@b", "payload": "eA==", **lab.where("A")}
    assert refused(lab, "/message/send", body) == (400, "invalid")
    assert "a@b" not in lab.server.state.users
    assert refused(lab, "/conversations/delete", {"uid": "#x", **lab.where("A")})[1] == "invalid"


def test_a_policy_of_the_profile_declines_over_this_api_too() -> None:
    lab = Lab("rejects")
    lab.send("B", "A")
    lab.delete("A", "B")
    body = {"from_uid": "B", "payload": "eA==", **lab.where("A")}
    assert refused(lab, "/message/send", body) == (13, "not-allowed")
    lab = Lab("two-way")
    lab.send("B", "A")
    lab.delete("A", "B")
    assert (lab.told("A"), lab.told("B")) == ("-", "-")
    lab = Lab("stays-hidden")
    lab.send("B", "A")
    lab.delete("A", "B")
    lab.send("B", "A")
    assert lab.told("A") == "-"


def test_commands_to_named_receivers_reach_each_and_are_kept_for_who_is_away(lab: Lab) -> None:
    lab.online("A", "phone")
    lab.online("B", "phone")
    lab.server.apply(Disconnect("B", "phone"))
    body = {"header": {"sync_once": 1}, "subscribers": ["A", "B"], "payload": "eA=="}
    lab.ok("/message/send", {**body, "from_uid": "S"})
    assert [e.devices for e in lab.events if isinstance(e, Pushed)] == [(("A", "phone"),)]
    assert lab.sync("A") == []
    (command,) = lab.commands("B")
    assert (command["from_uid"], command["header"]["sync_once"]) == ("S", 1)
    assert lab.commands("A") == []
    lab.ack("B")
    assert lab.commands("B") == []


# Groups and lists


def test_a_group_is_made_joined_reset_and_emptied(lab: Lab) -> None:
    def members() -> list[str]:
        return list(lab.server.state.channels["#g"].members)

    lab.group("A", "B")
    lab.on_group("subscriber_add", subscribers=["C"])
    assert members() == ["A", "B", "C"]
    lab.on_group("subscriber_remove", subscribers=["A", "stranger"])
    assert members() == ["B", "C"]
    lab.on_group("subscriber_add", reset=1, subscribers=["D"])
    assert members() == ["D"]
    lab.group("E")
    assert members() == ["D", "E"]
    lab.ok("/channel", {**lab.where("#g"), "subscribers": ["F"], "reset": 1})
    assert members() == ["F"]
    lab.on_group("subscriber_remove_all")
    assert members() == []


def test_a_new_member_reads_from_its_joining_on(lab: Lab) -> None:
    lab.group("A")
    lab.send("A", "#g", 2)
    lab.on_group("subscriber_add", subscribers=["B"])
    lab.send("A", "#g")
    assert [m["message_seq"] for m in lab.history("B", "#g")] == [3]
    assert lab.told("B") == "u1 rd2 [3]"
    assert lab.history("stranger", "#g") == []


def test_a_dismissed_group_stays_dismissed(lab: Lab) -> None:
    lab.group("A")
    lab.on_group("info", disband=1)
    assert refused(lab, "/channel", {**lab.where("#g"), "subscribers": ["A"]}) == (24, "dismissed")
    assert refused(lab, "/channel/info", {**lab.where("#g"), "ban": 1}) == (24, "dismissed")
    lab.ok("/channel/delete", lab.where("#g"))
    assert refused(lab, "/channel/delete", lab.where("#other")) == (400, "invalid")


def test_flags_are_overwritten_and_are_groups_alone(lab: Lab) -> None:
    lab.group("A")
    lab.on_group("info", ban=1, send_ban=1)
    lab.on_group("info", send_ban=1)
    assert lab.server.state.channels["#g"].flags == {"muted": 1}
    body = {"channel_id": "A", "channel_type": 1, "ban": 1}
    assert refused(lab, "/channel/info", body) == (400, "unsupported")
    lab.ok("/channel/info", {"channel_id": "fresh", "channel_type": 2, "ban": 1})
    assert lab.server.state.channels["#fresh"].flags == {"banned": 1}


def test_blank_members_are_refused_before_anything_is_done(lab: Lab) -> None:
    assert lab.post("/channel", {**lab.where("#g"), "subscribers": ["A", ""]})[0] == 400
    assert "#g" not in lab.server.state.channels


def test_lists_are_added_to_replaced_and_emptied(lab: Lab) -> None:
    lab.group("A", "B")
    for owner in ("A", "#g"):
        lab.on_list("blacklist_add", owner, "B")
        lab.on_list("blacklist_set", owner, "C", "D")
        lab.on_list("whitelist_set", owner, "B")
        lab.on_list("whitelist_remove", owner, "B")
        state = lab.server.state
        holder = state.channels[owner] if owner == "#g" else state.users[owner]
        assert (list(holder.blocked), list(holder.allowed)) == (["C", "D"], [])
        lab.ok("/channel/blacklist_remove_all", lab.where(owner))
        assert lab.call("GET", "/channel/whitelist", **lab.where(owner)) == (200, [])
    body = {**lab.where("#nothing"), "uids": ["A"]}
    assert refused(lab, "/channel/blacklist_add", body) == (400, "invalid")


def test_channels_of_other_types_are_groups_of_their_own(lab: Lab) -> None:
    lab.ok("/channel", {"channel_id": "q", "channel_type": 3, "subscribers": ["A", "B"]})
    body = {"from_uid": "A", "payload": "eA==", "channel_id": "q", "channel_type": 3}
    assert lab.post("/message/send", body)[0] == 200
    (entry,) = lab.sync("B")
    assert (entry["channel_id"], entry["channel_type"], entry["unread"]) == ("q", 3, 1)
    (row,) = lab.rows("B")
    assert (row["channel_id"], row["channel_type"]) == ("q", 3)


# What the API adds


def test_the_profile_says_who_this_is(any_lab: Lab) -> None:
    status, said = any_lab.call("GET", "/imcli/profile")
    assert (status, said["name"]) == (200, any_lab.version)
    assert said["switches"] == any_lab.server.profile.switches()
    assert any_lab.call("GET", "/varz")[1]["version"] == any_lab.version


def do(lab: Lab, kind: str, **fields: Any) -> list[Json]:
    body = json.dumps({"type": kind, **fields}).encode()
    lab.events = []
    said = respond(lab.server, "POST", "/imcli/actions", {}, body, lab.events, lab.around)
    assert said.status == 200
    events: list[Json] = json.loads(said.body)["events"]
    return events


def test_an_action_of_the_model_is_done_and_answers_what_it_caused(lab: Lab) -> None:
    lab.online("A", "phone", "browser")
    lab.send("B", "A")
    done, told = do(lab, "SetFlag", user="A", device="phone", chat="B", flag="pinned", on=True)
    assert (done["type"], told["type"], told["devices"]) == (
        "Done",
        "ConversationPushed",
        ["phone", "browser"],
    )
    assert len(lab.events) == 2
    assert lab.sync("A")[0]["pinned"] == 1


def test_an_incremental_synchronisation_tells_tombstones(lab: Lab) -> None:
    lab.online("A", "phone")
    lab.send("B", "A")
    (whole,) = do(lab, "Synchronise", user="A", device="phone")
    lab.delete("A", "B")
    (delta,) = do(lab, "Synchronise", user="A", device="phone", cursor=whole["cursor"])
    assert (whole["full"], delta["full"], delta["tombstones"]) == (True, False, [["B", 1]])


def test_what_the_profile_refuses_is_an_event(lab: Lab) -> None:
    lab.send("B", "A")
    (event,) = do(lab, "Delete", user="A", device="", chat="B", for_both=True)
    assert (event["type"], event["reason"]) == ("Refused", "unsupported")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Connect", {"user": "A", "device": "phone"}),
        ("AddDevice", {"user": "A", "device": "phone"}),
        ("Disconnect", {"user": "A", "device": "phone"}),
        ("Drop", {"user": "A", "device": "phone"}),
        ("Wait", {"duration_ms": 5}),
        ("Request", {"method": "GET", "path": "/"}),
    ],
)
def test_what_a_request_cannot_do_is_unsupported(
    lab: Lab, kind: str, fields: dict[str, Any]
) -> None:
    (event,) = do(lab, kind, **fields)
    assert (event["type"], event["reason"]) == ("Refused", "unsupported")


def test_whether_time_stands_still_is_said(lab: Lab) -> None:
    lab.around = Surroundings(virtual_time=True)
    lab.server.advance_to(5000)
    said = lab.call("GET", "/imcli/profile")[1]
    assert (said["virtual_time"], said["now_ms"]) == (True, 5000)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"type": "Nonsense"},
        {"type": "Delete", "user": "A"},
        {"type": "Wait", "duration_ms": 2**60},
        {"type": "Delete", "user": "A", "device": 1, "chat": "B"},
    ],
)
def test_what_is_no_action_is_a_bad_request(lab: Lab, body: object) -> None:
    status, reply = lab.post("/imcli/actions", body)
    assert (status, reply["status"]) == (400, 400)


def test_the_payload_of_a_message_comes_back_byte_for_byte(lab: Lab) -> None:
    payloads = [b"\xff\x00", b'{"content":"hi","type":1}', json.dumps({"type": 9}).encode()]
    for payload in payloads:
        lab.send("A", "B", payload=base64.b64encode(payload).decode())
    assert [base64.b64decode(m["payload"]) for m in lab.history("B", "A")] == payloads


def test_a_device_of_the_model_and_the_api_see_one_server(lab: Lab) -> None:
    lab.online("A", "phone")
    lab.online("B", "phone")
    lab.server.apply(Send("B", "phone", "A", "hi", "c1"))
    assert lab.told("A") == "u1 rd0 [1]"


def test_a_change_says_whether_the_list_has_it_unless_that_is_not_told() -> None:
    listed = ConversationPushed("A", "B", "flags", ("web",), 3, 0, Entry("B", muted=True))
    gone = ConversationPushed("A", "B", "flags", ("web",), 3, 1, None, 0, Entry("B", muted=True))
    assert [written_change(event)["listed"] for event in (listed, gone)] == [1, 0]
    untold = written_change(replace(gone, untold=True))
    assert ("listed" in untold, untold["muted"], untold["deleted_to_msg_seq"]) == (False, 1, 0)
