"""Every recorded session with a real server is played to a served world of that version.

What clients said is said again, sealed with this server's keys; before each of their lines
everything that the real server had said by then must have come. Compared is all but what differs
by nature: ids (the same id stands for the same message), numbers above 0 (earlier sessions had
messages, too), times, keys, and the order between connections.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect as connect_ws

from imcli.serve import notes
from imcli.serve.rules import Limits
from imcli.simulator.profiles import load_profile
from imcli.wire import encryption
from imcli.wire.binary import Decoder, encode
from imcli.wire.codes import highest_version
from imcli.wire.encryption import Cipher
from imcli.wire.packets import Connack, Event, Packet, Recv, Send, Sendack
from tests.serve.house import House, house, played
from tests.wire.recorded import bytes_of, mismatches, packets_of, server_version, sessions

Line = dict[str, Any]
QUICK = Limits(connect_s=20, auth_s=0.5, kick_s=0.3, token_kick_s=3, sweep_s=0.1)
"""Times that are waited for in the recordings, shorter."""
BY_NATURE = (
    *("message_id", "message_seq", "timestamp", "time_diff", "msg_key", "payload", "server_key"),
    *("salt", "stream_no", "stream_id", "client_msg_no"),
)
MASTERS = ("k1", "k2", "k4", "k5", "k6", "s1", "r1")
"""Who had a token `t` as a master device before the recording began."""


class Wire:
    """One recorded connection, played: what the server says piles up in `said`."""

    def __init__(self, recorded: Line, version: int) -> None:
        self.recorded = recorded
        self.version = version
        self.said: collections.deque[Any] = collections.deque()
        self.closed = False
        self.changed = asyncio.Event()
        self.cipher: Cipher | None = None
        self.half = b""
        self._decoder = Decoder(recorded.get("version", 5))
        self._json = json.JSONDecoder()
        self._text = ""

    @property
    def is_json(self) -> bool:
        return bool(self.recorded["protocol"] == "jsonrpc")

    async def open(self, served: House) -> None:
        if self.recorded["transport"] == "ws":
            self.socket = await connect_ws(f"ws://{served.ws}/", compression=None)
            self.task = asyncio.create_task(self._read_ws())
        else:
            self.reader, self.writer = await served.raw()
            self.task = asyncio.create_task(self._read_tcp())

    async def _read_ws(self) -> None:
        with contextlib.suppress(Exception):
            async for message in self.socket:
                assert isinstance(message, str) == self.is_json
                self._take(message.encode() if isinstance(message, str) else message)
        self._end()

    async def _read_tcp(self) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(65_536):
                self._take(data)
        self._end()

    def _end(self) -> None:
        self.closed = True
        self.changed.set()

    def _take(self, data: bytes) -> None:
        if self.is_json:
            self._text += data.decode()
            while self._text:
                value, end = self._json.raw_decode(self._text)
                self.said.append(value)
                self._text = self._text[end:]
        else:
            for packet in self._decoder.receive(data):
                if isinstance(packet, Connack):
                    self._agree(packet)
                self.said.append(packet)
        self.changed.set()

    def _agree(self, connack: Connack) -> None:
        if connack.server_key:
            secret = bytes.fromhex(self.recorded["client_private_hex"])
            self.cipher = encryption.agree(secret, connack.server_key, connack.salt)

    async def say(self, data: bytes) -> None:
        if self.recorded["transport"] == "ws":
            await self.socket.send(data.decode() if self.is_json else data)
        else:
            self.writer.write(data)

    async def end(self) -> None:
        self.task.cancel()
        if self.recorded["transport"] == "ws":
            await self.socket.close()
        else:
            self.writer.close()


class Player:
    """Plays one recorded session."""

    def __init__(self, session: Line, served: House) -> None:
        self.session = session
        self.served = served
        self.version = server_version(session["tag"])
        self.wires: dict[str, Wire] = {}
        self.expected: dict[str, list[Line]] = {}
        self.ids: dict[str, int] = {}
        self.numbers: dict[str, str] = {}
        self.answer: tuple[int, Any] = (0, None)

    async def play(self) -> int:
        """Play everything; gives how many lines of the server came and were compared."""
        compared = 0
        await self._prepare()
        for line in self.session["frames"]:
            if line["dir"] == "c2s":
                await self._catch_up()
                await self._say(line)
            else:
                self.expected.setdefault(line["conn"], []).append(line)
                compared += 1
        await self._catch_up()
        await self._nothing_more()
        for wire in self.wires.values():
            await wire.end()
        return compared

    async def _prepare(self) -> None:
        if self.session["name"][4:] in ("kicks", "resend"):
            for uid in MASTERS:
                body = {"uid": uid, "token": "t", "device_flag": 0, "device_level": 1}
                await self.served.post("/user/token", body)
            body = {"uid": "k3", "token": "t", "device_flag": 0, "device_level": 0}
            await self.served.post("/user/token", body)

    # Saying

    async def _say(self, line: Line) -> None:
        name = line["conn"]
        if name == "http":
            self.answer = await self._ask(line)
            return
        if name not in self.wires:
            self.wires[name] = Wire(self.session["conns"][name], highest_version(self.version))
            await self.wires[name].open(self.served)
        elif packets_of(line)[:1] and packets_of(line)[0].get("frame") == "CONNECT":
            await self.served.until(lambda: self._was_refused(self.wires[name]))
        if self.session["name"] == "225 kicks" and line["fields"]["frame"] == "PING":
            await self._until_forgotten(name)
        data = self._translated(self.wires[name], line)
        await self.wires[name].say(data)

    def _was_refused(self, wire: Wire) -> bool:
        host, port = wire.writer.get_extra_info("sockname")
        refused = self.served.told_of(notes.Refused)
        return f"{host}:{port}" in [note.address for note in refused]

    async def _until_forgotten(self, name: str) -> None:
        """Wait until the time of a kicked connection is over, where the recording waited, too."""
        device = self.session["conns"][name]
        (found,) = (
            connection
            for connection in self.served.world.connections
            if connection.leaving or connection.deaf
            if connection.name.user == device["uid"]
        )
        if name != "k3":  # has 10 s
            await self.served.until(lambda: found.deaf)

    async def _ask(self, line: Line) -> tuple[int, Any]:
        body = dict(line["fields"])
        method, path = line["http"].split()
        if "conn_id" in body:
            (connection,) = self.served.world.seats.of_user(body["uid"])
            assert connection.seat is not None
            body["conn_id"] = connection.seat.conn
        if body.get("stream_no"):
            body["stream_no"] = self.numbers[body["stream_no"]]
        return await self.served.ask(method, path, json.dumps(body).encode())

    def _translated(self, wire: Wire, line: Line) -> bytes:
        """Give the bytes of a line for this server: sealed anew, with its ids."""
        data = bytes_of(line)
        if wire.is_json:
            text = data.decode()
            for recorded, ours in self.ids.items():
                text = text.replace(recorded, str(ours))
            return text.encode()
        if wire.recorded["device_id"] == "dev-halves" and "malformed" in line:
            return self._half(wire, data)
        if "malformed" in line or not any(
            f["frame"] in ("SEND", "RECVACK") for f in packets_of(line)
        ):
            return data
        return self._anew(wire, data, packets_of(line))

    def _half(self, wire: Wire, data: bytes) -> bytes:
        """Cut a frame as it was cut, after it was sealed anew."""
        if not wire.half:
            second = next(
                bytes_of(line)
                for line in self.session["frames"]
                if line["conn"] == "halves" and line.get("malformed", "").startswith("unknown")
            )
            wire.half = self._anew(wire, data + second, [{"frame": "SEND", "key_ok": True}])
            return wire.half[: len(data)]
        return wire.half[-len(data) :]

    def _anew(self, wire: Wire, data: bytes, fields: list[Line]) -> bytes:
        negotiated = wire.recorded.get("negotiated", 4)
        decoder = Decoder(highest_version(self.version))
        decoder.version = negotiated
        packets = zip(decoder.receive(data), fields, strict=True)
        return b"".join(encode(self._packet(wire, *each), negotiated) for each in packets)

    def _packet(self, wire: Wire, packet: Packet, fields: Line) -> Packet:
        if isinstance(packet, Send) and fields.get("key_ok"):
            recorded = wire.recorded
            secret = bytes.fromhex(recorded["client_private_hex"])
            cipher = encryption.agree(secret, recorded["server_key"], recorded["salt"])
            return encryption.seal(encryption.unseal(packet, cipher), wire.cipher)
        if fields["frame"] == "RECVACK":
            return replace(packet, message_id=self.ids[fields["message_id"]])
        return packet

    # Comparing

    async def _catch_up(self) -> None:
        for name, lines in self.expected.items():
            for line in lines:
                if name == "http":
                    self._same_answer(line)
                else:
                    await self._next(self.wires[name], line)
        self.expected = {}

    async def _next(self, wire: Wire, line: Line) -> None:
        if line["dir"] == "closed":
            await self._until(wire, lambda: wire.closed, line)
            assert not wire.said
            return
        for fields in packets_of(line):
            await self._until(wire, lambda: bool(wire.said), line)
            said = wire.said.popleft()
            if wire.is_json:
                self._same_object(said, fields)
            else:
                self._same_packet(wire, said, fields)

    async def _until(self, wire: Wire, holds: Any, line: Line) -> None:
        try:
            async with asyncio.timeout(60):
                while not holds():
                    wire.changed.clear()
                    await wire.changed.wait()
                    assert holds() or not wire.closed, f"closed before {line}"
        except TimeoutError:
            raise AssertionError(f"never came: {line}") from None

    def _same_packet(self, wire: Wire, packet: Packet, fields: Line) -> None:
        assert type(packet).__name__.upper() == fields["frame"], (packet, fields)
        compared = {name: value for name, value in fields.items() if name not in BY_NATURE}
        if isinstance(packet, Event):
            self._same_event(json.loads(packet.data), json.loads(compared.pop("data")))
        assert not mismatches(packet, compared), (packet, fields)
        if isinstance(packet, Recv | Sendack):
            self._same_id(fields["message_id"], packet.message_id)
            assert bool(packet.message_seq) == bool(fields["message_seq"]), (packet, fields)
        if isinstance(packet, Recv):
            if packet.stream_no:
                self.numbers[fields["stream_no"]] = packet.stream_no
            plain = encryption.unseal(packet, wire.cipher).payload
            assert plain.decode() == fields.get("plain", fields["payload"])

    def _same_event(self, data: Line, recorded: Line) -> None:
        self._same_id(str(recorded.pop("message_id")), data.pop("message_id"))
        assert list(data.items()) == list(recorded.items())

    def _same_object(self, said: Any, fields: Line) -> None:
        assert _plain(said, self) == _plain(fields, None), (said, fields)
        for ours, recorded in zip(_message_ids(said), _message_ids(fields), strict=True):
            self._same_id(recorded, int(ours))

    def _same_id(self, recorded: str, ours: int) -> None:
        assert self.ids.setdefault(recorded, ours) == ours, (recorded, ours, self.ids)

    def _same_answer(self, line: Line) -> None:
        status, body = self.answer
        recorded = line["fields"]
        assert status == line["status"], (body, line)
        assert sorted(body) == sorted(recorded)
        data = recorded.get("data")
        if isinstance(data, dict) and "message_id" in data:
            self._same_id(str(data["message_id"]), body["data"]["message_id"])
        if "stream_no" in recorded:
            assert self.numbers.setdefault(recorded["stream_no"], body["stream_no"])

    async def _nothing_more(self) -> None:
        """Ask each connection that still answers: what it says is only the answer."""
        for name, wire in self.wires.items():
            assert not wire.said, (name, wire.said)


DIFFERENT = ("messageId", "messageSeq", "timestamp", "timeDiff")


def _plain(value: Any, player: Player | None) -> Any:
    """Leave out of an object what differs by nature."""
    if isinstance(value, dict):
        kept = {k: _plain(v, player) for k, v in value.items() if k not in DIFFERENT}
        return {k: v for k, v in kept.items() if k != "data"} if "timestamp" in value else kept
    return value


def _message_ids(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    found = [v for k, v in value.items() if k == "messageId"]
    return found + [each for v in value.values() for each in _message_ids(v)]


@pytest.mark.parametrize("session", sessions(), ids=lambda each: each["name"])
def test_a_recorded_session_is_answered_as_it_was(session: Line) -> None:
    config = session["config"]
    profile = "wukongim-" + ".".join(map(str, server_version(session["tag"])))
    retry = config.get("messageRetry")
    changed = replace(load_profile(profile), **({"resend_after": 1_000} if retry else {}))

    @played
    async def play() -> None:
        async with house(
            changed,
            limits=QUICK,
            token_auth=config.get("tokenAuthOn", False),
            encrypts=not config.get("disableEncryption"),
        ) as served:
            assert await Player(session, served).play()

    play()
