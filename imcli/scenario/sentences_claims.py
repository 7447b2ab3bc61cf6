"""The table of sentences, second part: claims, and the facts that they may state.

Each row says how a claim reads, what it means, and which `Claim` it is. Whether it holds is decided
in `check.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict

import msgspec

from imcli.scenario.holes import compile_pattern
from imcli.scenario.patterns import DetailRow, Row, Slots
from imcli.scenario.syntax import (
    Claim,
    DevicesAgree,
    Facts,
    HasBody,
    HasRequest,
    HasStatus,
    HistoryIs,
    IsPresent,
    KeepsRecord,
    NotAffected,
    OneMessage,
    ReceivedBefore,
    ReceivedMessage,
    ReceivedNothingElse,
    SeesChat,
    SeesList,
    SendAnswer,
    Span,
    TotalUnread,
)
from imcli.targets.base import Capability

Head = tuple[Span, str, str]
"""What every claim has: its place, its canonical text, the name of its row."""

Look = Literal["sees", "shows"]


class ClaimRow(Row, frozen=True, kw_only=True):
    """A sentence that claims something. `negative`: true of what must not happen."""

    build: Callable[[Head, Slots], Claim]
    needs: tuple[Capability, ...] = ()
    negative: bool = False


class FactFields(TypedDict, total=False):
    """What a fact says of an entry: fields of `Facts`."""

    unread: int
    last: tuple[Literal["label", "text", "none"], str]
    messages: tuple[str, ...]
    count: int
    read_to: str
    deleted_to: str
    pinned: bool
    muted: bool
    archived: bool
    marked_unread: bool


class FactRow(DetailRow, frozen=True, kw_only=True):
    """A fact."""

    build: Callable[[Slots], FactFields]
    needs: tuple[Capability, ...] = ()


def facts_of(slots: Slots) -> Facts:
    """Gather the facts of a claim."""
    if not slots.details:
        return NO_FACTS
    fields: FactFields = {}
    for detail in slots.details:
        assert isinstance(detail.row, FactRow), "only facts stand in a claim"
        fields.update(detail.row.build(detail.slots))
    return Facts(**fields)


NO_FACTS = Facts()


def _claim(
    name: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Head, Slots], Claim],
    *needs: Capability,
    negative: bool = False,
) -> ClaimRow:
    return ClaimRow(
        name=name,
        section="",
        pattern=pattern,
        meaning=meaning,
        example=f"assert {example}",
        parts=compile_pattern(pattern),
        build=build,
        needs=needs,
        negative=negative,
    )


def _in(section: str, *rows: ClaimRow) -> tuple[ClaimRow, ...]:
    return tuple(msgspec.structs.replace(row, section=section) for row in rows)


def _lists(verb: str, look: Look, noun: str, *needs: Capability) -> tuple[ClaimRow, ...]:
    """Make the rows of `sees` or of `shows`, which read alike."""
    bare = verb[:-1]
    return (
        _claim(
            verb,
            f"ACTOR {verb} CHAT [with FACTS]",
            f"{noun} has this conversation, and it is so",
            f"A {verb} B with 1 unread, last m1",
            lambda h, s: SeesChat(*h, s.user, s.device, s.chat, look, facts=facts_of(s)),
            *needs,
        ),
        _claim(
            f"does-not-{bare}",
            f"ACTOR does not {bare} CHAT",
            f"{noun} has no such conversation",
            f"A does not {bare} B",
            lambda h, s: SeesChat(*h, s.user, s.device, s.chat, look, negated=True),
            *needs,
            negative=True,
        ),
        _claim(
            f"{verb}-only",
            f"ACTOR {verb} only CHATS",
            f"{noun} has these and no others, in any order",
            f"A {verb} only B, #team",
            lambda h, s: SeesList(*h, s.user, s.device, s.chats, look),
            *needs,
        ),
        _claim(
            f"{verb}-in-order",
            f"ACTOR {verb} CHATS in this order",
            f"{noun} is exactly this",
            f"A {verb} B, #team in this order",
            lambda h, s: SeesList(*h, s.user, s.device, s.chats, look, ordered=True),
            *needs,
        ),
        _claim(
            f"{verb}-nothing",
            f"ACTOR {verb} nothing",
            f"{noun} is empty",
            f"A {verb} nothing",
            lambda h, s: SeesList(*h, s.user, s.device, (), look),
            *needs,
            negative=True,
        ),
    )


def _history(
    name: str,
    words: str,
    meaning: str,
    example: str,
    relation: Literal["is", "contains", "lacks"],
) -> ClaimRow:
    def build(head: Head, s: Slots) -> Claim:
        labels = s.labels or ((s.label,) if s.label else ())
        return HistoryIs(*head, s.user, s.device, s.chat, relation, labels)

    return _claim(
        name,
        f"ACTOR's history with CHAT {words}",
        meaning,
        f"A's history with B {example}",
        build,
        negative=relation == "lacks" or words == "is empty",
    )


def _answered(
    name: str, words: str, meaning: str, state: Literal["accepted", "refused", "unknown"]
) -> ClaimRow:
    example = words.replace("[with REASON]", "with blocked")
    return _claim(
        name,
        f"LABEL {words}",
        meaning,
        f"m1 {example}",
        lambda h, s: SendAnswer(*h, s.label, state, s.reason),
    )


def _present(state: Literal["online", "offline", "kicked"], meaning: str) -> ClaimRow:
    return _claim(
        f"is-{state}",
        f"ACTOR is {state}",
        meaning,
        f"A.web is {state}",
        lambda h, s: IsPresent(*h, s.user, s.device, state),
        "sessions",
    )


CLAIMS: tuple[ClaimRow, ...] = (
    *_in(
        "What the server answers to one full synchronisation",
        *_lists("sees", "sees", "the list that each device is answered"),
        _claim(
            "new-device-sees",
            "a new device of USER sees CHAT [with FACTS]",
            "the same, asked by a device that has never been there",
            "a new device of A sees B",
            lambda h, s: SeesChat(*h, s.user, "", s.chat, "new-device", facts=facts_of(s)),
        ),
        _claim(
            "total-unread",
            "ACTOR's total unread is NUMBER",
            "the sum over the listed conversations",
            "A's total unread is 3",
            lambda h, s: TotalUnread(*h, s.user, s.device, s.number or 0),
        ),
        _claim(
            "has-request",
            "ACTOR has a request from PEER",
            "a message request waits (policy `request`)",
            "A has a request from B",
            lambda h, s: HasRequest(*h, s.user, s.device, s.peer),
            "settings",
        ),
        _claim(
            "devices-agree",
            "USER's devices agree",
            "all show the same after synchronising with their own cursors, and the same as a full "
            "synchronisation",
            "A's devices agree",
            lambda h, s: DevicesAgree(*h, s.user),
        ),
    ),
    *_in(
        "What a device shows without asking",
        *_lists("shows", "shows", "the cache of each device", "sessions"),
    ),
    *_in(
        "What is stored",
        _claim(
            "keeps",
            "the server keeps CHAT for USER [with FACTS]",
            "there is a stored record, and it is so",
            "the server keeps B for A with 1 unread",
            lambda h, s: KeepsRecord(*h, s.user, s.chat, facts=facts_of(s)),
            "stored-record",
        ),
        _claim(
            "keeps-nothing",
            "the server keeps nothing of CHAT for USER",
            "there is no stored record",
            "the server keeps nothing of B for A",
            lambda h, s: KeepsRecord(*h, s.user, s.chat, negated=True),
            "stored-record",
            negative=True,
        ),
    ),
    *_in(
        "What reached a device",
        _claim(
            "received",
            "ACTOR received LABEL [TIMES]",
            "the message arrived so often; without a number at least once",
            "A received m1 once",
            lambda h, s: ReceivedMessage(*h, s.user, s.device, s.label, s.number),
            "sessions",
        ),
        _claim(
            "did-not-receive",
            "ACTOR did not receive LABEL",
            "the message never arrived",
            "A did not receive m1",
            lambda h, s: ReceivedMessage(*h, s.user, s.device, s.label, 0),
            "sessions",
            negative=True,
        ),
        _claim(
            "received-before",
            "ACTOR received LABEL before LABEL2",
            "both arrived, in this order",
            "A received m1 before m2",
            lambda h, s: ReceivedBefore(*h, s.user, s.device, s.label, s.label2),
            "sessions",
        ),
        _claim(
            "received-nothing-else",
            "ACTOR received nothing else",
            "nothing but what earlier claims on that device named",
            "A received nothing else",
            lambda h, s: ReceivedNothingElse(*h, s.user, s.device),
            "sessions",
            negative=True,
        ),
    ),
    *_in(
        "History",
        _history("history-is", "is LABELS", "exactly these, oldest first", "is m1, m2", "is"),
        _history("history-is-empty", "is empty", "there is none", "is empty", "is"),
        _history(
            "history-contains", "contains LABEL", "it is among them", "contains m1", "contains"
        ),
        _history(
            "history-lacks",
            "does not contain LABEL",
            "it is not among them",
            "does not contain m1",
            "lacks",
        ),
    ),
    *_in(
        "What the sender was told",
        _answered("was-accepted", "was accepted", "the send was accepted", "accepted"),
        _answered("was-refused", "was refused [with REASON]", "the send was refused", "refused"),
        _answered("is-unknown", "is unknown", "no answer came", "unknown"),
        _claim(
            "one-message",
            "LABEL and LABEL2 are one message",
            "same sequence number and server id",
            "m1 and m2 are one message",
            lambda h, s: OneMessage(*h, s.label, s.label2),
        ),
    ),
    *_in(
        "People and devices",
        _claim(
            "not-affected",
            "USER is not affected",
            "everything that the user can observe is what it was before the previous action",
            "B is not affected",
            lambda h, s: NotAffected(*h, s.user),
            negative=True,
        ),
        _present("online", "the device has a session"),
        _present("offline", "the device has none"),
        _present("kicked", "its session was ended by an administrator or a login"),
    ),
    *_in(
        "Answers to raw calls",
        _claim(
            "has-status",
            "ANSWER has status NUMBER",
            "the HTTP status",
            "r1 has status 400",
            lambda h, s: HasStatus(*h, s.label, s.number or 0),
            "raw-requests",
        ),
        _claim(
            "has-body",
            "ANSWER has body JSON",
            'a subset of the body; the string `"..."` matches anything',
            'r1 has body {"status": 200}',
            lambda h, s: HasBody(*h, s.label, s.json),
            "raw-requests",
        ),
    ),
)


def _fact(
    field: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Slots], FactFields],
    *needs: Capability,
) -> FactRow:
    return FactRow(
        name=f"fact-{pattern.lower().replace(' ', '-').replace('/', '')}",
        section="Facts",
        pattern=pattern,
        meaning=meaning,
        example=f"assert A sees B with {example}",
        parts=compile_pattern(pattern),
        field=field,
        build=build,
        needs=needs,
    )


_FACTS = (
    _fact(
        "unread",
        "NUMBER unread",
        "so many unread",
        "1 unread",
        lambda s: {"unread": s.number or 0},
    ),
    _fact(
        "last",
        "last LABEL",
        "the newest visible message is this",
        "last m1",
        lambda s: {"last": ("label", s.label)},
    ),
    _fact(
        "last",
        "last TEXT",
        "the newest visible message reads so",
        'last "hi"',
        lambda s: {"last": ("text", s.text or "")},
    ),
    _fact(
        "last",
        "no last message",
        "no message is visible",
        "no last message",
        lambda _: {"last": ("none", "")},
    ),
    _fact(
        "messages",
        "messages LABELS",
        "exactly these are visible, oldest first (in `sees` the newest 20)",
        "messages m1, m2",
        lambda s: {"messages": s.labels},
    ),
    _fact(
        "count",
        "NUMBER message/s",
        "how many these are",
        "2 messages",
        lambda s: {"count": s.number or 0},
    ),
    _fact(
        "read up to",
        "read up to LABEL",
        "the read mark stands there",
        "read up to m1",
        lambda s: {"read_to": s.label},
    ),
    _fact(
        "read up to",
        "read up to nothing",
        "nothing was read",
        "read up to nothing",
        lambda _: {"read_to": ""},
    ),
    _fact(
        "deleted up to",
        "deleted up to LABEL",
        "the deletion mark stands there",
        "deleted up to m1",
        lambda s: {"deleted_to": s.label},
    ),
    _fact(
        "deleted up to",
        "deleted up to nothing",
        "nothing was deleted",
        "deleted up to nothing",
        lambda _: {"deleted_to": ""},
    ),
    _fact("pinned", "pinned", "it is pinned", "pinned", lambda _: {"pinned": True}, "settings"),
    _fact("muted", "muted", "it is muted", "muted", lambda _: {"muted": True}, "settings"),
    _fact(
        "archived",
        "archived",
        "it is archived",
        "archived",
        lambda _: {"archived": True},
        "settings",
    ),
    _fact(
        "marked unread",
        "marked unread",
        "it carries the mark",
        "marked unread",
        lambda _: {"marked_unread": True},
    ),
)
FACTS: tuple[FactRow, ...] = tuple(
    msgspec.structs.replace(row, order=order) for order, row in enumerate(_FACTS)
)
