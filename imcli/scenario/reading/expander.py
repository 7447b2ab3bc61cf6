"""One case in the making: steps in order, verbs and `repeat` expanded, names resolved.

What a step says without saying it (the receiver, the text "message 3", the first device) is written
out here, once, so that the runner meets whole actions only.
"""

from __future__ import annotations

from copy import copy

from imcli.model.actions import Send
from imcli.scenario.reading.context import Context
from imcli.scenario.reading.matrix import (
    Values,
    fill_text,
    fill_tokens,
    written,
)
from imcli.scenario.reading.nearest import describe_fault
from imcli.scenario.reading.own_verbs import fill_verb, misfit
from imcli.scenario.reading.scope import Scope
from imcli.scenario.reading.state_table import read_table
from imcli.scenario.reading.steps import (
    Assertion,
    Call,
    ClaimSentence,
    Opening,
    Sentence,
    Step,
    StepFault,
    read_claim,
    read_step,
)
from imcli.scenario.reading.written import Node, OwnVerb, Place
from imcli.scenario.syntax import Assert, Claim, Do, KnownFailing, Span, Together
from imcli.scenario.syntax import Step as CaseStep
from imcli.scenario.table.holes import THE_CONVERSATION
from imcli.scenario.table.patterns import Detail, Hole, Mention, Part, Slots, write_parts
from imcli.scenario.table.rows import ActionRow, FactRow, OptionRow
from imcli.scenario.table.sentences import ACTIONS, ROW_BY_NAME
from imcli.scenario.table.tokens import LexFault, Token, cut_line
from imcli.scenario.table.values import duration_ms
from imcli.targets.base import Capability

STEPS_MAX = 50_000
"""Expanded steps of one case: as many as run and are explained in less than 200 MB."""


ALL_STEPS_MAX = 100_000
"""Expanded steps of all cases of one file."""


_SENDS = {"send", "send-many", "backend-send"}


_THROUGH_DEVICE = {
    row.name
    for row in ACTIONS
    if row.name != "kick"
    and any(isinstance(part, Hole) and part.kind == "ACTOR" for part in row.parts)
}


_SEND_PARTS = ROW_BY_NAME["send"].parts


class Abandon(Exception):
    """The case cannot be expanded further; the problem has been noted."""


class Expander:
    """Makes the steps of one case, in order; holds what is known so far."""

    def __init__(self, context: Context, values: Values) -> None:
        self.context = context
        self.problems = context.problems
        self.values = values
        self.key = tuple(values.items())
        self.scope = Scope(context.scenario, context.groups, context.names)
        self.labels = self.scope.labels
        self.sends = 0
        self.call: Span | None = None
        self.calls: tuple[str, ...] = ()
        self.claim_texts: list[str] = []

    # Sizes

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All steps of the file, as they are done."""
        scenario = self.context.scenario
        return (*scenario.given, *scenario.steps, *scenario.cleanup)

    def measure(self) -> int:
        """Count the steps of the case before any is made.

        Raises:
            Abandon: there are too many; the problem has been noted.
        """
        return self._sizes(self.nodes)

    def _sizes(self, nodes: tuple[Node, ...]) -> int:
        total = 0
        for node in nodes:
            total += self._size(node)
            if total > STEPS_MAX:
                self.refuse(node, f"the case has more than {STEPS_MAX:,} steps when expanded")
        return total

    def _size(self, node: Node) -> int:
        match self._read(node):
            case Opening(kind="repeat", times=times):
                return times * self._sizes(node.children)
            case Opening():
                return self._sizes(node.children)
            case Call() as call:
                return self._size_of_call(call)
            case Sentence(row=row, slots=slots) if row.name == "send-many":
                return slots.number or 0
            case _:
                return 1

    def _size_of_call(self, call: Call) -> int:
        verb = self.context.verbs[call.verb]
        if misfit(verb, call.arguments) is not None:
            return 1
        body = self._body(verb, call.arguments)
        sizes = self.context.sizes
        if id(body) not in sizes:
            sizes[id(body)] = self._sizes(body)
        return sizes[id(body)]

    # Blocks

    def expand(self, nodes: tuple[Node, ...]) -> list[CaseStep]:
        """Make the steps of one of the keys that hold steps."""
        steps: list[CaseStep] = []
        for node in nodes:
            self._expand_one(node, steps)
        return steps

    def _expand_one(self, node: Node, into: list[CaseStep]) -> None:
        step = self._read(node)
        match step:
            case Sentence():
                self._do(node, step, into)
            case Assertion():
                into.append(self._assert(node, step))
            case Call():
                self._call(node, step, into)
            case Opening(kind="repeat"):
                self._repeat(node, step.times, into)
            case Opening():
                into.append(self._together(node))
            case None:
                pass

    def _read(self, node: Node) -> Step | None:
        """Read a node's step, once per file, or once per way of filling it where it varies."""
        tokens = node.tokens
        key: tuple[int, tuple[str, ...]] = (id(node), ())
        if node.varies:
            tokens = fill_tokens(tokens, self.values)
            key = (id(node), tuple(token.text for token in tokens))
        steps = self.context.steps
        if key in steps:
            return steps[key]
        step: Step | None = None
        try:
            step = read_step(tokens, self.context.verbs)
        except StepFault as fault:
            self._note(node, tokens, fault)
        except LexFault as fault:
            span = node.place.span(tokens[0].start, tokens[-1].end)
            self.problems.add(span, fault.message, fault.expected)
        steps[key] = step
        return step

    def _note(self, node: Node, tokens: tuple[Token, ...], fault: StepFault) -> None:
        span = node.place.span(fault.start, fault.end)
        if self.problems.full:
            self.problems.add(span, fault.message)
            return
        expected, nearest, message = describe_fault(fault, tokens, self.context)
        self.problems.add(span, message, expected, nearest, self._hint(node))

    def _hint(self, node: Node) -> str:
        """Say what the place alone does not: which call, which cell of the matrix."""
        if self.call:
            return f"called in line {self.call.line}"
        if not node.varies:
            return ""
        return f"where {', '.join(f'{n} = {written(value)}' for n, value in self.key)}"

    def _span(self, node: Node, start: int, end: int) -> Span:
        return self.call or node.place.span(start, end)

    def _complain(self, node: Node, token: Token, message: str, expected: str = "") -> None:
        span = node.place.span(token.start, token.end)
        self.problems.add(span, message, expected, hint=self._hint(node))

    def refuse(self, node: Node, message: str) -> None:
        """Note that a limit is passed, and give the case up."""
        first, last = node.tokens[0], node.tokens[-1]
        self.problems.add(node.place.span(first.start, last.end), message)
        raise Abandon

    def _repeat(self, node: Node, times: int, into: list[CaseStep]) -> None:
        if not node.children:
            first = node.tokens[0]
            self._complain(node, first, "this block is empty", "deeper lines below it")
            return
        self.labels.enter_repeat()
        for _ in range(times):
            before = len(into)
            for child in node.children:
                self._expand_one(child, into)
            if len(into) == before:
                break
        self.labels.leave_repeat()

    def _together(self, node: Node) -> Together:
        first, last = node.tokens[0], node.tokens[-1]
        if not node.children:
            self._complain(node, first, "this block is empty", "deeper lines below it")
        branches: list[tuple[Do, ...]] = []
        place: object = None
        line: list[CaseStep] = []
        for child in node.children:
            if child.place != place:
                branches += _branch(line)
                line = []
                place = child.place
                self.labels.enter_branch()
            self._expand_branch(child, line)
        branches += _branch(line)
        self.labels.leave_branches()
        return Together(self._span(node, first.start, last.end), "together:", tuple(branches))

    def _expand_branch(self, child: Node, into: list[CaseStep]) -> None:
        before = len(into)
        self._expand_one(child, into)
        if any(not isinstance(step, Do) for step in into[before:]):
            del into[before:]
            self._complain(
                child, child.tokens[0], "inside `together` stand actions only", "an action"
            )

    def _call(self, node: Node, step: Call, into: list[CaseStep]) -> None:
        verb = self.context.verbs[step.verb]
        fault = misfit(verb, step.arguments)
        if fault is not None:
            self._complain(node, *fault, " ".join(verb.words))
            return
        body = self._body(verb, step.arguments)
        outer = self.call
        first, last = node.tokens[0], node.tokens[-1]
        self.call = self._span(node, first.start, last.end)
        for child in body:
            self._expand_one(child, into)
        self.call = outer

    def _body(self, verb: OwnVerb, tokens: tuple[Token, ...]) -> tuple[Node, ...]:
        """Fill arguments into a verb's steps, once per way of calling it."""
        key = (verb.name, tuple(token.text for token in tokens), self.key)
        found = self.context.bodies.get(key)
        if found is None:
            found = fill_verb(verb, tokens, self.values)
            self.context.bodies[key] = found
        return found

    # Actions

    def _do(self, node: Node, step: Sentence, into: list[CaseStep]) -> None:
        row, slots = step.row, copy(step.slots)
        if not self._mentions(node, step.mentions):
            return
        if row.name in _SENDS and not slots.chat:
            slots.chat = self._other(node, slots.user, "the receiver")
        elif slots.chat == THE_CONVERSATION or THE_CONVERSATION in slots.chats:
            self._fill_conversation(node, slots)
        if self.labels.aliases:
            slots.label = self.labels.newest(slots.label)
        if row.name == "send-many":
            self._send_many(node, step, slots, into)
            return
        self._fit(node, step, slots)
        into.append(self._one(node, step, slots, row.parts))

    def _fit(self, node: Node, step: Sentence, slots: Slots) -> None:
        """Do what single rows need beyond their holes: texts, new devices, who may resend."""
        match step.row.name:
            case "send" | "backend-send":
                self.sends += 1
                if slots.text is None:
                    slots.text = f"message {self.sends}"
            case "add-device":
                assert slots.spec is not None, "the pattern has a DEVICE"
                complaint = self.scope.add_device(slots.user, slots.spec.name)
                if complaint:
                    self._complain(node, step.mentions[-1].token, complaint)
            case "resend":
                sender = self.labels.sender(slots.label)
                if sender != slots.user:
                    token = step.mentions[1].token
                    self._complain(node, token, f"`{slots.label}` was sent by {sender}", sender)
            case _:
                pass

    def _send_many(self, node: Node, step: Sentence, slots: Slots, into: list[CaseStep]) -> None:
        count = slots.number or 0
        for _ in range(count):
            one = copy(slots)
            self.sends += 1
            one.text = f"message {self.sends}"
            into.append(self._one(node, step, one, _SEND_PARTS, many=True))
        if slots.new:
            self.labels.end_many(slots.new)

    def _one(
        self,
        node: Node,
        step: Sentence,
        slots: Slots,
        parts: tuple[Part, ...],
        *,
        many: bool = False,
    ) -> Do:
        row = step.row
        label = slots.new
        if label:
            label = self._name(node, step, slots, many=many)
            slots.new = label
        text = write_parts(parts, slots)
        if step.ending_text:
            text = f"{text} {step.ending_text}"
        if row.name in _THROUGH_DEVICE and not slots.device:
            slots.device = self.scope.devices[slots.user][0]
        resend = slots.label if row.name == "resend" else ""
        action = row.build(slots)
        refs = tuple((field, slots.label) for field in row.refs) if slots.label else ()
        first, last = step_ends(node)
        return Do(
            self._span(node, first, last),
            text,
            "send" if many else row.name,
            action,
            _needs(row, slots),
            refs,
            label or resend,
            resend,
            type(action) is Send and action.client_msg_no != "",
            step.ending,
        )

    def _name(self, node: Node, step: Sentence, slots: Slots, *, many: bool) -> str:
        """Give a message or an answer its label; a fault is noted where the label stands."""
        kind = "answer" if step.row.name == "request" else "message"
        token = next(m.token for m in step.mentions if m.kind == "new")
        label, complaint = self.labels.define(
            slots.new, kind, slots.user, owner=id(node), many=many
        )
        if complaint:
            self._complain(node, token, complaint)
        return label

    def _other(self, node: Node, user: str, what: str) -> str:
        if self.context.implied:
            return self.context.other(user)
        first, last = node.tokens[0], node.tokens[-1]
        write = (
            "write the receiver, as in B sends A" if what == "the receiver" else "write its name"
        )
        self.problems.add(
            node.place.span(first.start, last.end),
            f"{what} may be left out only where there are exactly two users and no group",
            write,
            hint=self._hint(node),
        )
        return self.context.users[0] if self.context.users else ""

    def _fill_conversation(self, node: Node, slots: Slots) -> None:
        other = self._other(node, slots.user, "a name in place of `the conversation`")
        if slots.chat == THE_CONVERSATION:
            slots.chat = other
        slots.chats = tuple(other if chat == THE_CONVERSATION else chat for chat in slots.chats)

    # Claims

    def _assert(self, node: Node, step: Assertion) -> Assert:
        start, end = step_ends(node)
        needs: list[Capability] = []
        claims: list[Claim] = []
        if not step.claims:
            span = self._span(node, step.start, step.end)
            table = read_table(node, span, self.scope, self.values, self.problems)
            if table is not None:
                claims.append(table)
        for sentence in step.claims:
            if self._mentions(node, sentence.mentions):
                claims.append(self._claim(node, sentence, needs))
        self.claim_texts += (claim.text for claim in claims)
        head = "assert"
        if step.within:
            head = f"assert within {step.within}"
        elif step.lasting:
            head = f"assert for {step.lasting}"
        return Assert(
            self._span(node, start, end),
            f"{head} {' or '.join(claim.text for claim in claims)}",
            tuple(claims),
            _milliseconds(step.within),
            _milliseconds(step.lasting),
            tuple(dict.fromkeys(needs)),
        )

    def _claim(self, node: Node, step: ClaimSentence, needs: list[Capability]) -> Claim:
        slots = copy(step.slots)
        if slots.chat == THE_CONVERSATION or THE_CONVERSATION in slots.chats:
            self._fill_conversation(node, slots)
        if self.labels.aliases:
            self._relabel(slots)
        needs += step.row.needs
        for detail in slots.details:
            assert isinstance(detail.row, FactRow), "only facts stand in a claim"
            needs += detail.row.needs
        text = write_parts(step.row.parts, slots)
        return step.row.build((self._span(node, step.start, step.end), text, step.row.name), slots)

    def canonical_claim(self, known: KnownFailing) -> str:
        """Read the claim of a known failure and write it as its assertion does; "" if wrong."""
        place = Place(known.span.file, known.span.line, known.span.column, exact=False)
        try:
            tokens = cut_line(fill_text(known.claim, self.values)).steps[0]
            sentence = read_claim(tokens[1:] if tokens[0].text == "assert" else tokens)
        except (LexFault, StepFault) as fault:
            self.problems.add(known.span, f"the claim is none: {fault.message}")
            return ""
        except IndexError:
            self.problems.add(known.span, "the claim is empty")
            return ""
        node = Node(place, tokens)
        return self._claim(node, sentence, []).text

    def _relabel(self, slots: Slots) -> None:
        """Put the newest of a repeated label where the label itself was written."""
        newest = self.labels.newest
        slots.label = newest(slots.label)
        slots.label2 = newest(slots.label2)
        slots.labels = tuple(newest(label) for label in slots.labels)
        if slots.details:
            slots.details = tuple(Detail(one.row, copy(one.slots)) for one in slots.details)
            for one in slots.details:
                self._relabel(one.slots)

    def _mentions(self, node: Node, mentions: tuple[Mention, ...]) -> bool:
        """Check the names of a sentence; notes what is wrong and says whether all is right."""
        right = True
        for kind, name, token in mentions:
            complaint, nearest = self.scope.check(kind, name)
            if complaint:
                right = False
                span = node.place.span(token.start, token.end)
                self.problems.add(span, complaint, nearest=nearest, hint=self._hint(node))
        return right


def step_ends(node: Node) -> tuple[int, int]:
    """Give where a node's step begins and ends in its line."""
    return node.tokens[0].start, node.tokens[-1].end


def _branch(steps: list[CaseStep]) -> list[tuple[Do, ...]]:
    """Make one branch of what a line gave, unless it gave nothing."""
    done = tuple(step for step in steps if isinstance(step, Do))
    return [done] if done else []


def _needs(row: ActionRow, slots: Slots) -> tuple[Capability, ...]:
    if not row.needs_if and not row.needs_unless and not slots.details:
        return row.needs
    needs = [need for field, need in row.needs_if if getattr(slots, field)]
    needs += [need for field, need in row.needs_unless if getattr(slots, field) is None]
    for detail in slots.details:
        assert isinstance(detail.row, OptionRow), "only options stand after a send"
        needs += detail.row.needs
    return (*row.needs, *needs)


def _milliseconds(duration: str) -> int | None:
    return duration_ms(duration) if duration else None
