"""What WuKongIM's HTTP API answered, as values of the model.

A status and a body come in; an `Answer` (did it happen?), entries of a list, or messages go out.
The first question about every answer is whether it is *definite*. A 400 with the server's envelope
is a no, except where its text says that the server itself ran out of time: then the change may
still come. A 500 is a handler that died half-way. Anything that is not what the API answers tells
nothing about what was done. Texts of refusals are opaque (mostly Chinese, sometimes raw Go errors)
and only shown.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal

import msgspec

from imcli.model.entities import PERSON, SYSTEM_USER, Entry, Message, channel_key
from imcli.model.reasons import REASON_BY_CODE, REASON_BY_NAME
from imcli.wire.forms import BAD_JSON
from imcli.wire.instants import id_time_ms
from imcli.wire.names import Names

INDEFINITE_TEXTS = ("deadline exceeded", "timeout", "timed out", "context canceled")
"""In a 400: the proposal was still under way when the server stopped waiting for it."""
NOT_READY_TEXTS = ("获取频道所在节点失败",)
"""In a 400: the slot of the id has no leader yet; nothing was done."""


class Garbled(ValueError):
    """The body is not what the API answers to this call."""


class Answer(msgspec.Struct, frozen=True):
    """Whether it was done: `not-ready` means no, because the server cannot do anything yet."""

    result: Literal["ok", "refused", "unknown", "not-ready"]
    reason: str = ""
    detail: str = ""


class SendData(msgspec.Struct, frozen=True):
    """What the API answers to a send: no sequence number, because nothing is stored yet."""

    message_id: int
    client_msg_no: str = ""


class MessagePage(msgspec.Struct, frozen=True):
    """A page of a log, oldest first."""

    messages: tuple[Message, ...]
    more: bool


# The server's own objects; fields that nobody reads are left out


class _Envelope(msgspec.Struct):
    status: int = 200
    msg: str = ""
    error: str = ""
    reason: str = ""


class _SendEnvelope(msgspec.Struct):
    data: SendData


class _Header(msgspec.Struct, frozen=True):
    no_persist: int = 0
    red_dot: int = 0
    sync_once: int = 0


class _Message(msgspec.Struct):
    message_id: int
    message_seq: int
    client_msg_no: str = ""
    from_uid: str = ""
    timestamp: int = 0
    expire: int = 0
    payload: str | None = None
    header: _Header = _Header()


class _Page(msgspec.Struct):
    messages: list[_Message] | None
    more: int = 0


class _Conversation(msgspec.Struct):
    channel_id: str
    channel_type: int
    unread: int = 0
    readed_to_msg_seq: int = 0
    recents: list[_Message] | None = None


class _Row(msgspec.Struct):
    channel_id: str
    channel_type: int
    type: int = 0
    unread_count: int = 0
    last_msg_seq: int = 0
    readed_to_msg_seq: int = 0


class _Rows(msgspec.Struct):
    data: list[_Row] | None


class _Online(msgspec.Struct):
    uid: str
    device_flag: int
    online: int = 0


class Varz(msgspec.Struct, frozen=True):
    """What a server says of itself. `version` can be empty in a private build."""

    server_name: str = ""
    version: str = ""
    commit: str = ""
    uptime: str = ""
    connections: int = 0
    manager_token_on: int | bool = 0
    tcp_addr: str = ""
    ws_addr: str = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the version; `()` where there are none."""
        return version_numbers(self.version)

    @property
    def build(self) -> str:
        """The version word for word, with the commit where it is told."""
        said = (self.version, f"commit {self.commit[:12]}" if self.commit.strip() else "")
        return ", ".join(part for part in said if part)


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_SENT = msgspec.json.Decoder(_SendEnvelope)
_PAGE = msgspec.json.Decoder(_Page)
_LIST = msgspec.json.Decoder(list[_Conversation] | None)
_ROWS = msgspec.json.Decoder(_Rows)
_ONLINE = msgspec.json.Decoder(list[_Online] | None)
_VARZ = msgspec.json.Decoder(Varz)


def excerpt(body: bytes, length: int = 120) -> str:
    """Show the beginning of a body, on one line, for a message to a person."""
    text = body[: length * 4].decode(errors="replace")
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if len(flat) <= length else flat[:length] + "…"


def garbled(error: Exception, body: bytes) -> Garbled:
    """Say what is wrong with a body that could not be read.

    >>> str(garbled(ValueError("Input data was truncated"), b" "))
    'the answer is empty'
    """
    if not body.strip():
        return Garbled("the answer is empty")
    why = str(error).replace("Input data was truncated", "its JSON ends too early")
    return Garbled(f"{why}: {excerpt(body)}")


def judge(status: int, body: bytes) -> Answer:
    """Tell what an answer says about what was asked."""
    if status == 401:
        return Answer("refused", "auth-failed", "the manager token is missing or wrong (401)")
    if status == 404:
        return Answer("refused", "unsupported", "this server has no such route (404)")
    if status not in (200, 400):
        return Answer("unknown", detail=f"answered {status}: {excerpt(body) or 'nothing'}")
    try:
        envelope = _ENVELOPE.decode(body)
    except BAD_JSON:
        if status == 200 and _is_json_array(body):
            return Answer("ok")
        return Answer(
            "unknown", detail=f"answered {status} and not as the API does: {excerpt(body)}"
        )
    return _judge_envelope(status, envelope)


def _judge_envelope(status: int, envelope: _Envelope) -> Answer:
    text = envelope.msg or envelope.error
    if status == 200:
        if envelope.status == 200:
            return Answer("ok")
        reason = REASON_BY_CODE.get(envelope.status)
        detail = f"answered status {envelope.status} {text}".rstrip()
        return Answer("refused", reason.name if reason else "invalid", detail)
    if any(word in text for word in NOT_READY_TEXTS):
        return Answer("not-ready", detail=text)
    if any(word in text.lower() for word in INDEFINITE_TEXTS):
        return Answer("unknown", detail=text)
    # Only a simulated server with a profile that refuses names the reason.
    named = envelope.reason if envelope.reason in REASON_BY_NAME else "invalid"
    return Answer("refused", named, text or "answered 400")


def _is_json_array(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except BAD_JSON:
        return False
    return body.lstrip()[:1] in (b"[", b"n")


# Reading what was asked for


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except BAD_JSON as error:
        raise garbled(error, body) from error


def read_sent(body: bytes) -> SendData:
    """Read the answer to `/message/send`.

    Raises:
        Garbled: it is something else.
    """
    sent: _SendEnvelope = _decode(_SENT, body)
    return sent.data


def read_page(body: bytes, names: Names, user: str, chat: str) -> MessagePage:
    """Read the answer to `/channel/messagesync`, as `user` reads `chat`.

    Raises:
        Garbled: it is something else.
    """
    page: _Page = _decode(_PAGE, body)
    key = channel_key(user, chat)
    return MessagePage(
        tuple(_message(raw, names, key) for raw in page.messages or ()), bool(page.more)
    )


def read_list(body: bytes, names: Names, user: str) -> tuple[Entry, ...]:
    """Read a conversation list, in the server's order.

    Raises:
        Garbled: it is something else.
    """
    listed: list[_Conversation] | None = _decode(_LIST, body)
    size = len(listed or ())
    return tuple(_entry(raw, names, user, size - place) for place, raw in enumerate(listed or ()))


def read_rows(body: bytes, names: Names, user: str) -> tuple[Entry, ...]:
    """Read the stored rows of a user: entries without messages; see `read_stored`."""
    return tuple(entry for entry, _ in read_stored(body, names, user))


def read_stored(body: bytes, names: Names, user: str) -> tuple[tuple[Entry, int], ...]:
    """Read the stored rows of a user, each with the number of the newest message of its log.

    The delete mark is not exposed by the server. A person's row without a pair of ids is left out:
    `blacklist_remove` writes such rows from 2.2.0 on, and no list shows them
    (`internal/api/channel.go:blacklistRemove`).

    Raises:
        Garbled: it is something else.
    """
    rows: _Rows = _decode(_ROWS, body)
    chats = [row for row in rows.data or () if row.type == 0 and _is_chat(row)]
    return tuple(
        (
            Entry(
                _row_chat(row, names, names.user_id(user)),
                unread=max(0, row.unread_count),
                read_to=row.readed_to_msg_seq,
            ),
            row.last_msg_seq,
        )
        for row in chats
    )


def _is_chat(row: _Row) -> bool:
    return row.channel_type != PERSON or "@" in row.channel_id


def _row_chat(row: _Row, names: Names, uid: str) -> str:
    if row.channel_type != PERSON:
        return names.chat_name(row.channel_id, row.channel_type)
    first, _, second = row.channel_id.partition("@")
    return names.user_name(second if first == uid else first)


def read_online(body: bytes, names: Names) -> frozenset[tuple[str, int]]:
    """Read which (user, device flag) are online; none is an object for an empty question.

    Raises:
        Garbled: it is something else.
    """
    online: list[_Online] | None = _decode(_ONLINE, body)
    return frozenset((names.user_name(o.uid), o.device_flag) for o in online or () if o.online)


def read_varz(body: bytes) -> Varz:
    """Read what `/varz` says.

    Raises:
        Garbled: it is something else.
    """
    varz: Varz = _decode(_VARZ, body)
    return varz


def version_numbers(text: str) -> tuple[int, ...]:
    """Take the numbers out of a version.

    >>> version_numbers("v2.1.3-20250210"), version_numbers("2.2.5"), version_numbers("dev")
    ((2, 1, 3), (2, 2, 5), ())
    """
    parts = text.removeprefix("v").partition("-")[0].split(".")
    return tuple(map(int, parts)) if all(p.isascii() and p.isdigit() for p in parts) else ()


def _entry(raw: _Conversation, names: Names, user: str, order: int) -> Entry:
    chat = names.chat_name(raw.channel_id, raw.channel_type)
    key = channel_key(user, chat)
    messages = tuple(_message(recent, names, key) for recent in reversed(raw.recents or ()))
    return Entry(
        chat,
        unread=raw.unread,
        last=messages[-1] if messages else None,
        messages=messages,
        read_to=raw.readed_to_msg_seq,
        order=(order,),
    )


def _message(raw: _Message, names: Names, channel: str) -> Message:
    text, payload = _contents(raw.payload or "")
    # The API hides its own sender behind an empty id.
    sender = names.user_name(raw.from_uid or SYSTEM_USER)
    return Message(
        channel=channel,
        seq=raw.message_seq,
        message_id=raw.message_id,
        client_msg_no=raw.client_msg_no,
        sender=sender,
        text=names.said(sender, raw.client_msg_no, text),
        time_ms=id_time_ms(raw.message_id, raw.timestamp * 1000),
        expires_ms=(raw.timestamp + raw.expire) * 1000 if raw.expire else 0,
        # `red_dot` is not read: the oldest message of any answer has lost its header flags (A19,
        # WuKongIM `pkg/wkdb/message.go`), and no count of the server depends on it.
        payload=payload,
        # A command is in a log of its own; what stands here with the flag is listed and counted.
        sync_once=bool(raw.header.sync_once),
    )


def _contents(encoded: str) -> tuple[str, str]:
    """Split a payload into its text and, where it is more than a text, its JSON."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return encoded, ""
    return contents_of(data)


def contents_of(data: bytes) -> tuple[str, str]:
    """Split what stands in a message into its text and, where it is more, its JSON.

    >>> contents_of(b'{"content":"hi","type":1}'), contents_of(b'{"x":1}'), contents_of(b"hi")
    (('hi', ''), ('', '{"x":1}'), ('hi', ''))
    """
    try:
        value = msgspec.json.decode(data)
    except BAD_JSON:
        return data.decode(errors="replace"), ""
    if not isinstance(value, dict):
        return data.decode(errors="replace"), ""
    content = value.get("content")
    text = content if isinstance(content, str) else ""
    plain = (
        isinstance(content, str) and set(value) <= {"content", "type"} and value.get("type") == 1
    )
    return text, "" if plain else msgspec.json.encode(value, order="sorted").decode()
