"""The recorded frames and sessions, as the tests of this room read them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from imcli.wire.dialects import Dialect, dialect_of
from imcli.wire.packets import Packet

DATA = Path(__file__).parent.parent / "data" / "wire"
IDS = ("message_id", "stream_id")
NOT_FIELDS = ("frame", "plain", "sign", "key_ok", "has_server_version")


@functools.cache
def vectors() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DATA / "wire-vectors.json").read_text())
    return loaded


@functools.cache
def sessions() -> tuple[dict[str, Any], ...]:
    lines = (DATA / "wire-transcripts.jsonl").read_text().splitlines()
    return tuple(json.loads(line) for line in lines)


def server_version(tag: str) -> tuple[int, ...]:
    """Give `v2.1.3-20250210` as `(2, 1, 3)`."""
    return tuple(int(part) for part in tag[1:].split("-")[0].split("."))


def dialect_for(tag: str) -> Dialect:
    dialect = dialect_of(server_version(tag))
    assert dialect is not None
    return dialect


def connections(*protocols: str) -> list[Any]:
    """Give each recorded connection as the parameters `session`, `name` of a test."""
    return [
        pytest.param(session, name, id=f"{session['name']}: {name}")
        for session in sessions()
        for name, connection in session["conns"].items()
        if connection["protocol"] in protocols
    ]


def lines_of(session: dict[str, Any], name: str, *directions: str) -> list[dict[str, Any]]:
    """Give what went over one connection, or only one direction of it."""
    return [
        line
        for line in session["frames"]
        if line["conn"] == name and (not directions or line["dir"] in directions)
    ]


def bytes_of(line: dict[str, Any]) -> bytes:
    """Give what one write put on the wire."""
    return bytes.fromhex(line["hex"]) if "hex" in line else bytes(line["json"], "utf-8")


def packets_of(line: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the fields of the packets in one write."""
    fields = line.get("fields", [])
    return fields if isinstance(fields, list) else [fields]


def mismatches(packet: Packet, fields: dict[str, Any]) -> list[str]:
    """Compare a packet with the fields that were recorded for it."""
    found = []
    for name, value in fields.items():
        if name in NOT_FIELDS or value is None or not hasattr(packet, name):
            continue
        actual = getattr(packet, name)
        expected = int(value) if name in IDS else value
        if isinstance(actual, bytes):
            actual = actual.decode()
        if actual != expected:
            found.append(f"{name}: {actual!r} instead of {expected!r}")
    return found
