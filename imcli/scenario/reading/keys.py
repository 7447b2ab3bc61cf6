"""Section 1 of the language: the keys of a file, what each must be, and where it stands.

One reader per key, each noting whatever is wrong and going on. Steps are read into nodes
(`lines.py`); what they say is checked in `expand.py`.
"""

from __future__ import annotations

import re

from imcli.model.durations import duration_ms
from imcli.scenario.reading.file_keys import FILE_KEYS
from imcli.scenario.reading.key_reader import KeyReader
from imcli.scenario.reading.known_failing import expression_complaint
from imcli.scenario.reading.layout import Path
from imcli.scenario.reading.suggest import nearest_word
from imcli.scenario.reading.written import Node
from imcli.scenario.syntax import KnownFailing, Span, Timing
from imcli.scenario.table.values import duration_complaint
from imcli.targets.base import ALL_CAPABILITIES, Capability

KEYS = tuple(key.name for key in FILE_KEYS)
_KNOWN_KEYS = frozenset(KEYS)

TOP_KEYS = ("title", "given", "steps", "cleanup")
"""Keys that no table of a file may hold, because they mean something at its head."""

FORMAT = 1

TARGETS = '"wukongim < 2.1.5", "wukongim 2.1.5 - 2.2.5", "sim:wukongim-2.1.3", "sim", "*"'

_COVERS = re.compile(r"[A-Za-z0-9][\w./-]*#[0-9]+|https?://\S+|spec:\S+")

_TAG = re.compile(r"\w[\w-]*")

_TAG_WORDS = ("and", "or", "not")


def note_unknown_keys(reader: KeyReader) -> None:
    """Note keys that there are not, with the special case of keys below a table header."""
    for key in reader.data:
        if key not in _KNOWN_KEYS:
            near = nearest_word(key, KEYS)
            reader.problems.add(
                reader.key_span((key,)), f"unknown key `{key}`", ", ".join(KEYS), near
            )


def note_landed(reader: KeyReader) -> bool:
    """Note `steps` that stands below a table header and so landed in that table."""
    found = False
    for path, table in reader.layout.header_of.items():
        key = path[-1]
        if len(path) == len(table) + 1 and key in TOP_KEYS and key not in reader.data:
            name = ".".join(str(part) for part in table)
            reader.problems.add(reader.key_span(path), f"`{key}` landed in [{name}]; move it above")
            found = True
    return found


def check_format(reader: KeyReader) -> None:
    """Check the version of the file format."""
    value = reader.data.get("format", FORMAT)
    if isinstance(value, bool) or not isinstance(value, int):
        reader.wrong(("format",), "`format` must be an integer", f"format = {FORMAT}")
    elif value != FORMAT:
        reader.wrong(
            ("format",), f"format {value} is not known to this version", f"format = {FORMAT}"
        )


def read_covers(reader: KeyReader) -> tuple[str, ...]:
    """Read the issues and requirements."""
    found = reader.texts("covers")
    for path, text in found:
        if not _COVERS.fullmatch(text):
            reader.wrong(
                path,
                f"`{text}` names no issue or requirement",
                "Project#123, a URL, or spec:NAME",
            )
    return tuple(text for _, text in found)


def read_tags(reader: KeyReader) -> tuple[str, ...]:
    """Read the tags."""
    found = reader.texts("tags")
    for path, text in found:
        if not _TAG.fullmatch(text) or text in _TAG_WORDS:
            reader.wrong(path, f"`{text}` is no tag", "letters, digits, - and _")
    return tuple(text for _, text in found)


def read_needs(reader: KeyReader) -> tuple[Capability, ...]:
    """Read the capabilities without which the file is skipped."""
    found: list[Capability] = []
    for path, text in reader.texts("needs"):
        capability = next((one for one in ALL_CAPABILITIES if one == text), None)
        if capability is None:
            near = nearest_word(text, ALL_CAPABILITIES)
            reader.wrong(path, f"unknown capability `{text}`", ", ".join(ALL_CAPABILITIES), near)
        else:
            found.append(capability)
    return tuple(found)


def read_timing(reader: KeyReader) -> Timing:
    """Read deadlines."""
    table = reader.table("timing")
    default = Timing()
    if not table:
        return default
    times = {
        "within": default.within_ms,
        "settle": default.settle_ms,
        "limit": default.limit_ms,
    }
    for key, text in table.items():
        path: Path = ("timing", key)
        if key in TOP_KEYS:
            continue
        if key not in times:
            near = nearest_word(key, times)
            reader.problems.add(
                reader.key_span(path), f"unknown key `{key}`", ", ".join(times), near
            )
            continue
        read = duration_ms(text) if isinstance(text, str) else None
        if read is None:
            message = duration_complaint(str(text)) or "this is no duration"
            reader.wrong(path, message, f'{key} = "2s"')
        else:
            times[key] = read
    return Timing(times["within"], times["settle"], times["limit"])


def read_steps(reader: KeyReader, key: str, *, required: bool = False) -> tuple[Node, ...]:
    """Read one of the three keys that hold steps."""
    value = reader.data.get(key)
    if value is None:
        if required:
            reader.problems.add(
                Span(reader.file, 1, 1), f"the key `{key}` is missing", f"{key} = '''"
            )
        return ()
    nodes = reader.nodes((key,), value)
    if required and not nodes and not reader.problems.found:
        reader.wrong((key,), f"`{key}` is empty", "a step on each line")
    return nodes


def read_known_failing(reader: KeyReader) -> tuple[KnownFailing, ...]:
    """Read on which targets the file is known to fail."""
    found: list[KnownFailing] = []
    table = reader.table("known_failing")
    for target, value in table.items():
        path: Path = ("known_failing", target)
        if target in TOP_KEYS:
            continue
        complaint = expression_complaint(target)
        if complaint:
            reader.problems.add(reader.key_span(path), complaint, TARGETS)
        known = _reason(reader, path, target, value)
        if known is not None:
            found.append(known)
    return tuple(found)


def _reason(reader: KeyReader, path: Path, target: str, value: object) -> KnownFailing | None:
    span = reader.key_span(path)
    if isinstance(value, str) and value.strip():
        reader.no_control(path, value)
        return KnownFailing(span, target, value)
    if not isinstance(value, dict):
        reader.wrong(path, "a reason is a text", '"WuKongIM#343"')
        return None
    for key in value:
        if key not in ("because", "claim"):
            near = nearest_word(key, ("because", "claim"))
            reader.problems.add(
                reader.key_span((*path, key)), f"unknown key `{key}`", "because, claim", near
            )
    because, claim = value.get("because"), value.get("claim", "")
    if not isinstance(because, str) or not because.strip() or not isinstance(claim, str):
        reader.wrong(path, "a reason is a text", '{ because = "WuKongIM#343", claim = "…" }')
        return None
    reader.no_control((*path, "because"), because)
    claim_span = reader.value_span((*path, "claim")) if claim else None
    return KnownFailing(span, target, because, claim, claim_span)
