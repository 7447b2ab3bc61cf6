"""The reference of the language, printed from its tables: `docs/language.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from imcli.model.reasons import REASONS
from imcli.scenario.reading.file_keys import FILE_KEYS
from imcli.scenario.reading.lines import BLOCK_DEPTH_MAX
from imcli.scenario.reading.matrix import CELLS_MAX
from imcli.scenario.reading.sizes import ALL_STEPS_MAX, STEPS_MAX
from imcli.scenario.syntax import TABLE_COLUMNS, TABLE_FLAGS
from imcli.scenario.table.holes import HOLES
from imcli.scenario.table.patterns import Row
from imcli.scenario.table.sentences import ACTIONS, BLOCKS, RESERVED
from imcli.scenario.table.sentences_claims import CLAIMS
from imcli.scenario.table.sentences_details import ENDINGS, FACTS, OPTIONS
from imcli.targets.base import ALL_CAPABILITIES

_INTRODUCTION = """\
# The language of scenarios

Every sentence, claim and key. `docs/first-scenario.md` is for those who write their first one.
(This page is printed from the tables of the program, `imcli/scenario/table/sentences.py` and its
neighbours; a test says when it is out of date.)

One file is one situation, in TOML. The shortest there is:

```toml
title = "The bug in three steps"
users = ["A", "B"]
steps = ["B sends", "A deletes B", "B sends", "assert A sees the conversation"]
```

Below, a word in capitals is a hole to be filled, what stands in brackets may be left out, and
`message/s` is written `message` after 1 and `messages` otherwise. Each sentence has one form, which
`imcli format-scenario` writes.
"""

_SECOND = re.compile(r"(?<=[A-Z])[23]\b")
"""Tells a second hole of a kind from the first inside the program; nobody writes it."""

_LINES = """\
## Names and lines

- A name has ASCII letters, digits and `_`, and begins with a letter. Users, groups, devices,
  labels, matrix names and own verbs share one namespace (users may have devices of the same name).
  No name is a word of the language (listed at the end).
- Texts are JSON strings, `{…}` is JSON. Steps are separated by line ends or `;`. A line that
  begins with `#` is a comment; elsewhere `#` directly before a letter is a group, and before
  anything else it begins a comment. A block ends at the first line that is not deeper. Tabs are
  refused.
- `A.web deletes B` names the device; `A deletes B` acts on A's first device; in a claim `A` means
  each device of A.
- With exactly two users and no group, the receiver of a send may be left out, and
  `the conversation` is the one between the two. A text that is left out is `"message N"`, where N
  counts the messages that the case sends.
- `as m1` names a message, once. Inside `repeat`, and after `3 messages`, `as m` names m1, m2, …,
  and inside the block `m` is the newest of them. Where a sentence speaks of a conversation
  (`up to m1`, `last m1`, `messages m1, m2`, a history), its messages are messages of that
  conversation.
"""

_ACTIONS = """\
## Actions

An action must succeed, unless its ending says otherwise. One that was not done makes
the case an *error*; one that ended otherwise than its ending says has *failed*, like a claim.
"""


def language_reference() -> str:
    """Print the whole reference as Markdown."""
    parts = [
        _INTRODUCTION,
        _keys(),
        _LINES,
        _ACTIONS,
        *_sections(ACTIONS),
        *_sections(OPTIONS),
        *_sections(ENDINGS),
        "## Claims\n\nEach stands after `assert`.\n",
        *_sections(CLAIMS),
        *_sections(FACTS),
        _blocks(),
        _holes(),
        _reasons(),
        _limits(),
        _words(),
    ]
    return "\n".join(parts)


def _keys() -> str:
    rows = [(f"`{key.name}`", key.kind, key.meaning) for key in FILE_KEYS]
    return f"## Keys of a file\n\n{_table(('key', 'value', 'meaning'), rows)}"


def _sections(rows: Sequence[Row]) -> Iterator[str]:
    """Print rows as one table per section, in the order of the table."""
    for section in dict.fromkeys(row.section for row in rows):
        mine = [
            (f"`{_SECOND.sub('', row.pattern)}`", row.meaning, f"`{row.example}`", _needs(row))
            for row in rows
            if row.section == section
        ]
        table = _table(("sentence", "meaning", "example", "needs"), mine)
        yield f"### {section}\n\n{table}"


def _needs(row: Row) -> str:
    parts = (*getattr(row, "needs_if", ()), *getattr(row, "needs_unless", ()))
    needs = [*row.needs, *(need for _, need in parts)]
    return ", ".join(f"`{need}`" for need in needs)


def _blocks() -> str:
    parts = ["## Assertions and blocks\n"]
    for block in BLOCKS:
        parts.append(f"`{block.pattern}`: {block.meaning}.\n\n```\n{block.example}\n```\n")
    parts.append(
        f"Columns of a table: {_listed(TABLE_COLUMNS)}; those not wanted are left out. Flags: "
        f"{_listed(TABLE_FLAGS)}. `-` is none, `*` anything; several names in a cell are joined by "
        "commas. A row stands once; a device that has nothing has one row, with `-` in every other "
        "cell.\n"
    )
    return "\n".join(parts)


def _holes() -> str:
    seen: dict[str, str] = {}
    for kind in HOLES.values():
        seen.setdefault(kind.name.rstrip("23"), kind.meaning)
    rows = list(seen.items())
    return f"## Holes\n\n{_table(('hole', 'what stands there'), rows)}"


def _reasons() -> str:
    rows = [(f"`{reason.name}`", reason.sentence) for reason in REASONS]
    return f"## Reasons of a refusal\n\n{_table(('reason', 'meaning'), rows)}"


def _limits() -> str:
    return (
        "## Limits\n\n"
        "- A file has at most 1 MiB.\n"
        f"- A matrix has at most {CELLS_MAX:,} cases, before any is left out.\n"
        f"- A case has at most {STEPS_MAX:,} steps when expanded, the cases of a file "
        f"{ALL_STEPS_MAX:,} in all.\n"
        f"- Blocks are nested at most {BLOCK_DEPTH_MAX} deep.\n"
        f"- `needs` names some of {_listed(ALL_CAPABILITIES)}.\n"
    )


def _words() -> str:
    return f"## Words that no name may be\n\n{_listed(sorted(RESERVED))}\n"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
