"""What devices are told of their conversations, by profiles that tell it at all."""

from __future__ import annotations

import json
from typing import Any

from imcli.wire import codes
from imcli.wire.packets import Recv
from tests.serve.house import Device, House, house, played

WHERE = {"channel_id": "B", "channel_type": 1}
FROM_PEER = {"from_uid": "B", "channel_id": "A", "channel_type": 1, "payload": "eA=="}


def told(recv: Recv) -> dict[str, Any]:
    """Read what a device was told; it is a command of the system."""
    assert (recv.message_seq, recv.from_uid, recv.channel_id) == (0, "", "")
    assert recv.flags == codes.NO_PERSIST | codes.SYNC_ONCE
    command = json.loads(recv.payload)
    assert (command["type"], command["cmd"]) == (99, "imcliConversationChanged")
    param: dict[str, Any] = command["param"]
    return param


async def listed(served: House) -> dict[str, Any]:
    """Give A's conversation with B as the list has it, without messages."""
    status, (found,) = await served.post("/conversation/sync", {"uid": "A"})
    assert status == 200
    assert isinstance(found, dict)
    return {name: value for name, value in found.items() if name != "recents"}


async def spoken(served: House) -> Device:
    """Let B say something to A; gives a device of A that has it."""
    phone, peer = await served.client("A"), await served.client("B")
    await peer.send("A")
    await phone.receive()
    return phone


@played
async def test_what_one_device_reads_another_is_told_as_the_list_has_it() -> None:
    async with house("reference") as served:
        phone = await spoken(served)
        await served.post("/conversations/clearUnread", {"uid": "A", **WHERE})
        param = told(await phone.receive())
        assert (param.pop("change"), param.pop("listed")) == ("read", 1)
        assert param == await listed(served)
        assert (param["unread"], param["readed_to_msg_seq"], param["channel_id"]) == (0, 1, "B")


@played
async def test_what_is_deleted_is_listed_no_more_and_its_mark_is_told() -> None:
    async with house("reference") as served:
        phone = await spoken(served)
        await served.post("/conversations/delete", {"uid": "A", **WHERE})
        param = told(await phone.receive())
        assert (param["change"], param["listed"], param["deleted_to_msg_seq"]) == ("deleted", 0, 1)
        assert (param["channel_id"], param["channel_type"]) == ("B", 1)


@played
async def test_the_peer_is_told_of_a_deletion_for_both() -> None:
    async with house("two-way") as served:
        phone = await spoken(served)
        action = {"type": "Delete", "user": "B", "device": "", "chat": "A", "for_both": True}
        status, _ = await served.post("/imcli/actions", action)
        assert status == 200
        assert told(await phone.receive())["change"] == "deleted"


@played
async def test_a_change_is_told_once_and_its_acknowledgement_means_nothing() -> None:
    async with house("reference", virtual=True) as served:
        phone = await spoken(served)
        await served.post("/conversations/delete", {"uid": "A", **WHERE})
        await phone.receive(ack=False)
        await served.post("/imcli/advance", {"duration_ms": 600_000})
        await served.post("/message/send", FROM_PEER)
        assert (await phone.receive()).message_seq == 2


@played
async def test_wukongim_tells_nobody() -> None:
    async with house("wukongim-2.2.5") as served:
        phone = await spoken(served)
        await served.post("/conversations/delete", {"uid": "A", **WHERE})
        await served.post("/message/send", FROM_PEER)
        assert (await phone.receive()).message_seq == 2
