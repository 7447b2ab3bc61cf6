"""Text that came from elsewhere, for the output of commands.

What is escaped, and how wide a text is, is decided in `report/text.py`; here are the two forms that
only commands need: texts of several lines, and cells that a program takes apart again.
"""

from __future__ import annotations

import re

from imcli.report.text import safe as visible
from imcli.report.text import width as columns_of

__all__ = ["columns_of", "one_cell", "visible", "visible_lines", "without_passwords"]

_USER_INFO = re.compile(r"//[^/@\s]*@")


def visible_lines(text: str) -> str:
    r"""Escape a text of several lines and keep its lines.

    >>> visible_lines("one\ntwo\x07")
    'one\ntwo\\u{7}'
    """
    return text if text.isprintable() else "\n".join(map(visible, text.split("\n")))


def without_passwords(text: str) -> str:
    """Leave out what stands before the `@` of an address: it may be a password.

    >>> without_passwords("http://ann:secret@im.example:5001/")
    'http://***@im.example:5001/'
    """
    return _USER_INFO.sub("//***@", text)


def one_cell(text: str) -> str:
    r"""Escape for tab-separated output, so that a program can undo it: `\` is doubled too.

    >>> one_cell("a\tb\\n")
    'a\\tb\\\\n'
    """
    return visible(text.replace("\\", "\\\\"))
