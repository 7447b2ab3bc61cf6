"""Raw HTTP requests to a simulated WuKongIM: texts become a call, and its answer a text.

`@A` and `#team` inside the path and the body become the real ids, as on a live server. The query is
read here, as a real server's shell would; the body goes in as bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec
from msgspec.structs import replace

from imcli.model.actions import Request
from imcli.model.events import Event, Response
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.calls import Reply
from imcli.simulator.wukongim.api.routes import answer

_NAME = re.compile(r"([@#])([A-Za-z][A-Za-z0-9_]*)")


def filled(action: Request, real: Callable[[str], str]) -> Request:
    """Put real ids in the place of names; `real` is given `A` or `#team`.

    >>> filled(Request("GET", "/x?uid=@A", '{"g": "#team"}'), str.lower)
    Request(method='GET', path='/x?uid=a', body='{"g": "team"}', label='')
    """

    def id_of(found: re.Match[str]) -> str:
        return real(found[2] if found[1] == "@" else found[0]).removeprefix("#")

    return replace(
        action,
        path=_NAME.sub(lambda found: quote(id_of(found), safe=""), action.path),
        body=_NAME.sub(lambda found: json.dumps(id_of(found))[1:-1], action.body),
    )


def respond(server: Server, action: Request) -> tuple[Response, list[Event]]:
    """Ask the server's HTTP face; gives the answer, and everything that it caused."""
    events: list[Event] = []
    status, body = _reply(server, filled(action, str), events)
    text = "" if body is None and status != 200 else _text(body)
    return Response(action.label, status, text), events


def _text(body: object) -> str:
    return body if isinstance(body, str) else msgspec.json.encode(body).decode()


def _reply(server: Server, action: Request, events: list[Event]) -> Reply:
    parts = urlsplit(action.path)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = action.body.encode(errors="replace")
    return answer(server, action.method.upper(), unquote(parts.path), query, body, events)
