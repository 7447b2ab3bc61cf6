"""Clients over WebSocket: any path, messages cut anywhere, each frame a message of its own."""

from __future__ import annotations

import json

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from imcli.targets.clocks import wall_ms
from imcli.wire.client import ClientSession, Connected
from imcli.wire.packets import Pong, Sendack
from tests.serve.house import House, house, played, session


async def client(
    served: House, uid: str, path: str = "/"
) -> tuple[ClientConnection, ClientSession]:
    """Connect a device in the binary protocol."""
    socket = await connect(f"ws://{served.ws}{path}", compression=None)
    wire = session(uid, served.world.version)
    await socket.send(wire.connect(wall_ms()))
    (connected,) = await hear(socket, wire)
    assert isinstance(connected, Connected)
    return socket, wire


async def hear(socket: ClientConnection, wire: ClientSession) -> list[object]:
    """Hear one message."""
    said = await socket.recv()
    assert isinstance(said, bytes)
    return list(wire.receive(said))


@played
async def test_any_path_will_do_and_nothing_is_offered() -> None:
    async with house() as served, connect(f"ws://{served.ws}/some/path?token=x") as socket:
        assert socket.subprotocol is None
        assert socket.response is not None
        assert "sec-websocket-extensions" not in socket.response.headers


@played
async def test_several_frames_in_one_message_are_answered_one_by_one() -> None:
    async with house() as served:
        socket, wire = await client(served, "A")
        frames = [wire.send("B", 1, b"{}", f"n{place}")[1] for place in range(5)]
        await socket.send(b"".join(frames) + wire.ping())
        answers = [(await hear(socket, wire)) for _ in range(6)]
        assert [len(each) for each in answers] == [1] * 6
        assert [type(each[0]) for each in answers] == [Sendack] * 5 + [Pong]
        await socket.close()


@played
async def test_a_frame_may_be_cut_over_messages_and_messages_into_fragments() -> None:
    async with house() as served:
        socket, wire = await client(served, "A")
        frame = wire.send("B", 1, b"{}", "n")[1]
        await socket.send(frame[:7])
        await socket.send([frame[7:20], frame[20:21], frame[21:]])
        (ack,) = await hear(socket, wire)
        assert isinstance(ack, Sendack)
        assert ack.message_seq == 1
        await socket.close()


@played
async def test_a_json_client_gets_text_and_a_binary_one_of_the_same_user_bytes() -> None:
    async with house() as served:
        binary, wire = await client(served, "A")
        async with connect(f"ws://{served.ws}") as text:
            await text.send('{"method":"connect","id":"1","params":{"uid":"A","deviceId":"t"}}')
            assert json.loads(await text.recv())["result"]["reasonCode"] == 1
            await text.send(
                '{"method":"send","id":"2","params":'
                '{"channelId":"A","channelType":1,"payload":"e30="}}'
            )
            answer = await text.recv()
            assert isinstance(answer, str)
            assert json.loads(answer)["id"] == "2"
            assert len(await hear(binary, wire)) == 1
        await binary.close()


@played
async def test_a_ping_of_websocket_is_answered_by_websocket() -> None:
    async with house() as served:
        socket, _ = await client(served, "A")
        await (await socket.ping(b"are you there"))
        await socket.close()
        await served.until(lambda: not served.world.connections)


@played
async def test_the_server_ends_a_connection_without_a_close_frame() -> None:
    async with house("wukongim-2.2.0") as served:
        socket, _ = await client(served, "A")
        (connection,) = served.world.seats
        connection.close("the test ends it")
        with pytest.raises(ConnectionClosedError) as closed:
            await socket.recv()
        assert closed.value.rcvd is None


@played
async def test_http_on_the_websocket_port_is_told_what_is_spoken_there() -> None:
    async with house() as served:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{served.ws}", additional_headers={"upgrade": "h2c"}):
                pass
        assert refused.value.response.status_code in (400, 426)
