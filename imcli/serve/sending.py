"""What clients send becomes actions of the simulated server, and what it pushes becomes frames.

An accepted message is acknowledged with its id and number, a refused one with an id and the reason;
a send whose answer a fault swallows gets none. What comes on a socket whose session is over is
stored all the same where the server has left that socket open, and nothing comes back.

Sources: WuKongIM `internal/user/handler/event_onsend.go`, `event_sendack.go`,
`internal/pusher/handler/event_pushonline.go`; measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imcli.model import actions as act
from imcli.model.entities import NOT_JSON, DeviceKey, Message
from imcli.model.events import Accepted, ConversationPushed, Event, Pushed, Refused, Unanswered
from imcli.model.reasons import REASON_BY_NAME
from imcli.serve import notes
from imcli.serve.connection import Connection, Seat
from imcli.serve.resending import Resends, Unacknowledged
from imcli.serve.written import action_of, change_for, payload_of, piece_for, recv_for
from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.wukongim import commands
from imcli.simulator.wukongim import messages as wukongim_messages
from imcli.simulator.wukongim.api.surroundings import Notice, Piece
from imcli.wire import codes
from imcli.wire.packets import Event as MessageEvent
from imcli.wire.packets import Recv, Send
from imcli.wire.server import Asked, BadSend

if TYPE_CHECKING:
    from imcli.serve.world import World

FORGOTTEN = "/dead"
"""Ends the name of a device that the server has forgotten: it is nobody's seat."""


class Post:
    """Takes messages of clients and brings them messages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.resends = Resends(
            world.server.profile,
            world.rules.limits.unacknowledged,
            self._push_again,
            self._give_up,
        )

    # From clients

    def send(self, connection: Connection, asked: Asked, packet: Send) -> None:
        """Take a message of a client."""
        world, seat = self._world, connection.seat
        assert seat is not None, "the wire lets nobody send before it was let in"
        number = packet.client_msg_no
        if not number and connection.wire.protocol == "json":
            number = f"{world.state.order + 1:032x}"
        action = action_of(seat.key, packet, number)
        if action.chat[:1] != "#" and action.chat not in world.state.users:
            world.server.apply(act.CreateUser(action.chat))  # nobody checks that a receiver exists
        connection.figures.in_msgs += 1
        connection.figures.in_msg_bytes += len(packet.payload)
        if world.seats.at(seat.key) is not connection:
            self._send_forgotten(connection, action)
            return
        events = world.server.apply(action)
        for event in events:
            self._answer(connection, asked, action, event)
        world.route(events)

    def _send_forgotten(self, connection: Connection, action: act.Send) -> None:
        world = self._world
        forgotten = replace(action, device=action.device + FORGOTTEN)
        world.route(wukongim_messages.deaf(world.state, world.server.keeping, forgotten))
        world.note_about(connection, f"sends {action.chat} something though it had to go")

    def _answer(self, connection: Connection, asked: Asked, action: act.Send, event: Event) -> None:
        if isinstance(event, Accepted):
            answer = connection.wire.sendack(asked, event.message_id, event.seq, codes.SUCCESS)
            connection.say(answer)
            self._note_sent(action, event)
        elif isinstance(event, Refused):
            self.reject(connection, asked, code_of(event, action), event.detail or event.reason)
        elif isinstance(event, Unanswered):
            why = "a fault of its link swallows the answer, or the message"
            self._note_rejected(connection, action.chat, action.client_msg_no, 0, why)

    def reject(self, connection: Connection, asked: Asked | BadSend, code: int, why: str) -> None:
        """Answer a message that was refused; it has an id, too."""
        packet = asked.send if isinstance(asked, BadSend) else asked.packet
        assert isinstance(packet, Send)
        number = self._world.state.next_order()
        connection.say(connection.wire.sendack(asked, number, 0, code))
        self._note_rejected(connection, packet.channel_id, packet.client_msg_no, code, why)

    def reject_unreadable(self, connection: Connection, asked: BadSend) -> None:
        """Answer a message whose key is wrong; a ban of its sender is asked first."""
        world = self._world
        sender = world.state.users.get(connection.name.user)
        if sender is not None and "muted" in sender.flags:
            code = REASON_BY_NAME["silenced"].code or codes.SYSTEM_ERROR
            self.reject(connection, asked, code, f"{connection.name.user} has send_ban")
        else:
            self.reject(connection, asked, codes.PAYLOAD_DECODE_ERROR, asked.why)

    def acknowledged(self, seat: Seat, message: Message) -> None:
        """A client has a message; a command that a master device has is not told it again."""
        world = self._world
        keeping = world.server.keeping
        if message.sync_once and seat.master and isinstance(keeping, RowKeeping):
            commands.received(world.state, keeping, seat.key.user, message)
        if world.watched:
            world.note(notes.Acknowledged(world.now_ms, *seat.key, message.message_id, message.seq))

    # To clients

    def deliver(self, event: Pushed) -> None:
        """Bring a message to the connections that it reached."""
        world, message = self._world, event.message
        payload = payload_of(message)
        group = message.channel[:1] == "#"
        written: dict[str, Recv] = {}
        for key in event.devices:
            connection = world.seats.at(key)
            if connection is None:
                continue
            view = "" if group and key.user != message.sender else key.user
            recv = written.get(view)
            if recv is None:
                recv = written[view] = recv_for(key.user, message, payload)
            self._push(connection, message, recv, event.attempt)

    def tell(self, users: Sequence[str], what: Piece | Notice) -> None:
        """Bring a piece of a stream, or an event about a message, to all connections of users."""
        for user in users:
            for connection in self._world.seats.of_user(user):
                if isinstance(what, Piece):
                    recv = piece_for(user, what)
                    self._push(connection, what.message, recv, 1)
                else:
                    data = what.data.encode()
                    connection.tell(MessageEvent(what.id, what.type, what.timestamp, data))

    def change(self, event: ConversationPushed) -> None:
        """Tell devices of a change to a conversation, where the profile tells more than the asker.

        As other commands that no log has, it is told once.
        """
        world = self._world
        if not world.server.keeping.tells_others:
            return
        recv = change_for(event, world.state.next_order())
        for device in event.devices:
            connection = world.seats.at(DeviceKey(event.user, device))
            if connection is not None and connection.push(recv):
                world.note_about(connection, f"is told of {event.chat}: {event.change}")

    def _push(self, connection: Connection, message: Message, recv: Recv, attempt: int) -> None:
        world = self._world
        if not connection.push(recv):
            world.note_about(connection, "gets no message that is not JSON in its protocol")
            return
        if world.watched:
            world.note(
                notes.Received(
                    world.now_ms,
                    *connection.name,
                    message.channel,
                    message.message_id,
                    message.seq,
                    attempt,
                )
            )
        if not recv.flags & codes.NO_PERSIST:
            odd = recv if recv.stream_no else None
            self.resends.expect(connection, message, attempt, world.now_ms, odd)

    def _push_again(self, connection: Connection, found: Unacknowledged) -> None:
        message, user = found.message, connection.name.user
        recv = found.recv or recv_for(user, message, payload_of(message))
        self._push(connection, message, recv, found.attempt + 1)

    def _give_up(self, connection: Connection, message: Message) -> None:
        what = f"does not acknowledge message {message.message_id}: given up"
        self._world.note_about(connection, what)

    # Notes

    def _note_sent(self, action: act.Send, event: Accepted) -> None:
        world = self._world
        if world.watched:
            world.note(
                notes.Sent(
                    world.now_ms,
                    action.user,
                    action.device,
                    action.chat,
                    event.message_id,
                    event.seq,
                    action.client_msg_no,
                    action.text or action.payload.removeprefix(NOT_JSON),
                )
            )

    def _note_rejected(
        self, connection: Connection, chat: str, number: str, code: int, why: str
    ) -> None:
        world = self._world
        world.note(notes.Rejected(world.now_ms, *connection.name, chat, number, code, why))


def code_of(event: Refused, action: act.Send) -> int:
    """Give the reason code of a refusal.

    What is malformed has none: for a group it is like one that does not exist.
    """
    reason = REASON_BY_NAME.get(event.reason)
    if reason is not None and reason.code is not None:
        return reason.code
    absent = REASON_BY_NAME["not-a-member"].code
    return absent if absent and action.chat[:1] == "#" else codes.SYSTEM_ERROR
