"""A small scripted server with WuKongIM's HTTP API, as 2.2.5 answers it, for the live tests.

It keeps logs, rows with a read and a delete mark, members and lists in memory. What matters to a
client is as in the real one: envelopes, storing after the answer, internal ids by CRC32, 401 with
an empty body, 404 as text. `misbehave` maps a path to a function that answers in its stead.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, bytes]
Misbehaviour = Callable[["Handler"], "Answer | None"]
OK: Json = {"status": 200}


def internal_id(first: str, second: str) -> str:
    if zlib.crc32(first.encode()) > zlib.crc32(second.encode()):
        return f"{first}@{second}"
    return f"{second}@{first}"


class World:
    """What the server knows. `store_after` polls of a log pass before a sent message is in it."""

    def __init__(self, version: str, store_after: int) -> None:
        self.version = version
        self.store_after = store_after
        self.logs: dict[str, list[Json]] = {}
        self.waiting: list[tuple[str, Json, int]] = []
        self.rows: dict[tuple[str, str], Json] = {}
        self.pending: set[tuple[str, str]] = set()
        self.members: dict[str, list[str]] = {}
        self.flags: dict[str, Json] = {}
        self.lists: dict[tuple[str, str], list[str]] = {}
        self.online: set[tuple[str, int]] = set()
        self.tokens: dict[tuple[str, int], Json] = {}
        self.leader = 1001
        self.route: Json = {"tcp_addr": "", "ws_addr": "", "wss_addr": ""}
        self.next_id = 2124764764550371643

    def channel(self, uid: str, body: Json) -> str:
        kind: int = body["channel_type"]
        return internal_id(uid, body["channel_id"]) if kind == 1 else str(body["channel_id"])

    def poll(self) -> None:
        """One round of the pollers: what waited long enough is stored."""
        still = []
        for channel, message, rounds in self.waiting:
            if rounds > 0:
                still.append((channel, message, rounds - 1))
            else:
                self.store(channel, message)
        self.waiting = still

    def store(self, channel: str, message: Json) -> None:
        if self.flags.get(channel, {}).get("ban") or self.flags.get(channel, {}).get("disband"):
            return
        log = self.logs.setdefault(channel, [])
        message["message_seq"] = len(log) + 1
        log.append(message)
        if message["channel_type"] == 1 and message["message_seq"] == 1:
            for uid in channel.split("@"):
                self.row(uid, channel, message["from_uid"] == uid)

    def row(self, uid: str, channel: str, own: bool = False) -> Json:
        if (uid, channel) not in self.rows:
            self.rows[uid, channel] = {"R": 1 if own else 0, "D": 0}
            self.pending.add((uid, channel))
        return self.rows[uid, channel]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: FakeWuKongIM

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def answer(self, raw: bytes) -> None:
        self.raw = raw
        with self.server.lock:
            self.server.asked.append((self.command, self.path, raw.decode()))
            odd = self.server.misbehave.get(urlsplit(self.path).path)
            result = odd(self) if odd is not None else self.regular()
        if result is None:
            self.close_connection = True
            return
        status, body = result
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def regular(self) -> Answer:
        if self.server.token and self.headers.get("token") != self.server.token:
            return 401, b""
        parts = urlsplit(self.path)
        route = ROUTES.get((self.command, parts.path)) or list_route(parts.path)
        if route is None:
            return 404, b"404 page not found"
        query = {k: unquote(v[0]) for k, v in parse_qs(parts.query).items()}
        body = json.loads(self.raw) if self.raw else query
        try:
            return 200, json.dumps(route(self.server.world, body)).encode()
        except Refusal as refusal:
            return 400, json.dumps({"msg": str(refusal), "status": 400}).encode()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Refusal(Exception):
    pass


def send(world: World, body: Json) -> Json:
    if not body.get("payload"):
        raise Refusal("payload不能为空！")
    if any(c in body["channel_id"] for c in "@#&"):
        raise Refusal("频道ID不合法！")
    world.next_id += 1
    message = {
        "header": body["header"],
        "message_id": world.next_id,
        "message_idstr": str(world.next_id),
        "client_msg_no": body["client_msg_no"],
        "from_uid": body["from_uid"],
        "channel_id": body["channel_id"],
        "channel_type": body["channel_type"],
        "timestamp": 1795418321,
        "expire": body.get("expire", 0),
        "payload": body["payload"],
    }
    if not body["header"]["no_persist"] and not body["header"]["sync_once"]:
        channel = world.channel(body["from_uid"], body)
        world.waiting.append((channel, message, world.store_after))
    data = {"message_id": world.next_id, "client_msg_no": body["client_msg_no"]}
    return {"status": 200, "data": data}


def messagesync(world: World, body: Json) -> Json:
    world.poll()
    log = world.logs.get(world.channel(body["login_uid"], body), [])
    start, end, limit = body["start_message_seq"], body["end_message_seq"], body["limit"]
    if start == 0 and end == 0:
        found = log[-limit:]
    elif body["pull_mode"] == 1:
        found = [m for m in log if m["message_seq"] >= start]
        found = [m for m in found if end == 0 or m["message_seq"] < end][:limit]
    else:
        found = [m for m in log if max(start - limit, end) < m["message_seq"] <= start]
    more = int(len(found) >= limit)
    return {"start_message_seq": start, "end_message_seq": end, "more": more, "messages": found}


def conversation_sync(world: World, body: Json) -> list[Json]:
    world.poll()
    known = dict(part.rsplit(":", 1) for part in body.get("last_msg_seqs", "").split("|") if part)
    listed = []
    for (uid, channel), row in world.rows.items():
        if uid != body["uid"]:
            continue
        person = "@" in channel
        halves = channel.split("@")
        peer = (halves[1] if halves[0] == uid else halves[0]) if person else channel
        kind = 1 if person else 2
        floor = max(row["D"], int(known.get(f"{peer}:{kind}", 0)))
        recents = [m for m in world.logs.get(channel, []) if m["message_seq"] > floor]
        if not recents:
            continue
        last = recents[-1]["message_seq"]
        own = recents[-1]["from_uid"] == uid
        entry = {
            "channel_id": peer,
            "channel_type": kind,
            "unread": 0 if own else max(0, last - row["R"]),
            "readed_to_msg_seq": last if own else row["R"],
            "last_msg_seq": last,
            "recents": recents[::-1][: body["msg_count"]],
        }
        listed.append(entry)
    return listed


def by_channels(world: World, body: Json) -> list[Json]:
    listed = []
    for wanted in body["channels"]:
        channel = world.channel(body["uid"], wanted)
        log = world.logs.get(channel, [])
        read = world.rows.get((body["uid"], channel), {"R": 0})["R"]
        last = log[-1]["message_seq"] if log else 0
        own = bool(log) and log[-1]["from_uid"] == body["uid"]
        entry = {
            "unread": 0 if own else max(0, last - read),
            "readed_to_msg_seq": last if own else read,
            "last_msg_seq": last,
            "recents": log[::-1][: body["msg_count"]],
        }
        listed.append({**wanted, **entry})
    return listed


def channels(world: World, body: Json) -> list[Json]:
    return [
        {"channel_id": channel, "channel_type": 1 if "@" in channel else 2}
        for uid, channel in world.rows
        if uid == body["uid"]
    ]


def require_conversation(body: Json) -> None:
    if not body["uid"]:
        raise Refusal("uid cannot be empty")
    if not body["channel_id"] or not body["channel_type"]:
        raise Refusal("channel_id or channel_type cannot be empty")


def delete(world: World, body: Json) -> Json:
    require_conversation(body)
    channel = world.channel(body["uid"], body)
    row = world.rows.get((body["uid"], channel))
    if row is not None and (body["uid"], channel) not in world.pending:
        row["D"] = len(world.logs.get(channel, []))
    return OK


def clear_unread(world: World, body: Json) -> Json:
    require_conversation(body)
    channel = world.channel(body["uid"], body)
    world.row(body["uid"], channel)["R"] = len(world.logs.get(channel, []))
    return OK


def set_unread(world: World, body: Json) -> Json:
    require_conversation(body)
    channel = world.channel(body["uid"], body)
    row = world.row(body["uid"], channel)
    row["R"] = max(row["R"], len(world.logs.get(channel, [])) - body["unread"])
    return OK


def add_members(world: World, body: Json) -> Json:
    if not body.get("subscribers"):
        raise Refusal("subscribers不能为空！")
    members = world.members.setdefault(body["channel_id"], [])
    if body.get("reset"):
        members.clear()
    for uid in body["subscribers"]:
        if uid not in members:
            members.append(uid)
        row = world.row(uid, body["channel_id"])
        row["R"] = len(world.logs.get(body["channel_id"], []))
        world.pending.discard((uid, body["channel_id"]))
    return OK


def remove_members(world: World, body: Json) -> Json:
    for uid in body["subscribers"]:
        world.rows.pop((uid, body["channel_id"]), None)
        if uid in world.members.get(body["channel_id"], []):
            world.members[body["channel_id"]].remove(uid)
    return OK


def channel_info(world: World, body: Json) -> Json:
    world.flags[body["channel_id"]] = {"ban": body["ban"], "send_ban": body["send_ban"]}
    return OK


def channel_delete(world: World, body: Json) -> Json:
    world.flags.setdefault(body["channel_id"], {})["disband"] = 1
    return OK


def list_change(name: str, add: bool) -> Callable[[World, Json], Json]:
    def change(world: World, body: Json) -> Json:
        uids = world.lists.setdefault((name, body["channel_id"]), [])
        for uid in body["uids"]:
            if add:
                uids.append(uid)
            elif uid in uids:
                uids.remove(uid)
        return OK

    return change


def device_quit(world: World, body: Json) -> Json:
    flags = (0, 1, 2) if body["device_flag"] == -1 else (body["device_flag"],)
    # Where tokens are given, only a device that has one is known here, and ended.
    known = world.tokens or world.online
    world.online -= {(body["uid"], f) for f in flags if (body["uid"], f) in known}
    return OK


def kick_connection(world: World, body: Json) -> Json:
    for place, connection in enumerate(sorted(world.online), 1):
        if place == body["conn_id"]:
            world.online.discard(connection)
    return OK


def online_status(world: World, uids: list[str]) -> list[Json]:
    return [
        {"uid": uid, "device_flag": flag, "online": 1}
        for uid, flag in sorted(world.online)
        if uid in uids
    ]


def stored_rows(world: World, query: Json) -> Json:
    data = [
        {
            "id": 1,
            "uid": uid,
            "type": 0,
            "channel_id": channel,
            "channel_type": 1 if "@" in channel else 2,
            "unread_count": max(0, len(world.logs.get(channel, [])) - row["R"]),
            "last_msg_seq": len(world.logs.get(channel, [])),
            "readed_to_msg_seq": row["R"],
        }
        for (uid, channel), row in world.rows.items()
        if uid == query["uid"] and (uid, channel) not in world.pending
    ]
    # A flush tick comes between two looks.
    world.pending.clear()
    return {"total": 0, "data": data}


def token(world: World, body: Json) -> Json:
    world.tokens[body["uid"], body["device_flag"]] = body
    return OK


def devices(world: World, query: Json) -> Json:
    found = [each for (uid, _), each in world.tokens.items() if uid == query["uid"]]
    return {"total": 0, "more": 0, "data": found}


def connections(world: World, query: Json) -> Json:
    words = {0: "App", 1: "Web", 2: "PC"}
    found = [
        {"id": place, "uid": uid, "device": f"{words[flag]}(从)", "device_id": ""}
        for place, (uid, flag) in enumerate(sorted(world.online), 1)
        if query.get("uid", "") in uid
    ]
    now = "2026-11-25T22:45:10.914326935Z"
    return {"connections": found, "now": now, "total": len(found), "offset": 0, "limit": 20}


def groups(world: World, query: Json) -> Json:
    found = [
        {
            "channel_id": group,
            "channel_type": 2,
            "disband": world.flags.get(group, {}).get("disband", 0),
            "created_at": place,
        }
        for place, group in enumerate(world.members, 1)
    ]
    return {"total": 0, "more": 0, "data": found[::-1]}


def list_route(path: str) -> Callable[[World, Any], object] | None:
    parts = path.split("/")
    if parts[1:3] != ["cluster", "channels"] or len(parts) != 6:
        return None
    channel_id, name = unquote(parts[3]), parts[5]
    lists = {"denylist": "black", "allowlist": "white"}
    if name == "subscribers":
        return lambda world, _: world.members.get(channel_id, [])
    return lambda world, _: world.lists.get((lists[name], channel_id), [])


ROUTES: dict[tuple[str, str], Callable[[World, Any], object]] = {
    ("GET", "/varz"): lambda world, _: {"server_name": "WuKongIM", "version": world.version},
    ("GET", "/health"): lambda world, _: {"status": "ok"},
    ("GET", "/cluster/conversations"): stored_rows,
    ("GET", "/cluster/channels"): groups,
    ("GET", "/cluster/devices"): devices,
    ("GET", "/cluster/allslot"): lambda world, _: {"data": [{"id": 0, "leader_id": world.leader}]},
    ("GET", "/route"): lambda world, _: world.route,
    ("GET", "/connz"): connections,
    ("POST", "/user/token"): token,
    ("POST", "/message/send"): send,
    ("POST", "/channel/messagesync"): messagesync,
    ("POST", "/conversation/sync"): conversation_sync,
    ("POST", "/conversation/syncByChannels"): by_channels,
    ("POST", "/conversation/channels"): channels,
    ("POST", "/conversations/delete"): delete,
    ("POST", "/conversations/clearUnread"): clear_unread,
    ("POST", "/conversations/setUnread"): set_unread,
    ("POST", "/channel"): add_members,
    ("POST", "/channel/subscriber_add"): add_members,
    ("POST", "/channel/subscriber_remove"): remove_members,
    ("POST", "/channel/info"): channel_info,
    ("POST", "/channel/delete"): channel_delete,
    ("POST", "/channel/blacklist_add"): list_change("black", True),
    ("POST", "/channel/blacklist_remove"): list_change("black", False),
    ("POST", "/channel/whitelist_add"): list_change("white", True),
    ("POST", "/channel/whitelist_remove"): list_change("white", False),
    ("POST", "/user/device_quit"): device_quit,
    ("POST", "/conn/kick"): kick_connection,
    ("POST", "/user/onlinestatus"): online_status,
}


class FakeWuKongIM(ThreadingHTTPServer):
    """Runs in a thread on a port of its own; `with FakeWuKongIM() as server: server.url`."""

    daemon_threads = True

    def __init__(
        self, *, version: str = "v2.2.5-20260422", token: str = "", store_after: int = 1
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.world = World(version, store_after)
        self.token = token
        self.lock = threading.Lock()
        self.connections: list[socket.socket] = []
        self.asked: list[tuple[str, str, str]] = []
        self.misbehave: dict[str, Misbehaviour] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> FakeWuKongIM:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""

    def calls(self, path: str) -> list[Json]:
        """The bodies asked of a path."""
        return [json.loads(raw) for _, asked, raw in self.asked if asked == path and raw]
