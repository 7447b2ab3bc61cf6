"""What a device's connection heard, as the same values that the HTTP API gives."""

from __future__ import annotations

from msgspec.structs import replace

from imcli.model.entities import Message
from imcli.wire import codes
from imcli.wire.heard import read_pushed
from imcli.wire.names import Names
from imcli.wire.packets import Recv

NAMES = Names("r-")
RECV = Recv(
    message_id=17,
    message_seq=3,
    channel_id="r-B",
    channel_type=1,
    from_uid="r-B",
    payload=b'{"content":"hi","type":1}',
    timestamp=1_700_000_000,
    client_msg_no="c1",
    flags=codes.RED_DOT,
)


def test_a_pushed_message_is_the_one_that_the_history_answers() -> None:
    assert read_pushed(RECV, NAMES, "A") == Message(
        "A@B", 3, 17, "c1", "B", "hi", "content", 1_700_000_000_000
    )


def test_a_group_is_named_as_a_group_and_a_stranger_as_himself() -> None:
    pushed = read_pushed(
        replace(RECV, channel_id="r-team", channel_type=2, from_uid="else"), NAMES, "A"
    )
    assert (pushed.channel, pushed.sender) == ("#team", "else")


def test_the_system_has_no_id_on_the_wire() -> None:
    assert read_pushed(replace(RECV, from_uid=""), NAMES, "A").sender == "____system"


def test_flags_and_expiry_are_told() -> None:
    quiet = read_pushed(replace(RECV, flags=codes.SYNC_ONCE, expire=60), NAMES, "A", "command")
    assert (quiet.no_red_dot, quiet.sync_once, quiet.kind) == (True, True, "command")
    assert quiet.expires_ms == 1_700_000_060_000


def test_a_payload_without_words_has_those_that_were_said_beside_it() -> None:
    names = Names("r-", texts={("B", "c1"): "a picture"})
    pushed = read_pushed(replace(RECV, payload=b'{"url":"x"}'), names, "A")
    assert (pushed.text, pushed.payload) == ("a picture", '{"url":"x"}')
