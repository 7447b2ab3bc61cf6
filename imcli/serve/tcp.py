"""Clients over TCP: the socket's bytes are the connection's."""

from __future__ import annotations

from collections.abc import Sequence

from imcli.serve.connection import Connection
from imcli.serve.sockets import SocketClient


class TcpClient(SocketClient):
    """One client over TCP."""

    kind = "tcp"

    def take(self, connection: Connection, data: bytes) -> None:
        """Take the bytes of one read."""
        connection.receive(data)

    def write(self, frames: Sequence[bytes], *, text: bool) -> None:
        """Write frames one behind the other."""
        self.put(frames[0] if len(frames) == 1 else b"".join(frames))
