"""The numbers of WuKongIM's client protocols, each in one table.

Packet types, header flags, setting bits, reason codes and which server speaks which version. The
binary codec and the JSON-RPC codec read them from here; what a number *does* is told elsewhere.
Source: WuKongIMGoProto `common.go`, WuKongIM `internal/options/options.go`.
"""

from __future__ import annotations

from typing import NamedTuple

from imcli.model.reasons import REASON_BY_CODE

# Packet types: the high nibble of a frame's first byte.

CONNECT = 1
CONNACK = 2
SEND = 3
SENDACK = 4
RECV = 5
RECVACK = 6
PING = 7
PONG = 8
DISCONNECT = 9
SUB = 10
SUBACK = 11
EVENT = 12

# Header flags: the low nibble, in every packet but CONNACK, PING and PONG.

NO_PERSIST = 0x01
"""Do not store: no sequence number, no second try."""
RED_DOT = 0x02
"""Count as unread."""
SYNC_ONCE = 0x04
"""A command, with sequence numbers of its own."""
DUP = 0x08
"""A resend. Servers neither set it nor look at it."""
HAS_SERVER_VERSION = 0x01
"""In CONNACK, where this is the only flag."""

# Setting bits: the first byte of SEND and RECV.

RECEIPT = 0x80
SIGNAL = 0x20
NO_ENCRYPT = 0x10
"""Not honoured by any server: never set it, never look at it."""
TOPIC = 0x08
STREAM = 0x02

# Limits

MAX_FRAME_BYTES = 1 << 20
"""Body of a frame; more is an error (GoProto `protocol.go`, `MaxRemaingLength`)."""
MAX_STRING_BYTES = 32767
"""The length is read as a signed 16-bit number."""
NEWEST_VERSION = 5
"""The highest version of the binary protocol that exists."""


class ReasonCode(NamedTuple):
    """A reason as the protocol names it; `sent` tells whether any server really sends it."""

    code: int
    name: str
    sent: bool = False


REASON_CODES: tuple[ReasonCode, ...] = (
    ReasonCode(0, "Unknown"),
    ReasonCode(1, "Success", sent=True),
    ReasonCode(2, "AuthFail"),
    ReasonCode(3, "SubscriberNotExist", sent=True),
    ReasonCode(4, "InBlacklist", sent=True),
    ReasonCode(5, "ChannelNotExist"),
    ReasonCode(6, "UserNotOnNode"),
    ReasonCode(7, "SenderOffline"),
    ReasonCode(8, "MsgKeyError"),
    ReasonCode(9, "PayloadDecodeError", sent=True),
    ReasonCode(10, "ForwardSendPacketError"),
    ReasonCode(11, "NotAllowSend"),
    ReasonCode(12, "ConnectKick", sent=True),
    ReasonCode(13, "NotInWhitelist", sent=True),
    ReasonCode(14, "QueryTokenError"),
    ReasonCode(15, "SystemError", sent=True),
    ReasonCode(16, "ChannelIDError"),
    ReasonCode(17, "NodeMatchError"),
    ReasonCode(18, "NodeNotMatch"),
    ReasonCode(19, "Ban", sent=True),
    ReasonCode(20, "NotSupportHeader"),
    ReasonCode(21, "ClientKeyIsEmpty"),
    ReasonCode(22, "RateLimit"),
    ReasonCode(23, "NotSupportChannelType"),
    ReasonCode(24, "Disband", sent=True),
    ReasonCode(25, "SendBan", sent=True),
)
SUCCESS = 1
AUTH_FAIL = 2
PAYLOAD_DECODE_ERROR = 9
CONNECT_KICK = 12
SYSTEM_ERROR = 15

_REASON_NAMES = {reason.code: reason.name for reason in REASON_CODES}


def describe_reason(code: int) -> str:
    """Say what a reason code means; a plugin of a server may send any.

    >>> describe_reason(4)
    '4 InBlacklist: the sender is on a black list'
    >>> describe_reason(15)
    '15 SystemError'
    >>> describe_reason(77)
    '77'
    """
    name = _REASON_NAMES.get(code, "")
    reason = REASON_BY_CODE.get(code)
    return f"{code} {name}".rstrip() + (f": {reason.sentence}" if reason else "")


_HIGHEST: tuple[tuple[tuple[int, ...], int], ...] = (((2, 2, 1), 5), ((), 4))
"""From which server version on which version of the binary protocol is the highest.

2.2.0 has 4 and 2.2.5 has 5 (measured). In between it is the library that tells: v2.2.1 is the first
tag whose `go.mod` names GoProto 1.2.3, and that has `LatestVersion = 5`.
"""


def highest_version(server: tuple[int, ...]) -> int:
    """Tell the highest version of the binary protocol that a server speaks.

    >>> highest_version((2, 2, 0)), highest_version((2, 2, 5))
    (4, 5)
    """
    return next(version for since, version in _HIGHEST if server >= since)
