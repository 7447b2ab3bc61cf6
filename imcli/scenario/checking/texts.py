r"""Two texts that are not the same, written so that a person can see why.

The beginnings of two long texts say nothing where they differ at the end, and two texts can look
the same and be written with other characters. So both are shown around the first place where they
differ; where that cannot be seen, the characters there are written as `\u` escapes, which is how
the language reads them too. What a message is called beside its text is decided here as well.
"""

from __future__ import annotations

import unicodedata

from imcli.model.entities import Message
from imcli.scenario.checking.names import Names, quote

TEXT_MAX = 40
"""As many characters of a text are shown."""
BEFORE = 12
"""As many of them stand before the difference, where the beginning is left out."""
FILLERS = "\u034f\u115f\u1160\u3164\u180b\u180c\u180d"
"""Characters that are not seen and that Unicode does not call format characters."""


def told_apart(wanted: str, seen: str) -> tuple[str, str]:
    r"""Quote two texts that differ, so that the difference is in what is shown.

    >>> told_apart("hello", "help")
    ('"hello"', '"help"')
    >>> told_apart("caf\u00e9", "cafe\u0301")
    ('"caf\\u00e9"', '"cafe\\u0301"')
    >>> told_apart("x" * 50 + "1", "x" * 50 + "2")
    ('"…xxxxxxxxxxxx1"', '"…xxxxxxxxxxxx2"')
    """
    start = _alike(wanted, seen)
    end = _alike(wanted[start:][::-1], seen[start:][::-1])
    escaped = _face(wanted) == _face(seen)
    left = 0
    if max(len(wanted), len(seen)) > TEXT_MAX and start >= TEXT_MAX - BEFORE:
        left = start - BEFORE
    first, second = (_shown(text, left, start, len(text) - end, escaped) for text in (wanted, seen))
    return first, second


def _alike(one: str, other: str) -> int:
    """Count how many characters two texts begin with alike."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _shown(text: str, left: int, start: int, end: int, escaped: bool) -> str:
    """Quote a text from `left` on; it differs from `start` to `end`."""
    right = left + TEXT_MAX
    apart = text[start : min(end, right)]
    parts = (
        "…" if left else "",
        _inside(text[left:start]),
        _escaped(apart) if escaped else _inside(apart),
        _inside(text[end:right]),
        "…" if right < len(text) else "",
    )
    return f'"{"".join(parts)}"'


def _inside(text: str) -> str:
    return quote(text)[1:-1]


def _escaped(text: str) -> str:
    import json  # rarely needed, and costly at start-up

    return json.dumps(text)[1:-1]


def _face(text: str) -> str:
    """What of a text meets the eye: composed, and without what nobody sees."""
    seen = (c for c in unicodedata.normalize("NFKC", text) if not _is_unseen(c))
    return unicodedata.normalize("NFC", "".join(seen))


def _is_unseen(character: str) -> bool:
    selector = "\ufe00" <= character <= "\ufe0f"
    return selector or character in FILLERS or unicodedata.category(character) == "Cf"


def called_with(message: Message, text: str, names: Names) -> str:
    """Call a message by its label and its text; by its text alone where it has no label."""
    called = names.call(message)
    return text if called[:1] == '"' else f"{called} ({text})"
