"""Names in raw requests: what a scenario calls somebody becomes the id that the server knows.

`@A` is a user and `#team` a group, inside the path, where an id is quoted, and inside the body,
where it stands in a JSON string.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from imcli.model.actions import Request

_NAME = re.compile(r"([@#])([A-Za-z][A-Za-z0-9_]*)")


def filled(action: Request, real: Callable[[str], str]) -> Request:
    """Put real ids in the place of names; `real` is given `A` or `#team`.

    >>> filled(Request("GET", "/x?uid=@A", '{"g": "#team"}'), str.lower)
    Request(method='GET', path='/x?uid=a', body='{"g": "team"}', label='')
    """

    def id_of(found: re.Match[str]) -> str:
        return real(found[2] if found[1] == "@" else found[0]).removeprefix("#")

    def in_json(found: re.Match[str]) -> str:
        return msgspec.json.encode(id_of(found)).decode()[1:-1]

    return replace(
        action,
        path=_NAME.sub(lambda found: quote(id_of(found), safe=""), action.path),
        body=_NAME.sub(in_json, action.body),
    )
