"""The matrix: its cells, and filling `$name` into words, texts and profiles.

`$name` stands for one whole word or stands inside a quoted text. A `$` before any other name is
itself inside a text; outside one it is an error, which the reader of steps notes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from imcli.scenario.reading.written import MatrixValue, Scenario
from imcli.scenario.table.tokens import Token

CELLS_MAX = 10_000
VARIABLE = re.compile(r"\$([A-Za-z][A-Za-z0-9_]*)")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

Values = Mapping[str, MatrixValue]


def cells(scenario: Scenario) -> Iterator[dict[str, MatrixValue]]:
    """Give every combination that is not excluded, the last name varying fastest."""
    names = [name for name, _ in scenario.matrix]
    for combination in itertools.product(*(values for _, values in scenario.matrix)):
        cell = dict(zip(names, combination, strict=True))
        if not any(_excluded(cell, rule) for rule in scenario.exclude):
            yield cell


def _excluded(cell: Values, rule: tuple[tuple[str, MatrixValue], ...]) -> bool:
    return all(_same(cell[name], value) for name, value in rule)


def _same(one: MatrixValue, other: MatrixValue) -> bool:
    return type(one) is type(other) and one == other


def written(value: MatrixValue) -> str:
    """Write a value as it stands in a sentence.

    >>> written(True), written(3), written("web")
    ('true', '3', 'web')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def fill_text(text: str, values: Values) -> str:
    """Fill values into a plain text.

    >>> fill_text("$n of $m, $5", {"n": 2})
    '2 of $m, $5'
    """
    if "$" not in text or not values:
        return text

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        return written(values[name]) if name in values else found.group()

    return VARIABLE.sub(one, text)


def fill_tokens(tokens: tuple[Token, ...], values: Values) -> tuple[Token, ...]:
    """Fill values into the tokens of a step; places stay those of the file."""
    return tuple(_fill(token, values) if "$" in token.text else token for token in tokens)


def _fill(token: Token, values: Values) -> Token:
    if token.kind == "string":
        return replace(token, text=_fill_quoted(token.text, values))
    if token.kind == "json":
        return replace(token, text=_fill_json(token.text, values))
    name = token.text[1:]
    if token.text[0] == "$" and name in values:
        return _word(token, written(values[name]))
    user, dot, device = token.text.partition(".")
    if dot and (user[1:] in values or device[1:] in values):
        parts = [fill_text(user, values), fill_text(device, values)]
        return replace(token, text=".".join(parts))
    return token


def _word(token: Token, text: str) -> Token:
    """Make a token of a value that stands for a whole word; one that is none fits nowhere."""
    if text[:1] == "#" and text[1:2].isalpha():
        return replace(token, kind="group", text=text)
    return replace(token, text=text)


def _fill_quoted(quoted: str, values: Values) -> str:
    """Fill values into a JSON string as JSON, so that a quote in a value ends nothing."""
    import json  # slow to import, and most files have no matrix

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in values:
            return found.group()
        return json.dumps(written(values[name]), ensure_ascii=False)[1:-1]

    return VARIABLE.sub(one, quoted)


def _fill_json(text: str, values: Values) -> str:
    return _JSON_STRING.sub(lambda found: _fill_quoted(found.group(), values), text)


def fill_profile(value: object, values: Values) -> object:
    """Fill values into a profile; `"$name"` alone keeps the value's own type."""
    if isinstance(value, str):
        if value[:1] == "$" and value[1:] in values:
            return values[value[1:]]
        return fill_text(value, values)
    if isinstance(value, dict):
        return {key: fill_profile(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill_profile(inner, values) for inner in value]
    return value
