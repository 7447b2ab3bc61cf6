"""Reading TOML: the one place that knows tomli.

tomli reads TOML 1.1 and says where a mistake is. Its errors become `TomlFault`s; so do the things
that no TOML reader likes to be given: thousands of nested brackets, numbers of thousands of digits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tomli

_OWNED_IN_QUOTES = re.compile(r"'[^'\n]*\w's?\b")


class TomlFault(Exception):
    """A text is no TOML: what is wrong, the line and column from 1, and perhaps what to try."""

    def __init__(self, message: str, line: int, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


def read_toml(text: str) -> dict[str, object]:
    """Read a TOML text.

    Raises:
        TomlFault: it is none.
    """
    import tomli  # slow to import, and most files are read without it (`usual_toml.py`)

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise _fault(text, error) from error
    except RecursionError as error:
        raise TomlFault("brackets or keys are nested too deeply", 1, 1) from error
    except (ValueError, OverflowError) as error:
        raise TomlFault("a number or date in this file is out of range", 1, 1) from error


def _fault(text: str, error: tomli.TOMLDecodeError) -> TomlFault:
    lines = text.split("\n")
    line = min(max(1, error.lineno), len(lines))
    hint = ""
    for shown in lines[max(0, line - 2) : line]:
        if _OWNED_IN_QUOTES.search(shown):
            hint = "a TOML '…' string cannot hold A's: write it in \"…\""
    if error.msg == "Cannot overwrite a value":
        hint = "a key stands only once; the one whose value ends here stands further above, too"
    return TomlFault(f"not TOML: {error.msg}", line, max(1, error.colno), hint)


def read_toml_string(quoted: str) -> str:
    """Read one string of a text that is known to be TOML, quotes and all."""
    value = read_toml(f"x = {quoted}")["x"]
    assert isinstance(value, str)
    return value
