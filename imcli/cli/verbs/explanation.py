"""What an explanation of a count is made of, on every kind of server."""

from __future__ import annotations

from typing import NamedTuple

SHOWN_MAX = 20
"""So many messages are listed; more are counted."""


class Explanation(NamedTuple):
    """The same three times: for people, for programs, for a tab-separated line."""

    text: str
    record: dict[str, object]
    cells: tuple[str, ...]
