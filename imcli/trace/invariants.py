"""The checker: the ledger, the judges and the catalogue, tied to one server.

`after(action, events)` takes in one step and gives what it broke. It looks at the conversations
that the step touched and at the events themselves, never at the rest of an account. What needs a
second view or a second run (`settled`) and what is recounted from nothing (`recount`) is asked for
by whoever drives, when the time for it has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    Crash,
    CreateGroup,
    Delete,
    Dismiss,
    Leave,
    RemoveMembers,
    Restart,
    SetMembers,
    Wait,
)
from imcli.model.events import Event
from imcli.trace.answers import JUDGES, judge_refusal
from imcli.trace.catalogue import INVARIANTS, judged
from imcli.trace.convergence import judge_settled
from imcli.trace.ledger import Ledger
from imcli.trace.policy import policy_of
from imcli.trace.probe import Probe, World
from imcli.trace.records import Part
from imcli.trace.recount import judge_recount
from imcli.trace.safety import Look, agrees, explain
from imcli.trace.verdicts import Broken, Verdict

WHOLE = 2
"""So many messages of an entry are looked at after what moves floors or memberships.

After other steps it is the newest alone; answers are always judged whole.
"""

SETTLES: frozenset[type[Action]] = frozenset(
    {
        Delete,
        Restart,
        Crash,
        CreateGroup,
        AddMembers,
        RemoveMembers,
        SetMembers,
        Leave,
        Dismiss,
    }
)
"""After these, `run-scenario` checks the settled invariants too."""

MOVES = SETTLES | {Clear, Wait}


def _has_messages(ledger: Ledger) -> bool:
    return any(channel.log for channel in ledger.channels.values())


def _some_part(test: Callable[[Part], bool]) -> Callable[[Ledger], bool]:
    return lambda ledger: any(
        test(part) for channel in ledger.channels.values() for part in channel.parts.values()
    )


TRIED: dict[int, Callable[[Ledger], bool]] = {
    **dict.fromkeys((1, 4, 5, 6, 7, 11, 12, 14, 15, 16, 20, 25), _has_messages),
    2: _some_part(lambda part: part.is_listed and part.deletes > 0),
    3: _some_part(lambda part: part.cut > 0),
    10: lambda ledger: ledger.repeats > 0,
    13: lambda ledger: ledger.refusals > 0,
    17: _some_part(lambda part: not part.present),
    18: lambda ledger: any(channel.dismissed for channel in ledger.channels.values()),
    19: _some_part(lambda part: not part.is_listed and part.deletes > 0),
}
"""When a step invariant has been put to the test; the settled ones say so themselves."""


class Checker:
    """Judges one server from its first action on."""

    def __init__(self, probe: Probe, switches: Mapping[str, object]) -> None:
        self.probe = probe
        self._entry, self._now_ms = probe.entry, probe.now_ms
        self.ledger = Ledger(policy_of(switches))
        self.judged = judged(switches)
        self.limited = self.ledger.policy.list_limit > 0
        self.broken: list[Broken] = []
        self.examined: set[int] = set()

    def fork(self, probe: Probe) -> Checker:
        """Give a checker for a copy of the server, which knows all that this one knows."""
        twin = Checker.__new__(Checker)
        twin.__dict__.update(self.__dict__)
        twin.probe = probe
        twin._entry, twin._now_ms = probe.entry, probe.now_ms
        twin.ledger = self.ledger.fork()
        twin.broken, twin.examined = list(self.broken), set(self.examined)
        return twin

    def after(self, action: Action, events: Sequence[Event]) -> list[Broken]:
        """Take in one step, and judge what it touched; returns what it broke."""
        ledger = self.ledger
        touched = ledger.fold(action, events, self._now_ms())
        found = ledger.oddities
        for event in events:
            judge = JUDGES.get(type(event))
            if judge is not None:
                judge(ledger, action, event, found)
        if not ledger.done:
            judge_refusal(action, events, found)
        entry_of = self._entry
        limit = WHOLE if type(action) in MOVES else 1
        for part in touched:
            entry = entry_of(part.user, part.chat, limit)
            if not agrees(part, entry, limit) and not (entry is None and self.limited):
                before, first = part.entry, not part.known
                messages = part.newest(limit)
                found += explain(Look(action, ledger.done, part, entry, before, first, messages))
            part.entry = entry
            part.known = True
        return self._keep(found) if found else found

    def settled(self, world: World, action: Action | None = None) -> list[Broken]:
        """Judge what needs a second view or run; `action` is the one just done, if any."""
        found: list[Broken] = []
        self.examined |= judge_settled(self.ledger, world, action, self.judged, found)
        return self._keep(found)

    def recount(self) -> list[Broken]:
        """Judge every counter against a recount from the whole history."""
        found: list[Broken] = []
        judge_recount(self.ledger, self.probe, found)
        return self._keep(found)

    def verdicts(self) -> dict[int, Verdict]:
        """Give a verdict per invariant; what nothing has put to the test is unknown."""
        broken = {each.number for each in self.broken}
        tried = self.examined | {n for n, test in TRIED.items() if test(self.ledger)}
        return {row.number: self._verdict(row.number, broken, tried) for row in INVARIANTS}

    def _verdict(self, number: int, broken: set[int], tried: set[int]) -> Verdict:
        if number in broken:
            return "broken"
        return "holds" if number in tried and number in self.judged else "unknown"

    def close(self) -> None:
        """Let go of the server, and of what in the ledger holds each other.

        A reference cycle is freed only when the garbage collector runs; thousands of cases in one
        process would have it come often.
        """
        del self.probe, self._entry, self._now_ms
        self.ledger.close()

    def _keep(self, found: list[Broken]) -> list[Broken]:
        """Drop what the profile declares an exception from; remember the rest."""
        found = [each for each in found if each.number in self.judged]
        self.broken += found
        return found
