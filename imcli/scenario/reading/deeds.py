"""From a sentence to the actions of a case: what it says without saying it is written out.

The receiver that was left out, the text "message 3", the first device, the number of a repeated
label: each is put where it belongs, so that the runner meets whole actions only. A sentence that
leaves nothing to the case has been made already (`said.py`) and only takes its place here.
"""

from __future__ import annotations

from msgspec.structs import replace

from imcli.scenario.reading.belongs import belong
from imcli.scenario.reading.draft import Draft, step_ends
from imcli.scenario.reading.said import (
    Sentence,
    implies,
    make_do,
)
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import Do
from imcli.scenario.syntax import Step as CaseStep
from imcli.scenario.table.holes import THE_CONVERSATION
from imcli.scenario.table.patterns import Part, Slots
from imcli.scenario.table.sentences import ROW_BY_NAME

_SEND_PARTS = ROW_BY_NAME["send"].parts


def add_deeds(draft: Draft, node: Node, said: Sentence, into: list[CaseStep]) -> None:
    """Make the actions of a sentence; none where its names are wrong (noted)."""
    named = said.named
    if (named.labels or not named.names <= draft.known) and not draft.right(node, named):
        return
    if named.labels and not belong(draft, node, named, said.slots):
        return
    bound = draft.labels.repeating and (named.labels or said.slots.new)
    if said.whole is not None and not bound:
        into.append(_placed(draft, node, said, said.whole))
        return
    row, slots = said.row, replace(said.slots)
    if said.sends and not slots.chat:
        slots.chat = draft.other(node, slots.user)
    elif implies(slots):
        fill_conversation(draft, node, slots)
    slots.label = draft.labels.newest(slots.label)
    if row.name == "send-many":
        _send_many(draft, node, said, slots, into)
        return
    _fit(draft, node, said, slots)
    into.append(_one(draft, node, said, slots, row.parts))


def _placed(draft: Draft, node: Node, said: Sentence, whole: Do) -> Do:
    """Put a whole sentence into its place: its names are new ones, its device may be the first."""
    tokens = node.tokens
    span = draft.call or node.place.span(tokens[0].start, tokens[-1].end)
    if said.sends:
        draft.sends += 1
    if said.slots.new:
        _name(draft, node, said, said.slots, many=False)
    if not said.through:
        return replace(whole, span=span)
    device = draft.scope.devices[said.slots.user][0]
    return replace(whole, span=span, action=replace(whole.action, device=device))


def fill_conversation(draft: Draft, node: Node, slots: Slots) -> None:
    """Put the other user where `the conversation` stands."""
    other = draft.meant(node, slots.user)
    if slots.chat == THE_CONVERSATION:
        slots.chat = other
    slots.chats = tuple(other if chat == THE_CONVERSATION else chat for chat in slots.chats)


def _fit(draft: Draft, node: Node, said: Sentence, slots: Slots) -> None:
    """Do what single rows need beyond their holes: texts, new devices, who may resend."""
    match said.row.name:
        case "send" | "backend-send":
            draft.sends += 1
            if slots.text is None:
                slots.text = f"message {draft.sends}"
        case "add-device":
            assert slots.spec is not None, "the pattern has a DEVICE"
            complaint = draft.scope.add_device(slots.user, slots.spec.name)
            if complaint:
                draft.complain(node, said.named.mentions[-1].token, complaint)
        case "resend":
            sender = draft.labels.sender(slots.label)
            if sender != slots.user:
                token = said.named.mentions[1].token
                draft.complain(node, token, f"`{slots.label}` was sent by {sender}", sender)
        case _:
            pass


def _send_many(
    draft: Draft, node: Node, said: Sentence, slots: Slots, into: list[CaseStep]
) -> None:
    for _ in range(slots.number or 0):
        one = replace(slots)
        draft.sends += 1
        one.text = f"message {draft.sends}"
        into.append(_one(draft, node, said, one, _SEND_PARTS, many=True))
    if slots.new:
        draft.labels.end_many(slots.new)


def _one(
    draft: Draft,
    node: Node,
    said: Sentence,
    slots: Slots,
    parts: tuple[Part, ...],
    *,
    many: bool = False,
) -> Do:
    if slots.new:
        slots.new = _name(draft, node, said, slots, many=many)
    device = ""
    if said.through:
        device = draft.scope.devices[slots.user][0]
    span = draft.span(node, *step_ends(node))
    return make_do(span, said, slots, parts, device=device, name="send" if many else "")


def _name(draft: Draft, node: Node, said: Sentence, slots: Slots, *, many: bool) -> str:
    """Give a message or an answer its label; a fault is noted where the label stands."""
    kind = "answer" if said.row.name == "request" else "message"
    chat = slots.chat or draft.labels.chat(slots.label)
    label, complaint = draft.labels.define(
        slots.new, kind, slots.user, chat, owner=id(node), many=many
    )
    if complaint:
        token = next(one.token for one in said.named.mentions if one.kind == "new")
        draft.complain(node, token, complaint)
    return label
