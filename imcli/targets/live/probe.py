"""How a real server is: asked from outside, changing nothing, each thing once.

`examine` gives facts and judges none; `report/health.py` says what they mean. Nothing here raises
for what a server may do: what could not be learned is a text that says why.

Whether devices need tokens cannot be asked for, so a device that nobody knows tries to log in
without one. A server that wants one does not say no, it says nothing (WuKongIM
`internal/user/handler/event_connect.go`), which takes `LOGIN_SECONDS` to see.
"""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from urllib.parse import urlsplit

from msgspec.structs import replace

from imcli.targets.clocks import Clock, monotonic_ms
from imcli.targets.examined import DeviceTokens, Examination, Opening, Transport
from imcli.targets.live.door import place_of
from imcli.targets.live.http import HttpClient, NoAnswer, NotAsked, Reply
from imcli.wire import admin
from imcli.wire.answers import Garbled, Varz, excerpt, judge, read_varz
from imcli.wire.client import ClientSession, Connected, Identity
from imcli.wire.http import Call

OPEN_SECONDS = 2.0
LOGIN_SECONDS = 2.0
STRANGER = "imcli-doctor"


def examine(
    url: str,
    *,
    token: str,
    wall_ms: Clock,
    clock: Clock = monotonic_ms,
    call_ms_max: int = 5_000,
) -> Examination:
    """Ask a server for everything that can be asked of it.

    Args:
        url: `http://host:port`.
        token: the manager token, "" where there is none.
        wall_ms: milliseconds since 1970.
        clock: monotonic, in milliseconds.
        call_ms_max: deadline of a call.

    Raises:
        UsageError: the address or the token cannot be used.
    """
    client = HttpClient(url, token=token, clock=clock, call_ms_max=call_ms_max)
    stranger = HttpClient(url, clock=clock, call_ms_max=call_ms_max)
    try:
        return Doctor(client, stranger, clock, wall_ms).examine(url, bool(token))
    finally:
        client.close()
        stranger.close()


class Doctor:
    """Asks one server."""

    def __init__(
        self,
        client: HttpClient,
        stranger: HttpClient,
        clock: Clock,
        wall_ms: Clock,
    ) -> None:
        self._client = client
        self._stranger = stranger
        self._clock = clock
        self._wall_ms = wall_ms

    def examine(self, url: str, token_given: bool) -> Examination:
        """Ask for everything; stop where nothing answers, or nothing more would be told."""
        began = self._clock()
        try:
            wanted = self._stranger.call(Call("GET", "/health")).status == 401
            took_ms = self._clock() - began
            reply = self._client.call(Call("GET", "/varz"))
            found = Examination(
                url,
                took_ms=took_ms,
                token_wanted=wanted,
                token_given=token_given,
                token_accepted=reply.status != 401,
            )
            if reply.status == 401:
                return found
            return self._further(replace(found, varz=_varz(reply)))
        except (NotAsked, NoAnswer, Garbled) as error:
            return Examination(url, why_not=str(error), token_given=token_given)

    def _further(self, found: Examination) -> Examination:
        slots, leaderless = self._slots()
        ahead_ms, error_ms = self._clock_difference()
        openings = self._openings(found)
        return replace(
            found,
            health=self._health(),
            slots=slots,
            leaderless=leaderless,
            openings=openings,
            device_tokens=self._device_tokens(openings),
            clock_ahead_ms=ahead_ms,
            clock_error_ms=error_ms,
        )

    def _health(self) -> str:
        try:
            reply = self._client.call(Call("GET", "/health"))
        except (NotAsked, NoAnswer) as error:
            return str(error)
        return "" if reply.status == 200 else excerpt(reply.body) or f"answered {reply.status}"

    def _slots(self) -> tuple[int, int]:
        """Count the slots, and those without a leader; none where the server does not tell."""
        try:
            slots = admin.read_slots(self._client.call(admin.SLOTS_CALL).body)
        except (NotAsked, NoAnswer, Garbled):
            return 0, 0
        return len(slots), sum(slot.leader_id == 0 for slot in slots)

    def _clock_difference(self) -> tuple[int | None, int]:
        """Compare clocks; the answer was made somewhere between asking and hearing."""
        before = self._wall_ms()
        try:
            page = admin.read_connections(self._client.call(admin.connections_call()).body)
        except (NotAsked, NoAnswer, Garbled):
            return None, 0
        after = self._wall_ms()
        if page.now_ms is None:
            return None, 0
        return page.now_ms - (before + after) // 2, (after - before + 1) // 2

    # The addresses of devices

    def _openings(self, found: Examination) -> tuple[Opening, ...]:
        route = admin.Route(found.varz.tcp_addr, found.varz.ws_addr)
        with suppress(NotAsked, NoAnswer, Garbled):  # the figures tell the same addresses
            route = admin.read_route(self._client.call(admin.ROUTE_CALL).body)
        told: tuple[tuple[Transport, str], ...] = (("tcp", route.tcp_addr), ("ws", route.ws_addr))
        host = urlsplit(found.url).hostname or ""
        return tuple(self._opening(transport, text, host) for transport, text in told if text)

    def _opening(self, transport: Transport, told: str, api_host: str) -> Opening:
        place = place_of(told)
        if place is None or not place[0]:
            return Opening(transport, told, why="that is no address")
        host, port = place
        why = ""
        for candidate in dict.fromkeys((host, api_host)):
            began = self._clock()
            try:
                with closing(socket.create_connection((candidate, port), OPEN_SECONDS)):
                    opened = f"{candidate}:{port}"
                    return Opening(transport, told, opened, self._clock() - began)
            except OSError as error:
                why = why or (error.strerror or str(error)).lower()
        return Opening(transport, told, why=why)

    def _device_tokens(self, openings: tuple[Opening, ...]) -> DeviceTokens:
        """Let a device that nobody knows log in over TCP, without a token."""
        door = next((each for each in openings if each.transport == "tcp" and each.opened), None)
        if door is None:
            return "unknown"
        host, _, port = door.opened.rpartition(":")
        try:
            with closing(socket.create_connection((host, int(port)), OPEN_SECONDS)) as line:
                return "free" if self._is_let_in(line) else "wanted"
        except OSError:
            return "unknown"

    def _is_let_in(self, line: socket.socket) -> bool:
        session = ClientSession(Identity(STRANGER, STRANGER), os.urandom(32))
        line.sendall(session.connect(self._wall_ms()))
        until = self._clock() + int(LOGIN_SECONDS * 1000)
        while (left_ms := until - self._clock()) > 0:
            line.settimeout(left_ms / 1000)
            try:
                data = line.recv(4096)
            except TimeoutError:
                return False
            if not data:
                return False
            if any(isinstance(heard, Connected) for heard in session.receive(data)):
                return True
        return False


def _varz(reply: Reply) -> Varz:
    if reply.status != 200:
        detail = judge(reply.status, reply.body).detail
        raise Garbled(f"what answers is not the HTTP API of WuKongIM 2.x: {detail}")
    try:
        return read_varz(reply.body)
    except Garbled as error:
        raise Garbled(f"what answers is not the HTTP API of WuKongIM 2.x: {error}") from None
