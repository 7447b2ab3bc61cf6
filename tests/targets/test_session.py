"""The life of one connection, in time that only the test moves, against the server's side of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from imcli.model.actions import Fault
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.lines import EndKind
from imcli.targets.live.loop import Loop, Timer
from imcli.targets.live.session import (
    CONNACK_MS_MAX,
    PING_MS,
    PINGS_MISSED_MAX,
    REFUSED_AFTER_MS,
    Sent,
    Session,
)
from imcli.wire import binary, codes
from imcli.wire.client import ClientSession, Identity
from imcli.wire.packets import (
    Connack,
    Disconnect,
    Packet,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
    Unknown,
)


class Time(Loop):
    """A loop without a thread: `pass_ms` moves its time and lets timers act."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.waiting: list[tuple[int, Timer]] = []

    def clock(self) -> int:
        return self.now_ms

    def call(self, work: Callable[[], object]) -> None:
        work()

    def later(self, delay_ms: int, work: Callable[[], object]) -> Timer:
        timer = Timer(work)
        self.waiting.append((self.now_ms + delay_ms, timer))
        return timer

    def pass_ms(self, duration_ms: int) -> None:
        until = self.now_ms + duration_ms
        while due := [pair for pair in self.waiting if pair[0] <= until]:
            pair = min(due, key=lambda pair: pair[0])
            self.waiting.remove(pair)
            self.now_ms = max(self.now_ms, pair[0])
            if not pair[1].cancelled:
                pair[1].work()
        self.now_ms = until


class Line:
    """Keeps what is written, and reads it as a server does."""

    def __init__(self) -> None:
        self.closed = False
        self.said: list[Packet] = []
        self._decoder = binary.Decoder(4)

    def open(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.said += self._decoder.receive(data)

    def close(self) -> None:
        self.closed = True


class Ear:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.heard: list[Recv] = []
        self.answers: list[Sent] = []
        self.doubts: list[str] = []

    def session_changed(self, session: Session) -> None:
        self.states.append(session.state)

    def session_heard(self, session: Session, recv: Recv) -> None:
        self.heard.append(recv)

    def session_answered(self, session: Session, sent: Sent) -> None:
        self.answers.append(sent)

    def session_doubted(self, session: Session, why: str) -> None:
        self.doubts.append(why)


class Talk:
    """One connection to a server that does not encrypt, up to CONNECT."""

    def __init__(self) -> None:
        self.time = Time()
        self.ear = Ear()
        self.line = Line()
        self.faults = LinkFaults()
        wire = ClientSession(Identity("A", "A-phone"), bytes(range(32)))
        self.session = Session(self.time, wire, self.ear, self.faults, 0)
        self.session.line = self.line
        self.session.line_opened()

    def hears(self, *packets: Packet) -> None:
        self.session.line_heard(b"".join(binary.encode(packet, 4) for packet in packets))

    def let_in(self) -> Talk:
        self.hears(Connack(0, server_version=4))
        return self

    def said(self, kind: type[Packet]) -> list[Packet]:
        return [packet for packet in self.line.said if isinstance(packet, kind)]

    def send(self) -> Sent:
        return self.session.send("B", 1, b"{}", "c1", flags=codes.RED_DOT, expire=0)


RECV = Recv(7, 1, "B", 1, "B", b"{}", client_msg_no="c1", flags=codes.RED_DOT)


def test_whoever_is_let_in_is_open() -> None:
    talk = Talk()
    assert talk.session.state == "asking"
    talk.let_in()
    assert (talk.session.state, talk.ear.states) == ("open", ["open"])


def test_a_message_heard_is_acknowledged_with_its_flags_and_told() -> None:
    talk = Talk().let_in()
    talk.hears(RECV)
    assert [recv.message_id for recv in talk.ear.heard] == [7]
    assert talk.said(Recvack) == [Recvack(7, 1, codes.RED_DOT)]


def test_an_answer_finds_the_message_it_is_for() -> None:
    talk = Talk().let_in()
    first, second = talk.send(), talk.send()
    talk.hears(Sendack(9, 2, 1, second.number, codes.RED_DOT))
    assert (first.awaited, second.awaited, talk.ear.answers) == (True, False, [second])


@pytest.mark.parametrize(
    ("packet", "doubt"),
    [
        (Sendack(9, 1, 1, 77), "answered a message that was never sent"),
        (Pong(), "answered a ping that was never sent"),
        (Unknown(15, b"x"), "a frame of the unknown type 15"),
    ],
)
def test_what_cannot_be_right_is_doubted(packet: Packet, doubt: str) -> None:
    talk = Talk().let_in()
    talk.hears(packet)
    assert doubt in talk.ear.doubts[0]


def test_an_answer_with_other_flags_is_doubted() -> None:
    talk = Talk().let_in()
    talk.hears(Sendack(9, 0, 1, talk.send().number, codes.RED_DOT | codes.NO_PERSIST))
    assert talk.ear.doubts == ["it answered with other flags than were sent"]


@pytest.mark.parametrize(
    ("waited_ms", "how"), [(REFUSED_AFTER_MS - 1, "lost"), (REFUSED_AFTER_MS, "refused")]
)
def test_silence_and_then_the_end_is_a_refusal_unless_it_comes_too_soon(
    waited_ms: int, how: str
) -> None:
    talk = Talk()
    talk.time.pass_ms(waited_ms)
    talk.session.line_ended("closed", "it closed the connection")
    assert (talk.session.state, talk.session.how) == ("over", how)


@pytest.mark.parametrize(("kind", "how"), [("unreachable", "unreachable"), ("garbled", "garbled")])
def test_a_line_that_is_none_ends_the_session_for_its_reason(kind: EndKind, how: str) -> None:
    talk = Talk()
    talk.session.line_ended(kind, "so")
    assert talk.session.how == how


def test_a_connack_that_does_not_come_is_given_up() -> None:
    talk = Talk()
    talk.time.pass_ms(CONNACK_MS_MAX)
    assert (talk.session.how, talk.line.closed) == ("silent", True)
    assert talk.session.why == f"no CONNACK within {CONNACK_MS_MAX} ms"


def test_an_answer_to_connect_that_is_a_no_is_one() -> None:
    talk = Talk()
    talk.hears(Connack(0, reason_code=2, server_version=4))
    assert (talk.session.how, talk.session.state) == ("refused", "over")


def test_a_connection_pings_and_goes_on_while_it_is_answered() -> None:
    talk = Talk().let_in()
    for _ in range(PINGS_MISSED_MAX + 2):
        talk.time.pass_ms(PING_MS)
        talk.hears(Pong())
    assert len(talk.said(Ping)) == PINGS_MISSED_MAX + 2
    assert talk.session.state == "open"


def test_a_connection_that_answers_no_ping_is_dead() -> None:
    talk = Talk().let_in()
    talk.time.pass_ms(PING_MS * (PINGS_MISSED_MAX + 1))
    assert (talk.session.how, talk.session.state) == ("silent", "over")


def test_who_is_sent_away_waits_for_no_answer_any_more() -> None:
    talk = Talk().let_in()
    sent = talk.send()
    talk.hears(Disconnect(12, "login in other device"), RECV)
    assert (talk.session.state, talk.ear.heard) == ("kicked", [])
    assert (sent.awaited, sent.why) == (False, "login in other device")


def test_the_end_of_a_connection_is_the_end_of_what_was_under_way() -> None:
    talk = Talk().let_in()
    sent = talk.send()
    talk.session.line_ended("closed", "it closed the connection")
    assert (sent.why, talk.ear.states) == ("it closed the connection", ["open", "over"])


def test_a_dead_link_hears_nothing_and_says_nothing() -> None:
    talk = Talk().let_in()
    talk.session.mute()
    talk.hears(RECV)
    talk.time.pass_ms(PING_MS * 9)
    assert (talk.ear.heard, talk.said(Ping), talk.said(Recvack)) == ([], [], [])


def test_a_send_that_the_link_loses_never_leaves() -> None:
    talk = Talk().let_in()
    talk.faults.change(Fault("A", "phone", "drops-sends", 1), lambda recv, ms: None)
    assert talk.send().lost
    assert talk.said(Send) == []
