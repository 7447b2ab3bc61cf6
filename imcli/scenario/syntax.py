"""What a scenario is once it has been read: frozen values, each knowing where it stands.

A `Scenario` is one file. `cases(scenario)` (in `expand.py`) makes its `Case`s: matrix values are
filled in, own verbs and `repeat` are expanded, names of devices are resolved, labels are numbered.
The runner sees cases only. Whatever a label stands for is known only at run time; an action that
needs it names the field and the label in `refs`.

None of these values can be in a reference cycle, so the garbage collector need not look at them
(`gc=False`): there are a dozen per step, and they live as long as the run.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.model.actions import Action
from imcli.model.entities import ENTRY_FLAGS
from imcli.targets.base import Capability, Cast


class Span(msgspec.Struct, frozen=True, gc=False):
    """A place in a file: line and column count from 1; `length` in characters, at least 1."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


# Steps


class Ending(msgspec.Struct, frozen=True, gc=False):
    """How an action may end other than well.

    `refused`: it must be refused (with `reason`, if one is given) and change nothing. `may`: either
    way. `no-answer`: the answer is lost, or the device is offline and the action waits.
    """

    kind: Literal["refused", "may", "no-answer"]
    reason: str = ""


class Do(msgspec.Struct, frozen=True, gc=False, tag=True):
    """One action.

    `text` is its canonical sentence. `row` is the name of its sentence in the table. `refs` are
    (field of the action, label): the runner puts the label's sequence number there. `label` is
    what the message it sends is called from now on. `resend_of` names the label whose send is done
    again; then `action` is a `Send` in which user, device and chat are left to that first send.
    `number_written` says that `client_msg_no` was written in the file (`number "x"`); otherwise the
    runner gives the number.
    """

    span: Span
    text: str
    row: str
    action: Action
    needs: tuple[Capability, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()
    label: str = ""
    resend_of: str = ""
    number_written: bool = False
    ending: Ending | None = None


class Together(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Branches without an order among them; the steps of one branch keep theirs."""

    span: Span
    text: str
    branches: tuple[tuple[Do, ...], ...]


class Assert(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A claim, or several of which one must hold. At most one of the two times is given."""

    span: Span
    text: str
    claims: tuple[Claim, ...]
    within_ms: int | None = None
    for_ms: int | None = None
    needs: tuple[Capability, ...] = ()


# Claims. In each, `device == ""` means every device of the user.


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What is claimed of an entry; None (or False) means that nothing is claimed.

    `last` is ("label", m) or ("text", words) or ("none", ""). `read_to` and `deleted_to` are a
    label, or "" for nothing. `messages` are labels, oldest first, exactly.
    """

    unread: int | None = None
    last: tuple[Literal["label", "text", "none"], str] | None = None
    messages: tuple[str, ...] | None = None
    count: int | None = None
    read_to: str | None = None
    deleted_to: str | None = None
    pinned: bool = False
    muted: bool = False
    archived: bool = False
    marked_unread: bool = False


class BaseClaim(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What every claim has: its place, its canonical text, and its row of the table."""

    span: Span
    text: str
    row: str


class SeesChat(BaseClaim, frozen=True, gc=False):
    """`A sees B`, `A shows B`, their negations, and `a new device of A sees B`."""

    user: str
    device: str
    chat: str
    source: Literal["sees", "shows", "new-device"]
    negated: bool = False
    facts: Facts = Facts()


class SeesList(BaseClaim, frozen=True, gc=False):
    """`sees only B, #team` (any order), `sees B, #team in this order`, `sees nothing`."""

    user: str
    device: str
    chats: tuple[str, ...]
    source: Literal["sees", "shows"]
    ordered: bool = False


class KeepsRecord(BaseClaim, frozen=True, gc=False):
    """`the server keeps B for A with FACTS`, `the server keeps nothing of B for A`."""

    user: str
    chat: str
    negated: bool = False
    facts: Facts = Facts()


class ReceivedMessage(BaseClaim, frozen=True, gc=False):
    """`A received m1`; `times` None means at least once, 0 means `did not receive`."""

    user: str
    device: str
    label: str
    times: int | None = None


class ReceivedBefore(BaseClaim, frozen=True, gc=False):
    """`A received m1 before m2`."""

    user: str
    device: str
    first: str
    second: str


class ReceivedNothingElse(BaseClaim, frozen=True, gc=False):
    """`A received nothing else` than what earlier `received` claims on that device named."""

    user: str
    device: str


class HistoryIs(BaseClaim, frozen=True, gc=False):
    """`A's history with B is m1, m2` / `is empty` / `contains m1` / `does not contain m1`."""

    user: str
    device: str
    chat: str
    relation: Literal["is", "contains", "lacks"]
    labels: tuple[str, ...] = ()


class SendAnswer(BaseClaim, frozen=True, gc=False):
    """`m1 was accepted` / `was refused [with REASON]` / `is unknown`."""

    label: str
    state: Literal["accepted", "refused", "unknown"]
    reason: str = ""


class OneMessage(BaseClaim, frozen=True, gc=False):
    """`m1 and m2 are one message`."""

    first: str
    second: str


class DevicesAgree(BaseClaim, frozen=True, gc=False):
    """`A's devices agree`."""

    user: str


class TotalUnread(BaseClaim, frozen=True, gc=False):
    """`A's total unread is 3`."""

    user: str
    device: str
    count: int


class HasRequest(BaseClaim, frozen=True, gc=False):
    """`A has a request from B`."""

    user: str
    device: str
    chat: str


class NotAffected(BaseClaim, frozen=True, gc=False):
    """`B is not affected` by the previous action."""

    user: str


class IsPresent(BaseClaim, frozen=True, gc=False):
    """`A.web is online` / `offline` / `kicked`."""

    user: str
    device: str
    state: Literal["online", "offline", "kicked"]


class HasStatus(BaseClaim, frozen=True, gc=False):
    """`r1 has status 400`."""

    label: str
    status: int


class HasBody(BaseClaim, frozen=True, gc=False):
    """`r1 has body {…}`: a subset; the string `"..."` matches anything. `body` is JSON text."""

    label: str
    body: str


TABLE_COLUMNS = (
    "device",
    "conversation",
    "unread",
    "last",
    "messages",
    "read",
    "deleted",
    "flags",
)
"""The columns that a state table may have, in the order in which it is shown."""
TABLE_FLAGS = {words.replace(" ", "-"): field for field, words in ENTRY_FLAGS.items()}
"""The words of the column `flags`, each with the field of an entry that it is about."""


class TableIs(BaseClaim, frozen=True, gc=False):
    """`table:`. `columns` are the header words; each row has a cell per column, as written.

    Values of cells are those of `sees`; labels are still labels here. `spans` are the places of
    the rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spans: tuple[Span, ...]


Claim = (
    SeesChat
    | SeesList
    | KeepsRecord
    | ReceivedMessage
    | ReceivedBefore
    | ReceivedNothingElse
    | HistoryIs
    | SendAnswer
    | OneMessage
    | DevicesAgree
    | TotalUnread
    | HasRequest
    | NotAffected
    | IsPresent
    | HasStatus
    | HasBody
    | TableIs
)

Step = Do | Together | Assert

# Files and cases


class Timing(msgspec.Struct, frozen=True, gc=False):
    """Deadlines of live targets, and the real-time limit of a whole case."""

    within_ms: int = 2_000
    settle_ms: int = 300
    limit_ms: int = 60_000


class KnownFailing(msgspec.Struct, frozen=True, gc=False):
    """One line of `[known_failing]`: on which targets, why, and at which claim if only there.

    `claim` is a whole assertion of the case, without `assert` and its time; `claim_span` is where
    the file says it.
    """

    span: Span
    target: str
    because: str
    claim: str = ""
    claim_span: Span | None = None


class Case(msgspec.Struct, frozen=True, gc=False):
    """One run of one file: what the runner takes.

    `case_id` is the path as it was given; a matrix cell has `[name=value,…]` behind it. `lines` are
    the file's lines, for showing them.
    """

    case_id: str
    path: str
    title: str
    cast: Cast
    steps: tuple[Step, ...]
    given: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = ()
    covers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    needs: tuple[Capability, ...] = ()
    profile: dict[str, object] | None = None
    timing: Timing = Timing()
    known_failing: tuple[KnownFailing, ...] = ()
    lines: tuple[str, ...] = ()
    about: str = ""
