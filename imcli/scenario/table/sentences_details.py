"""The table of sentences, third part: what stands inside sentences.

Options of a send, endings of an action, facts of an entry.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from imcli.scenario.syntax import (
    Ending,
)
from imcli.scenario.table.compile_pattern import compile_pattern
from imcli.scenario.table.patterns import Slots
from imcli.scenario.table.rows import EndingRow, FactFields, FactRow, OptionRow, SendFields
from imcli.targets.base import Capability


def _option(
    field: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Slots], SendFields],
    *needs: Capability,
    kind: str = "",
) -> OptionRow:
    return OptionRow(
        name=f"option-{field}",
        section="Options of a send",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        needs=needs,
        field=field,
        kind=kind,
        build=build,
    )


_OPTIONS = (
    _option(
        "no-persist",
        "no-persist",
        "is not stored; reaches online devices only",
        "B sends A with no-persist",
        lambda _: {"no_persist": True},
    ),
    _option(
        "no-red-dot",
        "no-red-dot",
        "does not count as unread",
        "B sends A with no-red-dot",
        lambda _: {"no_red_dot": True},
    ),
    _option(
        "command",
        "command",
        "a command (sync-once): never listed, counted or in history",
        "B sends A with command",
        lambda _: {"command": True},
        kind="message",
    ),
    _option(
        "notice",
        "notice",
        "a notice: shown, and never revives a conversation",
        "B sends A with notice",
        lambda _: {"notice": True},
        "notices",
        kind="message",
    ),
    _option(
        "expire",
        "expire DURATION",
        "stops being visible after that time",
        "B sends A with expire 60s",
        lambda s: {"expire_ms": s.duration_ms},
    ),
    _option(
        "number",
        "number TEXT",
        "the client's own message number",
        'B sends A with number "x"',
        lambda s: {"client_msg_no": s.text or ""},
    ),
    _option(
        "payload",
        "payload JSON",
        "the payload itself",
        'B sends A with payload {"type": 1}',
        lambda s: {"payload": s.json},
    ),
)

OPTIONS: tuple[OptionRow, ...] = tuple(
    msgspec.structs.replace(row, order=order) for order, row in enumerate(_OPTIONS)
)


def _ending(
    name: str, pattern: str, meaning: str, example: str, build: Callable[[Slots], Ending]
) -> EndingRow:
    return EndingRow(
        name=name,
        section="Endings of an action",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        build=build,
    )


ENDINGS: tuple[EndingRow, ...] = (
    _ending(
        "but-refused",
        "but is refused [with REASON]",
        "it must be refused, and nothing must have changed",
        "B sends #team but is refused with not-a-member",
        lambda s: Ending("refused", s.reason),
    ),
    _ending(
        "may-refused",
        "and may be refused",
        "either way is right",
        "A pins B and may be refused",
        lambda _: Ending("may"),
    ),
    _ending(
        "no-answer",
        "but gets no answer",
        "the answer is lost by a fault, or the device is offline and the action waits",
        "A deletes B but gets no answer",
        lambda _: Ending("no-answer"),
    ),
)


def _fact(
    field: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Slots], FactFields],
    *needs: Capability,
    kept_needs: tuple[Capability, ...] = (),
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
        kept_needs=kept_needs,
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
        kept_needs=("stored-marks",),
    ),
    _fact(
        "deleted up to",
        "deleted up to nothing",
        "nothing was deleted",
        "deleted up to nothing",
        lambda _: {"deleted_to": ""},
        kept_needs=("stored-marks",),
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
