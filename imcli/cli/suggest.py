"""Typing mistakes are answered with the nearest thing that exists.

One measure for commands, options, users, profiles, targets and keys of files. Loaded only when
something was mistyped.
"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """Find what was probably meant, the best first.

    A close spelling wins; else whatever shares a whole word with it (`list` finds `list-groups`).

    >>> nearest("sned", ["send", "demo", "block"])
    ('send',)
    >>> nearest("conversation", ["send", "show-conversation"])
    ('show-conversation',)
    >>> nearest("zzz", ["send"])
    ()
    """
    from difflib import get_close_matches

    names = tuple(dict.fromkeys(known))
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(word.lower(), list(lowered), n=most, cutoff=0.6)
    if close:
        return tuple(lowered[name] for name in close)
    words = set(word.lower().strip("-").replace("_", "-").split("-")) - {""}
    sharing = [name for name in names if words & set(name.lower().strip("-").split("-"))]
    sharing.sort(key=lambda name: -len(words & set(name.lower().strip("-").split("-"))))
    return tuple(sharing[: most + 1])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Phrase the nearest names as a hint, or say nothing.

    >>> did_you_mean("referense", ["reference", "rejects"])
    'did you mean reference?'
    """
    found = nearest(word, known)
    if not found:
        return ""
    if len(found) == 1:
        return f"did you mean {found[0]}?"
    return f"did you mean {', '.join(found[:-1])} or {found[-1]}?"
