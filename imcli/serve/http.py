"""The HTTP API on a port: what surrounds the pure face (`imcli.simulator.wukongim.api`).

Here are the header of the manager token, bodies as bytes, and how answers are written; what a
request means is the face's business. Answers leave when the turn is committed. Two routes are our
own: time that only moves when it is told to is moved by `POST /imcli/advance`, and calls of
webhooks fail by `POST /imcli/webhooks`.

Nobody can cost more than his own connection: bodies have a size, requests a time in which they
must be complete, and what cannot be read is answered with 400.

Source: WuKongIM `internal/api/server_http.go`, `pkg/wkhttp/http.go`; measured (http.md has the
rules).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from imcli.model.durations import DAY_MS
from imcli.serve import notes
from imcli.serve.acting import fail_webhooks
from imcli.serve.clock import VirtualClock
from imcli.serve.script import WebhookFault
from imcli.serve.world import World
from imcli.simulator.wukongim.api.calls import OK, Reply, failed
from imcli.simulator.wukongim.api.fields import Undecodable, first_value
from imcli.simulator.wukongim.api.routes import Answer, on_the_wire

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Headers": (
        "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, token, accept, origin, "
        "Cache-Control, X-Requested-With, appid, noncestr, sign, timestamp"
    ),
    "Access-Control-Allow-Methods": "POST, OPTIONS, GET, PUT, DELETE,PATCH",
}
"""Source: WuKongIM `pkg/wkhttp/http.go:CORSMiddleware`."""
OWN = "/imcli/"
ADVANCE = f"{OWN}advance"
WEBHOOKS = f"{OWN}webhooks"
CALLS_MAX = 1_000_000
ADVANCE_MAX_MS = 366 * DAY_MS


class Api:
    """The application: every method, every path."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except (ClientDisconnect, TimeoutError):
            return
        except Exception as error:
            self._world.defect(error)
            response = Response(status_code=500)
        if response is not None:
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response | None:
        rules = self._world.rules
        if rules.manager_token and request.headers.get("token") != rules.manager_token:
            return Response(status_code=401)
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS)
        raw = await self._body(request)
        if raw is None:
            return Response(status_code=413, headers={**CORS, "Connection": "close"})
        answer = self._answer(request, raw)
        await self._committed()
        if not answer.status:
            request.scope["imcli.abort"]()
            return None
        headers = {**CORS, "Content-Type": answer.content_type} if answer.content_type else CORS
        return Response(answer.body, answer.status, headers)

    async def _body(self, request: Request) -> bytes | None:
        """Read the body; None if it is too long."""
        limits, parts, size = self._world.rules.limits, [], 0
        async for part in request.stream():
            size += len(part)
            if size > limits.body_bytes:
                return None
            parts.append(part)
        return b"".join(parts)

    def _answer(self, request: Request, raw: bytes) -> Answer:
        method, path = request.method, request.url.path
        clock = self._world.clock
        try:
            if (method, path) == ("POST", ADVANCE) and isinstance(clock, VirtualClock):
                return on_the_wire(advance(self._world, clock, raw))
            if (method, path) == ("POST", WEBHOOKS):
                return on_the_wire(webhooks(self._world, raw))
        except Undecodable as wrong:
            return on_the_wire(failed(str(wrong)))
        query: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, value)
        return self._world.ask(method, path, query, raw, request.url.hostname or "")

    async def _committed(self) -> None:
        """Wait for the end of the turn."""
        if self._world.turns.is_open:
            committed = asyncio.Event()
            self._world.turns.after(committed.set)
            await committed.wait()


def _object(raw: bytes) -> dict[str, Any]:
    """Read a body as an object; another value says nothing, and is an empty one.

    Raises:
        Undecodable: it begins with no JSON value.
    """
    body = first_value(raw)
    return body if isinstance(body, dict) else {}


def advance(world: World, clock: VirtualClock, raw: bytes) -> Reply:
    """Let virtual time pass.

    Raises:
        Undecodable: the body is no JSON.
    """
    duration = _object(raw).get("duration_ms")
    if isinstance(duration, bool) or not isinstance(duration, int):
        return failed("duration_ms is a whole number of milliseconds")
    if not 0 <= duration <= ADVANCE_MAX_MS:
        return failed(f"duration_ms is from 0 to {ADVANCE_MAX_MS} (366 days)")
    world.passing.advance_to(clock.now_ms() + duration, clock.advance)
    world.note(notes.Happened(world.now_ms, f"time was moved by {duration} ms"))
    return 200, {"status": 200, "data": {"now_ms": clock.now_ms()}}


def webhooks(world: World, raw: bytes) -> Reply:
    """Let the next calls of webhooks fail: `{"fail": 3}` or `{"lose": 1}`; absent ones are 0.

    Raises:
        Undecodable: the body is no JSON.
    """
    found = _object(raw)
    counts = [found.get(name, 0) for name in ("fail", "lose")]
    if not found or any(type(each) is not int or not 0 <= each <= CALLS_MAX for each in counts):
        return failed(f"fail and lose are numbers of calls, from 0 to {CALLS_MAX}")
    refused = fail_webhooks(world, WebhookFault(*counts))
    return failed(refused) if refused else OK


# The server


def impatient(world: World) -> type[H11Protocol]:
    """Make the protocol of HTTP connections: a request must be complete within its time."""
    limits = world.rules.limits

    class Impatient(H11Protocol):
        deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > limits.connections:
                transport.abort()
            self._wait()

        def data_received(self, data: bytes) -> None:
            self._wait()
            super().data_received(data)
            if self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR):
                self._rest()
            if self.scope is not None:
                self.scope["imcli.abort"] = self.transport.abort  # type: ignore[typeddict-unknown-key]

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            super().connection_lost(exc)

        def _wait(self) -> None:
            if self.deadline is None:
                self.deadline = self.loop.call_later(limits.request_s, self._too_late)

        def _rest(self) -> None:
            if self.deadline is not None:
                self.deadline.cancel()
                self.deadline = None

        def _too_late(self) -> None:
            world.note(notes.Happened(world.now_ms, "an HTTP request that never ends is cut off"))
            self.transport.abort()

    return Impatient


def _is_operators(connection: H11Protocol) -> bool:
    """Tell whether somebody moves time, or does something to the server, and waits for it."""
    cycle = connection.cycle
    waits = cycle is not None and not cycle.response_complete
    return waits and str(cycle.scope["path"]).startswith(OWN)


class HttpServer(uvicorn.Server):
    """uvicorn inside another program: no signals, no log, and it says when it listens."""

    def __init__(self, world: World) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        super().__init__(
            uvicorn.Config(
                Api(world),
                http=impatient(world),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self.listens = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    def cut(self) -> None:
        """End every connection at once, as a server does that restarts; not its operator's own."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, H11Protocol) and not _is_operators(connection):
                connection.transport.abort()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.listens.set()
