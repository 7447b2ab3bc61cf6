"""What a device's connection heard, as values of the model.

The same message looks different on this wire and in the HTTP API: here a person's channel is named
after the peer as its receiver sees it, and the time is that of the push, in seconds. Both become
one `Message`, so that whoever compares compares one thing (WuKongIM
`internal/pusher/handler/event_pushonline.go`, `internal/types/message.go:From`).
"""

from __future__ import annotations

from imcli.model.entities import SYSTEM_USER, Message, MessageKind, channel_key
from imcli.wire import codes
from imcli.wire.answers import contents_of
from imcli.wire.instants import id_time_ms
from imcli.wire.names import Names
from imcli.wire.packets import Recv


def read_pushed(recv: Recv, names: Names, user: str, kind: MessageKind = "content") -> Message:
    """Read a message that was pushed to a device of `user`; its payload is in plain."""
    chat = names.chat_name(recv.channel_id, recv.channel_type)
    text, payload = contents_of(recv.payload)
    sender = names.user_name(recv.from_uid or SYSTEM_USER)
    pushed_ms = recv.timestamp * 1000
    return Message(
        channel=channel_key(user, chat),
        seq=recv.message_seq,
        message_id=recv.message_id,
        client_msg_no=recv.client_msg_no,
        sender=sender,
        text=names.said(sender, recv.client_msg_no, text),
        kind=kind,
        time_ms=id_time_ms(recv.message_id, pushed_ms),
        expires_ms=pushed_ms + recv.expire * 1000 if recv.expire else 0,
        no_red_dot=not recv.flags & codes.RED_DOT,
        payload=payload,
        sync_once=bool(recv.flags & codes.SYNC_ONCE),
    )
