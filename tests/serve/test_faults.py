"""What clients do wrong costs only themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from imcli.serve import notes
from imcli.serve.process import cost_the_offender
from imcli.serve.rules import Limits
from imcli.serve.running import end
from imcli.wire.packets import Pong, Sendack
from tests.serve.house import House, house, played

SOON = Limits(connect_s=1.0, idle_s=1.0, auth_s=0.5, sweep_s=0.05)


async def is_served(served: House, uid: str = "witness") -> None:
    """Somebody else connects, and is answered."""
    witness = await served.client(uid)
    witness.writer.write(witness.session.ping())
    await witness.hear(Pong)
    witness.close()


@played
async def test_who_says_nothing_is_closed_after_the_limit_and_others_are_served() -> None:
    async with house(limits=SOON) as served:
        reader, _ = await served.raw()
        await is_served(served)
        assert await reader.read() == b""
        assert "did not connect" in served.told_of(notes.Left)[-1].why


@played
async def test_half_a_frame_is_closed_after_the_limit_and_others_are_served() -> None:
    async with house(limits=SOON) as served:
        half = await served.client("A")
        half.writer.write(half.session.send("B", 1, b"{}", "n")[1][:10])
        reader, writer = await served.raw()
        writer.write(b"\x10\x47\x04")
        await is_served(served)
        assert await reader.read() == b""
        assert await half.end() == []


@played
async def test_a_client_that_was_not_let_in_hears_nothing_until_its_socket_is_closed() -> None:
    async with house(limits=SOON) as served:
        reader, writer = await served.raw()
        bad_key = "1047040000066465762d763100036376310000000001a20770ed12002c" + "41" * 44
        writer.write(bytes.fromhex(bad_key))
        assert await reader.read() == b""
        (refused,) = served.told_of(notes.Refused)
        assert "key" in refused.why


@played
async def test_what_is_no_frame_closes_its_connection_at_once_and_others_are_served() -> None:
    async with house() as served:
        bad = await served.client("A")
        bad.writer.write(bytes.fromhex("d00100"))
        assert await bad.end() == []
        reader, writer = await served.raw()
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        await is_served(served)


@pytest.mark.parametrize(("profile", "closes"), [("2.1.4", True), ("2.2.5", False)])
def test_a_frame_that_is_too_long_costs_nothing_but_its_connection(
    profile: str, closes: bool
) -> None:
    @played
    async def play() -> None:
        async with house(f"wukongim-{profile}") as served:
            bad = await served.client("A")
            bad.writer.write(b"\x30\xff\xff\xff\x7f" + b"x" * 100_000)
            await is_served(served)
            if closes:
                assert await bad.end() == []
            else:
                assert len(served.world.seats) >= 1

    play()


@played
async def test_a_flood_is_answered_in_order_and_others_are_served_meanwhile() -> None:
    async with house() as served:
        flood = await served.client("A")
        for _ in range(2_000):
            flood.say("B")
        await is_served(served)
        acks: list[Sendack] = [await flood.hear(Sendack) for _ in range(2_000)]
        assert [ack.message_seq for ack in acks] == list(range(1, 2_001))


@played
async def test_a_flood_of_pings_takes_its_turns_with_others() -> None:
    async with house() as served:
        flood = await served.client("A")
        flood.writer.write(b"\x70" * 300_000)
        await is_served(served)
        answered = 0
        while answered < 300_000:
            answered += len(await flood.reader.read(65_536))
        assert answered == 300_000


@played
async def test_who_does_not_read_is_let_go_and_the_others_get_everything() -> None:
    async with house(limits=Limits(unread_bytes=200_000)) as served:
        a, good = await served.client("A"), await served.client("B", device="good", flag=1)
        slow = await served.client("B", device="slow")
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        text = "x" * 30_000
        sent = 0
        while not any("does not read" in note.why for note in served.told_of(notes.Left)):
            await a.send("B", text)
            assert (await good.receive()).message_seq == (sent := sent + 1)
        (gone,) = (note for note in served.told_of(notes.Left) if "does not read" in note.why)
        assert (gone.user, gone.device) == ("B", "phone")
        await a.send("B", "after")
        assert (await good.receive()).message_seq == sent + 1


@played
async def test_more_sockets_than_allowed_are_closed_at_once_and_the_first_stay() -> None:
    async with house(limits=Limits(connections=2)) as served:
        a, _ = await served.client("A"), await served.client("B")
        reader, _ = await served.raw()
        assert await reader.read() == b""
        assert (await a.send("B")).reason_code == 1


@played
async def test_what_is_no_websocket_is_refused_and_others_are_served() -> None:
    async with house() as served:
        host, _, port = served.ws.rpartition(":")
        for said in (
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
            b"\x10\x47\x04" * 40,
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(said + b"\r\n\r\n")
            assert not (await reader.read()).startswith(b"HTTP/1.1 101")
            writer.close()
        await is_served(served)


SHAKE = (
    b"GET /any HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    "said",
    [
        b"\x82\x01\x70",  # not masked
        b"\x83\x81\x00\x00\x00\x00\x70",  # no opcode
        b"\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00",  # 2 GiB
        b"\x81\x82\x00\x00\x00\x00\xff\xff",  # a text that is no frame
    ],
)
def test_a_broken_websocket_frame_closes_its_connection_and_others_are_served(said: bytes) -> None:
    @played
    async def play() -> None:
        async with house() as served:
            host, _, port = served.ws.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(SHAKE)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
            writer.write(said)
            assert await reader.read() == b""
            writer.close()
            await is_served(served)

    play()


@played
async def test_a_state_that_cannot_be_written_lets_no_answer_leave() -> None:
    async with house() as served:
        a = await served.client("A")
        served.breaks = OSError("the disk is full")
        a.say("B")
        await served.until(lambda: served.failures)
        assert served.failures == [served.breaks]
        end(served.world)
        assert await a.end() == []


@played
async def test_a_mistake_of_our_own_costs_the_client_that_finds_it_its_connection_alone() -> None:
    async with house() as served:
        said: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            cost_the_offender(lambda error: f"a defect: {error!r}", said.append)
        )
        unlucky, other = await served.client("A"), await served.client("B")
        (connection,) = served.world.seats.of_user("A")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(connection.wire, "receive", broken)
            unlucky.writer.write(unlucky.session.ping())
            assert await unlucky.end() == []
        assert said == ["a defect: ZeroDivisionError('division by zero')"]
        assert (await other.send("C")).reason_code == 1
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(served.world, "ask", broken)
            status, _, body = await served.request("GET", "/health")
        assert (status, body) == (500, b"")
        assert (await other.send("C")).reason_code == 1


def broken(*_: object) -> Any:
    return 1 / 0
