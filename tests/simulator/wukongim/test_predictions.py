"""The predictions H1 to H27 about WuKongIM, and what five real servers really answered.

As in `test_experiments.py`: each function does the steps and gives what was looked at;
`NOT_ON_ONE_SIMULATED_NODE` lists what cannot be shown here. Measured on 2026-11-23.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imcli.model.actions import Crash, Flush, Restart
from imcli.simulator.wukongim.ids import internal_id
from tests.simulator.wukongim.lab import COMMAND, VERSIONS, Lab, Measured, messages_then_row

NOT_ON_ONE_SIMULATED_NODE = {
    "H16": "a slot's leader moves: needs a cluster",
    "H17": "a slot's leader without a replica of the channel: needs a cluster",
    "H19": "a data folder of one version under another: a simulated server has no files",
    "H20": "an older delete proposed again: was not shown on real servers either",
    "H23": "a commit that fails: needs a fault in the store",
    "H25": "a sync between invalidation and commit: a simulated delete is one step",
}
measured = Measured()

NAMES = [f"H{n}" for n in range(1, 28)] + ["H13b"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_prediction_has_the_measured_answer(name: str, version: str) -> None:
    if name in NOT_ON_ONE_SIMULATED_NODE:
        assert name not in measured.experiments
        return
    lab = Lab(version, allow_list=name == "H18")  # the one with `whitelistOffOfPerson: false`
    assert measured.experiments[name](lab) == measured.expected(name, version)


@measured("H1", v213="-", v214="u3 rd1 [4]", v215_220_225="u4 rd0 [4]")
def h1(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.delete("A", "B")
    lab.send("B", "A")
    return lab.told("A")


@measured("H2", v213="- - -", v214_215_220_225="- u1[4] u1[4]")
def h2(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.clear("A", "B")
    lab.send("B", "A")
    lab.delete("A", "B")
    said = []
    for only_unread, version in ((0, 0), (1, 0), (0, 1)):
        unread = lab.unread("A", only_unread=only_unread, version=version)
        seqs = lab.seqs("A", only_unread=only_unread, version=version)
        said.append(unread if unread == "-" else unread + seqs)
    return " ".join(said)


@measured("H3", v213="- - - -", v214="- - u3[4] -", v215_220_225="- - u4[4] -")
def h3(lab: Lab) -> str:
    messages_then_row(lab, 4)
    lab.delete("A", "B")
    said = []
    for seq in (1, 2, 3, 4):
        unread = lab.unread("A", last_msg_seqs=f"B:1:{seq}")
        found = lab.seqs("A", last_msg_seqs=f"B:1:{seq}")
        said.append(unread if unread == "-" else unread + found)
    return " ".join(said)


@measured(
    "H4",
    v213="- ; u0 rd3 [3, 2, 1] ; u0 rd3 [3, 2, 1]",
    v214_215="- ; - ; -",
    v220_225="- ; u0 rd3 [3, 2, 1] ; -",
)
def h4(lab: Lab) -> str:
    lab.send("C", "A")
    lab.clear("A", "C")  # a conversation whose deletion drops the cached list
    messages_then_row(lab, 3)
    lab.sync("A")
    lab.delete("A", "B")
    said = [lab.told("A", "B")]
    lab.clear("A", "B")
    said.append(lab.told("A", "B"))
    lab.delete("A", "C")
    return " ; ".join([*said, lab.told("A", "B")])


@measured(
    "H5",
    v213="- ; - ; -",
    v214="- ; - ; -",
    v215_225="u1 ; u1 ; u2",
    v220="u1 ; u1 ; -",
)
def h5(lab: Lab) -> str:
    lab.send("B", "A")
    lab.delete("A", "B")
    said = [lab.unread("A")]
    lab.server.apply(Restart())
    said.append(lab.unread("A"))
    lab.flush()
    lab.send("B", "A")
    return " ; ".join([*said, lab.unread("A")])


@measured(
    "H6",
    v213="- - ; u0 [2, 1]",
    v214="- - ; -",
    v215_220_225="- - ; -",
)
def h6(lab: Lab) -> str:
    lab.send("B", "A")
    lab.server.apply(Crash())
    said = [lab.unread("A"), lab.unread("B")]
    lab.send("A", "B")
    unread, found = lab.unread("A"), lab.seqs("A")
    after = unread if unread == "-" else f"{unread} {found}"
    if lab.version != "2.1.3":
        assert lab.unread("B") == "-"
        lab.clear("A", "B")
        assert lab.seqs("A") == "[2, 1]"  # `clearUnread` lists it, with the whole history
    return f"{' '.join(said)} ; {after}"


@measured("H7", v213="- ; - ; u0 [5, 4, 3, 2, 1]", v214_215_220_225="[4] ; [4] ; listed")
def h7(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.delete("A", "B")
    lab.send("B", "A")
    said = [lab.seqs("A")]
    lab.flush()
    if lab.version == "2.2.0":
        assert lab.seqs("A") == "[4]"
    said.append(lab.seqs("A"))
    lab.send("A", "B")
    last = f"{lab.unread('A')} {lab.seqs('A')}" if lab.version == "2.1.3" else "listed"
    return " ; ".join([*said, last])


@measured("H8", v213="u1 rd2", v214_215_220_225="u0 rd3")
def h8(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.clear("A", "B")
    lab.mark("A", "B", 1)
    return lab.told("A")[:6]


@measured(
    "H9",
    v213="18446744073709551615 u1 ; u3 u1",
    v214="18446744073709551615 u0 ; u2 u1",
    v215_220_225="18446744073709551615 u0 ; u3 u1",
)
def h9(lab: Lab) -> str:
    lab.mark("A", "B", 5)
    stored = lab.rows("A")[0]["readed_to_msg_seq"]
    lab.send("B", "A")
    said = f"{stored} {lab.unread('A')}"
    lab.clear("A", "B")
    if lab.version != "2.1.3":
        assert lab.told("A") == "u0 rd4294967295 [1]"
    counts = []
    for count in (3, 99):
        fresh = Lab(lab.version)
        messages_then_row(fresh, 3)
        fresh.mark("A", "B", count)
        counts.append(fresh.unread("A"))
    return f"{said} ; {' '.join(counts)}"


@measured(
    "H10",
    v213_214_215_220="[1, 2, 3] ; 404",
    v225="[1, 2, 3] ; u3 [3, 2, 1]",
)
def h10(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.delete("A", "B")
    pulled = [message["message_seq"] for message in lab.history("A", "B")]
    asked = {"uid": "A", "channels": [lab.where("B")]}
    status, found = lab.post("/conversation/syncByChannels", asked)
    if status == 404:
        return f"{pulled} ; 404"
    seqs = [message["message_seq"] for message in found[0]["recents"]]
    return f"{pulled} ; u{found[0]['unread']} {seqs}"


def group_read(lab: Lab, count: int) -> None:
    lab.group("A", "B")
    lab.send("B", "#g", count)
    lab.flush()
    lab.clear("A", "#g")


@measured(
    "H11",
    v213="u0 ; u0 ; A 0",
    v214_215="u0 ; - ; A 0",
    v220="- ; - ; A 1",
    v225="- ; u10 ; A 1",
)
def h11(lab: Lab) -> str:
    group_read(lab, 10)
    lab.sync("A")
    lab.on_list("blacklist_add", "#g", "A")
    said = [lab.unread("A")]
    lab.on_list("blacklist_remove", "#g", "A")
    said.append(lab.unread("A"))
    person = Lab(lab.version)
    person.on_list("blacklist_add", "A", "B")
    person.on_list("blacklist_remove", "A", "B")
    phantoms = [row for row in person.rows("B") if row["channel_id"] == "A"]
    assert person.peers("B") == []
    return f"{' ; '.join(said)} ; A {len(phantoms)}"


@measured("H12", all="u0 [5, 4, 3, 2, 1] ; u1 [6, 5, 4, 3, 2, 1]")
def h12(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g", 5)
    lab.flush()
    lab.delete("A", "#g")
    lab.on_group("subscriber_remove", subscribers=["A"])
    lab.on_group("subscriber_add", subscribers=["A"])
    said = [f"{lab.unread('A')} {lab.seqs('A')}"]
    lab.send("B", "#g")
    return " ; ".join([*said, f"{lab.unread('A')} {lab.seqs('A')}"])


@measured(
    "H13",
    v213="[5] [] ; [5] []",
    v214_215_220_225="[1, 2, 3, 4, 5] [] ; [1, 2, 3, 4, 5] [1, 2, 3, 4, 5]",
)
def h13(lab: Lab) -> str:
    said = []
    for stored in (True, False):
        fresh = Lab(lab.version)
        fresh.send("B", "A", 5, header=COMMAND)
        if stored:
            fresh.flush()
        first = fresh.command_seqs("A")
        fresh.ack("A")
        said.append(f"{first} {fresh.command_seqs('A')}")
    return " ; ".join(said)


@measured("H13b", v214_215_220_225="B 1 2 3 ; B 4 5 ; ; C never", v213="")
def h13b(lab: Lab) -> str:
    if lab.version == "2.1.3":
        return h13b_groups(lab)
    lab.send("B", "A", 5, header=COMMAND)
    lab.send("C", "A", 3, header=COMMAND)
    lab.flush()
    said = []
    for _ in range(3):
        found = lab.commands("A", 3)
        senders = " ".join(dict.fromkeys(message["from_uid"] for message in found))
        seqs = " ".join(str(message["message_seq"]) for message in found)
        said.append(f"{senders} {seqs} ;" if found else ";")
        lab.ack("A")
    never = "C never" if "C" not in "".join(said) else "C came"
    return f"{' '.join(said)} {never}"


def h13b_groups(lab: Lab) -> str:
    """On 2.1.3 it is the same with two groups whose rows were there before the commands."""
    for group, count in (("#g", 5), ("#h", 3)):
        lab.ok("/channel", {**lab.where(group), "subscribers": ["A", "B"]})
        for _ in range(count):
            lab.send("B", group, header=COMMAND)
            lab.server.apply(Flush())
    seen = []
    for _ in range(3):
        seen += [message["channel_id"] for message in lab.commands("A", 3)]
        lab.ack("A")
    assert "g____cmd" in seen
    assert "h____cmd" not in seen
    return ""


@measured(
    "H14",
    v213="D,C,B,N ; D,C,B,N ; D,C,B,N | N,D,C,B ; N,D,C,B",
    v214="",
    v215="D,C,B,N ; D,C,B,N ; D,C,B,N | N,D,C,B ; N,D,C,B",
    v220="D,C,B,N ; D,C,B,N ; D,C,B,N | D,C,B ; D,C,B",
    v225="D,C ; B,N ;  | N,D ; C,B",
)
def h14(lab: Lab) -> str:
    if lab.version == "2.1.4":  # where messages list nobody
        lab.send("N", "A")
        assert lab.peers("A", page=1, page_size=2) == []
        return ""
    for peer in ("B", "C", "D"):
        lab.send(peer, "A")
        lab.flush()
    lab.sync("A")
    lab.send("N", "A")

    def pages(count: int) -> str:
        asked = (lab.peers("A", page=page, page_size=2) for page in range(1, count + 1))
        return " ; ".join(",".join(found) for found in asked)

    before = pages(3)
    lab.flush()
    return f"{before} | {pages(2)}"


@measured("H15", v214="0 0", v213="260 260", v215_220_225="100 259")
def h15(lab: Lab) -> str:
    """130 pairs and a group's commands to three in one interval: 100 rows a tick, one row lost."""
    lab.group("A", "B", "C")
    users = [f"u{n}" for n in range(260)]
    lab.send("A", "#g", header=COMMAND)
    for one, other in zip(users[::2], users[1::2], strict=True):
        lab.send(one, other)

    def stored() -> int:
        return sum(1 for user in users for row in lab.rows(user))

    lab.server.apply(Flush())
    first = stored()
    if lab.version in ("2.1.5", "2.2.0", "2.2.5"):
        first += 3  # the group's command rows are among the hundred
    for _ in range(3):
        lab.server.apply(Flush())
    return f"{first} {stored()}"


@measured("H21", v213="- ; -", v214_215="u5 [8, 7, 6, 5, 4]", v220_225="")
def h21(lab: Lab) -> str:
    lab.group("A", "B")
    lab.send("B", "#g", 3)
    lab.flush()
    lab.clear("A", "#g")
    lab.delete("A", "#g")
    lab.flush()
    if lab.version == "2.1.3":  # its delete removed the row; the re-add changes nothing
        before = lab.told("A")
        lab.on_group("subscriber_add", subscribers=["A"])
        return f"{before} ; {lab.told('A')}"
    lab.send("B", "#g", 5)
    assert lab.unread("A") == "u5"
    lab.on_group("subscriber_add", subscribers=["A"])
    if lab.version in ("2.1.4", "2.1.5"):
        return f"{lab.unread('A')} {lab.seqs('A')}"
    assert lab.unread("A") == "u0"
    assert lab.seqs("A") == "[8, 7, 6, 5, 4, 3, 2, 1]"  # D is forgotten until the cache drops
    lab.server.state.cached_lists.clear()
    assert lab.seqs("A") == "[8, 7, 6, 5, 4]"
    return ""


@measured("H22", all="u3 ; u4 ; [1, 2, 3] ; ['A', 'B']")
def h22(lab: Lab) -> str:
    lab.group("A", "B", "C")
    lab.send("B", "#g", 3)
    lab.flush()
    pulled = [message["message_seq"] for message in lab.history("C", "#g")]
    lab.on_group("subscriber_add", reset=1, subscribers=["A", "B"])
    said = lab.unread("C")
    lab.send("B", "#g")
    members = sorted(lab.server.state.channels["#g"].members)
    return f"{said} ; {lab.unread('C')} ; {pulled} ; {members}"


@measured("H24", all="[] []")
def h24(lab: Lab) -> str:
    messages_then_row(lab, 3)
    lab.clear("A", "B")
    first = lab.peers("A", last_msg_seqs="B:1:3")
    lab.delete("A", "B")
    return f"{first} {lab.peers('A', last_msg_seqs='B:1:3')}"


@measured("H26", v213_214_215="no no no", v220_225="no no first")
def h26(lab: Lab) -> str:
    lab.server.state.profile = replace(lab.server.profile, list_limit=10)
    peers = [f"p{n}" for n in range(11)]
    for peer in peers:
        lab.send(peer, "A")
        lab.flush()
        lab.clear("A", peer)
    oldest = peers[0]

    def place() -> str:
        found = lab.peers("A")
        return "no" if oldest not in found else "first" if found[0] == oldest else "listed"

    said = [place()]
    lab.send(oldest, "A")
    said.append(place())
    lab.clear("A", oldest)
    return " ".join([*said, place()])


@measured("H27", v213_214_215="-", v220_225="[2, 1]")
def h27(lab: Lab) -> str:
    lab.ok("/channel", {**lab.where("#g"), "subscribers": ["t", "B"]})
    lab.send("B", "#g", 2)
    lab.flush()
    lab.sync("t")
    lab.sync("t:1")
    lab.clear("t", "#g")
    return lab.seqs("t:1")


def test_internal_ids_are_those_of_the_real_servers() -> None:
    wanted = {
        "alice@bob": "bob@alice",
        "u1@u2": "u2@u1",
        "10001@10002": "10002@10001",
        "A@B": "A@B",
        "u1@u1": "u1@u1",
        "____system@u1": "u1@____system",
    }
    assert {key: internal_id(key) for key in wanted} == wanted


@measured(
    "H18",
    v213="A [B], B [A]; then A [B], B [A]; both named: C [D], D [C]",
    v214_215_220_225="A [-], B [A]; then A [-], B [A]; both named: C [D], D [C]",
)
def h18(lab: Lab) -> str:
    """Who is named on an allow list has a row: B on A's alone, C and D on each other's."""
    lab.on_list("whitelist_add", "A", "B")
    seen = []
    for sender, receiver in (("B", "A"), ("A", "B")):
        lab.send(sender, receiver)
        lab.flush()
        seen.append(both_lists(lab, "AB"))
    lab.on_list("whitelist_add", "C", "D")
    lab.on_list("whitelist_add", "D", "C")
    lab.send("D", "C")
    lab.flush()
    return "; ".join(["; then ".join(seen), f"both named: {both_lists(lab, 'CD')}"])


def both_lists(lab: Lab, users: str) -> str:
    return ", ".join(f"{user} [{', '.join(lab.peers(user)) or '-'}]" for user in users)
