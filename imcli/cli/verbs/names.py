"""Names as people write them on a command line: users, groups, devices.

`#name` is a group everywhere. What no server could take is refused here, as wrong usage, before
anything is asked.
"""

from __future__ import annotations

from imcli.model.entities import (
    DEVICE_KINDS,
    FORBIDDEN_ID_CHARACTERS,
    DeviceKind,
    DeviceLevel,
    DeviceSpec,
    is_group,
)
from imcli.model.errors import UsageError

KIND_WORDS: dict[str, DeviceKind] = {"app": "app", "web": "web", "pc": "pc"}
LEVEL_WORDS: dict[str, DeviceLevel] = {"master": "master", "slave": "slave"}
NAME_LENGTH_MAX = 200


def user_name(text: str) -> str:
    """Take a user's name.

    Raises:
        UsageError: it is a group's, empty, or has a character that no server takes in an id.
    """
    if is_group(text):
        raise UsageError(f"{text!r} is a group, and a user is wanted here")
    check_id(text, "user")
    return text


def group_name(text: str) -> str:
    """Take a group's name, with its `#`.

    Raises:
        UsageError: it has no `#` before it, or no server would take it.
    """
    if not is_group(text):
        raise UsageError(f"{text!r} is no group's name", hint=f"a group is written '#{text}'")
    check_id(text[1:], "group")
    return text


def chat_name(text: str) -> str:
    """Take the other side of a conversation: a user or a group."""
    return group_name(text) if is_group(text) else user_name(text)


def check_id(text: str, what: str) -> None:
    """Refuse what cannot be an id."""
    if not text.strip():
        raise UsageError(f"the name of a {what} is empty")
    if len(text) > NAME_LENGTH_MAX:
        raise UsageError(f"the name of a {what} is longer than {NAME_LENGTH_MAX} characters")
    found = [char for char in FORBIDDEN_ID_CHARACTERS if char in text]
    if found:
        raise UsageError(
            f"{text!r} cannot be the name of a {what}: servers refuse {found[0]} in ids"
        )
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text):
        raise UsageError(f"{text!r} cannot be the name of a {what}: it has control characters")


def device_spec(text: str) -> DeviceSpec:
    """Take a device: a name that says its kind, or `name:kind`, or `name:kind:level`.

    >>> device_spec("phone"), device_spec("kiosk:web:slave")
    (DeviceSpec(name='phone', kind='app', level='master'), \
DeviceSpec(name='kiosk', kind='web', level='slave'))
    """
    name, _, rest = text.partition(":")
    kind_word, _, level_word = rest.partition(":")
    check_id(name, "device")
    if not rest:
        return DeviceSpec(name, known_kind(name))
    if kind_word not in KIND_WORDS or (level_word and level_word not in LEVEL_WORDS):
        raise UsageError(
            f"{text!r} is no device",
            hint="the kinds are app, web and pc, the levels master and slave: kiosk:web:slave",
        )
    return DeviceSpec(name, KIND_WORDS[kind_word], LEVEL_WORDS[level_word or "master"])


def known_kind(name: str) -> DeviceKind:
    """The kind that a device's name carries with it."""
    if name in DEVICE_KINDS:
        return DEVICE_KINDS[name]
    from imcli.cli.suggest import did_you_mean

    near = did_you_mean(name, DEVICE_KINDS)
    raise UsageError(
        f"the name {name!r} does not say what kind of device it is",
        hint=near or f"write {name}:app, {name}:web or {name}:pc",
    )
