"""Who is let in: tokens, bans, levels; and how sessions end, by the version of the server."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imcli.serve import notes
from imcli.serve.rules import Limits
from imcli.simulator.profiles import load_profile
from imcli.wire.packets import Disconnect, Pong
from tests.serve.house import House, house, played

QUICK = Limits(kick_s=0.1, token_kick_s=0.1, auth_s=0.1, sweep_s=0.05)
TOKEN = {"uid": "A", "token": "good", "device_flag": 0, "device_level": 0}


async def register(served: House, **more: object) -> None:
    assert await served.post("/user/token", {**TOKEN, **more}) == (200, {"status": 200})


@pytest.mark.parametrize(
    ("uid", "flag", "token", "why"),
    [
        ("A", 0, "bad", "its token is wrong"),
        ("A", 0, "", "it has no token"),
        ("A", 1, "good", "no token was registered for this user and device flag"),
        ("B", 0, "good", "no token was registered for this user and device flag"),
        ("____manager", 0, "bad", "the manager token is wrong"),
    ],
)
def test_whoever_has_not_the_right_token_is_left_without_an_answer(
    uid: str, flag: int, token: str, why: str
) -> None:
    @played
    async def play() -> None:
        async with house(token_auth=True, manager_token="m", limits=QUICK) as served:
            status, _ = await served.post("/user/token", TOKEN, token="m")
            assert status == 200
            outside = await served.knock(uid, flag=flag, token=token)
            assert await outside.end() == []
            assert [note.why for note in served.told_of(notes.Refused)] == [why]
            assert not len(served.world.seats)

    play()


@played
async def test_with_its_token_a_device_is_let_in_and_visitors_and_the_manager_with_theirs() -> None:
    async with house(token_auth=True) as served:
        await register(served)
        await served.client("A", token="good")
        await served.client("guest___vstr")
        await served.client("____manager", token="anything")
    async with house("wukongim-2.2.0", token_auth=True, limits=QUICK) as served:
        assert await (await served.knock("guest___vstr")).end() == []


@played
async def test_a_token_is_not_told_to_whoever_watches() -> None:
    async with house(token_auth=True, manager_token="very-secret", limits=QUICK) as served:
        await (await served.knock("A", token="my-secret")).end()
        assert "secret" not in str(served.told)


@played
async def test_a_banned_user_is_not_let_in_but_stays_where_it_is() -> None:
    async with house(limits=QUICK) as served:
        a = await served.client("A")
        body = {"channel_id": "A", "channel_type": 1, "ban": 1}
        assert (await served.post("/channel/info", body))[0] == 200
        assert await (await served.knock("A", device="other")).end() == []
        a.writer.write(a.session.ping())
        assert await a.hear(Pong)


@pytest.mark.parametrize("version", ["2.1.3", "2.2.0", "2.2.5"])
@pytest.mark.parametrize(("level", "device", "told"), [(1, "other", 1), (1, "d", 0), (0, "d", 0)])
def test_who_must_go_when_another_comes(version: str, level: int, device: str, told: int) -> None:
    """A master sends other devices away and tells them; the same device goes without a word."""

    @played
    async def play() -> None:
        async with house(f"wukongim-{version}", token_auth=True, limits=QUICK) as served:
            await register(served, device_level=level)
            await register(served, uid="B")
            old = await served.client("A", token="good")
            b = await served.client("B", token="good")
            new = await served.client("A", token="good", device=device)
            if version == "2.2.5":
                (first,) = [c for c in served.world.connections if c.leaving]
                await served.until(lambda: first.deaf)
                old.writer.write(old.session.ping())
                old.say("B", "a ghost")
                assert (await b.receive()).payload.endswith(b'"a ghost"}')
                if told:
                    assert (await old.hear(Disconnect)).reason == "login in other device"
                assert old.heard == []
            else:
                assert [type(each) for each in await old.end()] == [Disconnect] * told
            new.writer.write(new.session.ping())
            assert await new.hear(Pong)

    play()


@played
async def test_slaves_and_other_flags_stay() -> None:
    async with house(token_auth=True, limits=QUICK) as served:
        await register(served)
        await register(served, device_flag=1, device_level=1)
        first = await served.client("A", token="good")
        await served.client("A", token="good", device="second")
        await served.client("A", token="good", flag=1)
        first.writer.write(first.session.ping())
        assert await first.hear(Pong)
        assert not served.told_of(notes.Kicked)


@played
async def test_where_the_profile_says_so_each_login_ends_older_ones_of_its_kind() -> None:
    profile = replace(load_profile("reference"), login_rule="replace")
    async with house(profile, limits=QUICK) as served:
        old, web = await served.client("A"), await served.client("A", flag=1)
        new = await served.client("A", device="other")
        goodbye = await old.hear(Disconnect)
        assert await old.end() == []
        assert (goodbye.reason_code, goodbye.reason) == (12, "login in other device")
        for device in (web, new):
            device.writer.write(device.session.ping())
            assert await device.hear(Pong)


@played
async def test_both_devices_receive_while_the_older_one_may_still_stay() -> None:
    async with house("wukongim-2.2.0", limits=Limits(kick_s=20)) as served:
        old = await served.client("A")
        new = await served.client("A")
        b = await served.client("B")
        await b.send("A")
        assert (await old.receive()).message_id == (await new.receive()).message_id
        assert len(served.told_of(notes.Connected)) == 3
