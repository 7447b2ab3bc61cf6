r"""Text from elsewhere, made fit to be shown: never markup, never a control sequence.

Everything that a server or a file said passes through `safe` before it meets a terminal, a report
or a table: control characters, escape sequences, direction overrides, zero-width and unassigned
characters become visible (`\u{202e}`). Markup is escaped by the report that has one, on top of it.

Widths are those of a terminal (`model/columns.py`).
"""

from __future__ import annotations

import re
import unicodedata

from imcli.model.columns import width

__all__ = [
    "cut",
    "cut_start",
    "fenced",
    "markdown",
    "pad",
    "safe",
    "width",
    "wrap",
    "xml",
    "xml_lines",
]

SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str) -> str:
    r"""Make every character visible and harmless.

    >>> safe("red \x1b[31m"), safe("a\u202eb"), safe("two\nlines")
    ('red \\u{1b}[31m', 'a\\u{202e}b', 'two\\nlines')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or _is_space(c) else _escape(c) for c in text)


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return SHORT_ESCAPES.get(character) or f"\\u{{{ord(character):x}}}"


def pad(text: str, columns: int) -> str:
    """Fill up with blanks to a width."""
    return text + " " * max(0, columns - width(text))


def cut(text: str, columns: int) -> str:
    """Shorten to a width, with an ellipsis in place of what is missing.

    >>> cut("conversation", 6), cut("会话列表", 5)
    ('conve…', '会话…')
    """
    if width(text) <= columns:
        return text
    kept, total = [], 0
    for character in text:
        total += width(character)
        if total > columns - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def cut_start(text: str, columns: int) -> str:
    """Shorten to a width by leaving out the beginning: a path is known by its end.

    >>> cut_start("scenarios/delete/again.toml", 12), cut_start("会话列表", 5)
    ('…/again.toml', '…列表')
    """
    if width(text) <= columns:
        return text
    start, total = len(text), 1
    while start and total + width(text[start - 1]) <= columns:
        start -= 1
        total += width(text[start])
    return "…" + text[start:]


def wrap(text: str, columns: int, indent: str = "", hanging: str = "") -> list[str]:
    """Break at blanks so that no line is wider than `columns`; longer words are broken too.

    >>> wrap("A.phone does not see B", 12)
    ['A.phone does', 'not see B']
    """
    lines: list[str] = []
    line, lead = "", indent
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if not line or width(lead + candidate) <= columns:
            line = candidate
        else:
            lines.append(lead + line)
            line, lead = word, indent + hanging
        while width(lead + line) > columns and len(line) > 1:
            head = _fitting(line, columns - width(lead))
            lines.append(lead + head)
            line, lead = line[len(head) :], indent + hanging
    return [*lines, lead + line]


def _fitting(text: str, columns: int) -> str:
    total = 0
    for index, character in enumerate(text):
        total += width(character)
        if total > columns and index:
            return text[:index]
    return text


def counted(number: int, noun: str) -> str:
    """Count things in words.

    >>> counted(1, "case"), counted(2, "case"), counted(1200, "case")
    ('1 case', '2 cases', '1,200 cases')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def xml(text: str) -> str:
    """Make a text fit for XML: safe, and escaped.

    >>> xml('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    escaped = safe(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace('"', "&quot;")


def xml_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(xml(line) for line in text.split("\n"))


def fenced(text: str, language: str = "text") -> str:
    """Put lines into a Markdown fence that nothing in them can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = "\n".join(safe(line) for line in text.split("\n"))
    return f"{fence}{language}\n{body}\n{fence}"


def markdown(text: str) -> str:
    r"""Make a text fit for Markdown prose: nothing in it is markup, a mention or a link.

    >>> markdown("*A* saw [x](y) @all #1")
    '\\*A\\* saw \\[x\\](y) @\u2060all #\u20601'
    """
    escaped = re.sub(r"([\\`*_{}\[\]<>|~!])", r"\\\1", safe(text))
    return re.sub(r"([@#])(?=\w)", "\\1\u2060", escaped)
