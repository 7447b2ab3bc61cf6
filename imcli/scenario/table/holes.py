"""The kinds of holes: what each accepts, and how it is written back.

A hole reads tokens and fills a field of `Slots`; it says nothing about whether a name exists, it
only notes that the name was mentioned (`Reading.mentions`). Every hole has one way of writing what
it read. Names end where a literal word of the table begins, which is why no name may be one.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from imcli.model.durations import duration_ms
from imcli.model.reasons import REASON_BY_NAME
from imcli.scenario.table.details import read_details, write_details
from imcli.scenario.table.patterns import Mention, Reading, Slots
from imcli.scenario.table.tokens import LexFault, read_json, read_text, write_text
from imcli.scenario.table.values import (
    NUMBER_MAX,
    device_spec,
    duration_complaint,
    is_name,
    spec_word,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

THE_CONVERSATION = "the conversation"

Reader = Callable[[Reading, int, Slots, str], int]

Writer = Callable[[Slots, str], str]


def _name_at(reading: Reading, at: int) -> str:
    if at >= len(reading.tokens):
        return ""
    token = reading.tokens[at]
    if token.kind != "word" or token.text in reading.reserved or not is_name(token.text):
        return ""
    return token.text


def _mention(reading: Reading, at: int, kind: str, name: str) -> None:
    reading.mentions.append(Mention(kind, name, reading.tokens[at]))


def _read_actor(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens):
        return -1
    token = reading.tokens[at]
    text = token.text
    if token.kind != "word" or text in reading.reserved:
        return -1
    user, dot, device = text.partition(".")
    if not is_name(user) or user in reading.reserved or (dot and not is_name(device)):
        return -1
    slots.user = user
    slots.device = device
    reading.mentions.append(Mention("actor", text, token))
    return at + 1


def _write_actor(slots: Slots, field: str) -> str:
    return f"{slots.user}.{slots.device}" if slots.device else slots.user


def _named(kind: str) -> Reader:
    """Make the reader of one name, noted as a mention of `kind`."""

    def read(reading: Reading, at: int, slots: Slots, field: str) -> int:
        name = _name_at(reading, at)
        if not name:
            return -1
        setattr(slots, field, name)
        _mention(reading, at, kind, name)
        return at + 1

    return read


_TWICE = "`{}` stands there twice"


def _read_peer(reading: Reading, at: int, slots: Slots, field: str) -> int:
    """Read a user other than the one who acts."""
    name = _name_at(reading, at)
    if not name:
        return -1
    if name == slots.user:
        reading.refuse(at, f"here stands another user than {name}")
        return -1
    slots.peer = name
    _mention(reading, at, "user", name)
    return at + 1


def _write_plain(slots: Slots, field: str) -> str:
    return str(getattr(slots, field))


def _chat_at(reading: Reading, at: int) -> tuple[str, int]:
    """Read a user, a group or `the conversation`; ("", -1) where there is none."""
    tokens = reading.tokens
    if at >= len(tokens):
        return "", -1
    token = tokens[at]
    if token.kind == "group":
        _mention(reading, at, "group", token.text)
        return token.text, at + 1
    name = _name_at(reading, at)
    if name:
        _mention(reading, at, "user", name)
        return name, at + 1
    if token.text == "the" and at + 1 < len(tokens) and tokens[at + 1].text == "conversation":
        _mention(reading, at, "implied", THE_CONVERSATION)
        return THE_CONVERSATION, at + 2
    return "", -1


def _read_chat(reading: Reading, at: int, slots: Slots, field: str) -> int:
    chat, end = _chat_at(reading, at)
    if end >= 0:
        slots.chat = chat
    return end


def _read_chats(reading: Reading, at: int, slots: Slots, field: str) -> int:
    chat, end = _chat_at(reading, at)
    if end < 0:
        return -1
    chats = [chat]
    while end < len(reading.tokens) and reading.tokens[end].kind == "comma":
        chat, after = _chat_at(reading, end + 1)
        if after < 0:
            break
        if chat in chats:
            reading.refuse(end + 1, _TWICE.format(chat))
            return -1
        chats.append(chat)
        end = after
    slots.chats = tuple(chats)
    return end


def _read_group(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].kind != "group":
        return -1
    slots.group = reading.tokens[at].text
    _mention(reading, at, "group", slots.group)
    return at + 1


def _read_new_group(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].kind != "group":
        return -1
    slots.group = reading.tokens[at].text
    _mention(reading, at, "new-group", slots.group)
    return at + 1


def _names(kind: str) -> Reader:
    """Make the reader of a list of names, greedy, ended by a literal word."""

    def read(reading: Reading, at: int, slots: Slots, field: str) -> int:
        name = _name_at(reading, at)
        if not name:
            return -1
        _mention(reading, at, kind, name)
        names = [name]
        at += 1
        while at < len(reading.tokens) and reading.tokens[at].kind == "comma":
            name = _name_at(reading, at + 1)
            if not name:
                break
            if name in names:
                reading.refuse(at + 1, _TWICE.format(name))
                return -1
            _mention(reading, at + 1, kind, name)
            names.append(name)
            at += 2
        setattr(slots, field, tuple(names))
        return at

    return read


def _write_list(slots: Slots, field: str) -> str:
    return ", ".join(getattr(slots, field))


def _read_text(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].kind != "string":
        return -1
    slots.text = read_text(reading.tokens[at].text)
    return at + 1


def _write_text(slots: Slots, field: str) -> str:
    return write_text(slots.text or "")


def _read_json(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].kind != "json":
        return -1
    try:
        slots.json = read_json(reading.tokens[at].text)
    except LexFault as fault:
        reading.miss(at, "JSON", fault.message)
        return -1
    return at + 1


def _number(minimum: int) -> Reader:
    kind = "COUNT" if minimum else "NUMBER"

    def read(reading: Reading, at: int, slots: Slots, field: str) -> int:
        if at >= len(reading.tokens) or reading.tokens[at].kind != "word":
            return -1
        text = reading.tokens[at].text
        if not (text.isascii() and text.isdigit()):
            if text[:1] == "-" and text[1:].isdigit():
                reading.miss(at, kind, "a number cannot be negative")
            return -1
        if len(text) > 15 or int(text) > NUMBER_MAX:
            reading.miss(at, kind, f"a number is at most {NUMBER_MAX:,}")
            return -1
        if int(text) < minimum:
            reading.miss(at, kind, f"this number must be at least {minimum}")
            return -1
        setattr(slots, field, int(text))
        return at + 1

    return read


def _read_duration(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].kind != "word":
        return -1
    text = reading.tokens[at].text
    value = duration_ms(text)
    if value is None:
        message = duration_complaint(text)
        if message:
            reading.miss(at, "DURATION", message)
        return -1
    slots.duration = text
    slots.duration_ms = value
    return at + 1


_TIMES = {"once": 1, "twice": 2}


def _read_times(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens):
        return -1
    text = reading.tokens[at].text
    if text in _TIMES:
        slots.number = _TIMES[text]
        return at + 1
    end = _number(1)(reading, at, slots, "number")
    if end < 0 or end >= len(reading.tokens) or reading.tokens[end].text not in ("time", "times"):
        slots.number = None
        return -1
    return end + 1


def _write_times(slots: Slots, field: str) -> str:
    return {1: "once", 2: "twice"}.get(slots.number or 0, f"{slots.number} times")


def _read_spec(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens):
        return -1
    token = reading.tokens[at]
    if token.kind not in ("word", "string") or token.text in reading.reserved:
        return -1
    spec = device_spec(token.text if token.kind == "word" else read_text(token.text))
    if spec is None:
        reading.miss(
            at,
            "DEVICE",
            'a device is phone, app, tablet, web, browser, desktop, pc, laptop, or "name:kind" '
            "with kind app, web or pc",
        )
        return -1
    slots.spec = spec
    _mention(reading, at, "new-device", spec.name)
    return at + 1


def _write_spec(slots: Slots, field: str) -> str:
    spec = slots.spec
    assert spec is not None, "a sentence is written only when its holes are full"
    return spec_word(spec)


def _read_reason(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].text not in REASON_BY_NAME:
        return -1
    slots.reason = reading.tokens[at].text
    return at + 1


def _read_method(reading: Reading, at: int, slots: Slots, field: str) -> int:
    if at >= len(reading.tokens) or reading.tokens[at].text not in METHODS:
        return -1
    slots.method = reading.tokens[at].text
    return at + 1


class HoleKind(msgspec.Struct, frozen=True):
    """One kind of hole, as the reference prints it."""

    name: str
    field: str
    read: Reader
    write: Writer
    meaning: str


_KIND_ROWS: tuple[HoleKind, ...] = (
    HoleKind("ACTOR", "user", _read_actor, _write_actor, "a user (`A`) or one device (`A.web`)"),
    HoleKind("USER", "user", _named("user"), _write_plain, "a user of the file"),
    HoleKind("PEER", "peer", _read_peer, _write_plain, "another user"),
    HoleKind("USERS", "users", _names("user"), _write_list, "users, separated by commas"),
    HoleKind("CHAT", "chat", _read_chat, _write_plain, "a user, a `#group`, or `the conversation`"),
    HoleKind("CHATS", "chats", _read_chats, _write_list, "chats, separated by commas"),
    HoleKind("GROUP", "group", _read_group, _write_plain, "a group: `#team`"),
    HoleKind("NEWGROUP", "group", _read_new_group, _write_plain, "the group that is made"),
    HoleKind("TEXT", "text", _read_text, _write_text, 'a JSON string: `"hi"`'),
    HoleKind("JSON", "json", _read_json, _write_plain, "a JSON object on one line: `{…}`"),
    HoleKind("LABEL", "label", _named("label"), _write_plain, "a message, by its label"),
    HoleKind("LABEL2", "label2", _named("label"), _write_plain, "another message"),
    HoleKind("LABELS", "labels", _names("label"), _write_list, "messages, oldest first"),
    HoleKind("ANSWER", "label", _named("answer"), _write_plain, "the answer to a labelled request"),
    HoleKind("NEWLABEL", "new", _named("new"), _write_plain, "a new name for the message"),
    HoleKind("NUMBER", "number", _number(0), _write_plain, "a whole number, from 0"),
    HoleKind("COUNT", "number", _number(1), _write_plain, "a whole number, from 1"),
    HoleKind("COUNT2", "number2", _number(1), _write_plain, "a whole number, from 1"),
    HoleKind("COUNT3", "number3", _number(1), _write_plain, "a whole number, from 1"),
    HoleKind("TIMES", "number", _read_times, _write_times, "`once`, `twice`, `3 times`"),
    HoleKind(
        "DURATION", "duration", _read_duration, _write_plain, "a number and `ms s m h d`: `2s`"
    ),
    HoleKind(
        "DEVICE",
        "spec",
        _read_spec,
        _write_spec,
        '`phone app tablet web browser desktop pc laptop`, or `"name:kind"`',
    ),
    HoleKind("REASON", "reason", _read_reason, _write_plain, "a name of the table of reasons"),
    HoleKind("METHOD", "method", _read_method, _write_plain, f"one of `{' '.join(METHODS)}`"),
    HoleKind("OPTIONS", "details", read_details("option"), write_details, "options, see below"),
    HoleKind("FACTS", "details", read_details("fact"), write_details, "facts, see below"),
)

HOLES: dict[str, HoleKind] = {kind.name: kind for kind in _KIND_ROWS}
