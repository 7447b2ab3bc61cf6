"""What WuKongIM understands of the sequence numbers that a device says it has.

They travel as one text, `last_msg_seqs`: id, colon, type, colon, number, and a bar between two. An
id with a colon or a bar breaks that, and what does not have three parts is passed over (A30;
measured for the colon, X3).

Source: WuKongIM `internal/api/conversation.go:getChannelLastMsgSeqMap`.
"""

from __future__ import annotations

from collections.abc import Sequence

from imcli.simulator.wukongim.api.names import address, chat_name

UINT64_DIGITS = 20


def read_known(text: str) -> dict[str, int]:
    """Read `last_msg_seqs`: chat to number.

    >>> read_known("B:1:3|team:2:7|a:b:1:2|x:1:many")
    {'B': 3, '#team': 7}
    """
    known: dict[str, int] = {}
    for part in text.split("|"):
        pieces = part.split(":")
        if len(pieces) == 3 and all(map(_is_number, pieces[1:])):
            known[chat_name(pieces[0], int(pieces[1]))] = int(pieces[2])
    return known


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= UINT64_DIGITS


def understood(seqs: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Give what is understood of (chat, number) pairs once they have been told.

    >>> understood((("B", 3), ("a:1", 2))), understood((("b|c", 2),))
    ({'B': 3}, {'c': 2})
    """
    if not any(":" in chat or "|" in chat for chat, _ in seqs):
        return dict(seqs)
    ids = ((*address(chat), seq) for chat, seq in seqs)
    return read_known("|".join(":".join(map(str, each)) for each in ids))
