"""What is noted of the traffic with a real server: all of it, in order, small, without secrets."""

from __future__ import annotations

import base64

import pytest

from imcli.model.actions import Delete, Send
from imcli.model.entities import DeviceSpec
from imcli.targets.base import Cast
from imcli.targets.exchange import FIRST_KEPT, LAST_KEPT, TEXT_MAX, Asked, Frame, Transcript
from imcli.targets.live import open_live
from imcli.wire import packets
from tests.targets.fake_wukongim import FakeWuKongIM
from tests.targets.served import served

CAST = Cast((("A", (DeviceSpec("phone", "app"),)), ("B", (DeviceSpec("phone", "app"),))))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


def ask(transcript: Transcript, clock: Clock, path: str, answer: bytes | str = b"{}") -> None:
    began = clock.ms
    clock.ms += 3
    transcript.asked(began, "POST", path, '{"uid":"A"}', 200, answer)


def test_requests_and_frames_are_told_in_the_order_of_their_beginning() -> None:
    clock = Clock()
    transcript = Transcript(clock)
    began = clock.ms
    clock.ms += 5
    transcript.frame("A.phone", "received", packets.Recv(7, 1, "B", 1, payload=b"hi"))
    transcript.asked(began, "POST", "/message/send", "{}", 200, b'{"status":200}')
    first, second = transcript.exchanges().all
    assert first == Asked(0, 5, "POST", "/message/send", "{}", 200, '{"status":200}')
    assert isinstance(second, Frame)
    assert (second.at_ms, second.device, second.kind) == (5, "A.phone", "RECV")
    assert '"message_id":7' in second.value


def test_a_poll_is_one_exchange_with_a_count() -> None:
    clock = Clock()
    transcript = Transcript(clock)
    for _ in range(4):
        ask(transcript, clock, "/channel/messagesync")
    ask(transcript, clock, "/channel/messagesync", b'{"messages":[1]}')
    polled, last = transcript.exchanges().all
    assert isinstance(polled, Asked)
    assert isinstance(last, Asked)
    assert (polled.times, polled.at_ms, polled.took_ms) == (4, 0, 12)
    assert last.times == 1


def test_a_poll_of_two_things_in_turn_is_two_exchanges() -> None:
    clock = Clock()
    transcript = Transcript(clock)
    for _ in range(3):
        ask(transcript, clock, "/cluster/conversations?uid=A")
        ask(transcript, clock, "/cluster/conversations?uid=B")
    told = [(e.path, e.times) for e in transcript.exchanges().all if isinstance(e, Asked)]
    assert told == [("/cluster/conversations?uid=A", 3), ("/cluster/conversations?uid=B", 3)]


def test_a_look_before_and_one_after_a_change_are_two() -> None:
    clock = Clock()
    transcript = Transcript(clock)
    for path in ("/conversation/sync", "/conversations/delete", "/conversation/sync"):
        ask(transcript, clock, path)
    transcript.frame("A.phone", "received", packets.Pong())
    ask(transcript, clock, "/conversation/sync")
    assert len(transcript.exchanges().all) == 5


@pytest.mark.parametrize("kept", [FIRST_KEPT, FIRST_KEPT + LAST_KEPT, FIRST_KEPT + LAST_KEPT + 5])
def test_of_very_many_the_first_and_the_last_are_kept(kept: int) -> None:
    clock = Clock()
    transcript = Transcript(clock)
    for number in range(kept):
        ask(transcript, clock, f"/{number}")
    noted = transcript.exchanges()
    paths = [each.path for each in noted.all if isinstance(each, Asked)]
    assert noted.left_out == max(0, kept - FIRST_KEPT - LAST_KEPT)
    assert (paths[0], paths[-1]) == ("/0", f"/{kept - 1}")
    assert len(paths) + noted.left_out == kept


def test_a_long_answer_is_cut() -> None:
    transcript = Transcript(Clock())
    transcript.asked(1_000, "GET", "/x", "", 200, "会话" * TEXT_MAX)
    (asked,) = transcript.exchanges().all
    assert isinstance(asked, Asked)
    assert len(asked.answer) == TEXT_MAX + 1
    assert asked.answer.endswith("…")


def test_secrets_are_masked_wherever_they_stand() -> None:
    transcript = Transcript(Clock(), hidden=(("hunter2", "***"), ("", "never")))
    body = '{"uid":"A","token":"dev1ce"}'
    transcript.asked(1_000, "POST", "/user/token?token=hunter2", body, 400, '{"msg":"hunter2?"}')
    transcript.frame("A.phone", "sent", packets.Connect("A", token="dev1ce", client_key="k3y"))
    text = repr(transcript.exchanges())
    for secret in ("hunter2", "dev1ce", "k3y", "never"):
        assert secret not in text


def test_a_case_on_a_real_server_notes_its_calls_with_names_for_ids() -> None:
    with FakeWuKongIM() as server:
        opened = open_live(server.url, run="imRUN")
        cast = CAST
        target = opened(cast)
        target.perform(Send("B", "", "A", "hi", "c1"))
        target.perform(Delete("A", "", "B"))
        noted = target.exchanges().all
        other = opened(cast)
        assert other.exchanges().all == ()
    paths = [each.path for each in noted if isinstance(each, Asked)]
    assert paths[0] == "/message/send"
    assert paths[-1] == "/conversations/delete"
    assert "imRUN" not in repr(noted)
    assert '"uid":"A","channel_id":"B"' in repr(noted)
    assert all(each.at_ms < 60_000 for each in noted)


def test_a_call_without_an_answer_is_noted_with_the_reason() -> None:
    with FakeWuKongIM() as server:
        target = open_live(server.url)(Cast(()))
        server.misbehave["/conversations/delete"] = lambda _: None
        target.perform(Delete("A", "", "B"))
        (asked,) = target.exchanges().all
    assert isinstance(asked, Asked)
    assert (asked.path, asked.status) == ("/conversations/delete", 0)
    assert "/conversations/delete" in asked.answer


def test_what_devices_say_and_hear_is_noted_as_values_in_plain() -> None:
    with served("wukongim-2.2.5") as server:
        target = open_live(server.url, run="imRUN")(CAST)
        outcome = target.perform(Send("B", "phone", "A", "hi", "c1"))
        target.settle()
        frames = [each for each in target.exchanges().all if isinstance(each, Frame)]
        target.close()
    assert outcome.result == "ok"
    told = [(each.device, each.direction, each.kind) for each in frames]
    for device in ("A.phone", "B.phone"):
        begun = [(way, kind) for who, way, kind in told if who == device][:2]
        assert begun == [("sent", "CONNECT"), ("received", "CONNACK")]
    sent = told.index(("B.phone", "sent", "SEND"))
    assert ("B.phone", "received", "SENDACK") in told[sent:]
    heard = told.index(("A.phone", "received", "RECV"))
    assert ("A.phone", "sent", "RECVACK") in told[heard:]
    assert '"channel_id":"A"' in frames[sent].value
    assert "imRUN" not in repr(frames)
    payload = base64.b64encode(b'{"content":"hi","type":1}').decode()
    assert payload in frames[sent].value
    assert payload in frames[heard].value


def test_tokens_and_keys_of_devices_are_not_noted() -> None:
    with served("wukongim-2.2.5", token_auth=True) as server:
        target = open_live(server.url)(CAST)
        text = repr(target.exchanges())
        target.close()
    assert '"token":"***"' in text
    assert "client_key" not in text
