"""The official JavaScript SDK, unchanged, connects to a served world.

Needs `node` and `npm` with a registry; without them it is skipped, and says why. The SDK is
installed into a folder of its own outside the project, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imcli.serve import notes
from tests.serve.house import House, house, played

PACKAGES = ("wukongimjssdk@1.0.4", "ws@8")
DRIVER = Path(__file__).with_name("sdk.mjs")
CONNECTED, KICKED, GONE = 1, 4, 0
INSTALL_S = 240
Json = dict[str, Any]


def installed() -> Path:
    """Install the SDK where it is not yet; skips the test where that cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not here")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < 20:
        pytest.skip(f"node {version.strip()} is older than 20")
    folder = (
        Path(tempfile.gettempdir()) / f"imcli-js-sdk-{os.getuid() if os.name == 'posix' else 0}"
    )
    if not (folder / "node_modules").is_dir():
        _install(npm, folder)
    return folder


def _install(npm: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        Path(fresh, "package.json").write_text('{"private": true}')
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        try:
            done = subprocess.run(
                command, cwd=fresh, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not answer")
        if done.returncode:
            pytest.skip(f"npm cannot install the SDK: {done.stderr.strip()[:200]}")
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):  # another test was quicker
            Path(fresh, "node_modules").rename(folder / "node_modules")


class SdkDevice:
    """One device in a node process."""

    def __init__(self, program: asyncio.subprocess.Process, served: House, uid: str) -> None:
        self._program = program
        self._served = served
        self.uid = uid
        self._events: list[Json] = []

    def do(self, command: str, **more: Any) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write(msgspec.json.encode({"command": command, **more}) + b"\n")

    async def hear(self, event: str, **wanted: Any) -> Json:
        """Wait for an event with these values; others are kept."""
        while True:
            for found in self._events:
                if found["event"] == event and wanted.items() <= found.items():
                    self._events.remove(found)
                    return found
            assert self._program.stdout is not None
            line = await self._program.stdout.readline()
            assert line, f"the SDK ended before it said {event}"
            self._events.append(msgspec.json.decode(line))

    async def connect(self, flag: int, token: str = "t") -> None:
        url, api = f"ws://{self._served.ws}", f"http://{self._served.http}"
        self.do("connect", url=url, api=api, uid=self.uid, token=token, flag=flag)
        await self.hear("status", status=CONNECTED)

    async def end(self) -> None:
        if self._program.stdin is not None:
            self._program.stdin.close()
        await self._program.wait()


@contextlib.asynccontextmanager
async def device(served: House, uid: str) -> AsyncIterator[SdkDevice]:
    program = await asyncio.create_subprocess_exec(
        "node",
        str(DRIVER),
        str(installed()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    found = SdkDevice(program, served, uid)
    try:
        yield found
    finally:
        await found.end()


@played
async def test_the_sdk_connects_sends_receives_on_two_devices_and_acknowledges() -> None:
    async with (
        house() as served,
        device(served, "A") as a,
        device(served, "B") as web,
        device(served, "B") as phone,
    ):
        await a.connect(1)
        await web.connect(1)
        await phone.connect(0)
        a.do("send", to="B", kind=1, text="hello")
        assert (await a.hear("ack"))["seq"] == 1
        for each in (web, phone):
            assert await each.hear("message", text="hello") == {
                "event": "message",
                "from": "A",
                "channel": "A",
                "seq": 1,
                "text": "hello",
            }
        await served.until(lambda: len(served.told_of(notes.Acknowledged)) == 2)
        phone.do("sync")
        assert (await phone.hear("list"))["list"] == [["A", 1]]
        web.do("send", to="A", kind=1, text="back")
        assert (await web.hear("ack"))["seq"] == 2
        assert (await a.hear("message"))["text"] == "back"
        own = await phone.hear("message", text="back")
        assert (own["from"], own["channel"]) == ("B", "A")
        phone.do("sync")
        assert (await phone.hear("list"))["list"] == [["A", 0]]


@played
async def test_the_sdk_is_told_why_a_message_was_refused() -> None:
    async with house() as served, device(served, "A") as a:
        await a.connect(1)
        a.do("send", to="nowhere", kind=2, text="hello")
        assert (await a.hear("ack"))["reason"] == 3


@played
async def test_the_sdk_gives_listeners_what_a_profile_tells_of_conversations() -> None:
    async with house("reference") as served, device(served, "A") as a, device(served, "B") as b:
        await a.connect(1)
        await b.connect(1)
        b.do("send", to="A", kind=1, text="hello")
        await a.hear("message")
        body = {"uid": "A", "channel_id": "B", "channel_type": 1}
        assert (await served.post("/conversations/clearUnread", body))[0] == 200
        told = await a.hear("command", cmd="imcliConversationChanged")
        assert (told["param"]["channel_id"], told["param"]["unread"]) == ("B", 0)


@played
async def test_the_sdk_that_is_kicked_knows_it_and_stays_away() -> None:
    async with house("wukongim-2.1.3") as served, device(served, "A") as a:
        await a.connect(1)
        body = {"uid": "A", "token": "t", "device_flag": 1, "device_level": 1}
        assert (await served.post("/user/token", body))[0] == 200
        assert (await a.hear("status", status=KICKED))["reason"] == 12


@played
async def test_the_sdk_comes_back_after_its_connection_was_lost_and_sends_what_waits() -> None:
    async with house() as served, device(served, "A") as a, device(served, "B") as b:
        await a.connect(1)
        await b.connect(1)
        (lost,) = served.world.seats.of_user("A")
        lost.drop("the test cuts it")
        await a.hear("status", status=GONE)
        await a.hear("status", status=CONNECTED)
        a.do("send", to="B", kind=1, text="again")
        assert (await b.hear("message"))["text"] == "again"
