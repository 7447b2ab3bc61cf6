"""What a known failure makes of a result.

Only *failed* counts as known, never *error* or *unknown*. Where the file names claims, every
failure must be at one of them. A pass where a failure is known is an *unexpected pass*, with the
line that is to be deleted.
"""

from __future__ import annotations

import msgspec

from imcli.scenario.events import CaseResult, Failure
from imcli.scenario.reading.known_failing import matches, needs_version
from imcli.scenario.syntax import Case, KnownFailing


def apply_known(result: CaseResult, case: Case) -> CaseResult:
    """Rename the result of a case by its `[known_failing]`."""
    if not case.known_failing:
        return result
    result = _warned(result, case)
    known = [k for k in case.known_failing if matches(k.target, result.target)]
    if not known:
        return result
    if result.result == "failed":
        reason = _reason(known, result.failures)
        if reason:
            return msgspec.structs.replace(result, result="known failure", reason=reason)
    if result.result == "passed":
        entry = known[0]
        reason = f"delete the line {entry.span}: it is known to fail here ({entry.because})"
        return msgspec.structs.replace(
            result, result="unexpected pass", reason=reason, delete=entry.span
        )
    return result


def _reason(known: list[KnownFailing], failures: tuple[Failure, ...]) -> str:
    """Why all failures are known: one entry speaks of all, or each has its own; else ""."""
    for entry in known:
        if all(_is_claim(entry, failure) for failure in failures):
            return entry.because
    own = [next((e for e in known if _is_claim(e, failure)), None) for failure in failures]
    return "" if None in own else "; ".join(dict.fromkeys(e.because for e in own if e))


def _is_claim(entry: KnownFailing, failure: Failure) -> bool:
    if not entry.claim:
        return True
    return _plain(entry.claim) == _plain(failure.text)


def _plain(text: str) -> str:
    """A claim's text in one form: with single spaces, without its `assert` and its time."""
    words = text.split()
    if words[:1] == ["assert"]:
        words = words[1:]
    if words[:1] in (["within"], ["for"]):
        words = words[2:]
    return " ".join(words)


def _warned(result: CaseResult, case: Case) -> CaseResult:
    """A live server whose version cannot be read matches no line with one, and that is said."""
    target = result.target
    if target.kind != "live" or target.version:
        return result
    if not any(needs_version(known.target) for known in case.known_failing):
        return result
    note = f"the version of {target.name} is unknown, so no line of [known_failing] with one counts"
    return msgspec.structs.replace(result, notes=(*result.notes, note))
