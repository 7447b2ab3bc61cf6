"""Webhooks of a served world, called on an app of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from imcli.model.errors import UsageError
from imcli.serve import notes
from imcli.serve.caller import Caller, Poster, parse_webhook
from imcli.serve.player import Player
from imcli.serve.script_reading import parse_script
from tests.serve.house import House, house, played

Json = Any


class App:
    """Takes calls and answers them; `answers` are the statuses of the next ones, else 200."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.calls: list[tuple[str, Json]] = []
        self.answers: list[int] = []
        self.writers: list[asyncio.StreamWriter] = []

    def told(self, event: str) -> list[Json]:
        """Give the bodies of the calls of an event."""
        return [body for line, body in self.calls if line == f"POST /hook?event={event} HTTP/1.1"]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(fields["content-length"]))
                assert fields["content-type"] == "application/json"
                self.calls.append((head[0], json.loads(body)))
                status = self.answers.pop(0) if self.answers else 200
                writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n".encode())


@contextlib.asynccontextmanager
async def app() -> AsyncIterator[App]:
    found: list[App] = []
    server = await asyncio.start_server(lambda r, w: found[0].take(r, w), "127.0.0.1", 0)
    found.append(App(server.sockets[0].getsockname()[1]))
    yield found[0]
    server.close()
    for writer in found[0].writers:
        writer.close()
    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def told(served: House, url: str) -> AsyncIterator[Caller]:
    loop = asyncio.get_running_loop()
    caller = Caller(served.world, url, loop.call_soon_threadsafe, Poster())
    yield caller
    await caller.finish()


async def advance(served: House, duration_ms: int) -> None:
    status, _ = await served.post("/imcli/advance", {"duration_ms": duration_ms})
    assert status == 200


def ended(served: House, kind: str) -> list[str]:
    return [note.why for note in served.told_of(notes.Hooked) if note.kind == kind]


@played
async def test_an_app_is_told_of_messages_of_who_came_and_whom_they_did_not_reach() -> None:
    async with house(virtual=True) as served, app() as there, told(served, there.url):
        a = await served.client("A")
        ack = await a.send("B", "hello")
        await advance(served, 2_000)
        await served.until(lambda: len(there.calls) == 3)
        ((message,),) = there.told("msg.notify")
        assert (message["message_id"], message["message_seq"]) == (ack.message_id, 1)
        assert (message["from_uid"], message["channel_id"]) == ("A", "B")
        (offline,) = there.told("msg.offline")
        assert offline["to_uids"] == ["B"]
        ((status,),) = there.told("user.onlinestatus")
        assert status == f"A-0-1-{served.world.seats.of_user('A')[0].seat.conn}-1-1"  # type: ignore[union-attr]
        await served.until(lambda: len(served.told_of(notes.Hooked)) == 3)
        assert {note.why for note in served.told_of(notes.Hooked)} == {""}


@played
async def test_the_back_end_and_commands_to_receivers_are_told_too() -> None:
    async with house(virtual=True) as served, app() as there, told(served, there.url):
        await served.client("A")
        body = {"from_uid": "S", "header": {"sync_once": 1}, "payload": "eA=="}
        assert (await served.post("/message/send", {**body, "subscribers": ["A", "B"]}))[0] == 200
        await advance(served, 500)
        await served.until(lambda: len(there.calls) == 2)
        ((message,),) = there.told("msg.notify")
        assert message["header"]["sync_once"] == 1
        (offline,) = there.told("msg.offline")
        assert sorted(offline["to_uids"]) == ["A", "B"]  # nobody has a master device


@played
async def test_who_has_a_master_device_is_reached() -> None:
    async with (
        house(virtual=True, token_auth=True) as served,
        app() as there,
        told(served, there.url),
    ):
        for uid in ("A", "B"):
            token = {"uid": uid, "token": "t", "device_flag": 0, "device_level": 1}
            assert (await served.post("/user/token", token))[0] == 200
        a = await served.client("A", token="t")
        await served.client("B", token="t")
        await a.send("B")
        await advance(served, 500)
        await served.until(lambda: there.told("msg.notify"))
        assert there.told("msg.offline") == []


@played
async def test_what_the_app_does_not_take_comes_again() -> None:
    async with house(virtual=True) as served, app() as there, told(served, there.url):
        a = await served.client("A")
        await a.send("B")
        await served.until(lambda: len(there.calls) == 1)
        there.answers = [500, 302]
        await advance(served, 500)
        for times in (1, 2):
            await served.until(lambda: len(ended(served, "msg.notify")) == times)  # noqa: B023
            await advance(served, 1_000)
        await served.until(lambda: len(ended(served, "msg.notify")) == 3)
        assert ended(served, "msg.notify") == ["the answer is 500", "the answer is 302", ""]
        first, second, third = there.told("msg.notify")
        assert first == second == third


@played
async def test_calls_fail_on_request_with_and_without_being_made() -> None:
    async with house(virtual=True) as served, app() as there, told(served, there.url):
        a = await served.client("A")
        Player(served.world, parse_script("after 100ms: webhooks fail 1 time", "s"))
        await a.send("A")  # whom it is, nobody is away
        await served.until(lambda: len(there.calls) == 1)
        await advance(served, 500)
        await served.until(lambda: ended(served, "msg.notify"))
        assert there.told("msg.notify") == []
        assert await served.post("/imcli/webhooks", {"lose": 1}) == (200, {"status": 200})
        await advance(served, 1_000)
        await served.until(lambda: len(ended(served, "msg.notify")) == 2)
        assert len(there.told("msg.notify")) == 1
        await advance(served, 1_000)
        await served.until(lambda: len(ended(served, "msg.notify")) == 3)
        assert len(there.told("msg.notify")) == 2
        assert ended(served, "msg.notify") == [
            "it is not made, as it was told",
            "its answer is lost, as it was told",
            "",
        ]


@played
async def test_only_numbers_of_calls_fail_and_only_where_there_is_a_webhook() -> None:
    async with house() as served:
        assert (await served.post("/imcli/webhooks", {"fail": 1}))[0] == 400
        async with told(served, "http://127.0.0.1:9/x"):
            wrong: Json
            for wrong in ({}, [], {"fail": -1}, {"lose": "1"}, {"fail": True}, {"fail": 10**9}):
                assert (await served.post("/imcli/webhooks", wrong))[0] == 400
            assert (await served.post("/imcli/webhooks", b"{"))[0] == 400


@played
async def test_an_app_that_is_not_there_costs_nobody_anything() -> None:
    async with house(virtual=True) as served, told(served, "http://127.0.0.1:9/x"):
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        assert (await b.receive()).message_seq == 1
        await advance(served, 500)
        await served.until(lambda: ended(served, "msg.notify"))
        assert ended(served, "msg.notify")[0].startswith("no answer (")


@played
async def test_a_server_that_stops_tells_what_waits() -> None:
    async with house(virtual=True) as served, app() as there:
        async with told(served, there.url):
            a = await served.client("A")
            await a.send("A")
        assert len(there.told("msg.notify")) == 1
        await a.send("A")  # and then no more
        assert len(there.told("msg.notify")) == 1


@pytest.mark.parametrize("url", ["", "x", "ftp://a/b", "http://", "127.0.0.1:80"])
def test_an_address_is_checked(url: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        parse_webhook(url)
