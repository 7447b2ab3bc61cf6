"""One HTTP connection pool with a deadline on everything and a bound on every reply.

The only thing decided here is what can be known of a call: it was answered (`Reply`), it was never
asked (`NotAsked`: no connection came about, so nothing happened), or it was asked and the answer
did not come (`NoAnswer`: it may or may not have happened). Nothing is repeated and no redirect is
followed; whoever asked decides.

A deadline holds for the whole call: a server that sends one byte a second is as late as one that
sends none. Sockets get their remaining time before every read. The manager token travels in the
header `token` and stands in no message, because no message is built from headers.
"""

from __future__ import annotations

import copy
import http.client
import socket
import ssl
import threading
from http.client import BadStatusLine, RemoteDisconnected
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

from imcli.model.errors import TargetUnavailable, UsageError
from imcli.targets.clocks import Clock
from imcli.targets.exchange import Transcript
from imcli.wire.http import Call

REPLY_BYTES_MAX = 16 * 1024 * 1024
CALL_MS_MAX = 12_000
"""Longer than the 5 s after which WuKongIM gives up a proposal of its own."""
CONNECT_MS_MAX = 5_000
SECRET_LENGTH_MIN = 6
"""A shorter token, or one of digits, may stand in any answer by chance."""
_CHUNK = 64 * 1024


class Reply(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes


class NotAsked(Exception):
    """No connection came about: nothing was asked."""


class NoAnswer(Exception):
    """It was asked, and no whole answer came."""


class _Deadline(threading.local):
    """When the call under way in this thread must be over."""

    at_ms: int = 0


class _TimedSocket(socket.socket):
    """A socket whose reads share the deadline of the call."""

    deadline: _Deadline
    clock: Clock

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        left_ms = self.deadline.at_ms - self.clock()
        if left_ms <= 0:
            raise TimeoutError("the whole call took too long")
        self.settimeout(left_ms / 1000)
        return super().recv_into(buffer, nbytes, flags)


def _timed(plain: socket.socket, deadline: _Deadline, clock: Clock) -> socket.socket:
    timed = _TimedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    timed.deadline, timed.clock = deadline, clock
    return timed


class HttpClient:
    """Makes calls to one server, one after the other or from several threads."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        clock: Clock,
        call_ms_max: int = CALL_MS_MAX,
        reply_bytes_max: int = REPLY_BYTES_MAX,
    ) -> None:
        parts = _parts(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.host = parts.hostname or ""
        self.call_ms_max = call_ms_max
        self._reply_bytes_max = reply_bytes_max
        self._prefix = parts.path.rstrip("/")
        self._clock = clock
        self._deadline = _Deadline()
        self._headers = {"content-type": "application/json", **_token_header(token)}
        self._pool = self._make_pool(parts)
        self._transcript: Transcript | None = None

    def noting(self, transcript: Transcript) -> HttpClient:
        """Give the same client, connections and all, that notes its calls in a transcript."""
        twin = copy.copy(self)
        twin._transcript = transcript
        return twin

    @property
    def secret(self) -> str:
        """The manager token, for whoever must keep it out of a text."""
        return self._headers.get("token", "")

    def _make_pool(self, parts: SplitResult) -> urllib3.HTTPConnectionPool:
        deadline, clock = self._deadline, self._clock

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _timed(super()._new_conn(), deadline, clock)

        secure = parts.scheme == "https"
        kind = urllib3.HTTPSConnectionPool if secure else urllib3.HTTPConnectionPool
        pool = kind(parts.hostname or "", parts.port, maxsize=64, block=False)
        pool.ConnectionCls = HTTPSConnection if secure else Plain
        return pool

    def call(self, call: Call, *, within_ms: int | None = None) -> Reply:
        """Make a call and wait for its answer.

        Raises:
            NotAsked: nothing was asked.
            NoAnswer: it may or may not have happened.
        """
        began_ms = self._clock()
        try:
            reply = self._without_secret(self._answered(call, within_ms))
        except (NotAsked, NoAnswer) as error:
            self._note(began_ms, call, 0, str(error))
            raise
        self._note(began_ms, call, reply.status, reply.body)
        return reply

    def _note(self, began_ms: int, call: Call, status: int, answer: bytes | str) -> None:
        if self._transcript is not None:
            self._transcript.asked(began_ms, call.method, call.path, call.body, status, answer)

    def _without_secret(self, reply: Reply) -> Reply:
        """Mask the manager token in an answer that says it back, whatever becomes of the text."""
        secret = self.secret.encode()
        if len(secret) < SECRET_LENGTH_MIN or secret.isdigit() or secret not in reply.body:
            return reply
        return Reply(reply.status, reply.body.replace(secret, b"***"))

    def _answered(self, call: Call, within_ms: int | None) -> Reply:
        limit_ms = self.call_ms_max if within_ms is None else min(within_ms, self.call_ms_max)
        self._deadline.at_ms = self._clock() + limit_ms
        try:
            return self._exchange(call, limit_ms)
        except (ConnectTimeoutError, NewConnectionError, NameResolutionError, SSLError) as error:
            raise NotAsked(f"cannot connect to {self.origin}: {_why(error)}") from None
        except (HTTPError, OSError, ValueError) as error:
            late = self._clock() >= self._deadline.at_ms
            why = f"no answer within {_spoken(limit_ms)}" if late else _why(error)
            asked = f"{call.method} {call.path.partition('?')[0]}"
            raise NoAnswer(f"{self.origin}: {asked}: {why}") from None

    def _exchange(self, call: Call, limit_ms: int) -> Reply:
        response = self._pool.urlopen(
            call.method,
            self._prefix + call.path,
            body=call.body.encode() or None,
            headers=self._headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(
                connect=min(CONNECT_MS_MAX, limit_ms) / 1000, read=limit_ms / 1000
            ),
            preload_content=False,
        )
        try:
            body = self._bounded_body(response)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return Reply(response.status, body)

    def _bounded_body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        body = bytearray()
        while chunk := response.read(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._reply_bytes_max:
                raise ValueError(f"the answer is larger than {self._reply_bytes_max} bytes")
            if self._clock() >= self._deadline.at_ms:
                raise TimeoutError("the whole call took too long")
        return bytes(body)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def _spoken(limit_ms: int) -> str:
    """Write a limit as people say it.

    >>> _spoken(12_000), _spoken(150)
    ('12 s', '150 ms')
    """
    return f"{limit_ms} ms" if limit_ms % 1000 else f"{limit_ms // 1000} s"


def _why(error: BaseException) -> str:
    """Say why in the words of the operating system, without those that urllib3 puts around them."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLError):
            reason = (inner.reason or "").replace("_", " ").lower()
            plain = ": it speaks no TLS, and http:// may do" if "wrong version" in reason else ""
            return f"no secure connection ({reason or 'TLS'}){plain}"
        if isinstance(inner, RemoteDisconnected):
            return "it closed the connection without an answer"
        if isinstance(inner, urllib3.exceptions.IncompleteRead | http.client.IncompleteRead):
            return "it closed the connection in the middle of its answer"
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        error, inner = inner, inner.__cause__ or inner.__context__
    if isinstance(error, ConnectTimeoutError | TimeoutError):
        return "timed out"
    if isinstance(error, BadStatusLine) and not isinstance(error, RemoteDisconnected):
        return f"what answers does not speak HTTP: {str(error).strip()[:40]!r}"
    return str(error).rpartition(" object at ")[2].partition(">: ")[2] or str(error)


def _parts(url: str) -> SplitResult:
    hint = "write http://host:port"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("the address of the server is not a URL", hint=hint) from None
    if "@" in parts.netloc:
        # Never shown: what stands before the @ may be a password.
        raise UsageError("the address of the server holds a user name or password", hint=hint)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"{url!r} is not the address of a server", hint=hint)
    if parts.query or parts.fragment:
        raise UsageError(f"{url!r} has a query or fragment", hint=hint)
    return parts


def _token_header(token: str) -> dict[str, str]:
    if not token:
        return {}
    if not token.isascii() or not token.isprintable():
        raise UsageError("the manager token holds characters that no HTTP header can carry")
    return {"token": token}


def unavailable(error: NotAsked | NoAnswer) -> TargetUnavailable:
    """Make of a failed call the end of a case."""
    return TargetUnavailable(str(error), hint="is the server running, and is the address right?")
