"""Text that came from elsewhere, made safe for a terminal and measured in columns.

A message, a name or a file's line is text: never markup, never a control sequence, never something
that turns the direction of the line around. What cannot be seen is written as an escape.
"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def visible(text: str) -> str:
    r"""Escape what a terminal would obey or hide; everything else stays as it is.

    >>> visible("hi \x1b[31mred"), visible("a\u202eb\nc"), visible("你好 [/oops]")
    ('hi \\x1b[31mred', 'a\\u202eb\\nc', '你好 [/oops]')
    """
    if text.isprintable():
        return text
    return "".join(
        char if shows(char, text[place - 1 : place]) else escape(char)
        for place, char in enumerate(text)
    )


def shows(char: str, before: str) -> bool:
    """Tell whether a character is seen as itself: joiners are, inside other than ASCII text."""
    if char in JOINERS:
        return bool(before) and not before.isascii()
    return char.isprintable() or unicodedata.category(char) in ("Zs", "Co", "Cn")


def escape(char: str) -> str:
    """Write one character as an escape."""
    if char in NAMED:
        return NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_lines(text: str) -> str:
    r"""Escape a text of several lines and keep its lines.

    >>> visible_lines("one\ntwo\x07")
    'one\ntwo\\x07'
    """
    return "\n".join(visible(line) for line in text.split("\n"))


def one_cell(text: str) -> str:
    r"""Escape for tab-separated output, so that a program can undo it: `\` is doubled too.

    >>> one_cell("a\tb\\n")
    'a\\tb\\\\n'
    """
    return visible(text.replace("\\", "\\\\"))


def columns_of(text: str) -> int:
    """Count the terminal columns of a text.

    >>> columns_of("abc"), columns_of("你好"), columns_of("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(columns_of_character(char) for char in text)


def columns_of_character(char: str) -> int:
    """Count the terminal columns of one character."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
