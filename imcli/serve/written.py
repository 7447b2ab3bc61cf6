"""Messages of the simulated server as the packets of the client protocols, and back.

Source: WuKongIM `internal/pusher/handler/event_pushonline.go`, `internal/channel/handler/
event_distribute.go`. One difference is wanted: `timestamp` is when the message was stored, not
when it is pushed, so that a resend is the same bytes.
"""

from __future__ import annotations

import base64

import msgspec

from imcli.model import actions
from imcli.model.durations import SECOND_MS
from imcli.model.entities import NOT_JSON, PERSON, SYSTEM_USER, DeviceKey, Message, chat_of
from imcli.model.events import ConversationPushed
from imcli.serve import seats
from imcli.serve.connection import Connection
from imcli.simulator.wukongim.api.derived_family import written_change
from imcli.simulator.wukongim.api.names import address, chat_name
from imcli.simulator.wukongim.api.objects import payload_text
from imcli.simulator.wukongim.api.surroundings import Connection as FaceConnection
from imcli.simulator.wukongim.api.surroundings import Piece
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX
from imcli.wire import codes
from imcli.wire.packets import Recv, Send

COMMAND_CONTENT = 99
"""The type of content that SDKs give to listeners for commands, and show nowhere."""
CHANGED = "imcliConversationChanged"
_ENCODER = msgspec.json.Encoder()


def action_of(key: DeviceKey, packet: Send, number: str) -> actions.Send:
    """Say what a client asks with a SEND, whose payload is plain."""
    text, raw = payload_text(packet.payload)
    flags = packet.flags
    return actions.Send(
        key.user,
        key.device,
        chat_name(packet.channel_id, packet.channel_type),
        text,
        number,
        raw,
        no_persist=bool(flags & codes.NO_PERSIST),
        no_red_dot=not flags & codes.RED_DOT,
        command=bool(flags & codes.SYNC_ONCE),
        expire_ms=packet.expire * SECOND_MS,
        setting=packet.setting,
        topic=packet.topic,
    )


def facts_of(connection: Connection, now_ms: int, elapsed_s: float) -> FaceConnection:
    """Give the facts of a connection that was let in, as the HTTP API shows them.

    Args:
        connection: it has a seat.
        now_ms: the server's time.
        elapsed_s: the machine's monotonic clock, by which clients are heard.
    """
    seat = connection.seat
    assert seat is not None, "it was let in"
    ip, _, port = connection.address.rpartition(":")
    return FaceConnection(
        seat.conn,
        *seat.key,
        kind=seats.kind_of_flag(seat.flag)[0],
        level="master" if seat.master else "slave",
        device_id=seat.device_id,
        version=connection.wire.version,
        ip=ip.strip("[]"),
        port=int(port) if port.isdecimal() else 0,
        since_ms=seat.since_ms,
        active_ms=now_ms - int((elapsed_s - connection.heard) * 1000),
        pending_bytes=connection.link.unread_bytes,
        flag=seat.flag,
        **msgspec.structs.asdict(connection.figures),
    )


def payload_of(message: Message) -> bytes:
    """Give the bytes that a message was sent with."""
    if not message.payload:
        return _ENCODER.encode({"content": message.text, "type": 1})
    if message.payload.startswith(NOT_JSON):
        return base64.b64decode(message.payload[1:])
    return message.payload.encode()


def recv_for(user: str, message: Message, payload: bytes) -> Recv:
    """Write a message as one of its receivers gets it.

    A person channel is named by the peer as the receiver sees it; the red dot is off for the
    sender's own devices; of the system's messages neither sender nor person channel is told.
    """
    base = message.channel.removesuffix(COMMAND_SUFFIX)
    channel_id, channel_type = address(base) if base[:1] == "#" else (chat_of(user, base), PERSON)
    system = message.sender == SYSTEM_USER
    return Recv(
        message.message_id,
        message.seq,
        "" if system and channel_type == PERSON else channel_id,
        channel_type,
        "" if system else message.sender,
        payload,
        message.time_ms // SECOND_MS,
        message.client_msg_no,
        setting=message.setting,
        stream_id=message.message_id if message.setting & codes.STREAM else 0,
        expire=max(0, message.expires_ms - message.time_ms) // SECOND_MS,
        topic=message.topic,
        flags=flags_for(user, message),
    )


def flags_for(user: str, message: Message) -> int:
    """Give the header flags of a message for one receiver."""
    return (
        (codes.NO_PERSIST if message.seq == 0 else 0)
        | (codes.RED_DOT if not message.no_red_dot and user != message.sender else 0)
        | (codes.SYNC_ONCE if message.sync_once else 0)
    )


def piece_for(user: str, piece: Piece) -> Recv:
    """Write a piece of a stream for one of its receivers: no log has it, yet it is acknowledged."""
    message = piece.message
    recv = recv_for(user, message, payload_of(message))
    return msgspec.structs.replace(
        recv,
        flags=recv.flags & ~codes.NO_PERSIST,
        stream_no=piece.stream_no,
        stream_flag=piece.flag,
    )


def change_for(event: ConversationPushed, message_id: int) -> Recv:
    """Write what a device is told of a conversation as a command of the system."""
    command = {"type": COMMAND_CONTENT, "cmd": CHANGED, "param": written_change(event)}
    return Recv(
        message_id,
        0,
        "",
        PERSON,
        "",
        _ENCODER.encode(command),
        event.now_ms // SECOND_MS,
        "",
        flags=codes.NO_PERSIST | codes.SYNC_ONCE,
    )
