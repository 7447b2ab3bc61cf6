r"""What goes to stdout: data, in the format that was asked for, written at once.

JSON is escaped to be safe on a terminal too (a control sequence or a change of direction inside a
text is written as `\uXXXX`, which every reader undoes), and to ASCII where the stream cannot carry
more.
"""

from __future__ import annotations

from typing import TextIO

import msgspec

from imcli.cli.tables import Record, Table, aligned, drawn, tabbed
from imcli.cli.text import one_cell, visible_lines


def json_text(value: object, *, indent: int, ascii_only: bool) -> str:
    r"""Write a value as JSON text; `indent` 0 means one line.

    >>> json_text({"text": "\x1b\u202e你"}, indent=0, ascii_only=False)
    '{"text":"\\u001b\\u202e你"}'
    """
    encoded = msgspec.json.encode(value)
    if indent:
        encoded = msgspec.json.format(encoded, indent=indent)
    text = encoded.decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        char
        if char == "\n" or (char.isascii() and char != "\x7f")
        else json_character(char, ascii_only)
        for char in text
    )


def json_character(char: str, ascii_only: bool) -> str:
    """Write one character of a JSON text; beyond the basic plane as a pair of surrogates."""
    if not ascii_only and (char.isprintable() or char == "\u3000"):
        return char
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def carries_only_ascii(stream: TextIO) -> bool:
    """Tell whether a stream's encoding has less than all characters."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return not encoding.lower().replace("_", "-").startswith("utf")


def listing(
    table: Table, form: str, *, terminal: bool, columns: int, color: bool, ascii_only: bool
) -> str:
    """Print a listing in one of the four formats; ends without a line end."""
    match form:
        case "json":
            records = [row.record for row in table.rows]
            return json_text(records, indent=2, ascii_only=ascii_only)
        case "jsonl":
            return "\n".join(
                json_text(row.record, indent=0, ascii_only=ascii_only) for row in table.rows
            )
        case "plain":
            return tabbed(table)
        case _ if terminal:
            return drawn(table, columns=columns, color=color)
        case _:
            return aligned(table)


def single(
    record: Record, sentence: str, cells: tuple[str, ...], form: str, *, ascii_only: bool
) -> str:
    """Print the result of one action: a sentence, an object, or its cells."""
    match form:
        case "json":
            return json_text(record, indent=2, ascii_only=ascii_only)
        case "jsonl":
            return json_text(record, indent=0, ascii_only=ascii_only)
        case "plain":
            return "\t".join(one_cell(cell) for cell in cells)
        case _:
            return visible_lines(sentence)
