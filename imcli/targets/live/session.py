"""One connection of one device: from the first byte to the end, and why it ended.

What is said and heard is `wire/client.py`'s business, how bytes travel that of `lines.py`. Here it
becomes a life: CONNECT, the wait for CONNACK, messages sent and their answers, messages heard and
acknowledged at once, a ping now and then, the goodbye. Everything heard is told to a `Listener`, on
the loop's thread.

A real server never says no to a CONNECT: it is silent and closes after 3.5 to 7 s; what it resets
after 2 to 3 s it has never seen, and the device may try again (`wire` facts: WuKongIM
`internal/user/handler/event_connect.go`, `internal/server/server.go:onConnect`, and measured). So
`how_it_ended` of a session that never began tells `refused` and `lost` apart by time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from imcli.targets.exchange import Direction
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.lines import EndKind, Line
from imcli.targets.live.loop import Loop, Timer
from imcli.wire.client import (
    Broken,
    ClientSession,
    Connected,
    Failed,
    Heard,
    Identity,
    Refused,
)
from imcli.wire.dialects import Failure, UnknownMethod
from imcli.wire.packets import (
    Connect,
    Disconnect,
    Event,
    Ping,
    Pong,
    Recv,
    Recvack,
    Send,
    Sendack,
    Unknown,
    WireError,
)

CONNACK_MS_MAX = 9_000
"""A refusal shows after at most 7 s."""
REFUSED_AFTER_MS = 3_400
"""Ends before that mean that the server never saw the CONNECT."""
PING_MS = 45_000
PINGS_MISSED_MAX = 3

State = Literal["opening", "asking", "open", "kicked", "over"]
How = Literal["", "refused", "lost", "unreachable", "silent", "ended", "garbled", "kicked"]

Note = Callable[[Direction, msgspec.Struct], None]
"""Takes down what was said or heard: a value, in plain."""


def introduction(who: Identity, now_ms: int) -> Connect:
    """Give what a device says first, without its token and its key."""
    return Connect(
        who.uid, device_flag=who.device_flag, device_id=who.device_id, client_timestamp=now_ms
    )


class Listener(Protocol):
    """Whoever wants to know; called on the loop's thread, and must not wait."""

    def session_changed(self, session: Session) -> None:
        """It is open now, was kicked, or is over."""

    def session_heard(self, session: Session, recv: Recv) -> None:
        """A message arrived, in plain; it has been acknowledged."""

    def session_answered(self, session: Session, sent: Sent) -> None:
        """A message that was sent is not waited for any more."""

    def session_doubted(self, session: Session, why: str) -> None:
        """The server said something that cannot be right."""


class Sent:
    """A message that a device sent: answered, lost by a fault of our own, or still awaited."""

    __slots__ = ("ack", "flags", "lost", "number", "why")

    def __init__(self, number: int, flags: int) -> None:
        self.number = number
        self.flags = flags
        self.ack: Sendack | None = None
        self.lost = False
        self.why = ""

    @property
    def awaited(self) -> bool:
        """Whether an answer may still come."""
        return self.ack is None and not self.lost and not self.why


class Session:
    """One connection; its line is given to it before it is opened."""

    line: Line

    def __init__(
        self,
        loop: Loop,
        wire: ClientSession,
        listener: Listener,
        faults: LinkFaults,
        now_ms: int,
        *,
        connack_ms_max: int = CONNACK_MS_MAX,
    ) -> None:
        self.state: State = "opening"
        self.how: How = ""
        self.why = ""
        self.faults = faults
        self.time_diff_ms = 0
        self.muted = False
        self.pongs_due = 0
        self.note: Note | None = None
        self._loop = loop
        self._wire = wire
        self._listener = listener
        self._now_ms = now_ms
        self._connack_ms_max = connack_ms_max
        self._asked_ms = 0
        self._saying = threading.Lock()
        self._sent: dict[int, Sent] = {}
        self._timer: Timer | None = None

    # From any thread

    def open(self) -> None:
        """Begin."""
        self.line.open()

    def send(
        self,
        channel_id: str,
        channel_type: int,
        payload: bytes,
        client_msg_no: str,
        *,
        flags: int,
        expire: int,
    ) -> Sent:
        """Send a message and give what its answer will be found in.

        Raises:
            WireError: the session cannot say this, or is not open.
        """
        with self._saying:
            number, data = self._wire.send(
                channel_id, channel_type, payload, client_msg_no, flags=flags, expire=expire
            )
            sent = Sent(number, flags)
            if self.note is not None:
                values = (channel_id, channel_type, payload, number, client_msg_no)
                self.note("sent", Send(*values, expire=expire, flags=flags))
            if self.faults.loses_send():
                sent.lost = True
                return sent
            self._sent[number] = sent
            self.line.write(data)
        return sent

    def ping(self) -> None:
        """Ask for a sign of life; `pongs_due` counts what is to come."""
        with self._saying:
            if self.state == "open":
                self.pongs_due += 1
                if self.note is not None:
                    self.note("sent", Ping())
                self.line.write(self._wire.ping())

    def mute(self) -> None:
        """The link is dead: hear nothing and say nothing, and do not tell the server."""
        self.muted = True

    def close(self) -> None:
        """Hang up without a word, as clients do."""
        self._loop.call(lambda: self._end("ended", "it was closed", told=False))

    def release(self, recv: Recv, delay_ms: int) -> None:
        """A message that the link held comes out of it."""
        self._loop.call(lambda: self._deliver_later(recv, delay_ms))

    # As the owner of the line

    def line_opened(self) -> None:
        """Introduce the device."""
        self.state = "asking"
        self._asked_ms = self._loop.clock()
        self._timer = self._loop.later(self._connack_ms_max, self._no_connack)
        self.line.write(self._wire.connect(self._now_ms))
        if self.note is not None:
            self.note("sent", introduction(self._wire.identity, self._now_ms))

    def line_heard(self, data: bytes) -> None:
        """Take what came."""
        if self.muted:
            return
        acks: list[bytes] = []
        for heard in self._wire.receive(data):
            self._hear(heard, acks)
        if acks:
            self.line.write(b"".join(acks))

    def line_ended(self, kind: EndKind, why: str) -> None:
        """The other side ended it."""
        if self.state in ("opening", "asking"):
            self._end(self._unborn(kind), why)
        elif self.state == "kicked":
            self._end("kicked", self.why, told=False)
        else:
            self._end("ended", why)

    def _unborn(self, kind: EndKind) -> How:
        if kind == "unreachable":
            return "unreachable"
        if kind == "garbled":
            return "garbled"
        waited = self._loop.clock() - self._asked_ms
        return "refused" if self.state == "asking" and waited >= REFUSED_AFTER_MS else "lost"

    # On the loop's thread

    def _hear(self, heard: Heard, acks: list[bytes]) -> None:
        kind = type(heard)
        if self.note is not None:
            self.note("received", heard)
        if kind is Recv:
            self._hear_message(heard, acks)  # type: ignore[arg-type]  # `kind` says so; hot
        elif kind is Sendack:
            self._hear_answer(heard)  # type: ignore[arg-type]
        else:
            self._hear_other(heard)

    def _hear_message(self, recv: Recv, acks: list[bytes]) -> None:
        if self.state != "open":
            return
        if self.faults.quiet:
            acks.append(self._ack(recv))
            self._listener.session_heard(self, recv)
            return
        for due_ms in self.faults.incoming(recv):
            if due_ms:
                self._deliver_later(recv, due_ms)
            else:
                acks.append(self._ack(recv))
                self._listener.session_heard(self, recv)

    def _deliver_later(self, recv: Recv, delay_ms: int) -> None:
        """A message is on its way for a while."""

        def arrive() -> None:
            self.faults.arrived_late()
            self._deliver(recv)

        self._loop.later(delay_ms, arrive)

    def _deliver(self, recv: Recv) -> None:
        if self.muted or self.state != "open":
            return
        self.line.write(self._ack(recv))
        self._listener.session_heard(self, recv)

    def _ack(self, recv: Recv) -> bytes:
        if self.note is not None:
            self.note("sent", Recvack(recv.message_id, recv.message_seq))
        with self._saying:  # over JSON-RPC an acknowledgement may take a number, too
            return self._wire.ack(recv)

    def _hear_answer(self, ack: Sendack) -> None:
        sent = self._sent.pop(ack.client_seq, None)
        if sent is None:
            self._listener.session_doubted(self, "it answered a message that was never sent")
            return
        if self.faults.loses_ack():
            sent.lost = True
        if ack.flags != sent.flags:
            self._listener.session_doubted(self, "it answered with other flags than were sent")
        sent.ack = ack
        self._listener.session_answered(self, sent)

    def _hear_other(self, heard: Heard) -> None:
        match heard:
            case Connected():
                self._connected(heard)
            case Pong():
                self._hear_pong()
            case Disconnect(reason=reason):
                self.why = reason or "the server sent it away"
                self._kicked()
            case Refused(reason_code=code):
                self._end("refused", f"the server answered CONNECT with reason {code}")
            case Broken(why=why):
                self._listener.session_doubted(self, f"a message does not verify: {why}")
            case Failed(why=why):
                self._end("garbled", f"it cannot be understood: {why}")
            case Unknown(kind=kind):
                self._listener.session_doubted(self, f"it sent a frame of the unknown type {kind}")
            case Failure() | UnknownMethod() | Event() | Recv() | Sendack():
                pass

    def _connected(self, connected: Connected) -> None:
        self.time_diff_ms = connected.time_diff_ms
        self.state = "open"
        self._await_ping()
        self._listener.session_changed(self)

    def _hear_pong(self) -> None:
        if self.pongs_due == 0:
            self._listener.session_doubted(self, "it answered a ping that was never sent")
            return
        self.pongs_due = 0
        self._listener.session_changed(self)

    def _kicked(self) -> None:
        self.state = "kicked"
        self._forget_sent(self.why)
        self._listener.session_changed(self)

    def _await_ping(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.later(PING_MS, self._ping_again)

    def _ping_again(self) -> None:
        if self.state != "open" or self.muted:
            return
        if self.pongs_due >= PINGS_MISSED_MAX:
            self._end("silent", f"it did not answer {PINGS_MISSED_MAX} pings")
            return
        self.ping()
        self._await_ping()

    def _no_connack(self) -> None:
        if self.state == "asking":
            self._end("silent", f"no CONNACK within {self._connack_ms_max} ms")

    def _end(self, how: How, why: str, *, told: bool = True) -> None:
        if self.state == "over":
            return
        self.state, self.how, self.why = "over", how, why
        if self._timer is not None:
            self._timer.cancel()
        self.line.close()
        self._forget_sent(why)
        if told:
            self._listener.session_changed(self)

    def _forget_sent(self, why: str) -> None:
        for sent in self._sent.values():
            sent.why = why
            self._listener.session_answered(self, sent)
        self._sent.clear()


__all__ = ["Sent", "Session", "WireError"]
