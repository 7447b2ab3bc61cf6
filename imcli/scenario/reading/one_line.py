"""What is special about `imcli try "…"`: commas between steps, and a cast that nobody declared."""

from __future__ import annotations

from collections.abc import Iterator

from imcli.model.entities import DeviceSpec
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.said import Assertion, Sentence, Step, StepFault
from imcli.scenario.reading.state_table import cell_text, split_cells
from imcli.scenario.reading.steps import read_step
from imcli.scenario.reading.written import Node
from imcli.scenario.table.patterns import Mention
from imcli.scenario.table.sentences import ACTION_INDEX, RESERVED
from imcli.scenario.table.tokens import LexFault, Token
from imcli.scenario.table.values import device_spec, is_name
from imcli.targets.base import Cast


def split_at_commas(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """End steps at commas behind which a sentence begins."""
    return tuple(
        Node(node.place, tokens, node.children) for node in nodes for tokens in _split(node.tokens)
    )


def _split(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    start = 0
    for at, token in enumerate(tokens):
        if token.kind == "comma" and at > start and _begins(tokens, at + 1):
            yield tokens[start:at]
            start = at + 1
    yield tokens[start:]


def _begins(tokens: tuple[Token, ...], at: int) -> bool:
    """Tell whether a sentence begins at a token: with its first word, or a name and a verb."""
    if at >= len(tokens):
        return False
    first = tokens[at].text
    if first == "assert" or first in ACTION_INDEX[0]:
        return True
    name = first.split(".")[0]
    return (
        at + 1 < len(tokens)
        and tokens[at].kind == "word"
        and is_name(name)
        and name not in RESERVED
        and tokens[at + 1].text in ACTION_INDEX[1]
    )


def cast_of(nodes: tuple[Node, ...], problems: Problems) -> Cast:
    """Give the users and devices that steps name, in order; a phone where none is named."""
    devices: dict[str, dict[str, DeviceSpec]] = {}
    added: set[str] = set()
    for node in _all(nodes):
        user = ""
        for mention in _mentions(node):
            kind, name, token = mention.kind, mention.name, mention.token
            if kind == "new-device":
                added.add(f"{user}.{name}")
                continue
            if kind not in ("actor", "user"):
                continue
            user, dot, device = name.partition(".")
            mine = devices.setdefault(user, {})
            if not dot or name in added:
                continue
            spec = device_spec(device)
            if spec is None:
                span = node.place.span(token.start, token.end)
                expected = "phone, app, tablet, web, browser, desktop, pc or laptop"
                problems.add(span, f"`{device}` is no device", expected)
            else:
                mine[device] = spec
    phone = DeviceSpec("phone")
    return Cast(tuple((user, tuple(mine.values()) or (phone,)) for user, mine in devices.items()))


def _all(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all(node.children)


def _mentions(node: Node) -> tuple[Mention, ...]:
    """Give the names in a step; of one that cannot be read, none (it is complained of later)."""
    step: Step | None
    try:
        step = read_step(node.tokens)
    except StepFault as fault:
        step = fault.right
    except LexFault:
        return ()
    match step:
        case Sentence():
            return step.named.mentions
        case Assertion(claims=()):
            return tuple(_mentions_in_table(node))
        case Assertion():
            return tuple(mention for claim in step.claims for mention in claim.named.mentions)
        case _:
            return ()


def _mentions_in_table(node: Node) -> Iterator[Mention]:
    """Give the devices and the users that the rows of a table name."""
    header, *rows = [split_cells(child.tokens) for child in node.children] or [[]]
    kinds = [_TABLE_KINDS.get(cell_text(cell), "") for cell in header]
    for row in rows:
        for kind, cell in zip(kinds, row, strict=False):
            name = cell[0].text
            if kind and len(cell) == 1 and is_name(name.partition(".")[0]):
                yield Mention(kind, name, cell[0])


_TABLE_KINDS = {"device": "actor", "conversation": "user"}
