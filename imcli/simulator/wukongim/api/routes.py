"""Every route of the face, in one table, and two doors: `answer` for values, `respond` for bytes.

A route that a version has not is not there: unknown paths and wrong methods are 404 with a text. An
answer to a body that one of `GIN_ROUTES` cannot decode has its content type sniffed, since that
decoder has sent the header by then (measured); all else is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from imcli.model.events import Event
from imcli.model.reasons import REASON_BY_NAME
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api import (
    channels,
    cluster,
    commands,
    connections,
    conversations,
    extension,
    messages,
    reading,
    streams,
    system,
    tags,
    users,
)
from imcli.simulator.wukongim.api.calls import (
    NO_ROUTE,
    BadRequest,
    Call,
    Handler,
    Reply,
    failed,
)
from imcli.simulator.wukongim.api.family import Declined
from imcli.simulator.wukongim.api.fields import Undecodable
from imcli.simulator.wukongim.api.row_family import NoAnswer
from imcli.simulator.wukongim.api.surroundings import IN_PROCESS, Surroundings

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/health"): system.health,
    ("GET", "/route"): system.route,
    ("POST", "/route/batch"): system.route_batch,
    ("GET", "/varz"): system.varz,
    ("GET", "/varz/setting"): system.varz_setting,
    ("GET", "/migrate/result"): system.migrate_result,
    ("GET", "/connz"): connections.connz,
    ("POST", "/conn/kick"): connections.kick,
    ("POST", "/conn/remove"): connections.remove,
    ("GET", "/tag"): tags.tag,
    ("GET", "/tags"): tags.tags,
    ("POST", "/tag/remove"): tags.remove,
    ("GET", "/cluster/allslot"): cluster.all_slots,
    ("GET", "/cluster/node"): cluster.node,
    ("GET", "/cluster/nodes"): cluster.nodes,
    ("GET", "/cluster/simpleNodes"): cluster.nodes,
    ("GET", "/cluster/info"): cluster.info,
    ("GET", "/cluster/channels"): cluster.channels,
    ("GET", "/cluster/messages"): cluster.messages,
    ("GET", "/cluster/users"): cluster.users,
    ("GET", "/cluster/devices"): cluster.devices,
    ("GET", "/cluster/conversations"): cluster.conversations,
    ("POST", "/user/token"): users.token,
    ("POST", "/user/device_quit"): users.device_quit,
    ("POST", "/user/onlinestatus"): users.online,
    ("GET", "/user/systemuids"): users.system_uids,
    **{("POST", f"/user/{name}"): handler for name, handler in users.SYSTEM_ACCOUNTS.items()},
    ("POST", "/user/update_plugin_no"): users.update_plugin,
    ("POST", "/channel"): channels.create,
    ("POST", "/channel/info"): channels.info,
    ("POST", "/channel/delete"): channels.delete,
    ("POST", "/channel/subscriber_add"): channels.subscriber_add,
    ("POST", "/channel/subscriber_remove"): channels.subscriber_remove,
    ("GET", "/channel/whitelist"): channels.whitelist,
    **{
        ("POST", f"/channel/{name}"): handler
        for name, handler in channels.LISTS.items()
        if not name.endswith("_all")
    },
    ("POST", "/message/send"): streams.send,
    ("POST", "/message/sendbatch"): messages.send_batch,
    ("POST", "/message/sync"): commands.sync,
    ("POST", "/message/syncack"): commands.syncack,
    ("POST", "/messages"): reading.search,
    ("POST", "/message"): reading.search_one,
    ("POST", "/channel/messagesync"): reading.message_sync,
    ("GET", "/channel/max_message_seq"): reading.max_seq,
    ("POST", "/conversation/sync"): conversations.sync,
    ("POST", "/conversation/channels"): conversations.channels,
    ("POST", "/conversation/syncMessages"): conversations.sync_messages,
    ("POST", "/conversations/clearUnread"): conversations.clear_unread,
    ("POST", "/conversations/setUnread"): conversations.set_unread,
    ("POST", "/conversations/delete"): conversations.delete,
}
"""The routes that every version has."""

LATER_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/channel/subscriber_remove_all"): channels.subscriber_remove_all,
    ("POST", "/channel/blacklist_remove_all"): channels.LISTS["blacklist_remove_all"],
    ("POST", "/channel/whitelist_remove_all"): channels.LISTS["whitelist_remove_all"],
    ("GET", "/channel/last_message"): reading.last_message,
    ("GET", "/message/byclientmsgno"): reading.by_client_number,
    ("POST", "/conversation/syncByChannels"): conversations.by_channels,
    ("POST", "/message/event"): streams.event,
    ("POST", "/message/eventsync"): streams.event_sync,
}
"""The routes that 2.2.5 has besides."""

EARLIER_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/stream/open"): streams.open_stream,
    ("POST", "/stream/close"): streams.close_stream,
}
"""The routes that 2.2.5 has no more."""

EXTENSIONS: dict[tuple[str, str], Handler] = {
    ("GET", "/imcli/profile"): extension.profile,
    ("POST", "/imcli/actions"): extension.action,
}
"""What this program adds: no WuKongIM has it, and every profile does."""

IN_CHANNEL = "/cluster/channels/"
PARTS_IN_CHANNEL = 6
"""`/cluster/channels/ID/TYPE/WHAT`, cut at the slashes."""

GIN_ROUTES = frozenset(
    {
        "/message/send",
        "/message/sendbatch",
        "/user/onlinestatus",
        "/user/systemuids_add_to_cache",
        "/user/systemuids_remove_from_cache",
        "/route/batch",
        "/conversation/syncMessages",
        "/stream/open",
        "/stream/close",
    }
)
"""The routes whose bodies are read by the decoder that answers too soon."""

JSON, TEXT = "application/json; charset=utf-8", "text/plain; charset=utf-8"
NO_ANSWER: Reply = (0, None)
"""The server ended without an answer."""


class Answer(NamedTuple):
    """An answer as it goes over the wire; `status` 0: none, the server ended."""

    status: int
    body: bytes
    content_type: str


def answer(
    server: Server,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    events: list[Event] | None = None,
    around: Surroundings = IN_PROCESS,
) -> Reply:
    """Answer one request.

    Args:
        server: a server with any profile.
        method: in capitals.
        path: without the query.
        query: its parameters, each once.
        body: a JSON value, or the bytes of one; None stands for an empty body.
        events: where everything that the request causes is put.
        around: what the tables do not know.

    Returns:
        The HTTP status, and the body as a JSON value (a text where the server answers a text, None
        where it is empty). Status 0: the server ended without an answer.
    """
    call = Call(server, path, query, body, [] if events is None else events, around)
    return _reply(call, method)[0]


def respond(
    server: Server,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: bytes,
    events: list[Event] | None = None,
    around: Surroundings = IN_PROCESS,
) -> Answer:
    """Answer one request as it came over the wire. Arguments as `answer`, but for the bytes."""
    call = Call(server, path, query, body, [] if events is None else events, around)
    reply, decoded = _reply(call, method)
    return on_the_wire(reply, sniffed=not decoded and path in GIN_ROUTES)


def on_the_wire(reply: Reply, *, sniffed: bool = False) -> Answer:
    """Write an answer as bytes; with `sniffed` its JSON goes under the name of plain text."""
    status, value = reply
    if isinstance(value, str):
        return Answer(status, value.encode(), "text/plain")
    if value is None and status != 200:
        return Answer(status, b"", "")
    return Answer(status, msgspec.json.encode(value), TEXT if sniffed else JSON)


def _handler(call: Call, method: str) -> Handler | None:
    place = (method, call.path)
    found = ROUTES.get(place) or EXTENSIONS.get(place)
    if found is None and call.traits.later_routes:
        found = LATER_ROUTES.get(place)
    if found is None and call.traits.streams:
        found = EARLIER_ROUTES.get(place)
    if found is None and method == "GET" and call.path.startswith(IN_CHANNEL):
        parts = call.path.split("/")
        found = cluster.IN_CHANNEL.get(parts[-1]) if len(parts) == PARTS_IN_CHANNEL else None
    return found


def _reply(call: Call, method: str) -> tuple[Reply, bool]:
    """Give the answer, and whether the body could be decoded."""
    if method == "OPTIONS":
        return (204, None), True
    handler = _handler(call, method)
    if handler is None:
        return NO_ROUTE, True
    try:
        return handler(call), True
    except Undecodable as wrong:
        return failed(str(wrong)), False
    except BadRequest as wrong:
        return failed(str(wrong)), True
    except Declined as declined:
        return _declined(declined), True
    except NoAnswer:
        return NO_ANSWER, True


def _declined(declined: Declined) -> Reply:
    """Say which rule refused: its code where the protocols have one, and its name."""
    code = REASON_BY_NAME[declined.reason].code
    return 400, {"msg": str(declined), "status": code or 400, "reason": declined.reason}
