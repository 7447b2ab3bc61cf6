"""What the rows of the table are: actions, claims, and what stands inside them.

Each kind of row adds to `Row` what it builds. The rows themselves stand in the files beside this
one whose names begin with `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypedDict, TypeVar

import msgspec

from imcli.model.actions import (
    Action,
)
from imcli.scenario.syntax import (
    Claim,
    Ending,
    Span,
)
from imcli.scenario.table.compile_pattern import compile_pattern
from imcli.scenario.table.patterns import DetailRow, Row, Slots
from imcli.targets.base import Capability

Head = tuple[Span, str, str]
"""What every claim has: its place, its canonical text, the name of its row."""


class ActionRow(Row, frozen=True, kw_only=True):
    """A sentence that does something.

    `needs_if` are needs of a part that may be left out: (field of `Slots`, capability);
    `needs_unless` are those of leaving it out. `refs` are fields of the action that get the
    sequence number behind `label`. `ends` says that an ending (`but is refused`) makes sense.
    """

    build: Callable[[Slots], Action]
    needs: tuple[Capability, ...] = ()
    needs_if: tuple[tuple[str, Capability], ...] = ()
    needs_unless: tuple[tuple[str, Capability], ...] = ()
    refs: tuple[str, ...] = ()
    ends: bool = True


class SendFields(TypedDict, total=False):
    """What options change in a `Send`."""

    no_persist: bool
    no_red_dot: bool
    command: bool
    notice: bool
    expire_ms: int
    client_msg_no: str
    payload: str


class OptionRow(DetailRow, frozen=True, kw_only=True):
    """An option of a send."""

    needs: tuple[Capability, ...] = ()
    build: Callable[[Slots], SendFields]


class EndingRow(Row, frozen=True, kw_only=True):
    """How an action may end other than well."""

    build: Callable[[Slots], Ending]


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
    """A fact. `kept_needs` are needs of saying it of a stored record."""

    build: Callable[[Slots], FactFields]
    needs: tuple[Capability, ...] = ()
    kept_needs: tuple[Capability, ...] = ()


def action_row(
    name: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Slots], Action],
    *needs: Capability,
    needs_if: tuple[tuple[str, Capability], ...] = (),
    needs_unless: tuple[tuple[str, Capability], ...] = (),
    refs: tuple[str, ...] = (),
    ends: bool = True,
) -> ActionRow:
    """Make the row of an action; its section is set where the table is put together."""
    return ActionRow(
        name=name,
        section="",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        build=build,
        needs=needs,
        needs_if=needs_if,
        needs_unless=needs_unless,
        refs=refs,
        ends=ends,
    )


def claim_row(
    name: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Head, Slots], Claim],
    *needs: Capability,
    negative: bool = False,
) -> ClaimRow:
    """Make the row of a claim; its section is set where the table is put together."""
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


AnyRow = TypeVar("AnyRow", bound=Row)


def in_section(section: str, *rows: AnyRow) -> tuple[AnyRow, ...]:
    """Put rows into a section of the reference."""
    return tuple(msgspec.structs.replace(row, section=section) for row in rows)
