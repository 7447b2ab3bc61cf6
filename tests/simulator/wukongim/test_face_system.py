"""What a server says of itself on every profile: figures, connections, tags, the store."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from imcli.model.events import SessionEnded
from imcli.simulator.wukongim.api.surroundings import Connection, Surroundings
from tests.simulator.wukongim.lab import VERSIONS, Lab

EVERY = (*VERSIONS, "reference")
CONNECTION_KEYS = (
    "device,device_id,id,idle,in_msg_bytes,in_msgs,in_packet_bytes,in_packets,ip,last_activity,"
    "leader_id,node_id,out_msg_bytes,out_msgs,out_packet_bytes,out_packets,pending_bytes,port,"
    "proxy_type_format,uid,uptime,version"
)


@pytest.fixture(params=EVERY)
def lab(request: pytest.FixtureRequest) -> Lab:
    lab = Lab(str(request.param))
    lab.online("alice", "phone", "browser")
    lab.online("bob", "phone")
    return lab


def around(*connections: Connection, **more: Any) -> Surroundings:
    return Surroundings(connections=lambda: connections, **more)


CONNECTIONS = (
    Connection(7, "alice", "phone", in_msgs=3, version=4, since_ms=0, active_ms=500, ip="::1"),
    Connection(8, "bob", "phone", "pc", "slave", "d8", in_msgs=9, port=4711),
    Connection(9, "alice", "browser", "web", in_msgs=5),
)


# Figures and addresses


def test_figures_and_addresses_are_those_of_the_process(lab: Lab) -> None:
    lab.around = around(
        *CONNECTIONS, tcp_addr="h:1", ws_addr="ws://h:2", manager_token=True, figures={"mem": 5}
    )
    addresses = {"tcp_addr": "h:1", "ws_addr": "ws://h:2", "wss_addr": ""}
    figures = lab.call("GET", "/varz")[1]
    assert addresses.items() <= figures.items()
    assert figures["connections"] == 3
    assert figures["user_handler_count"] == 2
    assert (figures["mem"], figures["cpu"], figures["manager_token_on"]) == (5, 0, 1)
    assert "conns" not in figures
    assert lab.call("GET", "/route") == (200, addresses)
    assert lab.call("GET", "/route", intranet=1)[1]["tcp_addr"] == ""
    assert lab.post("/route/batch", ["a"]) == (200, [{**addresses, "uids": ["a"]}])
    assert lab.call("GET", "/varz", node_id=7) == (400, {"msg": "node not found", "status": 400})


def test_figures_show_the_busiest_connections_when_asked(lab: Lab) -> None:
    lab.around = around(*CONNECTIONS)
    shown = lab.call("GET", "/varz", show="conn", conn_limit=2)[1]["conns"]
    assert [each["id"] for each in shown] == [8, 9]


def test_the_version_names_the_tag_or_the_profile(lab: Lab) -> None:
    version = lab.call("GET", "/varz")[1]["version"]
    wanted = lab.version if lab.version == "reference" else f"v{lab.version}-2"
    assert version.startswith(wanted)


def test_settings_and_the_migration_are_answered(lab: Lab) -> None:
    assert lab.call("GET", "/varz/setting")[1]["prometheus_on"] == 0
    assert lab.call("GET", "/migrate/result")[1]["status"] == "migrated"


# Connections


def test_connections_are_written_with_every_fact(lab: Lab) -> None:
    lab.around = around(*CONNECTIONS)
    answer = lab.call("GET", "/connz")[1]
    first, second, _ = answer["connections"]
    assert ",".join(sorted(first)) == CONNECTION_KEYS
    assert (first["device"], second["device"]) == ("App(主)", "PC(从)")
    assert (first["ip"], first["version"], second["device_id"]) == ("::1", 4, "d8")
    assert (answer["total"], answer["offset"], answer["limit"]) == (3, 0, 20)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, [7, 8, 9]),
        ({"sort": "idDesc"}, [9, 8, 7]),
        ({"sort": "inMsg"}, [7, 9, 8]),
        ({"sort": "inMsgDesc"}, [8, 9, 7]),
        ({"sort": "nonsense"}, [7, 8, 9]),
        ({"uid": "lic"}, [7, 9]),
        ({"offset": 1, "limit": 1}, [8]),
        ({"offset": 99}, []),
        ({"offset": -1, "limit": -1}, [7, 8, 9]),
        ({"limit": "x"}, [7, 8, 9]),
    ],
)
def test_connections_are_sorted_chosen_and_cut(
    lab: Lab, query: dict[str, object], ids: list[int]
) -> None:
    lab.around = around(*CONNECTIONS)
    found = lab.call("GET", "/connz", **query)[1]["connections"]
    assert [each["id"] for each in found] == ids


def test_connections_of_another_node_are_an_error(lab: Lab) -> None:
    assert lab.call("GET", "/connz", node_id=2)[0] == 400
    assert lab.call("GET", "/connz", node_id=1001)[0] == 200


def test_in_process_the_sessions_are_the_connections(lab: Lab) -> None:
    found = lab.call("GET", "/connz")[1]["connections"]
    assert [(each["uid"], each["device_id"]) for each in found] == [
        ("alice", "phone"),
        ("alice", "browser"),
        ("bob", "phone"),
    ]


def test_a_kick_and_a_removal_end_one_session_in_their_own_way(lab: Lab) -> None:
    lab.around = around(*CONNECTIONS)
    said = []
    for path, number, uid in (("kick", 7, "alice"), ("remove", 8, "bob"), ("kick", 7, "bob")):
        lab.ok(f"/conn/{path}", {"uid": uid, "conn_id": number})
        said.append(
            [(e.user, e.device, e.because) for e in lab.events if isinstance(e, SessionEnded)]
        )
    assert said == [[("alice", "phone", "kicked")], [("bob", "phone", "goodbye")], []]


def test_ending_no_connection_is_an_error_and_an_unknown_one_is_not(lab: Lab) -> None:
    body = {"uid": "alice", "conn_id": 0}
    assert lab.post("/conn/kick", body) == (400, {"msg": "conn_id is 0", "status": 400})
    assert lab.post("/conn/kick", {**body, "op_node_id": 5})[1]["msg"] == "node not found"
    lab.ok("/conn/remove", {"uid": "alice", "conn_id": 99})
    lab.ok("/conn/remove", {"uid": "alice", "conn_id": 1, "node_id": 5})
    assert lab.events == []


# Tags


def test_the_receivers_of_a_channel_are_shown_once_it_has_a_message(lab: Lab) -> None:
    lab.group("alice", "bob")
    group = {"channel_id": "g", "channel_type": 2}
    assert lab.call("GET", "/tag", **group) == (400, {"msg": "tag not found", "status": 400})
    lab.send("alice", "#g")
    tag = lab.call("GET", "/tag", **group)[1]
    (node,) = tag["nodes"]
    assert (tag["channel_id"], node["uids"], node["uid_count"]) == ("g", ["alice", "bob"], 2)
    assert lab.call("GET", "/tag", tag_key=tag["key"])[1] == tag
    assert lab.call("GET", "/tag", tag_key="nonsense")[0] == 400
    assert lab.call("GET", "/tags", **group)[1] == [tag]
    assert lab.call("GET", "/tags", channel_id="h", channel_type=2)[1] == []
    assert lab.call("GET", "/tags", node_id=3)[0] == 400


def test_all_tags_are_listed_the_newest_first(lab: Lab) -> None:
    lab.group("alice", "bob")
    lab.send("alice", "#g")
    lab.send("alice", "bob")
    ids = [tag["channel_id"] for tag in lab.call("GET", "/tags")[1]]
    assert ids == ["bob@alice", "g"]


def test_a_removed_tag_has_another_key_on_wukongim(lab: Lab) -> None:
    lab.group("alice", "bob")
    lab.send("alice", "#g")
    group = {"channel_id": "g", "channel_type": 2}
    before = lab.call("GET", "/tag", **group)[1]["key"]
    lab.ok("/tag/remove", group)
    after = lab.call("GET", "/tag", **group)[1]["key"]
    assert (before != after) == (lab.version != "reference")
    assert lab.post("/tag/remove", {**group, "node_id": 3})[0] == 400
    lab.ok("/tag/remove", {"channel_id": "B", "channel_type": 1})


# The store


def test_the_one_node_leads_every_slot(lab: Lab) -> None:
    (node,) = lab.call("GET", "/cluster/nodes")[1]["data"]
    assert lab.call("GET", "/cluster/node")[1] == node
    assert lab.call("GET", "/cluster/simpleNodes")[1] == {"total": 1, "data": [node]}
    assert (node["id"], node["slot_leader_count"]) == (1001, 64)
    slots = lab.call("GET", "/cluster/info")[1]["slots"]
    assert {slot["leader"] for slot in slots} == {1001}


def test_channels_are_searched_by_id_and_type_and_cut(lab: Lab) -> None:
    lab.group("alice", "bob")
    lab.on_group("info", ban=1)
    lab.send("alice", "bob")
    found = lab.call("GET", "/cluster/channels")[1]
    assert [each["channel_id"] for each in found["data"]] == ["bob@alice", "g"]
    (group,) = lab.call("GET", "/cluster/channels", channel_type=2)[1]["data"]
    assert (group["subscriber_count"], group["ban"], group["disband"]) == (2, 1, 0)
    assert lab.call("GET", "/cluster/channels", channel_id="g")[1]["data"] == [group]
    cut = lab.call("GET", "/cluster/channels", limit=1)[1]
    assert (len(cut["data"]), cut["more"], cut["total"]) == (1, 1, 2)


def test_members_and_lists_of_a_channel_are_read(lab: Lab) -> None:
    lab.group("alice", "bob")
    lab.on_list("blacklist_add", "#g", "bob")
    lab.on_list("whitelist_add", "alice", "bob")
    said = [
        lab.call("GET", f"/cluster/channels/{place}")[1]
        for place in (
            "g/2/subscribers",
            "g/2/denylist",
            "g/2/allowlist",
            "alice/1/allowlist",
            "alice/1/denylist",
            "nobody/1/denylist",
            "nothing/2/subscribers",
        )
    ]
    assert said == [["alice", "bob"], ["bob"], [], ["bob"], [], [], []]


def test_where_a_channel_is_can_be_asked_of_known_ones(lab: Lab) -> None:
    lab.send("alice", "bob")
    assert lab.call("GET", "/cluster/channels/bob@alice/1/config")[1]["leader_id"] == 1001
    assert lab.call("GET", "/cluster/channels/x/2/config")[0] == 400
    for path in ("g/2/nonsense", "g/x/y/subscribers", "g"):
        assert lab.call("GET", f"/cluster/channels/{path}")[0] == 404
    assert lab.call("GET", "/cluster/channels/g/many/subscribers") == (200, [])


def test_messages_of_a_channel_are_searched_the_newest_first(lab: Lab) -> None:
    for number in ("n1", "n2", "n3"):
        lab.send("alice", "bob", client_msg_no=number)
    person = {"channel_id": "bob@alice", "channel_type": 1}

    def seqs(**query: object) -> list[int]:
        data = lab.call("GET", "/cluster/messages", **person, **query)[1]["data"]
        return [message["message_seq"] for message in data]

    assert seqs() == [3, 2, 1]
    assert seqs(limit=2) == [3, 2]
    assert seqs(offset_message_seq=3) == [2, 1]
    assert seqs(offset_message_seq=1, pre=1, limit=1) == [2]
    assert seqs(client_msg_no="n2") == [2]
    assert seqs(from_uid="bob") == []
    assert lab.call("GET", "/cluster/messages")[1]["data"] == []


def test_users_and_their_tokens_are_listed_without_the_tokens(lab: Lab) -> None:
    lab.ok("/user/token", {"uid": "bob", "token": "secret", "device_flag": 1, "device_level": 1})
    everybody = lab.call("GET", "/cluster/users")[1]
    assert [each["uid"] for each in everybody["data"]] == ["bob", "alice"]
    (bob,) = lab.call("GET", "/cluster/users", uid="bob")[1]["data"]
    assert (bob["device_count"], bob["slot"]) == (1, crc32(b"bob") % 64)
    (device,) = lab.call("GET", "/cluster/devices")[1]["data"]
    assert (device["uid"], device["device_flag_format"], device["token"]) == ("bob", "WEB", "")
    assert lab.call("GET", "/cluster/devices", uid="alice")[1]["data"] == []
