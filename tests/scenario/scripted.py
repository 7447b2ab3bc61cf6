"""A world that answers what its script says: it shows that every claim can say no.

`answers` gives outcomes for the actions in turn (then *ok* for ever); `look` answers questions, and
may ask the world for its time and for how many actions were done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imcli.model.actions import Action, Connect, Send
from imcli.model.entities import Message
from imcli.model.errors import ImcliError
from imcli.model.events import Accepted
from imcli.model.questions import (
    Agreement,
    AgreementView,
    History,
    HistoryView,
    Kept,
    KeptView,
    ListView,
    Observable,
    ObservableView,
    Presence,
    PresenceView,
    Question,
    RawAnswer,
    Received,
    ReceivedView,
    ResponseView,
    View,
)
from imcli.targets.base import ALL_CAPABILITIES, Capability, Cast, Identity, Outcome, Target

Look = Callable[["ScriptedTarget", Question], View]
SIM = Identity("sim", "sim", "reference", (), "reference")
LIVE = Identity("http://im.example", "live", "wukongim", (2, 1, 3))


def message(number: str, seq: int, sender: str = "B", text: str = "hi") -> Message:
    return Message("A@B", seq, 1000 + seq, number, sender, text)


def accepted(action: Send, seq: int) -> Outcome:
    event = Accepted(action.user, action.device, action.client_msg_no, 1000 + seq, seq)
    return Outcome("ok", events=(event,))


def nothing(target: ScriptedTarget, question: Question) -> View:
    """What a world in which nothing ever happened answers."""
    match question:
        case History():
            return HistoryView(())
        case Received():
            return ReceivedView(())
        case Kept():
            return KeptView(None)
        case Presence():
            return PresenceView("online")
        case Agreement():
            return AgreementView((("", ListView(())),))
        case Observable():
            return ObservableView(())
        case RawAnswer():
            return ResponseView(200, "{}")
        case _:
            return ListView(())


class ScriptedTarget:
    """One scripted world; remembers all that was asked of it."""

    def __init__(self, opener: ScriptedOpener) -> None:
        self.identity = opener.identity
        self.capabilities = opener.capabilities
        self.virtual = opener.identity.kind == "sim"
        self.done: list[Action] = []
        self.queued: list[bool] = []
        self.asked: list[Question] = []
        self.settled = 0
        self.closed = False
        self._opener = opener
        self._answers = list(opener.answers)
        self._now = 0
        self._seq = 0

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        self.done.append(action)
        self.queued.append(queue)
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, ImcliError):
            raise answer
        if answer is not None:
            return answer
        if isinstance(action, Send):
            self._seq += 1
            return accepted(action, self._seq)
        return Outcome("ok")

    def observe(self, question: Question) -> View:
        self.asked.append(question)
        return self._opener.look(self, question)

    def settle(self) -> None:
        self.settled += 1

    def advance(self, until_ms: int) -> bool:
        later = [at for at in self._opener.moments if self._now < at < until_ms]
        self._now = later[0] if later else until_ms
        return bool(later)

    def now(self) -> int:
        return self._now

    def timers(self) -> tuple[str, ...]:
        return self._opener.timers

    def close(self) -> tuple[str, ...]:
        self.closed = True
        return self._opener.leftovers


class ScriptedOpener:
    """Opens scripted worlds, all after one script."""

    kind: type[ScriptedTarget] = ScriptedTarget

    def __init__(
        self,
        *,
        answers: Sequence[Outcome | ImcliError | None] = (),
        look: Look = nothing,
        identity: Identity = SIM,
        capabilities: Sequence[Capability] = ALL_CAPABILITIES,
        moments: Sequence[int] = (),
        timers: tuple[str, ...] = (),
        leftovers: tuple[str, ...] = (),
        broken: ImcliError | None = None,
    ) -> None:
        self.identity = identity
        self.capabilities = frozenset(capabilities)
        self.answers = answers
        self.look = look
        self.moments = moments
        self.timers = timers
        self.leftovers = leftovers
        self.broken = broken
        self.opened: list[ScriptedTarget] = []
        self.profiles: list[dict[str, object] | None] = []
        self.seeds: list[int] = []

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        if self.broken is not None:
            raise self.broken
        target = self.kind(self)
        self.opened.append(target)
        self.profiles.append(profile)
        self.seeds.append(seed)
        return target


def connects(target: ScriptedTarget) -> int:
    return sum(isinstance(action, Connect) for action in target.done)
