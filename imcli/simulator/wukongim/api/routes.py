"""Every route of the face, in one table, and the door: `answer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imcli.model.events import Event
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api import channels, commands, conversations, messages, system, users
from imcli.simulator.wukongim.api.calls import (
    NO_ROUTE,
    BadRequest,
    Call,
    Handler,
    Reply,
    failed,
)

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/health"): system.health,
    ("GET", "/route"): system.route,
    ("POST", "/route/batch"): system.route_batch,
    ("GET", "/varz"): system.varz,
    ("GET", "/varz/setting"): system.varz_setting,
    ("GET", "/connz"): system.connz,
    ("GET", "/migrate/result"): system.migrate_result,
    ("GET", "/cluster/allslot"): system.all_slots,
    ("GET", "/cluster/conversations"): system.conversations,
    ("POST", "/user/token"): users.token,
    ("POST", "/user/device_quit"): users.device_quit,
    ("POST", "/user/onlinestatus"): users.online,
    ("GET", "/user/systemuids"): users.system_uids,
    ("POST", "/channel"): channels.create,
    ("POST", "/channel/info"): channels.info,
    ("POST", "/channel/delete"): channels.delete,
    ("POST", "/channel/subscriber_add"): channels.subscriber_add,
    ("POST", "/channel/subscriber_remove"): channels.subscriber_remove,
    ("POST", "/tag/remove"): channels.tag_remove,
    ("GET", "/channel/whitelist"): channels.whitelist,
    **{
        ("POST", f"/channel/{name}"): handler
        for name, handler in channels.LISTS.items()
        if not name.endswith("_all")
    },
    ("POST", "/message/send"): messages.send,
    ("POST", "/message/sendbatch"): messages.send_batch,
    ("POST", "/message/sync"): commands.sync,
    ("POST", "/message/syncack"): commands.syncack,
    ("POST", "/messages"): messages.search,
    ("POST", "/message"): messages.search_one,
    ("POST", "/channel/messagesync"): messages.message_sync,
    ("GET", "/channel/max_message_seq"): messages.max_seq,
    ("POST", "/conversation/sync"): conversations.sync,
    ("POST", "/conversation/channels"): conversations.channels,
    ("POST", "/conversations/clearUnread"): conversations.clear_unread,
    ("POST", "/conversations/setUnread"): conversations.set_unread,
    ("POST", "/conversations/delete"): conversations.delete,
}
"""The routes that every version has."""

LATER_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/channel/subscriber_remove_all"): channels.subscriber_remove_all,
    ("POST", "/channel/blacklist_remove_all"): channels.LISTS["blacklist_remove_all"],
    ("POST", "/channel/whitelist_remove_all"): channels.LISTS["whitelist_remove_all"],
    ("GET", "/channel/last_message"): messages.last_message,
    ("GET", "/message/byclientmsgno"): messages.by_client_number,
    ("POST", "/conversation/syncByChannels"): conversations.by_channels,
}
"""The routes that 2.2.5 has besides."""


def answer(
    server: Server,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Any,
    events: list[Event] | None = None,
) -> Reply:
    """Answer one request.

    Args:
        server: a server with a profile of WuKongIM.
        method: in capitals.
        path: without the query.
        query: its parameters, each once.
        body: a JSON value; None stands for an empty body.
        events: where everything that the request causes is put.

    Returns:
        The HTTP status, and the body as a JSON value (a text where the server answers a text, None
        where it is empty). Status 0: the server ended without an answer.
    """
    if method == "OPTIONS":
        return 204, None
    call = Call(server, query, body, [] if events is None else events)
    handler = ROUTES.get((method, path))
    if handler is None and call.traits.later_routes:
        handler = LATER_ROUTES.get((method, path))
    if handler is None:
        return NO_ROUTE
    try:
        return handler(call)
    except BadRequest as wrong:
        return failed(str(wrong))
