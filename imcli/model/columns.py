"""How many columns of a terminal a text takes.

Here because whoever puts something below something else needs it, a caret or a cell of a table: the
readers of files and the reports, which do not know each other. How a text is made harmless first is
theirs.
"""

from __future__ import annotations

import unicodedata

_WITHOUT = frozenset({"Mn", "Me", "Cf"})
"""The categories of characters that stand on others, or nowhere: marks and formatting."""


def width(text: str) -> int:
    """Count the terminal columns of a text without control characters.

    Wide East Asian characters and emoji take two, marks (also the vowels of Thai and Hindi that
    stand above or below) none.

    >>> width("abc"), width("会话"), width("e\u0301"), width("❤\ufe0f"), width("สวัสดี")
    (3, 4, 1, 2, 4)
    """
    if text.isascii():
        return len(text)
    total = previous = 0
    for character in text:
        if character == "\ufe0f":
            columns = 1 if previous == 1 else 0
        elif unicodedata.category(character) in _WITHOUT:
            columns = 0
        else:
            columns = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            previous = columns
        total += columns
    return total
