"""Raw HTTP requests to a simulated WuKongIM: texts become a call, and its answer a text.

Names become ids as on a live server (`wire/raw.py`). The query is read here, as a real server's
shell would; the body goes in as bytes.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from imcli.model.actions import Request
from imcli.model.events import Event, Response
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.calls import Reply
from imcli.simulator.wukongim.api.routes import answer
from imcli.wire.raw import filled


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
