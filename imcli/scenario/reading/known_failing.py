"""Target expressions of `known_failing`: which targets a line speaks of.

`"wukongim < 2.1.5"` (also `<=`, `=`, `>=`, `>`), `"wukongim 2.1.5 - 2.2.5"` (both ends included),
`"sim:NAME"`, `"sim"` (any simulated reference), `"*"`. A target whose version cannot be read
matches no version.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

import msgspec

from imcli.scenario.reading.suggest import nearest_word
from imcli.targets.base import Identity

Version = tuple[int, ...]
PRODUCTS = ("wukongim",)

_COMPARED = re.compile(r"([A-Za-z][\w-]*) *(<=|>=|<|>|=) *([0-9.]+)")
_RANGE = re.compile(r"([A-Za-z][\w-]*) +([0-9.]+) *- *([0-9.]+)")
_PROFILE = re.compile(r"sim:[A-Za-z0-9][\w.-]*")
_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}")

_COMPARE: dict[str, Callable[[Version, Version], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class _Bound(msgspec.Struct, frozen=True):
    product: str
    tests: tuple[tuple[str, Version], ...]


def matches(expression: str, identity: Identity) -> bool:
    """Tell whether an expression speaks of a target.

    >>> old = Identity("sim:wukongim-2.1.3", "sim", "wukongim", (2, 1, 3), "wukongim-2.1.3")
    >>> matches("wukongim < 2.1.5", old), matches("sim", old), matches("*", old)
    (True, False, True)
    """
    if expression == "*":
        return True
    if expression == "sim":
        own = identity.name == "sim"  # whatever a case's own profile extends
        return identity.kind != "live" and (identity.product == "reference" or own)
    if expression.startswith("sim:"):
        name = expression.removeprefix("sim:")
        return identity.kind != "live" and (identity.name == expression or identity.profile == name)
    bound = _read(expression)
    if bound is None or bound.product != identity.product or not identity.version:
        return False
    version = _even(identity.version)
    return all(_COMPARE[sign](version, _even(wanted)) for sign, wanted in bound.tests)


def needs_version(expression: str) -> bool:
    """Tell whether an expression can be judged only where the version is known."""
    return _read(expression) is not None


def expression_complaint(expression: str) -> str:
    """Say what is wrong with an expression, or "".

    >>> expression_complaint("wukongim < 2.1.5"), expression_complaint("wukongim ~ 2")
    ('', '`wukongim ~ 2` is no target')
    """
    if expression in ("*", "sim") or _PROFILE.fullmatch(expression):
        return ""
    bound = _read(expression)
    if bound is None:
        return f"`{expression}` is no target"
    if bound.product not in PRODUCTS:
        near = nearest_word(bound.product, PRODUCTS) or PRODUCTS[0]
        return f"unknown product `{bound.product}`; did you mean {near}?"
    if len(bound.tests) == 2 and _even(bound.tests[0][1]) > _even(bound.tests[1][1]):
        return f"`{expression}` goes from a newer version to an older one"
    return ""


def _read(expression: str) -> _Bound | None:
    compared = _COMPARED.fullmatch(expression)
    if compared:
        version = _version(compared[3])
        return _Bound(compared[1], ((compared[2], version),)) if version else None
    spanned = _RANGE.fullmatch(expression)
    if not spanned:
        return None
    first, last = _version(spanned[2]), _version(spanned[3])
    if not first or not last:
        return None
    return _Bound(spanned[1], ((">=", first), ("<=", last)))


def _version(text: str) -> Version:
    if not _VERSION.fullmatch(text):
        return ()
    return tuple(int(part) for part in text.split("."))


def _even(version: Version) -> Version:
    """Make versions comparable: 2.1 is 2.1.0."""
    return version + (0,) * (6 - len(version))
