"""The HTTP side: the manager token, bodies, what surrounds an answer, and who pays for floods."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from imcli.serve.rules import Limits
from tests.serve.house import house, played


@played
async def test_with_a_manager_token_every_route_wants_it() -> None:
    async with house(manager_token="secret") as served:
        for method, path in (
            ("GET", "/health"),
            ("POST", "/message/send"),
            ("OPTIONS", "/health"),
            ("GET", "/nowhere"),
            ("POST", "/imcli/advance"),
        ):
            status, _, body = await served.request(method, path)
            assert (status, body) == (401, b"")
            status, _, body = await served.request(method, path, token="wrong")
            assert (status, body) == (401, b"")
        assert await served.ask("GET", "/health", token="secret") == (200, {"status": "ok"})


@played
async def test_everybody_may_call_from_a_browser() -> None:
    async with house() as served:
        status, headers, body = await served.request("OPTIONS", "/message/send")
        assert (status, body) == (204, b"")
        assert headers["access-control-allow-origin"] == "*"
        assert "token" in headers["access-control-allow-headers"]


@played
async def test_what_is_no_route_is_404_in_text() -> None:
    async with house() as served:
        for method, path in (("GET", "/nowhere"), ("GET", "/message/send"), ("PUT", "/health")):
            status, headers, body = await served.request(method, path)
            assert (status, body) == (404, b"404 page not found")
            assert headers["content-type"].startswith("text/plain")


@played
async def test_what_cannot_be_decoded_is_json_whose_name_depends_on_the_route() -> None:
    async with house() as served:
        for path, kind in (("/message/send", "text/plain"), ("/channel", "application/json")):
            status, headers, body = await served.request("POST", path, b'{"a": ')
            assert status == 400
            assert msgspec.json.decode(body) == {"msg": "unexpected EOF", "status": 400}
            assert headers["content-type"].startswith(kind)
        status, headers, _ = await served.request("POST", "/message/send", b"{}")
        assert (status, headers["content-type"][:16]) == (400, "application/json")


@played
async def test_a_body_that_is_too_long_is_refused_and_others_are_served() -> None:
    async with house(limits=Limits(body_bytes=1000)) as served:
        status, _, _ = await served.request("POST", "/message/send", b"[" + b"1," * 1000 + b"1]")
        assert status == 413
        assert (await served.ask("GET", "/health"))[0] == 200


@played
async def test_a_request_that_never_ends_is_cut_off_and_others_are_served() -> None:
    async with house(limits=Limits(request_s=0.5)) as served:
        host, _, port = served.http.rpartition(":")
        for begun in (
            b"",
            b"GET /health HT",
            b"POST /channel HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{",
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(begun)
            assert (await served.ask("GET", "/health"))[0] == 200
            assert await reader.read() == b""
            writer.close()


@played
async def test_what_is_no_http_is_refused_and_others_are_served() -> None:
    async with house() as served:
        host, _, port = served.http.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x10\x00\x00nonsense\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
        assert (await served.ask("GET", "/health"))[0] == 200


@played
async def test_time_is_moved_only_where_it_stands_still() -> None:
    async with house() as served:
        assert (await served.post("/imcli/advance", {"duration_ms": 5}))[0] == 404
    async with house(virtual=True) as served:
        wrong: Any
        for wrong in ({}, {"duration_ms": -1}, {"duration_ms": "5"}, {"duration_ms": True}, []):
            assert (await served.post("/imcli/advance", wrong))[0] == 400
        before = served.world.clock.now_ms()
        assert (await served.post("/imcli/advance", {"duration_ms": 5}))[0] == 200
        assert served.world.clock.now_ms() == before + 5


@played
async def test_where_it_listens_everywhere_clients_are_told_the_host_that_they_asked() -> None:
    async with house() as served:
        around = served.world.around
        served.world.around = msgspec.structs.replace(
            around, tcp_addr="0.0.0.0:5100", ws_addr="ws://[::]:5200"
        )
        for path in ("/route", "/varz"):
            _, found = await served.ask("GET", path)
            assert (found["tcp_addr"], found["ws_addr"]) == ("x:5100", "ws://x:5200")


@played
async def test_connections_are_shown_with_their_facts_and_can_be_removed() -> None:
    async with house("wukongim-2.2.0") as served:
        await served.client("u1")
        two = await served.client("u2", device="d2")
        _, found = await served.ask("GET", "/connz")
        one, other = found["connections"]
        assert [each["uid"] for each in (one, other)] == ["u1", "u2"]
        assert (other["device_id"], other["ip"], other["in_packets"]) == ("d2", "127.0.0.1", 1)
        assert await served.post("/conn/remove", {"uid": "u2", "conn_id": other["id"]}) == (
            200,
            {"status": 200},
        )
        assert await two.reader.read() == b""
        _, figures = await served.ask("GET", "/varz?show=conn")
        assert (figures["connections"], figures["conns"][0]["uid"]) == (1, "u1")
        assert figures["tcp_addr"] == "127.0.0.1:5100"  # nobody told this world its addresses
