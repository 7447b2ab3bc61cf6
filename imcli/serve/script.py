"""The script of a served server: what is to go wrong, and when.

A script is a text of lines such as

    after 5s: link u1.phone drops 2 messages
    every 1m: server restarts
    when u2 connects: wait 1s; link u2.phone holds; wait 3s; link u2.phone releases
    where A is "10001"

Before the colon stands the moment (`MOMENTS`), behind it sentences of the scenario language, those
of its one table that no client has to say, and those of the script's own (`OWN`). `wait` puts what
follows it off. Names are real ids; an id that is no name of the language gets one with `where`.

Here are the values of a script and the tables of its forms. `script_reading.py` makes it of a text,
`agenda.py` says what of it is due when, `acting.py` what a sentence does to real connections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from imcli.model.actions import Action
from imcli.scenario.syntax import Span
from imcli.scenario.table.compile_pattern import compile_pattern
from imcli.scenario.table.patterns import Part, Slots

Kind = Literal["after", "every", "when", "once"]
Happening = Literal["", "connects", "disconnects", "sends"]


class Moment(msgspec.Struct, frozen=True):
    """When a line's deeds are done.

    `kind` is `after` a time from the start, `every` so often, `when` something happens, or `once`
    it happens. What happens is that a user (with `device`: this one) `connects`, `disconnects` or
    `sends` (with `chat`: to this one).
    """

    kind: Kind
    duration_ms: int = 0
    event: Happening = ""
    user: str = ""
    device: str = ""
    chat: str = ""


class WebhookFault(msgspec.Struct, frozen=True):
    """Of the next calls of webhooks so many are not made, and then so many have no answer."""

    fail: int = 0
    lose: int = 0


class Deed(msgspec.Struct, frozen=True):
    """One thing to do, so long after the moment of its line, and how it was written."""

    wait_ms: int
    text: str
    what: Action | WebhookFault


class Line(msgspec.Struct, frozen=True):
    """One line of a script."""

    span: Span
    moment: Moment
    deeds: tuple[Deed, ...]


class Script(msgspec.Struct, frozen=True):
    """A whole script."""

    lines: tuple[Line, ...] = ()


class Form(msgspec.Struct, frozen=True):
    """How something of the script's own is written: pattern, meaning, example."""

    pattern: str
    meaning: str
    example: str
    parts: tuple[Part, ...]


class MomentForm(Form, frozen=True):
    """How a moment is written, and which it is."""

    kind: Kind
    event: Happening


def _form(pattern: str, meaning: str, example: str) -> Form:
    return Form(pattern, meaning, example, compile_pattern(pattern))


def _moment(kind: Kind, rest: str, meaning: str, example: str, event: Happening = "") -> MomentForm:
    pattern = f"{kind} {rest}"
    return MomentForm(pattern, meaning, example, compile_pattern(pattern), kind, event)


MOMENTS: tuple[MomentForm, ...] = (
    _moment("after", "DURATION", "so long after the server was ready", "after 5s"),
    _moment("every", "DURATION", "again and again, first after that time", "every 1m"),
    _moment(
        "when",
        "ACTOR connects",
        "each time that a client is let in",
        "when u1.phone connects",
        "connects",
    ),
    _moment(
        "when",
        "ACTOR disconnects",
        "each time that its socket ends",
        "when u1 disconnects",
        "disconnects",
    ),
    _moment(
        "when",
        "ACTOR sends [CHAT]",
        "each time that a client's message is taken",
        "when u1 sends",
        "sends",
    ),
    _moment("once", "ACTOR connects", "the first time only", "once u1 connects", "connects"),
    _moment(
        "once", "ACTOR disconnects", "the first time only", "once u1.web disconnects", "disconnects"
    ),
    _moment("once", "ACTOR sends [CHAT]", "the first time only", "once u1 sends u2", "sends"),
)
"""What may stand before the colon."""

OWN: dict[str, tuple[Form, Callable[[Slots], WebhookFault]]] = {
    "fail": (
        _form(
            "webhooks fail COUNT time/s",
            "the next so many calls are not made, and taken for failed",
            "webhooks fail 3 times",
        ),
        lambda slots: WebhookFault(fail=slots.number or 0),
    ),
    "lose": (
        _form(
            "webhooks lose COUNT answer/s",
            "the next so many calls are made, and taken for failed",
            "webhooks lose 1 answer",
        ),
        lambda slots: WebhookFault(lose=slots.number or 0),
    ),
    "recover": (
        _form("webhooks recover", "no further call fails", "webhooks recover"),
        lambda slots: WebhookFault(),
    ),
}
"""The sentences that a script has besides those of the language, by their second word."""
