"""What clients over TCP ask of a served world, and what they get."""

from __future__ import annotations

import pytest

from imcli.serve import notes
from imcli.simulator.profiles import builtin_names
from imcli.wire.packets import Disconnect, Pong, Sendack
from tests.serve.house import house, played


@played
async def test_a_message_is_acknowledged_to_its_sender_and_reaches_the_others_devices() -> None:
    async with house() as served:
        a, b, web = (
            await served.client("A"),
            await served.client("B"),
            await served.client("B", device="w", flag=1),
        )
        ack = await a.send("B", "hello")
        assert (ack.message_seq, ack.reason_code) == (1, 1)
        for device in (b, web):
            recv = await device.receive()
            assert (recv.message_id, recv.message_seq) == (ack.message_id, 1)
            assert (recv.channel_id, recv.from_uid) == ("A", "A")
            assert recv.payload == b'{"type":1,"content":"hello"}'
        await served.until(lambda: len(served.told_of(notes.Acknowledged)) == 2)


@played
async def test_the_senders_other_device_gets_the_message_without_a_red_dot() -> None:
    async with house() as served:
        phone = await served.client("A")
        web = await served.client("A", device="w", flag=1)
        await served.client("B")
        await phone.send("B")
        recv = await web.receive()
        assert (recv.channel_id, recv.from_uid, recv.flags) == ("B", "A", 0)


@played
async def test_what_the_server_refuses_gets_an_id_no_number_and_the_reason() -> None:
    async with house() as served:
        a = await served.client("A")
        refused = await a.send("#nowhere")
        assert (refused.reason_code, refused.message_seq) == (3, 0)
        assert refused.message_id > 1 << 53
        assert [(note.code, note.chat) for note in served.told_of(notes.Rejected)] == [
            (3, "nowhere")
        ]


@played
async def test_a_ping_is_answered() -> None:
    async with house() as served:
        a = await served.client("A")
        a.writer.write(a.session.ping())
        assert await a.hear(Pong)


@played
async def test_a_message_over_http_reaches_a_connected_device_and_the_history() -> None:
    async with house() as served:
        b = await served.client("B")
        body = {"from_uid": "A", "channel_id": "B", "channel_type": 1, "payload": "eA=="}
        status, reply = await served.post("/message/send", body)
        recv = await b.receive()
        assert (status, recv.message_id, recv.payload) == (200, reply["data"]["message_id"], b"x")
        asked = {"login_uid": "B", "channel_id": "A", "channel_type": 1, "limit": 10}
        status, page = await served.post("/channel/messagesync", asked)
        assert [each["message_id"] for each in page["messages"]] == [recv.message_id]


@played
async def test_a_device_that_comes_again_takes_its_old_seat() -> None:
    async with house() as served:
        for number in range(3):
            a = await served.client("A", device=f"random-{number}")
            a.close()
            await served.until(lambda: not len(served.world.seats))
        assert list(served.world.state.users["A"].devices) == ["phone"]


@played
async def test_two_devices_of_a_kind_have_two_seats() -> None:
    async with house() as served:
        for number in range(2):
            await served.client("A", device=f"d{number}")
        assert list(served.world.state.users["A"].devices) == ["phone", "phone2"]


@played
async def test_a_token_for_a_master_device_ends_its_session_and_says_why() -> None:
    async with house("wukongim-2.1.3") as served:
        a = await served.client("A")
        body = {"uid": "A", "token": "t", "device_flag": 0, "device_level": 1}
        assert await served.post("/user/token", body) == (200, {"status": 200})
        goodbye = await a.hear(Disconnect)
        assert goodbye.reason_code == 12


@played
async def test_answers_of_one_read_come_in_the_order_of_their_questions() -> None:
    async with house() as served:
        a = await served.client("A")
        for _ in range(50):
            a.say("B")
        acks: list[Sendack] = [await a.hear(Sendack) for _ in range(50)]
        assert [ack.message_seq for ack in acks] == list(range(1, 51))
        assert [ack.client_seq for ack in acks] == list(range(1, 51))


@pytest.mark.parametrize("profile", builtin_names())
@pytest.mark.parametrize("json", [False, True])
def test_every_profile_is_served_over_both_protocols(profile: str, json: bool) -> None:
    if json and profile == "wukongim-2.1.3":
        pytest.skip("it speaks no JSON-RPC")

    @played
    async def play() -> None:
        async with house(profile) as served:
            a, b = await served.client("A", json=json), await served.client("B")
            raw = b'{"content":"hi","type":1}'
            ack = await a.send("B", payload=raw)
            assert (ack.reason_code, ack.message_seq) == (1, 1)
            assert (await b.receive()).payload == raw
            await b.send("A", payload=raw)
            assert (await a.receive()).from_uid == "B"
            status, figures = await served.ask("GET", "/varz")
            assert (status, figures["connections"]) == (200, 2)
            body = {"uid": "A", "msg_count": 5}
            status, listed = await served.post("/conversation/sync", body)
            assert status == 200
            assert [each["channel_id"] for each in listed] == (
                [] if profile == "wukongim-2.1.4" else ["B"]
            )

    play()
