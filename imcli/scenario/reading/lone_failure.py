"""A known failure that stands alone, as one line.

Most files that know a failure know one, and a table of TOML for it costs a header and a blank line
in a file that is to be read aloud at a glance. So the canonical form writes it as an inline table,
in the place of the table: behind the steps. Several failures, one with a comment, one that names a
claim and one that makes the line long stay a table, one line each. Nothing is moved: a table below
another one stays, since a key there would be one of that other table.
"""

from __future__ import annotations

from imcli.scenario.reading.layout import Layout

TABLE = "known_failing"
WIDTH = 110
"""Columns that the line may have."""


def write_on_one_line(layout: Layout, data: dict[str, object]) -> Layout:
    """Give the text with its one known failure on one line, or as it was.

    Args:
        layout: a well-formed file.
        data: what it says.
    """
    text, statements = layout.text, layout.statements
    header, entry = layout.spot((TABLE,)), _only_key(data.get(TABLE))
    if header is None or entry is None or text[header.start] != "[":
        return layout
    at = next(n for n, (start, _) in enumerate(statements) if start == header.start)
    place = layout.spot((TABLE, entry))
    assert place is not None, "what has a value has a place"
    key, value = text[place.key_start : place.key_end], text[place.start : place.end]
    line = f"{TABLE} = {{ {key} = {value} }}"
    gaps = text[header.end : place.key_start] + text[place.end :].partition("\n")[0]
    below_a_table = any(text[start] == "[" for start, _ in statements[:at])
    if gaps.strip() or below_a_table or "\n" in line or len(line) > WIDTH:
        return layout
    end_above = statements[at - 1][1]  # a title and steps stand above every table
    commented = text[end_above : header.start].strip()
    before = text[: header.start] if commented else f"{text[:end_above]}\n"
    return Layout(before + line + text[place.end :])


def _only_key(table: object) -> str | None:
    """Name the one key of a table whose value is a string."""
    if not isinstance(table, dict) or len(table) != 1:
        return None
    ((key, value),) = table.items()
    return key if isinstance(value, str) else None
