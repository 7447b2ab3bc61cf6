"""Clients over WebSocket: messages hold the bytes of the connection, cut anywhere.

`websockets` speaks the protocol, without its own sockets: then the messages of a turn are written
together, and none costs a task. As the real server does, this one takes any path, offers neither
sub-protocol nor compression, writes each frame as a message of its own (text for JSON), and ends a
connection by closing the socket, without a close frame. It does read fragmented messages, at which
the real one stalls.

Source: WuKongIM `pkg/wknet/websocket.go`, `internal/user/handler/event_write.go`; measured.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from imcli.serve.connection import Connection
from imcli.serve.sockets import SocketClient
from imcli.serve.world import World

MESSAGE_BYTES_MAX = 4 << 20
"""A message may hold several frames of 1 MiB; JSON-RPC objects may be longer than frames."""
CONTENT = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

_SILENT = logging.getLogger("imcli.serve.ws")
_SILENT.disabled = True


class WsClient(SocketClient):
    """One client over WebSocket."""

    kind = "ws"

    def __init__(self, world: World, buffer: memoryview) -> None:
        super().__init__(world, buffer)
        self._protocol = ServerProtocol(max_size=MESSAGE_BYTES_MAX, logger=_SILENT)

    def take(self, connection: Connection, data: bytes) -> None:
        """Take the bytes of one read: the handshake, then messages."""
        protocol = self._protocol
        protocol.receive_data(data)
        said: list[bytes] = []
        for event in protocol.events_received():
            if isinstance(event, Request):
                self._shake_hands(connection, event)
            elif isinstance(event, Frame) and event.opcode in CONTENT:
                said.append(bytes(event.data))
        if said:
            connection.receive(said[0] if len(said) == 1 else b"".join(said))
        if protocol.close_rcvd is not None:
            connection.close("it said goodbye")
        if connection.gone:
            return
        if protocol.parser_exc is not None or protocol.handshake_exc is not None:
            connection.drop(f"no WebSocket: {protocol.parser_exc or protocol.handshake_exc}")
            return
        for piece in protocol.data_to_send():
            if piece:
                self.put(piece)

    def _shake_hands(self, connection: Connection, request: Request) -> None:
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        for piece in self._protocol.data_to_send():
            if piece:
                self.put(piece)
        if self._protocol.state is not OPEN:
            connection.close("it asked for something other than WebSocket")

    def write(self, frames: Sequence[bytes], *, text: bool) -> None:
        """Write each frame as a message of its own."""
        opcode = Opcode.TEXT if text else Opcode.BINARY
        self.put(b"".join([Frame(opcode, frame).serialize(mask=False) for frame in frames]))
