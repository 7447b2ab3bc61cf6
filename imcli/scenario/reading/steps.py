"""Reading one step: tokens in, a sentence of the table out.

`read_step` finds the rows that the key word allows, tries each, and keeps the one that takes every
token. Where none does, the complaint speaks of the place that the best attempt reached. Whether
the names exist is not asked here (`expand.py` does).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from imcli.model.durations import duration_ms
from imcli.scenario.reading.said import (
    Assertion,
    Call,
    ClaimSentence,
    Opening,
    Sentence,
    Step,
    StepFault,
    Tokens,
    assert_head,
    assertion,
    claim,
    sentence,
)
from imcli.scenario.syntax import Ending
from imcli.scenario.table.compile_pattern import compile_pattern
from imcli.scenario.table.patterns import (
    Reading,
    Row,
    Slots,
    match_parts,
    write_parts,
)
from imcli.scenario.table.sentences import (
    ACTION_INDEX,
    CLAIM_INDEX,
    DETAILS,
    RESERVED,
    candidates,
)
from imcli.scenario.table.sentences_details import ENDINGS
from imcli.scenario.table.tokens import REMEMBERED, SHORT
from imcli.scenario.table.values import duration_complaint, is_name


def read_step(tokens: Tokens, verbs: Iterable[str] = ()) -> Step:
    """Read one step; `verbs` are the file's own.

    What it gives may be shared with others who read the same: to change slots, copy them.

    Raises:
        StepFault: it is no sentence.
    """
    if verbs or tokens[-1].end > SHORT:
        return read_afresh(tokens, verbs)
    return _read_short(tokens)


def read_afresh(tokens: Tokens, verbs: Iterable[str] = ()) -> Step:
    """Read one step as `read_step` does, without remembering it."""
    first = tokens[0].text
    if tokens[-1].kind == "colon" and first in ("together", "repeat", "table", "assert"):
        return _read_opening(tokens)
    if first == "assert":
        return _read_assertion(tokens)
    if len(tokens) > 1 and tokens[1].text in verbs:
        return Call(tokens[1].text, tokens)
    if first in ("together", "repeat"):
        return _read_opening(tokens)
    return _read_action(tokens)


_read_short = lru_cache(REMEMBERED)(read_afresh)


def _read_opening(tokens: Tokens) -> Step:
    words = [token.text for token in tokens]
    if words == ["together", ":"]:
        return Opening("together")
    if words[0] == "assert" and words[-2:] == ["table", ":"]:
        return _read_table_head(tokens)
    if words[0] == "repeat":
        return _read_repeat(tokens)
    if words[0] == "table":
        raise _fault(tokens, 0, "a table is a claim", ("assert table:",))
    if words[0] == "together" and len(tokens) == 1:
        raise StepFault("a colon is missing", tokens[0].end, tokens[0].end + 1, ("together:",))
    if words[0] == "assert":
        return _read_assertion(tokens)
    raise _fault(tokens, 1, "nothing may stand after together:", ("together:",))


def _read_repeat(tokens: Tokens) -> Step:
    reading = Reading(tokens, RESERVED, DETAILS)
    slots = Slots()
    end = match_parts(_REPEAT.parts, reading, 0, slots)
    if end == len(tokens):
        return Opening("repeat", slots.number or 0)
    if end >= 0:
        reading.miss(end, "the end of the line")
    raise _miss(reading, _REPEAT)


def _read_table_head(tokens: Tokens) -> Assertion:
    within, lasting, at = _read_time(tokens, 1)
    if at != len(tokens) - 2:
        raise _fault(tokens, at, "a table stands alone in its assertion", ("assert table:",))
    return assertion((), within, lasting, tokens[at].start, tokens[-1].end)


def _read_time(tokens: Tokens, at: int) -> tuple[str, str, int]:
    """Read `within 2s` or `for 3s`, if it is there."""
    if at >= len(tokens) or tokens[at].text not in ("within", "for"):
        return "", "", at
    word = tokens[at].text
    if at + 1 >= len(tokens):
        raise _fault(tokens, at + 1, f"`{word}` needs a duration", ("DURATION",))
    text = tokens[at + 1].text
    if duration_ms(text) is None:
        message = duration_complaint(text) or f"`{word}` needs a duration"
        raise _fault(tokens, at + 1, message, ("DURATION",))
    if at + 2 < len(tokens) and tokens[at + 2].text in ("within", "for"):
        raise _fault(tokens, at + 2, "a claim has either `within` or `for`", ("a claim",))
    return (text, "", at + 2) if word == "within" else ("", text, at + 2)


def _read_assertion(tokens: Tokens) -> Assertion:
    """Read each alternative; what is wrong with any of them is told with those that are right."""
    within, lasting, at = _read_time(tokens, 1)
    start, end = tokens[0].start, tokens[-1].end
    claims: list[ClaimSentence] = []
    faults: list[StepFault] = []
    while at <= len(tokens):
        here = next((i for i in range(at, len(tokens)) if tokens[i].text == "or"), len(tokens))
        try:
            if here == at:
                example = ("a claim, as in assert A sees B",)
                raise _fault(tokens, at, "a claim is missing", example)
            claims.append(read_claim(tokens[at:here]))
        except StepFault as fault:
            faults.append(fault)
        at = here + 1
    if not faults:
        return assertion(tuple(claims), within, lasting, start, end)
    faults[0].more = tuple(faults[1:])
    if claims:
        faults[0].right = assertion(tuple(claims), within, lasting, start, end)
    raise faults[0]


def read_claim(tokens: Tokens) -> ClaimSentence:
    """Read one claim, without its `assert`.

    Raises:
        StepFault: it is no claim of the table.
    """
    rows = candidates(CLAIM_INDEX, *_two(tokens))
    if not rows:
        raise _unknown(tokens, "claim", candidates(ACTION_INDEX, *_two(tokens)) != ())
    best: Reading | None = None
    best_row: Row | None = None
    for row in rows:
        reading = Reading(tokens, RESERVED, DETAILS)
        slots = Slots()
        end = match_parts(row.parts, reading, 0, slots)
        if end == len(tokens):
            return claim(row, slots, reading.mentions, tokens[0].start, tokens[-1].end)
        if end >= 0:
            reading.miss(end, "the end of the claim")
        best, best_row = _better(best, best_row, reading, row)
    assert best is not None, "there was at least one row"
    raise _miss(best, best_row)


def _read_action(tokens: Tokens) -> Sentence:
    rows = candidates(ACTION_INDEX, *_two(tokens))
    if not rows:
        raise _unknown(tokens, "action", candidates(CLAIM_INDEX, *_two(tokens)) != ())
    best: Reading | None = None
    best_row: Row | None = None
    for row in rows:
        reading = Reading(tokens, RESERVED, DETAILS)
        slots = Slots()
        end = match_parts(row.parts, reading, 0, slots)
        if end == len(tokens):
            return sentence(row, slots, reading.mentions)
        if end >= 0 and row.ends:
            ending = _read_ending(reading, end)
            if ending is not None:
                return sentence(row, slots, reading.mentions, *ending)
        elif end >= 0:
            reading.miss(end, "the end of the step")
        best, best_row = _better(best, best_row, reading, row)
    assert best is not None, "there was at least one row"
    raise _miss(best, best_row)


def _read_ending(reading: Reading, at: int) -> tuple[Ending, str] | None:
    for row in ENDINGS:
        slots = Slots()
        end = match_parts(row.parts, reading, at, slots)
        if end == len(reading.tokens):
            return row.build(slots), write_parts(row.parts, slots)
        if end >= 0:
            reading.miss(end, "the end of the step")
    reading.miss(at, "the end of the step")
    return None


def _better(
    best: Reading | None, best_row: Row | None, reading: Reading, row: Row
) -> tuple[Reading, Row | None]:
    """Keep the attempt that came further; equals add what they expected."""
    if best is None or _reach(reading) > _reach(best):
        return reading, row
    if reading.furthest == best.furthest:
        if reading.message and not best.message:
            return reading, row
        for expected in reading.expected:
            best.miss(best.furthest, expected)
    return best, best_row


def _reach(reading: Reading) -> tuple[int, bool]:
    """Tell how far an attempt came: to what must not stand there, else to what does not fit."""
    if reading.refusal is not None:
        return reading.refusal[0], True
    return reading.furthest, False


def _two(tokens: Tokens) -> tuple[str, str]:
    return tokens[0].text, tokens[1].text if len(tokens) > 1 else ""


def _fault(
    tokens: Tokens, at: int, message: str, expected: tuple[str, ...], row: Row | None = None
) -> StepFault:
    """Complain of the token `at`, or of the end of the step."""
    if at < len(tokens):
        return StepFault(message, tokens[at].start, tokens[at].end, expected, row)
    return StepFault(message, tokens[-1].end, tokens[-1].end + 1, expected, row)


def _unknown(tokens: Tokens, what: str, other: bool) -> StepFault:
    article = "an" if what == "action" else "a"
    if other and what == "action":
        return _fault(tokens, 0, "this is a claim; it needs `assert`", ("assert CLAIM",))
    if other:
        return _fault(tokens, 0, "this is an action, not a claim", ("a claim",))
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else None
    if first.text in RESERVED or first.kind != "word" or not is_name(first.text.split(".")[0]):
        return _fault(tokens, 0, f"no sentence begins with {first.text}", (f"{article} {what}",))
    if second is None:
        return _fault(tokens, 1, f"what does {first.text} do?", ("a verb",))
    message = f"unknown {what} `{second.text}`"
    return _fault(tokens, 1, message, (f"a verb, as in {_EXAMPLES[what]}",))


_EXAMPLES = {"action": "A deletes B", "claim": "A sees B"}


def _miss(reading: Reading, row: Row | None) -> StepFault:
    if reading.refusal is not None:
        return _fault(reading.tokens, *reading.refusal, (), row)
    at = reading.furthest
    expected = tuple(reading.expected)
    if reading.message:
        return _fault(reading.tokens, at, reading.message, expected, row)
    if at >= len(reading.tokens):
        return _fault(reading.tokens, at, "the sentence stops too early", expected, row)
    text = reading.tokens[at].text
    return _fault(reading.tokens, at, f"`{text}` does not fit here", expected, row)


_REPEAT = Row(
    name="repeat",
    section="",
    pattern="repeat COUNT :",
    meaning="the head of a block, read like any sentence",
    example="repeat 3:",
    parts=compile_pattern("repeat COUNT :"),
)


def write_step(step: Sentence | Assertion) -> str:
    """Write a step in its one canonical form (of a table: its head)."""
    if step.whole is not None:
        return step.whole.text
    if isinstance(step, Sentence):
        text = write_parts(step.row.parts, step.slots)
        return f"{text} {step.ending_text}" if step.ending_text else text
    head = assert_head(step)
    if not step.claims:
        return f"{head} table:"
    return f"{head} {' or '.join(write_parts(c.row.parts, c.slots) for c in step.claims)}"
