"""Scripts played to real clients: frames that get lost, late or twice, ends of every kind."""

from __future__ import annotations

import asyncio
import contextlib

from imcli.model.actions import Restart
from imcli.serve import notes
from imcli.serve.acting import act
from imcli.serve.player import Player
from imcli.serve.script_reading import parse_script
from imcli.wire.packets import Disconnect, Recv
from tests.serve.house import House, house, played

MINUTE_MS = 60_000


def play(served: House, *lines: str) -> None:
    Player(served.world, parse_script("\n".join(lines), "faults.txt"))


async def advance(served: House, duration_ms: int) -> None:
    status, _ = await served.post("/imcli/advance", {"duration_ms": duration_ms})
    assert status == 200


def said(served: House) -> list[str]:
    found = [note.what for note in served.told_of(notes.Happened)]
    return [what.partition("script, line ")[2] for what in found if what.startswith("script")]


@played
async def test_pushes_that_are_dropped_come_with_the_resend() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        play(served, "after 5s: link B.phone drops 1 message")
        await advance(served, 5_000)
        await a.send("B", "lost")
        await a.send("B", "kept")
        assert (await b.receive()).message_seq == 2
        await advance(served, 2 * MINUTE_MS)
        assert (await b.receive()).message_seq == 1
        assert said(served) == ["1: link B.phone drops 1 message"]


@played
async def test_pushes_are_held_released_delayed_and_doubled() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        play(
            served,
            "after 1s: link B holds; wait 3s; link B releases in reverse; link B heals",
            "after 10s: link B duplicates 1 message",
            "after 20s: link B delays by 2s",
        )
        await advance(served, 1_000)
        await a.send("B")
        await a.send("B")
        await advance(served, 3_000)
        assert [(await b.receive()).message_seq for _ in range(2)] == [2, 1]
        await advance(served, 6_000)
        await a.send("B")
        assert [(await b.receive()).message_seq for _ in range(2)] == [3, 3]
        await advance(served, 10_000)
        await a.send("B")
        assert not any(note.seq == 4 for note in served.told_of(notes.Received))
        await advance(served, 2_000)
        assert (await b.receive()).message_seq == 4


@played
async def test_sends_and_answers_get_lost() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        play(served, "after 1s: link A.phone drops 1 send; link A.phone loses 1 ack")
        await advance(served, 1_000)
        a.say("B", "never stored")
        a.say("B", "stored, unanswered")
        assert (await a.send("B", "answered")).message_seq == 2
        assert [(await b.receive()).message_seq for _ in range(2)] == [1, 2]


@played
async def test_a_client_that_connects_makes_its_line_due_before_anything_is_pushed_to_it() -> None:
    async with house(virtual=True) as served:
        play(served, "when B.phone connects: link B.phone holds; wait 5s; link B.phone heals")
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        assert not served.told_of(notes.Received)
        await advance(served, 5_000)
        assert (await b.receive()).message_seq == 1


@played
async def test_a_message_makes_a_line_due() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        play(served, "once A sends B: admin kicks B.phone")
        await a.send("B")
        assert (await b.hear(Disconnect)).reason_code == 12
        assert said(served) == ["1: admin kicks B.phone"]


@played
async def test_a_restart_ends_every_socket_and_clients_come_back() -> None:
    async with house(virtual=True) as served:
        a = await served.client("A")
        reader, _ = await served.raw()
        play(served, "after 1m: server restarts", "after 2m: server crashes")
        await a.send("B")
        await served.until(lambda: len(served.world.connections) == 2)
        await advance(served, MINUTE_MS)
        await a.end()
        assert await reader.read() == b""
        again = await served.client("A")
        assert served.world.state.users["A"].devices.keys() == {"phone"}
        await advance(served, MINUTE_MS)
        await again.end()
        ups = [note.what for note in served.told_of(notes.Happened) if "is up" in note.what]
        assert ups == [
            "the server stopped and is up again",
            "the server was killed and is up again",
        ]


@played
async def test_a_restart_cuts_http_connections_too_but_not_its_operators() -> None:
    async with house(virtual=True) as served:
        play(served, "after 1s: server crashes")
        host, _, port = served.http.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await advance(served, 1_000)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        assert (await served.ask("GET", "/health"))[0] == 200


@played
async def test_a_link_that_drops_is_a_socket_that_is_cut() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        play(served, "after 1s: A.phone drops", "after 2s: A drops")
        await advance(served, 2_000)
        assert await a.end() == []
        await b.send("A")
        assert said(served) == [
            "1: A.phone drops",
            "2: A drops: it is refused, A is not connected",
        ]


@played
async def test_what_cannot_be_done_is_said_and_changes_nothing() -> None:
    async with house(virtual=True) as served:
        play(
            served,
            "after 1s: link nobody.phone holds",
            "after 2s: link nobody holds",
            "after 3s: webhooks fail 1 time",
        )
        await advance(served, 3_000)
        assert said(served) == [
            "1: link nobody.phone holds: it is refused, there is no device nobody.phone",
            "2: link nobody holds: it is refused, nobody has no device",
            "3: webhooks fail 1 time: it is refused, there is no webhook (--webhook URL names one)",
        ]


@played
async def test_a_fault_without_a_device_is_one_on_each() -> None:
    async with house(virtual=True) as served:
        await served.client("B")
        await served.client("B", flag=1)
        play(served, "after 1s: link B holds; clock of B is 1h ahead")
        await advance(served, 1_000)
        devices = served.world.state.users["B"].devices.values()
        assert [device.link is not None and device.link.holding for device in devices] == [True] * 2


@played
async def test_the_back_end_writes_and_flags_are_set() -> None:
    async with house(virtual=True) as served:
        b = await served.client("B")
        play(served, 'after 1s: backend sends B "hello" from A; admin bans #team')
        await advance(served, 1_000)
        recv: Recv = await b.receive()
        assert (recv.from_uid, b'"hello"' in recv.payload) == ("A", True)
        assert served.world.state.channels["#team"].flags == {"banned": 1}


@played
async def test_a_repeated_line_is_played_at_its_own_moments() -> None:
    async with house(virtual=True) as served:
        play(served, "every 1s: server flushes")
        await advance(served, 3_500)
        at = [
            note.at_ms % MINUTE_MS
            for note in served.told_of(notes.Happened)
            if "script" in note.what
        ]
        start = 1_700_000_000_000 % MINUTE_MS
        assert at == [start + 1_000, start + 2_000, start + 3_000]


@played
async def test_in_real_time_a_line_is_played_by_itself() -> None:
    async with house() as served:
        play(served, "after 100ms: server flushes")
        served.world.begin()
        await served.until(lambda: said(served))


@played
async def test_an_operator_restarts_without_a_script() -> None:
    async with house() as served:
        a = await served.client("A")
        served.world.begin()
        assert act(served.world, Restart()) == ""
        await a.end()
