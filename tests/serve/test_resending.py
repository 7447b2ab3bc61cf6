"""A message that a client does not acknowledge comes again, by the profile's rules."""

from __future__ import annotations

from imcli.serve import notes
from imcli.wire.packets import Recvack
from tests.serve.house import House, house, played


async def advance(served: House, duration_ms: int) -> None:
    status, _ = await served.post("/imcli/advance", {"duration_ms": duration_ms})
    assert status == 200


@played
async def test_what_is_not_acknowledged_is_sent_again_as_often_as_the_profile_says() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        first = await b.receive(ack=False)
        await advance(served, 60_000)
        assert await b.receive(ack=False) == first
        await advance(served, 3_600_000)
        again = [await b.receive(ack=False) for _ in range(4)]
        assert again == [first] * 4
        await advance(served, 3_600_000)
        await a.send("B")
        assert (await b.receive()).message_seq == 2
        assert [note.attempt for note in served.told_of(notes.Received)] == [1, 2, 3, 4, 5, 6, 1]


@played
async def test_what_is_acknowledged_does_not_come_again() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        await b.receive()
        await served.until(lambda: served.told_of(notes.Acknowledged))
        await advance(served, 3_600_000)
        assert len(served.told_of(notes.Received)) == 1


@played
async def test_an_acknowledgement_with_the_mark_of_what_is_not_kept_means_nothing() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        recv = await b.receive(ack=False)
        b.writer.write(b.session.ack(Recvack(recv.message_id, 1, 1)))  # type: ignore[arg-type]
        await advance(served, 60_000)
        assert await b.receive() == recv


@played
async def test_a_new_connection_is_not_sent_what_the_old_one_did_not_acknowledge() -> None:
    async with house(virtual=True) as served:
        a, b = await served.client("A"), await served.client("B")
        await a.send("B")
        await b.receive(ack=False)
        b.close()
        await served.until(lambda: len(served.world.seats) == 1)
        await served.client("B")
        await advance(served, 3_600_000)
        assert len(served.told_of(notes.Received)) == 1
