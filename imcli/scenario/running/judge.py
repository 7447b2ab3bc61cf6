"""Claims in time: when to look, how long to wait, and what a negative answer is worth.

In a virtual world a bare claim is judged once, when every delivery and answer under way is done;
there a negative is *proved at this instant*. In a real world a block waits for the deliveries that
are known to be under way; then a positive claim gets its deadline, a negative one must hold through
a quiet window (it was *observed*), and so must a number of arrivals once it is reached; a block has
one such window for all. A claim about an answer that was given needs no time. `within` and `for`
mean the same in both: the clock is moved, or waited for, only to moments at which an answer may
change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from imcli.model.durations import spell_duration
from imcli.model.entities import DeviceKey
from imcli.model.questions import View
from imcli.scenario.checking.check import (
    ask,
    ask_one,
    check,
    is_counted,
    is_negative,
    is_settled,
)
from imcli.scenario.checking.check_messages import name_received
from imcli.scenario.checking.check_table import row_span
from imcli.scenario.checking.names import LabelProblem
from imcli.scenario.events import Disagreement, Negative
from imcli.scenario.running.play import Play, Problem, step_name
from imcli.scenario.running.program import Block
from imcli.scenario.syntax import Assert, Claim, Span, TableIs

ADVANCES_MAX = 1_000_000
"""No claim looks more often than this; a world that changes without end is named, not awaited."""

Wrong = tuple[tuple[Claim, tuple[Disagreement, ...]], ...]
"""The claims of one assertion that do not hold, with those who disagree."""
NamedSoFar = dict[DeviceKey, tuple[str, ...]]
"""The messages that `received` claims have named, per device."""
NOTHING_NAMED: Mapping[int, NamedSoFar] = {}
Judged = Callable[[int, Problem | None], None]
"""Is told, of each assertion in its turn: its place in the block, and what is wrong with it."""


def judge_block(play: Play, block: Block, judged: Judged | None = None) -> list[Problem]:
    """Judge consecutive assertions; all of them, so that all failures are reported.

    `judged` is called in virtual worlds: a later assertion may move the clock, and then the world
    is no longer the one in which an earlier one was judged.
    """
    if play.target.virtual:
        return _judge_virtual(play, block, judged)
    return _judge_real(play, block)


def is_timed(statement: Assert) -> bool:
    """Tell whether a time is written, so that judging it may move the clock."""
    return statement.within_ms is not None or statement.for_ms is not None


def _judge_virtual(play: Play, block: Block, judged: Judged | None) -> list[Problem]:
    """In a virtual world every claim is judged in its turn."""
    problems: list[Problem] = []
    settled = False
    for offset, statement in enumerate(block.asserts):
        if not is_timed(statement):
            if not settled:
                play.target.settle()
                settled = True
            problem = _once(play, block, offset, statement)
        else:
            problem = _guarded(_judge_timed, play, block, offset, statement)
            settled = False
        if judged is not None:
            judged(offset, problem)
        if problem is not None:
            problems.append(problem)
            if problem.kind == "limit":
                break
    return problems


def _judge_real(play: Play, block: Block) -> list[Problem]:
    """In a real world all that must hold through a quiet window shares one, at the end."""
    started = _settled(play)
    problems: list[Problem] = []
    quiet: list[int] = []
    named: dict[int, NamedSoFar] = {}
    for offset, statement in enumerate(block.asserts):
        if is_timed(statement):
            problem = _guarded(_judge_timed, play, block, offset, statement)
        elif all(map(is_negative, statement.claims)):
            problem = None
            quiet.append(offset)
            named[offset] = dict(play.names.named)
        else:
            problem = _guarded(_judge_bare, play, block, offset, statement, started)
            if problem is None and any(map(is_counted, statement.claims)):
                quiet.append(offset)
        if problem is not None:
            problems.append(problem)
            if problem.kind == "limit":
                return problems
    until = play.target.now() + play.case.timing.settle_ms
    problems += _throughout(play, block, quiet, until, named) if quiet else []
    return sorted(problems, key=lambda problem: problem.number)


def _settled(play: Play) -> int:
    """Let what is under way in a real world arrive; tells when the block begins."""
    play.target.settle()
    return play.target.now()


def _once(play: Play, block: Block, offset: int, statement: Assert) -> Problem | None:
    """A bare claim in a virtual world, or one that time does not change: one look."""
    try:
        wrong = evaluate(play, statement.claims)
    except LabelProblem as error:
        return _unclear(block, offset, statement, error)
    if wrong is None:
        for claim in statement.claims:
            if is_negative(claim):
                _held(play, block, offset, statement, Negative("", "", "proved"))
                break
        return None
    return _failed(play, block, offset, statement, wrong, _running(play))


def _running(play: Play) -> str:
    """Name the timers that had not acted when a claim was judged; "" where there are none."""
    running = play.target.timers()
    return f"still running: {', '.join(running)}" if running else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def evaluate(play: Play, claims: tuple[Claim, ...]) -> Wrong | None:
    """Look once: nothing if one of the claims holds, else what is wrong with each."""
    names, observe = play.names, play.target.observe
    wrong: list[tuple[Claim, tuple[Disagreement, ...]]] = []
    for place, claim in enumerate(claims, 1):
        one = ask_one(claim, names) if play.alike else None
        if one is not None and check(claim, [(one[0], observe(one[1]))], names) is None:
            return None
        answers: list[tuple[DeviceKey, View]] = [
            (key, observe(question)) for key, question in ask(claim, names)
        ]
        found = check(claim, answers, names)
        if found is None:
            if place < len(claims):
                name_received(claims[place:], names)
            return None
        wrong.append((claim, found.disagreements))
    return tuple(wrong)


def _guarded(
    judge: Callable[..., Problem | None], play: Play, block: Block, offset: int, *more: object
) -> Problem | None:
    """Judge a claim; one about a label that says too little is an error of its own."""
    try:
        return judge(play, block, offset, *more)
    except LabelProblem as error:
        return _unclear(block, offset, block.asserts[offset], error)


def _judge_timed(play: Play, block: Block, offset: int, statement: Assert) -> Problem | None:
    """A claim with a written time."""
    now = play.target.now()
    if statement.for_ms is not None:
        found = _throughout(play, block, [offset], now + statement.for_ms)
        return found[0] if found else None
    assert statement.within_ms is not None, "it is one of the two"
    return _before(play, block, offset, statement, now + statement.within_ms)


def _judge_bare(
    play: Play, block: Block, offset: int, statement: Assert, started: int
) -> Problem | None:
    """A positive claim in a real world, without a written time."""
    if all(map(is_settled, statement.claims)):
        return _once(play, block, offset, statement)
    until = max(play.target.now(), started + play.case.timing.within_ms)
    return _before(play, block, offset, statement, until)


def _before(play: Play, block: Block, offset: int, statement: Assert, until: int) -> Problem | None:
    """It must become true before `until`."""
    start = play.target.now()
    for _ in range(ADVANCES_MAX):
        wrong = evaluate(play, statement.claims)
        if wrong is None:
            return None
        if _is_late(play):
            return play.late(block)
        if not play.target.advance(until):
            wrong = evaluate(play, statement.claims)
            if wrong is None:
                return None
            judged = _joined(f"waited for {spell_duration(until - start)}", _running(play))
            return _failed(play, block, offset, statement, wrong, judged)
    return _endless(play, block, offset, statement)


def _throughout(
    play: Play,
    block: Block,
    offsets: list[int],
    until: int,
    named: Mapping[int, NamedSoFar] = NOTHING_NAMED,
) -> list[Problem]:
    """These must hold from now until `until`; those that do not are looked at no more.

    `named` are the messages that `received` claims had named where an assertion stands: what is
    judged behind the others does not know what only those named.
    """
    start = play.target.now()
    problems: list[Problem] = []
    left = list(offsets)
    for _ in range(ADVANCES_MAX):
        problems += _refuted(play, block, left, start, until, named)
        if not left:
            return problems
        if not play.target.advance(until):
            problems += _refuted(play, block, left, start, until, named)
            for offset in left:
                _held_through(play, block, offset, until - start)
            return problems
        if _is_late(play):
            return [*problems, play.late(block)]
    return [*problems, _endless(play, block, left[0], block.asserts[left[0]])]


def _refuted(
    play: Play,
    block: Block,
    left: list[int],
    start: int,
    until: int,
    named: Mapping[int, NamedSoFar],
) -> list[Problem]:
    """Look once; those that do not hold leave the list."""
    found: list[Problem] = []
    now = play.names.named
    for offset in tuple(left):
        play.names.named = named.get(offset, now)
        problem = _guarded(_look_once_more, play, block, offset, start, until)
        play.names.named = now
        if problem is not None:
            found.append(problem)
            left.remove(offset)
    return found


def _look_once_more(
    play: Play, block: Block, offset: int, start: int, until: int
) -> Problem | None:
    statement = block.asserts[offset]
    wrong = evaluate(play, statement.claims)
    if wrong is None:
        return None
    held = play.target.now() - start
    since = f"after {spell_duration(held)}" if held else "from the start"
    judged = f"did not hold {since} of {spell_duration(until - start)}"
    return _failed(play, block, offset, statement, wrong, judged)


def _held_through(play: Play, block: Block, offset: int, window_ms: int) -> None:
    statement = block.asserts[offset]
    if any(is_negative(claim) for claim in statement.claims):
        _held(play, block, offset, statement, Negative("", "", "observed", window_ms))


def _is_late(play: Play) -> bool:
    return play.clock is not None and play.clock() > play.deadline


def _held(play: Play, block: Block, offset: int, statement: Assert, how: Negative) -> None:
    timers = play.target.timers() if how.how == "proved" else ()
    name = step_name(block.phase, block.number + offset)
    play.negatives.append(Negative(name, statement.text, how.how, how.window_ms, timers))


def _failed(
    play: Play, block: Block, offset: int, statement: Assert, wrong: Wrong, judged: str
) -> Problem:
    claim = wrong[0][0]
    one_claim = len(statement.claims) == 1
    disagreements = tuple(d for _, found in wrong for d in found)
    return Problem(
        "failed",
        "claim",
        block.phase,
        block.number + offset,
        _place(claim, disagreements, play) if one_claim else _all_of(statement.claims),
        statement.text,
        "the claim does not hold" if one_claim else "none of the claims holds",
        disagreements,
        statement.claims,
        judged,
        play.target.now(),
    )


def _all_of(claims: tuple[Claim, ...]) -> Span:
    """The place of all alternatives of an assertion, which stand on one line."""
    first, last = claims[0].span, claims[-1].span
    length = last.column + last.length - first.column
    return msgspec.structs.replace(first, length=max(first.length, length))


def _place(claim: Claim, disagreements: tuple[Disagreement, ...], play: Play) -> Span:
    """The place of a claim; in a table, of the first row that is wrong."""
    if isinstance(claim, TableIs):
        return row_span(claim, disagreements[0], play.names) or claim.span
    return claim.span


def _unclear(block: Block, offset: int, statement: Assert, error: LabelProblem) -> Problem:
    return Problem(
        "error",
        "claim",
        block.phase,
        block.number + offset,
        statement.span,
        statement.text,
        str(error),
    )


def _endless(play: Play, block: Block, offset: int, statement: Assert) -> Problem:
    headline = f"something changed {ADVANCES_MAX:,} times within the time of this claim"
    return Problem(
        "error",
        "limit",
        block.phase,
        block.number + offset,
        statement.span,
        statement.text,
        headline,
        at_ms=play.target.now(),
    )
