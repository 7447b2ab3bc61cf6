"""The table of keys of a scenario file: what each is, for the reader of keys and the reference."""

from __future__ import annotations

import msgspec


class Key(msgspec.Struct, frozen=True):
    """One key: its name, what kind of value it has, and what it means."""

    name: str
    kind: str
    meaning: str


FILE_KEYS: tuple[Key, ...] = (
    Key("format", "integer", "version of the file format, 1 where it is not written"),
    Key("title", "string, required", "one sentence that states the behaviour"),
    Key("about", "string", "longer text, Markdown"),
    Key("covers", "strings", "issues and requirements: `Project#123`, a URL, or `spec:NAME`"),
    Key("tags", "strings", 'for selection, as in `--tag "delete and not slow"`'),
    Key(
        "users",
        "table name → devices, or array of names",
        '`A = ["phone", "web"]`; an array gives each user one device `phone`',
    ),
    Key(
        "ids",
        "table name → id",
        'a real id of a user or a group, where it matters: `{ A = "a:1" }`',
    ),
    Key(
        "groups",
        "table name → members",
        '`team = ["A", "B"]`, written `#team` in steps; there before the first step',
    ),
    Key(
        "profile",
        "string or table",
        "the profile of simulated targets, or switches over one: "
        '`{ extends = "reference", delete_scope = "two-way" }`',
    ),
    Key("given", "string or strings", "steps that set the scene; a failure here is an *error*"),
    Key("steps", "string or strings, required", "the scenario"),
    Key("cleanup", "string or strings", "steps that are always run, also after a failure"),
    Key("needs", "strings", "capabilities without which the file is skipped, with the reason"),
    Key(
        "timing",
        "table",
        '`within = "2s"` (deadline when none is written), `settle = "300ms"` (quiet window of a '
        'negative), both on live servers; `limit = "60s"` (the whole case, '
        "in real time, without what flushes take; one that waits longer is skipped there)",
    ),
    Key(
        "matrix",
        "table name → values",
        "`$name` stands for one whole word or stands inside a text, in steps, title and profile; "
        "every combination is a case; `matrix.exclude` is an array of combinations left out",
    ),
    Key(
        "known_failing",
        "table target → reason",
        '`"wukongim < 2.1.5"` (also `<=`, `=`, `>=`, `>`), `"wukongim 2.1.5 - 2.2.5"`, '
        '`"sim:NAME"`, `"sim"`, `"*"`; the reason a text or '
        '`{ because = "WuKongIM#343", claim = "A sees B with last m2" }`; the claim is an '
        "assertion of the file, a whole `or` too, or `table:`",
    ),
    Key(
        "verbs",
        "table sentence → steps",
        'own sentences from existing ones: `"X greets Y" = [\'X sends Y "hello"\']`; capitalised '
        "words are the holes; no recursion",
    ),
)
