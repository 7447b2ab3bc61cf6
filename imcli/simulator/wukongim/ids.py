"""WuKongIM's names of person channels: two users in the order of their checksums.

Source: WuKongIM `options/common.go:GetFakeChannelIDWith`. In this program a channel is named by its
two users in the order of their names (`model.entities.channel_key`), also when it is WuKongIM that
answers; `internal_id` gives the name that WuKongIM writes down. The one thing that its order
changes is a tie: where the checksums of two users are equal, the *second* argument comes first, so
that the two directions are two channels (A20). There the names are WuKongIM's own.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from imcli.model.entities import channel_key, fake_channel_id

COMMAND_SUFFIX = "____cmd"


def checksum(uid: str) -> int:
    """Give the number by which users are ordered: CRC-32 of the id."""
    return zlib.crc32(uid.encode())


def checksum_64(text: str) -> int:
    """Give the number that names a channel of named receivers: FNV-1a over the bytes, 64 bits.

    Source: WuKongIM `pkg/wkdb/key/key.go:HashWithString`.

    >>> checksum_64(""), checksum_64("a")
    (14695981039346656037, 12638187200555641996)
    """
    number = 0xCBF29CE484222325
    for octet in text.encode():
        number = ((number ^ octet) * 0x100000001B3) & ((1 << 64) - 1)
    return number


@lru_cache(maxsize=65_536)
def key_of(user: str, chat: str) -> str:
    """Name the channel that a user's request about a chat concerns (`GetFakeChannelIDWith`).

    >>> key_of("B", "A"), key_of("A", "#team"), key_of("plumless", "buckeroo")
    ('A@B', '#team', 'buckeroo@plumless')
    """
    if chat[:1] == "#" or user == chat or checksum(user) != checksum(chat):
        return channel_key(user, chat)
    return fake_channel_id(user, chat)


def session_key(user: str, chat: str) -> str:
    """Name the channel that a device's send goes to: there the arguments stand the other way.

    With a tie it is the channel that the receiver reads, and not the sender (A20).

    >>> session_key("plumless", "buckeroo"), session_key("A", "#team")
    ('plumless@buckeroo', '#team')
    """
    return chat if chat[:1] == "#" else key_of(chat, user)


def internal_id(key: str) -> str:
    """Give the id that WuKongIM writes down for a channel; a group's is its name.

    >>> internal_id("alice@bob"), internal_id("#team"), internal_id("A@B____cmd")
    ('bob@alice', 'team', 'A@B____cmd')
    """
    base = key.removesuffix(COMMAND_SUFFIX)
    first, between, second = base.partition("@")
    if not between:
        return key.removeprefix("#")
    tie = checksum(first) == checksum(second)
    return (base if tie else fake_channel_id(first, second)) + key[len(base) :]
