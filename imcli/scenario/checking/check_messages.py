"""Claims about messages: what arrived, what the history holds, what the sender was told."""

from __future__ import annotations

from collections.abc import Iterable

from imcli.model.entities import Message
from imcli.model.questions import HistoryView, ReceivedView
from imcli.scenario.checking.check_facts import same_messages
from imcli.scenario.checking.mismatch import Answers, Mismatch, mismatch, one, spoken
from imcli.scenario.checking.names import Names, Sent
from imcli.scenario.events import Disagreement
from imcli.scenario.syntax import (
    Claim,
    HistoryIs,
    OneMessage,
    ReceivedBefore,
    ReceivedMessage,
    SendAnswer,
)

TIMES = {0: "not at all", 1: "once", 2: "twice"}


def check_received(claim: ReceivedMessage, answers: Answers, names: Names) -> Mismatch | None:
    """`A received m1 [once | twice | 3 times]`, `A did not receive m1`."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ReceivedView)
        count = sum(names.is_message(claim.label, m) for m in view.arrivals)
        if claim.times != 0:
            names.name(key, (claim.label,))
        if count == claim.times or (claim.times is None and count):
            continue
        wrong.append(Disagreement(str(key), _received_words(claim, count, view, names)))
    return mismatch(wrong) if wrong else None


def name_received(claims: Iterable[Claim], names: Names) -> None:
    """Remember what `received` claims name that were not judged, as another of an `or` held."""
    for claim in claims:
        match claim:
            case ReceivedMessage(times=times, label=label) if times != 0:
                labels: tuple[str, ...] = (label,)
            case ReceivedBefore(first=first, second=second):
                labels = (first, second)
            case _:
                continue
        for key in names.keys(claim.user, claim.device):
            names.name(key, labels)


def _received_words(claim: ReceivedMessage, count: int, view: ReceivedView, names: Names) -> str:
    arrived = spoken(names.call(m) for m in view.arrivals)
    if count == 0:
        return f"did not receive {claim.label} (it received: {arrived})"
    wanted = "" if claim.times is None else f" instead of {times(claim.times)}"
    return f"received {claim.label} {times(count)}{wanted} (all that it received: {arrived})"


def times(count: int) -> str:
    """Say a number of times.

    >>> times(1), times(3)
    ('once', '3 times')
    """
    return TIMES.get(count, f"{count} times")


def check_before(claim: ReceivedBefore, answers: Answers, names: Names) -> Mismatch | None:
    """`A received m1 before m2`: the first arrival of each."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ReceivedView)
        names.name(key, (claim.first, claim.second))
        first = _position(claim.first, view, names)
        second = _position(claim.second, view, names)
        if first is not None and second is not None and first < second:
            continue
        if first is not None and second is not None:
            words = f"received {claim.second} before {claim.first}"
        else:
            absent = [n for n, at in ((claim.first, first), (claim.second, second)) if at is None]
            words = f"did not receive {spoken(absent)}"
        arrived = spoken(names.call(m) for m in view.arrivals)
        wrong.append(Disagreement(str(key), f"{words} (it received: {arrived})"))
    return mismatch(wrong) if wrong else None


def _position(label: str, view: ReceivedView, names: Names) -> int | None:
    for index, message in enumerate(view.arrivals):
        if names.is_message(label, message):
            return index
    return None


def check_nothing_else(answers: Answers, names: Names) -> Mismatch | None:
    """`A received nothing else` than what earlier claims on that device named."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ReceivedView)
        labels = names.named.get(key, ())
        others = [m for m in view.arrivals if not _is_any(labels, m, names)]
        if others:
            named = f" besides {spoken(labels)}" if labels else ""
            words = f"received {spoken(names.call(m) for m in others)}{named}"
            wrong.append(Disagreement(str(key), words))
    return mismatch(wrong) if wrong else None


def _is_any(labels: tuple[str, ...], message: Message, names: Names) -> bool:
    return any(names.is_message(label, message) for label in labels)


def check_history(claim: HistoryIs, answers: Answers, names: Names) -> Mismatch | None:
    """`A's history with B is m1, m2` / `is empty` / `contains m1` / `does not contain m1`."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, HistoryView)
        if _history_holds(claim, view.messages, names):
            continue
        actual = spoken((names.call(m) for m in view.messages), "empty")
        words = f"finds a history with {claim.chat} of {actual}"
        if actual == "empty":
            words = f"finds the history with {claim.chat} empty"
        expected = {
            "is": f"instead of {spoken(claim.labels, 'an empty one')}",
            "contains": f"without {spoken(_missing(claim, view.messages, names))}",
            "lacks": f"with {spoken(_present(claim, view.messages, names))} in it",
        }[claim.relation]
        wrong.append(Disagreement(str(key), f"{words}, {expected}", claim.chat))
    return mismatch(wrong) if wrong else None


def _history_holds(claim: HistoryIs, messages: tuple[Message, ...], names: Names) -> bool:
    if claim.relation == "is":
        return same_messages(claim.labels, messages, names)
    if claim.relation == "contains":
        return not _missing(claim, messages, names)
    return not _present(claim, messages, names)


def _present(claim: HistoryIs, messages: tuple[Message, ...], names: Names) -> list[str]:
    return [la for la in claim.labels if any(names.is_message(la, m) for m in messages)]


def _missing(claim: HistoryIs, messages: tuple[Message, ...], names: Names) -> list[str]:
    present = _present(claim, messages, names)
    return [label for label in claim.labels if label not in present]


def check_answer(claim: SendAnswer, names: Names) -> Mismatch | None:
    """`m1 was accepted` · `m1 was refused [with REASON]` · `m1 is unknown`."""
    sent = names.of(claim.label)
    if sent.state == claim.state and claim.reason in ("", sent.reason):
        return None
    if sent.state == claim.state:
        return one(claim.label, f"was refused with {sent.reason} instead of {claim.reason}")
    return one(claim.label, answer_words(sent))


def answer_words(sent: Sent) -> str:
    """Say what the sender was told."""
    if sent.state == "accepted":
        return (
            f"was accepted as seq {sent.seq}" if sent.seq else "was accepted without being stored"
        )
    return f"was refused with {sent.reason}" if sent.state == "refused" else "has no answer yet"


def check_one(claim: OneMessage, names: Names) -> Mismatch | None:
    """`m1 and m2 are one message`: the same sequence number and server id."""
    first, second = names.of(claim.first), names.of(claim.second)
    if first.message_id and (first.message_id, first.seq) == (second.message_id, second.seq):
        return None
    words = f"{answer_words(first)}, {second.label} {answer_words(second)}"
    if first.seq and first.seq == second.seq:
        words += ", under two server ids"
    return one(claim.first, words)
