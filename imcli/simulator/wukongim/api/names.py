r"""The names of chats and channels on this API: an id and a type.

A person channel is named by the peer's id, or inside the server by both ids in the order of their
checksums; a channel of another type than a person's or a group's carries its type in its name.
"""

from __future__ import annotations

from imcli.model.entities import FORBIDDEN_ID_CHARACTERS, GROUP, PERSON, fake_channel_id
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX, internal_id, key_of

OTHER_TYPE = "\x1f"
"""Stands before the type in the name of a channel that is neither a person's nor a group's."""


def chat_name(channel_id: str, channel_type: int) -> str:
    r"""Name the chat that an id and a type mean.

    >>> chat_name("B", 1), chat_name("team", 2), chat_name("q", 3)
    ('B', '#team', '#q\x1f3')
    """
    if channel_type == PERSON:
        return channel_id
    return f"#{channel_id}" if channel_type == GROUP else f"#{channel_id}{OTHER_TYPE}{channel_type}"


def address(chat: str) -> tuple[str, int]:
    """Give the id and the type of a chat; the inverse of `chat_name`."""
    if chat[:1] != "#":
        return chat, PERSON
    name, other, kind = chat[1:].partition(OTHER_TYPE)
    return name, int(kind) if other else GROUP


def written_id(key: str) -> tuple[str, int]:
    r"""Give the internal id and the type that are written down for a channel.

    >>> written_id("alice@bob"), written_id("#q\x1f3"), written_id("#g____cmd")
    (('bob@alice', 1), ('q', 3), ('g____cmd', 2))
    """
    if key[:1] != "#":
        return internal_id(key), PERSON
    base = key.removesuffix(COMMAND_SUFFIX)
    channel_id, channel_type = address(base)
    return channel_id + key[len(base) :], channel_type


def key_of_internal(internal: str) -> str:
    """Name the channel that a person channel's internal id means; "" for what is none."""
    first, between, second = internal.partition("@")
    if not between or "@" in second:
        return ""
    key = key_of(first, second)
    other = key_of(second, first)
    if key != other:  # a tie: two channels, named as WuKongIM names them
        return internal
    return key if fake_channel_id(first, second) == internal else ""


def key_of_written(channel_id: str, channel_type: int) -> str:
    r"""Name the channel that is written down with this id and type; the inverse of `written_id`.

    >>> key_of_written("bob@alice", 1), key_of_written("q", 3), key_of_written("g____cmd", 2)
    ('alice@bob', '#q\x1f3', '#g____cmd')
    """
    base = channel_id.removesuffix(COMMAND_SUFFIX)
    key = key_of_internal(base) if channel_type == PERSON else chat_name(base, channel_type)
    return key and key + channel_id[len(base) :]


def is_special(text: str) -> bool:
    """Tell whether an id has a character that channels cannot be named with."""
    return any(character in text for character in FORBIDDEN_ID_CHARACTERS)
