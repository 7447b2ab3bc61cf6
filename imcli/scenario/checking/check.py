"""Does a claim hold? `ask` says what to look at, `check` judges what came back; both are pure.

`check` answers with a `Mismatch`, or with nothing where the claim holds. What a word of the
language means is written once, in the file of its idea: facts of an entry (`check_facts`), whole
lists (`check_lists`), messages (`check_messages`), the state table (`check_table`), the rest
(`check_others`).
"""

from __future__ import annotations

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import DeviceKey
from imcli.model.questions import (
    Agreement,
    History,
    Kept,
    Observable,
    Presence,
    Question,
    RawAnswer,
    Received,
    Seen,
    Shown,
)
from imcli.scenario.checking.check_facts import check_keeps, check_sees
from imcli.scenario.checking.check_lists import (
    check_agreement,
    check_list,
    check_request,
    check_total,
)
from imcli.scenario.checking.check_messages import (
    check_answer,
    check_before,
    check_history,
    check_nothing_else,
    check_one,
    check_received,
)
from imcli.scenario.checking.check_others import (
    check_body,
    check_not_affected,
    check_presence,
    check_status,
)
from imcli.scenario.checking.check_table import check_table, table_devices
from imcli.scenario.checking.mismatch import Answers, Mismatch
from imcli.scenario.checking.names import Names
from imcli.scenario.syntax import (
    Claim,
    DevicesAgree,
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
    TableIs,
    TotalUnread,
)

Asked = list[tuple[DeviceKey, Question]]


def ask_one(claim: Claim, names: Names) -> tuple[DeviceKey, Question] | None:
    """Say what to look at where all devices are answered alike; None: `ask`, it is no such claim.

    What holds for the answer to one device then holds for all of them.
    """
    if type(claim) is not SeesChat or claim.source != "sees":
        return None
    keys = names.keys(claim.user, claim.device)
    return (keys[0], _seen(claim, keys[0])) if keys else None


def _seen(claim: SeesChat, key: DeviceKey) -> Seen:
    facts = claim.facts
    count = 0 if facts.messages is None and facts.count is None else LISTED_MESSAGES
    return Seen(key[0], key[1], claim.chat, False, count)


def ask(claim: Claim, names: Names) -> Asked:
    """Say what must be looked at to judge a claim: nothing where the labels know it."""
    match claim:
        case SeesChat(user=user, device=device, chat=chat, source=source):
            if source == "sees":
                return [(k, _seen(claim, k)) for k in names.keys(user, device)]
            if source == "shows":
                return [(k, Shown(k.user, k.device)) for k in names.keys(user, device)]
            return [(DeviceKey(user, ""), Seen(user, "", chat, True))]
        case ReceivedMessage() | ReceivedBefore() | ReceivedNothingElse():
            keys = names.keys(claim.user, claim.device)
            return [(k, Received(k.user, k.device)) for k in keys]
        case HistoryIs(user=user, device=device, chat=chat):
            return [(k, History(k.user, k.device, chat)) for k in names.keys(user, device)]
        case SeesList(user=user, device=device, source="shows"):
            return [(k, Shown(k.user, k.device)) for k in names.keys(user, device)]
        case SeesList() | TotalUnread() | HasRequest():
            return [(k, Seen(k.user, k.device)) for k in names.keys(claim.user, claim.device)]
        case TableIs():
            return [(k, Seen(k.user, k.device)) for k in table_devices(claim, names)]
        case IsPresent(user=user, device=device):
            return [(k, Presence(k.user, k.device)) for k in names.keys(user, device)]
        case SendAnswer() | OneMessage():
            return []
        case KeepsRecord(user=user, chat=chat):
            return [(DeviceKey(user, ""), Kept(user, chat))]
        case DevicesAgree(user=user):
            return [(DeviceKey(user, ""), Agreement(user))]
        case NotAffected(user=user):
            return [(DeviceKey(user, ""), Observable(user))]
        case HasStatus(label=label) | HasBody(label=label):
            return [(DeviceKey("", ""), RawAnswer(label))]


def check(claim: Claim, answers: Answers, names: Names) -> Mismatch | None:
    """Judge a claim by what came back to `ask`'s questions.

    Raises:
        LabelProblem: the claim needs something of a label that it does not have.
    """
    if type(claim) is SeesChat:  # most claims, so: without a match
        return check_sees(claim, answers, names)
    match claim:
        case ReceivedMessage():
            return check_received(claim, answers, names)
        case HistoryIs():
            return check_history(claim, answers, names)
        case SeesList():
            return check_list(claim, answers)
        case TableIs():
            return check_table(claim, answers, names)
        case ReceivedBefore():
            return check_before(claim, answers, names)
        case ReceivedNothingElse():
            return check_nothing_else(answers, names)
        case SendAnswer():
            return check_answer(claim, names)
        case OneMessage():
            return check_one(claim, names)
        case TotalUnread():
            return check_total(claim, answers)
        case HasRequest():
            return check_request(claim, answers)
        case IsPresent():
            return check_presence(claim, answers)
        case KeepsRecord():
            return check_keeps(claim, answers, names)
        case DevicesAgree():
            return check_agreement(claim, answers, names)
        case NotAffected():
            return check_not_affected(claim, answers, names)
        case HasStatus():
            return check_status(claim, answers)
        case HasBody():
            return check_body(claim, answers)
        case SeesChat():
            return check_sees(claim, answers, names)


def is_negative(claim: Claim) -> bool:
    """Tell whether a claim says that something is not there, so that waiting could refute it."""
    match claim:
        case SeesChat(negated=negated) | KeepsRecord(negated=negated):
            return negated
        case ReceivedMessage(times=times):
            return times == 0
        case HistoryIs(relation=relation, labels=labels):
            return relation == "lacks" or (relation == "is" and not labels)
        case SeesList(chats=chats):
            return not chats
        case SendAnswer(state=state):
            return state == "unknown"
        case ReceivedNothingElse() | NotAffected():
            return True
        case _:
            return False


def is_counted(claim: Claim) -> bool:
    """Tell whether a claim says how often a message came, so that once more would refute it."""
    return isinstance(claim, ReceivedMessage) and bool(claim.times)


def is_settled(claim: Claim) -> bool:
    """Tell whether a claim is about an answer that was given, so that waiting changes nothing."""
    match claim:
        case SendAnswer(state=state):
            return state != "unknown"
        case OneMessage() | HasStatus() | HasBody():
            return True
        case _:
            return False


def labels_of(claim: Claim) -> tuple[str, ...]:
    """The labels that a claim names, each once, in its order."""
    match claim:
        case SeesChat(facts=facts) | KeepsRecord(facts=facts):
            last = (facts.last[1],) if facts.last and facts.last[0] == "label" else ()
            marks = tuple(m for m in (facts.read_to, facts.deleted_to) if m)
            found: tuple[str, ...] = (*last, *(facts.messages or ()), *marks)
        case ReceivedMessage(label=label) | SendAnswer(label=label):
            found = (label,)
        case ReceivedBefore(first=first, second=second) | OneMessage(first=first, second=second):
            found = (first, second)
        case HistoryIs(labels=labels):
            found = labels
        case TableIs(columns=columns, rows=rows):
            found = tuple(
                part
                for row in rows
                for column, cell in zip(columns, row, strict=True)
                if column in ("last", "messages", "read", "deleted") and cell[:1] not in '"-*'
                for part in cell.split(",")
            )
        case _:
            found = ()
    return tuple(dict.fromkeys(found))
