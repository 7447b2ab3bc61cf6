"""Messages and conversations as the API writes them: exactly the documented keys.

Source: WuKongIM `internal/types/message.go:From`, `internal/api/conversation_model.go`. The header
flags of the lowest message of any range that is read are lost (A19): the store's iterator skips the
first key, which is the header's (`pkg/wkdb/message.go`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from imcli.model.entities import NOT_JSON, PERSON, SYSTEM_USER, Entry, Message
from imcli.simulator.wukongim.api.names import address
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX, internal_id

Json = dict[str, Any]


class Form(NamedTuple):
    """How messages are written: with the fields of older streams; and whether A19 is there."""

    streams: bool
    first_flags_lost: bool


def payload_text(octets: bytes) -> tuple[str, str]:
    r"""Give a payload as this program keeps it: (text, payload).

    >>> payload_text(b'{"content":"hi","type":1}'), payload_text(b"x")
    (('hi', ''), ('', '\x00eA=='))

    The text is what people read of it; bytes that say more, or say it otherwise, stay as they are.

    >>> payload_text(b'{"type": 1, "content": "hi"}')
    ('hi', '{"type": 1, "content": "hi"}')
    """
    try:
        value = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", NOT_JSON + base64.b64encode(octets).decode()
    content = value.get("content") if isinstance(value, dict) else ""
    text = content if isinstance(content, str) else ""
    return text, "" if octets == _as_text(text) else octets.decode()


def _as_text(text: str) -> bytes:
    return msgspec.json.encode({"content": text, "type": 1})


def payload_of(message: Message) -> str:
    """Give a message's payload in base64."""
    if message.payload.startswith(NOT_JSON):
        return message.payload[1:]
    octets = message.payload.encode() if message.payload else _as_text(message.text)
    return base64.b64encode(octets).decode()


def shown_channel(message: Message) -> tuple[str, int]:
    """Give a message's channel_id and channel_type.

    For a person's it is the last half of the internal id that is not the sender, and for a command
    that half keeps its suffix; whoever asks, it is the same. A channel with oneself stays whole.
    """
    base = message.channel.removesuffix(COMMAND_SUFFIX)
    if base[:1] == "#":
        channel_id, channel_type = address(base)
        return channel_id + message.channel[len(base) :], channel_type
    internal = internal_id(message.channel)
    sender = shown_sender(message)
    others = [half for half in internal.split("@") if half != sender]
    return (others[-1] if others else internal), PERSON


def shown_sender(message: Message) -> str:
    """Give from_uid; the system's is empty."""
    return "" if message.sender == SYSTEM_USER else message.sender


def written_message(message: Message, form: Form, *, first: bool) -> Json:
    """Write one message; the header of the `first` of what was read may read as zeros (A19)."""
    flags = not (first and form.first_flags_lost)
    command = message.sync_once or message.kind == "command"
    channel_id, channel_type = shown_channel(message)
    written: Json = {
        "header": {
            "no_persist": 0,
            "red_dot": int(flags and not message.no_red_dot),
            "sync_once": int(flags and command),
        },
        "setting": message.setting,
        "message_id": message.message_id,
        "message_idstr": str(message.message_id),
        "client_msg_no": message.client_msg_no,
    }
    if form.streams:
        written["stream_idstr"] = "0"
    if message.topic:
        written["topic"] = message.topic
    expires = max(0, message.expires_ms - message.time_ms) // 1000
    return written | {
        "message_seq": message.seq,
        "from_uid": shown_sender(message),
        "channel_id": channel_id,
        "channel_type": channel_type,
        "expire": expires,
        "timestamp": message.time_ms // 1000,
        "payload": payload_of(message),
    }


def written_range(messages: Iterable[Message], form: Form) -> list[Json]:
    """Write the messages of one range that was read, oldest first."""
    return [
        written_message(message, form, first=place == 0) for place, message in enumerate(messages)
    ]


def written_conversation(entry: Entry, form: Form, updated_ms: int = 0) -> Json:
    """Write one conversation; without messages its version is that of the row."""
    channel_id, channel_type = address(entry.chat)
    last = entry.last
    timestamp = last.time_ms // 1000 if last is not None else 0
    return {
        "channel_id": channel_id,
        "channel_type": channel_type,
        "unread": entry.unread,
        "timestamp": timestamp,
        "last_msg_seq": last.seq if last is not None else 0,
        "last_client_msg_no": last.client_msg_no if last is not None else "",
        "offset_msg_seq": 0,
        "readed_to_msg_seq": entry.read_to,
        "version": timestamp * 10**9 if last is not None else updated_ms * 10**6,
        "recents": written_range(entry.messages, form)[::-1],
    }
