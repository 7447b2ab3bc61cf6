"""Builds cases by hand, as the parser would give them; every step gets a line of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from imcli.model.actions import Action, Send
from imcli.model.entities import DeviceSpec
from imcli.scenario.syntax import (
    Assert,
    Case,
    Claim,
    Do,
    Ending,
    Facts,
    KnownFailing,
    SeesChat,
    Span,
    Step,
    Timing,
    Together,
)
from imcli.targets.base import Capability, Cast

FILE = "scenarios/delete/example.toml"
AT = Span(FILE, 1, 1)
PHONES = Cast(
    (
        ("A", (DeviceSpec("phone"), DeviceSpec("web", "web"))),
        ("B", (DeviceSpec("phone"),)),
    )
)


def at(line: int, length: int = 5) -> Span:
    return Span(FILE, line, 8, length)


def do(
    action: Action,
    text: str = "",
    *,
    line: int = 1,
    label: str = "",
    ending: Ending | None = None,
    refs: tuple[tuple[str, str], ...] = (),
    resend_of: str = "",
    needs: tuple[Capability, ...] = (),
    number_written: bool = False,
) -> Do:
    return Do(
        span=at(line),
        text=text or type(action).__name__,
        row="row",
        action=action,
        needs=needs,
        refs=refs,
        label=label,
        resend_of=resend_of,
        number_written=number_written,
        ending=ending,
    )


def send(
    sender: str,
    chat: str,
    label: str = "",
    text: str = "hi",
    *,
    line: int = 1,
    device: str = "phone",
) -> Do:
    return do(
        Send(sender, device, chat, text, ""), f"{sender} sends {chat}", line=line, label=label
    )


def sees(
    user: str,
    chat: str,
    facts: Facts | None = None,
    *,
    device: str = "",
    negated: bool = False,
    source: Literal["sees", "shows", "new-device"] = "sees",
    line: int = 1,
) -> SeesChat:
    verb = "does not see" if negated else source
    text = f"{user} {verb} {chat}"
    return SeesChat(at(line), text, "sees", user, device, chat, source, negated, facts or Facts())


def claim(
    *claims: Claim, line: int = 1, within_ms: int | None = None, for_ms: int | None = None
) -> Assert:
    text = " or ".join(c.text for c in claims)
    return Assert(at(line), text, claims, within_ms, for_ms)


def together(*branches: Sequence[Do], line: int = 1) -> Together:
    return Together(at(line), "together:", tuple(tuple(branch) for branch in branches))


def case(
    *steps: Step,
    given: tuple[Step, ...] = (),
    cleanup: tuple[Step, ...] = (),
    cast: Cast = PHONES,
    known_failing: tuple[KnownFailing, ...] = (),
    needs: tuple[Capability, ...] = (),
    profile: dict[str, object] | None = None,
    timing: Timing | None = None,
    tags: tuple[str, ...] = (),
    covers: tuple[str, ...] = (),
    case_id: str = FILE,
    title: str = "An example",
) -> Case:
    lines = tuple(f"assert {getattr(step, 'text', '')}" for step in steps)
    return Case(
        case_id=case_id,
        path=FILE,
        title=title,
        cast=cast,
        steps=steps,
        given=given,
        cleanup=cleanup,
        covers=covers,
        tags=tags,
        needs=needs,
        profile=profile,
        timing=timing or Timing(),
        known_failing=known_failing,
        lines=lines,
    )
