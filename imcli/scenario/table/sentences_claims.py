"""The table of sentences, fourth part: claims.

Each row says how a claim reads, what it means, and which `Claim` it is. Whether it holds is decided
in `check.py`.
"""

from __future__ import annotations

from typing import Literal

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
    TotalUnread,
)
from imcli.scenario.table.patterns import Slots
from imcli.scenario.table.rows import (
    ClaimRow,
    FactFields,
    FactRow,
    Head,
    claim_row,
    in_section,
)
from imcli.targets.base import Capability

Look = Literal["sees", "shows"]


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


def _lists(verb: str, look: Look, noun: str, *needs: Capability) -> tuple[ClaimRow, ...]:
    """Make the rows of `sees` or of `shows`, which read alike."""
    bare = verb[:-1]
    return (
        claim_row(
            verb,
            f"ACTOR {verb} CHAT [with FACTS]",
            f"{noun} has this conversation, and it is so",
            f"A {verb} B with 1 unread, last m1",
            lambda h, s: SeesChat(*h, s.user, s.device, s.chat, look, facts=facts_of(s)),
            *needs,
        ),
        claim_row(
            f"does-not-{bare}",
            f"ACTOR does not {bare} CHAT",
            f"{noun} has no such conversation",
            f"A does not {bare} B",
            lambda h, s: SeesChat(*h, s.user, s.device, s.chat, look, negated=True),
            *needs,
            negative=True,
        ),
        claim_row(
            f"{verb}-only",
            f"ACTOR {verb} only CHATS",
            f"{noun} has these and no others, in any order",
            f"A {verb} only B, #team",
            lambda h, s: SeesList(*h, s.user, s.device, s.chats, look),
            *needs,
        ),
        claim_row(
            f"{verb}-in-order",
            f"ACTOR {verb} CHATS in this order",
            f"{noun} is exactly this",
            f"A {verb} B, #team in this order",
            lambda h, s: SeesList(*h, s.user, s.device, s.chats, look, ordered=True),
            *needs,
        ),
        claim_row(
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

    return claim_row(
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
    return claim_row(
        name,
        f"LABEL {words}",
        meaning,
        f"m1 {example}",
        lambda h, s: SendAnswer(*h, s.label, state, s.reason),
    )


def _present(state: Literal["online", "offline", "kicked"], meaning: str) -> ClaimRow:
    return claim_row(
        f"is-{state}",
        f"ACTOR is {state}",
        meaning,
        f"A.web is {state}",
        lambda h, s: IsPresent(*h, s.user, s.device, state),
        "sessions",
    )


CLAIMS: tuple[ClaimRow, ...] = (
    *in_section(
        "What the server answers to one full synchronisation",
        *_lists("sees", "sees", "the list that each device is answered"),
        claim_row(
            "new-device-sees",
            "a new device of USER sees CHAT [with FACTS]",
            "the same, asked by a device that has never been there",
            "a new device of A sees B",
            lambda h, s: SeesChat(*h, s.user, "", s.chat, "new-device", facts=facts_of(s)),
        ),
        claim_row(
            "total-unread",
            "ACTOR's total unread is NUMBER",
            "the sum over the listed conversations",
            "A's total unread is 3",
            lambda h, s: TotalUnread(*h, s.user, s.device, s.number or 0),
        ),
        claim_row(
            "has-request",
            "ACTOR has a request from PEER",
            "a message request waits (policy `request`)",
            "A has a request from B",
            lambda h, s: HasRequest(*h, s.user, s.device, s.peer),
            "settings",
        ),
        claim_row(
            "devices-agree",
            "USER's devices agree",
            "all show the same after synchronising with their own cursors, and the same as a full "
            "synchronisation",
            "A's devices agree",
            lambda h, s: DevicesAgree(*h, s.user),
        ),
    ),
    *in_section(
        "What a device shows without asking",
        *_lists("shows", "shows", "the cache of each device", "sessions"),
    ),
    *in_section(
        "What is stored",
        claim_row(
            "keeps",
            "the server keeps CHAT for USER [with FACTS]",
            "there is a stored record, and it is so",
            "the server keeps B for A with 1 unread",
            lambda h, s: KeepsRecord(*h, s.user, s.chat, facts=facts_of(s)),
            "stored-record",
        ),
        claim_row(
            "keeps-nothing",
            "the server keeps nothing of CHAT for USER",
            "there is no stored record",
            "the server keeps nothing of B for A",
            lambda h, s: KeepsRecord(*h, s.user, s.chat, negated=True),
            "stored-record",
            negative=True,
        ),
    ),
    *in_section(
        "What reached a device",
        claim_row(
            "received",
            "ACTOR received LABEL [TIMES]",
            "the message arrived so often; without a number at least once",
            "A received m1 once",
            lambda h, s: ReceivedMessage(*h, s.user, s.device, s.label, s.number),
            "sessions",
        ),
        claim_row(
            "did-not-receive",
            "ACTOR did not receive LABEL",
            "the message never arrived",
            "A did not receive m1",
            lambda h, s: ReceivedMessage(*h, s.user, s.device, s.label, 0),
            "sessions",
            negative=True,
        ),
        claim_row(
            "received-before",
            "ACTOR received LABEL before LABEL2",
            "both arrived, in this order",
            "A received m1 before m2",
            lambda h, s: ReceivedBefore(*h, s.user, s.device, s.label, s.label2),
            "sessions",
        ),
        claim_row(
            "received-nothing-else",
            "ACTOR received nothing else",
            "nothing but what earlier claims on that device named",
            "A received nothing else",
            lambda h, s: ReceivedNothingElse(*h, s.user, s.device),
            "sessions",
            negative=True,
        ),
    ),
    *in_section(
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
    *in_section(
        "What the sender was told",
        _answered("was-accepted", "was accepted", "the send was accepted", "accepted"),
        _answered("was-refused", "was refused [with REASON]", "the send was refused", "refused"),
        _answered("is-unknown", "is unknown", "no answer came", "unknown"),
        claim_row(
            "one-message",
            "LABEL and LABEL2 are one message",
            "same sequence number and server id",
            "m1 and m2 are one message",
            lambda h, s: OneMessage(*h, s.label, s.label2),
        ),
    ),
    *in_section(
        "People and devices",
        claim_row(
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
    *in_section(
        "Answers to raw calls",
        claim_row(
            "has-status",
            "ANSWER has status NUMBER",
            "the HTTP status",
            "r1 has status 400",
            lambda h, s: HasStatus(*h, s.label, s.number or 0),
            "raw-requests",
        ),
        claim_row(
            "has-body",
            "ANSWER has body JSON",
            'a subset of the body; the string `"..."` matches anything',
            'r1 has body {"status": 200}',
            lambda h, s: HasBody(*h, s.label, s.json),
            "raw-requests",
        ),
    ),
)
