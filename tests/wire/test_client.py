"""One device's connection: what it says and hears, against every recorded session."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from imcli.wire import codes
from imcli.wire.client import Broken, ClientSession, Connected, Failed, Heard, Identity
from imcli.wire.packets import Recv
from tests.wire.recorded import (
    bytes_of,
    connections,
    dialect_for,
    lines_of,
    mismatches,
    packets_of,
)


def session_of(session: dict[str, Any], name: str) -> ClientSession:
    connection = session["conns"][name]
    who = Identity(connection["uid"], connection["device_id"], connection["device_flag"])
    if connection["protocol"] == "jsonrpc":
        return ClientSession(who, dialect=dialect_for(session["tag"]))
    secret = bytes.fromhex(connection["client_private_hex"])
    return ClientSession(who, secret, connection["version"])


def say(client: ClientSession, fields: dict[str, Any], heard: list[Heard]) -> bytes:
    """Have the session say what was recorded; nothing for what no session ever says."""
    match fields:
        case {"frame": "CONNECT"}:
            client.identity = Identity(
                fields["uid"], fields["device_id"], fields["device_flag"], fields["token"]
            )
            return client.connect(fields["client_timestamp"])
        case _ if client.connected is None or client.ended:
            return b""
        case {"client_seq": 900}:  # chosen by hand, to see it echoed
            return b""
        case {"frame": "SEND"}:
            return client.send(
                fields["channel_id"],
                fields["channel_type"],
                fields.get("plain", fields["payload"]).encode(),
                fields["client_msg_no"],
                flags=fields["flags"],
                expire=fields.get("expire", 0),
                setting=fields["setting"],
                topic=fields.get("topic", ""),
            )[1]
        case {"frame": "RECVACK"}:
            return client.ack(received(heard, fields["message_id"]))
        case {"frame": "PING"}:
            return client.ping()
        case _:
            return b""


def received(heard: list[Heard], message_id: str) -> Recv:
    return next(h for h in heard if isinstance(h, Recv) and h.message_id == int(message_id))


def fields_of_call(text: str) -> dict[str, Any]:
    """Give a recorded JSON-RPC call as the fields of a frame."""
    call = json.loads(text)
    params = call.get("params", {})
    fields = {"frame": call["method"].upper(), "flags": 0, "setting": 0}
    fields |= {_snake(name): value for name, value in params.items()}
    payload = params.get("payload")
    if isinstance(payload, str):
        fields["plain"] = base64.b64decode(payload).decode()
    elif payload is not None:
        fields["plain"] = json.dumps(payload, separators=(",", ":"))
    if params.get("header") == {"redDot": True}:
        fields["flags"] = codes.RED_DOT
    return fields


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def wrong_on_purpose(line: dict[str, Any], heard: list[Heard]) -> bool:
    """Tell whether the recording client broke the rules here, to see what the server does."""
    if "json" in line:
        return '"nope"' in line["json"] or any(isinstance(h, Failed) for h in heard)
    if "malformed" in line or (not heard and packets_of(line)[-1]["frame"] != "CONNECT"):
        return True
    return any(_wrong(fields, heard) for fields in packets_of(line))


def _wrong(fields: dict[str, Any], heard: list[Heard]) -> bool:
    match fields["frame"]:
        case "SEND":
            encrypted = any(isinstance(h, Connected) and h.encrypted for h in heard)
            return fields["client_seq"] == 900 or (encrypted and not fields.get("key_ok"))
        case "RECVACK":
            return bool(received(heard, fields["message_id"]).flags != fields["flags"])
        case "PING":
            return bool(fields["flags"])
        case _:
            return False


@pytest.mark.parametrize(("session", "name"), connections("binary", "jsonrpc"))
def test_a_session_says_and_hears_what_was_recorded(session: dict[str, Any], name: str) -> None:
    client = session_of(session, name)
    heard: list[Heard] = []
    for line in lines_of(session, name, "c2s", "s2c"):
        if line["dir"] == "s2c":
            now = client.receive(bytes_of(line))
            heard += now
            if "hex" in line:
                check_heard(now, packets_of(line), client)
        elif not wrong_on_purpose(line, heard) or "json" not in line:
            calls = [fields_of_call(line["json"])] if "json" in line else packets_of(line)
            said = b"".join(say(client, fields, heard) for fields in calls)
            assert said == bytes_of(line) or wrong_on_purpose(line, heard)
    assert not any(isinstance(h, Broken) for h in heard)


def check_heard(heard: list[Heard], recorded: list[dict[str, Any]], client: ClientSession) -> None:
    assert len(heard) == len(recorded)
    for value, fields in zip(heard, recorded, strict=True):
        if isinstance(value, Connected):
            assert value.time_diff_ms == fields["time_diff"]
            assert value.encrypted == bool(fields["server_key"])
            assert value.version == client.version
        elif isinstance(value, Recv):
            assert not mismatches(
                value, {**fields, "payload": fields.get("plain", fields["payload"])}
            )
        else:
            assert type(value).__name__.upper() == fields["frame"]
            assert not mismatches(value, fields)  # type: ignore[arg-type]
