"""The 55 measured experiments, E1 to E55: on every version, the answer of the real server.

Each function does the steps of one experiment and gives what was looked at, as it was written down;
`measured` has that, per version. The real servers answered on 2026-11-23, three times each.
`NOT_ON_ONE_SIMULATED_NODE` lists what cannot be shown here.
"""

from __future__ import annotations

import pytest

from imcli.model.actions import Crash, Flush, Restart
from tests.simulator.wukongim.lab import COMMAND, VERSIONS, Lab, Measured, messages_then_row

NOT_ON_ONE_SIMULATED_NODE = {
    "E1": "health while the process starts: a simulated server is there at once",
    "E48": "the header with the manager's token: the face has no headers",
}
measured = Measured()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", [f"E{n}" for n in range(1, 56)])
def test_an_experiment_has_the_measured_answer(name: str, version: str) -> None:
    if name in NOT_ON_ONE_SIMULATED_NODE:
        assert name not in measured.experiments
        return
    assert measured.experiments[name](Lab(version)) == measured.expected(name, version)


@measured("E2", all="200 client_msg_no,message_id")
def e2(lab: Lab) -> str:
    body = {"from_uid": "A", "channel_id": "B", "channel_type": 1, "payload": "eA=="}
    status, reply = lab.post("/message/send", body)
    assert reply["status"] == 200
    assert isinstance(reply["data"]["message_id"], int)
    return f"{status} {','.join(sorted(reply['data']))}"


@measured("E3", all="400 payload不能为空！ ; 400 频道ID不合法！ ; 400 无法处理发送消息请求！")
def e3(lab: Lab) -> str:
    whole = {"from_uid": "A", "channel_id": "B", "channel_type": 1, "payload": "eA=="}
    asked = (
        {**whole, "payload": ""},
        {**whole, "channel_id": "a@b"},
        {**whole, "channel_id": ""},
    )
    replies = (lab.post("/message/send", body) for body in asked)
    return " ; ".join(f"{status} {reply['msg']}" for status, reply in replies)


@measured("E4", all="seqs [1, 2] ids differ")
def e4(lab: Lab) -> str:
    ids = {lab.send("A", "B", client_msg_no="c")["message_id"] for _ in range(2)}
    seqs = [message["message_seq"] for message in lab.history("A", "B")]
    return f"seqs {seqs} ids {'differ' if len(ids) == 2 else 'same'}"


@measured("E5", v213_215_220_225="u1 rd0 [1]", v214="-")
def e5(lab: Lab) -> str:
    lab.send("B", "A")
    return lab.told("A")


@measured("E6", v213_215_220_225="u0 rd1 [1]", v214="-")
def e6(lab: Lab) -> str:
    lab.send("A", "B")
    return lab.told("A")


def e7_steps(lab: Lab) -> list[str]:
    lab.send("B", "A")
    lab.seeded("A", "B")
    lab.flush()
    lab.delete("A", "B")
    before = lab.told("A")
    lab.send("B", "A")
    return [before, lab.told("A")]


@measured("E7", v213="- ; -", v214="- ; u1 rd1 [2]", v215_220_225="- ; u2 rd0 [2]")
def e7(lab: Lab) -> str:
    return " ; ".join(e7_steps(lab))


@measured(
    "E8",
    v213="- ; - ; u0 rd3 [3, 2, 1]",
    v214="- ; u1 rd1 [2] ; u2 rd1 [3, 2]",
    v215_220="- ; u2 rd0 [2] ; u3 rd0 [3, 2]",
    v225="- ; u2 rd0 [2] ; u0 rd3 [3, 2]",
)
def e8(lab: Lab) -> str:
    steps = e7_steps(lab)
    lab.send("A", "B")
    return " ; ".join([*steps, lab.told("A")])


@measured("E9", v213_214="-", v215_220_225="u1 rd0 [1]")
def e9(lab: Lab) -> str:
    lab.send("B", "A")
    lab.delete("A", "B")
    return lab.told("A")


def deleted_with_unread(lab: Lab, count: int) -> str:
    lab.send("B", "A")
    if lab.seeded("A", "B"):
        lab.send("B", "A")
    lab.send("B", "A", count - 1)
    lab.flush()
    lab.delete("A", "B")
    asked = (lab.told("A"), lab.told("A", only_unread=1), lab.told("A", version=1))
    return " ; ".join(asked)


@measured(
    "E10",
    v213="- ; - ; -",
    v214="- ; u1 rd1 [2] ; u1 rd1 [2]",
    v215_220_225="- ; u1 rd0 [1] ; u1 rd0 [1]",
)
def e10(lab: Lab) -> str:
    return deleted_with_unread(lab, 1)


@measured("E11", all="- ; - ; -")
def e11(lab: Lab) -> str:
    return deleted_with_unread(lab, 2)


@measured("E12", v213="- ; -", v214_215_220_225="[2] ; -")
def e12(lab: Lab) -> str:
    messages_then_row(lab, 2)
    lab.delete("A", "B")
    return " ; ".join(lab.seqs("A", last_msg_seqs=f"B:1:{seq}") for seq in (1, 2))


@measured("E13", v213="-", v214="u3 rd1 [4]", v215_220_225="u4 rd0 [4]")
def e13(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.delete("A", "B")
    lab.send("B", "A")
    return lab.told("A")


@measured("E14", v213_220_225="- ; u0 rd2 [2, 1]", v214_215="- ; -")
def e14(lab: Lab) -> str:
    messages_then_row(lab, 2)
    lab.delete("A", "B")
    between = lab.told("A")
    lab.clear("A", "B")
    return f"{between} ; {lab.told('A')}"


@measured("E15", v213="u0 rd2 [2, 1]", v214_215_220_225="-")
def e15(lab: Lab) -> str:
    messages_then_row(lab, 2)
    lab.delete("A", "B")
    lab.clear("A", "B")
    return lab.told("A")


@measured("E16", v213="u2", v214_215_220_225="u0")
def e16(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.clear("A", "B")
    lab.mark("A", "B", 2)
    return lab.unread("A")


@measured("E17", v213_215_220_225="u3 ; u1", v214="- ; u1")
def e17(lab: Lab) -> str:
    lab.send("B", "A", 3)
    lab.flush()
    lab.mark("A", "B", 3)
    first = lab.unread("A")
    lab.mark("A", "B", 1)
    return f"{first} ; {lab.unread('A')}"


@measured(
    "E18",
    v213="u1 rd4294967295 [1] ; u1 rd0 [1]",
    v214_215_220_225="u0 rd4294967295 [1] ; u0 rd4294967295 [1]",
)
def e18(lab: Lab) -> str:
    lab.mark("A", "B", 5)
    lab.send("B", "A")
    before = lab.told("A")
    if lab.version == "2.1.3":  # the mark in memory is lower, so that the row's is shown
        assert before == "u1 rd4294967295 [1]"
    lab.flush()
    return f"{before} ; {lab.told('A')}"


@measured(
    "E19",
    v213_225="u2 ; u2 ; u2",
    v214="u0 ; u2 ; u2",
    v215_220="u0 ; u3 ; u3",
)
def e19(lab: Lab) -> str:
    lab.send("A", "B")
    if lab.version == "2.1.4":
        lab.mark("A", "B", 0)
    lab.send("B", "A", 2)
    lab.flush()
    return " ; ".join(lab.unread("A", count=count) for count in (10, 2, 1))


@measured(
    "E20",
    v213_225="u1 ; u1 ; u1",
    v214="u3 ; u0 ; u3",
    v215_220="u4 ; u0 ; u4",
)
def e20(lab: Lab) -> str:
    lab.send("B", "A")
    lab.seeded("A", "B")
    lab.send("B", "A")
    lab.send("A", "B")
    lab.send("B", "A")
    lab.flush()
    return " ; ".join(lab.unread("A", count=count) for count in (10, 2, 1))


@measured("E21", all="- ; - ; []")
def e21(lab: Lab) -> str:
    lab.send("B", "A", header={"no_persist": 1})
    return f"{lab.told('A')} ; {lab.told('B')} ; {lab.history('A', 'B')}"


@measured("E22", v213="- ; [2]", v214_215_220_225="- ; [1, 2]")
def e22(lab: Lab) -> str:
    lab.send("B", "A", 2, header=COMMAND)
    return f"{lab.told('A')} ; {lab.command_seqs('A')}"


@measured("E23", all="all end with ____cmd")
def e23(lab: Lab) -> str:
    lab.send("B", "A", 2, header=COMMAND)
    found = [message["channel_id"].endswith("____cmd") for message in lab.commands("A")]
    return "all end with ____cmd" if found and all(found) else "no"


@measured("E24", v213="[2] ; []", v214_215_220_225="[1, 2] ; [1, 2]")
def e24(lab: Lab) -> str:
    lab.send("B", "A", 2, header=COMMAND)
    first = lab.command_seqs("A")
    lab.ack("A")
    return f"{first} ; {lab.command_seqs('A')}"


@measured("E25", all="[0, 1, 1] ; [0]")
def e25(lab: Lab) -> str:
    lab.send("B", "A", 3, header={"red_dot": 1})
    dots = ([m["header"]["red_dot"] for m in lab.history("A", "B", limit)] for limit in (10, 1))
    return " ; ".join(map(str, dots))


@measured("E26", v213_215_220_225="own ; own ; 2 entries", v214="own ; own ; 0 entries")
def e26(lab: Lab) -> str:
    one, other = "plumless", "buckeroo"
    lab.send(one, other)
    lab.send(other, one)
    seen = []
    for user, peer in ((one, other), (other, one)):
        found = [message["from_uid"] for message in lab.history(user, peer)]
        seen.append("own" if found == [user] else str(found))
    entries = lab.peers(one)
    assert set(entries) <= {other}
    return f"{seen[0]} ; {seen[1]} ; {len(entries)} entries"


@measured("E27", all="from '' ; -")
def e27(lab: Lab) -> str:
    body = {"channel_id": "A", "channel_type": 1, "payload": "eA=="}
    assert lab.post("/message/send", body)[0] == 200
    (message,) = lab.history("A", "____system")
    return f"from {message['from_uid']!r} ; {lab.told('A')}"


@measured("E28", v213_215_220_225="stored ; u1", v214="stored ; -")
def e28(lab: Lab) -> str:
    lab.on_list("blacklist_add", "A", "B")
    lab.send("B", "A")
    stored = "stored" if len(lab.history("A", "B")) == 1 else "not stored"
    return f"{stored} ; {lab.unread('A')}"


@measured("E29", v213_214_215_225="ban 0 ; send_ban 1", v220="ban 0 ; send_ban 0")
def e29(lab: Lab) -> str:
    lab.group("A", "B")
    lab.on_group("info", ban=1)
    lab.send("B", "#g")
    banned = len(lab.history("A", "#g"))
    lab.on_group("info", send_ban=1)
    lab.send("B", "#g")
    return f"ban {banned} ; send_ban {len(lab.history('A', '#g')) - banned}"


@measured("E30", all="[] ; u1 ; u0")
def e30(lab: Lab) -> str:
    lab.group("A", "B")
    empty = lab.peers("A")
    lab.send("B", "#g")
    # Who wrote the oldest message of the window has read it (2.1.4 to 2.2.0), or has its mark.
    return f"{empty} ; {lab.unread('A')} ; {lab.unread('B')}"


@measured(
    "E31",
    v213="u2 rd0 [2, 1] ; u1 rd1 [2, 1]",
    v214_215_220_225="u2 rd0 [2] ; u2 rd0 [2]",
)
def e31(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.flush()
    lab.delete("A", "#g")
    lab.send("B", "#g")
    before = lab.told("A")
    lab.flush()
    return f"{before} ; {lab.told('A')}"


@measured("E32", v213="- ; u1 rd0 [1]", v214_215_220_225="- ; -")
def e32(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.delete("A", "#g")
    before = lab.told("A")
    lab.flush()
    return f"{before} ; {lab.told('A')}"


@measured("E33", v213="- ; - ; listed", v214_215_220_225="listed ; listed ; listed")
def e33(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.server.apply(Flush())  # messages come faster than flushes: the update stays alive
    lab.delete("A", "#g")
    seen = []
    for step in ("message", "tag", "flush"):
        if step == "tag":
            lab.ok("/tag/remove", lab.where("#g"))
        if step != "flush":
            lab.send("B", "#g")
        else:
            lab.server.apply(Flush())
        seen.append("-" if lab.told("A") == "-" else "listed")
    return " ; ".join(seen)


@measured("E34", v213_215_225="u1 ; u1 ; u1", v214="- ; - ; -", v220="u1 ; - ; u1")
def e34(lab: Lab) -> str:
    lab.send("C", "A")
    lab.clear("A", "C")
    lab.flush()
    assert lab.unread("A", "B") == "-"
    lab.send("B", "A")
    seen = [lab.unread("A", "B")]
    lab.flush()
    seen.append(lab.unread("A", "B"))
    lab.delete("A", "C")
    return " ; ".join([*seen, lab.unread("A", "B")])


@measured("E35", v213_214_215="u3", v220_225="u0")
def e35(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g", 3)
    lab.on_group("subscriber_add", subscribers=["A"])
    return lab.unread("A")


@measured("E36", v213="[2, 1]", v214_215_220_225="-")
def e36(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g")
    lab.flush()
    lab.on_group("subscriber_remove", subscribers=["A"])
    lab.send("B", "#g")
    return lab.seqs("A")


@measured("E37", v213="u2 ; u2 | u2", v214_215="u2 ; - | -", v220="- ; - | u2", v225="- ; u2 | u2")
def e37(lab: Lab) -> str:
    said = []
    for look in (True, False):
        lab = Lab(lab.version)
        lab.group("A", "B")
        lab.send("B", "#g", 2)
        lab.flush()
        lab.on_list("blacklist_add", "#g", "A")
        between = f"{lab.unread('A')} ; " if look else ""
        lab.on_list("blacklist_remove", "#g", "A")
        said.append(between + lab.unread("A"))
    return " | ".join(said)


@measured("E38", v213="absent", v214_215_220_225="listed")
def e38(lab: Lab) -> str:
    messages_then_row(lab, 1)
    lab.delete("A", "B")
    status, found = lab.post("/conversation/channels", {"uid": "A"})
    assert status == 200
    listed = {"channel_id": "A@B", "channel_type": 1} in found
    return "listed" if listed else "absent"


@measured("E39", all="[] ; []")
def e39(lab: Lab) -> str:
    messages_then_row(lab, 1)
    without = lab.post("/conversation/sync", {"uid": "A"})[1]
    return f"{without} ; {lab.peers('A', msg_count=0)}"


@measured("E40", all="500 None ; 500 None")
def e40(lab: Lab) -> str:
    paths = ("/conversation/sync", "/conversation/channels")
    replies = (lab.post(path, {"uid": "", "msg_count": 10}) for path in paths)
    return " ; ".join(f"{status} {body}" for status, body in replies)


@measured("E41", all="200 ; 400 ; 400")
def e41(lab: Lab) -> str:
    asked = (("A", 1), ("", 1), ("A", 0))
    bodies = ({"uid": uid, "channel_id": "B", "channel_type": kind} for uid, kind in asked)
    return " ; ".join(str(lab.post("/conversations/delete", body)[0]) for body in bodies)


@measured("E42", all="400 not found ; 200 0")
def e42(lab: Lab) -> str:
    query = {"channel_id": "g", "channel_type": 2}
    before = lab.call("GET", "/channel/max_message_seq", **query)
    lab.history("A", "#g")
    after = lab.call("GET", "/channel/max_message_seq", **query)
    return f"{before[0]} {before[1]['msg']} ; {after[0]} {after[1]['message_seq']}"


@measured("E43", all="{'status': 404} ; object")
def e43(lab: Lab) -> str:
    sent = lab.send("A", "B", client_msg_no="c")
    whose = {"login_uid": "A", **lab.where("B")}
    first = lab.post("/message", {**whose, "client_msg_no": "c"})[1]
    second = lab.post("/message", {**whose, "message_id": sent["message_id"]})[1]
    return f"{first} ; {'object' if second.get('message_seq') == 1 else second}"


@measured("E44", v213_214_215="gp ; gp", v220_225="p ; gp")
def e44(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g")
    messages_then_row(lab, 1)

    def kinds(known: str = "") -> str:
        asked = lab.sync("A", exclude_channel_types=[2], last_msg_seqs=known)
        found = {each["channel_type"] for each in asked}
        return "".join(name for kind, name in ((2, "g"), (1, "p")) if kind in found)

    return f"{kinds()} ; {kinds('g:2:0')}"


@measured("E45", v213_214_215_220="3 ; 3 ; 3", v225="2 ; 1 ; 0")
def e45(lab: Lab) -> str:
    for peer in ("B", "C", "D"):
        lab.send(peer, "A")
        lab.seeded("A", peer)
    return " ; ".join(str(len(lab.sync("A", page=page, page_size=2))) for page in (1, 2, 3))


@measured("E46", v213_214_215_220="404", v225="200 u2 [2, 1]")
def e46(lab: Lab) -> str:
    messages_then_row(lab, 2)
    lab.delete("A", "B")
    asked = {"uid": "A", "channels": [lab.where("B")]}
    status, found = lab.post("/conversation/syncByChannels", asked)
    if status == 404:
        return "404"
    seqs = [message["message_seq"] for message in found[0]["recents"]]
    return f"{status} u{found[0]['unread']} {seqs}"


@measured("E47", v213_215_220_225="D,C", v214="-")
def e47(lab: Lab) -> str:
    for peer in ("C", "D", "C"):
        lab.send(peer, "A")
        lab.flush()
    return ",".join(lab.peers("A")) or "-"


@measured("E49", all="tcp_addr,ws_addr,wss_addr ; {'status': 200} ; []")
def e49(lab: Lab) -> str:
    addresses = lab.call("GET", "/route")[1]
    online = [lab.post("/user/onlinestatus", uids)[1] for uids in ([], ["x"])]
    return f"{','.join(addresses)} ; {online[0]} ; {online[1]}"


def after_the_end(lab: Lab, *, crashed: bool) -> str:
    lab.send("B", "A")
    lab.server.apply(Crash() if crashed else Restart())
    first = lab.told("A")
    lab.send("B", "A")
    return f"{first} ; {lab.told('A')}"


@measured("E50", v213_214="- ; -", v215_220_225="u1 rd0 [1] ; u2 rd0 [2, 1]")
def e50(lab: Lab) -> str:
    return after_the_end(lab, crashed=False)


@measured("E51", all="- ; -")
def e51(lab: Lab) -> str:
    return after_the_end(lab, crashed=True)


@measured("E52", v213_214_215="200 ['u1']", v220="no answer []", v225="400 ['', 'u1']")
def e52(lab: Lab) -> str:
    body = {**lab.where("#g"), "subscribers": ["", "u1"]}
    status, _ = lab.post("/channel/subscriber_add", body)
    channel = lab.server.state.channels.get("#g")
    members = [] if channel is None else sorted(channel.members)
    return f"{status or 'no answer'} {members}"


@measured("E53", all="u0")
def e53(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.to_row("clearUnread", "A", "B", message_seq=1)
    return lab.unread("A")


@measured("E54", all="u1")
def e54(lab: Lab) -> str:
    lab.send("B", "A", 3)
    lab.flush()
    lab.mark("A", "B", -1)
    return lab.unread("A")


@measured("E55", v213_225="[1] ; [2]", v214_215_220="[1] ; [1, 2]")
def e55(lab: Lab) -> str:
    lab.send("B", "A", header=COMMAND)
    lab.flush()
    first = lab.command_seqs("A")
    lab.ack("A")
    lab.send("B", "A", header=COMMAND)
    return f"{first} ; {lab.command_seqs('A')}"
