"""How an action ended, and whether it may end so: done, refused, without an answer, not asked."""

from __future__ import annotations

from typing import Literal

from imcli.model.reasons import REASON_BY_NAME
from imcli.scenario.syntax import Ending
from imcli.targets.base import Outcome

Verdict = Literal["failed", "error", "unknown"]


def ended(ending: Ending | None, outcome: Outcome) -> tuple[Verdict, str] | None:
    """Judge how an action ended; nothing where it ended as it may.

    An action that should have been refused and was not is a wrong claim (*failed*); one that
    should have been done and was not is an *error*; no answer is *unknown*.
    """
    kind = ending.kind if ending is not None else ""
    match outcome.result:
        case "ok":
            if kind == "refused":
                return "failed", "was done, and should have been refused"
            if kind == "no-answer":
                return "failed", "was answered, and should have got no answer"
        case "refused":
            return _refused(ending, outcome)
        case "unknown":
            if kind != "no-answer":
                return "unknown", _with("got no answer: it may or may not have been done", outcome)
        case "offline":
            if kind != "no-answer":
                return "error", "the device is offline, so nothing was asked of the server"
    return None


def _refused(ending: Ending | None, outcome: Outcome) -> tuple[Verdict, str] | None:
    kind = ending.kind if ending is not None else ""
    said = refusal(outcome)
    if ending is None:
        return "error", f"was refused with {said}"
    if kind == "no-answer":
        return "failed", f"was answered (refused with {said}), and should have got no answer"
    if kind == "refused" and ending.reason not in ("", outcome.reason):
        return "failed", f"was refused with {said}, instead of with {ending.reason}"
    return None


def refusal(outcome: Outcome) -> str:
    """Say a refusal: its name, and what the server said of it, else its general sentence."""
    if outcome.detail:
        return f"{outcome.reason or 'no reason'}: {outcome.detail}"
    reason = REASON_BY_NAME.get(outcome.reason)
    return f"{outcome.reason} ({reason.sentence})" if reason else outcome.reason or "no reason"


def _with(words: str, outcome: Outcome) -> str:
    return f"{words}: {outcome.detail}" if outcome.detail else words
