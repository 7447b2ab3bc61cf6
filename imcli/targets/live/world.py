"""What the devices of one case share, and what all cases of a run share.

A `Run` has the loop, the way in and what was found out about the server once. It also keeps the
connections of cases that are over: a real server may lose a connection that is opened just after
another was closed (WuKongIM `pkg/wknet`, measured: 14 to 21 of 400), so connections that nobody
needs any more stay open, unheard, until the run ends or they are too many.

A `World` has one lock and one bell. Whatever happens to a connection is written down under the lock
and rings; whoever waits looks again.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

import msgspec

from imcli.targets.clocks import Clock, Sleep
from imcli.targets.exchange import Transcript
from imcli.targets.live.door import Door
from imcli.targets.live.doorway import Doorway
from imcli.targets.live.evidence import Evidence
from imcli.targets.live.faults import LinkFaults
from imcli.targets.live.loop import Loop
from imcli.targets.live.session import CONNACK_MS_MAX, Listener, Sent, Session
from imcli.targets.open_files import open_files
from imcli.wire.client import Identity
from imcli.wire.names import Names
from imcli.wire.packets import Recv

RETIRED_MAX = 300
PROBE_SECONDS = 1.5
RAW_ENDS_MS = 12_000
"""The server closes a connection up to 10 s after a call that ends it."""
LOOK_UP_MS = 500
"""How often whoever waits asks whether there is still something to wait for."""


class Patience(msgspec.Struct, frozen=True):
    """How long things are waited for, in milliseconds."""

    stored_ms: int = 12_000
    """For a back end's message to be in the log."""
    flushed_ms: int = 330_000
    """For the stored rows of a flush: more than the 5 minutes of a server's default settings."""
    answered_ms: int = 10_000
    """For the answer to a device's message."""
    connack_ms: int = CONNACK_MS_MAX
    """For a device to be let in."""
    life_ms: int = 2_500
    """For a sign of life: it comes at once, or with a server's next tick of 200 ms."""


PATIENT = Patience()


class Run:
    """What all worlds of a run share."""

    def __init__(
        self,
        loop: Loop,
        door: Door,
        *,
        wall: Clock,
        sleep: Sleep,
        patience: Patience = PATIENT,
    ) -> None:
        self.loop = loop
        self.door = door
        self.wall = wall
        self.patience = patience
        self.wants_tokens: bool | None = None
        """Whether the server lets nobody in without a token; None: not found out yet."""
        self.interrupted = False
        """Somebody wants everything to end: no wait is begun or goes on."""
        self.doorway = Doorway(loop, sleep)
        self._retired: list[Session] = []
        self._retired_max = min(RETIRED_MAX, open_files() // 4)
        self._lock = threading.Lock()

    def session(self, who: Identity, listener: Listener, faults: LinkFaults) -> Session:
        """Make a connection for a device, not yet opened."""
        return self.door.session(
            self.loop,
            who,
            listener,
            faults,
            secret=secrets.token_bytes(32),
            now_ms=self.wall(),
            connack_ms_max=self.patience.connack_ms,
        )

    def probe_tokens(self, uid: str) -> bool:
        """Find out whether a device without a token is let in; False: it is.

        A server that wants tokens is silent for seconds; so is, seldom, one that lost the
        connection. To register tokens in vain does no harm.
        """
        answered = threading.Event()
        prober = _Prober(answered)
        who = Identity(uid, f"{uid}-probe", 0, "")
        session = self.session(who, prober, LinkFaults())
        with self.doorway.opening():
            session.open()
            answered.wait(PROBE_SECONDS)
        let_in = session.state == "open"
        self.retire(session)
        return not let_in

    def retire(self, session: Session) -> None:
        """Keep a connection that nobody needs any more open."""
        session.mute()
        with self._lock:
            self._retired.append(session)

    def tidy(self) -> None:
        """Hang up the older half of the retired connections where they have become too many."""
        with self._lock:
            many = len(self._retired) > self._retired_max
            old = self._retired[: self._retired_max // 2] if many else []
            del self._retired[: len(old)]
        if old:
            with self.doorway.closing():
                for session in old:
                    session.close()

    def close(self) -> None:
        """Hang up everywhere and end the thread."""
        with self._lock:
            sessions, self._retired = self._retired, []
        for session in sessions:
            session.close()
        self.loop.close()


class _Prober:
    """Listens to the one question whether somebody is let in."""

    def __init__(self, answered: threading.Event) -> None:
        self._answered = answered

    def session_changed(self, session: Session) -> None:
        self._answered.set()

    def session_heard(self, session: Session, recv: Recv) -> None:
        pass

    def session_answered(self, session: Session, sent: Sent) -> None:
        pass

    def session_doubted(self, session: Session, why: str) -> None:
        pass


class World:
    """What the devices of one case share."""

    def __init__(
        self,
        run: Run,
        names: Names,
        *,
        kicks_leave_open: bool = False,
    ) -> None:
        self.run = run
        self.names = names
        self.evidence = Evidence()
        self.kicks_leave_open = kicks_leave_open
        """A kicked device keeps its deaf connection, because this server leaves it open."""
        self.bell = threading.Condition()
        self.count = 0
        """How many things happened; whoever waits compares."""
        self.troubles: list[str] = []
        self.transcript: Transcript | None = None
        """Where what the devices say and hear is taken down."""
        self.newest_id = 0
        """The greatest message id that was seen: what comes later and has a smaller one is late."""
        self.raw_ms: int | None = None
        """When the case made a raw request last."""
        self.commands: set[tuple[str, str]] = set()
        """(sender, number) of what the back end sent as a command: those have a log apart."""

    def may_end(self) -> bool:
        """Whether a raw request of the case may have ended a connection without a word."""
        return self.raw_ms is not None and self.now() - self.raw_ms < RAW_ENDS_MS

    def doubts(self) -> str:
        """Say why nothing that is known here can be trusted; an empty text if it can."""
        with self.bell:
            contradiction = self.evidence.contradiction()
            if contradiction:
                self.troubles.append(contradiction)
            return self.troubles[0] if self.troubles else ""

    def now(self) -> int:
        """Tell the monotonic time in milliseconds."""
        return self.run.loop.clock()

    def ring(self) -> None:
        """Something happened; the bell's lock is held."""
        self.count += 1
        self.bell.notify_all()

    def await_until(self, done: Callable[[], bool], within_ms: int) -> bool:
        """Wait until something is so; False if it is not in time.

        Raises:
            Defect: the loop's thread is gone.
            KeyboardInterrupt: somebody wants everything to end.
        """
        end = self.now() + within_ms
        with self.bell:
            while not done():
                left_ms = end - self.now()
                if left_ms <= 0:
                    return False
                self.bell.wait(min(left_ms, LOOK_UP_MS) / 1000)
                self.run.loop.check()
                if self.run.interrupted:
                    raise KeyboardInterrupt
        return True
